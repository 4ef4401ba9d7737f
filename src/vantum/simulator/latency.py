"""How long each step of a simulated service takes, by profile."""

from __future__ import annotations

import math
from random import Random
from typing import Final

from msgspec import Struct

_Z95: Final = 1.6449  # standard deviations from the median to the 95th percentile


class Delay(Struct, frozen=True):
    """Seconds: always `p50_s`, or lognormal with this median and 95th percentile."""

    p50_s: float
    p95_s: float = 0.0

    def drawn(self, dice: Random) -> float:
        """One delay in seconds."""
        if self.p95_s <= self.p50_s:
            return self.p50_s
        sigma = math.log(self.p95_s / self.p50_s) / _Z95
        return self.p50_s * math.exp(dice.gauss(0.0, sigma))


class Profile(Struct, frozen=True, kw_only=True):
    """The speed of all services."""

    handshake: Delay = Delay(0.0)
    interim_every_s: float = 1.0  # Nova, of audio; vendor's documentation
    final: Delay = Delay(0.0)  # from the end of the endpointing silence to the final words
    endpointing_s: float | None = None  # in place of what the client asks for
    flux_end: Delay = Delay(0.0)  # from the last word to EndOfTurn
    idle_s: float = 10.0  # Nova closes when neither sound nor KeepAlive came for so long
    ingest_pace: float | None = None  # times real time at which Deepgram takes sound; None: any
    first_token: Delay = Delay(0.0)
    tokens_per_s: float = 1_000.0
    one_answer: bool = False  # the model says the same to everybody, which costs next to nothing
    first_audio: Delay = Delay(0.0)
    sound_per_s: float = 20.0  # seconds of speech made in a second
    ring: Delay = Delay(0.1)  # until somebody answers who will
    ring_timeouts: float = 1.0  # how much of a ring timeout really passes
    stream_open: Delay = Delay(0.0)  # from the TwiML to the carrier's media socket
    verdict: Delay = Delay(0.1)  # answering machine detection, from the answer
    calls_per_s: float = 1_000.0  # the carrier dials no faster; the rest is queued
    calls_at_once: int = 10_000
    recorded_s: float = 300.0  # of each call, by the simulator itself


PROFILES: Final[dict[str, Profile]] = {
    # For tests of what happens, not of how long it takes.
    "fast": Profile(interim_every_s=0.25, flux_end=Delay(0.05), ring_timeouts=0.02),
    # What the vendors' users measured in 2026, p50 and p95.
    "typical": Profile(
        handshake=Delay(0.2, 0.4),
        final=Delay(0.15, 0.25),
        ingest_pace=1.25,
        flux_end=Delay(0.26, 1.5),
        first_token=Delay(0.62, 1.87),
        tokens_per_s=85.0,
        first_audio=Delay(0.188, 0.3),
        sound_per_s=5.0,
        ring=Delay(6.0, 15.0),
        stream_open=Delay(0.3, 0.6),
        verdict=Delay(3.0, 5.0),
        calls_per_s=1.0,  # of an account that asked for no more
    ),
    # Constants to measure against: what is above their sum is the pipeline's own.
    "bench": Profile(
        endpointing_s=0.1,
        flux_end=Delay(0.1),
        first_token=Delay(0.2),
        tokens_per_s=100.0,
        one_answer=True,
        first_audio=Delay(0.1),
        sound_per_s=10.0,
        recorded_s=0.0,
    ),
}
