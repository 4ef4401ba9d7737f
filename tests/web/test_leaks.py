"""A thousand connections come and go, half of them cut off: nothing stays behind."""

from __future__ import annotations

import asyncio
import gc
import random
from collections import Counter

import psutil
import pytest
from circles import no_collector
from served import Client, Served, eventually, serving
from websockets.exceptions import InvalidStatus

from vantum.call import Call
from vantum.ears import Ears
from vantum.playback import Player
from vantum.session import Session
from vantum.speaking import Saying
from vantum.transports.browser import BrowserCall
from vantum.transports.browser_outlet import BrowserOutlet

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("uncovered")]

CONNECTS = 1_000
WARM_UP = 300
AT_ONCE = 25
COMES_AGAIN_S, PATIENCE_S = 0.5, 200.0  # a slow machine takes a minute for all
KINDS = (Call, Ears, Player, Session, Saying, BrowserCall, BrowserOutlet)
MOMENTS = ["greeted", "recording", "ending", "thinking", "answering", "interrupted"]


async def reach(client: Client, moment: str) -> None:
    """Bring the conversation to that moment."""
    if moment == "greeted":
        return
    await client.start(turnDetection="manual")
    await client.says(0.1)
    if moment == "recording":
        return
    ended = await client.send(client.wire_name("audio.input.stop"))
    if moment == "ending":
        return
    await client.answer_to(ended)
    if moment == "thinking":
        return
    await client.hears("audio.output.chunk")
    if moment == "interrupted":
        await client.send("user.action.interrupt")


async def come_and_go(server: Served, number: int, dice: random.Random) -> bool:
    """Whether there was room: a machine may be too slow for all of them."""
    async with server.connect(v2=number % 3 == 0) as client:
        if client.names() == ["system.status.busy"]:
            return False
        await reach(client, dice.choice(MOMENTS))
        if number % 2:
            await client.vanishes()
        elif dice.random() < 0.5:
            await client.leaves()
        else:
            await client.asks("user.action.end_call")
            assert await client.is_closed() == 1000
    return True


async def many(server: Served, count: int) -> None:
    dice = random.Random(count)
    numbers = iter(range(count))

    async def one_after_the_other() -> None:
        for number in numbers:
            while not await come_and_go(server, number, dice):  # noqa: ASYNC110 - the server is full
                await asyncio.sleep(COMES_AGAIN_S)

    async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(one_after_the_other(), name="visitors")


async def settled(server: Served) -> dict[str, int]:
    """What is held once everybody has left."""
    await server.is_empty()
    await eventually(lambda: not server.uvicorn.server_state.connections)
    await eventually(lambda: not server.uvicorn.server_state.tasks)
    gc.collect()
    process = psutil.Process()
    held = Counter(type(thing).__name__ for thing in gc.get_objects() if isinstance(thing, KINDS))
    # Event loops keep cancelled ones until their time has come.
    timers = [thing for thing in gc.get_objects() if "TimerHandle" in type(thing).__name__]
    return {
        "tasks": len(asyncio.all_tasks()),
        "descriptors": process.num_fds(),
        "timers": sum(not timer.cancelled() for timer in timers),
        "memory": process.memory_info().rss,
        **held,
    }


def grown(before: dict[str, int], after: dict[str, int]) -> dict[str, tuple[int, int]]:
    """What there is more of: of calls and their parts anything, of memory a tenth."""
    allowed = dict.fromkeys(after, 0) | before | {"memory": before["memory"] * 1.1}
    return {
        name: (before.get(name, 0), count) for name, count in after.items() if count > allowed[name]
    }


async def test_se_08_09_qa_05_a_thousand_connections_leave_nothing_behind() -> None:
    async with serving(llm_provider="staged", llm_model="talkative") as server:
        await many(server, WARM_UP)
        before = await settled(server)
        await many(server, CONNECTS)
        # Closed transports give their descriptors back some turns later, and a peer that does not
        # answer a close has ten seconds for it.
        deadline = asyncio.get_running_loop().time() + 15
        while more := grown(before, await settled(server)):
            if asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(0.05)
        assert not more
        assert server.calls.tally().ended == WARM_UP + CONNECTS


async def test_what_is_over_waits_for_no_collector() -> None:
    async with serving(llm_provider="staged", llm_model="talkative") as server:
        await many(server, AT_ONCE)
        with no_collector() as waiting:
            await many(server, 4 * len(MOMENTS))
            await server.is_empty()
            await eventually(lambda: not server.uvicorn.server_state.tasks)
            assert not waiting()


async def test_who_is_refused_leaves_nothing_behind() -> None:
    async with serving() as server:

        async def knock() -> None:
            with pytest.raises(InvalidStatus) as refused:
                async with server.connect(origin="https://evil.example"):
                    pass
            assert refused.value.response.status_code == 403

        await knock()
        before = await settled(server)
        for _ in range(AT_ONCE):
            await knock()
        await eventually(lambda: len(asyncio.all_tasks()) <= before["tasks"])
        assert not grown(before, await settled(server))
