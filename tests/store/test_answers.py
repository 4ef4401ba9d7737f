"""A request's key is taken once, whichever process is asked, and its answer kept for a day."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from vantum.store.answers import KEPT_S, Answers, Earlier
from vantum.store.database import Database

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.0


@pytest.fixture
async def two(database_url: str) -> AsyncIterator[tuple[Answers, Answers]]:
    """As two processes have them."""
    databases = Database(database_url), Database(database_url)
    for database in databases:
        await database.set_up()
    yield Answers(databases[0]), Answers(databases[1])
    for database in databases:
        await database.close()


async def test_a_key_that_all_want_at_once_is_taken_by_one(two: tuple[Answers, Answers]) -> None:
    begun = await asyncio.gather(*(two[n % 2].begin("key", "asked", NOW) for n in range(8)))
    assert begun.count(None) == 1
    assert begun.count(Earlier("asked", None, {}, "", NOW)) == 7


async def test_an_answer_is_known_to_all_for_a_day(two: tuple[Answers, Answers]) -> None:
    one, other = two
    assert await one.begin("key", "asked", NOW) is None
    await one.keep("key", 201, {"etag": '"1"'}, '{"é": 1}')
    kept = Earlier("asked", 201, {"etag": '"1"'}, '{"é": 1}', NOW)
    assert await other.begin("key", "something else", NOW + 1) == kept
    assert await other.begin("key", "asked", NOW + KEPT_S) == kept
    assert await other.begin("key", "asked", NOW + KEPT_S + 1) is None


async def test_a_key_that_was_given_free_may_be_taken_again(two: tuple[Answers, Answers]) -> None:
    one, other = two
    await one.begin("key", "asked", NOW)
    await one.forget("key")
    assert await other.begin("key", "something else", NOW) is None


async def test_what_nobody_asks_for_again_is_forgotten(two: tuple[Answers, Answers]) -> None:
    one, _ = two
    await one.begin("old", "asked", NOW)
    await one.begin("new", "asked", NOW + 10)
    await one.tidy(NOW + KEPT_S + 5)
    assert await one.begin("old", "asked", NOW) is None
    assert await one.begin("new", "asked", NOW + 11) is not None
