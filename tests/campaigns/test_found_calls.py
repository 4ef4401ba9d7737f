"""What came of a call is found once it is settled, kept once, and a promised call is planned."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
import pytest
from campaign import NOW, Staged, numbers, stage
from openai_asked import simulated
from sales_call import SALES, Conversation
from sqlalchemy import select, update

from a_call import phone_call
from a_job import do
from vantum.campaigns.findings import Finder, Mind, finding_work, zone_of
from vantum.errors import RecordsError, SettingsError
from vantum.limits import Budgets
from vantum.providers.reader import TranscriptReader
from vantum.store.database import Database
from vantum.store.findings import Findings, Found
from vantum.store.phone_calls import PhoneCalls
from vantum.store.schema import ATTEMPTS, CALLS
from vantum.telemetry import server_log
from vantum.telephony.settled import Outcome, Said

pytestmark = pytest.mark.anyio

TOMORROW_AT_THREE = 1_800_129_600.0  # in New York; the calls are of 15 January 2027, 3 in the night


@dataclass
class Office:
    """A campaign of one contact in New York, and who finds out what came of its calls."""

    staged: Staged
    database: Database

    def finder(self, mind: Mind | None = None) -> Finder:
        return Finder(
            self.database,
            self.staged.attempts,
            {"sales": SALES},
            lambda: NOW + 60,
            server_log(),
            mind,
        )

    async def calls(self, *sayings: str, outcome: str = "disconnected") -> str:
        """The contact is called and says this; the call's id, once it is settled."""
        [dial] = await self.staged.takes()
        call_id = dial.candidate.attempt_id
        await self.settles(call_id, *sayings, outcome=outcome)
        return call_id

    async def settles(self, call_id: str, *sayings: str, outcome: str = "disconnected") -> None:
        async with self.database.writing() as connection:
            values = {"outcome": settled(call_id, *sayings, outcome=outcome), "ended_at": NOW + 50}
            await connection.execute(
                update(CALLS).where(CALLS.c.call_id == call_id).values(**values)
            )

    async def finds(self, call_id: str, mind: Mind | None = None) -> Found:
        await do(finding_work(self.finder(mind)), call_id)
        [found] = await Findings(self.database).of([call_id])
        return found

    async def plans(self) -> list[tuple[int, str, float]]:
        """Number, state and time of each attempt."""
        query = select(ATTEMPTS.c.number, ATTEMPTS.c.state, ATTEMPTS.c.due_at)
        async with self.database.reading() as connection:
            rows = (await connection.execute(query.order_by(ATTEMPTS.c.number))).all()
        return [(row.number, row.state, row.due_at) for row in rows]


def settled(call_id: str, *sayings: str, outcome: str) -> str:
    """The record of a call in which the caller said this."""
    messages = Conversation(*sayings).messages if sayings else []
    who = {"user": "caller", "assistant": "agent"}
    line = Outcome(
        call_id=call_id,
        sid="",
        direction="outbound",
        their_number="",
        our_number="",
        agent="sales",
        outcome=outcome,
        status="completed",
        placed_at=NOW,
        transcript=tuple(Said(who[one.role], one.content, one.interrupted) for one in messages),
    )
    return msgspec.json.encode(line).decode()


@pytest.fixture
async def office(database: Database) -> Office:
    return Office(await stage(database, numbers(1), placed=True), database)


async def test_a_finding_is_kept_once(office: Office) -> None:
    call_id = await office.calls("Sure.", "stop calling me", outcome="opt_out")
    found = await office.finds(call_id)
    assert (found.disposition, found.found_by) == ("opted_out", "playbook")
    await office.settles(call_id, outcome="busy")  # another word would find otherwise
    assert await office.finds(call_id) == found


async def test_a_promised_call_is_planned_for_their_time(office: Office) -> None:
    call_id = await office.calls("Call me tomorrow at three.", "Yes.", outcome="agent_ended")
    found = await office.finds(call_id)
    assert (found.disposition, found.callback_at) == ("callback", TOMORROW_AT_THREE)
    await office.staged.attempts.finish(NOW + 60)
    again = [(1, "done", NOW), (2, "due", TOMORROW_AT_THREE)]
    assert await office.plans() == again
    await office.finds(call_id)
    assert await office.plans() == again


async def test_a_campaign_that_was_done_goes_on_for_a_promise(office: Office) -> None:
    call_id = await office.calls("Call me tomorrow at three.")
    await office.staged.attempts.finish(NOW + 60)
    assert (await office.staged.known()).state == "done"
    await office.finds(call_id)
    assert (await office.staged.known()).state == "running"


async def test_a_promise_in_a_call_that_was_lost_moves_the_retry(office: Office) -> None:
    call_id = await office.calls("Call me tomorrow at three.", outcome="lost")
    with pytest.raises(RecordsError, match="not ended"):
        await office.finds(call_id)
    await office.staged.attempts.finish(NOW + 60)
    await office.finds(call_id)
    assert (await office.plans())[1:] == [(2, "due", TOMORROW_AT_THREE)]


async def test_a_call_of_no_campaign_is_found_too(office: Office) -> None:
    call = phone_call(NOW, "own", their_number="+12125550100", our_number="")
    await PhoneCalls(office.database).add(call)
    with pytest.raises(RecordsError, match="not settled"):
        await office.finds("own")
    await office.settles("own", "Call me tomorrow at three.")
    assert (await office.finds("own")).callback_at == TOMORROW_AT_THREE


async def test_a_call_whose_agent_is_gone_says_so(office: Office) -> None:
    call_id = await office.calls("Hello?")
    nobody = msgspec.structs.replace(office.finder(), agents={})
    with pytest.raises(SettingsError, match="`sales` is gone"):
        await do(finding_work(nobody), call_id)


@pytest.mark.parametrize(
    ("model_name", "sayings", "outcome", "found"),
    [
        ("gpt-6-luna", ("Not interested.",), "disconnected", ("not_interested", "gpt-6-luna")),
        ("eager-1", ("Not interested.",), "disconnected", ("meeting_booked", "eager-1")),
        ("declining-1", ("Not interested.",), "disconnected", ("not_interested", "playbook")),
        ("parrot-1", ("Not interested.",), "disconnected", ("not_interested", "playbook")),
        # Of the record, and of one who has asked for no more calls, a model thinks nothing.
        ("eager-1", ("Sure.",), "opt_out", ("opted_out", "playbook")),
        ("eager-1", ("stop calling me",), "disconnected", ("opted_out", "playbook")),
        ("eager-1", ("Sure.",), "transferred", ("transferred", "playbook")),
        ("eager-1", ("Leave a message.",), "voicemail", ("voicemail_left", "playbook")),
        ("eager-1", (), "no_answer", ("not_reached", "playbook")),
    ],
)
async def test_a_model_finds_what_the_record_leaves_open(
    office: Office,
    model_name: str,
    sayings: tuple[str, ...],
    outcome: str,
    found: tuple[str, str],
) -> None:
    call_id = await office.calls(*sayings, outcome=outcome)
    async with simulated(LLM_MODEL=model_name) as (_, model):
        mind = TranscriptReader(model, model_name, Budgets(llm_waits_s=(0.0,)))
        kept = await office.finds(call_id, mind)
    assert (kept.disposition, kept.found_by) == found


@pytest.mark.parametrize(
    ("number", "address", "timezone", "zone"),
    [
        ("+12125550100", "", "", "America/New_York"),
        ("+12125550100", "", "America/Chicago", "America/Chicago"),
        ("+12125550100", "1 Main Street, Los Angeles, CA 90001", "", "America/Los_Angeles"),
        ("+81312345678", "", "", "Asia/Tokyo"),
        ("+18005550100", "", "", None),
        ("nobody", "", "", None),
    ],
)
def test_where_somebody_is(number: str, address: str, timezone: str, zone: str | None) -> None:
    found = zone_of(number, address, timezone)
    assert (None if found is None else found.key) == zone
