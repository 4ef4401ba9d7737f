"""Which rows of a list are contacts, and in plain words what is wrong with those that are not.

A reason names no value of its row: reasons are kept and shown, and rows hold who people are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from vantum.dialing import places
from vantum.dialing.dial import Consent
from vantum.dialing.numbers import NumberError, e164
from vantum.dialing.rules import ConsentKind
from vantum.errors import RequestError
from vantum.limits import CELL_CHARS, COLUMNS

PHONE: Final = ("phone", "phone_number", "telephone")  # the first of these that a file has
CONSENT: Final = ("consent", "consent_at", "consent_source", "consent_expires")
KNOWN: Final = ("name", "company", "address", "timezone", *CONSENT)

_KINDS: Final[Mapping[str, ConsentKind]] = {"express": "express", "written": "written"}
_REFUSALS: Final = {"no", "none", "false"}
_NAME_CHARS: Final = 100  # of a column; more than that is a sentence
_DAY_S: Final = 86_400.0
_LATEST: Final = 4_102_444_800.0  # the year 2100, as `dial.Time` has it


class Row(Struct, frozen=True):
    """One row as it was read; `line` is where it begins, 1 for the first of the file."""

    line: int
    cells: list[str]
    fault: str = ""  # why it has none


class Contact(Struct, frozen=True, kw_only=True):
    """Somebody to call. What is not known is ""."""

    line: int
    phone: str  # E.164
    name: str = ""
    company: str = ""
    address: str = ""
    timezone: str = ""  # IANA
    consent: Consent | None = None
    variables: dict[str, str] = {}


class Unwanted(Struct, frozen=True):
    """A number that is not to be called."""

    line: int
    phone: str
    reason: str


class BadRow(Struct, frozen=True):
    """A row that is none of these."""

    line: int
    reason: str


class RowError(Exception):
    """What is wrong with a row; the message has no subject: "has no telephone number"."""


class Columns(Struct, frozen=True):
    """What each cell of a row is called; "" for one that has no name."""

    names: tuple[str, ...]

    @property
    def variables(self) -> list[str]:
        """Those that only the agent knows what to do with."""
        return [name for name in self.names if name and name not in ("phone", *KNOWN)]

    @property
    def width(self) -> int:
        """Characters of all names together."""
        return sum(map(len, self.names))

    def cells(self, row: Row) -> dict[str, str]:
        """A row's cells by name. Raises RowError."""
        if row.fault:
            raise RowError(row.fault)
        if len(row.cells) != len(self.names):
            raise RowError(f"has {len(row.cells)} cells, the header has {len(self.names)}")
        found = dict(zip(self.names, map(str.strip, row.cells), strict=True))
        text = "".join(row.cells)
        if len(text) > CELL_CHARS and max(map(len, row.cells)) > CELL_CHARS:
            raise RowError(f"has a cell of more than {CELL_CHARS} characters")
        if "\0" in text:
            raise RowError("holds a NUL byte")
        if "\ufffd" in text:
            raise RowError("holds a character that cannot be read: save the file as UTF-8")
        if found.pop("", None) is not None and any(self._nameless(row)):
            raise RowError("has a value in a column without a name")
        return found

    def _nameless(self, row: Row) -> list[str]:
        pairs = zip(self.names, row.cells, strict=True)
        return [cell.strip() for name, cell in pairs if not name and cell.strip()]


def columns_of(header: Row) -> Columns:
    """What the header says. Raises RequestError for one under which no row has a meaning."""
    if header.fault:
        raise RequestError(f"line {header.line}: the header {header.fault}")
    if "\0" in "".join(header.cells):
        raise RequestError("the header holds NUL bytes: save the file as UTF-8")
    if len(header.cells) > COLUMNS:
        raise RequestError(f"{len(header.cells)} columns; {COLUMNS} are the most")
    named = [(variable(cell), _shown(cell)) for cell in header.cells]
    for name, cell in named:
        if cell and not name:
            raise RequestError(f'the column "{cell}" has neither letter nor digit')
        if len(name) > _NAME_CHARS:
            raise RequestError(f'the column "{cell}" has too long a name')
    return Columns(_with_phone(named))


def _with_phone(named: list[tuple[str, str]]) -> tuple[str, ...]:
    """The names, each there once, with "phone" among them; given with the cells they are from."""
    phone = next(filter({name for name, _ in named}.__contains__, PHONE), None)
    if phone is None:
        listed = ", ".join(cell for _, cell in named if cell)
        raise RequestError(f'there is no column "phone"; the columns are: {listed}')
    found: dict[str, str] = {}
    for name, cell in named:
        if name and name in found:
            raise RequestError(f'the columns "{found[name]}" and "{cell}" have one name, {name}')
        found[name] = cell
    return tuple("phone" if name == phone else name for name, _ in named)


def variable(header: str) -> str:
    """The name under which an agent knows a column: "First Name" and "firstName": first_name."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", header)
    return re.sub(r"[\W_]+", "_", apart).strip("_").lower()


def _shown(cell: str) -> str:
    plain = " ".join(cell.split())
    return plain if len(plain) <= 40 else f"{plain[:40]}…"


def contact_of(row: Row, columns: Columns, region: str | None, now: float) -> Contact | BadRow:
    """The contact in a row; numbers without a country code are taken to be of `region`."""
    try:
        cells = columns.cells(row)
        phone = _phone(cells.pop("phone"), region)
        timezone = _timezone(cells.pop("timezone", ""))
        consent = _consent({name: cells.pop(name, "") for name in CONSENT}, now)
    except RowError as error:
        return BadRow(row.line, str(error))
    return Contact(
        line=row.line,
        phone=phone,
        name=cells.pop("name", ""),
        company=cells.pop("company", ""),
        address=cells.pop("address", ""),
        timezone=timezone,
        consent=consent,
        variables=cells,
    )


def unwanted_of(row: Row, columns: Columns, region: str | None) -> Unwanted | BadRow:
    """The number in a row of a list of those that are not to be called.

    One that no country has given out is taken too: it may be given out later.
    """
    try:
        cells = columns.cells(row)
        phone = _phone(cells["phone"], region, given_out=False)
    except RowError as error:
        return BadRow(row.line, str(error))
    return Unwanted(row.line, phone, cells.get("reason", ""))


def double(line: int, first: int) -> BadRow:
    """The row of a number that an earlier row has."""
    return BadRow(line, f"has the same number as line {first}")


def without_doubles(
    contacts: Sequence[Contact], known: Mapping[str, int]
) -> tuple[list[Contact], list[BadRow]]:
    """Keep the first of each number; `known` are the lines of those that came before these."""
    lines = dict(known)
    good: list[Contact] = []
    bad: list[BadRow] = []
    for contact in contacts:
        first = lines.setdefault(contact.phone, contact.line)
        if first == contact.line:
            good.append(contact)
        else:
            bad.append(double(contact.line, first))
    return good, bad


def _phone(text: str, region: str | None, *, given_out: bool = True) -> str:
    try:
        return e164(text, region, given_out=given_out)
    except NumberError as error:
        raise RowError(f"has {error}") from error


def _timezone(name: str) -> str:
    if places.of_zone(name).unread:  # then no call would be made
        raise RowError('has a "timezone" that no place has: write it like America/New_York')
    return name


def _consent(cells: Mapping[str, str], now: float) -> Consent | None:
    """`written 2026-03-01 web form`, or the same in columns of their own."""
    kind, dated, source = (*cells["consent"].split(maxsplit=2), "", "", "")[:3]
    kind = kind.lower()
    if not any(cells.values()) or kind in _REFUSALS:
        return None
    if kind not in _KINDS:
        raise RowError('has a consent that begins with neither "express" nor "written"')
    given_at = _moment(_one_of(dated, cells["consent_at"], "when"), "the consent")
    if given_at > now + _DAY_S:
        raise RowError("has a consent of a day that is still to come")
    source = _one_of(source, cells["consent_source"], "where")
    if not source:
        raise RowError("does not say where the consent was given, such as: web form")
    return Consent(
        kind=_KINDS[kind],
        source=source,
        given_at=min(given_at, now),  # where the day has begun already
        expires_at=_expiry(cells["consent_expires"], given_at),
        revoked_at=None,
    )


def _one_of(first: str, second: str, word: str) -> str:
    if first and second:
        raise RowError(f"says twice {word} the consent was given")
    return first or second


def _expiry(text: str, given_at: float) -> float | None:
    if not text:
        return None
    expires_at = _moment(text, "the end of the consent")
    if expires_at <= given_at:
        raise RowError("has a consent that ends before it was given")
    return expires_at


def _moment(text: str, what: str) -> float:
    """Seconds since 1970 of an ISO 8601 date or time; UTC where it does not say otherwise.

    A date alone is the first moment of its day, so that a consent revoked on that day stays so.
    """
    try:
        found = datetime.fromisoformat(text)
        at = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        at = -1.0
    if not 0 <= at < _LATEST:
        raise RowError(f"does not say the date of {what} like 2026-03-01")
    return at
