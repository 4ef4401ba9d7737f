"""How the bytes of a CSV file become contacts and bad rows, in constant memory.

A program of its own, `python -m vantum.campaigns.reading`, so that no call waits for it. Quotes
that do not close, lines without end and bytes of another encoding cost the rows they stand in, not
the file.
"""

from __future__ import annotations

import codecs
import csv
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import BinaryIO, Final, Literal

import msgspec
from msgspec import Struct

from vantum.dialing.contacts import (
    PHONE,
    BadRow,
    Columns,
    Contact,
    Row,
    Unwanted,
    columns_of,
    contact_of,
    unwanted_of,
    variable,
)
from vantum.errors import RequestError
from vantum.limits import IMPORT_ROWS, ROW_BYTES

NICE: Final = 10  # calls come first
BATCH_BYTES: Final = 250_000  # of the file, and of the names that each row repeats
_CHUNK: Final = 1 << 16
_DELIMITERS: Final = (",", ";", "\t")
_SEP: Final = re.compile(r"\s*\"?sep=(.)\"?\s*", re.IGNORECASE)  # what a spreadsheet puts first
_UTF16: Final = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}

Wanted = Literal["contacts", "suppressions"]


class Batch(Struct, frozen=True, tag="batch"):
    """Some rows, in the order of the file."""

    contacts: list[Contact] = []
    unwanted: list[Unwanted] = []
    bad: list[BadRow] = []


class Ending(Struct, frozen=True, tag="end"):
    """The file is read; what was found out about it on the way."""

    encoding: str
    delimiter: str
    variables: list[str]
    windows_1252: int = 0  # lines that were no UTF-8 and were read as this
    windows_1252_from: int = 0  # the first of them


class Refusal(Struct, frozen=True, tag="refusal"):
    """The file as a whole cannot be used."""

    reason: str


Told = Batch | Ending | Refusal


class _RowEndless(Exception):  # noqa: N818 - names a state of the world
    """More than a row may have, and it has not ended."""


class _Line(Struct, frozen=True):
    number: int
    raw: bytes


class _Lines:
    """The lines of a file as text, one at a time; those of a row that went wrong again."""

    def __init__(self, file: BinaryIO) -> None:
        first = file.read(_CHUNK)
        utf16 = next((name for bom, name in _UTF16.items() if first.startswith(bom)), "")
        self.encoding = utf16 or "utf-8"
        self.windows_1252 = 0
        self.windows_1252_from = 0
        self.bytes = 0  # read so far, some of them again
        self.taken: list[_Line] = []  # of the row that is being read
        chunks = _utf8(first, file, utf16)
        self._lines = (_Line(number, raw) for number, raw in enumerate(_split(chunks), 1))
        self._again: list[_Line] = []  # the next one last
        self._row_from = 0
        self._decoded = 0  # the last line that was not decoded before

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else next(self._lines)
        self.taken.append(line)
        self.bytes += len(line.raw)
        if self.bytes - self._row_from > ROW_BYTES:
            raise _RowEndless
        return self._text(line)

    def begin_row(self) -> None:
        """What is read from here on is another row."""
        self.taken.clear()
        self._row_from = self.bytes

    def give_back(self, kept: int) -> None:
        """Have all lines of this row but the first `kept` read again."""
        self._again += reversed(self.taken[kept:])
        del self.taken[kept:]

    def _text(self, line: _Line) -> str:
        new = line.number > self._decoded
        self._decoded = max(self._decoded, line.number)
        try:
            return line.raw.decode()
        except UnicodeDecodeError:
            if new:
                self.windows_1252 += 1
                self.windows_1252_from = self.windows_1252_from or line.number
            return line.raw.decode("cp1252", "replace")


def _utf8(first: bytes, file: BinaryIO, encoding: str) -> Iterator[bytes]:
    """The file in UTF-8, or in what it has instead of that."""
    if not encoding:
        yield first.removeprefix(codecs.BOM_UTF8)
        while chunk := file.read(_CHUNK):
            yield chunk
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield decoder.decode(first[2:]).encode()
    while chunk := file.read(_CHUNK):
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", final=True).encode()


def _split(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Lines with their ends: newline, carriage return or both; of a longer one the beginning."""
    rest = b""
    for chunk in chunks:
        # A return at the end of a chunk may be half of an end.
        *lines, rest = (rest + chunk).splitlines(keepends=True) or [b""]
        yield from (line[: ROW_BYTES + 1] for line in lines)
        if rest.endswith(b"\n"):
            yield rest[: ROW_BYTES + 1]
            rest = b""
        elif len(rest) > ROW_BYTES and not rest.endswith(b"\r"):
            rest = rest[: ROW_BYTES + 1]
    if rest:
        yield rest[: ROW_BYTES + 1]


def _delimiter(lines: _Lines) -> str:
    """What stands between the cells, by the first line that is not blank."""
    for text in lines:
        if told := _SEP.fullmatch(text):
            return told[1]
        if text.strip():
            lines.give_back(0)
            return max(_DELIMITERS, key=lambda delimiter: _header_worth(text, delimiter))
        lines.begin_row()
    raise RequestError("it is empty")


def _header_worth(text: str, delimiter: str) -> tuple[bool, int]:
    cells = next(csv.reader([text], delimiter=delimiter, skipinitialspace=True))
    names = set(map(variable, cells))
    return not names.isdisjoint(PHONE), len(cells)


def _rows(lines: _Lines, delimiter: str) -> Iterator[Row]:
    """All rows that are not blank, those with a fault too."""

    def begin() -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=True)

    reader = begin()
    while True:
        lines.begin_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (_RowEndless, csv.Error) as error:
            number, fault = lines.taken[0].number, _fault(error, len(lines.taken))
            lines.give_back(1)
            reader = begin()
            yield Row(number, [], fault)
            continue
        if any(map(str.strip, cells)):
            yield Row(lines.taken[0].number, cells)


def _fault(error: Exception, lines: int) -> str:
    if isinstance(error, _RowEndless):
        what = "opens a quote that is not closed" if lines > 1 else "does not end"
        return f"{what} within {ROW_BYTES} bytes"
    if "end of data" in str(error):
        return "opens a quote that is never closed"
    if lines > 1:
        return "opens a quote that is not closed at the end of a cell"
    return 'has text behind a closing quote: within a cell a quote is written ""'


def told(file: BinaryIO, wanted: Wanted, region: str | None, now: float) -> Iterator[Told]:
    """What is in a file, and last how it ended. Raises OSError where it cannot be read."""
    try:
        lines = _Lines(file)
        delimiter = _delimiter(lines)
        rows = _rows(lines, delimiter)
        columns = columns_of(_next(rows, "it is empty"))
        first = _next(rows, "there is a header, but no row")
        yield from _batches(
            lines, chain([first], rows), _judge(columns, wanted, region, now), columns.width
        )
    except _RowEndless:
        yield Refusal(f"the header does not end within {ROW_BYTES} bytes")
    except RequestError as error:
        yield Refusal(str(error))
    else:
        notes = (lines.windows_1252, lines.windows_1252_from)
        yield Ending(lines.encoding, delimiter, columns.variables, *notes)


def _next(rows: Iterator[Row], otherwise: str) -> Row:
    row = next(rows, None)
    if row is None:
        raise RequestError(otherwise)
    return row


_Judge = Callable[[Row], Contact | Unwanted | BadRow]


def _judge(columns: Columns, wanted: Wanted, region: str | None, now: float) -> _Judge:
    if wanted == "contacts":
        return lambda row: contact_of(row, columns, region, now)
    return lambda row: unwanted_of(row, columns, region)


def _batches(lines: _Lines, rows: Iterator[Row], judge: _Judge, width: int) -> Iterator[Batch]:
    batch, size, since = Batch(), 0, lines.bytes
    for row in rows:
        match judge(row):
            case Contact() as contact:
                batch.contacts.append(contact)
            case Unwanted() as unwanted:
                batch.unwanted.append(unwanted)
            case BadRow() as bad:
                batch.bad.append(bad)
        size += 1
        if size == IMPORT_ROWS or lines.bytes - since + size * width > BATCH_BYTES:
            yield batch
            batch, size, since = Batch(), 0, lines.bytes
    if size:
        yield batch


def main(words: Sequence[str]) -> int:
    """Read the standard input and write what is `told`, as one line of JSON each."""
    os.nice(NICE)
    wanted: Wanted = "suppressions" if words[0] == "suppressions" else "contacts"
    region, now = words[1] or None, float(words[2])
    try:
        for part in told(sys.stdin.buffer, wanted, region, now):
            sys.stdout.buffer.write(msgspec.json.encode(part) + b"\n")
            sys.stdout.buffer.flush()
    except BrokenPipeError:  # who asked is gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        refusal = Refusal(f"the file cannot be read: {error.strerror}")
        sys.stdout.buffer.write(msgspec.json.encode(refusal) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
