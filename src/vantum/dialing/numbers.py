"""What a telephone number is, and which one somebody has written; never a guess between two."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

from vantum.errors import RequestError

E164: Final = r"^\+[1-9][0-9]{6,14}$"  # ITU-T E.164; the shortest that are in use have 7 digits
_E164: Final = re.compile(E164)
# A slash may stand between two parts of a number; before less than three digits it says "or".
_WRITTEN: Final = re.compile(r"'?(?:tel:)?\+?(?:[0-9\s().\u2010-\u2015-]|/(?=\s*[0-9]{3}))+")
_SPREADSHEET: Final = re.compile(r"[0-9.,]+E\+?[0-9]+|[0-9]+\.0+", re.IGNORECASE)
# Area code 555 is nobody's: examples and the simulated carrier have their numbers there.
_EXAMPLE: Final = re.compile(r"\+1555[0-9]{7}")
_LONGEST: Final = 16  # the plus and 15 digits (ITU-T E.164)
_SHORT: Final = "a telephone number that is too short"
_LONG: Final = "a telephone number that is too long"


class NumberError(Exception):
    """Not one telephone number; the message says what it is instead."""


def is_number(text: str) -> bool:
    """Whether this is a whole telephone number, as +15550100123; not whether anybody has it."""
    return _E164.fullmatch(text) is not None


def e164(text: str, region: str | None = None, *, given_out: bool = True) -> str:
    """The number as +15550100123; one without a country code is of `region` (ISO 3166: US).

    With `given_out` it is also of a kind that its country gives out. Raises NumberError.
    """
    # Imported when first needed: 90 ms, which a command that reads no number need not wait for.
    import phonenumbers  # noqa: PLC0415

    written = unicodedata.normalize("NFKC", text).strip()
    if not written:
        raise NumberError("no telephone number")
    if _SPREADSHEET.fullmatch(written):
        raise NumberError("a number that a spreadsheet has changed: format the column as text")
    if not _WRITTEN.fullmatch(written):
        raise NumberError("letters or signs in its telephone number")
    international = written.lstrip("'").removeprefix("tel:").startswith("+")
    if not international and region is None:
        raise NumberError("a number without + and country code, and no region such as US is given")
    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException as error:
        raise NumberError(_reasons()[0].get(error.error_type, "no telephone number")) from error
    possible = phonenumbers.is_possible_number_with_reason(number)
    if possible != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise NumberError(_reasons()[1].get(possible, "a telephone number of a wrong length"))
    found = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if len(found) > _LONGEST:
        raise NumberError(_LONG)
    if given_out and not phonenumbers.is_valid_number(number) and not _EXAMPLE.fullmatch(found):
        raise NumberError("a telephone number that its country does not give out")
    return found


def number_of(text: str, region: str | None = None) -> str:
    """The number that somebody names on purpose, as +15550100123. Raises RequestError."""
    check_region(region)
    try:
        return e164(text, region, given_out=False)
    except NumberError as error:
        raise RequestError(f'"{text}" has {error}; write it like +15550100123') from error


def recorded_number(text: str) -> str:
    """The number that somebody looks for in the records. Raises RequestError.

    Calls that come in are recorded with whatever the carrier says, possible or not.
    """
    return text if is_number(text) else number_of(text)


@cache
def _reasons() -> tuple[dict[int, str], dict[int, str]]:
    """Why a number could not be read, and why one that was read cannot be."""
    from phonenumbers import NumberParseException as Unread  # noqa: PLC0415 - see above
    from phonenumbers import ValidationResult as Found  # noqa: PLC0415

    return {
        Unread.INVALID_COUNTRY_CODE: "a country code that no country has",
        Unread.TOO_SHORT_AFTER_IDD: _SHORT,
        Unread.TOO_SHORT_NSN: _SHORT,
        Unread.TOO_LONG: _LONG,
    }, {
        Found.INVALID_COUNTRY_CODE: "a country code that no country has",
        Found.TOO_SHORT: _SHORT,
        Found.TOO_LONG: _LONG,
        Found.IS_POSSIBLE_LOCAL_ONLY: "a telephone number without its area code",
    }


def check_region(code: str | None) -> None:
    """Raise RequestError for what is not the ISO 3166 code of a country whose numbers are known."""
    import phonenumbers  # noqa: PLC0415 - see above

    if code is not None and code not in phonenumbers.SUPPORTED_REGIONS:
        raise RequestError(f'"{code}" is no country: write its code, such as US')
