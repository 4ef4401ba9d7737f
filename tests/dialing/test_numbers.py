"""Telephone numbers as people, spreadsheets and exports write them."""

from __future__ import annotations

import pytest

from vantum.dialing.numbers import NumberError, check_region, e164
from vantum.errors import RequestError


@pytest.mark.parametrize(
    ("written", "region", "meant"),
    [
        ("+12125550123", None, "+12125550123"),
        ("  +1 (212) 555-0123 ", None, "+12125550123"),
        ("tel:+1-212-555-0123", None, "+12125550123"),
        ("'+12125550123", None, "+12125550123"),  # so that a spreadsheet leaves it alone
        ("+1 212 555–0123", None, "+12125550123"),  # noqa: RUF001 - a dash that word processors make
        ("+1\u00a0212\u00a0555\u00a00123", None, "+12125550123"),  # spaces that do not break
        ("１２１２５５５０１２３", "US", "+12125550123"),  # noqa: RUF001 - wide digits
        ("212.555.0123", "US", "+12125550123"),
        ("1 212 555 0123", "US", "+12125550123"),
        ("030/1234567", "DE", "+49301234567"),
        ("0049 30 1234567", "DE", "+49301234567"),
        ("+49 (0)30 1234567", None, "+49301234567"),
        ("06 69812345", "IT", "+390669812345"),
        ("+442079460018", "US", "+442079460018"),  # it says its own country
    ],
)
def test_a_number_is_read_as_it_was_meant(written: str, region: str | None, meant: str) -> None:
    assert e164(written, region) == meant


@pytest.mark.parametrize(
    ("written", "region", "why"),
    [
        ("", None, "no telephone number"),
        ("()", "US", "no telephone number"),
        ("2125550123", None, "without + and country code"),
        ("unknown", "US", "letters"),
        ("1-800-FLOWERS", "US", "letters"),
        ("+1 212 555 0123 ext. 5", None, "letters"),
        ("212 555 0123 or 212 555 0199", "US", "letters"),
        ("+1 212 555 0123; +1 212 555 0199", None, "letters or signs"),
        ("030/1234567/8", "DE", "letters or signs"),  # two numbers that differ in the last digit
        ("++12125550123", None, "letters or signs"),
        ("1.21255E+10", "US", "spreadsheet"),
        ("12125550123.0", "US", "spreadsheet"),
        ("+999 123 4567", None, "country code that no country has"),
        ("12", "US", "too short"),
        ("+1212", None, "too short"),
        ("5550123", "US", "without its area code"),
        ("+121255501231234", None, "too long"),
        ("+49 1523 0000000000000", None, "too long"),
        ("+10125550123", None, "does not give out"),
    ],
)
def test_what_is_not_one_number_is_said_to_be_none(
    written: str, region: str | None, why: str
) -> None:
    with pytest.raises(NumberError, match=why.replace("+", r"\+")):
        e164(written, region)


def test_numbers_of_examples_are_taken_and_those_to_suppress_need_not_be_given_out() -> None:
    assert e164("+15550100100") == "+15550100100"
    assert e164("+10125550123", given_out=False) == "+10125550123"


def test_a_country_is_known_by_its_code() -> None:
    check_region("US")
    for code in ("us", "America"):
        with pytest.raises(RequestError, match=f'"{code}" is no country'):
            check_region(code)
