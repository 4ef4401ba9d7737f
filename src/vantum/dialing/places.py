"""Where somebody may be, by what a number, an address and a time zone say; never a guess.

Each says which countries, states and time zones are possible; together they leave every one of
them possible. What is given but cannot be read is named, so that nobody takes it for silence.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final, Literal

import msgspec

from vantum.dialing import shipped
from vantum.dialing.numbers import is_number

Statement = Literal["number", "address", "timezone"]

_LONGEST_ADDRESS: Final = 500  # characters; a longer one is no address
_NOWHERE: Final[frozenset[str]] = frozenset()
_NORTH_AMERICAN: Final = re.compile(r"\+1[2-9][0-9]{2}[2-9][0-9]{6}")
# A code alone is no state: "Toronto, CA" and "Berlin, DE" are none. With a ZIP or country it is.
_ZIP: Final = r"[,\s]+[0-9]{5}(?:-[0-9]{4})?"
_USA: Final = r"[,\s]+(?i:USA?|U\.S\.(?:A\.?)?|United States(?: of America)?)"
_CODE_AT_END: Final = re.compile(rf"\b([A-Z]{{2}})(?:{_ZIP}(?:{_USA})?|{_USA})[.,\s]*$")
_AFTER_NAME: Final = rf"(?:{_ZIP})?(?:{_USA})?[.,\s]*$"
# "Washington" at the end of an address may be either.
_AMBIGUOUS: Final = {
    "washington": frozenset({"WA", "DC"}),
    "washington state": frozenset({"WA"}),
    "washington dc": frozenset({"DC"}),
    "washington, dc": frozenset({"DC"}),
    "washington d.c": frozenset({"DC"}),
    "washington, d.c": frozenset({"DC"}),
}


class Place(msgspec.Struct, frozen=True):
    """Every country (ISO 3166), US state (postal code) and IANA zone that is possible."""

    countries: frozenset[str] = _NOWHERE
    states: frozenset[str] = _NOWHERE
    zones: frozenset[str] = _NOWHERE
    unread: frozenset[Statement] = frozenset()  # given, but says nothing that can be relied on

    def __or__(self, other: Place) -> Place:
        return Place(
            self.countries | other.countries,
            self.states | other.states,
            self.zones | other.zones,
            self.unread | other.unread,
        )


class _State(msgspec.Struct, frozen=True):
    name: str
    zones: frozenset[str]


class _Area(msgspec.Struct, frozen=True):
    states: frozenset[str]
    zones: frozenset[str]


class _Atlas(msgspec.Struct, frozen=True):
    countries: dict[str, str]
    zones: dict[str, str]
    states: dict[str, _State]
    area_codes: dict[str, _Area]


@cache
def _atlas() -> _Atlas:
    return msgspec.json.decode(shipped.places(), type=_Atlas)


@cache
def _names() -> tuple[re.Pattern[str], dict[str, frozenset[str]]]:
    """A state's name at the end of an address, and the states that each name means."""
    known = {one.name.lower(): frozenset({code}) for code, one in _atlas().states.items()}
    known |= _AMBIGUOUS
    # The longest first: "West Virginia" before "Virginia".
    longest_first = sorted(known, key=len, reverse=True)
    names = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in longest_first)
    return re.compile(rf"\b((?i:{names})){_AFTER_NAME}"), known


def country_name(code: str) -> str:
    """A country's name in English; the code itself where it has none."""
    return _atlas().countries.get(code, code)


def states() -> frozenset[str]:
    """The postal codes of the fifty states and the District of Columbia."""
    return frozenset(_atlas().states)


@lru_cache(maxsize=4096)  # a number is looked at again at each retry; a caller id at each dial
def of_number(number: str) -> Place | None:
    """What an E.164 number says; None where it cannot be a telephone number at all.

    Area codes that belong to no place (800, 555, those not given out) say nothing.
    """
    if not is_number(number):
        return None
    area = _atlas().area_codes.get(number[2:5]) if _NORTH_AMERICAN.fullmatch(number) else None
    if area and area.states:
        return Place(frozenset({"US"}), area.states, area.zones)
    known, region = _region(number)
    if not known:
        return None
    if region not in _atlas().countries:
        return Place(unread=frozenset({"number"}))
    return Place(frozenset({region}), zones=_zones_of(region))


def _region(number: str) -> tuple[bool, str]:
    """Whether there can be such a number, and in which country; "" where it is of none alone."""
    # Imported when first needed: 90 ms that neither the start nor a dial within the US has to wait.
    import phonenumbers  # noqa: PLC0415

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False, ""
    region = phonenumbers.region_code_for_number(parsed) or ""
    if parsed.country_code == 1:  # shared by some 25 countries; the library calls 800 American
        region = region.replace("US", "")
    elif not region:
        region = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    return phonenumbers.is_possible_number(parsed), region


@cache
def _zones_of(country: str) -> frozenset[str]:
    return frozenset(zone for zone, of in _atlas().zones.items() if of == country)


def of_address(text: str) -> Place:
    """What a written address says: "…, Miami, FL 33101", "…, Austin, Texas", "…, NY, USA".

    An address in another country, or without a state, is `unread`.
    """
    if not text.strip():
        return Place()
    found = _states_in(text) if len(text) <= _LONGEST_ADDRESS else _NOWHERE
    if not found:
        return Place(unread=frozenset({"address"}))
    zones = frozenset[str]().union(*(_atlas().states[state].zones for state in found))
    return Place(frozenset({"US"}), found, zones)


def _states_in(text: str) -> frozenset[str]:
    code = _CODE_AT_END.search(text)
    pattern, known = _names()
    name = pattern.search(text)
    found = _NOWHERE
    if code and code[1] in _atlas().states:
        found |= {code[1]}
    if name:
        found |= known[" ".join(name[1].lower().split())]
    return found


def of_zone(name: str) -> Place:
    """What an IANA time zone says: itself, and the country it lies in."""
    if not name.strip():
        return Place()
    country = _atlas().zones.get(name)
    if country is None:
        return Place(unread=frozenset({"timezone"}))
    return Place(frozenset({country}), zones=frozenset({name}))


def whereabouts(number: str, address: str, timezone: str) -> Place | None:
    """All that is possible by all three; "" is not given. None where the number is none."""
    place = of_number(number)
    return place and place | of_address(address) | of_zone(timezone)
