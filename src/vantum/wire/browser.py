"""What a browser's frame asks for, in either vocabulary, or in what way it is wrong."""

from __future__ import annotations

from typing import Annotated, Final, cast

from msgspec import Meta, Raw, Struct
from msgspec.msgpack import Decoder

from vantum.errors import RequestError
from vantum.wire import payloads as p
from vantum.wire.events import ALIASES, EVENT_INFO, LEGACY_TO_NEW, is_client_event
from vantum.wire.fields import UNREADABLE, Misfit, Shape, assemble, kind_of, present, shape_of

ClientPayload = (
    p.AudioInputStart
    | p.AudioInputChunk
    | p.AudioInputStop
    | p.AudioOutputProgress
    | p.Disconnect
    | p.EndCall
    | p.Feedback
    | p.Moment
)


class Request(Struct, frozen=True):
    """What a client asked: `name` is canonical, `event_type` as it was sent.

    `legacy` says that the original page's vocabulary was used.
    """

    name: str
    event_type: str
    event_id: str
    session_id: str
    payload: ClientPayload
    legacy: bool


class BadFrame(RequestError):  # noqa: N818 - names what arrived
    """A frame that cannot be obeyed; type and id of the request are None where unreadable."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "INVALID_PAYLOAD",
        request_type: str | None = None,
        event_id: str | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.request_type = request_type
        self.event_id = event_id


class _Envelope(Struct, frozen=True, rename="camel"):
    event_type: p.Name
    event_id: p.Name
    session_id: p.Name
    payload: Annotated[Raw, Meta(description="a map")]


_ENVELOPE: Final = shape_of(_Envelope)
_WELL_FORMED: Final = Decoder(Raw)
_NAME: Final = Decoder(p.Name)

# Every name a client may send, and what it stands for.
_CANONICAL: Final = {
    **{name: name for name in EVENT_INFO if is_client_event(name)},
    **{old: new for old, new in {**LEGACY_TO_NEW, **ALIASES}.items() if is_client_event(new)},
}
_KNOWN: Final = EVENT_INFO.keys() | LEGACY_TO_NEW.keys() | ALIASES.keys()
_PAYLOADS: Final = {name: shape_of(EVENT_INFO[name].payload) for name in _CANONICAL.values()}


def decode(frame: bytes) -> Request:
    """Read one frame; raises BadFrame, and nothing else, for any bytes that are no request."""
    envelope = _open(frame)
    event_type = envelope.event_type
    name = _CANONICAL.get(event_type)
    if name is None:
        known = event_type in _KNOWN
        text = "is sent by the server only" if known else "is not an event this server knows"
        raise _bad(envelope, text)
    return Request(
        name,
        event_type,
        envelope.event_id,
        envelope.session_id,
        _payload(_PAYLOADS[name], envelope),
        event_type in LEGACY_TO_NEW,
    )


def _open(frame: bytes) -> _Envelope:
    try:
        return cast(_Envelope, _ENVELOPE.whole.decode(frame))
    except UNREADABLE:
        pass
    try:
        _WELL_FORMED.decode(frame)
    except UNREADABLE:
        raise BadFrame("The message is not one whole MessagePack value") from None
    try:
        found = present(_ENVELOPE, frame)
    except UNREADABLE:
        text = "The message must be a map with eventType, eventId, sessionId and payload"
        raise BadFrame(text) from None
    request_type, event_id = _text(found.get("event_type")), _text(found.get("event_id"))
    try:
        return cast(_Envelope, assemble(_ENVELOPE, found))
    except Misfit as misfit:
        text = f"{request_type or 'The message'}: {misfit}"
        raise BadFrame(text, request_type=request_type, event_id=event_id) from None


def _payload(shape: Shape, envelope: _Envelope) -> ClientPayload:
    raw = envelope.payload
    try:
        return cast(ClientPayload, shape.whole.decode(raw))
    except UNREADABLE:
        pass
    try:
        return cast(ClientPayload, assemble(shape, present(shape, raw)))
    except Misfit as misfit:
        code = "UNSUPPORTED_RATE" if misfit.field == "samplingRate" else "INVALID_PAYLOAD"
        raise _bad(envelope, str(misfit), code) from None
    except UNREADABLE:
        got = kind_of(bytes(raw))
        text = f"payload must be a map, got {got}"
        if got == "a map":
            text = "payload must be a map with text as keys"
        raise _bad(envelope, text) from None


def _bad(envelope: _Envelope, text: str, code: str = "INVALID_PAYLOAD") -> BadFrame:
    return BadFrame(
        f"{envelope.event_type}: {text}",
        code=code,
        request_type=envelope.event_type,
        event_id=envelope.event_id,
    )


def _text(raw: bytes | None) -> str | None:
    try:
        return None if raw is None else _NAME.decode(raw)
    except UNREADABLE:
        return None
