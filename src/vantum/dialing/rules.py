"""The law as dated data: which rules there are, and which of them bind on a day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from functools import cache
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from vantum.dialing import places, shipped
from vantum.dialing.hours import Days, Week, days_of
from vantum.dialing.keeping import LEAST_CALL_DAYS
from vantum.errors import SettingsError

HOUR_S: Final = 3600

ConsentKind = Literal["express", "written"]
Purpose = Literal["telemarketing", "informational"]

_Text = Annotated[str, Meta(min_length=1)]
_Seconds = Annotated[float, Meta(ge=0)]


class Hours(Struct, frozen=True, tag="hours", forbid_unknown_fields=True):
    """Dial only within these hours of the called party's clock."""

    week: Week

    @property
    def days(self) -> Days:
        """The same in minutes."""
        return days_of(self.week)


class AttemptLimit(Struct, frozen=True, tag="attempts", forbid_unknown_fields=True):
    """Dial one person at most so often on one subject within a sliding period."""

    most: Annotated[int, Meta(ge=0)]
    period_h: Annotated[float, Meta(gt=0, le=LEAST_CALL_DAYS * 24)]


class NeedsConsent(Struct, frozen=True, tag="consent", forbid_unknown_fields=True):
    """Dial only with a consent that is at least so strong; without `purposes`, for all of them."""

    needs: ConsentKind
    purposes: tuple[Purpose, ...] = ()


class Scrub(Struct, frozen=True, tag="dnc", forbid_unknown_fields=True):
    """Dial only a number that a do-not-call list of at most this age does not hold.

    A consent of the kind `waived_by` makes the list unnecessary.
    """

    max_age_days: Annotated[float, Meta(gt=0)]
    waived_by: ConsentKind | None = None


class OwnList(Struct, frozen=True, tag="suppression", forbid_unknown_fields=True):
    """Never dial who asked not to be called. The gate holds this even where no rule says it."""


class CallerId(Struct, frozen=True, tag="caller_id", forbid_unknown_fields=True):
    """Show only a number that is ours. The gate holds this even where no rule says it."""


class Recording(Struct, frozen=True, tag="recording", forbid_unknown_fields=True):
    """A recording has to be announced at the start."""


class Disclosure(Struct, frozen=True, tag="disclosure", forbid_unknown_fields=True):
    """The agent says that it is no human being: unasked at the start, or when asked."""

    when: Literal["at_start", "when_asked"]


class Ring(Struct, frozen=True, tag="ring", forbid_unknown_fields=True):
    """Let the telephone ring so long before giving up."""

    at_least_s: _Seconds


class Abandonment(Struct, frozen=True, tag="abandonment", forbid_unknown_fields=True):
    """Of the calls that people answer, leave at most this share without a word in time."""

    at_most: Annotated[float, Meta(ge=0, le=1)]
    per_days: Annotated[float, Meta(gt=0, le=LEAST_CALL_DAYS)] = 30
    speak_within_s: _Seconds = 2


class Conduct(Struct, frozen=True, tag="conduct", forbid_unknown_fields=True):
    """What the call itself and its records keep to; named with each dial, decided elsewhere."""


Demand = (
    Hours
    | AttemptLimit
    | NeedsConsent
    | Scrub
    | OwnList
    | CallerId
    | Recording
    | Disclosure
    | Ring
    | Abandonment
    | Conduct
)


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule as it was in force from one day to another, both included."""

    id: _Text
    says: _Text
    demand: Demand
    since: date  # 1970-01-01 where the source gives no day: then it always held
    until: date | None = None
    source: _Text
    verified: bool
    states: tuple[str, ...] = ()  # US postal codes; none: in the whole country

    def binds(self, states: Collection[str], days: Collection[date]) -> bool:
        """Whether it is in force in one of these states on one of these days."""
        if self.states and not any(state in self.states for state in states):
            return False
        return any(self.since <= day and (self.until is None or day <= self.until) for day in days)


class Pack(Struct, frozen=True, forbid_unknown_fields=True):
    """The rules of one file: of a country, or of its states."""

    country: Annotated[str, Meta(pattern="^[A-Z]{2}$")]
    rules: Annotated[tuple[Rule, ...], Meta(min_length=1)]


class Rules(Struct, frozen=True):
    """All that is known of the law. A country of which no pack speaks is not dialled."""

    packs: tuple[Pack, ...]

    def of(self, countries: Collection[str]) -> Iterator[Rule]:
        """The rules of these countries, whenever they bind."""
        for pack in self.packs:
            if pack.country in countries:
                yield from pack.rules

    def knows(self, country: str) -> bool:
        """Whether a pack speaks of this country."""
        return any(pack.country == country for pack in self.packs)


class RuleRef(Struct, frozen=True):
    """A rule by name and version: the same name may stand for other words from another day on."""

    id: str
    since: date


def parse(text: str, name: str) -> Pack:
    """A rules file (TOML); SettingsError says which file is wrong, where, and what is allowed."""
    try:
        pack = msgspec.toml.decode(text, type=Pack)
    except ValueError as error:  # not TOML, or not of this shape
        raise SettingsError(f"{name}: {error}") from error
    if found := next(_faults(pack), None):
        raise SettingsError(f"{name}: {found}")
    return pack


def _faults(pack: Pack) -> Iterator[str]:
    if places.country_name(pack.country) == pack.country:
        yield f'country: "{pack.country}" is no country'
    for rule in pack.rules:
        if rule.until is not None and rule.until < rule.since:
            yield f'rule "{rule.id}" ends before it begins'
        unknown = set(rule.states) - (places.states() if pack.country == "US" else set())
        if unknown:
            yield f'rule "{rule.id}": no states of {pack.country}: {", ".join(sorted(unknown))}'
    yield from _double(pack.rules)


def _double(rules: Iterable[Rule]) -> Iterator[str]:
    """One name may have several versions, but only one on a day."""
    latest: dict[str, Rule] = {}
    for rule in sorted(rules, key=lambda one: one.since):
        before = latest.get(rule.id)
        if before and (before.until is None or rule.since <= before.until):
            yield f'rule "{rule.id}" has two versions on {rule.since}'
        latest[rule.id] = rule


@cache
def shipped_rules() -> Rules:
    """The rules that come with Vantum: dated samples, cited, none of them verified by counsel."""
    return Rules(tuple(parse(shipped.rule_file(name), name) for name in shipped.RULE_FILES))
