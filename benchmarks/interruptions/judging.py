"""Was the course of a call what a polite listener would call right?"""

from __future__ import annotations

from typing import Final

import numpy as np

from benchmarks.interruptions.calls import Course

SEAM_S: Final = 0.04  # lost or said twice where the agent goes on: less than a short syllable
PROBE_S: Final = 0.01
HELD_S: Final = 0.1
HEARD_OUT_S: Final = 0.1  # the last frame may be short


class Ledger:
    """Which samples of the answer were heard, in order: jumps forward lose, backward repeat."""

    def __init__(self, course: Course) -> None:
        self.jumps_s: list[float] = []
        self.heard_until_s = 0.0
        self.last_heard_s: float | None = None  # when, from the beginning of the clip
        self.came_back = False  # it was heard again behind another reply
        self._course = course
        self._read()

    def _read(self) -> None:
        course = self._course
        answer, width, expected = course.answer, course.line_width, 0
        probe = round(PROBE_S * course.rate_hz) * width
        per_s, other = course.rate_hz * width, False
        for at, pcm in course.heard:
            pos = 0
            while pos < len(pcm):
                same = _same(pcm, pos, answer, expected)
                if same:
                    expected += same
                    pos += same
                    self.came_back = self.came_back or (other and same >= probe)
                    self.last_heard_s = at
                    continue
                found = _found(answer, pcm[pos : pos + probe], expected, probe)
                if found is None:  # another reply, or the carrier's silence behind the last sample
                    other = other or expected < len(answer)
                    break
                self.jumps_s.append((found - expected) / per_s)
                expected = found
            self.heard_until_s = max(self.heard_until_s, expected / per_s)

    @property
    def heard_out(self) -> bool:
        course = self._course
        answer_s = len(course.answer) / course.line_width / course.rate_hz
        return self.heard_until_s > answer_s - HEARD_OUT_S

    @property
    def seamless(self) -> bool:
        return all(abs(jump) <= SEAM_S for jump in self.jumps_s)


def _same(pcm: bytes, pos: int, answer: bytes, expected: int) -> int:
    """How many bytes from here on are the ones expected."""
    size = min(len(pcm) - pos, len(answer) - expected)
    if size <= 0:
        return 0
    ours = np.frombuffer(pcm, np.uint8, size, pos)
    theirs = np.frombuffer(answer, np.uint8, size, expected)
    differ = np.flatnonzero(ours != theirs)
    return int(differ[0]) if differ.size else size


def _found(answer: bytes, part: bytes, expected: int, probe: int) -> int | None:
    if len(part) < probe:
        return None
    at = answer.find(part)
    return None if at < 0 or at == expected else at


def why_wrong(course: Course) -> str:
    """ "" where it is right."""
    if not course.began:
        return "the answer never came so far"
    match course.case.clip.kind:
        case "nod":
            return _wrong_nod(course, Ledger(course))
        case "interruption" | "answer":
            return _wrong_interruption(course, Ledger(course))
        case "dictation":
            return _wrong_dictation(course)


def _wrong_nod(course: Course, ledger: Ledger) -> str:
    if course.turns:
        return f"taken for a turn: {course.turns[0]!r}"
    if not ledger.heard_out:
        return f"the agent stopped at {ledger.heard_until_s:.2f} s"
    if not ledger.seamless:
        jumps = ", ".join(f"{1000 * jump:+.0f}" for jump in ledger.jumps_s)
        return f"words lost or repeated: {jumps} ms"
    return ""


def _wrong_interruption(course: Course, ledger: Ledger) -> str:
    if not course.turns:
        return "the agent went on" if ledger.heard_out else "no turn was opened"
    if ledger.came_back or ledger.heard_out:
        return "the agent did not stop for good"
    known = course.case.clip.text
    if course.verbatim and known not in " ".join(course.turns):
        return f"words lost: {course.turns!r}"
    return ""


def _wrong_dictation(course: Course) -> str:
    if len(course.turns) != 1:
        return f"cut into {len(course.turns)}: {course.turns!r}"
    return ""
