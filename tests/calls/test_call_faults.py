"""Providers that hang or are defective, and floods: the call goes on, or ends with a reason."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import pytest
from stage import FRAME, FRAME_S, Reported, Talk, calling, play

from vantum import limits
from vantum.conversation import effects as do
from vantum.conversation import events as ev
from vantum.conversation.policy import Policy
from vantum.conversation.states import State
from vantum.errors import ProviderError
from vantum.providers.base import (
    Action,
    Finalise,
    ListenOptions,
    Prompt,
    Spoken,
    VoiceOptions,
)
from vantum.providers.scripted import ANSWER, ScriptedModel

FLOOD = 3_000
POLICY = Policy(fallbacks=("Once more?", "Please bear with me.", "Goodbye."))


class Hanging:
    """Takes part in no conversation; counts how often it was released."""

    def __init__(self, after: int = 0) -> None:
        self.after = after
        self.open = 0

    async def _hang(self) -> None:
        self.open += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.open -= 1

    async def listen(
        self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
    ) -> AsyncGenerator[ev.Hearing, None]:
        await self._hang()
        yield ev.Finalised()

    async def reply(self, prompt: Prompt) -> AsyncGenerator[str | Action, None]:
        for number in range(self.after):
            yield f"Sentence number {number} is said. "
        await self._hang()

    async def speak(
        self, pieces: AsyncIterator[str], options: VoiceOptions
    ) -> AsyncGenerator[Spoken, None]:
        for _ in range(self.after):
            yield Spoken(0, FRAME, 16_000)
        await self._hang()


class Defective:
    """Raises what nobody planned for, after some work."""

    def __init__(self, after: int = 0) -> None:
        self.after = after

    async def listen(
        self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
    ) -> AsyncGenerator[ev.Hearing, None]:
        for _ in range(self.after):
            yield ev.Transcript("half a", final=False)
        raise ZeroDivisionError

    async def reply(self, prompt: Prompt) -> AsyncGenerator[str | Action, None]:
        for number in range(self.after):
            yield f"Sentence number {number} is said. "
        raise ZeroDivisionError

    async def speak(
        self, pieces: AsyncIterator[str], options: VoiceOptions
    ) -> AsyncGenerator[Spoken, None]:
        async for _ in pieces:
            for _ in range(self.after):
                yield Spoken(0, FRAME, 16_000)
            raise ZeroDivisionError


async def is_over(talk: Talk) -> None:
    await talk.until(lambda: talk.ear.closed)


@pytest.mark.parametrize("after", [0, 2])
def test_a_hanging_model_is_given_up_after_its_deadline(after: int) -> None:
    async def course() -> None:
        mind = Hanging(after)
        async with calling(mind=mind, policy=POLICY) as talk:
            await talk.asks()
            await talk.until(talk.ear.faults)
            assert talk.now == pytest.approx(limits.MODEL_DEADLINE_S, abs=0.5)
            assert talk.ear.faults() == ["llm"]
            await talk.until(lambda: talk.ear.all("frame"))  # what it said, or a fallback
            await talk.is_in(State.LISTENING)
            assert mind.open == 0

    play(course())


@pytest.mark.parametrize("after", [0, 2])
def test_a_hanging_voice_is_given_up_and_the_text_stands(after: int) -> None:
    async def course() -> None:
        voice = Hanging(after)
        async with calling(voice=voice) as talk:
            await talk.asks()
            await talk.until(talk.ear.faults)
            assert talk.now == pytest.approx(limits.SYNTHESIS_DEADLINE_S, abs=0.5)
            assert talk.ear.faults() == ["tts"]
            await talk.is_in(State.LISTENING)
            completed = [n for n in talk.ear.notices if isinstance(n, do.AnswerCompleted)]
            assert [notice.text for notice in completed] == [ANSWER]

    play(course())


def test_a_voice_may_fail_while_the_model_still_writes() -> None:
    class Slow:
        async def reply(self, prompt: Prompt) -> AsyncGenerator[str | Action, None]:
            for number in range(10):
                yield f"This is the long sentence number {number} of the whole answer. "
                await asyncio.sleep(0 if number % 2 else 0.1)

    async def course() -> None:
        async with calling(mind=Slow(), voice=Defective(1)) as talk:
            await talk.asks()
            await talk.until(lambda: talk.ear.all("AnswerCompleted"))
            assert talk.ear.faults() == ["tts"]
            await talk.is_in(State.LISTENING)

    play(course())


def test_a_hanging_recogniser_is_given_up_after_its_deadline() -> None:
    async def course() -> None:
        ears = Hanging()
        async with calling(ears=ears) as talk:
            await talk.asks()
            await talk.until(lambda: talk.ear.all("InputClosed"))
            assert talk.now == pytest.approx(limits.FINALISE_DEADLINE_S, abs=0.1)
            await talk.settles()
            assert ears.open == 0
            assert talk.call.state is State.LISTENING

    play(course())


def test_a_recogniser_that_takes_nothing_holds_its_sender_only_for_a_while() -> None:
    async def course() -> None:
        async with calling(ears=Hanging()) as talk:
            talk.call.open_input(ListenOptions(), automatic=False, greets=False)
            for _ in range(2 * limits.INPUT_CHUNKS):
                await talk.call.hear(FRAME)
            assert talk.now == pytest.approx(limits.FINALISE_DEADLINE_S, abs=0.1)
            await talk.settles()
            assert talk.ear.faults() == ["stt"]
            talk.call.close_input()
            await talk.until(lambda: talk.ear.all("InputClosed"))
            assert talk.now < limits.FINALISE_DEADLINE_S + 1

    play(course())


@pytest.mark.parametrize("failure", [ZeroDivisionError(), ProviderError("late", service="stt")])
def test_an_old_recording_that_fails_late_leaves_the_new_one_its_ears(failure: Exception) -> None:
    class BadLoser:
        """Fails when it is told to stop."""

        async def listen(
            self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
        ) -> AsyncGenerator[ev.Hearing, None]:
            try:
                async for item in audio:
                    if isinstance(item, Finalise):
                        yield ev.Transcript("what does it cost", final=True)
                        yield ev.Finalised()
            except asyncio.CancelledError:
                raise failure from None

    async def course() -> None:
        async with calling(ears=BadLoser()) as talk:
            talk.call.open_input(ListenOptions(), automatic=False, greets=False)
            await talk.settles()
            await talk.is_answered()
            assert talk.ear.faults() == []

    play(course())


def test_a_new_recording_releases_who_waits_for_the_old_ones_recogniser() -> None:
    async def course() -> None:
        async with calling(ears=Hanging()) as talk:
            talk.call.open_input(ListenOptions(), automatic=False, greets=False)
            for _ in range(limits.INPUT_CHUNKS):
                await talk.call.hear(FRAME)
            talk.call.close_input()  # there is no room for the wish to finalise
            await talk.settles()
            talk.call.open_input(ListenOptions(), automatic=False, greets=False)
            await talk.settles()
            talk.call.close_input()
            await talk.until(lambda: len(talk.ear.all("InputClosed")) == 2)

    play(course())


@pytest.mark.parametrize("after", [0, 3])
@pytest.mark.parametrize(("part", "service"), [("ears", "stt"), ("mind", "llm"), ("voice", "tts")])
def test_a_defect_in_a_provider_is_told_and_the_next_turn_works(
    part: str, service: str, after: int
) -> None:
    async def course() -> None:
        defective: dict[str, Any] = {part: Defective(after)}
        async with calling(**defective, policy=POLICY) as talk:
            for turn in (1, 2):
                talk.call.open_input(ListenOptions(), automatic=False, greets=False)
                await talk.call.hear(FRAME)
                talk.call.close_input()
                await talk.until(lambda t=turn: len(talk.ear.all("InputClosed")) == t)
                await talk.settles()
                await talk.is_in(State.LISTENING)
            assert set(talk.ear.faults()) == {service}
            assert talk.ear.closed is None

    play(course())


def test_an_empty_answer_counts_as_a_failure_and_the_third_ends_the_call() -> None:
    async def course() -> None:
        async with calling(mind=ScriptedModel(""), policy=POLICY) as talk:
            for _ in range(3):
                await talk.asks()
                await talk.is_in(State.RESPONDING)
                await talk.until(lambda: talk.call.state is not State.RESPONDING)
            await is_over(talk)
            assert talk.ear.closed == "faults"

    play(course())


def test_a_late_failure_of_a_stopped_reply_does_not_touch_the_next_one() -> None:
    class Clumsy:
        """Fails when it is cancelled, the first time."""

        def __init__(self) -> None:
            self.asked = 0

        async def reply(self, prompt: Prompt) -> AsyncGenerator[str | Action, None]:
            self.asked += 1
            if self.asked > 1:
                yield "A good answer."
                return
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise ZeroDivisionError from None

    async def course() -> None:
        async with calling(mind=Clumsy()) as talk:
            await talk.asks()
            await talk.is_in(State.THINKING)
            await talk.asks()
            await talk.until(lambda: talk.ear.all("complete"))
            assert talk.ear.faults() == []

    play(course())


def test_a_flood_of_findings_is_all_taken() -> None:
    async def course() -> None:
        ears = Reported()
        async with calling(ears=ears) as talk:
            talk.call.open_input(ListenOptions(), automatic=False, greets=False)
            for number in range(FLOOD):
                ears.findings.put_nowait(ev.Transcript(f"word {number}", final=False))
            await talk.until(lambda: len(talk.ear.all("Recognised")) == FLOOD)
            assert talk.ear.closed is None

    play(course())


def test_frames_are_as_long_as_the_outlet_wants() -> None:
    async def course() -> None:
        async with calling() as talk:
            await talk.asks()
            await talk.is_in(State.RESPONDING)
            await talk.is_in(State.LISTENING)
            sizes = {len(told.pcm) / 2 / 16_000 for told in talk.ear.all("frame")[:-1]}
            assert sizes == {FRAME_S}

    play(course())
