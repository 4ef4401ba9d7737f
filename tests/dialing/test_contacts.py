"""Which rows of a list are contacts, and what is said of those that are not."""

from __future__ import annotations

import pytest

from vantum.dialing.contacts import (
    BadRow,
    Contact,
    Row,
    Unwanted,
    columns_of,
    contact_of,
    unwanted_of,
    variable,
    without_doubles,
)
from vantum.dialing.dial import Consent
from vantum.errors import RequestError
from vantum.limits import CELL_CHARS, COLUMNS

NOW = 1_800_000_000.0  # 2027-01-15 08:00 UTC
MARCH_1 = 1_772_323_200.0  # 2026


def judged(header: str, cells: str, region: str | None = None) -> Contact | BadRow:
    """Cells are divided by bars here."""
    columns = columns_of(Row(1, header.split("|")))
    return contact_of(Row(7, cells.split("|")), columns, region, NOW)


def reason(header: str, cells: str) -> str:
    found = judged(header, cells)
    assert isinstance(found, BadRow)
    assert found.line == 7
    return found.reason


def consent(header: str, cells: str) -> Consent | None:
    found = judged(f"phone|{header}", f"+12125550123|{cells}")
    assert isinstance(found, Contact), found
    return found.consent


def refused(*header: str) -> str:
    with pytest.raises(RequestError) as caught:
        columns_of(Row(1, list(header)))
    return str(caught.value)


def test_every_known_column_has_its_place_and_every_other_is_a_variable() -> None:
    found = judged(
        "Phone|Name|COMPANY|address|Time zone|timezone|First Name|renewalDate|plan",
        "+1 212 555 0123| Ann Lee |Acme|1 Main St, Austin, TX 78701|x|America/Chicago|Ann|2027|",
    )
    assert found == Contact(
        line=7,
        phone="+12125550123",
        name="Ann Lee",
        company="Acme",
        address="1 Main St, Austin, TX 78701",
        timezone="America/Chicago",
        variables={"time_zone": "x", "first_name": "Ann", "renewal_date": "2027", "plan": ""},
    )


@pytest.mark.parametrize("header", ["phone", "Phone", " PHONE ", "Phone Number", "phone_number"])
def test_the_column_of_numbers_has_a_few_names(header: str) -> None:
    found = judged(f"name|{header}", "Ann|+12125550123")
    assert isinstance(found, Contact)
    assert (found.phone, found.variables) == ("+12125550123", {})


def test_a_second_column_of_numbers_is_a_variable_where_one_is_called_phone() -> None:
    found = judged("Telephone|Phone", "+12125550199|+12125550123")
    assert isinstance(found, Contact)
    assert (found.phone, found.variables) == ("+12125550123", {"telephone": "+12125550199"})


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("First Name", "first_name"),
        ("firstName", "first_name"),
        ("E-Mail (work)", "e_mail_work"),
        ("__plan__", "plan"),
        ("Größe", "größe"),
        ("ID", "id"),
        ("100%", "100"),
        ("%", ""),
    ],
)
def test_a_variable_is_called_like_its_column(header: str, name: str) -> None:
    assert variable(header) == name


def test_a_header_under_which_no_row_has_a_meaning_is_refused_by_name() -> None:
    assert refused("name", "mail") == 'there is no column "phone"; the columns are: name, mail'
    assert '"First Name" and "first_name" have one name' in refused(
        "phone", "First Name", "first_name"
    )
    assert '"Phone" and "phone" have one name' in refused("Phone", "phone")
    assert '"%" has neither letter nor digit' in refused("phone", "%")
    assert "too long a name" in refused("phone", "a" * 101)
    assert "NUL" in refused("p\0h\0o\0n\0e\0")
    assert f"{COLUMNS} are the most" in refused("phone", *("x" * n for n in range(1, COLUMNS + 1)))
    with pytest.raises(RequestError, match="line 1: the header opens a quote"):
        columns_of(Row(1, [], "opens a quote that is never closed"))


def test_a_column_without_a_name_may_be_there_but_not_be_filled() -> None:
    assert isinstance(judged("phone||", "+12125550123|| "), Contact)
    assert "column 3, which has no name" in reason("phone||", "+12125550123||gold")


@pytest.mark.parametrize(
    ("header", "cells", "why"),
    [
        ("phone|name", "+12125550123", "has 1 cells, the header has 2"),
        ("phone|name", "+12125550123|Ann|Lee", "has 3 cells, the header has 2"),
        ("phone|name", "|Ann", "has no telephone number"),
        ("phone|name", "2125550123|Ann", "without + and country code"),
        ("phone|name", "+12125550123|A\0nn", "NUL"),
        ("phone|name", "+12125550123|M\ufffdller", "cannot be read"),
        ("phone|name", f"+12125550123|{'a' * (CELL_CHARS + 1)}", f"more than {CELL_CHARS}"),
        ("phone|timezone", "+12125550123|Central", "time zone that no place has"),
        ("phone|timezone", "+12125550123|GMT-6", "time zone that no place has"),
        ("phone|timezone", "+12125550123|america/chicago", "time zone that no place has"),
    ],
)
def test_a_bad_row_is_told_by_its_reason(header: str, cells: str, why: str) -> None:
    assert why in reason(header, cells)


@pytest.mark.parametrize(
    ("header", "cells", "column"),
    [
        ("Phone Number|name", "nobody|Ann", "Phone Number"),
        ("phone|Time Zone|timezone", "+12125550123||Central", "timezone"),
        ("phone|First name", "+12125550123|A\0nn", "First name"),
        ("phone|First name", "+12125550123|M\ufffdller", "First name"),
        ("phone|Notes", f"+12125550123|{'a' * (CELL_CHARS + 1)}", "Notes"),
        ("phone|Consent", "+12125550123|written", "Consent"),
        ("phone|consent|Consent At", "+12125550123|written|soon", "Consent At"),
        ("phone|consent|ConsentExpires", "+12125550123|express 2026-03-01 x|x", "ConsentExpires"),
        ("phone|consent_at", "+12125550123|2026-03-01", ""),  # it is `consent` that is missing
        ("phone|name", "+12125550123", ""),
    ],
)
def test_a_bad_row_names_the_column_as_the_file_does(header: str, cells: str, column: str) -> None:
    found = judged(header, cells)
    assert isinstance(found, BadRow)
    assert found.column == column


def test_a_bad_row_is_told_in_one_line() -> None:
    assert BadRow(4, "has no telephone number", "Phone").told == (
        'line 4, column "Phone", has no telephone number'
    )
    assert BadRow(4, "has the same number as line 2").told == "line 4 has the same number as line 2"


def test_the_longest_cell_is_taken() -> None:
    assert isinstance(judged("phone|notes", f"+12125550123|{'a' * CELL_CHARS}"), Contact)


def test_a_row_that_could_not_be_read_stays_one() -> None:
    columns = columns_of(Row(1, ["phone"]))
    assert contact_of(Row(3, [], "does not end"), columns, None, NOW) == BadRow(3, "does not end")


def test_numbers_without_a_country_code_are_of_the_region() -> None:
    found = judged("phone", "(212) 555-0123", "US")
    assert isinstance(found, Contact)
    assert found.phone == "+12125550123"


def test_a_reason_holds_nothing_that_the_row_says_of_somebody() -> None:
    header = "phone|name|timezone|consent|consent_at"
    for cells in (
        "212555012x|Ann Lee|||",
        "+12125550123|Ann Lee|Nowhere/Land||",
        "+12125550123|Ann Lee||Ann said so|",
        "+12125550123|Ann Lee||written Tuesday Ann|",
    ):
        told = reason(header, cells)
        assert not [word for word in ("Ann", "555", "Nowhere", "Tuesday") if word in told]


class TestConsent:
    GIVEN = Consent(
        kind="written", source="web form", given_at=MARCH_1, expires_at=None, revoked_at=None
    )

    @pytest.mark.parametrize(
        ("header", "cells"),
        [
            ("consent", "written 2026-03-01 web form"),
            ("consent", "  Written   2026-03-01   web form "),
            ("consent", "WRITTEN 2026-03-01T00:00:00Z web form"),
            ("consent", "written 2026-03-01T01:00+01:00 web form"),
            ("consent|consent_at|consent_source", "written|2026-03-01|web form"),
            ("consent|consent_at|consent_source", "written|2026-03-01 00:00|web form"),
            ("consent|Consent Source", "written 2026-03-01|web form"),
        ],
    )
    def test_it_is_read_from_one_cell_or_from_several(self, header: str, cells: str) -> None:
        assert consent(header, cells) == self.GIVEN

    def test_it_may_end(self) -> None:
        found = consent("consent|consent_expires", "express 2026-03-01 call|2027-03-01")
        assert found is not None
        assert (found.kind, found.expires_at) == ("express", MARCH_1 + 365 * 86_400)

    @pytest.mark.parametrize("cell", ["", " ", "no", "None", "FALSE", "no 2026-03-01 web form"])
    def test_none_is_none(self, cell: str) -> None:
        assert consent("consent", cell) is None

    def test_one_of_today_is_given_now_where_the_day_has_begun_elsewhere(self) -> None:
        found = consent("consent", "written 2027-01-16 web form")
        assert found is not None
        assert found.given_at == NOW

    @pytest.mark.parametrize(
        ("header", "cells", "why"),
        [
            ("consent", "yes", 'neither "express" nor "written"'),
            ("consent|consent_at", "|2026-03-01", 'neither "express" nor "written"'),
            ("consent", "written", "date of the consent like 2026-03-01"),
            ("consent", "written web form", "date of the consent like 2026-03-01"),
            ("consent", "written 03/01/2026 web form", "date of the consent like 2026-03-01"),
            ("consent", "written 2026-02-30 web form", "date of the consent like 2026-03-01"),
            ("consent", "written 1969-12-31 web form", "date of the consent like 2026-03-01"),
            ("consent", "written 0001-01-01T00:00+14:00 x", "date of the consent like"),
            ("consent", "written 9999-12-31T23:59-14:00 x", "date of the consent like"),
            ("consent", "written 2027-01-17 web form", "still to come"),
            ("consent", "written 2026-03-01", "where the consent was given"),
            ("consent|consent_at", "written 2026-03-01 x|2026-03-02", "says twice when"),
            ("consent|consent_source", "written 2026-03-01 x|y", "says twice where"),
            ("consent|consent_expires", "written 2026-03-01 x|later", "the end of the consent"),
            ("consent|consent_expires", "written 2026-03-01 x|2026-03-01", "ends before"),
        ],
    )
    def test_one_that_is_not_clear_makes_a_bad_row(self, header: str, cells: str, why: str) -> None:
        assert why in reason(f"phone|{header}", f"+12125550123|{cells}")


def test_the_first_of_a_number_counts_wherever_it_came_before() -> None:
    first, again, other, third = (
        Contact(line=line, phone=phone)
        for line, phone in enumerate(("+12125550123", "+12125550123", "+12125550199", "+13"), 10)
    )
    good, bad = without_doubles([first, again, other, third], {"+13": 2})
    assert good == [first, other]
    assert bad == [
        BadRow(11, "has the same number as line 10"),
        BadRow(13, "has the same number as line 2"),
    ]


def test_a_row_of_those_not_to_be_called_needs_a_number_and_nothing_else() -> None:
    columns = columns_of(Row(1, ["phone", "reason", "timezone"]))

    def unwanted(*cells: str) -> Unwanted | BadRow:
        return unwanted_of(Row(2, list(cells)), columns, "US")

    assert unwanted("212 555 0123", "asked", "x") == Unwanted(2, "+12125550123", "asked")
    assert unwanted("+10125550123", "", "") == Unwanted(2, "+10125550123", "")
    assert unwanted("nobody", "", "") == BadRow(
        2, "has letters or signs in its telephone number", "phone"
    )
