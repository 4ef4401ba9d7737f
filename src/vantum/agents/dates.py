"""Which moment on the clock a promised time is: "tomorrow at three", said in a call, somewhere."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from vantum.agents.when import When
from vantum.agents.words import words

_DELAYS_MIN: Final = {
    "in half an hour": 30,
    "in an hour": 60,
    "in a couple of hours": 120,
    "in two hours": 120,
    "in ten minutes": 10,
    "in twenty minutes": 20,
}
_WEEKDAYS: Final = words("monday tuesday wednesday thursday friday saturday sunday")
_MONTHS: Final = words(
    "january february march april may june july august september october november december"
)
_ORDINALS: Final = words(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_HOURS: Final = words("one two three four five six seven eight nine ten eleven twelve")
_TENS: Final = {"ten": 10, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50}
_UNITS: Final = {"five": 5, "fifteen": 15}
_NOON: Final = 12
_MORNING_FROM: Final = 8  # "at eight" is in the morning, "at seven" in the evening
_HOUR_OF_PART: Final = {"morning": 10, "afternoon": 14, "evening": 18, "": 10}
_EVENING_ENDS: Final = 20  # nobody means to be called at ten in the evening
_LATER: Final = timedelta(hours=2)  # "today", without an hour
_WEEK: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)


def clock_time(when: When, said_at: float, zone: ZoneInfo | None) -> float | None:
    """Seconds since 1970 of a moment that was named at `said_at` by somebody in this zone.

    None where it names no day and no hour, lies in the past, or in no known zone. A day without an
    hour is taken to be its morning at ten, unless a part of the day was named.
    """
    delay_min = _DELAYS_MIN.get(when.day)
    if delay_min is not None:
        return said_at + delay_min * 60
    if zone is None or not when.known():
        return None
    now = datetime.fromtimestamp(said_at, zone)
    found = _soonest(when, now) if when.day in {"", "today", "tonight"} else _on_a_day(when, now)
    return found.timestamp() if found is not None and found > now else None


def _soonest(when: When, now: datetime) -> datetime | None:
    """Later today, or, where no day was named, tomorrow."""
    part = "evening" if when.day == "tonight" else when.part
    if not (when.hour or part):
        return now + _LATER
    found = _at(now, when.hour, part)
    halves = (found, found + timedelta(hours=12)) if _may_be_either(when, found) else (found,)
    later = next((one for one in halves if now < one and one.date() == now.date()), None)
    if later is not None or when.day:
        return later
    return _at(now + _DAY, when.hour, part)


def _may_be_either(when: When, found: datetime) -> bool:
    return bool(when.hour) and not when.part and found.hour < _EVENING_ENDS - _NOON


def _on_a_day(when: When, now: datetime) -> datetime | None:
    day = _day(when.day.lower(), now)
    return None if day is None else _at(day, when.hour, when.part)


def _day(named: str, now: datetime) -> datetime | None:
    if named in {"tomorrow", "the day after tomorrow"}:
        return now + _DAY * (1 if named == "tomorrow" else 2)
    following = named.removeprefix("next ")
    if following == "week":
        return now + (_WEEK - _DAY * now.weekday())  # its Monday
    if following in _WEEKDAYS:
        ahead = (_WEEKDAYS.index(following) - now.weekday()) % 7 or 7
        next_week = following != named and now.weekday() + ahead < 7  # else it is there already
        return now + _DAY * ahead + (_WEEK if next_week else timedelta())
    return _date(named, now)


def _date(named: str, now: datetime) -> datetime | None:
    """ "the fifth of May", "the 23rd"."""
    ordinal, _, month = named.removeprefix("the ").partition(" of ")
    number = _ORDINALS.index(ordinal) + 1 if ordinal in _ORDINALS else _digits(ordinal)
    months = [_MONTHS.index(month) + 1] if month in _MONTHS else range(1, 13)
    days = (
        _calendar(now, year, one, number) for year in (now.year, now.year + 1) for one in months
    )
    return next((day for day in days if day is not None and day.date() >= now.date()), None)


def _digits(ordinal: str) -> int:
    digits = ordinal.rstrip("stndrh")
    return int(digits) if digits.isascii() and digits.isdigit() else 0


def _calendar(now: datetime, year: int, month: int, day: int) -> datetime | None:
    try:
        return now.replace(year=year, month=month, day=day)
    except ValueError:  # the 31st of April
        return None


def _at(day: datetime, hour: str, part: str) -> datetime:
    found, minute = _clock(hour) if hour else (_HOUR_OF_PART.get(part, 10), 0)
    if hour and part in {"afternoon", "evening"} and found < _NOON:
        found += 12
    elif hour and part == "morning" and found == _NOON:
        found = 0
    elif hour and not part and found < _MORNING_FROM:
        found += 12
    return day.replace(hour=found, minute=minute, second=0, microsecond=0)


def _clock(spoken: str) -> tuple[int, int]:
    """ "three thirty five": 3, 35."""
    first, *rest = words(spoken) or ("",)
    hour = _HOURS.index(first) + 1 if first in _HOURS else _NOON
    minute = sum(_TENS.get(word, 0) + _UNITS.get(word, 0) for word in rest)
    return hour, minute
