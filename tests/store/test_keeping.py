"""What was kept long enough goes, of each kind by itself; receipts leave a chain that verifies."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from a_call import phone_call
from a_job import about
from vantum.campaigns.exporting import export_receipts
from vantum.campaigns.keeping import keeping_of, retention_work
from vantum.campaigns.receipts import receipt_work
from vantum.dialing.chain import Verified, verify
from vantum.dialing.keeping import DAY_S, Keeping, due
from vantum.settings import load_settings
from vantum.store.database import Database
from vantum.store.jobs import Jobs, add
from vantum.store.phone_calls import PhoneCall, PhoneCalls
from vantum.telephony.settled import FILE, Outcome, Said, Talked, append, outcome_of
from vantum.telephony.unsettled import FOLDER as UNSETTLED
from vantum.telephony.unsettled import Left, Unsettled

pytestmark = pytest.mark.anyio

TODAY, NOW = "2027-01-15", 1_799_971_200.0
FOR_EVER = Keeping(recordings=0, transcripts=0, calls=0, receipts=0, failed_jobs=0)
AGES = {"new": 1, "old": 100, "oldest": 200}  # days
DAYS = 50


def call(name: str) -> PhoneCall:
    placed_at = NOW - AGES[name] * DAY_S
    return phone_call(placed_at, name, ended_at=placed_at + 9, status="completed")


@pytest.fixture
async def database(database_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    """Three calls of different ages, the oldest first."""
    opened = Database(database_url)
    await opened.set_up()
    (tmp_path / "recordings").mkdir()
    for name in sorted(AGES, key=lambda name: -AGES[name]):
        outcome = outcome_of(call(name), Talked("silence", transcript=(Said("caller", "Who?"),)))
        line = msgspec.json.encode(outcome)
        await PhoneCalls(opened).add(replace(call(name), outcome=line.decode()))
        append(tmp_path, line)
        await receipt_work(opened).do([about(name)])
        sound = tmp_path / "recordings" / f"{name}.opus"
        sound.write_bytes(b"sound")
        os.utime(sound, (call(name).placed_at,) * 2)
    yield opened
    await opened.close()


async def left(database: Database, folder: Path) -> dict[str, int]:
    """How many of each kind there still are."""
    calls = [await PhoneCalls(database).by_id(name) for name in AGES]
    known = [msgspec.json.decode(one.outcome, type=Outcome) for one in calls if one]
    lines = (folder / FILE).read_bytes().splitlines()
    written = [msgspec.json.decode(line, type=Outcome) for line in lines]
    assert len(written) == len(AGES)
    file = folder / "receipts.jsonl"
    await export_receipts(database, file, None)
    chain = verify(file.read_bytes().splitlines())
    assert isinstance(chain, Verified)
    return {
        "recordings": len(list((folder / "recordings").iterdir())),
        "transcripts": sum(bool(one.transcript) for one in known),
        "words": sum(bool(one.transcript) for one in written),
        "numbers": sum(bool(one.their_number) for one in written),
        "calls": len(known),
        "receipts": chain.last - chain.first + 1,
    }


ALL = dict.fromkeys(("recordings", "transcripts", "words", "numbers", "calls", "receipts"), 3)


@pytest.mark.parametrize(
    ("kind", "gone"),
    [
        ("", ()),
        ("recordings", ("recordings",)),
        ("transcripts", ("transcripts", "words")),
        ("calls", ("calls", "transcripts", "words", "numbers")),
        ("receipts", ("receipts",)),
    ],
)
async def test_each_kind_goes_after_its_own_days(
    database: Database, tmp_path: Path, kind: str, gone: tuple[str, ...]
) -> None:
    keeping = replace(FOR_EVER, **{kind: DAYS}) if kind else FOR_EVER
    for _ in range(2):  # a job may be done twice
        await retention_work(database, tmp_path, keeping)(about(TODAY))
        assert await left(database, tmp_path) == ALL | dict.fromkeys(gone, 1)


@pytest.mark.parametrize("kind", ["transcripts", "calls"])
async def test_talks_that_never_got_on_record_go_with_the_words_they_hold(
    database: Database, tmp_path: Path, kind: str
) -> None:
    kept, talked = Unsettled(tmp_path), Talked("silence", transcript=(Said("caller", "Who?"),))
    for name, days in AGES.items():
        kept.keep(Left(call(name), talked))
        torn = tmp_path / UNSETTLED / f"{name}.new"  # its process was killed
        torn.write_bytes(b'{"call":')
        for file in (torn.with_suffix(".json"), torn):
            os.utime(file, (NOW - days * DAY_S,) * 2)
    await retention_work(database, tmp_path, FOR_EVER)(about(TODAY))
    assert len(kept.ids()) == len(AGES)
    await retention_work(database, tmp_path, replace(FOR_EVER, **{kind: DAYS}))(about(TODAY))
    left = {file.name for file in (tmp_path / UNSETTLED).iterdir()}
    assert left == {"new.json", "new.new"}


async def test_the_chain_goes_on_behind_receipts_that_are_all_gone(
    database: Database, tmp_path: Path
) -> None:
    keeping = replace(FOR_EVER, receipts=1)
    await retention_work(database, tmp_path, keeping)(about("2028-01-15"))
    later = replace(call("new"), call_id="later")
    outcome = msgspec.json.encode(outcome_of(later, None)).decode()
    await PhoneCalls(database).add(replace(later, outcome=outcome))
    await receipt_work(database).do([about("later")])
    file = tmp_path / "receipts.jsonl"
    assert await export_receipts(database, file, None) == 1
    found = verify(file.read_bytes().splitlines())
    assert isinstance(found, Verified)
    assert (found.first, found.last) == (4, 4)


async def test_jobs_that_were_given_up_go_after_days_of_their_own(
    database: Database, tmp_path: Path
) -> None:
    jobs = Jobs(database, "one")
    async with database.writing() as connection:
        for name in AGES:
            await add(connection, "webhook", name, "", NOW - 300 * DAY_S)
    for job in await jobs.claim(NOW, 10, "webhook"):
        await jobs.failed(job, "it answered 500", None, NOW - AGES[job.subject] * DAY_S)

    async def are_left(**days: int) -> list[str]:
        work = retention_work(database, tmp_path, replace(FOR_EVER, **days))
        await work(about(TODAY))
        return [one.subject for one in await jobs.dead("webhook")]

    assert await are_left() == ["new", "old", "oldest"]
    assert await are_left(failed_jobs=150) == ["new", "old"]
    await jobs.again((await jobs.dead("webhook"))[1].job_id, NOW - 9 * DAY_S)
    assert await are_left(failed_jobs=1) == ["new"]
    assert [job.subject for job in await jobs.claim(NOW, 10, "webhook")] == ["old"]


def test_receipts_stay_five_years_failed_jobs_a_month_and_all_else_for_ever() -> None:
    moments = {"receipts": NOW - 1826 * DAY_S, "failed_jobs": NOW - 30 * DAY_S}
    assert due(keeping_of(load_settings({})), NOW) == moments


@given(st.integers(0, 5_000), st.integers(0, 5_000))
def test_calls_stay_as_long_as_the_gate_looks_back(calls: int, receipts: int) -> None:
    moments = due(replace(FOR_EVER, calls=calls, receipts=receipts), NOW)
    assert ("calls" in moments, "receipts" in moments) == (calls > 0, receipts > 0)
    assert moments.get("calls", 0.0) <= NOW - 31 * DAY_S
