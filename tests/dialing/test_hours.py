"""Hours of a week on somebody's clock, also where the clock changes within them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from dials import at, week
from hypothesis import given
from hypothesis import strategies as st

from vantum.dialing.hours import Days, Week, both, closing, days_of, opening

NY = ZoneInfo("America/New_York")
APIA = ZoneInfo("Pacific/Apia")

SPANS = st.none() | st.tuples(st.integers(0, 1440), st.integers(0, 1440)).filter(
    lambda span: span[0] < span[1]
)
WEEKS = st.tuples(*[SPANS] * 7)
MOMENTS = st.floats(1.7e9, 2.0e9)


def test_a_day_that_is_not_named_is_like_every_day() -> None:
    found = days_of(week(every="08:00-21:00", sat="", sun="12:00-24:00"))
    assert found == ((480, 1260),) * 5 + (None, (720, 1440))
    assert days_of(Week()) == (None,) * 7


@pytest.mark.parametrize(
    "text", ["8:00-21:00", "08:00", "08:00-08:00", "21:00-08:00", "08:00-24:01", "08:60-09:00", " "]
)
def test_what_are_no_hours(text: str) -> None:
    with pytest.raises(ValueError, match="hours must"):
        week(every=text)
    with pytest.raises(ValueError, match="hours must"):
        week(sun=text)


# Both on 2026-03-08 and 2026-11-01 the clock changes at 2:00 in New York.
@pytest.mark.parametrize(
    ("hours", "day", "opens", "closes"),
    [
        ("01:00-04:00", "2026-03-08", "01:00-05:00", "04:00-04:00"),
        ("02:30-04:00", "2026-03-08", "03:30-04:00", "04:00-04:00"),  # 2:30 is left out that day
        ("01:00-02:30", "2026-03-08", "01:00-05:00", "01:30-05:00"),
        ("01:30-04:00", "2026-11-01", "01:30-05:00", "04:00-05:00"),  # from the second 1:30
        ("00:30-01:30", "2026-11-01", "00:30-04:00", "01:30-04:00"),  # until the first
    ],
)
def test_where_the_clock_changes_the_narrower_reading_counts(
    hours: str, day: str, opens: str, closes: str
) -> None:
    days = days_of(week(sun=hours))
    begins, ends = (at("UTC", f"{day} 00:00") + seconds(text) for text in (opens, closes))
    assert opening(at("America/New_York", f"{day} 00:00"), NY, days) == begins
    assert closing(begins, NY, days) == ends
    assert closing(begins - 0.001, NY, days) is None
    assert closing(ends, NY, days) is None


def seconds(text: str) -> float:
    """Seconds after midnight UTC of a clock time with its offset: "08:00-04:00"."""
    clock, offset = text.split("-")
    hours, minutes = map(int, clock.split(":"))
    return (hours + int(offset[:2])) * 3600 + minutes * 60


def test_hours_that_the_clock_leaves_out_wait_a_week() -> None:
    days = days_of(week(sun="02:00-03:00"))
    now = at("America/New_York", "2026-03-08 00:00")
    assert opening(now, NY, days) == at("America/New_York", "2026-03-15 02:00")


def test_a_day_without_end_is_open_till_midnight() -> None:
    days = days_of(week(every="00:00-24:00"))
    now = at("America/New_York", "2026-08-24 13:00")
    assert closing(now, NY, days) == at("America/New_York", "2026-08-25 00:00")
    assert opening(now, NY, days) == now


def test_a_day_that_a_place_left_out() -> None:
    # Samoa went to the other side of the date line: 2011-12-30 was no day there.
    days = days_of(week(fri="08:00-09:00"))
    opens = opening(at("Pacific/Apia", "2011-12-29 12:00"), APIA, days)
    assert opens is not None
    assert opens >= at("Pacific/Apia", "2011-12-29 12:00")


@given(WEEKS, WEEKS)
def test_open_where_both_are(one: Days, other: Days) -> None:
    assert both(one, other) == both(other, one)
    assert both(one, one) == one
    for mine, common in zip(one, both(one, other), strict=True):
        assert common is None or (mine and mine[0] <= common[0] < common[1] <= mine[1])


@given(WEEKS, MOMENTS)
def test_it_opens_at_the_first_moment_that_is_open(days: Days, now: float) -> None:
    opens = opening(now, NY, days)
    if opens is None:
        assert closing(now, NY, days) is None
    elif opens == now:
        assert closing(now, NY, days)
    else:
        assert closing(now, NY, days) is None
        assert closing(opens, NY, days)
        assert closing(opens - 0.001, NY, days) is None or any(
            # Two days that meet at midnight: open before it and after it.
            span and span[1] == 1440
            for span in days
        )
