"""When may be called: hours by law and campaign, zones, states, clock changes, attempts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from dials import (
    DAY_S,
    FLORIDA,
    HAWAII,
    NEW_YORK,
    NOON,
    OKLAHOMA,
    RULES,
    TEXAS,
    WASHINGTON,
    allowed,
    at,
    consent,
    dial,
    is_allowed,
    moved,
    refused,
    week,
)
from hypothesis import assume, given
from hypothesis import strategies as st

from vantum.dialing.dial import Allowed, Refused
from vantum.dialing.gate import decide
from vantum.dialing.hours import Week
from vantum.dialing.rules import (
    Abandonment,
    AttemptLimit,
    Conduct,
    Disclosure,
    Hours,
    NeedsConsent,
    Pack,
    Recording,
    Ring,
    Rule,
    Rules,
    Scrub,
)

NY, CHICAGO, DENVER, LA, HONOLULU = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "Pacific/Honolulu",
)
PANHANDLE = ("+18505551234", "")
DALLAS = ("+12145551234", "")
TULSA = ("+19185551234", "")
SEATTLE = ("+12065551234", "")
MIAMI = ("+13055551234", "")

# place, zone, first and last second that are open; 2026-08-24 is a Monday, the 23rd a Sunday
BORDERS = [
    (NEW_YORK, NY, "2026-08-24 08:00:00", "2026-08-24 20:59:59"),
    (NEW_YORK, NY, "2026-08-23 08:00:00", "2026-08-23 20:59:59"),
    (MIAMI, NY, "2026-08-24 08:00:00", "2026-08-24 19:59:59"),
    (TULSA, CHICAGO, "2026-08-24 08:00:00", "2026-08-24 19:59:59"),
    (OKLAHOMA, CHICAGO, "2026-08-23 08:00:00", "2026-08-23 19:59:59"),
    (SEATTLE, LA, "2026-08-24 08:00:00", "2026-08-24 19:59:59"),
    (WASHINGTON, LA, "2026-08-29 08:00:00", "2026-08-29 19:59:59"),
    (DALLAS, CHICAGO, "2026-08-24 09:00:00", "2026-08-24 20:59:59"),
    (DALLAS, CHICAGO, "2026-08-29 09:00:00", "2026-08-29 20:59:59"),
    (TEXAS, CHICAGO, "2026-08-23 12:00:00", "2026-08-23 20:59:59"),
    (HAWAII, HONOLULU, "2026-08-24 08:00:00", "2026-08-24 20:59:59"),
    # The clocks go forward on 2026-03-08 and back on 2026-11-01.
    (NEW_YORK, NY, "2026-03-08 08:00:00", "2026-03-08 20:59:59"),
    (NEW_YORK, NY, "2026-11-01 08:00:00", "2026-11-01 20:59:59"),
    (MIAMI, NY, "2026-03-08 08:00:00", "2026-03-08 19:59:59"),
    (DALLAS, CHICAGO, "2026-11-01 12:00:00", "2026-11-01 20:59:59"),
    (("+16025551234", ""), "America/Phoenix", "2026-07-01 08:00:00", "2026-07-01 20:59:59"),
]


@pytest.mark.parametrize(("place", "zone", "first", "last"), BORDERS)
def test_the_borders_of_the_hours(place: tuple[str, str], zone: str, first: str, last: str) -> None:
    opens, closes = at(zone, first), at(zone, last)
    for moment in (opens, opens + 0.001, closes, closes + 0.999):
        assert allowed(dial(place, now=moment)).until == closes + 1
    for moment in (opens - 1, opens - 0.001, closes + 1):
        found = refused(dial(place, now=moment))
        assert found.reason == "outside_hours"
        assert found.rules
    assert refused(dial(place, now=opens - 0.001)).again_at == opens


# Two zones in one state: open when both are. (place, moments that are open, moments that are not)
@pytest.mark.parametrize(
    ("place", "opens", "closes"),
    [
        # The panhandle of Florida by its number, all of Florida by an address.
        (PANHANDLE, (CHICAGO, "08:00"), (NY, "20:00")),
        (FLORIDA, (CHICAGO, "08:00"), (NY, "20:00")),
        (("+14235551234", ""), (CHICAGO, "08:00"), (NY, "21:00")),  # Tennessee, the east
        (("+16155551234", "1 Elm, Knoxville, TN 37902"), (CHICAGO, "08:00"), (NY, "21:00")),
        (("+12705551234", ""), (CHICAGO, "08:00"), (NY, "21:00")),  # Kentucky
        (("+15025551234", "Louisville, Kentucky"), (CHICAGO, "08:00"), (NY, "21:00")),
        (("+12195551234", ""), (CHICAGO, "08:00"), (NY, "21:00")),  # Indiana
        (("+13175551234", "Indianapolis, IN 46204"), (CHICAGO, "08:00"), (NY, "21:00")),
        (("+19065551234", ""), (CHICAGO, "08:00"), (NY, "21:00")),  # Michigan
        (("+13085551234", ""), (DENVER, "08:00"), (CHICAGO, "21:00")),  # Nebraska
        (("+17855551234", ""), (DENVER, "08:00"), (CHICAGO, "21:00")),  # Kansas
        (("+16055551234", ""), (DENVER, "08:00"), (CHICAGO, "21:00")),  # South Dakota
        (("+17015551234", ""), (DENVER, "08:00"), (CHICAGO, "21:00")),  # North Dakota
        (("+12085551234", ""), (LA, "08:00"), (DENVER, "21:00")),  # Idaho
        (("+15415551234", ""), (LA, "08:00"), (DENVER, "21:00")),  # Oregon
        (("+12145551234", "El Paso, TX 79901"), (DENVER, "09:00"), (CHICAGO, "21:00")),
    ],
)
def test_a_state_of_two_zones_is_open_when_both_are(
    place: tuple[str, str], opens: tuple[str, str], closes: tuple[str, str]
) -> None:
    first = at(opens[0], f"2026-08-24 {opens[1]}:00")
    end = at(closes[0], f"2026-08-24 {closes[1]}:00")
    assert refused(dial(place, now=first - 1)).again_at == first
    assert allowed(dial(place, now=first)).until == end
    assert is_allowed(dial(place, now=end - 1))
    assert refused(dial(place, now=end)).reason == "outside_hours"


@pytest.mark.parametrize(
    ("number", "address", "opens", "closes"),
    [
        # A number from one coast, an address on the other: open from 8:00 there to 21:00 here.
        (NEW_YORK[0], "1 Vine, Los Angeles, CA 90028", (LA, "08:00"), (NY, "21:00")),
        ("+12135551234", NEW_YORK[1], (LA, "08:00"), (NY, "21:00")),
        # The state of either binds, in the zones of both.
        ("+12065551234", NEW_YORK[1], (LA, "08:00"), (NY, "20:00")),
        (NEW_YORK[0], WASHINGTON[1], (LA, "08:00"), (NY, "20:00")),
        ("+12145551234", NEW_YORK[1], (CHICAGO, "09:00"), (NY, "21:00")),
        (NEW_YORK[0], "Honolulu, Hawaii", (HONOLULU, "08:00"), (NY, "21:00")),
    ],
)
def test_number_and_address_both_count(
    number: str, address: str, opens: tuple[str, str], closes: tuple[str, str]
) -> None:
    first = at(opens[0], f"2026-08-24 {opens[1]}:00")
    end = at(closes[0], f"2026-08-24 {closes[1]}:00")
    place = (number, address)
    assert refused(dial(place, now=first - 0.01)).again_at == first
    assert allowed(dial(place, now=first)).until == end
    assert not is_allowed(dial(place, now=end))


def test_a_stored_zone_counts_beside_the_number() -> None:
    one = dial(timezone=LA, now=at(NY, "2026-08-24 10:59:59"))
    assert refused(one).again_at == at(LA, "2026-08-24 08:00:00")
    assert [t.zone for t in allowed(moved(one, NOON)).local_times] == [LA, NY]
    assert is_allowed(dial(timezone="US/Eastern"))


def test_a_refusal_says_which_clock_forbids_it_and_which_rules() -> None:
    found = refused(dial(PANHANDLE, now=at(CHICAGO, "2026-08-24 07:59:59")))
    assert found.sentence == (
        "It is Monday 07:59:59 in America/Chicago; "
        "by law, calls are allowed there only from 8:00 to 20:00."
    )
    assert [rule.id for rule in found.rules] == ["us-hours", "us-fl-hours"]
    later = refused(dial(MIAMI, now=at(NY, "2026-08-24 20:30:00")))
    assert [rule.id for rule in later.rules] == ["us-fl-hours"]


# The campaign's own hours.


def test_the_campaigns_hours_are_on_the_called_partys_clock() -> None:
    window = week(every="10:00-17:00", sat="", sun="")
    one = dial(SEATTLE, window=window, now=at(LA, "2026-08-24 09:59:59"))
    found = refused(one)
    assert (found.reason, found.again_at) == ("window", at(LA, "2026-08-24 10:00:00"))
    assert allowed(moved(one, at(LA, "2026-08-24 10:00:00"))).until == at(LA, "2026-08-24 17:00:00")
    friday = refused(moved(one, at(LA, "2026-08-28 17:00:00")))
    assert friday.again_at == at(LA, "2026-08-31 10:00:00")
    saturday = refused(moved(one, at(LA, "2026-08-29 12:00:00")))
    assert "not at all that day" in saturday.sentence


def test_a_window_never_widens_the_law() -> None:
    one = dial(window=week(every="00:00-24:00"), now=at(NY, "2026-08-24 21:00:00"))
    assert refused(one).reason == "outside_hours"


@pytest.mark.parametrize("window", [week(), week(every="05:00-07:00"), week(sun="22:00-24:00")])
def test_hours_that_never_come_are_not_waited_for(window: Week) -> None:
    found = refused(dial(window=window))
    assert (found.reason, found.again_at) == ("window", None)


def test_zones_that_are_never_open_together_are_not_waited_for() -> None:
    one = dial((NEW_YORK[0], HAWAII[1]), window=week(every="09:00-12:00"))
    assert refused(one).again_at is None


# Attempts.


@pytest.mark.parametrize("place", [MIAMI, TULSA])
def test_three_calls_a_day_and_the_fourth_when_the_first_is_old(place: tuple[str, str]) -> None:
    earlier = (NOON - 5 * 3600, NOON - 2 * 3600, NOON - 3600)
    found = refused(dial(place, earlier=earlier))
    assert (found.reason, found.rules[0].id[3:5]) == ("too_many_attempts", place_state(place))
    again_at = found.again_at
    # The first of them is old at 8:00 the next day in New York, 7:00 in Chicago.
    zone = NY if place is MIAMI else CHICAGO
    assert again_at == at(zone, "2026-08-25 08:00:00")
    assert is_allowed(dial(place, earlier=earlier, now=again_at))
    assert not is_allowed(dial(place, earlier=earlier, now=again_at - 0.001))
    assert is_allowed(dial(place, earlier=earlier[1:]))
    assert is_allowed(dial(NEW_YORK, earlier=earlier * 9))  # no such rule there


def place_state(place: tuple[str, str]) -> str:
    return "fl" if place is MIAMI else "ok"


@pytest.mark.parametrize(
    ("ages_h", "may"),
    [
        ((1, 2), True),
        ((1, 2, 3), False),
        ((1, 2, 24), True),
        ((1, 2, 23.999), False),
        ((24, 25, 26), True),
        ((1, 2, 3, 4, 5), False),
        ((-1, 1, 2), False),  # a clock was wrong: it counts
    ],
)
def test_what_counts_as_an_attempt_of_the_last_day(ages_h: tuple[float, ...], may: bool) -> None:
    earlier = tuple(NOON - age * 3600 for age in ages_h)
    assert is_allowed(dial(MIAMI, earlier=earlier)) is may


def test_waiting_for_attempts_ends_within_the_hours() -> None:
    now = at(NY, "2026-08-24 19:30:00")
    earlier = tuple(now - DAY_S + 3600 * n for n in (1, 2, 3))
    found = refused(dial(MIAMI, now=now, earlier=earlier))
    assert found.again_at == at(NY, "2026-08-25 08:00:00")  # free at 20:30: too late that day


# Rules that begin and end.


def rule(demand: Any, name: str = "x", **more: Any) -> Rule:
    known = {"says": "A rule.", "since": date(1970, 1, 1), "source": "a test", "verified": False}
    return Rule(id=name, demand=demand, **(known | more))


def plus(*rules: Rule) -> Rules:
    return Rules((*RULES.packs, Pack("US", rules)))


def test_a_rule_that_begins_tomorrow_is_heeded_in_what_comes_next() -> None:
    later = rule(Hours(week(every="15:00-20:00")), since=date(2026, 8, 25))
    night = dial(now=at(NY, "2026-08-24 22:00:00"))
    assert refused(night).again_at == at(NY, "2026-08-25 08:00:00")
    assert refused(night, plus(later)).again_at == at(NY, "2026-08-25 15:00:00")
    assert is_allowed(dial(), plus(later))


def test_a_rule_that_ends_is_waited_for() -> None:
    ban = rule(AttemptLimit(most=0, period_h=1), until=date(2026, 9, 10))
    found = refused(dial(), plus(ban))
    assert found.again_at == at(NY, "2026-09-11 08:00:00")
    shut = rule(Hours(Week()), until=date(2026, 9, 10))
    assert refused(dial(), plus(shut)).again_at == found.again_at
    assert is_allowed(dial(now=found.again_at), plus(ban, shut))
    assert refused(dial(), plus(rule(Hours(Week())))).again_at is None
    assert refused(dial(), plus(rule(Hours(Week()), until=date.max))).again_at is None


def test_the_rules_of_two_days_bind_while_zones_differ_in_the_day() -> None:
    # 00:30 in New York, still the day before in Chicago.
    one = dial(PANHANDLE, now=at(NY, "2026-08-24 00:30:00"))
    ends = rule(Hours(Week()), "ends", until=date(2026, 8, 23))
    begins = rule(Hours(Week()), "begins", since=date(2026, 8, 24))
    found = refused(one, plus(ends, begins))
    assert {"ends", "begins"} <= {ref.id for ref in found.rules}


def test_a_rule_ends_where_its_last_day_ends_last() -> None:
    one = dial(("+15415551234", ""), now=at(DENVER, "2026-08-24 00:30:00"))  # Oregon
    ends = rule(Hours(Week()), until=date(2026, 8, 23))
    assert refused(one, plus(ends)).again_at == at(LA, "2026-08-24 08:00:00")


def test_rules_of_two_countries_bind_together() -> None:
    british = Pack(
        "GB",
        (
            rule(Hours(week(every="09:00-17:00")), "gb-hours"),
            rule(NeedsConsent("written"), "gb-consent"),
        ),
    )
    rules = Rules((*RULES.packs, british))
    london = "Europe/London"
    at_home = dial(("+442071234567", ""), now=at(london, "2026-08-24 09:00:00"))
    assert allowed(at_home, rules).until == at(london, "2026-08-24 17:00:00")
    # By number in Britain, by address in New York: 9:00 to 17:00 on both clocks.
    torn = dial(("+442071234567", NEW_YORK[1]), timezone=london, now=at(NY, "2026-08-24 08:59:59"))
    found = refused(torn, rules)
    assert found.again_at == at(NY, "2026-08-24 09:00:00")
    assert "Europe/Belfast" in [
        t.zone for t in allowed(moved(torn, found.again_at), rules).local_times
    ]
    silent = Rules((*RULES.packs, Pack("GB", british.rules[:1])))
    assert refused(at_home, silent).reason == "invalid_rules"
    assert refused(torn, silent).reason == "invalid_rules"


# Properties.

MOMENTS = st.floats(at(NY, "2026-01-01 00:00"), at(NY, "2027-12-31 00:00"))
# Whole quarters of an hour hit the borders far oftener than any floats do.
QUARTERS = st.builds(
    lambda quarter, off: at(NY, "2026-01-01 00:00") + quarter * 900 + off,
    st.integers(0, 70_000),
    st.sampled_from([-1, -0.001, 0, 0.001, 1]),
)
PLACES = st.sampled_from(
    [
        NEW_YORK,
        FLORIDA,
        MIAMI,
        OKLAHOMA,
        WASHINGTON,
        TEXAS,
        DALLAS,
        HAWAII,
        PANHANDLE,
        SEATTLE,
        ("+12135551234", FLORIDA[1]),
        (NEW_YORK[0], TULSA[1]),
        ("+19075551234", ""),
    ]
)
TIME = st.integers(0, 24 * 4).map(lambda n: f"{n // 4:02}:{n % 4 * 15:02}")
SPANS = st.tuples(TIME, TIME).map(lambda two: "-".join(sorted(two)) if two[0] != two[1] else "")
WEEKS = st.builds(Week, every=SPANS, sat=SPANS, sun=st.none() | SPANS, wed=st.none() | SPANS)


@st.composite
def dials(draw: Any) -> Any:
    now = draw(QUARTERS | MOMENTS)
    ages = draw(st.lists(st.floats(0, 100_000), max_size=6))
    return dial(
        draw(PLACES),
        now=now,
        window=draw(st.none() | WEEKS),
        earlier=tuple(now - age for age in ages),
        timezone=draw(st.sampled_from(["", "", NY, CHICAGO, HONOLULU])),
    )


@given(dials())
def test_the_hour_shown_on_every_clock_is_lawful(one: Any) -> None:
    answer = decide(one, RULES)
    assume(isinstance(answer, Allowed))
    assert isinstance(answer, Allowed)
    for local in answer.local_times:
        assert "08:00:00" <= local.time[11:19] < "21:00:00"
        if {"FL", "OK", "WA"} & set(answer.states):
            assert local.time[11:13] < "20"
        if "TX" in answer.states:
            sunday = date.fromisoformat(local.time[:10]).weekday() == 6
            assert local.time[11:13] >= ("12" if sunday else "09")


@given(dials())
def test_again_at_is_allowed_and_the_moment_before_is_not(one: Any) -> None:
    answer = decide(one, RULES)
    assume(isinstance(answer, Refused) and answer.again_at is not None)
    assert isinstance(answer, Refused)
    assert answer.again_at is not None
    assert answer.again_at > one.now
    assert is_allowed(moved(one, answer.again_at))
    before = answer.again_at - 0.001
    assert before <= one.now or not is_allowed(moved(one, before))


@given(dials(), st.floats(0, 1))
def test_nothing_is_allowed_before_again_at(one: Any, share: float) -> None:
    answer = decide(one, RULES)
    assume(isinstance(answer, Refused))
    assert isinstance(answer, Refused)
    until = answer.again_at if answer.again_at is not None else one.now + 7 * DAY_S
    between = one.now + share * (until - one.now)
    assume(between < until)
    assert not is_allowed(moved(one, between))


@given(dials(), st.floats(0, 1))
def test_what_is_allowed_stays_so_until_it_says(one: Any, share: float) -> None:
    answer = decide(one, RULES)
    assume(isinstance(answer, Allowed))
    assert isinstance(answer, Allowed)
    assert answer.until > one.now
    moment = one.now + share * (answer.until - one.now)
    assert moment == answer.until or is_allowed(moved(one, moment))


@given(dials())
def test_a_lasting_permission_ends_with_the_consent(one: Any) -> None:
    assume(is_allowed(one))
    brief = msgspec.structs.replace(one, consents=(consent(given_at=0, expires_at=one.now + 1),))
    until = allowed(brief).until
    assert until <= one.now + 1
    assert not is_allowed(moved(brief, until))


DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
DEMANDS = st.one_of(
    st.builds(Hours, WEEKS),
    st.builds(AttemptLimit, most=st.integers(0, 4), period_h=st.floats(0.5, 48)),
    st.builds(
        NeedsConsent,
        needs=st.sampled_from(["express", "written"]),
        purposes=st.sampled_from([(), ("telemarketing",), ("informational",)]),
    ),
    st.builds(
        Scrub,
        max_age_days=st.floats(1, 90),
        waived_by=st.sampled_from([None, "express", "written"]),
    ),
    st.just(Recording()),
    st.just(Conduct()),
    st.builds(Ring, at_least_s=st.floats(0, 60)),
    st.builds(Abandonment, at_most=st.floats(0, 1), per_days=st.floats(1, 31)),
    st.builds(Disclosure, when=st.sampled_from(["at_start", "when_asked"])),
)
EXTRA = st.builds(
    rule,
    DEMANDS,
    since=st.just(date(1970, 1, 1)) | DAYS,
    until=st.none() | DAYS,
    states=st.sampled_from([(), ("FL",), ("NY", "TX"), ("WA",)]),
)


@given(dials(), st.lists(EXTRA, min_size=1, max_size=3))
def test_one_more_rule_never_allows_more(one: Any, more: list[Rule]) -> None:
    before, after = decide(one, RULES), decide(one, plus(*more))
    if isinstance(after, Allowed):
        assert isinstance(before, Allowed)
        assert after.until <= before.until
        assert set(before.rules) <= set(after.rules)
        old, new = before.duties, after.duties
        assert new.announce_recording >= old.announce_recording
        assert new.disclose_ai_at_start >= old.disclose_ai_at_start
        assert new.ring_at_least_s >= old.ring_at_least_s
        assert set(new.abandoned) >= set(old.abandoned)


@given(dials(), st.lists(EXTRA, max_size=3))
def test_again_at_holds_under_any_rules(one: Any, more: list[Rule]) -> None:
    rules = plus(*more)
    answer = decide(one, rules)
    assume(isinstance(answer, Refused) and answer.again_at is not None)
    assert isinstance(answer, Refused)
    assert answer.again_at is not None
    then = decide(moved(one, answer.again_at), rules)
    # Another rule, about consents or lists, may bind by then; hours and attempts do not refuse.
    if isinstance(then, Refused):
        assert then.reason not in {"too_many_attempts", "outside_hours", "window"}


@given(dials(), PLACES, st.sampled_from(["", NY, HONOLULU, "America/Toronto", "Nonsense"]))
def test_knowing_more_of_a_place_never_allows_more(
    one: Any, other: tuple[str, str], zone: str
) -> None:
    bare = msgspec.structs.replace(one, address="", timezone="")
    if is_allowed(msgspec.structs.replace(bare, address=other[1], timezone=zone)):
        assert is_allowed(bare)


@given(st.integers(0, 729), st.sampled_from([NY, CHICAGO, DENVER, LA, "America/Phoenix"]))
def test_every_day_opens_at_eight_on_the_clock(day: int, zone: str) -> None:
    """The days on which the clocks change too."""
    numbers = {
        NY: "+12125551234",
        CHICAGO: "+13125551234",
        DENVER: "+13035551234",
        LA: "+12135551234",
        "America/Phoenix": "+16025551234",
    }
    today = date(2026, 1, 1) + timedelta(days=day)
    midnight, eight = at(zone, f"{today} 00:00"), at(zone, f"{today} 08:00")
    one = dial((numbers[zone], ""), now=midnight)
    assert refused(one).again_at == eight
    assert allowed(moved(one, eight)).until == at(zone, f"{today} 21:00")
