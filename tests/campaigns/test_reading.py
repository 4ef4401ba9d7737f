"""CSV files as customers have them: every encoding, every broken quote, no row lost."""

from __future__ import annotations

import csv
import io

import pytest
from hostile import HOSTILE
from hypothesis import given
from hypothesis import strategies as st

from vantum.campaigns.reading import BATCH_BYTES, Batch, Ending, Refusal, told
from vantum.dialing.contacts import BadRow, Contact
from vantum.limits import CELL_CHARS, IMPORT_ROWS, ROW_BYTES

NOW = 1_800_000_000.0
ANN = "+12125550123"
BOB = "+12125550199"


def batches(data: bytes) -> tuple[list[Batch], Ending]:
    *parts, ending = told(io.BytesIO(data), "contacts", None, NOW)
    assert isinstance(ending, Ending), ending
    return [part for part in parts if isinstance(part, Batch)], ending


def read(data: bytes) -> tuple[list[Contact], list[BadRow], Ending]:
    parts, ending = batches(data)
    return (
        [contact for part in parts for contact in part.contacts],
        [row for part in parts for row in part.bad],
        ending,
    )


def refusal(data: bytes) -> str:
    [part] = told(io.BytesIO(data), "contacts", None, NOW)
    assert isinstance(part, Refusal)
    return part.reason


def people(data: bytes) -> list[tuple[int, str, str]]:
    contacts, bad, _ = read(data)
    assert not bad
    return [(one.line, one.phone, one.name) for one in contacts]


def bad_rows(data: bytes) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in read(data)[1]]


TEXT = f"phone,name\r\n{ANN},Zoë “Z” Müller\r\n{BOB},Łukasz\r\n"
BOTH = [(2, ANN, "Zoë “Z” Müller"), (3, BOB, "Łukasz")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_a_file_is_read_in_any_encoding_of_unicode(encoding: str) -> None:
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    assert people(mark + TEXT.encode(encoding)) == BOTH


def test_lines_that_are_no_utf8_are_read_as_windows_1252_and_told_of() -> None:
    line = f"{BOB},Müller € “x”\n".encode("cp1252")
    data = f"phone,name\n{ANN},Zoë\n".encode() + line
    assert people(data) == [(2, ANN, "Zoë"), (3, BOB, "Müller € “x”")]
    _, _, ending = read(data + line.replace(b"199", b"198"))
    assert (ending.encoding, ending.windows_1252, ending.windows_1252_from) == ("utf-8", 2, 3)
    assert read(TEXT.encode())[2].windows_1252 == 0


def test_a_byte_that_is_no_character_costs_its_row() -> None:
    data = f"phone,name\n{ANN},x\n".encode() + f"{BOB},".encode() + b"\x81\n"
    contacts, bad, _ = read(data)
    assert [one.phone for one in contacts] == [ANN]
    assert bad == [
        BadRow(3, "holds a character that cannot be read: save the file as UTF-8", "name")
    ]


def test_utf16_that_breaks_off_costs_its_last_row() -> None:
    data = TEXT.encode("utf-16")[:-1]
    assert [line for line, _ in bad_rows(data)] in ([], [3], [4])
    assert ANN in [one.phone for one in read(data)[0]]


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_what_divides_cells_is_seen_in_the_header(mark: str) -> None:
    data = f"name{mark}phone\nLee, Ann; Dr.{mark}{ANN}\n"
    if mark != "\t":
        data = data.replace("Lee, Ann; Dr.", '"Lee, Ann; Dr."')
    assert people(data.encode()) == [(2, ANN, "Lee, Ann; Dr.")]


def test_the_column_of_numbers_decides_between_two_that_could_divide() -> None:
    assert people(f"name, first or last;phone\nAnn;{ANN}\n".encode())[0][1] == ANN


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_a_spreadsheet_may_say_what_divides(first: str) -> None:
    assert people(f"{first}\nphone;name\n{ANN};Lee, Ann\n".encode()) == [(3, ANN, "Lee, Ann")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way(end: str) -> None:
    data = end.join(["", "phone,name", "", f'{ANN},"Ann', 'Lee"', ",", "", f"{BOB},Bob"])
    assert [(line, phone) for line, phone, _ in people(data.encode())] == [(4, ANN), (8, BOB)]


def test_quotes_are_read_as_spreadsheets_write_them() -> None:
    data = f'"phone","name"\n"{ANN}", "Ann ""the"" Lee, x"\n{BOB},5" pipe\n'
    assert people(data.encode()) == [(2, ANN, 'Ann "the" Lee, x'), (3, BOB, '5" pipe')]


def test_rows_of_another_width_are_bad_and_empty_ones_are_none() -> None:
    data = f"phone,name\n{ANN}\n{ANN},Ann,x\n\n , \n,,,\n{ANN},Ann\n"
    contacts, bad, _ = read(data.encode())
    assert [one.line for one in contacts] == [7]
    assert bad == [
        BadRow(2, "has 1 cells, the header has 2"),
        BadRow(3, "has 3 cells, the header has 2"),
    ]


def test_a_nul_byte_costs_its_row() -> None:
    assert bad_rows(f"phone,name\n{ANN},A\0nn\n".encode()) == [(2, "holds a NUL byte")]


def test_a_quote_that_ends_within_its_cell_costs_its_row() -> None:
    data = f'phone,name\n{ANN},"Ann" Lee\n{BOB},Bob\n'
    contacts, bad, _ = read(data.encode())
    assert [one.phone for one in contacts] == [BOB]
    assert [(row.line, "closing quote" in row.reason) for row in bad] == [(2, True)]


@pytest.mark.parametrize(
    ("behind", "why"),
    [
        ("", "never closed"),
        (f'{BOB},"Lee, Ann"\n', "not closed at the end of a cell"),
        ("x,y\n" * ROW_BYTES, f"not closed within {ROW_BYTES} bytes"),
    ],
)
def test_a_quote_that_is_not_closed_costs_its_row_alone(behind: str, why: str) -> None:
    data = f'phone,name\n{ANN},"Ann\n{BOB},Bob\n{BOB},Bob again\n{behind}'
    contacts, bad, _ = read(data.encode())
    assert [(one.line, one.name) for one in contacts][:2] == [(3, "Bob"), (4, "Bob again")]
    assert (bad[0].line, bad[0].reason) == (2, f"opens a quote that is {why}")
    assert len(contacts) + len(bad) == 3 + behind.count("\n")


def test_quotes_that_open_on_every_line_are_read_in_one_go() -> None:
    count = 20_000  # quadratic work would take hours
    contacts, bad, _ = read(b"phone,name\n" + f'{ANN},"Ann\n'.encode() * count)
    assert len(contacts) + len(bad) == count


def test_a_line_without_end_costs_its_row_alone() -> None:
    long = "a" * (3 * ROW_BYTES)
    data = f"phone,name\n{ANN},{long}\n{BOB},Bob\n{ANN},{long}"
    contacts, bad, _ = read(data.encode())
    assert [one.line for one in contacts] == [3]
    assert bad == [BadRow(line, f"does not end within {ROW_BYTES} bytes") for line in (2, 4)]


def test_a_long_cell_costs_its_row_alone() -> None:
    data = f"phone,name\n{ANN},{'é' * (CELL_CHARS + 1)}\n{BOB},Bob\n"
    assert bad_rows(data.encode()) == [(2, f"has a cell of more than {CELL_CHARS} characters")]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "it is empty"),
        (b"\xef\xbb\xbf", "it is empty"),
        (b"\xff\xfe", "it is empty"),
        (b"\n\r\n  \n", "it is empty"),
        (b"sep=;\n", "it is empty"),
        (b",,\n", "it is empty"),
        (b"phone,name\n", "there is a header, but no row"),
        (b"phone,name\n\n,\n", "there is a header, but no row"),
        (b"name,mail\nAnn,a@b\n", 'there is no column "phone"; the columns are: name, mail'),
        (b"Phone,phone\n", 'the columns "Phone" and "phone" have one name, phone'),
        (b'phone,"name\n', "line 1: the header opens a quote that is never closed"),
        (b"phone," + b"x" * ROW_BYTES, f"the header does not end within {ROW_BYTES} bytes"),
        ("phone,name\n".encode("utf-16-le"), "the header holds NUL bytes: save the file as UTF-8"),
        (b"PK\x03\x04\x14\x00\x06\x00", "the header holds NUL bytes: save the file as UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_as_a_whole(data: bytes, why: str) -> None:
    assert refusal(data) == why


def test_many_rows_come_in_bounded_batches() -> None:
    row = f"{ANN},{'x' * 2_000}\n"
    parts, _ = batches(b"phone,name\n" + row.encode() * 1_000)
    assert sum(len(part.contacts) for part in parts) == 1_000
    assert max(len(part.contacts) for part in parts) <= BATCH_BYTES // len(row) + 1
    parts, _ = batches(b"phone,name\n" + f"{ANN},x\n".encode() * (2 * IMPORT_ROWS + 1))
    assert [len(part.contacts) for part in parts] == [IMPORT_ROWS, IMPORT_ROWS, 1]


# Whatever a file is made of: it is refused as a whole, or each of its rows is good or bad.


@given(HOSTILE)
def test_no_file_is_too_broken_to_be_told_of(data: bytes) -> None:
    *parts, last = told(io.BytesIO(data), "contacts", None, NOW)
    if isinstance(last, Refusal):
        assert not parts
        return
    assert isinstance(last, Ending)
    lines = [
        one.line for part in parts if isinstance(part, Batch) for one in (*part.contacts, *part.bad)
    ]
    assert len(lines) == len(set(lines)) > 0
    if b'"' not in data and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        rows = [line for line in data.removeprefix(b"\xef\xbb\xbf").splitlines() if line.strip()]
        blank = sum(not line.strip(b" ,;\t\x1c\x1d\x1e\x1f\x0b\x0c\x85\xa0") for line in rows)
        headers = 1 + any(line.lower().startswith(b"sep=") for line in rows[:1])
        assert len(rows) - headers - blank <= len(lines) <= len(rows) - headers


CELLS = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffd\ufeff"),
    max_size=20,
)
ROWS = st.lists(
    st.tuples(st.sampled_from([ANN, BOB, "+1 305 555 0100", "", "nobody"]), CELLS, CELLS).filter(
        lambda row: any(cell.strip() for cell in row)
    ),
    min_size=1,
    max_size=30,
)


@given(
    ROWS,
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_what_was_written_is_read(
    rows: list[tuple[str, str, str]], mark: str, end: str, encoding: str, quoting: int
) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=mark, lineterminator=end, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(("phone", "name", "note"))
    writer.writerows(rows)
    contacts, bad, _ = read(file.getvalue().encode(encoding))
    assert len(contacts) + len(bad) == len(rows)
    expected = [(name.strip(), note.strip()) for phone, name, note in rows if phone.startswith("+")]
    assert [(one.name, one.variables["note"]) for one in contacts] == expected
