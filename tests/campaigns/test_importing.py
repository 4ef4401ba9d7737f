"""A file becomes a list as a whole, or nothing: also where its import is killed midway."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest
from campaign import anybody, stage
from hostile import HOSTILE
from hypothesis import given, settings
from sqlalchemy import func, select
from typer.testing import CliRunner

from vantum.campaigns.importing import SHOWN, Report, import_list, import_suppressions
from vantum.cli import app
from vantum.dialing.candidate import Candidate, Go, Wait
from vantum.dialing.contacts import BadRow, Contact
from vantum.dialing.dial import Consent
from vantum.errors import RequestError
from vantum.limits import IMPORT_DEAD_S
from vantum.store.contacts import Contacts
from vantum.store.database import Database
from vantum.store.lists import Lists
from vantum.store.schema import BAD_ROWS, CONSENTS, CONTACTS, IMPORTS, LISTS

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.0
ANN = "+12125550123"
BOB = "+12125550199"
DEADLINE_S = 60.0
NUMBER = {"TWILIO_PHONE_NUMBER": "+15550199999"}
EMPTY = [0, 0, 0, 0, 0]


async def imported(
    database: Database,
    path: Path,
    data: bytes,
    *,
    name: str = "spring",
    region: str | None = None,
    now: Callable[[], float] = lambda: NOW,
) -> Report:
    path.write_bytes(data)  # noqa: ASYNC240 - small, and nobody else waits
    return await import_list(
        name, path, region, lists=Lists(database), new_id=f"id-{name}", now=now
    )


async def rows(database: Database) -> list[int]:
    """How many there are of all that an import writes."""
    async with database.reading() as connection:
        return [
            (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in (LISTS, CONTACTS, CONSENTS, BAD_ROWS, IMPORTS)
        ]


async def until(database: Database, holds: Callable[[list[int]], bool]) -> None:
    """Wait for these rows, as another process writes them."""
    async with asyncio.timeout(DEADLINE_S):
        while not holds(await rows(database)):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)


def numbered(count: int, wide: int = 0) -> bytes:
    """So many good rows, of about so many bytes."""
    row = "+1212{:07},{}\n"
    return (
        b"phone,note\n"
        + "".join(row.format(2_000_000 + n, "x" * wide) for n in range(count)).encode()
    )


async def test_a_file_becomes_a_list_and_a_report(database: Database, tmp_path: Path) -> None:
    data = f"phone,name,consent\n{ANN},Ann,written 2026-03-01 web form\n{ANN},Ann,\nnobody,,\n"
    data += f"212 555 0199,M\u00fcller,no\n{BOB},Bob\n"
    report = await imported(database, tmp_path / "a.csv", data.encode("cp1252"), region="US")
    bad = (
        BadRow(3, "has the same number as line 2"),
        BadRow(4, "has letters or signs in its telephone number", "phone"),
        BadRow(6, "has 2 cells, the header has 3"),
    )
    assert (report.good, report.bad, tuple(sorted(report.shown, key=lambda row: row.line))) == (
        2,
        3,
        bad,
    )
    assert (report.ending.windows_1252, report.ending.windows_1252_from) == (1, 5)
    lists = Lists(database)
    made = await lists.named("spring")
    assert made is not None
    assert (made.source, made.imported_at, made.good, made.bad) == ("a.csv", NOW, 2, 3)
    found = await lists.contacts(made.list_id)
    assert [(one.line, one.phone, one.name) for one in found] == [
        (2, ANN, "Ann"),
        (5, BOB, "Müller"),
    ]
    assert await lists.bad_rows(made.list_id) == list(bad)
    [consent] = await Contacts(database).consents_of(ANN)
    assert (consent.kind, consent.source) == ("written", "web form")


async def test_doubles_are_found_however_far_apart_they_are(
    database: Database, tmp_path: Path
) -> None:
    data = numbered(1_500) + b"+12122000003,again\n"
    report = await imported(database, tmp_path / "a.csv", data)
    assert (report.good, report.bad) == (1_500, 1)
    assert report.shown == (BadRow(1_502, "has the same number as line 5"),)


async def test_of_many_bad_rows_the_first_are_shown_and_all_are_kept(
    database: Database, tmp_path: Path
) -> None:
    data = f"phone\n{ANN}\n".encode() + b"nobody\n" * 1_000
    report = await imported(database, tmp_path / "a.csv", data)
    assert [row.line for row in report.shown] == list(range(3, 3 + SHOWN))
    assert (report.good, report.bad) == (1, 1_000)
    assert await rows(database) == [1, 1, 0, 1_000, 0]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "a.csv: it is empty"),
        (b"mail\na@b\n", 'a.csv: there is no column "phone"'),
        (b"phone\n", "a.csv: there is a header, but no row"),
    ],
)
async def test_a_file_that_cannot_be_used_leaves_nothing(
    data: bytes, why: str, database: Database, tmp_path: Path
) -> None:
    with pytest.raises(RequestError, match=why):
        await imported(database, tmp_path / "a.csv", data)
    assert await rows(database) == EMPTY


async def test_a_file_without_a_good_row_makes_no_list(database: Database, tmp_path: Path) -> None:
    report = await imported(database, tmp_path / "a.csv", b"phone\nnobody\n" + b"x\n" * 600)
    assert (report.good, report.bad) == (0, 601)
    assert await rows(database) == EMPTY


async def test_what_cannot_be_read_is_named(database: Database, tmp_path: Path) -> None:
    lists = Lists(database)
    for path, why in ((tmp_path, "directory"), (tmp_path / "none.csv", "No such file")):
        with pytest.raises(RequestError, match=f"{path}: cannot be read: .*{why}"):
            await import_list("a", path, None, lists=lists, new_id="1", now=lambda: NOW)
    path.write_bytes(b"phone\n")
    with pytest.raises(RequestError, match='"us" is no country'):
        await import_list("a", path, "us", lists=lists, new_id="1", now=lambda: NOW)
    assert await rows(database) == EMPTY


async def test_a_name_that_is_taken_is_told_and_the_list_stays(
    database: Database, tmp_path: Path
) -> None:
    await imported(database, tmp_path / "a.csv", numbered(2))
    with pytest.raises(RequestError, match='There is a list "spring" already'):
        await imported(database, tmp_path / "b.csv", numbered(3))
    assert await rows(database) == [1, 2, 0, 0, 0]


async def test_of_two_at_once_one_gets_the_name(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(numbered(600))
    done = await asyncio.gather(
        *(
            import_list(
                "spring", path, None, lists=Lists(database), new_id=f"id-{n}", now=lambda: NOW
            )
            for n in range(2)
        ),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in done) == ["Report", "RequestError"]
    assert await rows(database) == [1, 600, 0, 0, 0]


async def test_an_import_that_is_given_up_leaves_nothing(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(numbered(20_000))
    work = asyncio.ensure_future(
        import_list("spring", path, None, lists=Lists(database), new_id="id", now=lambda: NOW)
    )
    await until(database, lambda found: bool(found[1]))
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert await rows(database) == EMPTY


@settings(max_examples=8)
@given(HOSTILE)
def test_whatever_a_file_is_made_of_its_rows_are_recorded_or_nothing_is(data: bytes) -> None:
    async def in_a_new_database(folder: Path) -> tuple[Report | None, list[int]]:
        database = Database(f"sqlite:///{folder}/vantum.db")
        await database.set_up()
        try:
            report = await imported(database, folder / "a.csv", data)
        except RequestError:
            report = None
        found = await rows(database)
        await database.close()
        return report, found

    with TemporaryDirectory() as folder:
        report, found = asyncio.run(in_a_new_database(Path(folder)))
    made = report is not None and report.good > 0
    assert (found[0], found[4]) == (int(made), 0)
    assert [found[1], found[3]] == ([report.good, report.bad] if report and made else [0, 0])


async def test_consents_of_a_list_that_is_being_read_do_not_count_yet(database: Database) -> None:
    staged = await stage(database, [ANN])
    given = Consent(
        kind="written", source="form", given_at=NOW - 1, expires_at=None, revoked_at=None
    )
    lists, seen = Lists(database), []

    def looks(candidate: Candidate, at: float) -> Go | Wait:
        seen.append(len(candidate.known.consents))
        staged.now += 1
        return Wait("not now", staged.now)

    await lists.begin("new", NOW)
    await lists.add("new", [Contact(line=2, phone=ANN, consent=given)], [], NOW)
    await staged.takes(decide=looks)
    await lists.discard("new")
    await staged.takes(decide=looks)
    await lists.begin("newer", NOW)
    await lists.add("newer", [Contact(line=2, phone=ANN, consent=given)], [], NOW)
    async with database.writing() as connection:
        await connection.execute(IMPORTS.delete())  # as `finish` does
    await staged.takes(decide=looks)
    assert seen == [0, 0, 1]
    assert await staged.takes(decide=anybody)


async def test_numbers_of_a_file_are_suppressed_each_for_its_reason(
    database: Database, tmp_path: Path
) -> None:
    path, contacts = tmp_path / "dnc.csv", Contacts(database)
    await contacts.suppress(ANN, 1.0, "said so")
    path.write_text(f"Phone;Reason\n{ANN};x\n{BOB};moved\n+13055550100;\nnobody;x\n")
    report = await import_suppressions(path, None, "a list", contacts=contacts, now=lambda: NOW)
    assert (report.good, [row.line for row in report.shown]) == (3, [5])
    found = [await contacts.suppression_of(phone) for phone in (ANN, BOB, "+13055550100")]
    assert [one and (one.since, one.reason) for one in found] == [
        (1.0, "said so"),
        (NOW, "moved"),
        (NOW, "a list"),
    ]


# The command, as a process of its own.


def command(url: str, folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        (sys.executable, "-m", "vantum", *words),
        env={**os.environ, "DATABASE_URL": url},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def told(url: str, *words: str) -> str:
    """What the command prints, or says of what it cannot do."""
    done = CliRunner().invoke(app, words, env={"DATABASE_URL": url, **NUMBER})
    if done.exception:
        assert isinstance(done.exception, RequestError), done.exception
        return done.stdout + f"vantum: {done.exception}"
    return done.stdout


def test_the_command_tells_what_came_of_a_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/vantum.db"
    good, none = tmp_path / "a.csv", tmp_path / "b.csv"
    good.write_text(f"phone,plan\n{ANN},gold\nnobody,x\n" + "x,\n" * 25)
    none.write_text("phone\nnobody\n")
    assert told(url, "contacts", "import", "spring", str(good)).splitlines() == [
        '1 contact in the list "spring", 26 bad rows',
        "variables for the agent: plan",
        *(
            f'  line {n}, column "phone", has letters or signs in its telephone number'
            for n in range(3, 23)
        ),
        '  and 6 more; see all with: vantum contacts show "spring" --bad',
    ]
    assert len(told(url, "contacts", "show", "spring", "--bad").splitlines()) == 26
    assert told(url, "contacts", "show", "spring") == f"2\t{ANN}\t\t\t\n"
    assert told(url, "contacts", "list") == "spring\t1 contact\t26 bad rows\tfrom a.csv\n"
    again = told(url, "contacts", "import", "spring", str(good))
    assert again == 'vantum: There is a list "spring" already: give another name'
    assert told(url, "contacts", "import", "autumn", str(none)).splitlines() == [
        "0 contacts, 1 bad row",
        '  line 2, column "phone", has letters or signs in its telephone number',
        f"vantum: {none}: no row is good, so there is no list",
    ]
    assert told(url, "contacts", "show", "autumn") == 'vantum: There is no list "autumn"'


def test_where_there_is_no_campaign_the_list_says_so_to_people_alone(tmp_path: Path) -> None:
    given = {"DATABASE_URL": f"sqlite:///{tmp_path}/vantum.db"}
    done = CliRunner().invoke(app, ["campaign", "list"], env=given)
    assert not done.stdout
    assert done.stderr == "none yet; see: vantum campaign create --help\n"


def test_a_campaign_is_made_of_a_list_which_then_stays(tmp_path: Path) -> None:
    url, file = f"sqlite:///{tmp_path}/vantum.db", tmp_path / "a.csv"
    file.write_text(f"phone\n{ANN}\n")
    told(url, "contacts", "import", "people", str(file))
    create = ("campaign", "create", "spring")
    for words, says in [
        (create, "--contacts FILE, or --list NAME"),
        ((*create, "--list", "people", "--contacts", str(file)), "--contacts FILE, or --list NAME"),
        ((*create, "--list", "people", "--simulate"), "A rehearsal reads a file"),
        ((*create, "--list", "nobody"), 'There is no list "nobody"'),
        ((*create, "--list", "people"), 'campaign "spring": 1 contact\n'),
        (("campaign", "list"), "spring\tdraft\tsales\n"),
        (("contacts", "remove", "people"), 'The campaign "spring" calls this list: it stays'),
        (("contacts", "import", "others", str(file)), "1 contact"),
        (("contacts", "remove", "others"), '"others" is removed: 1 contact\n'),
        (("contacts", "remove", "others"), 'There is no list "others"'),
    ]:
        assert says in told(url, *words), words
    assert told(url, "contacts", "list").startswith("people\t")
    none = told(url, "campaign", "create", "none", "--list", "people", "--attempts", "0")
    assert none == "vantum: The plan: attempts: expected a whole number of at least 1"
    fast = told(url, "campaign", "create", "fast", "--list", "people", "--calls-per-second", "20")
    assert "CARRIER_CALLS_PER_S is 1: not 20 dials a second are made, but 1" in fast
    started = told(url, "campaign", "start", "fast").splitlines()
    assert told(url, "campaign", "start", "fast") == 'vantum: "fast" is running already'
    assert started[0] == '"fast" is started; but:'
    assert [line.split()[0:2] for line in started[1:]] == [
        ["CARRIER_CALLS_PER_S", "is"],
        ["The", "telephone"],
        ["No", "worker"],
        ["No", "server"],
    ]
    assert "may not be called" in told(url, "campaign", "status", "fast", "--once")
    told(url, "campaign", "stop", "fast")
    assert "not called any more" in told(url, "campaign", "status", "fast")


def test_the_command_suppresses_lifts_and_erases(tmp_path: Path) -> None:
    url, file = f"sqlite:///{tmp_path}/vantum.db", tmp_path / "a.csv"
    file.write_text(f"phone\n{ANN}\n")
    told(url, "contacts", "import", "spring", str(file))
    for words, says in [
        (("suppress", "+1 212 555 0123", "--reason", "wrote to us"), f"{ANN} is suppressed"),
        (("suppress", ANN), f"{ANN} was suppressed already"),
        (("unsuppress", ANN, "--reason", "signed up"), f"{ANN} may be called again"),
        (("unsuppress", ANN, "--reason", "signed up"), f"{ANN} was not suppressed"),
        (("suppress", "--file", str(file)), "suppressed: 1 number, 0 bad rows"),
        (("contacts", "erase", ANN), f"erased: 1 contact with {ANN}"),
        (("erase", "+1 212 555 0123", "--yes"), "removed: 0 contacts"),
        (("erase", "+2562533", "--yes"), "removed: 0 contacts"),  # a carrier has said so
        (("erase", "256 2533", "--yes"), "without + and country code"),
        (("suppress", "212-555-0123", "--region", "US"), f"{ANN} was suppressed already"),
        (("suppress", "2125550123", "--region", "us"), '"us" is no country'),
        (("suppress", "2125550123"), "no region such as US is given"),
        (("suppress",), "a number, or --file FILE"),
        (("suppress", ANN, "--file", str(file)), "a number, or --file FILE"),
    ]:
        assert says in told(url, *words), words


def test_the_command_ends_with_2_where_nothing_was_imported(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("phone\nnobody\n")
    url = f"sqlite:///{tmp_path}/vantum.db"
    process = command(url, tmp_path, "contacts", "import", "spring", "a.csv")
    out, err = process.communicate(timeout=DEADLINE_S)
    assert (process.returncode, "0 contacts" in out, "no row is good" in err) == (2, True, True)


async def test_an_import_that_is_killed_leaves_a_free_name_and_nothing_that_counts(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    lines = "".join(
        f"+1212{2_000_000 + n},written 2026-03-01 web form\nnobody,\n" for n in range(20_000)
    )
    (tmp_path / "a.csv").write_text("phone,consent\n" + lines)
    words = ("contacts", "import", "spring", "a.csv")
    process = command(database_url, tmp_path, *words)
    await until(database, lambda found: all(found[1:]))
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    written = await rows(database)
    assert written[0] == 0
    assert all(written[1:])
    lists = Lists(database)
    assert await lists.all() == []
    assert await Contacts(database).consents_of("+12122000000") == ()
    # The reader ends by itself, and the same can be done again at once.
    gone, _ = await asyncio.to_thread(psutil.wait_procs, children, timeout=30)
    assert len(gone) == len(children) > 0
    await imported(database, tmp_path / "b.csv", numbered(1), now=time.time)
    assert await lists.tidy(time.time() + IMPORT_DEAD_S + 1) == 1
    assert await rows(database) == [1, 1, 0, 0, 0]


def most_mb(url: str, folder: Path, name: str) -> float:
    """The most memory of an import, of either of its processes."""
    process = command(url, folder, "contacts", "import", name, f"{name}.csv")
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert out.startswith("1 contact " if name == "small" else "5000 contacts ")
    return used.ru_maxrss / 1024


def test_a_long_file_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/vantum.db"
    (tmp_path / "small.csv").write_bytes(numbered(1))
    (tmp_path / "long.csv").write_bytes(numbered(5_000, 4_000))
    assert (tmp_path / "long.csv").stat().st_size > 20_000_000
    assert most_mb(url, tmp_path, "long") < most_mb(url, tmp_path, "small") + 20
