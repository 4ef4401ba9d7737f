"""What server processes and the speech helper of their machine say to each other, as bytes.

Each frame is a length (4 bytes, big-endian) and a MessagePack array. Both ends come from one
release, so nothing here is versioned.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

_HEAD: Final = 4
FRAME_BYTES: Final = 4 * 1024 * 1024  # 11.5 s of recording are 368 kB, of sound 96 kB at a time


class Recognise(Struct, frozen=True, tag="recognise", array_like=True):
    """Asks for the words of `pcm` (s16le mono, 16 kHz). A newer ask drops a waiting interim."""

    id: int
    stream: int
    pcm: bytes
    interim: bool


class Speak(Struct, frozen=True, tag="speak", array_like=True):
    """Asks for the sound of a text."""

    id: int
    text: str


class Cancel(Struct, frozen=True, tag="cancel", array_like=True):
    """Nothing more is wanted for this request."""

    id: int


class Status(Struct, frozen=True, tag="status", array_like=True):
    """What the helper can do now; sent on connection and on every change.

    `trouble` says why a model cannot be loaded, `share` how much of the time they were at work.
    """

    recognisers: int
    voices: int
    trouble: str
    share: float = 0.0


class Recognised(Struct, frozen=True, tag="recognised", array_like=True):
    """The words, "" for none; None for an interim that a newer ask overtook."""

    id: int
    text: str | None


class Sound(Struct, frozen=True, tag="sound", array_like=True):
    """A part of the sound asked for; `last` ends it and may carry none."""

    id: int
    pcm: bytes
    last: bool


class Failed(Struct, frozen=True, tag="failed", array_like=True):
    """The request cannot be done."""

    id: int
    message: str


Request = Recognise | Speak | Cancel
Answer = Status | Recognised | Sound | Failed

_requests: Final[msgspec.msgpack.Decoder[Request]] = msgspec.msgpack.Decoder(Request)
_answers: Final[msgspec.msgpack.Decoder[Answer]] = msgspec.msgpack.Decoder(Answer)
_encoder: Final = msgspec.msgpack.Encoder()


def encode(message: Request | Answer) -> bytes:
    """A whole frame."""
    body = _encoder.encode(message)
    return len(body).to_bytes(_HEAD, "big") + body


def decode_request(body: bytes) -> Request:
    """Raises msgspec.MsgspecError when it is none."""
    return _requests.decode(body)


def decode_answer(body: bytes) -> Answer:
    """Raises msgspec.MsgspecError when it is none."""
    return _answers.decode(body)


class Deframer:
    """Finds frames in a byte stream."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def push(self, data: bytes) -> list[bytes]:
        """The bodies completed by `data`. Raises ValueError for a frame beyond FRAME_BYTES."""
        self._pending += data
        bodies: list[bytes] = []
        at = 0
        while len(self._pending) - at >= _HEAD:
            length = int.from_bytes(self._pending[at : at + _HEAD], "big")
            if length > FRAME_BYTES:
                raise ValueError(f"frame of {length} bytes, at most {FRAME_BYTES} are allowed")
            if len(self._pending) - at - _HEAD < length:
                break
            bodies.append(bytes(self._pending[at + _HEAD : at + _HEAD + length]))
            at += _HEAD + length
        del self._pending[:at]
        return bodies
