"""When a week's hours are open in a time zone: from which moment, until which.

Where the clocks change inside an opening or closing minute, the later opening and the earlier
closing count, so that nothing is open that either reading of the clock would close.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

Days = tuple[tuple[int, int] | None, ...]  # Monday to Sunday: (opens, closes) in minutes; or closed

DAY_NAMES: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN: Final = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_DAY_MIN: Final = 24 * 60
# A week, and one more for a day that the clocks' change leaves without any open minute.
_SCAN_DAYS: Final = 15


class Week(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours of each day, as "08:00-21:00" on a 24-hour clock; "" is closed.

    A day that is not named has the hours of `every`; without those it is closed.
    """

    every: str = ""
    mon: str | None = None
    tue: str | None = None
    wed: str | None = None
    thu: str | None = None
    fri: str | None = None
    sat: str | None = None
    sun: str | None = None

    def __post_init__(self) -> None:
        days_of(self)


@lru_cache(maxsize=256)
def days_of(week: Week) -> Days:
    """The same as minutes; ValueError for what are no hours."""
    named = (week.mon, week.tue, week.wed, week.thu, week.fri, week.sat, week.sun)
    return tuple(_span(week.every if day is None else day) for day in named)


def _span(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    match = _SPAN.fullmatch(text)
    if not match:
        raise ValueError(f'hours must be like "08:00-21:00", not {text!r}')
    hour, minute, to_hour, to_minute = map(int, match.groups())
    opens, closes = hour * 60 + minute, to_hour * 60 + to_minute
    if not opens < closes <= _DAY_MIN:
        raise ValueError(f"hours must open before they close on the same day, not {text!r}")
    return opens, closes


def both(first: Days, second: Days) -> Days:
    """Open where both are."""
    return tuple(_overlap(one, other) for one, other in zip(first, second, strict=True))


def _overlap(one: tuple[int, int] | None, other: tuple[int, int] | None) -> tuple[int, int] | None:
    if not one or not other:
        return None
    opens, closes = max(one[0], other[0]), min(one[1], other[1])
    return (opens, closes) if opens < closes else None


def closing(now: float, zone: ZoneInfo, days: Days) -> float | None:
    """When the open time around `now` ends; None where it is closed then."""
    opens, closes = _open_on(_local_date(now, zone), zone, days)
    return closes if opens <= now < closes else None


def opening(now: float, zone: ZoneInfo, days: Days) -> float | None:
    """The first open moment from `now` on; None where no day opens."""
    today = _local_date(now, zone)
    for ahead in range(_SCAN_DAYS):
        opens, closes = _open_on(today + timedelta(days=ahead), zone, days)
        if opens < closes and now < closes:
            return max(now, opens)
    return None


def midnight(day: date, zone: ZoneInfo) -> float:
    """When a day begins somewhere."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()


def _local_date(now: float, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(now, zone).date()


def _open_on(day: date, zone: ZoneInfo, days: Days) -> tuple[float, float]:
    span = days[day.weekday()]
    if span is None:
        return 0.0, 0.0
    return _open_between(day, zone, *span)


@lru_cache(maxsize=1024)
def _open_between(day: date, zone: ZoneInfo, opens: int, closes: int) -> tuple[float, float]:
    return max(_moments(day, zone, opens)), min(_moments(day, zone, closes))


def _moments(day: date, zone: ZoneInfo, minutes: int) -> tuple[float, float]:
    """A minute of a day on that place's clock; two moments where the clocks change."""
    wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minutes)
    return wall.timestamp(), wall.replace(fold=1).timestamp()
