"""What is known of a dial before it is made, and the two answers it can get."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from vantum.dialing.duties import Duties
from vantum.dialing.hours import Week
from vantum.dialing.rules import ConsentKind, Purpose, RuleRef

# Seconds since 1970 (UTC), until 2100: milliseconds given by mistake are refused.
Time = Annotated[float, Meta(ge=0, lt=4_102_444_800)]
_Text = Annotated[str, Meta(min_length=1)]

Reason = Literal[
    "malformed",  # a value is not of its kind
    "bad_number",  # no telephone number
    "suppressed",  # asked not to be called
    "caller_id_not_owned",
    "unknown_country",  # unknown, or one without rules
    "unknown_state",
    "unknown_zone",
    "invalid_rules",  # the rules in force leave open what they have to decide
    "no_consent",  # none, or none of the kind needed
    "consent_revoked",
    "consent_expired",
    "no_dnc",  # not compared with a do-not-call list
    "stale_dnc",  # compared too long ago
    "on_dnc",
    "too_many_attempts",
    "outside_hours",  # of the law
    "window",  # outside the campaign's own hours
]


class Consent(Struct, frozen=True, kw_only=True):
    """Somebody's consent to be called, as it is on record."""

    kind: ConsentKind
    source: _Text  # where it was given: a form, a recording
    given_at: Time
    expires_at: Time | None
    revoked_at: Time | None


class Suppression(Struct, frozen=True, kw_only=True):
    """That somebody is not to be called any more."""

    since: Time
    reason: _Text


class Dnc(Struct, frozen=True, kw_only=True):
    """What a national do-not-call list said of the number."""

    version: _Text
    scrubbed_at: Time
    listed: bool


class Dial(Struct, frozen=True, kw_only=True):
    """A dial that somebody wants to make. Nothing has a default: what is not known is said."""

    number: str  # E.164
    caller_id: str
    owned_caller_ids: frozenset[str]
    consents: tuple[Consent, ...]
    suppression: Suppression | None
    dnc: Dnc | None
    earlier: tuple[Time, ...]  # dials on this subject, as far back as any rule looks
    address: str  # as written down; "" where there is none
    timezone: str  # IANA; "" where there is none
    window: Week | None  # the campaign's own hours, on the called party's clock
    purpose: Purpose
    now: Time


class LocalTime(Struct, frozen=True):
    """What the clock shows in a zone where the called party may be, as ISO 8601."""

    zone: str
    time: str


class Allowed(Struct, frozen=True, kw_only=True, tag="allowed"):
    """The dial may be made now and, with all else as it is, until `until` (not included)."""

    rules: tuple[RuleRef, ...]
    countries: tuple[str, ...]
    states: tuple[str, ...]
    local_times: tuple[LocalTime, ...]
    consent: Consent
    dnc_version: str | None
    duties: Duties
    until: float
    rehearsal: bool = False  # the hour was pretended, and consent where there was none


ALLOWED: Final = msgspec.json.Decoder(Allowed)
"""Reads one as it is recorded: what allowed a dial."""


class Refused(Struct, frozen=True, kw_only=True, tag="refused"):
    """The dial may not be made; `again_at` is the first moment at which hours and attempts allow.

    None where waiting (for a year) does not help. The sentence holds no number, name or address.
    """

    reason: Reason
    sentence: str
    rules: tuple[RuleRef, ...] = ()  # those that refuse it
    again_at: float | None = None
