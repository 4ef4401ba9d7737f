"""An utterance to be played, and a listener with a steady rhythm."""

from __future__ import annotations

import random

from vantum.audio.playout import OnHold, Playout

RATE_HZ = 8_000
FRAME_S, LEAD_S = 0.02, 0.2
FRAME_BYTES = 320
SAMPLE_S = 1 / RATE_HZ
T0 = 1_000_000.0  # a monotonic clock after twelve days
PEERS: list[OnHold] = ["clears", "pauses", "plays_on"]


def sound(length_s: float, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(2 * round(length_s * RATE_HZ))


def speaking(length_s: float, *, finished: bool = True, on_hold: OnHold = "clears") -> Playout:
    playout = Playout(RATE_HZ, FRAME_S, LEAD_S, on_hold)
    playout.begin(1)
    playout.queue(sound(length_s))
    if finished:
        playout.finish()
    return playout


def play(playout: Playout, start: float, until: float, every_s: float = FRAME_S) -> bytes:
    """Ask for frames in a steady rhythm."""
    out, tick = b"", 0
    while (now := start + tick * every_s) <= until + 1e-9:
        out += b"".join(playout.due(now))
        tick += 1
    return out


def seconds(pcm: bytes) -> float:
    return len(pcm) / 2 / RATE_HZ
