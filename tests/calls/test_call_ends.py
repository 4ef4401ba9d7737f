"""However and whenever a call ends, it ends once, says why, and leaves no task and no timer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from stage import FRAME, Eager, Reported, Talk, calling, cast, play

from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.policy import Policy
from vantum.conversation.states import State
from vantum.providers.base import ListenOptions
from vantum.providers.scripted import (
    ScriptedModel,
    ScriptedSpeechToText,
    ScriptedTextToSpeech,
)

SLOW = ScriptedModel(first_token_s=5.0)


async def listening(_talk: Talk) -> None:
    return


async def recording(talk: Talk) -> None:
    talk.call.open_input(ListenOptions(), automatic=False, greets=False)
    await talk.call.hear(FRAME)


async def opening(talk: Talk) -> None:
    talk.call.open_input(ListenOptions(), automatic=False, greets=False)


async def closing(talk: Talk) -> None:
    await recording(talk)
    talk.call.close_input()


async def thinking(talk: Talk) -> None:
    await talk.asks()
    await talk.is_in(State.THINKING)


async def responding(talk: Talk) -> None:
    await talk.asks()
    await talk.until(lambda: talk.ear.all("frame"))


async def interrupted(talk: Talk) -> None:
    await responding(talk)
    talk.call.post(ev.InterruptAsked())


async def ending(talk: Talk) -> None:
    await responding(talk)
    talk.call.post(ev.EndAsked("caller_ended"))


MOMENTS = [listening, opening, recording, closing, thinking, responding, interrupted, ending]
Moment = Callable[[Talk], Awaitable[None]]


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda m: m.__name__)
def test_cv_13_a_disconnect_in_any_state_ends_cleanly(moment: Moment) -> None:
    async def course() -> None:
        voice = Eager()
        async with calling(mind=SLOW, voice=voice) as talk:
            await moment(talk)
            talk.gone.set()
        assert voice.closed == voice.opened
        reason = "caller_ended" if moment is ending else "disconnected"
        assert talk.call.session.end_reason == reason

    play(course())  # the stage looks for what is left


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda m: m.__name__)
@pytest.mark.parametrize("reason", ["caller_ended", "expired", "shutdown"])
def test_an_end_asked_for_in_any_state_is_told_once_and_last(moment: Moment, reason: str) -> None:
    async def course() -> None:
        async with calling(mind=SLOW) as talk:
            await moment(talk)
            for _ in range(3):
                talk.call.post(ev.EndAsked(reason))
            await talk.until(lambda: talk.ear.closed)
            await talk.is_in(State.ENDED)
            assert len(talk.ear.all("close")) == 1
            after = talk.ear.told[talk.ear.told.index(talk.ear.all("close")[0]) + 1 :]
            notes = {"StateChanged", "InputClosed", "AnswerInterrupted"}  # for the record alone
            assert {told.what for told in after} <= notes
        assert talk.call.session.end_reason == talk.ear.closed

    play(course())


def test_a_peer_that_never_closes_is_left_after_a_while() -> None:
    async def course() -> None:
        async with calling() as talk:
            talk.ear.is_closed = asyncio.Event()  # nobody waits for this one
            talk.call.post(ev.EndAsked("caller_ended"))
            await talk.until(lambda: talk.ear.closed)

    play(course())


def test_cv_11_five_interruptions_leave_nothing_behind() -> None:
    async def course() -> None:
        voice = Eager()
        async with calling(voice=voice) as talk:
            tasks = len(asyncio.all_tasks())
            for number in range(1, 6):
                turn = await talk.is_answered()
                await asyncio.sleep(0.5)
                talk.call.post(ev.InterruptAsked())
                await talk.until(lambda n=number: len(talk.ear.all("interrupt")) == n)
                assert talk.ear.all("interrupt")[-1].turn == turn
                await talk.settles()
                assert len(asyncio.all_tasks()) == tasks
                assert voice.closed == number
            last = await talk.is_answered()
            await talk.is_in(State.LISTENING)
            assert [told.turn for told in talk.ear.all("complete")] == [last]

    play(course())


def test_the_goodbye_is_heard_to_its_end_before_the_call_closes() -> None:
    async def course() -> None:
        async with calling(mind=ScriptedModel("Goodbye then.", ends_call=True)) as talk:
            await talk.asks()
            await talk.until(lambda: talk.ear.closed)
            assert talk.ear.closed == "agent_ended"
            frames = talk.ear.all("frame")
            sound_s = sum(len(told.pcm) for told in frames) / 2 / 16_000
            assert talk.now - frames[0].at >= sound_s - 0.01

    play(course())


def test_a_silent_caller_is_asked_twice_and_then_left() -> None:
    policy = Policy(
        greeting="Hello there.",
        nudges=("Are you there?", "Can you hear me?"),
        nudge_after_s=8.0,
        goodbye="Goodbye then.",
    )

    async def course() -> None:
        async with calling(policy=policy, ears=Reported()) as talk:
            talk.call.open_input(ListenOptions(), automatic=True, greets=True)
            await talk.until(lambda: talk.ear.closed)
            assert talk.ear.closed == "silence"
            assert len(talk.ear.all("begin")) == 4
            assert talk.now == pytest.approx(3 * 8.0 + 3.6, abs=1.0)

    play(course())


def test_a_call_may_be_given_another_agent_only_before_anything_was_said() -> None:
    async def course() -> None:
        async with calling() as talk:
            other = cast()
            third = cast()
            assert talk.call.recast(other)
            await talk.is_answered()
            assert not talk.call.recast(third)
            assert talk.call.recast(other)  # it has this call already

    play(course())


def test_state_changes_tell_how_long_the_state_lasted() -> None:
    async def course() -> None:
        mind = ScriptedModel(first_token_s=1.5)
        voice = ScriptedTextToSpeech(first_sound_s=0.5)
        async with calling(mind=mind, voice=voice, ears=ScriptedSpeechToText()) as talk:
            await talk.asks()
            await talk.is_in(State.RESPONDING)
            changes = [n for n in talk.ear.notices if isinstance(n, do.StateChanged)]
            assert changes[-1].before is State.THINKING
            assert changes[-1].lasted_s == pytest.approx(2.0, abs=0.01)
            started = [n for n in talk.ear.notices if isinstance(n, do.AnswerStarted)]
            assert started[0].waited_s == pytest.approx(2.0, abs=0.01)

    play(course())
