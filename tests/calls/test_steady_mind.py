"""A model that is slow to begin is asked again; one that stops in the middle is given up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest
from stage import T0, play

from vantum.conversation import events as ev
from vantum.errors import ProviderError, Trouble
from vantum.limits import Budgets
from vantum.providers.base import Action, Prompt, Usage
from vantum.providers.steady_mind import Item, SteadyLanguageModel

PROMPT = Prompt("be brief", ())


@dataclass
class Model:
    """Each request: seconds to the first token, then the answer or a failure."""

    requests: list[tuple[float, str | ProviderError]]
    stalls_after: int = 100
    asked_at: list[float] = field(default_factory=list)
    closed: int = 0

    async def reply(self, prompt: Prompt) -> AsyncGenerator[str | Action | Usage, None]:
        self.asked_at.append(asyncio.get_running_loop().time() - T0)
        wait_s, answer = self.requests.pop(0)
        try:
            await asyncio.sleep(wait_s)
            if isinstance(answer, ProviderError):
                raise answer
            for number, token in enumerate(answer):
                if number == self.stalls_after:
                    await asyncio.sleep(60)
                yield token
        finally:
            self.closed += 1


def fails(trouble: Trouble = "unavailable", **how: float) -> ProviderError:
    return ProviderError("no", service="llm", trouble=trouble, **how)


async def collect(answer: AsyncGenerator[Item, None], items: list[Item]) -> None:
    async for item in answer:
        items.append(item)  # noqa: PERF401 - what came before a failure counts too


def answered(model: Model, *, retries: int = 0) -> tuple[list[Item], float]:
    """What came, and when the last of it came."""
    items: list[Item] = []
    took: list[float] = []

    async def course() -> None:
        steady = SteadyLanguageModel(model, Budgets(), retries=retries)
        try:
            async with aclosing(steady.reply(PROMPT)) as answer:
                await collect(answer, items)
        finally:
            took.append(asyncio.get_running_loop().time() - T0)
            await asyncio.sleep(0.1)
            assert len(asyncio.all_tasks()) == 1, "a request goes on"

    play(course())
    return items, took[0]


def text(items: list[Item]) -> str:
    return "".join(item for item in items if isinstance(item, str))


def test_a_quick_answer_is_asked_for_once() -> None:
    model = Model([(0.5, "abc")])
    items, _ = answered(model)
    assert items == ["a", "b", "c"]
    assert len(model.asked_at) == 1


def test_a_slow_beginning_is_asked_for_again_and_the_first_to_begin_is_taken() -> None:
    model = Model([(12.0, "slow"), (0.4, "quick")])
    items, at = answered(model)
    assert text(items) == "quick"
    assert model.asked_at == [pytest.approx(0, abs=0.01), pytest.approx(1.2, abs=0.01)]
    assert at == pytest.approx(1.6, abs=0.05)
    assert model.closed == 2


def test_the_first_request_may_still_win() -> None:
    model = Model([(1.4, "first"), (9.0, "second")])
    assert text(answered(model)[0]) == "first"
    assert model.closed == 2


def test_a_request_that_fails_is_made_once_more_at_once() -> None:
    model = Model([(0.1, fails()), (0.3, "abc")])
    items, at = answered(model)
    assert text(items) == "abc"
    assert at == pytest.approx(0.4, abs=0.05)
    assert [i.trouble for i in items if isinstance(i, ev.Setback)] == ["unavailable"]


def test_a_vendor_that_says_when_is_believed() -> None:
    model = Model([(0.0, fails("throttled", retry_after_s=0.8)), (0.0, "abc")])
    _, at = answered(model)
    assert at == pytest.approx(0.8, abs=0.05)


def test_a_failed_hedge_leaves_the_first_request_its_chance() -> None:
    model = Model([(3.0, "first"), (0.1, fails())])
    assert text(answered(model)[0]) == "first"


@pytest.mark.parametrize("trouble", ["fatal", "quota"])
def test_ll_12_what_would_fail_again_is_not_asked_again(trouble: Trouble) -> None:
    model = Model([(0.1, fails(trouble)), (0.1, "abc")])
    with pytest.raises(ProviderError):
        answered(model)
    assert len(model.asked_at) == 1


def test_two_failures_are_enough_unless_more_retries_are_set() -> None:
    model = Model([(0.1, fails()), (0.1, fails()), (0.1, "abc")])
    with pytest.raises(ProviderError):
        answered(model)
    model = Model([(0.1, fails()), (0.1, fails()), (0.1, "abc")])
    items, at = answered(model, retries=1)
    assert text(items) == "abc"
    assert at == pytest.approx(1.3, abs=0.05)  # spec §7: 1 s before the second retry


def test_ll_11_an_empty_answer_is_a_failure() -> None:
    model = Model([(0.1, ""), (0.1, "")])
    with pytest.raises(ProviderError, match="empty"):
        answered(model)


def test_ll_19_a_stall_in_the_middle_ends_the_answer() -> None:
    model = Model([(0.1, "abcdef")], stalls_after=3)
    items: list[Item] = []

    async def course() -> None:
        steady = SteadyLanguageModel(model, Budgets())
        async with aclosing(steady.reply(PROMPT)) as answer:
            with pytest.raises(ProviderError, match="mid-answer"):
                await collect(answer, items)

    play(course())
    assert text(items) == "abc"
    assert model.closed == 1


def test_ll_20_closing_it_calls_every_request_off() -> None:
    model = Model([(5.0, "a"), (5.0, "b")])

    async def course() -> None:
        steady = SteadyLanguageModel(model, Budgets())
        answer = steady.reply(PROMPT)
        assert isinstance(await anext(answer), ev.Setback)
        waiting = asyncio.ensure_future(anext(answer))
        await asyncio.sleep(0.5)
        waiting.cancel()
        await asyncio.wait([waiting])
        await answer.aclose()

    play(course())
    assert model.closed == 2


def test_the_cost_of_an_empty_answer_is_no_beginning() -> None:
    model = Model([(0.1, "abc"), (0.1, "abc")])
    asked: list[int] = []

    class Billing:
        async def reply(self, prompt: Prompt) -> AsyncGenerator[Item, None]:
            asked.append(1)
            yield Usage(10, 0)
            if len(asked) == 1:
                raise fails("server")
            async for token in model.reply(prompt):
                yield token

    items: list[Item] = []

    async def course() -> None:
        async with aclosing(SteadyLanguageModel(Billing(), Budgets()).reply(PROMPT)) as answer:
            await collect(answer, items)

    play(course())
    assert text(items) == "abc"
    assert len(asked) == 2


def test_more_retries_are_no_more_hedges() -> None:
    model = Model([(30.0, "a"), (30.0, "b"), (30.0, "c"), (30.0, "d")])
    answered(model, retries=2)
    assert len(model.asked_at) == 2
