"""Sound of a caller for tests: a tone where somebody speaks, and how a recogniser is driven."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from vantum.audio.pcm import encode_mulaw
from vantum.simulator.hearing import Speech, Steps

RATE_HZ = 8_000


@cache
def tone(length_s: float, *, level: int = 8_000, rate_hz: int = RATE_HZ) -> bytes:
    """Speech, as far as loudness tells: s16le."""
    count = round(length_s * rate_hz)
    return struct.pack(
        f"<{count}h", *(round(level * math.sin(math.tau * 440 * n / rate_hz)) for n in range(count))
    )


def noise(length_s: float, *, rate_hz: int = RATE_HZ) -> bytes:
    """Loud enough for a voice by energy, too soft for words."""
    return tone(length_s, level=620, rate_hz=rate_hz)  # RMS 440


def quiet(length_s: float, *, rate_hz: int = RATE_HZ) -> bytes:
    return bytes(2 * round(length_s * rate_hz))


def chunks(pcm: bytes, *, seconds: float = 0.02, rate_hz: int = RATE_HZ) -> Iterator[bytes]:
    """As a client sends it."""
    size = 2 * round(seconds * rate_hz)
    for at in range(0, len(pcm), size):
        yield pcm[at : at + size]


def mulaw(pcm: bytes) -> bytes:
    return encode_mulaw(pcm)


def messages(
    steps: Steps,
    lines: list[str] | None = None,
    asked: list[Speech] | None = None,
    reads: Callable[[Speech], str] | None = None,
) -> list[Any]:
    """What a recogniser sends when utterance n has the words of line n, or those that are read."""
    sent: list[Any] = []
    answer: str | None = None
    while True:
        try:
            step = steps.send(answer)  # type: ignore[arg-type]
        except StopIteration:
            return sent
        answer = None
        if isinstance(step, Speech):
            if asked is not None:
                asked.append(step)
            if lines:
                answer = lines[step.number % len(lines)]
            elif reads:
                answer = reads(step)
        else:
            sent.append(step)
