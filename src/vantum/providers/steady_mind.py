"""How an answer is asked for a second time when the first request keeps the caller waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import AsyncExitStack
from typing import Final

from msgspec import Struct

from vantum.alarm import Patience
from vantum.conversation.events import Setback
from vantum.errors import ProviderError, ProviderTimeout
from vantum.limits import Budgets
from vantum.providers.base import Action, LanguageModel, Prompt, Usage, get_ready
from vantum.providers.resilience import next_wait_s, setback
from vantum.pulse import Pulse

Item = str | Action | Usage | Setback
_Answer = AsyncGenerator[Item, None]
_Asked = dict[asyncio.Task[list[Item]], _Answer]  # who waits for it to begin

_HEDGES: Final = 1  # second requests an answer: a slow vendor must not be asked ever more often


class _Begun(Struct):
    """The answer that begins first, and how."""

    first: list[Item]
    rest: _Answer


class SteadyLanguageModel:
    """Wraps any model: hedges a slow or failed beginning, gives up on a stall in the middle."""

    def __init__(
        self,
        inner: LanguageModel,
        budgets: Budgets,
        *,
        retries: int = 0,
        pulse: Pulse | None = None,
    ) -> None:
        self._inner = inner
        self._pulse = pulse or Pulse()
        self._budgets = budgets
        self._tries = 1 + _HEDGES + retries

    async def prewarm(self) -> None:
        """Have the wrapped one get ready, if it can. Raises ProviderError."""
        await get_ready(self._inner)

    async def reply(self, prompt: Prompt) -> AsyncGenerator[Item, None]:
        """As the wrapped one. Raises ProviderError when no request begins, or one breaks off."""
        asked: _Asked = {}
        patience = Patience()
        try:
            async for found in self._race(prompt, asked):
                if isinstance(found, Setback):
                    yield found
                    continue
                for item in found.first:
                    yield item
                while (more := await self._next(found.rest, patience)) is not None:
                    yield more
        finally:
            patience.close()
            await _call_off(asked)

    async def _next(self, answer: _Answer, patience: Patience) -> Item | None:
        try:
            return await patience.within(self._budgets.llm_pause_s, anext(answer, None))
        except TimeoutError:
            self._pulse.failed("network")
            raise ProviderTimeout("the model stopped in mid-answer", service="llm") from None

    async def _race(self, prompt: Prompt, asked: _Asked) -> AsyncGenerator[Setback | _Begun]:
        """Ask; ask once more when nothing comes in time or a request fails; take who begins."""
        running: _Asked = {}
        left, wait_s, asks = self._tries, 0.0, True
        while True:
            if asks:
                await asyncio.sleep(wait_s)
                left -= 1
                request = self._ask(prompt)
                asked |= request
                running |= request
            hedges = left > 0 and len(running) <= _HEDGES
            done = await self._wait(running, hedges=hedges)
            found, wait_s = await _look(done, running), 0.0
            if isinstance(found, _Begun):
                await _call_off(running)
                yield found
                return
            error = found or ProviderTimeout("the model is slow to begin", service="llm")
            left = left if error.may_retry else 0
            asks = left > 0 and not (done and running)
            if not running:
                tried = self._tries - left - 1
                wait_s = next_wait_s(error, (0.0, *self._budgets.llm_waits_s), tried) or 0.0
                if not left:
                    raise error
            yield setback(error)

    async def _wait(
        self, running: Iterable[asyncio.Task[list[Item]]], *, hedges: bool
    ) -> set[asyncio.Task[list[Item]]]:
        """Those that have come to something; none when it is time to ask once more."""
        budget_s = self._budgets.llm_hedge_s if hedges else None
        first = asyncio.FIRST_COMPLETED
        done, _ = await asyncio.wait(running, timeout=budget_s, return_when=first)
        return done

    async def _begun(self, answer: _Answer) -> list[Item]:
        with self._pulse.awaited(self._budgets.llm_hedge_s):
            return await _first(answer)

    def _ask(self, prompt: Prompt) -> _Asked:
        answer = self._inner.reply(prompt)
        # Two requests are waited for at once; the tasks end with the generator that asked.
        return {asyncio.create_task(self._begun(answer), name="first-token"): answer}


async def _look(
    done: Iterable[asyncio.Task[list[Item]]], running: _Asked
) -> _Begun | ProviderError | None:
    """What came of requests: one that has begun, else a failure, else nothing yet."""
    error = None
    for task in done:
        answer = running.pop(task)
        try:
            return _Begun(await task, answer)
        except ProviderError as failure:
            error = failure
    return error


async def _first(answer: _Answer) -> list[Item]:
    """What comes up to the first word or action; what an answer cost is none yet."""
    items: list[Item] = []
    async for item in answer:
        items.append(item)
        if not isinstance(item, Usage):
            return items
    raise ProviderError("the model gave an empty answer", service="llm", trouble="server")


async def _call_off(running: _Asked) -> None:
    """End requests that are not wanted: they would be written, and paid for, to their end."""
    for task in running:
        task.cancel()
    try:
        await asyncio.gather(*running, return_exceptions=True)  # that interest nobody any more
    finally:
        async with AsyncExitStack() as closing:  # each, whatever becomes of the others
            for answer in running.values():
                closing.push_async_callback(answer.aclose)
