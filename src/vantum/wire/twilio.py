"""The messages of Twilio's Media Streams, in both directions: JSON text, base64 mu-law at 8 kHz.

Source: the vendor's "Media Streams WebSocket messages" page, as of 2026. Sequence numbers, chunks
and timestamps are strings on the wire; bytes of sound are base64 text, which msgspec does for us.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct, field

from vantum.wire.fields import UNREADABLE

RATE_HZ: Final = 8_000
FRAME_BYTES: Final = 160  # 20 ms


class MediaFormat(Struct, frozen=True, rename="camel"):
    """How the sound is coded; there is one way only."""

    encoding: str = "audio/x-mulaw"
    sample_rate: int = RATE_HZ
    channels: int = 1


class StartDetails(Struct, frozen=True, rename="camel"):
    """Which call this is, and what our own TwiML gave it to carry."""

    account_sid: str
    stream_sid: str
    call_sid: str
    tracks: tuple[str, ...] = ("inbound",)
    media_format: MediaFormat = MediaFormat()
    custom_parameters: dict[str, str] = {}


class InboundSound(Struct, frozen=True):
    """20 ms of the caller; `timestamp` is in milliseconds from the start of the stream."""

    track: str
    chunk: str
    timestamp: str
    payload: bytes


class Digit(Struct, frozen=True):
    """A key that was pressed."""

    track: str
    digit: str


class Name(Struct, frozen=True, forbid_unknown_fields=True):
    """The label of a mark."""

    name: str


class StopDetails(Struct, frozen=True, rename="camel"):
    """Which call is over."""

    account_sid: str
    call_sid: str


class Connected(Struct, frozen=True, tag_field="event", tag="connected"):
    """The first message of a stream."""

    protocol: str = "Call"
    version: str = "1.0.0"


class Start(Struct, frozen=True, rename="camel", tag_field="event", tag="start"):
    """The second message: sound follows."""

    sequence_number: str
    stream_sid: str
    start: StartDetails


class Media(Struct, frozen=True, rename="camel", tag_field="event", tag="media"):
    """Sound of the caller, silence included, 50 times a second."""

    sequence_number: str
    stream_sid: str
    media: InboundSound


class Dtmf(Struct, frozen=True, rename="camel", tag_field="event", tag="dtmf"):
    """The caller pressed a key."""

    sequence_number: str
    stream_sid: str
    dtmf: Digit


class Mark(Struct, frozen=True, rename="camel", tag_field="event", tag="mark"):
    """All that was sent before the mark has played, or was thrown away by a clear."""

    sequence_number: str
    stream_sid: str
    mark: Name


class Stop(Struct, frozen=True, rename="camel", tag_field="event", tag="stop"):
    """The stream is over: the call has ended, was redirected, or its verb is done."""

    sequence_number: str
    stream_sid: str
    stop: StopDetails


FromCarrier = Connected | Start | Media | Dtmf | Mark | Stop


class OutboundSound(Struct, frozen=True, forbid_unknown_fields=True):
    """Sound to play, of any length."""

    payload: bytes


class Play(
    Struct,
    frozen=True,
    rename="camel",
    tag_field="event",
    tag="media",
    forbid_unknown_fields=True,
):
    """Play this behind what was sent before."""

    stream_sid: str
    media: OutboundSound


class Label(
    Struct, frozen=True, rename="camel", tag_field="event", tag="mark", forbid_unknown_fields=True
):
    """Send this mark back when all before it has played."""

    stream_sid: str
    mark: Name


class Clear(
    Struct, frozen=True, rename="camel", tag_field="event", tag="clear", forbid_unknown_fields=True
):
    """Throw away what has not played; its marks come back at once."""

    stream_sid: str


ToCarrier = Play | Label | Clear


class MessageError(ValueError):
    """What came is no message of this protocol; the text says why."""


class _Tagged(Struct):
    event: str = field(default="")


_FROM: Final[msgspec.json.Decoder[FromCarrier]] = msgspec.json.Decoder(FromCarrier)
_TO: Final[msgspec.json.Decoder[ToCarrier]] = msgspec.json.Decoder(ToCarrier)
_TAGGED: Final = msgspec.json.Decoder(_Tagged)
_ENCODER: Final = msgspec.json.Encoder()
_DIGITS: Final = 15  # milliseconds of 30,000 years
_KNOWN: Final = frozenset({"connected", "start", "media", "dtmf", "mark", "stop"})


def from_carrier(text: str | bytes) -> FromCarrier | None:
    """What the carrier says; None for a kind that we do not know. Raises MessageError."""
    try:
        return _FROM.decode(text)
    except UNREADABLE as error:
        if _is_of_another_kind(text):
            return None
        raise MessageError(str(error)) from None


def to_carrier(text: str | bytes) -> ToCarrier:
    """What a server tells the carrier, as strictly as the carrier reads it. Raises MessageError."""
    try:
        return _TO.decode(text)
    except UNREADABLE as error:
        raise MessageError(str(error)) from None


def written(message: FromCarrier | ToCarrier) -> str:
    """The message as it goes over the wire."""
    return _ENCODER.encode(message).decode()


def count(text: str) -> int | None:
    """A number that the carrier writes as text; None for what is none."""
    return int(text) if len(text) <= _DIGITS and text.isdecimal() else None


def _is_of_another_kind(text: str | bytes) -> bool:
    try:
        event = _TAGGED.decode(text).event
    except UNREADABLE:
        return False
    return bool(event) and event not in _KNOWN
