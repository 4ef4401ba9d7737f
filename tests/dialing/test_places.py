"""What numbers, addresses and time zones say of a place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vantum.dialing import places
from vantum.dialing.places import Place, of_address, of_number, of_zone, whereabouts

NY, CHICAGO, DENVER, LA = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
)
TOOLS = Path(__file__).parent.parent.parent / "tools"


@pytest.mark.parametrize(
    ("number", "states", "zones"),
    [
        ("+12125551234", {"NY"}, {NY}),
        ("+13055551234", {"FL"}, {NY}),
        ("+18505551234", {"FL"}, {NY, CHICAGO}),
        ("+14485551234", {"FL"}, {NY, CHICAGO}),  # laid over 850
        ("+13645551234", {"KY"}, {NY, CHICAGO}),  # laid over 270
        ("+15025551234", {"KY"}, {NY}),
        ("+16155551234", {"TN"}, {CHICAGO}),
        ("+14235551234", {"TN"}, {NY, CHICAGO}),
        ("+19155551234", {"TX"}, {DENVER}),
        ("+12065551234", {"WA"}, {LA}),
        ("+12025551234", {"DC"}, {NY}),
        ("+16025551234", {"AZ"}, {"America/Phoenix"}),
        ("+18085551234", {"HI"}, {"Pacific/Honolulu"}),
        ("+14055551234", {"OK"}, {CHICAGO}),
    ],
)
def test_an_area_code(number: str, states: set[str], zones: set[str]) -> None:
    assert of_number(number) == Place(frozenset({"US"}), frozenset(states), frozenset(zones))


def test_codes_of_no_place_say_nothing() -> None:
    for code in (
        "800",
        "833",
        "844",
        "855",
        "866",
        "877",
        "888",
        "900",
        "500",
        "555",
        "999",
        "311",
    ):
        assert of_number(f"+1{code}5551234") == Place(unread=frozenset({"number"}))


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+14165551234", "CA"),
        ("+442071234567", "GB"),
        ("+17875551234", "PR"),
        ("+4930123456", "DE"),
    ],
)
def test_a_number_elsewhere_says_its_country(number: str, country: str) -> None:
    found = of_number(number)
    assert found is not None
    assert (found.countries, found.states) == ({country}, frozenset())
    assert found.zones


@pytest.mark.parametrize(
    "number",
    [
        "",
        "+",
        "+1",
        "+12",
        "+1305",
        "13055551234",
        "+13055551234 ",
        "+130555512345",
        "+0123456789",
        "+999123456789",
        "+1" + "3" * 20,
        "tel:+13055551234",
        "+1305555\u0661\u0662\u0663\u0664",
    ],
)
def test_what_is_no_number(number: str) -> None:
    assert of_number(number) is None
    assert whereabouts(number, "Miami, FL 33101", NY) is None


@pytest.mark.parametrize(
    ("address", "states"),
    [
        ("1 Main St, Miami, FL 33101", {"FL"}),
        ("1 Main St, Miami FL 33101-1234", {"FL"}),
        ("1 Main St\nMiami, FL  33101\nUSA\n", {"FL"}),
        ("Miami, FL, USA", {"FL"}),
        ("Miami, FL 33101, United States of America", {"FL"}),
        ("Miami, FL 33101, U.S.A.", {"FL"}),
        ("Austin, Texas", {"TX"}),
        ("Austin, texas 78701", {"TX"}),
        ("5th Ave, New York", {"NY"}),
        ("5th Ave, New York, New York 10001", {"NY"}),
        ("Charleston, West Virginia", {"WV"}),
        ("Richmond, Virginia", {"VA"}),
        ("Kansas City, Missouri 64101", {"MO"}),
        ("Little Rock, Arkansas", {"AR"}),
        ("Fargo, North   Dakota", {"ND"}),
        ("1600 Pennsylvania Ave NW, Washington, DC 20500", {"DC"}),
        ("1600 Pennsylvania Ave NW, Washington, D.C.", {"DC"}),
        ("District of Columbia", {"DC"}),
        ("Seattle, WA 98101", {"WA"}),
        ("Washington", {"WA", "DC"}),  # either
    ],
)
def test_an_address(address: str, states: set[str]) -> None:
    found = of_address(address)
    assert (found.states, found.unread) == (states, frozenset())
    assert found.countries == {"US"}


@pytest.mark.parametrize(
    "address",
    [
        "Miami",
        "Miami, FL",
        "Toronto, CA",
        "Berlin, DE",
        "10115 Berlin, Germany",
        "x" * 501,
        "?",
        "Toronto, ON M5V 1A1",
        "London",
        "Virginia Water, Surrey",
        "Washington Street, Boston",
        "Miami, FL 33101, Canada",
        "XX 12345",
        "San Juan, PR 00901",
        "Miami, fl 33101",
        "FL 3310",
    ],
)
def test_an_address_that_is_no_guess(address: str) -> None:
    assert of_address(address) == Place(unread=frozenset({"address"}))


def test_what_is_not_given_says_nothing() -> None:
    assert of_address("") == of_address(" \n") == of_zone("") == of_zone(" ") == Place()


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        (NY, "US"),
        ("US/Pacific", "US"),
        ("America/Fort_Wayne", "US"),
        ("America/Toronto", "CA"),
        ("Europe/London", "GB"),
        ("US/Samoa", "AS"),
        ("Asia/Calcutta", "IN"),
    ],
)
def test_a_zone_lies_in_a_country(zone: str, country: str) -> None:
    assert of_zone(zone) == Place(frozenset({country}), zones=frozenset({zone}))


@pytest.mark.parametrize("zone", ["EST", "UTC", "GMT", "Etc/GMT+5", "new york", "America", "../x"])
def test_a_zone_of_no_place_is_unread(zone: str) -> None:
    assert of_zone(zone) == Place(unread=frozenset({"timezone"}))


def test_together_they_leave_all_of_it_possible() -> None:
    found = whereabouts("+13055551234", "Austin, Texas", LA)
    assert found == Place(
        frozenset({"US"}), frozenset({"FL", "TX"}), frozenset({NY, CHICAGO, DENVER, LA})
    )
    unread = whereabouts("+18005551234", "nowhere", "Nowhere")
    assert unread == Place(unread=frozenset({"number", "address", "timezone"}))


def test_every_state_has_zones_that_this_machine_knows() -> None:
    assert len(places.states()) == 51
    for state in places.states():
        zones = of_address(f"Somewhere, {state} 12345").zones
        assert zones, state
        for zone in zones:
            ZoneInfo(zone)
            assert of_zone(zone).countries == {"US"}


def test_a_country_without_a_name_keeps_its_code() -> None:
    assert (places.country_name("CA"), places.country_name("XX")) == ("Canada", "XX")


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_unread(text: str) -> None:
    found = of_address(text)
    assert bool(found.states) + bool(found.unread) == bool(text.strip())


@given(st.from_regex(r"\+1[2-9][0-9]{9}", fullmatch=True))
def test_an_american_number_has_state_and_zone_or_says_nothing(number: str) -> None:
    found = of_number(number)
    if found and "US" in found.countries:
        assert found.states
        assert found.zones


def test_the_written_places_are_current() -> None:
    checked = subprocess.run(
        [sys.executable, str(TOOLS / "places.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stderr) == (0, "")
