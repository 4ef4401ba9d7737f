"""Of a rehearsal nothing is left that is about the people it was rehearsed with."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from campaign import NOW, numbers, stage

from vantum.campaigns.looking import LACKS
from vantum.campaigns.telling import write_report
from vantum.scene import scene
from vantum.store.contacts import Contacts
from vantum.store.database import Database
from vantum.store.schema import ATTEMPTS

PERSON = "+12125550100"
LIST = f"""phone,name,address,timezone,consent
{PERSON},Pat,"1 Main Street, New York, NY 10001",America/New_York,written 2026-01-05 a form
"""
IN_A_SCENE = """
import sys, time
from pathlib import Path
from vantum.scene import scene
with scene(Path(sys.argv[1])) as own:
    (own / "vantum.db").write_text("Pat")
    print("in it", flush=True)
    time.sleep(60)
"""


def kept(folder: Path) -> set[str]:
    """Every file but the locks."""
    return {path.name for path in folder.rglob("*") if path.is_file() and path.name != "lock"}


@pytest.fixture
def another(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process in the middle of a rehearsal."""
    words = [sys.executable, "-c", IN_A_SCENE, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in it\n"
        yield process
        process.kill()


def test_what_a_rehearsal_writes_goes_with_it_however_it_ends(tmp_path: Path) -> None:
    with scene(tmp_path) as own:
        (own / "vantum.db").write_text("Pat")
        assert kept(tmp_path) == {"vantum.db"}
    assert kept(tmp_path) == set()
    with pytest.raises(KeyboardInterrupt):
        is_broken_off(tmp_path)
    assert kept(tmp_path) == set()


def is_broken_off(folder: Path) -> None:
    with scene(folder) as own:
        (own / "vantum.db").write_text("Pat")
        raise KeyboardInterrupt


def test_what_one_has_left_that_was_killed_goes_with_the_next(
    tmp_path: Path, another: subprocess.Popen[str]
) -> None:
    with scene(tmp_path):
        assert kept(tmp_path) == {"vantum.db"}  # it still goes on
    another.kill()
    another.wait()
    assert kept(tmp_path) == {"vantum.db"}
    with scene(tmp_path):
        assert kept(tmp_path) == set()


def test_a_rehearsal_lacks_nothing(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(f"phone\n{PERSON}\n")  # who may not be called
    words = ("campaign", "create", "spring", "--contacts", "people.csv", "--simulate")
    done = subprocess.run(
        [sys.executable, "-m", "vantum", *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
    )
    assert "spring: done, 1 of 1 contacts ended" in done.stdout
    assert not [told for told in LACKS.values() if told in done.stdout]


def test_a_rehearsal_that_is_broken_off_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(LIST)
    words = ("campaign", "create", "spring", "--contacts", "people.csv", "--simulate")
    with subprocess.Popen(
        [sys.executable, "-m", "vantum", *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as rehearsal:
        assert rehearsal.stdout is not None
        while "nobody is really called" not in rehearsal.stdout.readline():
            assert rehearsal.poll() is None
        folder = tmp_path / "data" / "rehearsals"
        assert "vantum.db" in kept(folder)
        rehearsal.send_signal(signal.SIGINT)
        rehearsal.wait(60)
    assert kept(folder) == set()


@pytest.mark.parametrize(
    "words",
    [
        ("call", "+15550100108", "--simulate"),
        ("campaign", "create", "spring", "--contacts", "people.csv", "--simulate"),
    ],
    ids=["call", "campaign"],
)
def test_who_reads_no_further_is_shown_nothing_more(tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "people.csv").write_text(LIST)
    with (
        (tmp_path / "complaints").open("w") as complaints,
        subprocess.Popen(
            [sys.executable, "-m", "vantum", *words],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
        ) as rehearsal,
    ):
        assert rehearsal.stdout is not None
        assert rehearsal.stdout.readline()
        rehearsal.stdout.close()  # as `| head -1` does
        assert rehearsal.wait(60) == 1  # as rich has it
    assert "Traceback" not in (tmp_path / "complaints").read_text()
    assert "vantum.db" not in kept(tmp_path / "data" / "rehearsals")


@pytest.mark.anyio
async def test_its_report_names_nobody(database: Database, tmp_path: Path) -> None:
    phones = numbers(2)
    staged = await stage(database, phones)
    await Contacts(database).suppress(phones[0], NOW, "Pat wrote a letter")
    async with database.writing() as connection:
        why = "suppressed: Not to be called any more: Pat wrote a letter."
        theirs = ATTEMPTS.update().where(ATTEMPTS.c.phone == phones[0])
        await connection.execute(theirs.values(state="refused", detail=why))
    report = tmp_path / "spring.jsonl"
    await write_report(staged.campaigns, staged.campaign, report)
    assert [msgspec.json.decode(line) for line in report.read_bytes().splitlines()] == [
        {"line": 2, "state": "refused", "dials": 0, "outcomes": [], "why": "suppressed"},
        {"line": 3, "state": "due", "dials": 0, "outcomes": [], "why": ""},
    ]
