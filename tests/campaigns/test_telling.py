"""Other programs are told over real sockets what has happened: signed, and once at least."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from campaign import numbers, stage
from receiver import Receiver, receiving
from served import eventually

from vantum.campaigns.endpoints import checked_events, checked_url
from vantum.campaigns.hooks import Telling, signature
from vantum.campaigns.jobs import AT_ONCE, work_once
from vantum.dialing.backoff import FIRST_S, MOST_S, TRIES
from vantum.errors import RequestError
from vantum.limits import LANE_AT_ONCE, WEBHOOK_S
from vantum.store.contacts import Contacts
from vantum.store.database import Database
from vantum.store.hooks import JOB, Hook, Hooks
from vantum.store.jobs import LEASE_S, Jobs
from vantum.telemetry import server_log
from vantum.wire.hooks import EVENTS, Kind

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.0
SECRET = "whsec_of_this_endpoint"
HERE = Path(__file__).resolve().parent


@dataclass
class House:
    """An installation that tells one receiver, and the time."""

    database: Database
    receiver: Receiver
    telling: Telling
    now: float = NOW

    async def listens(
        self, *events: Kind, url: str = "", local: bool = True, name: str = "hook"
    ) -> Hook:
        hook = Hook(
            hook_id=name,
            url=url or self.receiver.url,
            secret=SECRET,
            events=events or tuple(EVENTS),
            created_at=NOW,
            local=local,
        )
        await Hooks(self.database).add(hook)
        return hook

    async def suppresses(self, count: int = 1, first: int = 0) -> list[str]:
        phones = numbers(count, first)
        for phone in phones:
            await Contacts(self.database).suppress(phone, NOW, "asked not to be called")
        return phones

    async def delivers(self, boot_id: str = "one", later_s: float = 0.0) -> int:
        self.now += later_s
        jobs = Jobs(self.database, boot_id)
        now, dice = (lambda: self.now), (lambda: 0.5)
        return await work_once(jobs, JOB, self.telling.work, now, dice=dice)

    async def error(self) -> str:
        """Of the one that was given up."""
        await self.delivers()
        for _ in range(TRIES):
            await self.delivers(later_s=MOST_S)
        [dead] = await Jobs(self.database, "").dead(JOB)
        assert dead.tries == TRIES
        return dead.error


@pytest.fixture
async def house(database: Database) -> AsyncIterator[House]:
    async with receiving() as receiver:
        found = House(database, receiver, Telling(Hooks(database), lambda: NOW, server_log()))
        yield found
        await found.telling.close()


async def test_what_happens_is_told_in_signed_requests(house: House) -> None:
    await house.listens()
    [phone] = await house.suppresses()
    assert await house.delivers() == 1
    [got] = house.receiver.got
    told = msgspec.json.decode(got.body)
    assert set(told) == {"id", "type", "at", "data"}
    assert (told["type"], told["data"]["phone"]) == ("number.suppressed", phone)
    assert got.signature == signature(SECRET, got.body.decode(), NOW)
    assert got.headers["Content-Type"] == "application/json"
    assert await house.delivers(later_s=1e6) == 0


async def test_what_is_not_taken_is_told_again_under_the_same_id(house: House) -> None:
    await house.listens()
    await house.suppresses()
    house.receiver.answers += [500, 404, 302]
    for wait_s in (0.0, FIRST_S, 2 * FIRST_S, 4 * FIRST_S):
        assert await house.delivers(later_s=wait_s) == 1
    assert await house.delivers(later_s=1e6) == 0
    assert len(house.receiver.got) == 4  # where it was sent on to was not asked
    assert len({got.body for got in house.receiver.got}) == 1


async def test_what_is_never_taken_is_given_up_and_can_be_tried_anew(house: House) -> None:
    await house.listens()
    await house.suppresses()
    house.receiver.answers += [503] * TRIES
    assert await house.error() == "it answered 503"
    [dead] = await Jobs(house.database, "").dead(JOB)
    assert await Jobs(house.database, "").again(dead.job_id, house.now)
    assert await house.delivers() == 1
    assert len({got.id for got in house.receiver.got}) == 1


async def test_an_endpoint_that_is_gone_is_told_nothing_more(house: House) -> None:
    hook = await house.listens()
    await house.suppresses(3)
    house.receiver.answers += [410] * 3
    assert await house.delivers() == 3
    known = await Hooks(house.database).by_id(hook.hook_id)
    assert known is not None
    assert known.off_at == NOW
    asked = len(house.receiver.got)
    await house.suppresses(3, 50)
    assert await house.delivers(later_s=1e6) == 0
    assert len(house.receiver.got) == asked


async def test_what_waits_for_an_endpoint_that_is_switched_off_is_not_told(house: House) -> None:
    hook = await house.listens()
    await house.suppresses()
    await Hooks(house.database).switch_off(hook.hook_id, NOW)
    assert await house.delivers() == 1
    assert not house.receiver.got


async def test_all_of_it_arrives_whoever_sends_it_in_whatever_order(house: House) -> None:
    await house.listens()
    phones = await house.suppresses(40)
    house.receiver.answers += [500, 204] * 20
    await asyncio.gather(*(house.delivers(boot_id) for boot_id in ("one", "another")))
    await house.delivers(later_s=2 * FIRST_S)
    told = [msgspec.json.decode(got.body)["data"]["phone"] for got in house.receiver.got]
    assert set(told) == set(phones)
    assert len(told) == 60  # twenty of them twice


async def test_an_endpoint_that_hangs_keeps_others_from_nothing(house: House) -> None:
    await house.listens()
    house.receiver.holds = asyncio.Event()
    await house.suppresses(3 * AT_ONCE)
    async with receiving() as quick:
        await house.listens(url=quick.url, name="quick")
        phones = await house.suppresses(3 * AT_ONCE, 50)
        delivering = asyncio.ensure_future(house.delivers())
        await eventually(lambda: len(quick.got) == len(phones), WEBHOOK_S / 2)
        assert len(house.receiver.got) == LANE_AT_ONCE
        house.receiver.holds.set()
        assert await delivering == 9 * AT_ONCE
    assert len({got.id for got in house.receiver.got}) == 6 * AT_ONCE


async def test_a_campaign_is_told_of_as_it_changes(house: House) -> None:
    await house.listens("campaign.changed")
    campaign = await stage(house.database, numbers(1))
    await campaign.campaigns.put(campaign.campaign, "paused", NOW)
    await campaign.campaigns.put(await campaign.known(), "running", NOW)
    [dial] = await campaign.takes()
    await campaign.ends(dial, "agent_ended")
    await campaign.attempts.finish(NOW)
    await house.delivers()
    told = [msgspec.json.decode(got.body)["data"] for got in house.receiver.got]
    told.sort(key=lambda data: int(data["version"]))
    assert [data["state"] for data in told] == ["running", "paused", "running", "done"]
    assert {data["name"] for data in told} == {"spring"}


async def test_what_a_process_had_taken_that_was_killed_is_told_by_another(
    house: House, database_url: str
) -> None:
    await house.listens()
    await house.suppresses()
    house.receiver.holds = asyncio.Event()
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(HERE / "one_delivery.py"), database_url, str(NOW)
    )
    await eventually(lambda: house.receiver.got, 30)
    process.kill()  # between the claim and the word that it is done
    await process.wait()
    house.receiver.holds.set()
    assert await house.delivers(later_s=LEASE_S) == 0
    assert await house.delivers(later_s=1) == 1
    first, second = house.receiver.got
    assert (first.id, first.body) == (second.id, second.body)


async def test_a_name_that_leads_into_an_inner_network_is_not_followed(house: House) -> None:
    inner = house.receiver.url.replace("127.0.0.1", "localhost")
    await house.listens(url=inner, local=False)
    await house.suppresses()
    assert await house.error() == "it cannot be reached: its address is one of an inner network"
    assert not house.receiver.got


async def test_why_an_endpoint_cannot_be_reached_is_kept(house: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    await house.listens(url=f"http://127.0.0.1:{port}/in")
    await house.suppresses()
    assert (await house.error()).startswith("it cannot be reached: Connect call failed")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/in",
        "ftp://example.com/in",
        "example.com",
        "https:///in",
        "https://name:word@example.com/in",
        "https://example.com/#in",
        "https://[::1/in",
        "https://example.com:99999/in",
        "https://10.0.0.1/in",
        "https://192.168.1.1/in",
        "https://100.64.0.1/in",
        "https://169.254.169.254/latest/meta-data",
        "https://0.0.0.0/in",
        "https://127.0.0.2/in",
        "https://224.0.0.1/in",
        "https://[fe80::1]/in",
        "https://[fd00::1]/in",
        "https://[::ffff:10.0.0.1]/in",
        "https://[64:ff9b::a00:1]/in",
        "https://[2002:a00:1::]/in",
    ],
)
async def test_an_endpoint_that_may_not_be_told_is_refused(url: str) -> None:
    with pytest.raises(RequestError):
        checked_url(url, local=False)


@pytest.mark.parametrize(
    ("url", "asked", "local"),
    [
        ("https://example.com/in", False, False),
        ("https://93.184.216.34/in", False, False),
        ("https://[2606:4700::1111]/in", False, False),
        ("https://10.0.0.1/in", True, True),
        ("http://127.0.0.1:8000/in", False, True),
        ("http://localhost:8000/in", False, True),
        ("http://[::1]:8000/in", False, True),
    ],
)
async def test_an_endpoint_that_may_be_told_is_taken(url: str, asked: bool, local: bool) -> None:
    assert checked_url(url, local=asked) is local


async def test_events_are_named_or_all() -> None:
    assert checked_events([]) == tuple(EVENTS)
    assert checked_events(["call.found", "call.settled"]) == ("call.settled", "call.found")
    with pytest.raises(RequestError, match=r"call\.begun: no such event; there are call\.settled"):
        checked_events(["call.begun"])
