"""A campaign comes into being bit by bit: others write meanwhile, and none is started half-made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from campaign import NOW, PLAN, Staged, numbers, stage
from msgspec.structs import replace
from sqlalchemy import func, select, text, update

from a_call import phone_call
from vantum.campaigns.making import Wanted, make_of_list
from vantum.errors import RecordsError, RequestError
from vantum.store.campaigns import Campaign, Campaigns
from vantum.store.database import Database
from vantum.store.lists import Lists
from vantum.store.phone_calls import PhoneCalls
from vantum.store.schema import ATTEMPTS, CAMPAIGNS

pytestmark = pytest.mark.anyio

MANY = 200


@pytest.fixture
async def another(database_url: str) -> AsyncIterator[Database]:
    """The same records, as another process has them."""
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def spring(database: Database) -> Staged:
    """A campaign of so many, which gives its list to another."""
    return await stage(database, numbers(MANY), starts=False)


async def planned(database: Database, campaign_id: str) -> int:
    query = select(func.count()).where(ATTEMPTS.c.campaign_id == campaign_id)
    async with database.reading() as connection:
        return int((await connection.execute(query)).scalar_one())


async def alter(database: Database, change: str) -> None:
    async with database.writing() as connection:
        await connection.execute(text(f"ALTER TABLE attempts {change}"))


async def broken_off(spring: Staged) -> Staged:
    """Another campaign of the list, whose maker has died over it."""
    autumn = replace(spring.campaign, campaign_id="c-autumn", name="autumn")
    making = asyncio.ensure_future(spring.campaigns.create(autumn, at_a_time=1))
    async with asyncio.timeout(20):
        while await planned(spring.database, "c-autumn") < 3:
            assert not making.done()
    making.cancel()
    await asyncio.wait([making])
    found = await spring.campaigns.named("autumn")
    assert found is not None
    return Staged(spring.database, found)


async def test_others_write_while_a_campaign_is_made(spring: Staged, another: Database) -> None:
    autumn = replace(spring.campaign, campaign_id="c-autumn", name="autumn")
    making = asyncio.ensure_future(spring.campaigns.create(autumn, at_a_time=4))
    calls, written = PhoneCalls(another), 0
    while not making.done():
        await calls.add(phone_call(NOW, f"call-{written}"))
        found = await Campaigns(another).named("autumn")
        written += found is not None and found.state == "making"
    assert await making == MANY
    assert written >= 3
    assert (await Campaigns(another).named("autumn")) == autumn
    assert [one.state for one in await Campaigns(another).report("c-autumn")] == ["due"] * MANY


async def test_a_campaign_that_is_half_made_cannot_be_started(spring: Staged) -> None:
    autumn = await broken_off(spring)
    assert autumn.campaign.state == "making"
    for state in ("running", "stopped"):
        with pytest.raises(RequestError, match='"autumn" is still being made'):
            await autumn.campaigns.put(autumn.campaign, state, NOW)
    assert await autumn.takes() == []
    with pytest.raises(RequestError, match='"autumn" already'):
        await autumn.campaigns.create(replace(autumn.campaign, campaign_id="c-other"))


async def test_what_a_maker_has_left_is_finished_by_whoever_looks(spring: Staged) -> None:
    autumn = await broken_off(spring)
    assert 0 < await planned(spring.database, "c-autumn") < MANY
    others = [Campaigns(spring.database) for _ in range(3)]
    assert [await one.go_on_making() for one in others] == [0, 0, 0]  # its maker may live
    await asyncio.gather(*(one.go_on_making() for one in others))
    assert (await autumn.known()).state == "draft"
    assert [one.state for one in await autumn.report()] == ["due"] * MANY
    assert await planned(spring.database, "c-autumn") == MANY
    await autumn.campaigns.put(await autumn.known(), "running", NOW)
    assert await autumn.takes()
    assert [await one.go_on_making() for one in others] == [0, 0, 0]


async def test_who_still_makes_a_campaign_is_left_alone(spring: Staged) -> None:
    autumn = await broken_off(spring)
    other = Campaigns(spring.database)
    assert await other.go_on_making() == 0
    making = update(CAMPAIGNS).where(CAMPAIGNS.c.campaign_id == "c-autumn")
    async with spring.database.writing() as connection:
        await connection.execute(making.values(planned_to=CAMPAIGNS.c.planned_to + 1))
    assert await other.go_on_making() == 0
    assert (await autumn.known()).state == "making"


async def test_a_campaign_whose_making_is_broken_off_is_told_as_it_stands(spring: Staged) -> None:
    wanted = Wanted("autumn", "sales", PLAN)

    async def make(new_id: str) -> tuple[Campaign, int]:
        return await make_of_list(spring.database, wanted, "spring", new_id=new_id, now=NOW)

    await alter(spring.database, "RENAME COLUMN due_at TO due_later")  # no call can be planned
    campaign, contacts = await make("c-autumn")
    assert (campaign.campaign_id, campaign.state, contacts) == ("c-autumn", "making", 0)
    with pytest.raises(RequestError, match='"autumn" already'):
        await make("c-other")
    await alter(spring.database, "RENAME COLUMN due_later TO due_at")
    other = Campaigns(spring.database)
    assert [await other.go_on_making() for _ in range(2)] == [0, 1]
    assert await planned(spring.database, "c-autumn") == MANY


async def test_a_campaign_that_was_not_begun_is_none(spring: Staged) -> None:
    wanted = Wanted("autumn", "sales", PLAN)
    async with spring.database.writing() as connection:
        await connection.execute(text("ALTER TABLE contacts RENAME COLUMN erased_at TO x"))
    with pytest.raises(RecordsError):
        await make_of_list(spring.database, wanted, "spring", new_id="c-autumn", now=NOW)


async def test_of_a_list_that_was_removed_meanwhile_there_is_no_campaign(
    spring: Staged,
) -> None:
    orphan = replace(spring.campaign, campaign_id="c-2", name="autumn", list_id="gone")
    with pytest.raises(RequestError, match="no such list"):
        await spring.campaigns.create(orphan)
    assert await spring.campaigns.named("autumn") is None


async def test_a_list_is_either_removed_or_called(database: Database, another: Database) -> None:
    for number in range(5):
        spring = await stage(database, numbers(3), name=f"spring-{number}", starts=False)
        async with database.writing() as connection:  # only its list is left of it
            await connection.execute(CAMPAIGNS.delete())
            await connection.execute(ATTEMPTS.delete())
        made, removed = await asyncio.gather(
            spring.campaigns.create(spring.campaign),
            Lists(another).remove(spring.campaign.list_id),
            return_exceptions=True,
        )
        there = await Lists(database).named(spring.campaign.list_id)
        campaign = await spring.campaigns.named(spring.campaign.name)
        assert (there is None) == (campaign is None)
        assert isinstance(made, RequestError) != isinstance(removed, RequestError)
