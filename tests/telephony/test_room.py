"""Who calls us at a process that is full: let in only as far as another one can carry the call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from carrier import begins, leaves, posts
from phone import OURS, Phone, strained, telephone, two_processes
from served import eventually

pytestmark = pytest.mark.anyio

FIRST, SECOND, THIRD = ("CA" + digit * 32 for digit in "123")


async def rings(phone: Phone, sid: str, host: str = "") -> str:
    """The token that a caller's stream is given; "" where they are hung up on."""
    form = {"CallSid": sid, "From": f"+155501001{sid[-2:]}", "To": OURS}
    status, twiml = await posts(phone, "/twilio/voice", form, host=host)
    assert status == 200
    return twiml.split('value="')[1].split('"')[0] if "<Stream" in twiml else ""


async def refused(phone: Phone, why: str) -> bool:
    page = await (await phone.http.get(f"{phone.url}/metrics")).text()
    return f'vantum_sessions_refused_total{{reason="{why}"}} 1.0' in page


@asynccontextmanager
async def one_is_full(folder: Path, database_url: str) -> AsyncIterator[tuple[Phone, Phone]]:
    """Two processes with room for a call each, which a browser takes at the second."""
    async with (
        two_processes(folder, database_url, max_sessions=1) as (free, full),
        full.server.connect(),
    ):
        yield free, full


async def test_the_free_room_of_another_process_is_given_away_once(
    tmp_path: Path, database_url: str
) -> None:
    async with one_is_full(tmp_path, database_url) as (free, full):
        token = await rings(full, FIRST, free.url)
        assert token
        assert not await rings(full, SECOND, free.url)  # the first is on its way
        socket = await begins(free, token, FIRST)
        await eventually(lambda: len(free.server.calls) == 1)
        assert not await rings(full, THIRD, free.url)
        await leaves(free, socket, FIRST)


async def test_who_comes_back_to_a_full_process_has_taken_the_room_of_the_other(
    tmp_path: Path, database_url: str
) -> None:
    async with one_is_full(tmp_path, database_url) as (free, full):
        token = await rings(full, FIRST, free.url)
        socket = await begins(full, token, FIRST, host=free.url)
        await eventually(lambda: len(full.server.calls) == 2)
        assert not await rings(full, SECOND, free.url)
        await socket.close()


@pytest.mark.parametrize("why", ["full", "draining"])
async def test_callers_who_are_refused_are_counted_by_why(tmp_path: Path, why: str) -> None:
    async with telephone(tmp_path, max_sessions=1) as phone, phone.server.connect():
        if why == "draining":
            phone.server.calls.stopping.set()
        assert not await rings(phone, FIRST)
        assert await refused(phone, why)


async def test_a_process_that_does_not_keep_up_refuses_callers_where_it_is_alone(
    tmp_path: Path,
) -> None:
    async with telephone(tmp_path) as phone:
        strained(phone.server.calls)
        assert not await rings(phone, FIRST)
        assert await refused(phone, "full")


async def test_whoever_came_by_browser_holds_room_that_no_phone_call_has(tmp_path: Path) -> None:
    async with telephone(tmp_path, max_sessions=3) as phone, phone.server.connect():
        assert phone.server.calls.phone_room == 2
        socket = await begins(phone, await rings(phone, FIRST), FIRST)
        await eventually(lambda: len(phone.server.calls) == 2)
        assert phone.server.calls.phone_room == 2
        await socket.close()
