"""Which stretch of a caller's audio is one utterance, and when its words are asked for.

Pure: audio and speech events in, decoding wishes out; all times are audio time of the recording.

A pause of 0.2 s makes the utterance so far worth decoding, but not worth cutting: a recogniser that
sees half sentences errs more. The early text is committed as final once the pause has lasted
HOLD_S; if the caller goes on before that, it is dropped and the utterance grows.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from msgspec import Struct

from vantum import limits

RATE_HZ: Final = limits.INTERNAL_RATE_HZ
PREROLL_S: Final = 0.4  # a soft first consonant lies before the first window believed to be speech
_NOTICE_S: Final = 0.3  # speech is believed only some windows after its first one
HOLD_S: Final = 0.45  # just under the end-of-turn silence, so that the words are there when it ends
_QUIETEST_OF_S: Final = 2.0  # a long utterance is cut at the quietest place of its last two seconds
_QUIET_SPAN_S: Final = 0.06  # shorter spans find closures inside words such as "p" and "t"


class Decode(Struct, frozen=True):
    """A wish: the words of `pcm` (s16le mono, 16 kHz). `ask` numbers wishes from 1."""

    ask: int
    pcm: bytes
    start_s: float
    end_s: float
    kind: Literal["interim", "early", "final"]


class Commit(Struct, frozen=True):
    """The words of wish `ask` stand: the utterance is complete up to `end_s`."""

    ask: int
    start_s: float
    end_s: float


class Utterances:
    """Cuts one recording into utterances."""

    def __init__(self, hold_s: float = HOLD_S, *, interim_every_s: float = limits.INTERIM_EVERY_S):
        self._hold_s = hold_s
        self._interim_every_s = interim_every_s
        self._audio = bytearray()
        self._first = 0  # sample number of the first sample kept
        self._floor = 0  # audio before this sample belongs to an utterance already cut
        self._open: int | None = None  # first sample of the open utterance
        self._speech_end_s: float | None = None  # where the pause began, while in one
        self._asks = 0
        self._interim_at_s = 0.0

    @property
    def received_s(self) -> float:
        """How much audio has come."""
        return (self._first + len(self._audio) // 2) / RATE_HZ

    def hear(self, pcm: bytes) -> None:
        """More audio, s16le mono at 16 kHz."""
        self._audio += pcm

    def started(self, at_s: float) -> None:
        """Speech begins or goes on after a pause that was not long enough to end the utterance."""
        self._speech_end_s = None
        if self._open is None:
            begin = int((at_s - PREROLL_S) * RATE_HZ)
            self._open = max(begin, self._floor, self._first)
            self._interim_at_s = at_s + self._interim_every_s

    def stopped(self, at_s: float, now_s: float) -> list[Decode | Commit]:
        """A pause that began at `at_s` is noticed at `now_s`."""
        if self._open is None:
            return []
        if at_s * RATE_HZ <= self._open:
            self._open = None  # the last cut was in this very pause: all its words are asked for
            return []
        self._speech_end_s = at_s
        return [self._wish(now_s, at_s, "early")]

    def advance(self, now_s: float, *, speaking: bool) -> list[Decode | Commit]:
        """Speech events up to `now_s` have been reported; what follows from time alone?"""
        if self._open is None and speaking:
            self.started(now_s)  # speech that went on through a flush
        if self._open is None:
            self._forget(int((now_s - PREROLL_S - _NOTICE_S) * RATE_HZ))
            return []
        if self._speech_end_s is not None:
            if now_s - self._speech_end_s >= self._hold_s:
                return [self._commit(self._speech_end_s, round(now_s * RATE_HZ))]
            return []
        if now_s - self._open / RATE_HZ >= limits.UTTERANCE_S:
            cut = self._quietest(round(now_s * RATE_HZ))
            wish = self._wish(cut / RATE_HZ, cut / RATE_HZ, "final")
            commit = self._commit(cut / RATE_HZ, cut)
            self._open = cut
            self._interim_at_s = now_s + self._interim_every_s
            return [wish, commit]
        if now_s >= self._interim_at_s:
            self._interim_at_s = now_s + self._interim_every_s
            return [self._wish(now_s, now_s, "interim")]
        return []

    def flush(self) -> list[Decode | Commit]:
        """Nothing more is to be waited for: the open utterance ends with the audio received."""
        if self._open is None:
            return []
        end_s = self.received_s
        if self._speech_end_s is not None:
            return [self._commit(self._speech_end_s, round(end_s * RATE_HZ))]
        return [self._wish(end_s, end_s, "final"), self._commit(end_s, round(end_s * RATE_HZ))]

    def _wish(
        self, until_s: float, end_s: float, kind: Literal["interim", "early", "final"]
    ) -> Decode:
        assert self._open is not None
        self._asks += 1
        begin, end = self._open - self._first, round(until_s * RATE_HZ) - self._first
        pcm = bytes(self._audio[2 * begin : 2 * end])
        return Decode(self._asks, pcm, self._open / RATE_HZ, end_s, kind)

    def _commit(self, end_s: float, floor: int) -> Commit:
        assert self._open is not None
        commit = Commit(self._asks, self._open / RATE_HZ, end_s)
        self._open = self._speech_end_s = None
        self._floor = floor
        return commit

    def _forget(self, before: int) -> None:
        drop = before - self._first
        if drop > RATE_HZ // 10:  # a tenth of a second at a time: shifting costs more than keeping
            del self._audio[: 2 * drop]
            self._first = before

    def _quietest(self, now: int) -> int:
        """The middle of the quietest span of the last seconds, as a sample number."""
        span = int(_QUIET_SPAN_S * RATE_HZ)
        begin = now - int(_QUIETEST_OF_S * RATE_HZ)
        recent = self._audio[2 * (begin - self._first) : 2 * (now - self._first)]
        power = np.frombuffer(bytes(recent), "<i2").astype(np.float64) ** 2
        total = np.concatenate(([0.0], np.cumsum(power)))
        return begin + int(np.argmin(total[span:] - total[:-span])) + span // 2
