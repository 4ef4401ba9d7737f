"""The simulator's own recording of a call: both directions, by the telephone's clock. Pure."""

from __future__ import annotations

import audioop
import io
import wave
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from vantum.audio.pcm import decode_mulaw
from vantum.providers.scripted import LOUD
from vantum.simulator.tones import heard_in
from vantum.wire.twilio import FRAME_BYTES, RATE_HZ

APART_FRAMES: Final = 20  # 0.4 s of silence part two utterances


class Utterance(Struct, frozen=True):
    """A stretch of speech, in seconds from the answer; no text where its voice cannot be read."""

    text: str | None
    from_s: float
    to_s: float


class Tape:
    """mu-law at 8 kHz, up to `limit_s`; what comes later is not kept."""

    def __init__(self, limit_s: float) -> None:
        self._limit = round(limit_s * RATE_HZ)
        self._said = bytearray()
        self._heard = bytearray()

    def add(self, said: bytes, heard: bytes) -> None:
        """20 ms of both."""
        if len(self._said) < self._limit:
            self._said += said
            self._heard += heard

    def erase(self) -> None:
        """Keep nothing of it, now and later."""
        self._limit = 0
        self._said.clear()
        self._heard.clear()

    def wav(self) -> bytes:
        """16-bit stereo at 8 kHz: left the callee, right what they heard."""
        left = audioop.tostereo(decode_mulaw(bytes(self._said)), 2, 1, 0)
        right = audioop.tostereo(decode_mulaw(bytes(self._heard)), 2, 0, 1)
        file = io.BytesIO()
        with wave.open(file, "wb") as out:
            out.setnchannels(2)
            out.setsampwidth(2)
            out.setframerate(RATE_HZ)
            out.writeframes(audioop.add(left, right, 2))
        return file.getvalue()

    def heard(self) -> list[Utterance]:
        """What the callee heard, in words where the canned voice spoke them."""
        pcm = decode_mulaw(bytes(self._heard))
        found = []
        for begin, end in _stretches(pcm):
            text = heard_in(pcm[2 * begin : 2 * end], RATE_HZ)
            found.append(Utterance(text, round(begin / RATE_HZ, 2), round(end / RATE_HZ, 2)))
        return found


def _stretches(pcm: bytes) -> Iterator[tuple[int, int]]:
    """From which sample to which there is speech, a frame of quiet before it included."""
    begin: int | None = None
    quiet = 0
    for at in range(0, len(pcm) // 2, FRAME_BYTES):
        if audioop.rms(pcm[2 * at : 2 * (at + FRAME_BYTES)], 2) > LOUD:
            begin = max(0, at - FRAME_BYTES) if begin is None else begin
            quiet = 0
            continue
        quiet += 1
        if begin is not None and quiet == APART_FRAMES:
            yield begin, at - (APART_FRAMES - 1) * FRAME_BYTES
            begin = None
    if begin is not None:
        yield begin, len(pcm) // 2 - quiet * FRAME_BYTES
