"""Who calls us, whom we call, and that each of these calls comes to its end at the carrier."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from typing import Any, Final, Literal

import httpx
from msgspec import Struct

from benchmarks.many_phones import OVER
from vantum.simulator.customer import OUR_NUMBER

ASK: Final = "What does it cost?"
HELLO: Final[list[dict[str, Any]]] = [
    {"act": "pause", "seconds": 0.3},
    {"act": "say", "text": "Hello?"},
]
QUESTION: Final[list[dict[str, Any]]] = [
    {"act": "interrupt", "after_s": 0.5, "patience_s": 4.0},
    {"act": "say", "text": ASK},
    {"act": "interrupt", "after_s": 0.6, "patience_s": 4.0},
]
SCRIPTS: Final[dict[str, list[dict[str, Any]]]] = {
    "asks": HELLO + QUESTION,
    "asks twice": HELLO + QUESTION + QUESTION[1:],
    "only listens": [*HELLO, {"act": "interrupt", "after_s": 1.0, "patience_s": 4.0}],
    "says nothing": [{"act": "pause", "seconds": 3.5}],
}
CUT_S: Final = (0.0, 4.0)  # by then most calls are over by themselves
CUT_SHARE: Final = 0.25
RECORDED: Final = 20  # every so many-th call: making an Opus file takes a process of its own
LOOK_S: Final = 0.4
APART_S: Final = 0.05  # carriers begin calls one after another
PATIENCE_S: Final = 90.0  # for one call, though a machine stalls


class Planned(Struct, frozen=True):
    """One call that is to be made."""

    number: str  # of the other side; nobody has it twice
    inbound: bool
    script: str  # by name
    recorded: bool = False
    cut_after_s: float | None = None  # from its being placed
    cut_by: Literal["them", "us"] = "them"


def planned(seed: int, calls: int, cut_s: tuple[float, float] = CUT_S) -> list[Planned]:
    """The calls; the same for the same seed."""
    dice = random.Random(seed)
    plan = []
    for n in range(calls):
        inbound, recorded = dice.random() < 0.5, n % RECORDED == 0
        cut = dice.uniform(*cut_s) if dice.random() < CUT_SHARE else None
        plan.append(
            Planned(
                number=f"+15550{300_000 + n:06}",
                inbound=inbound and not recorded,
                script=dice.choice(list(SCRIPTS)),
                recorded=recorded,
                cut_after_s=cut,
                cut_by="them" if inbound and not recorded else "us",
            )
        )
    return plan


def number_of(leg: dict[str, Any]) -> str:
    """Of the other side."""
    return str(leg["from"] if leg["direction"] == "inbound" else leg["to"])


class Crowd:
    """Everybody who calls or is called."""

    def __init__(
        self,
        server_url: str,
        carrier_url: str,
        token: str,
        at_once: int,
        *,
        scripts: Mapping[str, list[dict[str, Any]]] = SCRIPTS,
        beside: int = 0,
    ) -> None:
        """`beside`: calls that others may begin while one of these lasts."""
        headers = {"Authorization": f"Bearer {token}"}
        self._url = server_url
        self._scripts = scripts
        self.us = httpx.AsyncClient(base_url=server_url, headers=headers, timeout=60)
        self.carrier = httpx.AsyncClient(base_url=carrier_url, timeout=60)
        self._lines = asyncio.Semaphore(at_once)
        self._newest = 6 * at_once + beside
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self.done = 0
        self.refused: list[str] = []  # numbers that we would not call

    async def close(self) -> None:
        await self.us.aclose()
        await self.carrier.aclose()

    async def have(self, plan: list[Planned], doors_open: asyncio.Event | None = None) -> None:
        """All of these calls, from the first to the end of the last; none begins at shut doors."""
        looking = asyncio.create_task(self._look(), name="look")
        try:
            async with asyncio.TaskGroup() as group:
                for one in plan:
                    await self._lines.acquire()
                    await asyncio.sleep(APART_S)
                    if doors_open is not None:
                        await doors_open.wait()
                    group.create_task(self._call(one), name=one.number)
        finally:
            looking.cancel()

    async def _call(self, one: Planned) -> None:
        over = self._waiting[one.number] = asyncio.get_running_loop().create_future()
        try:
            name = await (self._rings_us(one) if one.inbound else self._is_rung(one))
            if not name:
                self.refused.append(one.number)
                return
            cut_s = PATIENCE_S if one.cut_after_s is None else one.cut_after_s
            try:
                await asyncio.wait_for(asyncio.shield(over), cut_s)
            except TimeoutError:
                if one.cut_after_s is None:
                    return  # it is among the lost
                await self._cut(one, name)
                await asyncio.wait([over], timeout=PATIENCE_S)
        finally:
            del self._waiting[one.number]
            self.done += 1
            self._lines.release()

    async def _rings_us(self, one: Planned) -> str:
        asked = {
            "to": OUR_NUMBER,
            "from": one.number,
            "voice_url": f"{self._url}/twilio/voice",
            "status_url": f"{self._url}/twilio/status",
            "script": self._scripts[one.script],
        }
        answer = await self.carrier.post("/simulator/calls", json=asked)
        return str(answer.raise_for_status().json()["sid"])

    async def _is_rung(self, one: Planned) -> str:
        """Our name for the call; "" where we refuse to place it."""
        who = {"number": one.number, "script": self._scripts[one.script]}
        (await self.carrier.post("/simulator/callees", json=who)).raise_for_status()
        asked = {"to": one.number} | ({"agent": "sales"} if one.recorded else {})
        answer = await self.us.post("/api/v1/calls", json=asked)
        return str(answer.json()["id"]) if answer.is_success else ""

    async def _cut(self, one: Planned, name: str) -> None:
        if one.cut_by == "them":
            await self.carrier.delete(f"/simulator/calls/{name}")
        else:
            await self.us.post(f"/api/v1/calls/{name}/hang-up")

    async def _look(self) -> None:
        """Ask the carrier again and again which calls are over."""
        while True:
            await asyncio.sleep(LOOK_S)
            for leg in await self.legs(self._newest):
                over = self._waiting.get(number_of(leg))
                if over is not None and not over.done() and leg["status"] in OVER:
                    over.set_result(None)

    async def legs(self, newest: int) -> list[dict[str, Any]]:
        """The carrier's newest calls."""
        told = (await self.carrier.get(f"/simulator/calls?newest={newest}")).json()
        found: list[dict[str, Any]] = told["calls"]
        return found
