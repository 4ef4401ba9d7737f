"""How phone calls are placed, joined, hung up and withdrawn, over real sockets."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from carrier import SID, begins, posts, rings_us
from msgspec.structs import replace
from phone import OURS, PERSON, sweeping, telephone, two_processes
from served import DEADLINE_S, eventually
from sqlalchemy import text
from structlog.testing import capture_logs

from benchmarks.postgres import Postgres
from vantum.dialing.abandonment import Limits, Met, was_abandoned
from vantum.store.database import Database
from vantum.store.phone_calls import Command, PhoneCall, PhoneCalls
from vantum.telephony.settled import outcome_of

pytestmark = pytest.mark.anyio


async def test_tw_07_the_operator_hangs_up(tmp_path: Path) -> None:
    async with telephone(tmp_path) as phone:
        call_id = await phone.calls()
        await eventually(lambda: len(phone.server.calls) == 1)
        assert (await phone.asks("POST", f"/api/v1/calls/{call_id}/hang-up"))[0] == 202
        outcome = await phone.outcome(call_id)
        assert (outcome.status, outcome.outcome) == ("completed", "operator_ended")
        assert (await phone.call(call_id))["outcome"]["outcome"] == "operator_ended"
        await phone.is_quiet()


async def test_tw_07_a_call_is_hung_up_while_it_rings(tmp_path: Path) -> None:
    async with telephone(tmp_path) as phone:
        call_id = await phone.calls("+15550100102")
        assert (await phone.asks("POST", f"/api/v1/calls/{call_id}/hang-up"))[0] == 202
        outcome = await phone.outcome(call_id)
        assert outcome.outcome in {
            "canceled",
            "operator_ended",
        }  # as it was ringing, or just answered
        assert not outcome.transcript
        await phone.is_quiet()


async def test_tw_07_the_operator_ends_a_call_before_there_is_a_talk(tmp_path: Path) -> None:
    async with telephone(tmp_path) as phone:
        token = await rings_us(phone)
        [call] = (await phone.asks("GET", "/api/v1/calls?state=live"))[1]["items"]
        assert (await phone.asks("POST", f"/api/v1/calls/{call['id']}/hang-up"))[0] == 202
        async with asyncio.timeout(DEADLINE_S):  # a stream that was on its way is too late
            await (await begins(phone, token)).wait_closed()
        form = {"CallSid": SID, "CallStatus": "completed"}
        assert (await posts(phone, "/twilio/status", form))[0] == 204
        assert (await phone.outcome(call["id"])).outcome == "operator_ended"


async def greeted(records: PhoneCalls, call_id: str) -> PhoneCall | None:
    """The call, once it is on record that somebody has heard us."""
    call = await records.by_id(call_id)
    return call if call and call.greeted_after_s is not None else None


async def test_who_was_greeted_before_the_server_died_was_not_abandoned(tmp_path: Path) -> None:
    async with telephone(tmp_path) as phone:
        call_id = await phone.calls()
        database = Database(f"sqlite:///{tmp_path}/vantum.db")
        records = PhoneCalls(database)
        async with asyncio.timeout(DEADLINE_S):
            while not (call := await greeted(records, call_id)):  # noqa: ASYNC110 - they are asked
                await asyncio.sleep(0.02)
        await database.close()
        await phone.asks("POST", f"/api/v1/calls/{call_id}/hang-up")
        told = await phone.outcome(call_id)
    assert call.outcome == ""  # it was on record while they talked
    assert call.greeted_after_s == told.greeted_after_s
    died = replace(call, status="completed", ended_at=call.placed_at + 30.0)
    met = msgspec.convert(outcome_of(died, None), Met, from_attributes=True)
    assert (met.outcome, was_abandoned(met, Limits())) == ("lost", False)
    never = replace(met, greeted_after_s=None)
    assert was_abandoned(never, Limits()) is True


async def test_a_leg_that_the_carrier_does_not_know_is_not_asked_about_for_ever(
    tmp_path: Path,
) -> None:
    async with telephone(tmp_path) as phone:
        await rings_us(phone)  # who rings us here is none of the simulated carrier's
        async with sweeping(f"sqlite:///{tmp_path}/vantum.db", phone):
            await eventually(lambda: bool(phone.outcomes()))
        [outcome] = phone.outcomes()
        assert (outcome.sid, outcome.outcome) == (SID, "failed")


async def test_somebody_calls_us(tmp_path: Path) -> None:
    async with telephone(tmp_path) as phone:
        order = {
            "from": PERSON,
            "to": OURS,
            "voice_url": f"{phone.url}/twilio/voice",
            "status_url": f"{phone.url}/twilio/status",
        }
        async with phone.http.post(f"{phone.simulator.url}/simulator/calls", json=order) as rung:
            assert rung.status == 201
        await eventually(lambda: len(phone.server.calls) == 1)
        [call] = (await phone.asks("GET", "/api/v1/calls?state=live"))[1]["items"]
        assert (call["direction"], call["to"]) == ("inbound", PERSON)
        await phone.asks("POST", f"/api/v1/calls/{call['id']}/hang-up")
        outcome = await phone.outcome(call["id"])
        assert (outcome.direction, outcome.outcome) == ("inbound", "operator_ended")
        await phone.is_quiet()


async def test_webhooks_stream_and_commands_may_land_on_different_processes(
    tmp_path: Path, database_url: str
) -> None:
    """The one that is asked to call is not the one that the carrier reaches."""
    async with two_processes(tmp_path, database_url) as (reached, asked):
        call_id = await asked.calls()
        await eventually(lambda: len(reached.server.calls) == 1)
        assert not len(asked.server.calls)
        assert (await asked.call(call_id))["status"] == "in-progress"
        assert (await asked.asks("POST", f"/api/v1/calls/{call_id}/hang-up"))[0] == 202
        assert (await asked.outcome(call_id)).outcome == "operator_ended"
        await reached.is_quiet()


async def test_a_call_that_the_carrier_refuses_is_told_with_the_reason(tmp_path: Path) -> None:
    async with telephone(tmp_path) as phone:
        phone.simulator.breaks("twilio", "unauthorized")
        status, problem = await phone.asks("POST", "/api/v1/calls", {"to": PERSON})
        assert status == 502
        assert "TWILIO_AUTH_TOKEN" in problem["detail"]
        [outcome] = phone.outcomes()
        assert outcome.outcome == "failed"


async def test_nothing_is_left_ringing_when_the_server_stops(tmp_path: Path) -> None:
    async with telephone(tmp_path) as phone:
        simulator = phone.simulator
        async with telephone(tmp_path / "other", carrier=simulator) as stopping:
            await stopping.calls("+15550100102")
            await stopping.calls(PERSON)
        await phone.is_quiet()


async def test_tw_08_calls_of_all_kinds_cut_at_any_moment_leave_nothing(tmp_path: Path) -> None:
    """A part of what `benchmarks/many_phones.py` does at length."""
    dice = random.Random(7)
    async with telephone(tmp_path, vendors=True) as phone:
        for first in (10, 20, 30):  # nobody is called who is on the phone with us
            numbers = [f"+1555010{first + n}{dice.randrange(12):02}" for n in range(8)]
            ids = [await phone.calls(number) for number in numbers]
            for call_id in dice.sample(ids, len(ids)):
                await phone.asks("POST", f"/api/v1/calls/{call_id}/hang-up")
            for call_id in ids:
                await phone.outcome(call_id, 60)
        await phone.is_quiet()
        assert len({one.call_id for one in phone.outcomes()}) == len(phone.outcomes()) == 24


@asynccontextmanager
async def away(url: str) -> AsyncIterator[None]:
    """The database server takes nobody, and drops who is there."""
    name = urlsplit(url).path[1:]
    operator = Database(url.replace(f"/{name}", "/postgres"))

    async def lets_in(allowed: str) -> None:
        async with operator.writing() as connection:
            await connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}"))
            dropped = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
            await connection.execute(text(dropped), {"name": name})

    await lets_in("false")
    try:
        yield
    finally:
        await lets_in("true")
        await operator.close()


async def test_what_was_said_is_kept_when_a_call_ends_while_the_database_is_away(
    tmp_path: Path, postgres: Postgres
) -> None:
    url = postgres.new_database()
    with capture_logs() as logs:
        async with telephone(tmp_path, vendors=True, database_url=url) as phone:
            call_id = await phone.calls()
            await eventually(lambda: len(phone.server.calls) == 1)
            live = phone.server.calls.by_session(call_id)
            assert live is not None
            await eventually(lambda: bool(live.call.conversation.talk.history.lines))
            sid = (await phone.leg(PERSON))["sid"]
            async with away(url):
                async with phone.http.delete(f"{phone.simulator.url}/simulator/calls/{sid}") as cut:
                    assert cut.status == 204
                await eventually(lambda: call_id in {log.get("call_id") for log in in_doubt(logs)})
            outcome = await phone.outcome(call_id, 60)
    assert (outcome.status, outcome.outcome) == ("completed", "disconnected")
    assert outcome.transcript


def in_doubt(logs: list[MutableMapping[str, Any]]) -> list[MutableMapping[str, Any]]:
    return [log for log in logs if log["event"] == "records_not_read"]


async def test_a_call_outlives_the_time_that_the_database_is_away(
    tmp_path: Path, postgres: Postgres
) -> None:
    url = postgres.new_database()
    with capture_logs() as logs:
        async with telephone(tmp_path, database_url=url) as phone:
            call_id = await phone.calls()
            await eventually(lambda: len(phone.server.calls) == 1)
            async with away(url):
                status, problem = await phone.asks("GET", f"/api/v1/calls/{call_id}")
                assert (status, "the database" in problem["detail"]) == (503, True)
                form = {"CallSid": SID, "CallStatus": "completed"}
                assert (await posts(phone, "/twilio/status", form))[0] == 503
                await eventually(lambda: "records_not_read" in {log["event"] for log in logs})
            assert len(phone.server.calls) == 1
            database = Database(url)
            elsewhere = PhoneCalls(database)
            call = await elsewhere.by_id(call_id)
            assert call is not None
            await elsewhere.command(Command(call_id, "hang_up"), call.worker)
            await database.close()
            assert (await phone.outcome(call_id)).outcome == "operator_ended"
            await phone.is_quiet()
    assert "task_failed" not in {log["event"] for log in logs}
