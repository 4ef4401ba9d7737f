"""What `vantum call` prints of a call that a running server places."""

from __future__ import annotations

import io
from pathlib import Path

import aiohttp
import pytest
from phone import Phone, telephone
from rich.console import Console

from vantum.calling import Followed, Server, follow, tell, was_reached
from vantum.errors import RequestError, ServerUnreachable

pytestmark = pytest.mark.anyio

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
    assert "busy\noutcome: busy, 0.0 s" in in_short
    assert (was_reached(reached), was_reached(busy)) == (True, False)


async def test_what_cannot_be_called_is_told_with_the_reason(tmp_path: Path) -> None:
    async with telephone(tmp_path) as phone, aiohttp.ClientSession() as http:
        with pytest.raises(RequestError, match="like \\+15550100123"):
            await Server(phone.url, phone.token, http).place("555", None)
        with pytest.raises(RequestError, match="API token is needed"):
            await Server(phone.url, "guessed", http).place(BUSY, None)
        with pytest.raises(ServerUnreachable, match="vantum serve"):
            await Server("http://127.0.0.1:1", "", http).place(BUSY, None)
        with pytest.raises(RequestError, match="is it Vantum"):
            await Server(f"{phone.simulator.url}/v1", "", http).place(BUSY, None)
