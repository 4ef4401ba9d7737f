"""Which verbs of TwiML the simulated carrier understands, and how it reads them. Pure.

A document that cannot be read is error 12100. What is well-formed but unknown is error 12200, which
is a warning at the vendor's: the verb is left out and the rest is done.
"""

from __future__ import annotations

import xml.etree.ElementTree as Xml
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

DIAL_TIMEOUT_S: Final = 30.0
_NAMES: Final = 500  # characters of a parameter's name and value together


class Stream(Struct, frozen=True):
    """`<Connect><Stream>`: sound in both directions over a WebSocket until our server closes it."""

    url: str
    name: str = ""
    parameters: dict[str, str] = {}
    status_url: str = ""
    action: str = ""


class Say(Struct, frozen=True):
    """Text to be spoken."""

    text: str


class Pause(Struct, frozen=True):
    """Silence."""

    length_s: float = 1.0


class Play(Struct, frozen=True):
    """Keys to be pressed (`w` waits half a second), or the address of a recording."""

    digits: str = ""
    url: str = ""


class Hangup(Struct, frozen=True):
    """End the call."""


class Reject(Struct, frozen=True):
    """Do not take an incoming call."""

    reason: str = "rejected"  # or busy


class Redirect(Struct, frozen=True):
    """Go on with another document."""

    url: str
    method: str = "POST"


class Number(Struct, frozen=True):
    """`<Dial><Number>`: ring somebody else and let both talk."""

    number: str
    caller_id: str = ""
    timeout_s: float = DIAL_TIMEOUT_S
    action: str = ""
    status_url: str = ""
    status_events: tuple[str, ...] = ()


class Conference(Struct, frozen=True):
    """`<Dial><Conference>`: join everybody who names the same room."""

    room: str
    starts: bool = True
    ends: bool = False
    action: str = ""
    status_url: str = ""
    status_events: tuple[str, ...] = ()


Verb = Stream | Say | Pause | Play | Hangup | Reject | Redirect | Number | Conference


class Document(Struct, frozen=True):
    """What is to be done, in order, and what of the document was not understood."""

    verbs: tuple[Verb, ...]
    unknown: tuple[str, ...] = ()


class TwimlError(ValueError):
    """Not a TwiML document; the text says why."""


def read(text: str) -> Document:
    """Raises TwimlError."""
    # Declared entities are how a small document becomes a huge one; TwiML has none.
    if "<!DOCTYPE" in text:
        raise TwimlError("a document type is not allowed")
    try:
        root = Xml.fromstring(text)
    except (Xml.ParseError, ValueError) as error:
        raise TwimlError(str(error)) from None
    if root.tag != "Response":
        raise TwimlError(f"the document is a <{root.tag}>, not a <Response>")
    verbs: list[Verb] = []
    unknown: list[str] = []
    for element in root:
        try:
            found = list(_verbs(element))
        except (KeyError, ValueError) as error:
            unknown.append(f"{element.tag}: {error}")
            continue
        verbs += found
        if not found:
            unknown.append(element.tag)
    return Document(tuple(verbs), tuple(unknown))


def _verbs(element: Xml.Element) -> Iterator[Verb]:
    text, has = (element.text or "").strip(), element.attrib
    match element.tag:
        case "Say":
            yield Say(text)
        case "Pause":
            yield Pause(float(has.get("length", 1)))
        case "Play":
            yield Play(digits=has.get("digits", ""), url=text)
        case "Hangup":
            yield Hangup()
        case "Reject":
            yield Reject(has.get("reason", "rejected"))
        case "Redirect":
            yield Redirect(text, has.get("method", "POST").upper())
        case "Connect":
            yield from (_stream(one, has.get("action", "")) for one in element.findall("Stream"))
        case "Dial":
            yield from _dial(element, text)


def _stream(element: Xml.Element, action: str) -> Stream:
    has = element.attrib
    parameters = {
        one.attrib["name"]: one.attrib.get("value", "") for one in element.findall("Parameter")
    }
    if any(len(name) + len(value) >= _NAMES for name, value in parameters.items()):
        raise ValueError("a parameter is too long")
    return Stream(
        has["url"], has.get("name", ""), parameters, has.get("statusCallback", ""), action
    )


def _dial(element: Xml.Element, text: str) -> Iterator[Verb]:
    has = element.attrib
    timeout_s, action = float(has.get("timeout", DIAL_TIMEOUT_S)), has.get("action", "")
    caller_id = has.get("callerId", "")
    for one in element.findall("Number"):
        own = one.attrib
        yield Number(
            (one.text or "").strip(),
            caller_id,
            timeout_s,
            action,
            own.get("statusCallback", ""),
            tuple(own.get("statusCallbackEvent", "completed").split()),
        )
    for one in element.findall("Conference"):
        own = one.attrib
        yield Conference(
            (one.text or "").strip(),
            own.get("startConferenceOnEnter", "true") == "true",
            own.get("endConferenceOnExit", "false") == "true",
            action,
            own.get("statusCallback", ""),
            tuple(own.get("statusCallbackEvent", "").split()),
        )
    if text:
        yield Number(text, caller_id, timeout_s, action)
