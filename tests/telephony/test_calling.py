"""What `vantum call` prints of a call that a running server places."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from msgspec.structs import replace
from phone import PERSON, Phone, telephone
from rich.console import Console
from served import eventually

from a_call import phone_call
from vantum.calling import Followed, Server, follow, tell, was_reached
from vantum.errors import RequestError, ServerUnreachable
from vantum.telephony.settled import Said, outcome_of

pytestmark = pytest.mark.anyio

CALL = phone_call(100.0)
HANGS_UP, BUSY = "+15550100108", "+15550100101"


async def follows(phone: Phone, number: str) -> tuple[Followed, str]:
    """The call, and what was printed of it."""
    console = Console(file=io.StringIO(), width=200)
    call = await follow(Server(phone.url, phone.token, phone.http), number, None, console)
    tell(call, phone.data, console)
    assert isinstance(console.file, io.StringIO)
    return call, console.file.getvalue()


async def test_a_call_is_told_from_the_first_ring_to_what_came_of_it(tmp_path: Path) -> None:
    async with telephone(tmp_path, vendors=True) as phone:
        reached, printed = await follows(phone, HANGS_UP)
        busy, in_short = await follows(phone, BUSY)
        await phone.is_quiet()
    assert "  agent: Hi" in printed
    assert "outcome: disconnected, answered by: person" in printed
    assert "busy\noutcome: busy\n" in in_short
    assert (was_reached(reached), was_reached(busy)) == (True, False)


async def test_who_follows_a_call_of_a_server_that_stops_is_told_where_it_is_found(
    tmp_path: Path,
) -> None:
    async with telephone(tmp_path) as phone:
        following = asyncio.create_task(follows(phone, PERSON))
        await eventually(lambda: len(phone.server.calls))
        [call] = (await phone.asks("GET", "/api/v1/calls"))[1]["items"]
        phone.server.uvicorn.should_exit = True
        with pytest.raises(ServerUnreachable) as told:
            await following
    assert f"stopped while call {call['id']} ran" in str(told.value)
    assert f"grep {call['id']} data/outcomes.jsonl" in str(told.value)


async def test_what_cannot_be_called_is_told_with_the_reason(tmp_path: Path) -> None:
    async with telephone(tmp_path) as phone, aiohttp.ClientSession() as http:
        with pytest.raises(RequestError, match="like \\+15550100123"):
            await Server(phone.url, phone.token, http).place("555", None)
        with pytest.raises(RequestError, match="VANTUM_DATA_DIR"):
            await Server(phone.url, "guessed", http).place(BUSY, None)
        with pytest.raises(ServerUnreachable, match="vantum serve"):
            await Server("http://127.0.0.1:1", "", http).place(BUSY, None)
        with pytest.raises(RequestError, match="is it Vantum"):
            await Server(f"{phone.simulator.url}/v1", "", http).place(BUSY, None)


def told(**known: Any) -> str:
    """What is printed of a call with such an outcome."""
    console = Console(file=io.StringIO(), width=200)
    outcome = replace(outcome_of(CALL, None), **known)
    tell(Followed("call-1", "completed", 100.0, outcome=outcome), Path(), console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_machines_on_the_way_are_told_and_what_was_taken_back_for_them() -> None:
    said = (Said("agent", "Hi,", interrupted=True), Said("caller", "Yes?"), Said("agent", "Hi, I"))
    printed = told(
        outcome="agent_ended",
        answered_by="person",
        answered_at=101.0,
        lasted_s=20.0,
        met=("ivr",),
        pressed=("0",),
        transcript=said,
    )
    assert "  a menu answered; pressed 0\n   agent: Hi, (taken back)\n" in printed
    assert "outcome: agent_ended, answered by: person, 20.0 s\n" in printed


def test_a_failure_is_told_with_the_carriers_reason() -> None:
    assert told(outcome="failed", failure="SIP 404") == "outcome: failed, SIP 404\n"
