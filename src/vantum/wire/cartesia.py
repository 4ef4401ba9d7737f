"""What is said on Cartesia's speech socket, in both directions (API version 2026-08-14)."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from vantum.wire.fields import UNREADABLE

VERSION: Final = "2026-08-14"
RATES_HZ: Final = (8_000, 16_000, 22_050, 24_000, 44_100, 48_000)

Encoding = Literal["pcm_s16le", "pcm_mulaw", "pcm_alaw", "pcm_f32le"]
BYTES_PER_SAMPLE: Final[dict[Encoding, int]] = {
    "pcm_s16le": 2,
    "pcm_mulaw": 1,
    "pcm_alaw": 1,
    "pcm_f32le": 4,
}


class OutputFormat(Struct, frozen=True):
    """How the sound is to come. A rate outside RATES_HZ is refused by the service."""

    encoding: Encoding
    sample_rate: int
    container: Literal["raw", "wav"] = "raw"  # the socket gives raw sound alone


class GenerationConfig(Struct, frozen=True, omit_defaults=True):
    """How the voice is to sound, for sonic-3 and newer."""

    speed: Annotated[float, Meta(ge=0.6, le=1.5)] | None = None
    volume: Annotated[float, Meta(ge=0.5, le=2.0)] | None = None
    emotion: str | None = None


class VoiceRef(Struct, frozen=True):
    """A voice named by an object, as versions before 2026-08-14 had it."""

    id: str


class GenerationRequest(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Text for a context. All but transcript, continue and flush is the same within a context.

    Over HTTP there may be no context.
    """

    context_id: str = ""
    model_id: str
    transcript: str
    voice: str | VoiceRef
    output_format: OutputFormat
    language: str | None = None
    continue_: bool | None = field(name="continue", default=None)
    flush: bool | None = None
    max_buffer_delay_ms: Annotated[int, Meta(ge=0, le=5_000)] | None = None
    add_timestamps: bool | None = None
    use_normalized_timestamps: bool | None = None
    generation_config: GenerationConfig | None = None


class Cancel(Struct, frozen=True):
    """Nothing more of this context, save what is being generated."""

    context_id: str
    cancel: bool = True


class _Kind(Struct, frozen=True):
    cancel: bool = False


class Chunk(Struct, frozen=True, tag="chunk"):
    """Sound, in pieces of any length. `step_time` is milliseconds at the service."""

    context_id: str
    data: bytes
    flush_id: int | None = None
    step_time: float = 0.0
    status_code: int = 206
    done: bool = False


class WordTimestamps(Struct, frozen=True):
    """Words and when each sounds, in seconds from the beginning of the context."""

    words: tuple[str, ...] = ()
    start: tuple[float, ...] = ()
    end: tuple[float, ...] = ()


class Timestamps(Struct, frozen=True, tag="timestamps"):
    """When some words of a context sound."""

    context_id: str
    word_timestamps: WordTimestamps
    flush_id: int | None = None
    status_code: int = 206
    done: bool = False


class FlushDone(Struct, frozen=True, tag="flush_done"):
    """All sound of the text before flush number `flush_id` (from 1) has been sent."""

    context_id: str
    flush_id: int | None = None
    flush_done: bool = True
    status_code: int = 206
    done: bool = False


class Done(Struct, frozen=True, tag="done"):
    """All sound of a context has been sent; the context is no more."""

    context_id: str
    status_code: int = 206
    done: bool = True


class Error(Struct, frozen=True, kw_only=True, tag="error", omit_defaults=True):
    """A context has failed; without `context_id` the message behind it could not be read.

    `error` alone says what it is in versions before 2026-03-01.
    """

    context_id: str | None = None
    status_code: int | None = None
    error_code: str | None = None
    title: str | None = None
    message: str | None = None
    request_id: str | None = None
    doc_url: str | None = None
    error: str | None = None
    done: bool | None = None


ServerMessage = Chunk | Timestamps | FlushDone | Done | Error

_SERVER: Final[msgspec.json.Decoder[ServerMessage]] = msgspec.json.Decoder(ServerMessage)
_REQUEST: Final = msgspec.json.Decoder(GenerationRequest)
_KIND: Final = msgspec.json.Decoder(_Kind)
_CANCEL: Final = msgspec.json.Decoder(Cancel)
_ERROR: Final = msgspec.json.Decoder(Error)
_ENCODER: Final = msgspec.json.Encoder()


def encoded(message: GenerationRequest | Cancel | ServerMessage) -> bytes:
    """One text frame."""
    return _ENCODER.encode(message)


def server_message(frame: str | bytes) -> ServerMessage | None:
    """What the service says; None for what cannot be read and for types nobody here knows."""
    try:
        return _SERVER.decode(frame)
    except UNREADABLE:
        return None


def client_message(frame: str | bytes) -> GenerationRequest | Cancel:
    """What a client says. Raises ValueError that tells what is wrong with it."""
    try:
        return (_CANCEL if _KIND.decode(frame).cancel else _REQUEST).decode(frame)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def refusal(body: bytes) -> Error:
    """What an HTTP answer tells about why it refuses; empty where it tells nothing."""
    try:
        return _ERROR.decode(body)
    except UNREADABLE:
        return Error()
