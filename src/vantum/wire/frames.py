"""How the server's frames are written, and under which name each client gets them.

A `vantum.v2` client gets the hierarchical names throughout. Any other gets acks and errors in the
vocabulary of its request, and server events under the legacy name where there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from vantum.errors import RequestError
from vantum.wire.browser import Request
from vantum.wire.events import (
    ALIASES,
    EVENT_INFO,
    EVENTS,
    EXTENSION_EVENTS,
    LEGACY_EVENTS,
    LEGACY_TO_NEW,
)
from vantum.wire.payloads import AudioInputChunk, AudioOutputChunk

# Beyond these MessagePack has only 64-bit integers, which a browser turns into BigInt and its
# JSON.stringify then throws on (spec §2.1).
_INT_MIN: Final = -(2**31)
_INT_MAX: Final = 2**32 - 1

_BINARY: Final = (bytes, bytearray, memoryview)
_NO_TYPE: Final = "error.unknown"  # stands for the type of a request that has none

_CANCEL: Final = EVENTS.audio.output.CANCEL
_LEGACY_NAME: Final = {new: old for old, new in LEGACY_TO_NEW.items() if new != _CANCEL}
_LEGACY_CANCEL: Final = {
    old.rpartition(".")[2]: old for old, new in LEGACY_TO_NEW.items() if new == _CANCEL
}
_HIERARCHICAL: Final = EVENT_INFO.keys() | ALIASES.keys()

_ERROR_OF_CODE: Final = {
    "UNSUPPORTED_RATE": EVENTS.audio.error.UNSUPPORTED_RATE,
    "AUDIO_ERROR": EVENTS.audio.error.INVALID_FORMAT,
    "BUFFER_OVERFLOW": EVENTS.audio.error.BUFFER_OVERFLOW,
    "CONNECTION_ERROR": EVENTS.connection.error.GENERAL,
    "SESSION_ERROR": EVENTS.connection.error.GENERAL,
    "STT_ERROR": EVENTS.transcript.error.STT_FAILED,
    "STT_INIT_ERROR": EVENTS.error.service.STT_UNAVAILABLE,
    "LLM_ERROR": EVENTS.conversation.error.LLM_FAILED,
    "TTS_ERROR": EVENTS.error.service.TTS_UNAVAILABLE,
    "INTERNAL_ERROR": EVENTS.error.general.INTERNAL_SERVER_ERROR,
}
_MALFORMED_BY_DOMAIN: Final = {
    "audio.input.": EVENTS.audio.error.INVALID_FORMAT,
    "connection.": EVENTS.connection.error.GENERAL,
}


class _Frame(Struct, rename="camel", omit_defaults=True):
    event_type: str
    event_id: str
    session_id: str
    payload: object
    request_type: str | None = None


_ENCODER: Final = msgspec.msgpack.Encoder()


def encode(
    event_type: str,
    event_id: str,
    session_id: str,
    payload: Struct | Mapping[str, object],
    request_type: str | None = None,
) -> bytes:
    """Write one frame under exactly this name; wide numbers become float64."""
    # Audio is the hot path, and its few numbers are bounded: written as it is.
    body: object = payload
    if not isinstance(payload, AudioOutputChunk | AudioInputChunk):
        body = _narrow(msgspec.to_builtins(payload, builtin_types=_BINARY, str_keys=True))
    return _ENCODER.encode(_Frame(event_type, event_id, session_id, body, request_type))


def event_frame(
    name: str,
    payload: Struct,
    *,
    event_id: str,
    session_id: str,
    v2: bool,
) -> bytes | None:
    """Write a server event for a client; None when the client's vocabulary has no such event."""
    wire_name = name_on_wire(name, v2=v2, reason=getattr(payload, "reason", ""))
    if wire_name is None:
        return None
    return encode(wire_name, event_id, session_id, legacy_payload(wire_name, payload))


def name_on_wire(canonical: str, *, v2: bool, reason: str | None = None) -> str | None:
    """Name that a server event goes out under; `reason` decides between the two legacy cancels.

    None when a client without `vantum.v2` could not make sense of the event.
    """
    if v2:
        return canonical
    if canonical in EXTENSION_EVENTS:
        return None
    if canonical == _CANCEL:
        return _LEGACY_CANCEL.get(reason or "", _LEGACY_CANCEL["stop"])
    return _LEGACY_NAME.get(canonical, canonical)


def legacy_payload(wire_name: str, payload: Struct) -> Struct | dict[str, object]:
    """Only the fields that the original page knows; anything for other names stays whole."""
    legacy = LEGACY_EVENTS.get(wire_name)
    if legacy is None or (isinstance(payload, AudioOutputChunk) and payload.timestamp is None):
        return payload
    fields = msgspec.to_builtins(payload, builtin_types=_BINARY)
    return {name: fields[name] for name in legacy.fields if name in fields}


def ack(request: Request, *, v2: bool = False) -> bytes:
    """Answer that `request` was carried out."""
    event_type = request.name if v2 and request.legacy else request.event_type
    return encode(event_type, request.event_id, request.session_id, {"success": True})


def error_for(
    error: RequestError,
    request_type: str | None,
    *,
    event_id: str,
    session_id: str,
    v2: bool = False,
) -> bytes:
    """Answer that a request failed; `request_type` is its event type as sent, if it had one."""
    payload = {"message": str(error)}
    if v2 or request_type in _HIERARCHICAL:
        name = error_event(request_type, error.wire_code)
        payload["code"] = error.wire_code
    else:
        name = legacy_error_name(request_type or _NO_TYPE)
    return encode(name, event_id, session_id, payload, request_type or _NO_TYPE)


def legacy_error_name(request_type: str) -> str:
    """The request's type with its last part replaced by `error`; it always ends in `.error`.

    A type of one part gives `error.unknown`, as the original server does.
    """
    head, dot, _ = request_type.rpartition(".")
    return f"{head}.error" if dot else "error.unknown"


def error_event(request_type: str | None, code: str) -> str:
    """The hierarchical error that fits a failed request."""
    canonical = LEGACY_TO_NEW.get(request_type or "", request_type or "")
    if code == "INVALID_PAYLOAD":
        for prefix, name in _MALFORMED_BY_DOMAIN.items():
            if canonical.startswith(prefix):
                return str(name)
    return str(_ERROR_OF_CODE.get(code, EVENTS.error.general.UNKNOWN))


def _narrow(value: object) -> object:
    """The same value with every integer outside 32 bits as a float."""
    if isinstance(value, dict):
        return {key: _narrow(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_narrow(item) for item in value]
    if isinstance(value, int) and not _INT_MIN <= value <= _INT_MAX:
        return float(value)
    return value
