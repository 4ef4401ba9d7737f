"""Which forms the simulated carrier's REST interface takes, and how it refuses others. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal
from urllib.parse import parse_qsl, urlsplit

from vantum.dialing.numbers import is_number
from vantum.simulator import twilio_refusals as refusals
from vantum.simulator.twilio_call import DETECTION_S, LASTS_S, RING_S, Order
from vantum.simulator.twilio_refusals import RefusedError
from vantum.wire.twilio import count

TWIML_CHARS: Final = 4_000
_EVENTS: Final = frozenset({"initiated", "ringing", "answered", "completed"})
_TIMEOUT_S: Final = 600.0

Fields = Mapping[str, Sequence[str]]


def fields_of(body: bytes) -> dict[str, list[str]]:
    """The form; a name may come several times."""
    fields: dict[str, list[str]] = {}
    for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
        fields.setdefault(name, []).append(value)
    return fields


def new_order(fields: Fields) -> Order:
    """What the form of a new call asks for. Raises RefusedError."""
    to, from_ = _one(fields, "To"), _one(fields, "From")
    if not to:
        raise RefusedError(refusals.NO_TO)
    if not from_:
        raise RefusedError(refusals.NO_FROM)
    if not is_number(to):
        raise RefusedError(refusals.invalid_to(to))
    if not is_number(from_):
        raise RefusedError(refusals.invalid_from(from_))
    url, twiml = document(fields)
    if not url and not twiml:
        raise RefusedError(refusals.NO_URL)
    digits = _one(fields, "SendDigits")
    asked = _choice(fields, "MachineDetection", ("Enable", "DetectMessageEnd"))
    return Order(
        to=to,
        from_=from_,
        url=url,
        method=method_of(fields, "Method"),
        twiml=twiml,
        status_url=_one(fields, "StatusCallback"),
        status_method=method_of(fields, "StatusCallbackMethod"),
        status_events=tuple(fields.get("StatusCallbackEvent", ())) or ("completed",),
        timeout_s=_seconds(fields, "Timeout", RING_S, _TIMEOUT_S),
        time_limit_s=_seconds(fields, "TimeLimit", LASTS_S, 24 * 3_600.0),
        digits=digits,
        detection="" if digits else asked,  # the vendor's rule
        detection_waits=_one(fields, "AsyncAmd") != "true",
        detection_url=_one(fields, "AsyncAmdStatusCallback"),
        detection_method=method_of(fields, "AsyncAmdStatusCallbackMethod"),
        detection_timeout_s=_seconds(fields, "MachineDetectionTimeout", DETECTION_S, 59.0),
    )


def document(fields: Fields) -> tuple[str, str]:
    """The address or the text of a document, if either is given. Raises RefusedError."""
    url, twiml = _one(fields, "Url"), _one(fields, "Twiml")
    if url:
        if not _is_web_address(url):
            raise RefusedError(refusals.invalid_url(url))
        return url, ""
    if len(twiml) > TWIML_CHARS:
        raise RefusedError(refusals.LONG_TWIML)
    return "", twiml


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:  # such as half an IPv6 address
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def method_of(fields: Fields, name: str) -> str:
    """How something is to be fetched. Raises RefusedError."""
    method = _one(fields, name).upper() or "POST"
    if method not in {"GET", "POST"}:
        raise RefusedError(refusals.invalid(name))
    return method


def unknown_events(order: Order) -> bool:
    """Whether a callback was asked for that there is not: a warning at the vendor's (21626)."""
    return not _EVENTS.issuperset(order.status_events)


def _one(fields: Fields, name: str) -> str:
    return fields[name][-1].strip() if name in fields else ""


def _seconds(fields: Fields, name: str, usual: float, most: float) -> float:
    text = _one(fields, name)
    if not text:
        return usual
    number = count(text)
    if number is None or not 0 < number <= most:
        raise RefusedError(refusals.invalid(name))
    return float(number)


def _choice(
    fields: Fields, name: str, allowed: tuple[Literal["Enable"], Literal["DetectMessageEnd"]]
) -> Literal["", "Enable", "DetectMessageEnd"]:
    text = _one(fields, name)
    for one in allowed:
        if text == one:
            return one
    if text:
        raise RefusedError(refusals.invalid(name))
    return ""
