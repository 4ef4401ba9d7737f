"""Talks that ended while the records were away: each gets on record, whatever another does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from phone import Phone, sweeping, telephone
from served import eventually
from sqlalchemy import text
from structlog.testing import capture_logs

from a_call import phone_call
from vantum.simulator.stage import ONE_ACCOUNT
from vantum.store.database import Database
from vantum.store.phone_calls import PhoneCall, PhoneCalls
from vantum.telemetry import server_log
from vantum.telephony.legs import Legs
from vantum.telephony.settled import Said, Talked
from vantum.telephony.twilio import TwilioCarrier
from vantum.telephony.unsettled import FOLDER, Left, Unsettled

pytestmark = pytest.mark.anyio

TALKED = Talked("disconnected", transcript=(Said("caller", "Who?"),))
SOON_S = 0.3


def call(name: str) -> PhoneCall:
    now = time.time()
    return phone_call(
        now, name, sid=f"CA-{name}", ended_at=now, status="completed", worker="a process"
    )


@asynccontextmanager
async def records(folder: Path) -> AsyncIterator[Database]:
    """Those of the server with this folder."""
    database = Database(f"sqlite:///{folder}/vantum.db")
    try:
        yield database
    finally:
        await database.close()


async def does(database: Database, statement: str) -> None:
    async with database.writing() as connection:
        await connection.execute(text(statement))


@asynccontextmanager
async def legs(phone: Phone, database: Database, *again_s: float) -> AsyncIterator[Legs]:
    """A process of the installation that has just carried a call."""
    carrier = TwilioCarrier(phone.simulator.url, ONE_ACCOUNT.sid, ONE_ACCOUNT.token)
    calls = PhoneCalls(database)
    try:
        yield Legs(carrier, calls, phone.data, log=server_log(), now=time.time, again_s=again_s)
    finally:
        await carrier.close()


def words(phone: Phone) -> dict[str, int]:
    """How many lines are on record of each call."""
    return {one.call_id: len(one.transcript) for one in phone.outcomes()}


async def test_one_that_cannot_be_read_or_settled_keeps_no_other_from_the_records(
    tmp_path: Path,
) -> None:
    async with telephone(tmp_path) as phone, records(tmp_path) as database:
        kept = Unsettled(tmp_path)
        for name in ("a-refused", "b-unread", "c-good", "d-unheard"):
            await PhoneCalls(database).add(call(name))
        (tmp_path / FOLDER / "b-unread.json").mkdir(parents=True)
        for name in ("a-refused", "c-good"):
            kept.keep(Left(call(name), TALKED))
        await does(
            database,
            "CREATE TRIGGER refuses BEFORE UPDATE ON phone_calls WHEN NEW.call_id = 'a-refused' "
            "BEGIN SELECT RAISE(ABORT, 'not this one'); END",
        )
        with capture_logs() as logs:
            async with sweeping(f"sqlite:///{tmp_path}/vantum.db", phone):
                await eventually(lambda: "d-unheard" in words(phone))
        assert words(phone) == {"c-good": 1, "d-unheard": 0}
        assert kept.ids() == ["a-refused", "b-unread"]
        told = {log["event"]: log["call_id"] for log in logs if "call_id" in log}
        assert told["call_not_settled"] == "a-refused"
        assert told["kept_talk_not_read"] == "b-unread"


async def test_the_last_wait_is_followed_by_a_try(tmp_path: Path) -> None:
    async with (
        telephone(tmp_path) as phone,
        records(tmp_path) as database,
        legs(phone, database, SOON_S) as carries,
    ):
        await carries.records.add(call("late"))
        await does(database, "ALTER TABLE phone_calls RENAME TO away")
        ending = asyncio.create_task(carries.ended(call("late"), TALKED, hang_up=False), name="end")
        await eventually(carries.unsettled.ids)
        await does(database, "ALTER TABLE away RENAME TO phone_calls")
        await ending
        assert words(phone) == {"late": 1}
        assert carries.unsettled.ids() == []


async def test_a_talk_is_kept_once_and_its_file_that_stays_ends_nothing(tmp_path: Path) -> None:
    async with (
        telephone(tmp_path) as phone,
        records(tmp_path) as database,
        legs(phone, database, 0.0, 0.0, SOON_S) as carries,
    ):
        await carries.records.add(call("kept"))
        await does(database, "ALTER TABLE phone_calls RENAME TO away")
        file = tmp_path / FOLDER / "kept.json"
        with capture_logs() as logs:
            ended = carries.ended(call("kept"), TALKED, hang_up=False)
            ending = asyncio.create_task(ended, name="end")
            await eventually(file.exists)
            written = file.stat().st_ino
            await eventually(lambda: sum(log.get("call_id") == "kept" for log in logs) == 3)
            assert file.stat().st_ino == written
            file.unlink()
            file.mkdir()
            await does(database, "ALTER TABLE away RENAME TO phone_calls")
            await ending
        assert words(phone) == {"kept": 1}
        assert logs[-1]["event"] == "outcome_not_written"
