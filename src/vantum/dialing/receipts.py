"""What is kept for years of a call: why it could be made, what was heard of what must be said.

Whom it was with is there only as salted hashes: without the number's salt they are nobody's.
Moments within the call are milliseconds since its sound began, as in its recording.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Final, Literal

import msgspec
from msgspec import Struct

from vantum.dialing.dial import Allowed, LocalTime
from vantum.dialing.duties import Duties
from vantum.dialing.rules import ConsentKind, RuleRef

FORMAT: Final = 1
_BLANK: Final = re.compile(r"\{\w+\}")


class Heard(Struct, frozen=True, kw_only=True):
    """Words of the agent's as the called party heard them."""

    text: str
    at_s: float | None  # since the sound of the call began
    until_s: float | None


class Line(Struct, frozen=True, kw_only=True):
    """A line of the agent's file that has to be said, and when it had been heard to its end.

    None: it was not, as far as we know. Within an answer the moment is its share of the characters.
    """

    role: Literal["recording", "greeting", "must_hear"]
    text: str  # with its {blanks}: what they stood for is nobody's business
    heard_ms: int | None = None


class ConsentUsed(Struct, frozen=True, kw_only=True):
    """The consent that the call relied on."""

    kind: ConsentKind
    source: str  # hashed: it may name somebody
    given_at_ms: int
    expires_at_ms: int | None


class Gate(Struct, frozen=True, kw_only=True):
    """What allowed the dial."""

    rules: tuple[RuleRef, ...]
    countries: tuple[str, ...]
    states: tuple[str, ...]
    local_times: tuple[LocalTime, ...]
    consent: ConsentUsed
    dnc_version: str | None
    duties: Duties
    until_ms: int
    rehearsal: bool  # nobody was really called: the hour was pretended, and maybe the consent


class Receipt(Struct, frozen=True, kw_only=True):
    """Of one outbound call; what is not known is null."""

    format: int = FORMAT
    call_id: str
    agent: str
    agent_version: str | None  # SHA-256 of its file
    their_number: str | None  # hashed, as the following three
    our_number: str | None
    name: str | None
    company: str | None
    placed_at_ms: int
    answered_at_ms: int | None
    ended_at_ms: int | None
    campaign_id: str | None
    attempt: int | None
    gate: Gate | None
    lines: tuple[Line, ...]
    recorded: bool
    opted_out_ms: int | None
    outcome: str
    answered_by: str | None


def hashed(salt: str, value: str) -> str | None:
    """SHA-256 over the salt (hexadecimal digits) and the value in UTF-8; None for ""."""
    return hashlib.sha256(bytes.fromhex(salt) + value.encode()).hexdigest() if value else None


def gate_of(allowed: Allowed, salt: str) -> Gate:
    """The evidence as it is kept; `salt` is the called number's."""
    consent = allowed.consent
    return Gate(
        rules=allowed.rules,
        countries=allowed.countries,
        states=allowed.states,
        local_times=allowed.local_times,
        consent=ConsentUsed(
            kind=consent.kind,
            source=hashed(salt, consent.source) or "",
            given_at_ms=ms(consent.given_at),
            expires_at_ms=ms_or_none(consent.expires_at),
        ),
        dnc_version=allowed.dnc_version,
        duties=allowed.duties,
        until_ms=ms(allowed.until),
        rehearsal=allowed.rehearsal,
    )


def lines_heard(lines: Iterable[Line], heard: Iterable[Heard]) -> tuple[Line, ...]:
    """The same lines with the moment at which each was first heard to its end."""
    said = tuple(heard)
    return tuple(
        Line(role=one.role, text=one.text, heard_ms=_heard_ms(one.text, said)) for one in lines
    )


def _heard_ms(text: str, heard: Iterable[Heard]) -> int | None:
    wanted = _pattern(text)
    for one in heard:
        found = wanted.search(one.text)
        if found and one.at_s is not None and one.until_s is not None:
            share = found.end() / len(one.text)
            return ms(one.at_s + share * (one.until_s - one.at_s))
    return None


def _pattern(text: str) -> re.Pattern[str]:
    """The words of a line, however they are spaced; a blank stands for some words or none."""
    parts = (r"\s+".join(map(re.escape, part.split())) for part in _BLANK.split(text))
    return re.compile(r"\s*.*?\s*".join(parts))


class _Placed(Struct):
    placed_at_ms: int


_PLACED: Final = msgspec.json.Decoder(_Placed)


def placed_at_ms(facts: str) -> int:
    """When the call of a receipt was placed; `facts` is its JSON."""
    return _PLACED.decode(facts).placed_at_ms


def ms(moment_s: float) -> int:
    """In milliseconds."""
    return round(moment_s * 1000)


def ms_or_none(moment_s: float | None) -> int | None:
    """The same of a moment that may not have come."""
    return None if moment_s is None else ms(moment_s)
