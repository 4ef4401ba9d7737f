"""Who wants no more calls is told so, let go within 10 s, and called by nobody again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from phone import Phone, telephone
from served import eventually
from simulated import simulating
from structlog.testing import capture_logs

from a_call import phone_call
from vantum.campaigns.receipts import receipt_work
from vantum.dialing.receipts import Receipt
from vantum.simulator.latency import PROFILES, Delay
from vantum.store.contacts import Contacts, Suppressed
from vantum.store.database import Database
from vantum.store.receipts import Receipts
from vantum.telemetry import server_log
from vantum.telephony.opt_outs import REASON, OptOuts, wish
from vantum.telephony.settled import Outcome

pytestmark = pytest.mark.anyio

AT_MOST_S = 10.0  # from the last word to the hang-up (dialing rule us-wa-identity)
AT_ONCE = 3  # a slow machine cannot keep all of them in time
PATIENCE_S = 60.0
TEMPO = replace(PROFILES["fast"], ring=Delay(0.4), calls_per_s=4.0)
STAYS = {"act": "pause", "seconds": 40}  # whoever ends the call, it is not the callee

WORDINGS = (
    "Stop calling me.",
    "Take me off your list.",
    "I don't want any more calls from you.",
    "Please never contact us again.",
    "Would you leave me alone, please?",
    "I said I prefer not to be called.",
    "Remove my number from your database.",
)


def refusing(*then: dict[str, object]) -> list[dict[str, object]]:
    return [
        {"act": "pause", "seconds": 0.7},
        {"act": "say", "text": "Hello?"},
        {"act": "wait"},
        *then,
    ]


CALLEES: dict[str, list[dict[str, object]]] = {
    **{text: refusing({"act": "say", "text": text}, STAYS) for text in WORDINGS},
    "hangs up at once": refusing(
        {"act": "say", "text": "Take me off your list."},
        {"act": "interrupt", "after_s": 0.8},
        {"act": "hang_up"},
    ),
    "talks on": refusing(
        {"act": "say", "text": "Stop calling me."},
        *[
            {"act": "interrupt", "after_s": 1.0},
            {"act": "say", "text": "And never call this number again!"},
        ]
        * 8,
        STAYS,
    ),
}
NUMBERS = {who: f"+155501004{n:02}" for n, who in enumerate(CALLEES)}


@dataclass
class Refused:
    """One call: what came of it, what the carrier saw, and the wish as it stood first."""

    outcome: Outcome
    leg: dict[str, Any]
    said: list[dict[str, Any]]
    wish: Suppressed

    @property
    def took_s(self) -> float:
        """From the end of the words that asked for it to the carrier's end of the call."""
        asked = next(s for s in self.said if s["text"] != "Hello?")
        return float(self.leg["ended_at"] - self.leg["answered_at"] - asked["to_s"])


@pytest.fixture(scope="module")
async def phone(
    anyio_backend: object, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Phone]:
    folder: Path = tmp_path_factory.mktemp("opt-outs")
    async with (
        simulating(profile=TEMPO) as carrier,
        telephone(folder, vendors=True, carrier=carrier) as phone,
    ):
        yield phone


@pytest.fixture(scope="module")
async def contacts(phone: Phone) -> AsyncIterator[Contacts]:
    database = Database(f"sqlite:///{phone.data}/vantum.db")
    yield Contacts(database)
    await database.close()


async def refuses(phone: Phone, contacts: Contacts, number: str) -> Refused:
    call_id = await phone.calls(number)
    async with asyncio.timeout(PATIENCE_S):
        while (wish := await contacts.suppression_of(number)) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    outcome = await phone.outcome(call_id, PATIENCE_S)
    leg = await phone.leg(number)
    report = await phone.at_the_carrier(outcome.sid)
    return Refused(outcome, leg, report["said"], wish)


@pytest.fixture(scope="module")
async def refused(phone: Phone, contacts: Contacts) -> dict[str, Refused]:
    """All of them called, a few at a time."""
    for who, number in NUMBERS.items():
        await phone.casts(number=number, script=CALLEES[who])
    lines = asyncio.Semaphore(AT_ONCE)

    async def called(number: str) -> Refused:
        async with lines:
            return await refuses(phone, contacts, number)

    async with asyncio.TaskGroup() as group:
        tasks = {who: group.create_task(called(number)) for who, number in NUMBERS.items()}
    return {who: task.result() for who, task in tasks.items()}


@pytest.mark.parametrize("words", [*WORDINGS, "talks on"])
async def test_it_is_confirmed_aloud_and_the_call_is_over_within_ten_seconds(
    refused: dict[str, Refused], words: str, record_property: Callable[[str, object], None]
) -> None:
    one = refused[words]
    record_property("took_s", round(one.took_s, 2))  # shown with --junitxml=/dev/stdout
    assert one.outcome.outcome == "opt_out", one.outcome.transcript
    last = next(line for line in reversed(one.outcome.transcript) if line.who == "agent")
    assert not last.interrupted
    assert "No more calls, understood" in last.text
    assert 0 < one.took_s <= AT_MOST_S


async def test_who_hangs_up_before_the_goodbye_has_said_it_too(
    refused: dict[str, Refused],
) -> None:
    one = refused["hangs up at once"]
    assert one.outcome.outcome == "opt_out"
    assert one.wish.call_id == one.outcome.call_id


@pytest.mark.parametrize("words", WORDINGS)
async def test_the_number_is_suppressed_while_the_call_still_goes_on(
    refused: dict[str, Refused], words: str
) -> None:
    one = refused[words]
    assert one.wish.reason == REASON
    assert one.wish.call_id == one.outcome.call_id
    assert one.wish.since < one.leg["ended_at"] - 1.0  # the goodbye alone is longer


@pytest.mark.parametrize("words", WORDINGS)
async def test_nobody_calls_the_number_again(
    phone: Phone, refused: dict[str, Refused], words: str
) -> None:
    number = refused[words].outcome.their_number
    status, problem = await phone.asks("POST", "/api/v1/calls", {"to": number})
    assert status == 409, problem
    assert "suppressed" in problem["detail"]
    assert REASON in problem["detail"]


# -- what becomes of the wish ---------------------------------------------------------------------

CALL = phone_call(100.0, direction="inbound")


def test_a_withheld_number_cannot_be_suppressed() -> None:
    assert wish(replace(CALL, their_number="anonymous"), 120.0) is None
    assert wish(CALL, 120.0) == Suppressed(
        phone="+15550100100", since=120.0, reason=REASON, call_id="call-1"
    )


async def test_a_database_in_trouble_is_told_again(tmp_path: Path) -> None:
    """Its tables are missing at first."""
    database = Database(f"sqlite:///{tmp_path}/vantum.db")
    async with asyncio.TaskGroup() as group:
        contacts = Contacts(database)
        opt_outs = OptOuts(
            contacts,
            now=lambda: 120.0,
            start=lambda _, work: group.create_task(work),
            log=server_log(),
        )
        with capture_logs() as logs:
            opt_outs.obey(CALL)
            await eventually(lambda: any(log["event"] == "records_not_written" for log in logs))
            await database.set_up()
            await eventually(lambda: any(log["event"] == "opted_out" for log in logs))
        found = await contacts.suppression_of(CALL.their_number)
        assert found is not None
        assert found.since == 120.0
    await database.close()


async def test_a_receipt_tells_when_the_lines_were_heard_and_the_wish_understood(
    phone: Phone, refused: dict[str, Refused]
) -> None:
    one = refused[WORDINGS[0]]
    database = Database(f"sqlite:///{phone.data}/vantum.db")
    await receipt_work(database).do([Job(one.outcome.call_id)])
    [link] = [link async for link in Receipts(database).links()]
    await database.close()
    facts = msgspec.json.decode(link.facts, type=Receipt)
    heard = {line.role: line.heard_ms for line in facts.lines}
    assert heard["recording"] is None  # it is not recorded, and nobody is told so
    assert heard["greeting"] is not None
    assert facts.opted_out_ms is not None
    assert 0 < heard["greeting"] < facts.opted_out_ms
    said_at_ms = next(s["to_s"] for s in one.said if s["text"] == WORDINGS[0]) * 1000
    assert said_at_ms - 1_000 < facts.opted_out_ms < said_at_ms + 5_000
    assert (facts.outcome, facts.answered_by, facts.recorded) == ("opt_out", "person", False)


class Job(msgspec.Struct):
    subject: str
