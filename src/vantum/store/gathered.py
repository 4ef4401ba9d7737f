"""How changes that many ask for one by one are written together: a commit costs more than a row."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, Final, TypeVar

from vantum.errors import RecordsError

T = TypeVar("T")
R = TypeVar("R")
_MOST: Final = 100  # written at once


def gathered(
    write: Callable[[Sequence[T]], Awaitable[Sequence[R]]], wait_s: float
) -> Callable[[T], Coroutine[Any, Any, R]]:
    """What each asks: the first waits so long for others and writes for all, in their order.

    Each gets their own answer of `write`'s. Where it fails, who asked first is told how; the others
    get a RecordsError.
    """
    waiting: list[tuple[T, asyncio.Future[R]]] = []

    async def ask(wish: T) -> R:
        if waiting and len(waiting) < _MOST:
            answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
            waiting.append((wish, answer))
            return await answer
        return await write_all(wish)

    async def write_all(wish: T) -> R:
        nonlocal waiting
        mine: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        together = waiting = [(wish, mine)]
        try:
            await asyncio.sleep(wait_s)
            if waiting is together:
                waiting = []
            answers = await write([one for one, _ in together])
            for (_, answer), found in zip(together, answers, strict=True):
                if not answer.done():
                    answer.set_result(found)
            return answers[0]
        finally:
            if waiting is together:
                waiting = []
            for _, answer in together[1:]:
                if not answer.done():
                    answer.set_exception(RecordsError("it was not written with the others"))

    return ask
