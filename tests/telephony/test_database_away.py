"""The database server goes in the middle of a talk, and comes back: what is said, kept, refused?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from carrier import posts
from phone import OURS, PERSON, Phone, telephone
from served import eventually
from simulated import simulating

from benchmarks.postgres import Postgres, running_postgres
from vantum.store.database import Database
from vantum.store.phone_calls import PhoneCalls
from vantum.telephony.settled import Outcome
from vantum.telephony.unsettled import FOLDER

pytestmark = pytest.mark.anyio

Switch = Callable[[Postgres], None]
NEW = {"CallSid": "CA" + "7" * 32, "From": "+15550100177", "To": OURS}


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """One that nobody shares: it is ended, and begun again."""
    with running_postgres() as found:
        yield found


async def lines(phone: Phone, call_id: str, at_least: int) -> None:
    """They talk until so much has been said."""

    def said() -> bool:
        live = phone.server.calls.by_session(call_id)
        return live is not None and len(live.call.conversation.talk.history.lines) >= at_least

    await eventually(said, 60)


async def leaves(phone: Phone) -> None:
    """The callee hangs up."""
    sid = (await phone.leg(PERSON))["sid"]
    async with phone.http.delete(f"{phone.simulator.url}/simulator/calls/{sid}") as cut:
        assert cut.status == 204


def is_kept(data: Path) -> bool:
    return any((data / FOLDER).glob("*.json"))


async def on_record(url: str, call_id: str) -> str:
    """What the database has of a call's outcome."""
    database = Database(url)
    call = await PhoneCalls(database).by_id(call_id)
    await database.close()
    assert call is not None
    return call.outcome


async def watched(phone: Phone) -> tuple[int, str, str, str]:
    """What probes and figures tell: ready, health's words, and the gauge."""
    url = phone.url
    async with phone.http.get(f"{url}/ready") as ready, phone.http.get(f"{url}/health") as health:
        body = await health.json()
    async with phone.http.get(f"{url}/metrics") as page:
        figures = (await page.text()).splitlines()
    [gauge] = [one for one in figures if one.startswith("vantum_records_reachable ")]
    return ready.status, body["status"], body["records"], gauge.split()[1]


async def tell(phone: Phone, *expected: object) -> None:
    """Until probes and figures tell this."""
    async with asyncio.timeout(60):
        while await watched(phone) != expected:  # noqa: ASYNC110 - asked over HTTP
            await asyncio.sleep(0.05)


def words(outcome: Outcome) -> int:
    return len(outcome.transcript)


@pytest.mark.parametrize(
    ("away", "back"),
    [(Postgres.stop, Postgres.start), (Postgres.pause, Postgres.go_on)],
    ids=["stopped", "stands still"],
)
async def test_a_talk_goes_on_and_is_on_record_afterwards(
    tmp_path: Path, server: Postgres, away: Switch, back: Switch
) -> None:
    url = server.new_database()
    async with telephone(tmp_path, vendors=True, database_url=url) as phone:
        call_id = await phone.calls()
        await lines(phone, call_id, 1)
        await asyncio.to_thread(away, server)
        try:
            order = phone.asks("POST", "/api/v1/calls", {"to": "+15550100178"})
            refused = asyncio.gather(posts(phone, "/twilio/voice", NEW), order)
            async with phone.server.connect() as browser:  # which needs no records
                await browser.asks_aloud()
                await browser.hears_answer()
            await lines(phone, call_id, 4)
            (voice, _), (status, problem) = await refused
            assert (voice, status) == (503, 503)
            assert "the database" in problem["detail"]
            await tell(phone, 200, "degraded", "away; the log says why", "0.0")
            await leaves(phone)
            await eventually(lambda: is_kept(tmp_path), 60)
        finally:
            await asyncio.to_thread(back, server)
        outcome = await phone.outcome(call_id, 90)
        assert (outcome.status, outcome.outcome) == ("completed", "disconnected")
        assert words(outcome) >= 4
        assert outcome.call_id in await on_record(url, call_id)
        await eventually(lambda: not is_kept(tmp_path), 60)
        await tell(phone, 200, "ok", "reachable", "1.0")
        await phone.is_quiet()


async def test_a_talk_whose_process_ends_while_the_database_is_away_is_settled_by_the_next(
    tmp_path: Path, server: Postgres
) -> None:
    url = server.new_database()
    async with simulating() as carrier:
        async with telephone(tmp_path, vendors=True, database_url=url, carrier=carrier) as phone:
            call_id = await phone.calls()
            await lines(phone, call_id, 2)
            await asyncio.to_thread(server.stop)
            await leaves(phone)
            await eventually(lambda: is_kept(tmp_path), 60)
        assert not phone.outcomes()
        await asyncio.to_thread(server.start)
        async with telephone(tmp_path, database_url=url, carrier=carrier) as phone:
            outcome = await phone.outcome(call_id, 60)
            assert words(outcome) >= 2
            await eventually(lambda: not is_kept(tmp_path))
