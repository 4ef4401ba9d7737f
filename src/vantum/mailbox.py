"""What waits to be taken by one task: a bounded queue for things that come fifty times a second.

asyncio's keeps books on any number of takers, which took a tenth of the samples of 40 calls. Here
one task takes; any may put. And who can do at once what it is put for, needs no task to be woken.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Mailbox(Generic[Item]):
    """In order, at most so many."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._items: deque[Item] = deque()
        self._loop = asyncio.get_running_loop()
        self._taker: asyncio.Future[None] | None = None
        self._putters: deque[asyncio.Future[None]] = deque()
        self._at_once: Callable[[Item], bool] | None = None

    @property
    def full(self) -> bool:
        """Nothing more can be put at once."""
        return len(self._items) >= self._most

    @property
    def empty(self) -> bool:
        """There is nothing to take."""
        return not self._items

    def hand_to(self, take: Callable[[Item], bool] | None) -> None:
        """Let `take` have at once what comes while a `get` waits; False: it is to be got."""
        self._at_once = take

    def put_nowait(self, item: Item) -> None:
        """Raises asyncio.QueueFull."""
        if len(self._items) >= self._most:
            raise asyncio.QueueFull
        taker, take = self._taker, self._at_once
        if take is not None and taker is not None and not taker.done() and take(item):
            return
        self._items.append(item)
        if taker is not None:
            self._taker = None
            if not taker.done():
                taker.set_result(None)

    async def put(self, item: Item) -> None:
        """Wait for room."""
        while self.full:
            room = self._loop.create_future()
            self._putters.append(room)
            await room
        self.put_nowait(item)

    async def get(self) -> Item:
        """Wait for the next; a wait that is cancelled loses nothing."""
        items = self._items
        while not items:
            self._taker = self._loop.create_future()
            await self._taker
        item = items.popleft()
        if self._putters:
            self._let_in()
        return item

    def clear(self) -> None:
        """Forget all that waits; whoever waits for room has it."""
        self._items.clear()
        while self._putters:
            self._let_in()

    def _let_in(self) -> None:
        while self._putters:
            room = self._putters.popleft()
            if not room.done():
                room.set_result(None)
                return
