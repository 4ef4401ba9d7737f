"""How long somebody has to wait until hours and earlier attempts allow a dial."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import reduce
from math import inf
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from vantum.dialing.hours import Days, Week, both, days_of, midnight, opening
from vantum.dialing.places import Place
from vantum.dialing.rules import HOUR_S, AttemptLimit, Hours, Rule, Rules

_OPEN: Final[Days] = ((0, 24 * 60),) * 7
# Rules that begin or end later than this are not looked at: nobody waits for so long.
_AHEAD: Final = timedelta(days=366)
# Two zones that are never open together take two steps a day; two weeks show that they never are.
_STEPS: Final = 32


def lawful_days(bound: Iterable[Rule]) -> Days:
    """The hours that all these rules leave open."""
    weeks = (rule.demand.days for rule in bound if isinstance(rule.demand, Hours))
    return reduce(both, weeks, _OPEN)


def free_from(rule: Rule, earlier: tuple[float, ...], now: float) -> float:
    """From when on a rule about attempts allows one more; `now` where it does, inf for never."""
    if not isinstance(rule.demand, AttemptLimit):
        return now
    if rule.demand.most < 1:
        return inf
    # The sum is what is compared, here and when that moment has come, so that rounding cannot part
    # the two.
    ends = sorted(at + rule.demand.period_h * HOUR_S for at in earlier)
    running = [end for end in ends if end > now]
    return running[-rule.demand.most] if len(running) >= rule.demand.most else now


class Timetable(Struct, frozen=True):
    """What decides about the moment of a dial, whatever else speaks for or against it."""

    rules: Rules
    place: Place
    zones: tuple[ZoneInfo, ...]
    earlier: tuple[float, ...]
    window: Week | None

    def bound_at(self, at: float, countries: Collection[str]) -> tuple[Rule, ...]:
        """The rules that bind at a moment: on the day that it is in any of the zones."""
        today = {datetime.fromtimestamp(at, zone).date() for zone in self.zones}
        known = self.rules.of(countries)
        return tuple(rule for rule in known if rule.binds(self.place.states, today))

    def days(self, bound: tuple[Rule, ...]) -> Days:
        """The hours that law and campaign both leave open."""
        lawful = lawful_days(bound)
        return both(lawful, days_of(self.window)) if self.window else lawful

    def earliest(self, now: float) -> float | None:
        """The first moment from `now` on that is open everywhere; None where there is none."""
        at, change = now, -inf
        bound: tuple[Rule, ...] = ()
        for _ in range(_STEPS):
            if at >= change:
                bound, change = self.bound_at(at, self.place.countries), self._next_change(at)
            free = max((free_from(rule, self.earlier, at) for rule in bound), default=at)
            opens = self._opens(free, self.days(bound)) if free < inf else inf
            if opens == at:
                return at
            at = min(opens, change)
            if at == inf:
                return None
        return None

    def _opens(self, at: float, days: Days) -> float:
        moments = (opening(at, zone, days) for zone in self.zones)
        return max(inf if moment is None else moment for moment in moments)

    def _next_change(self, at: float) -> float:
        """When the next rule begins or ends to bind in one of the zones."""
        today = datetime.fromtimestamp(at, self.zones[0]).date()
        near = {day for day in self._changes() if today <= day <= today + _AHEAD}
        moments = (midnight(day, zone) for day in near for zone in self.zones)
        return min((moment for moment in moments if moment > at), default=inf)

    def _changes(self) -> Iterator[date]:
        for rule in self.rules.of(self.place.countries):
            yield rule.since
            if rule.until and rule.until < date.max:
                yield rule.until + timedelta(days=1)
