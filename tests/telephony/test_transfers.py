"""A caller is put through to a colleague, who may be busy, away, or told first what it is about.

Recogniser, voice and carrier are simulated; everybody's words are heard on the other telephones.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from phone import Phone, telephone
from served import eventually

from vantum.agents.schema import Transfer
from vantum.conversation.states import State
from vantum.telephony.settled import Outcome

pytestmark = pytest.mark.anyio

PATIENCE_S = 60.0  # the longest of them takes 25 s
SUMMARY = "Ann has a question about prices."
TEXTS = Transfer(number="")
BUSY, NO_ANSWER, VOICEMAIL = "+15550100101", "+15550100102", "+15550100103"

Script = list[dict[str, Any]]


def talks(*lines: str, leaves: bool) -> Script:
    """Says hello, then a line each time that the other side has spoken."""
    wait = {"act": "wait", "silence_s": 0.8, "patience_s": 60}
    acts: Script = [{"act": "pause", "seconds": 0.7}, {"act": "say", "text": "Hello?"}]
    for line in lines:
        acts += [wait, {"act": "say", "text": line}]
    return [*acts, {"act": "hang_up"} if leaves else {"act": "pause", "seconds": 60}]


ASKS = [f"What is number {n}?" for n in ("one", "two", "three", "four", "five", "six", "seven")]
CALLER = talks(*ASKS, leaves=False)
COLLEAGUE = talks("Robin is at your service.", "That is two.", "That is three.", leaves=True)


async def until(holds: Callable[[], Awaitable[Any]]) -> Any:
    """What was waited for."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := await holds()):  # noqa: ASYNC110 - asks over HTTP, sets no event
            await asyncio.sleep(0.25)
    return found


@dataclass
class Case:
    """One caller, and the colleague that they are to be put through to."""

    phone: Phone
    number: str
    colleague: str
    call_id: str = ""
    sid: str = ""
    colleague_id: str = ""
    colleague_sid: str = ""
    shown: list[Any] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    async def casts(self, number: str, script: Script) -> None:
        url = f"{self.phone.simulator.url}/simulator/callees"
        async with self.phone.http.post(url, json={"number": number, "script": script}) as answer:
            assert answer.status == 204

    async def begins(self) -> None:
        await self.casts(self.number, CALLER)
        self.call_id = await self.phone.calls(self.number)
        await eventually(self._greets)
        self.sid = (await self.rung(self.number))["sid"]

    def _greets(self) -> bool:
        live = self.phone.server.calls.by_session(self.call_id)
        return live is not None and live.call.state is State.RESPONDING

    async def asks(self, *, warm: bool) -> None:
        order = {"to": self.colleague, "warm": warm, "summary": SUMMARY}
        path = f"/api/v1/calls/{self.call_id}/transfer"
        status, problem = await self.phone.asks("POST", path, order)
        assert status == 202, problem
        self.colleague_sid = (await until(lambda: self.rung(self.colleague)))["sid"]
        live = (await self.phone.asks("GET", "/api/v1/calls"))[1]
        ids = [call["id"] for call in live if call["for_call"] == self.call_id]
        self.colleague_id = ids[0] if ids else ""

    async def rung(self, number: str) -> Any:
        """The call of a telephone, as the carrier knows it."""
        async with self.phone.http.get(f"{self.phone.simulator.url}/simulator/calls") as answer:
            calls = (await answer.json())["calls"]
        return next((call for call in calls if call["to"] == number), None)

    async def heard(self, sid: str) -> str:
        """Costs much: all sound is read. Whoever waits for something asks `says`."""
        report = await self.phone.at_the_carrier(sid)
        return " ".join(one["text"] or "?" for one in report["heard"])

    def says(self, text: str, *, call_id: str = "", then: int = 0) -> bool:
        """The agent said this to its end, and `then` so many other things."""
        live = self.phone.server.calls.by_session(call_id or self.call_id)
        lines = live.call.conversation.talk.history.lines if live else []
        said = [line.text for line in lines if line.role == "assistant"]
        return text in said[: len(said) - then]

    @property
    def is_briefing(self) -> bool:
        live = self.phone.server.calls.by_session(self.colleague_id)
        return live is not None and live.call.state is State.RESPONDING

    async def is_handed_over(self) -> None:
        async def handed_over() -> bool:
            return bool((await self.phone.call(self.call_id))["handed_over"])

        await until(handed_over)
        self.shown.append(await self.phone.call(self.call_id))

    async def hangs_up(self) -> None:
        status, _ = await self.phone.asks("POST", f"/api/v1/calls/{self.call_id}/hang-up")
        assert status == 202

    async def is_over(self) -> None:
        self.outcomes.append(await self.phone.outcome(self.call_id, PATIENCE_S))
        self.outcomes += [one for one in self.phone.outcomes() if one.for_call == self.call_id]


async def people_talk(case: Case, *, warm: bool) -> None:
    await case.casts(case.colleague, COLLEAGUE)
    await case.begins()
    await case.asks(warm=warm)
    await case.is_handed_over()

    async def ended() -> bool:
        return bool((await case.phone.call(case.call_id))["ended_at"])

    await until(ended)
    await until(lambda: _both(case))


async def _both(case: Case) -> bool:
    case.outcomes.clear()
    await case.is_over()
    return len(case.outcomes) == 2


async def nobody_is_there(case: Case, *, warm: bool) -> None:
    await case.begins()
    await case.asks(warm=warm)
    await eventually(lambda: case.says(TEXTS.failed, then=1), PATIENCE_S)
    await case.hangs_up()
    await case.is_over()


async def caller_leaves(case: Case) -> None:
    await case.casts(case.colleague, talks(leaves=False))
    await case.begins()
    await case.asks(warm=True)
    await eventually(lambda: case.is_briefing, PATIENCE_S)
    url = f"{case.phone.simulator.url}/simulator/calls/{case.sid}"
    async with case.phone.http.delete(url) as answer:
        assert answer.status == 204
    await until(lambda: _both(case))


CASES: dict[str, tuple[str, Callable[[Case], Awaitable[None]]]] = {
    "cold": ("+15550100140", lambda case: people_talk(case, warm=False)),
    "warm": ("+15550100141", lambda case: people_talk(case, warm=True)),
    "cold_busy": (BUSY, lambda case: nobody_is_there(case, warm=False)),
    "warm_busy": ("+15550100201", lambda case: nobody_is_there(case, warm=True)),
    "no_answer": (NO_ANSWER, lambda case: nobody_is_there(case, warm=True)),
    "voicemail": (VOICEMAIL, lambda case: nobody_is_there(case, warm=True)),
    "leaves": ("+15550100142", caller_leaves),
}


@pytest.fixture(scope="module")
async def cases(
    anyio_backend: object, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, Case]]:
    """All of them at once."""
    folder: Path = tmp_path_factory.mktemp("transfers")
    async with telephone(folder, vendors=True) as phone:
        found = {
            name: Case(phone, f"+155501003{at:02}", colleague)
            for at, (name, (colleague, _)) in enumerate(CASES.items(), start=40)
        }
        async with asyncio.TaskGroup() as group:
            for name, case in found.items():
                group.create_task(_named(name, CASES[name][1](case)), name=name)
        await phone.is_quiet()
        yield found


async def _named(name: str, work: Awaitable[None]) -> None:
    try:
        await work
    except TimeoutError:
        raise AssertionError(f"{name} waits for ever") from None
