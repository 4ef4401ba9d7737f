"""A dial that is allowed, to spoil one thing at a time; and times by somebody's clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from vantum.dialing.dial import Allowed, Consent, Dial, Dnc, Refused
from vantum.dialing.gate import decide
from vantum.dialing.hours import Week
from vantum.dialing.rules import Rules, shipped_rules

RULES = shipped_rules()
DAY_S = 86_400
OURS = "+14045550100"  # Georgia: recording needs no announcement there

# A number and an address in each of some places, with the zones that they leave possible.
NEW_YORK = ("+12125551234", "350 5th Ave, New York, NY 10118")
FLORIDA = ("+13055551234", "1 Main St, Miami, FL 33101")
OKLAHOMA = ("+14055551234", "1 Main St, Oklahoma City, OK 73102")
WASHINGTON = ("+12065551234", "1 Pike St, Seattle, WA 98101")
TEXAS = ("+15125551234", "")
HAWAII = ("+18085551234", "1 Ala Moana, Honolulu, Hawaii")


def at(zone: str, text: str) -> float:
    """A moment by the clock of a zone: at("America/New_York", "2026-08-24 08:00:00")."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


NOON = at("America/New_York", "2026-08-24 13:00:00")  # a Monday; 12:00 in Chicago


def consent(**changes: object) -> Consent:
    given = Consent(
        kind="written", source="form", given_at=NOON - DAY_S, expires_at=None, revoked_at=None
    )
    return msgspec.structs.replace(given, **changes)


def scrub(**changes: object) -> Dnc:
    fresh = Dnc(version="2026-08-20", scrubbed_at=NOON - DAY_S, listed=False)
    return msgspec.structs.replace(fresh, **changes)


def dial(place: tuple[str, str] = NEW_YORK, **changes: object) -> Dial:
    good = Dial(
        number=place[0],
        caller_id=OURS,
        owned_caller_ids=frozenset({OURS}),
        consents=(consent(given_at=0),),
        suppression=None,
        dnc=None,
        earlier=(),
        address=place[1],
        timezone="",
        window=None,
        purpose="telemarketing",
        now=NOON,
    )
    return msgspec.structs.replace(good, **changes)


def moved(one: Dial, now: float) -> Dial:
    return msgspec.structs.replace(one, now=now)


def allowed(one: Dial, rules: Rules = RULES) -> Allowed:
    found = decide(one, rules)
    assert isinstance(found, Allowed), found
    return found


def refused(one: Dial, rules: Rules = RULES) -> Refused:
    found = decide(one, rules)
    assert isinstance(found, Refused), found
    assert found.sentence.endswith(".")
    return found


def is_allowed(one: Dial, rules: Rules = RULES) -> bool:
    return isinstance(decide(one, rules), Allowed)


def week(**named: str) -> Week:
    return Week(**named)
