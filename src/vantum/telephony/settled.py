"""What is written down of a finished call: one JSON line each, until there is a better place."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from vantum.audio.waits import Wait
from vantum.conversation.answerer import NOBODY
from vantum.conversation.events import Kind
from vantum.conversation.talk import Talk
from vantum.conversation.waterfall import Waterfall
from vantum.store.phone_calls import PhoneCall

FILE: Final = "outcomes.jsonl"

# What a leg that nobody talked on came to.
UNANSWERED: Final = {
    "busy": "busy",
    "no-answer": "no_answer",
    "failed": "failed",
    "invalid": "invalid",  # ours: the carrier says that the number is none
    "canceled": "canceled",
    "unknown": "unknown",  # ours: a dial without an answer, of which the carrier knows nothing
}


class Said(Struct, frozen=True):
    """Something that was said, as far as it was heard."""

    who: str
    text: str
    interrupted: bool = False
    # Of the agent: from when to when it was heard, in seconds since the sound of the call began.
    at_s: float | None = None
    until_s: float | None = None


class Turn(Struct, frozen=True):
    """How long the caller waited for an answer. The recording wins where there is one.

    It differs from `stages.sound_s`, our clock's, by `way_s`, the way to the caller and back, and
    by what the recogniser takes for the last speech frame.
    """

    waited_s: float
    stages: Waterfall
    recorded: bool = False
    way_s: float = 0.0
    at_s: float = 0.0  # where in the recording the answer begins


class Talked(Struct, frozen=True):
    """What the process that carried the call knows of it."""

    reason: str
    answered_by: str = ""
    met: tuple[str, ...] = ()
    pressed: tuple[str, ...] = ()
    transcript: tuple[Said, ...] = ()
    recording: str = ""
    turns: tuple[Turn, ...] = ()
    # When it was understood that they want no more calls, in seconds since the sound began.
    opted_out_s: float | None = None
    agent_version: str = ""  # a digest of the agent's file
    greeted_after_s: float | None = None


class Outcome(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line. Times are seconds since 1970, lengths are seconds."""

    call_id: str
    sid: str
    direction: str
    their_number: str
    our_number: str
    agent: str
    outcome: str
    status: str
    placed_at: float
    for_call: str = ""  # a colleague was called, to whom the caller of that call wanted
    answered_at: float | None = None
    ended_at: float | None = None
    lasted_s: float = 0.0  # since the answer; of one that was put through, until then
    answered_by: str = ""
    met: tuple[str, ...] = ()  # machines, before whoever it was in the end
    pressed: tuple[str, ...] = ()  # keys, menu by menu
    failure: str = ""  # why the carrier would not have it
    transcript: tuple[Said, ...] = ()
    recording: str = ""
    turns: tuple[Turn, ...] = ()
    opted_out_s: float | None = None
    agent_version: str = ""
    # From the end of their hello, else from the answer, until our voice; None where it never came.
    greeted_after_s: float | None = None


OUTCOMES: Final = msgspec.json.Decoder(Outcome)
"""Reads one as it is recorded."""


def met(answerers: Sequence[Kind]) -> tuple[Kind, ...]:
    """The machines among all that it was taken for, but for what it was in the end."""
    return tuple(kind for kind in answerers[:-1] if kind in NOBODY)


def transcript_of(talk: Talk, began: float) -> tuple[Said, ...]:
    """What was said in a call whose sound began at that clock time."""

    spans = iter(talk.history.spans)
    said = []
    for line in talk.history.lines:
        who, (at, until) = "caller", (None, None)
        if line.role == "assistant":
            who, (at, until) = "agent", next(spans)
        said.append(Said(who, line.text, line.interrupted, since(at, began), since(until, began)))
    return tuple(said)


def since(moment: float | None, began: float) -> float | None:
    """Seconds into a call at that clock time; None where it never came."""
    return None if moment is None else round(max(0.0, moment - began), 3)


def turns_of(timed: Iterable[Waterfall], recorded: Mapping[int, Wait]) -> tuple[Turn, ...]:
    """The turns of a call by our clock, and by its recording as far as there is one."""
    return tuple(_turn(one, recorded.get(one.turn)) for one in timed)


def _turn(stages: Waterfall, wait: Wait | None) -> Turn:
    if wait is None:
        return Turn(stages.sound_s, stages)
    silence_s = stages.sound_s - stages.sent_s
    way_s = round(wait.to_s - wait.sent_s - silence_s, 3)
    return Turn(wait.lasted_s, stages, recorded=True, way_s=way_s, at_s=round(wait.to_s, 3))


def outcome_of(call: PhoneCall, talked: Talked | None, failure: str = "") -> Outcome:
    """What came of a call; `talked` is what its process knows, where there was one."""
    known, lasted_s = talked or Talked(""), 0.0
    until = call.handed_over_at or call.ended_at
    if call.answered_at is not None and until is not None:
        lasted_s = round(max(0.0, until - call.answered_at), 3)
    return Outcome(
        call_id=call.call_id,
        sid=call.sid or "",
        direction=call.direction,
        their_number=call.their_number,
        our_number=call.our_number,
        agent=call.agent,
        for_call=call.for_call,
        outcome=_word_for(call, talked),
        status=call.status,
        placed_at=call.placed_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        lasted_s=lasted_s,
        answered_by=known.answered_by or call.machine,
        met=known.met,
        pressed=known.pressed,
        failure=failure,
        transcript=known.transcript,
        recording=known.recording,
        turns=known.turns,
        opted_out_s=known.opted_out_s,
        agent_version=known.agent_version,
        greeted_after_s=known.greeted_after_s if talked else call.greeted_after_s,
    )


def _word_for(call: PhoneCall, talked: Talked | None) -> str:
    if call.handed_over:
        return "transferred"
    if talked and talked.opted_out_s is not None:
        return "opt_out"
    if talked:
        return _hung_up(talked) if talked.reason == "disconnected" else talked.reason
    if call.end_asked and call.status == "completed":
        return "operator_ended"  # before there was a talk
    return UNANSWERED.get(call.status, "lost")


def _hung_up(talked: Talked) -> str:
    """What it means that they hung up: where it was a machine, that nobody was reached."""
    if talked.answered_by not in NOBODY:
        return talked.reason
    if "screening" in {talked.answered_by, *talked.met}:  # it may decline in a mailbox's words
        return "screened_out"
    spoken_to = any(line.who == "agent" for line in talked.transcript)
    return talked.reason if spoken_to else _LEFT.get(talked.answered_by, talked.reason)


_LEFT: Final = {"voicemail": "no_message", "ivr": "ivr", "hold": "hold"}


def append(folder: Path, outcome: bytes) -> None:
    """Add a line to the file, in one write, so that processes may share it. Raises OSError."""
    descriptor = os.open(folder / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, outcome + b"\n")
    finally:
        os.close(descriptor)
