"""Changes that are asked for one by one and written together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from vantum.errors import RecordsError
from vantum.store.gathered import gathered

pytestmark = pytest.mark.anyio


class Book:
    """Writes names down; refuses some pages, and may be slow."""

    def __init__(self) -> None:
        self.pages: list[list[str]] = []
        self.may_write = asyncio.Event()
        self.may_write.set()
        self.is_writing = asyncio.Event()

    async def write(self, names: Sequence[str]) -> list[str]:
        self.is_writing.set()
        await self.may_write.wait()
        if "nobody" in names:
            raise RecordsError("the database: no such name")
        self.pages.append(list(names))
        return [name.upper() for name in names]


async def test_each_gets_their_own_answer_of_one_page() -> None:
    book = Book()
    ask = gathered(book.write, 0.0)
    assert await asyncio.gather(ask("ann"), ask("bob"), ask("cy")) == ["ANN", "BOB", "CY"]
    assert book.pages == [["ann", "bob", "cy"]]
    assert await ask("dee") == "DEE"
    assert book.pages[1:] == [["dee"]]


async def test_who_asks_while_a_page_is_written_is_on_the_next() -> None:
    book = Book()
    book.may_write.clear()
    ask = gathered(book.write, 0.0)
    first = asyncio.ensure_future(ask("ann"))
    await book.is_writing.wait()
    second = asyncio.ensure_future(ask("bob"))
    await asyncio.sleep(0)
    book.may_write.set()
    assert [await first, await second] == ["ANN", "BOB"]
    assert sorted(book.pages) == [["ann"], ["bob"]]


async def test_what_fails_fails_for_all_and_for_nobody_after() -> None:
    ask = gathered(Book().write, 0.0)
    asked = await asyncio.gather(ask("ann"), ask("nobody"), return_exceptions=True)
    assert [type(one) for one in asked] == [RecordsError, RecordsError]
    assert str(asked[0]) == "the database: no such name"
    assert await ask("cy") == "CY"


async def test_who_goes_away_is_written_all_the_same() -> None:
    book = Book()
    ask = gathered(book.write, 0.0)
    stays, leaves = asyncio.ensure_future(ask("ann")), asyncio.ensure_future(ask("bob"))
    await asyncio.sleep(0)
    leaves.cancel()
    assert await stays == "ANN"
    assert book.pages == [["ann", "bob"]]


async def test_nobody_waits_for_one_who_was_ended_before_it_was_written() -> None:
    ask = gathered(Book().write, 60.0)
    first, second = asyncio.ensure_future(ask("ann")), asyncio.ensure_future(ask("bob"))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(RecordsError, match="not written"):
        await second
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_page_has_an_end() -> None:
    book = Book()
    ask = gathered(book.write, 0.0)
    names = [f"n{number}" for number in range(250)]
    assert await asyncio.gather(*map(ask, names)) == [name.upper() for name in names]
    assert sorted(map(len, book.pages), reverse=True) == [100, 100, 50]
