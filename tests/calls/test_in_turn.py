"""In which order events are decided, and what becomes of a defect."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Callable

import pytest
from stage import VirtualLoop, calling, play

from vantum.conversation import events as ev
from vantum.conversation.states import State
from vantum.in_turn import InTurn


class Decider:
    """Takes events; each may bring about others, and `last` is the last."""

    def __init__(self, **brings: Callable[[], None]) -> None:
        self.took: list[str] = []
        self.brings = brings
        self.events: InTurn[str] = InTurn(self.take)

    def take(self, event: str) -> bool:
        self.took.append(f"{event} begun")
        if bring := self.brings.get(event):
            bring()
        self.took.append(f"{event} done")
        return event != "last"


def breaks() -> None:
    raise ZeroDivisionError


async def until_it_waits() -> None:
    await asyncio.sleep(0)


def test_what_a_decision_brings_about_is_decided_once_it_is_done() -> None:
    async def course() -> None:
        decider = Decider(word=lambda: decider.events.put("timer"))
        running = asyncio.create_task(decider.events.run("ready"))
        await until_it_waits()
        decider.events.put("word")
        assert decider.took[2:] == ["word begun", "word done", "timer begun", "timer done"]
        decider.events.put("last")
        await running

    play(course())


def test_what_comes_before_the_first_waits_for_it_and_nothing_follows_the_last() -> None:
    async def course() -> None:
        decider = Decider(last=lambda: decider.events.put("late"))
        decider.events.put("early")
        assert decider.took == []
        running = asyncio.create_task(decider.events.run("ready"))
        await until_it_waits()
        decider.events.put("last")
        decider.events.put("later")
        await running
        decider.events.put("much later")
        begun = [said.removesuffix(" begun") for said in decider.took if said.endswith("begun")]
        assert begun == ["ready", "early", "last"]

    play(course())


def test_a_defect_ends_the_call_and_not_who_told_it_of_something() -> None:
    async def course() -> None:
        decider = Decider(word=breaks)
        running = asyncio.create_task(decider.events.run("ready"))
        await until_it_waits()
        decider.events.put("word")  # raises nothing here
        with pytest.raises(ZeroDivisionError):
            await running
        assert decider.took[-1] == "word begun"
        decider.events.put("another")
        assert decider.took[-1] == "word begun"

    play(course())


def test_a_defect_holds_nobody() -> None:
    """What is raised holds the frames it came through, and one of them who decides."""

    async def course() -> weakref.ref[Decider]:
        decider = Decider(ready=breaks)
        with pytest.raises(ZeroDivisionError):
            await decider.events.run("ready")
        return weakref.ref(decider)

    gc.collect()
    gc.disable()
    try:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            assert runner.run(course())() is None
    finally:
        gc.enable()


def test_a_call_has_decided_when_what_told_it_goes_on() -> None:
    async def course() -> None:
        async with calling() as talk:
            await talk.asks()
            await talk.is_in(State.RESPONDING)
            talk.call.post(ev.InterruptAsked())
            assert talk.ear.all("interrupt")
            assert talk.call.state is not State.RESPONDING

    play(course())
