"""A caller is put through to a colleague, who may be busy, away, or told first what it is about.

Recogniser, voice and carrier are simulated; everybody's words are heard on the other telephones.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from phone import Phone, sweeping, telephone
from served import eventually

from vantum.agents.schema import Transfer
from vantum.calls import Live
from vantum.conversation.states import State
from vantum.store.phone_calls import PhoneCalls
from vantum.telephony.settled import Outcome
from vantum.transports.twilio_outlet import TwilioOutlet

pytestmark = pytest.mark.anyio

PATIENCE_S = 60.0  # the longest of them takes 20 s
RING_S = 4.0  # at Robin's: time for the caller to be told
SUMMARY = "Ann has a question about prices."
TEXTS = Transfer(number="")

Script = list[dict[str, Any]]


def answers(*lines: str, silence_s: float = 0.8) -> Script:
    """A line each time that the other side has spoken."""
    wait = {"act": "wait", "silence_s": silence_s, "patience_s": 60}
    return [act for line in lines for act in (wait, {"act": "say", "text": line})]


HELLO: Script = [{"act": "pause", "seconds": 0.7}, {"act": "say", "text": "Hello?"}]
STAYS: Script = [{"act": "pause", "seconds": 60}]
LEAVES: Script = [{"act": "hang_up"}]
QUESTIONS = tuple(f"What is number {n}?" for n in ("one", "two", "three", "four", "five"))
ROBIN = ("Robin is at your service.", "That is two.", "That is three.")


async def until(holds: Callable[[], Awaitable[Any]]) -> Any:
    """What was waited for."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := await holds()):  # noqa: ASYNC110 - asks over HTTP, sets no event
            await asyncio.sleep(0.25)
    return found


@dataclass
class Case:
    """One caller, the colleague that they are to be put through to, and what came of both."""

    phone: Phone  # the process that is asked
    number: str
    colleague: str
    silence_s: float = 1.5  # of the other side, after which the caller speaks
    call_id: str = ""
    colleague_id: str = ""
    live: Live | None = None  # the caller's talk
    handed_over: Any = None  # the caller's call as it was shown then
    open_then: int = 0  # legs
    refused: Any = None  # status and problem of a second try
    caller_tape: Any = None
    colleague_tape: Any = None
    outcomes: list[Outcome] = field(default_factory=list)  # the caller's, the colleague's

    async def begins(self) -> None:
        """The agent speaks to the caller."""
        asks = answers(*QUESTIONS, silence_s=self.silence_s)
        await self.phone.casts(number=self.number, script=HELLO + asks + STAYS)
        self.call_id = await self.phone.calls(self.number)
        await eventually(lambda: self.speaks(self.call_id), PATIENCE_S)
        self.live = self.phone.server.calls.by_session(self.call_id)

    def speaks(self, call_id: str) -> bool:
        live = self.phone.server.calls.by_session(call_id)
        return live is not None and live.call.state is State.RESPONDING

    def agent_said(self) -> list[str]:
        """Each as far as it was heard."""
        assert self.live is not None
        lines = self.live.call.conversation.talk.history.lines
        return [line.text for line in lines if line.role == "assistant"]

    async def asks(self, *, warm: bool) -> tuple[int, Any]:
        """Have the caller put through."""
        order = {"to": self.colleague, "warm": warm, "summary": SUMMARY}
        return await self.phone.asks("POST", f"/api/v1/calls/{self.call_id}/transfer", order)

    async def is_put_through(self, *, warm: bool) -> None:
        status, problem = await self.asks(warm=warm)
        assert status == 202, problem
        self.colleague_id = await until(self._colleague)

    async def _colleague(self) -> Any:
        calls = (await self.phone.asks("GET", "/api/v1/calls?state=live"))[1]["items"]
        return next((call["id"] for call in calls if call["for_call"] == self.call_id), None)

    async def is_handed_over(self) -> None:
        async def handed_over() -> Any:
            call = await self.phone.call(self.call_id)
            return call | {"shown_at": time.time()} if call["handed_over"] else None

        self.handed_over = await until(handed_over)
        self.open_then = await self.phone.open_legs()

    async def hear_each_other(self) -> bool:
        """Robin speaks first."""
        sid = (await self.phone.leg(self.colleague))["sid"]
        return "What is number" in words(await self.phone.at_the_carrier(sid))

    async def hangs_up(self) -> None:
        status, _ = await self.phone.asks("POST", f"/api/v1/calls/{self.call_id}/hang-up")
        assert status == 202

    async def is_over(self) -> None:
        """Both legs; what was heard on them is read, which costs too much to do earlier."""

        async def ended() -> bool:
            ids = [self.call_id] + [self.colleague_id] * bool(self.colleague_id)
            calls = [await self.phone.call(call_id) for call_id in ids]
            return all(call["ended_at"] and call["outcome"] for call in calls)

        await until(ended)
        own = [one for one in self.phone.outcomes() if one.call_id == self.call_id]
        others = [one for one in self.phone.outcomes() if one.for_call == self.call_id]
        self.outcomes = own + others
        self.caller_tape = await self.phone.at_the_carrier(own[0].sid)
        if others:
            self.colleague_tape = await self.phone.at_the_carrier(others[0].sid)


def words(tape: Any) -> str:
    """All that was heard on a telephone."""
    return " ".join(one["text"] or "?" for one in tape["heard"])


Course = Callable[[Case], Awaitable[None]]


async def people_talk(case: Case, *, warm: bool) -> None:
    script = answers(*ROBIN) + LEAVES
    await case.phone.casts(number=case.colleague, script=script, ring_s=RING_S)
    await case.begins()
    await case.is_put_through(warm=warm)
    await case.is_handed_over()
    await case.is_over()


async def nobody_is_there(case: Case, *, warm: bool) -> None:
    await case.begins()
    status, _ = await case.asks(warm=warm)
    assert status == 202
    await the_talk_goes_on(case)


async def the_talk_goes_on(case: Case) -> None:
    """The caller heard that it failed, said something, and was answered."""
    await eventually(lambda: TEXTS.failed in case.agent_said()[:-1], PATIENCE_S)
    await case.hangs_up()
    await case.is_over()


async def caller_leaves(case: Case) -> None:
    await case.phone.casts(number=case.colleague, script=STAYS)
    await case.begins()
    await case.is_put_through(warm=True)
    await eventually(lambda: case.speaks(case.colleague_id), PATIENCE_S)
    case.refused = await case.asks(warm=False)
    sid = (await case.phone.leg(case.number))["sid"]
    url = f"{case.phone.simulator.url}/simulator/calls/{sid}"
    async with case.phone.http.delete(url) as answer:
        assert answer.status == 204
    await case.is_over()


async def carrier_refuses(folder: Path) -> Case:
    """To send the caller to the colleague, who was told that they come."""
    async with telephone(folder) as phone:
        case = Case(phone, "+15550100370", "+15550100371")
        await case.phone.casts(number=case.colleague, script=STAYS)
        await case.begins()
        await case.is_put_through(warm=True)
        await eventually(lambda: case.speaks(case.colleague_id), PATIENCE_S)
        phone.simulator.breaks("twilio", "throttled")
        await the_talk_goes_on(case)
        return case


class Balancer:
    """Takes the carrier's requests and streams and leads new ones to one process."""

    def __init__(self) -> None:
        self.url = ""
        self._port = 0
        self._kept: set[asyncio.StreamWriter] = set()  # connections for one request after another

    def leads_to(self, phone: Phone) -> None:
        self._port = phone.server.port
        while self._kept:
            self._kept.pop().close()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        first = await reader.read(65_536)
        if first.startswith(b"POST"):
            self._kept.add(writer)
        back.write(first)
        async with asyncio.TaskGroup() as group:
            group.create_task(_pump(reader, back))
            group.create_task(_pump(there, writer))


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while (data := await source.read(65_536)) and not sink.is_closing():
            sink.write(data)
            await sink.drain()
    except ConnectionError:
        pass
    finally:
        sink.close()


@asynccontextmanager
async def balancing() -> AsyncIterator[Balancer]:
    balancer = Balancer()
    server = await asyncio.start_server(balancer.carry, "127.0.0.1", 0)
    balancer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield balancer
    finally:
        server.close()


async def across_processes(folder: Path) -> Case:
    """Caller and colleague talk with different processes; a third follows the legs, much later."""
    async with (
        balancing() as balancer,
        telephone(folder, public_url=balancer.url) as one,
        telephone(folder, public_url=balancer.url, carrier=one.simulator) as other,
    ):
        case = Case(one, "+15550100360", "+15550100361")
        await one.casts(number=case.colleague, script=answers(*ROBIN * 3) + STAYS)
        balancer.leads_to(one)
        await case.begins()
        balancer.leads_to(other)
        case.phone = other
        await case.is_put_through(warm=True)
        await eventually(lambda: case.speaks(case.colleague_id), PATIENCE_S)
        await case.is_handed_over()
        await sweeps(folder, one)
        await until(case.hear_each_other)
        await eventually(lambda: not len(one.server.calls) and not len(other.server.calls))
        case.open_then = await other.open_legs()
        await case.hangs_up()
        await case.is_over()
        await other.is_quiet()
        return case


async def fails_across_processes(folder: Path) -> Case:
    """The carrier tells another process than the caller's that the colleague is busy."""
    async with (
        balancing() as balancer,
        telephone(folder, public_url=balancer.url) as one,
        telephone(folder, public_url=balancer.url, carrier=one.simulator) as other,
    ):
        case = Case(one, "+15550100380", BUSY)
        balancer.leads_to(one)
        await case.begins()
        balancer.leads_to(other)
        case.phone = other
        status, problem = await case.asks(warm=True)
        assert status == 202, problem
        await the_talk_goes_on(case)
        await other.is_quiet()
        return case


async def sweeps(folder: Path, phone: Phone) -> None:
    """Long after the last news of any leg."""
    async with sweeping(f"sqlite:///{folder}/vantum.db", phone) as legs:
        await until(lambda: _has_news(legs.records, legs.now()))


async def _has_news(records: PhoneCalls, at: float) -> bool:
    return {call.news_at for call in await records.live()} == {at}


BUSY, NO_ANSWER, VOICEMAIL = "+15550100101", "+15550100102", "+15550100103"
ABSENT = {
    "busy": (BUSY, False),
    "warm_busy": ("+15550100201", True),
    "no_answer": (NO_ANSWER, True),
    "no_message": (VOICEMAIL, True),
}


def _alone(phone: Phone) -> dict[str, tuple[Case, Course]]:
    """What one process goes through at once."""

    def absent(warm: bool) -> Course:
        return lambda case: nobody_is_there(case, warm=warm)

    courses: dict[str, tuple[str, Course]] = {
        "cold": ("+15550100140", lambda case: people_talk(case, warm=False)),
        "warm": ("+15550100141", lambda case: people_talk(case, warm=True)),
        "leaves": ("+15550100142", caller_leaves),
        **{name: (number, absent(warm)) for name, (number, warm) in ABSENT.items()},
    }
    return {
        name: (Case(phone, f"+155501003{at}", number), course)
        for at, (name, (number, course)) in enumerate(courses.items(), start=40)
    }


COURSES = {
    "across": across_processes,
    "fails_across": fails_across_processes,
    "refused": carrier_refuses,
}


@pytest.fixture(scope="module")
async def cases(anyio_backend: object, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    """Those of one process at once, then the others: a slow machine cannot keep all in time."""
    folders = [tmp_path_factory.mktemp(name) for name in ("alone", *COURSES)]
    async with telephone(folders[0], vendors=True) as phone:
        alone = _alone(phone)
        async with asyncio.TaskGroup() as group:
            for name, (case, course) in alone.items():
                group.create_task(_named(name, course(case)), name=name)
        await phone.is_quiet()
    async with asyncio.TaskGroup() as group:
        others = {
            name: group.create_task(course(folder), name=name)
            for (name, course), folder in zip(COURSES.items(), folders[1:], strict=True)
        }
    found = {name: case for name, (case, _) in alone.items()}
    return found | {name: task.result() for name, task in others.items()}


async def _named(name: str, work: Awaitable[None]) -> None:
    try:
        await work
    except TimeoutError:
        raise AssertionError(f"{name} waits for ever") from None


@pytest.mark.parametrize("name", ["cold", "warm"])
def test_two_people_talk_until_one_of_them_leaves(cases: dict[str, Case], name: str) -> None:
    case = cases[name]
    assert all(line in words(case.caller_tape) for line in ROBIN)
    assert words(case.colleague_tape).count("What is number") >= 2
    said = [one for one in case.colleague_tape["said"] if one["text"] in ROBIN]
    assert said[-1]["to_s"] - said[0]["from_s"] > 6.0  # nothing of ours has hung up
    shown = case.handed_over
    assert (shown["handed_over"], shown["ended_at"]) == (True, None)
    ours, theirs = case.outcomes
    assert [ours.outcome, theirs.outcome] == ["transferred", "transferred"]
    talked_s = ours.lasted_s
    assert 0.3 < talked_s < shown["shown_at"] - shown["answered_at"] + 0.1
    assert theirs.lasted_s < talked_s


def test_a_caller_hears_that_somebody_is_being_fetched(cases: dict[str, Case]) -> None:
    assert TEXTS.waiting in words(cases["warm"].caller_tape)


def test_a_colleague_is_told_who_waits_before_they_hear_the_caller(cases: dict[str, Case]) -> None:
    heard = words(cases["warm"].colleague_tape)
    told, _, then = heard.partition(TEXTS.briefed)
    assert "Somebody asked to be put through to you" in told
    assert SUMMARY in told
    assert "What is number" not in told
    assert "What is number" in then


def test_a_cold_transfer_tells_the_colleague_nothing(cases: dict[str, Case]) -> None:
    assert SUMMARY not in words(cases["cold"].colleague_tape)


@pytest.mark.parametrize("name", ABSENT)
def test_where_nobody_is_there_the_caller_hears_so_and_the_talk_goes_on(
    cases: dict[str, Case], name: str
) -> None:
    case = cases[name]
    heard = words(case.caller_tape)
    assert len(heard.partition(TEXTS.failed)[2]) > 10, heard
    ours, theirs = case.outcomes
    assert ours.outcome == "operator_ended"
    assert name.endswith(theirs.outcome)
    assert SUMMARY not in " ".join(line.text for line in theirs.transcript)


def test_when_the_caller_leaves_the_colleague_is_let_go(cases: dict[str, Case]) -> None:
    case = cases["leaves"]
    assert case.colleague_tape["answered_at"]
    assert TEXTS.briefed not in words(case.colleague_tape)
    assert [one.outcome for one in case.outcomes] == ["disconnected", "disconnected"]


def test_nobody_is_put_through_twice_at_once(cases: dict[str, Case]) -> None:
    status, problem = cases["leaves"].refused
    assert status == 409
    assert "being put through already" in problem["detail"]


def test_where_the_carrier_refuses_the_caller_is_not_lost(cases: dict[str, Case]) -> None:
    ours, theirs = cases["refused"].outcomes
    assert (ours.outcome, theirs.outcome) == ("operator_ended", "briefed")
    assert TEXTS.failed in [line.text for line in ours.transcript]


def test_processes_that_carry_one_leg_each_put_them_together(cases: dict[str, Case]) -> None:
    case = cases["across"]
    assert case.open_then == 2  # after the sweep, which found them without news
    assert case.caller_tape["heard"]  # words are not made out where both speak at once
    assert "What is number" in words(case.colleague_tape)
    assert [one.outcome for one in case.outcomes] == ["transferred", "transferred"]


def test_a_caller_hears_of_a_failure_that_another_process_was_told(cases: dict[str, Case]) -> None:
    ours, theirs = cases["fails_across"].outcomes
    assert (ours.outcome, theirs.outcome) == ("operator_ended", "busy")
    assert TEXTS.failed in [line.text for line in ours.transcript]


async def test_nobody_is_fetched_for_a_machine(tmp_path: Path) -> None:
    async with telephone(tmp_path, vendors=True) as phone:
        call_id = await phone.calls(VOICEMAIL)
        path = f"/api/v1/calls/{call_id}/transfer"

        def is_found_out() -> bool:
            live = phone.server.calls.by_session(call_id)
            outlet = live.outlet if live else None
            return isinstance(outlet, TwilioOutlet) and outlet.answered_by == "voicemail"

        await eventually(is_found_out, PATIENCE_S)
        status, problem = await phone.asks("POST", path, {"to": NO_ANSWER})
        assert (status, problem["detail"]) == (409, "No person is on the line")
        await phone.asks("POST", f"/api/v1/calls/{call_id}/hang-up")
        assert (await phone.outcome(call_id)).outcome == "operator_ended"


@pytest.mark.parametrize(
    ("to", "status", "why"), [("555", 422, "like +15550100123"), ("+15550100123", 409, "not talk")]
)
async def test_a_transfer_that_cannot_be_is_refused_with_the_reason(
    tmp_path: Path, to: str, status: int, why: str
) -> None:
    async with telephone(tmp_path) as phone:
        call_id = await phone.calls(NO_ANSWER)
        await phone.outcome(call_id)
        path = f"/api/v1/calls/{call_id}/transfer"
        answered, problem = await phone.asks("POST", path, {"to": to})
        assert (answered, why in problem["detail"]) == (status, True)
