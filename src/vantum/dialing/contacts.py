"""Which rows of a list are contacts, and in plain words what is wrong with those that are not.

A reason names no value of its row: reasons are kept and shown, and rows hold who people are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
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
    """A row that is none of these; `column` is what the file calls the one that is at fault."""

    line: int
    reason: str
    column: str = ""  # no single one

    @property
    def told(self) -> str:
        """In one line, as of a file that was just read."""
        where = f'line {self.line}, column "{self.column}",' if self.column else f"line {self.line}"
        return f"{where} {self.reason}"


class RowError(Exception):
    """What is wrong with a row; the message has no subject: "has no telephone number"."""

    def __init__(self, message: str, column: str = "") -> None:
        """`column` is the one of `Columns.names` that is at fault, if one is."""
        super().__init__(message)
        self.column = column


class Columns(Struct, frozen=True):
    """What each cell of a row is called; "" for one that has no name."""

    names: tuple[str, ...]
    shown: tuple[str, ...]  # as the file has them, shortened

    def bad_row(self, line: int, error: RowError) -> BadRow:
        """What is kept of a row that is none."""
        shown = dict(zip(self.names, self.shown, strict=True))
        return BadRow(line, str(error), shown.get(error.column, "") if error.column else "")

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
            longest = self._where(row, lambda cell: len(cell) > CELL_CHARS)
            raise RowError(f"has a cell of more than {CELL_CHARS} characters", longest)
        if "\0" in text:
            raise RowError("holds a NUL byte", self._where(row, lambda cell: "\0" in cell))
        if "\ufffd" in text:
            why = "holds a character that cannot be read: save the file as UTF-8"
            raise RowError(why, self._where(row, lambda cell: "\ufffd" in cell))
        if found.pop("", None) is not None and (place := self._nameless(row)):
            raise RowError(f"has a value in column {place}, which has no name")
        return found

    def _where(self, row: Row, condition: Callable[[str], bool]) -> str:
        return self.names[next(n for n, cell in enumerate(row.cells) if condition(cell))]

    def _nameless(self, row: Row) -> int:
        """The place, from 1, of a value in a column without a name; 0 where there is none."""
        cells = enumerate(zip(self.names, row.cells, strict=True), 1)
        return next((place for place, (name, cell) in cells if not name and cell.strip()), 0)


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
    return Columns(_with_phone(named), tuple(cell for _, cell in named))


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
        return columns.bad_row(row.line, error)
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
        return columns.bad_row(row.line, error)
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
        raise RowError(f"has {error}", "phone") from error


def _timezone(name: str) -> str:
    if places.of_zone(name).unread:  # then no call would be made
        raise RowError(
            "has a time zone that no place has: write it like America/New_York", "timezone"
        )
    return name


def _consent(cells: Mapping[str, str], now: float) -> Consent | None:
    """`written 2026-03-01 web form`, or the same in columns of their own."""
    kind, dated, source = (*cells["consent"].split(maxsplit=2), "", "", "")[:3]
    kind = kind.lower()
    if not any(cells.values()) or kind in _REFUSALS:
        return None
    if kind not in _KINDS:
        raise RowError('has a consent that begins with neither "express" nor "written"', "consent")
    in_column = "consent_at" if cells["consent_at"] else "consent"
    given_at = _moment(_one_of(dated, cells["consent_at"], "when"), "the consent", in_column)
    if given_at > now + _DAY_S:
        raise RowError("has a consent of a day that is still to come", in_column)
    source = _one_of(source, cells["consent_source"], "where")
    if not source:
        raise RowError("does not say where the consent was given, such as: web form", "consent")
    return Consent(
        kind=_KINDS[kind],
        source=source,
        given_at=min(given_at, now),  # where the day has begun already
        expires_at=_expiry(cells["consent_expires"], given_at),
        revoked_at=None,
    )


def _one_of(first: str, second: str, word: str) -> str:
    if first and second:
        raise RowError(f"says twice {word} the consent was given", "consent")
    return first or second


def _expiry(text: str, given_at: float) -> float | None:
    if not text:
        return None
    expires_at = _moment(text, "the end of the consent", "consent_expires")
    if expires_at <= given_at:
        raise RowError("has a consent that ends before it was given", "consent_expires")
    return expires_at


def _moment(text: str, what: str, column: str) -> float:
    """Seconds since 1970 of an ISO 8601 date or time; UTC where it does not say otherwise.

    A date alone is the first moment of its day, so that a consent revoked on that day stays so.
    """
    try:
        found = datetime.fromisoformat(text)
        at = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        at = -1.0
    if not 0 <= at < _LATEST:
        raise RowError(f"does not say the date of {what} like 2026-03-01", column)
    return at
