"""A recogniser that breaks off is reconnected, and no word of the caller is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest
from stage import T0, play

from vantum.conversation import events as ev
from vantum.errors import ProviderError, Trouble
from vantum.limits import Budgets
from vantum.mailbox import Mailbox
from vantum.providers.base import FINALISE, Finalise, ListenOptions, Sound, Take
from vantum.providers.scripted import TONE
from vantum.providers.steady_ears import SteadySpeechToText
from vantum.providers.tape import KEPT_S

OPTIONS = ListenOptions(16_000)
CHUNK_S = 0.1
QUIET = bytes(len(TONE))


@dataclass
class Ears:
    """Reports every second of sound as a final word; breaks off as it is told."""

    breaks: list[tuple[float, ProviderError]] = field(default_factory=list)  # after seconds heard
    opened_at: list[float] = field(default_factory=list)
    again: list[bool] = field(default_factory=list)
    took: list[bytes] = field(default_factory=list)
    closed: int = 0
    hands: bool = False

    async def listen(
        self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
    ) -> AsyncGenerator[ev.Hearing, None]:
        self.opened_at.append(asyncio.get_running_loop().time() - T0)
        self.again.append(options.again)
        broken = self.breaks.pop(0) if self.breaks else None
        heard_s, final_s = 0.0, 0.0
        try:
            if broken and broken[0] == 0.0:
                raise broken[1]
            async for chunk in by_hand(audio) if self.hands else audio:
                if isinstance(chunk, Finalise):
                    yield ev.Finalised()
                    continue
                self.took.append(chunk)
                heard_s += CHUNK_S
                if broken and heard_s >= broken[0]:
                    raise broken[1]
                if heard_s >= final_s + 0.999:
                    text = chr(chunk[0])
                    yield ev.Transcript(text, final=True, start_s=final_s, end_s=heard_s)
                    final_s = heard_s
        finally:
            self.closed += 1


def fails(
    after_s: float, trouble: Trouble = "network", **how: float
) -> tuple[float, ProviderError]:
    return after_s, ProviderError("broken off", service="stt", trouble=trouble, **how)


async def speech(seconds: int) -> AsyncIterator[bytes | Finalise]:
    """Each second is made of a letter of its own, loud, in real time."""
    for second in range(seconds):
        for _ in range(10):
            await asyncio.sleep(CHUNK_S)
            yield bytes([ord("a") + second, 0x40]) * (len(TONE) // 2)
    yield FINALISE


class Recording:
    """Sound that waits to be asked for, as that of a call does."""

    def __init__(self, audio: AsyncIterator[bytes | Finalise]) -> None:
        self._audio = audio
        self._waiting: Mailbox[bytes | Finalise | None] = Mailbox(512)

    async def comes(self) -> None:
        async for chunk in self._audio:
            self._waiting.put_nowait(chunk)
        self._waiting.put_nowait(None)

    async def get(self) -> bytes | Finalise | None:
        return await self._waiting.get()

    def hand_to(self, take: Take | None) -> None:
        self._waiting.hand_to(take)

    def __aiter__(self) -> AsyncIterator[bytes | Finalise]:
        return self

    async def __anext__(self) -> bytes | Finalise:
        if (chunk := await self.get()) is None:
            raise StopAsyncIteration
        return chunk


async def by_hand(audio: AsyncIterator[bytes | Finalise]) -> AsyncIterator[bytes | Finalise]:
    """The same sound; what can be is handed over, as a connection has it that can send at once."""
    assert isinstance(audio, Sound)
    came: Mailbox[bytes | Finalise | None] = Mailbox(512)

    def take(chunk: bytes | Finalise | None) -> bool:
        if not isinstance(chunk, bytes):
            return False
        came.put_nowait(chunk)
        return True

    async def get_the_rest() -> None:
        async for chunk in audio:
            came.put_nowait(chunk)
        came.put_nowait(None)

    audio.hand_to(take)
    getting = asyncio.create_task(get_the_rest())
    try:
        while (chunk := await came.get()) is not None:
            yield chunk
    finally:
        audio.hand_to(None)
        getting.cancel()
        await asyncio.wait([getting])


async def listened(
    ears: Ears, audio: AsyncIterator[bytes | Finalise] | None = None
) -> list[ev.Hearing | ev.Setback]:
    steady = SteadySpeechToText(ears, Budgets())
    async with aclosing(steady.listen(audio or speech(5), OPTIONS)) as findings:
        return [finding async for finding in findings]


def words(findings: list[ev.Hearing | ev.Setback]) -> str:
    return "".join(f.text for f in findings if isinstance(f, ev.Transcript))


def heard_through(
    *breaks: tuple[float, ProviderError], of_call: bool = False, hands: bool = False
) -> tuple[Ears, list[ev.Hearing | ev.Setback]]:
    ears, findings = Ears(list(breaks), hands=hands), []

    async def course() -> None:
        async with asyncio.TaskGroup() as group:
            recording = Recording(speech(5))
            if of_call:
                group.create_task(recording.comes())
            findings.extend(await listened(ears, recording if of_call else None))

    play(course())
    return ears, findings


@pytest.mark.parametrize("hands", [True, False])
@pytest.mark.parametrize("of_call", [True, False])
@pytest.mark.parametrize("after_s", [0.0, 0.4, 1.0, 1.5, 2.3, 4.9])
def test_st_11_12_no_word_is_lost_or_heard_twice(
    after_s: float, of_call: bool, hands: bool
) -> None:
    ears, findings = heard_through(fails(after_s), of_call=of_call, hands=hands)
    assert words(findings) == "abcde"
    assert len(ears.opened_at) == 2
    assert [f.service for f in findings if isinstance(f, ev.Setback)] == ["stt"]


def test_words_keep_their_place_in_the_recording() -> None:
    _, findings = heard_through(fails(2.5))
    places = [(f.start_s, f.end_s) for f in findings if isinstance(f, ev.Transcript)]
    assert places == [pytest.approx((n, n + 1)) for n in range(5)]


def test_only_what_has_no_final_words_is_played_again() -> None:
    ears, _ = heard_through(fails(2.5))
    assert len(ears.took) == 50 + 5


def test_st_10_the_first_connection_is_tried_five_times() -> None:
    ears, findings = heard_through(*[fails(0.0)] * 4)
    waits = [
        after - before for before, after in zip(ears.opened_at, ears.opened_at[1:], strict=False)
    ]
    assert waits == [pytest.approx(wait, abs=0.01) for wait in (0.1, 1.0, 3.0, 5.0)]
    assert words(findings) == "abcde"
    assert ears.again == [False] * 5


def test_st_11_in_mid_stream_it_is_tried_three_times_and_quickly() -> None:
    ears, findings = heard_through(fails(1.5), fails(0.0), fails(0.0))
    waits = [
        after - before for before, after in zip(ears.opened_at, ears.opened_at[1:], strict=False)
    ]
    assert waits[1:] == [pytest.approx(0.1, abs=0.01), pytest.approx(0.5, abs=0.01)]
    assert words(findings) == "abcde"
    assert ears.again == [False, True, True, True]


@pytest.mark.parametrize(
    ("trouble", "wait_s"), [("throttled", 5.0), ("unavailable", 1.0), ("server", 0.0)]
)
def test_st_13_each_kind_of_trouble_has_its_own_wait(trouble: Trouble, wait_s: float) -> None:
    ears, findings = heard_through(fails(0.0, trouble))
    assert ears.opened_at[1] - ears.opened_at[0] == pytest.approx(wait_s, abs=0.01)
    assert words(findings) == "abcde"


def test_st_13_a_vendor_that_says_when_is_believed() -> None:
    ears, _ = heard_through(fails(0.0, "throttled", retry_after_s=2.0))
    assert ears.opened_at[1] - ears.opened_at[0] == pytest.approx(2.0, abs=0.01)


@pytest.mark.parametrize("trouble", ["fatal", "quota"])
def test_st_14_what_would_fail_again_is_not_tried_again(trouble: Trouble) -> None:
    ears = Ears([fails(0.0, trouble)])

    async def course() -> None:
        with pytest.raises(ProviderError):
            await listened(ears)

    play(course())
    assert len(ears.opened_at) == 1


def test_a_recogniser_that_never_works_is_given_up() -> None:
    ears = Ears([fails(0.0)] * 20)

    async def course() -> None:
        with pytest.raises(ProviderError):
            await listened(ears)

    play(course())
    assert len(ears.opened_at) == 5


def test_a_caller_who_spoke_meanwhile_is_known_to_wait() -> None:
    async def silence() -> AsyncIterator[bytes | Finalise]:
        for _ in range(20):
            await asyncio.sleep(CHUNK_S)
            yield QUIET

    async def course() -> None:
        for audio, unheard in ((silence(), False), (speech(2), True)):
            found = await listened(Ears([fails(0.5)]), audio)
            assert [f.unheard for f in found if isinstance(f, ev.Setback)] == [unheard]

    play(course())


def test_a_long_outage_keeps_the_newest_sound() -> None:
    ears = Ears([fails(0.0, "throttled", retry_after_s=20.0)])
    found: list[ev.Hearing | ev.Setback] = []

    async def course() -> None:
        found.extend(await listened(ears, speech(18)))

    play(course())
    assert len(words(found)) == KEPT_S
    assert words(found)[-1] == chr(ord("a") + 17)


def test_closing_it_closes_the_connection_and_leaves_no_task() -> None:
    ears = Ears()

    async def course() -> None:
        before = asyncio.all_tasks()
        steady = SteadySpeechToText(ears, Budgets())
        async with aclosing(steady.listen(speech(5), OPTIONS)) as findings:
            await anext(findings)
        await asyncio.sleep(0.1)
        assert asyncio.all_tasks() == before

    play(course())
    assert ears.closed == 1


def test_a_recording_that_comes_at_once_waits_for_the_recogniser() -> None:
    async def course() -> None:
        sent = 0

        async def at_once() -> AsyncIterator[bytes | Finalise]:
            nonlocal sent
            for _ in range(1_000):
                sent += 1
                yield QUIET

        class Slow:
            async def listen(
                self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
            ) -> AsyncGenerator[ev.Hearing, None]:
                async for _ in audio:
                    await asyncio.sleep(CHUNK_S)
                yield ev.Finalised()

        steady = SteadySpeechToText(Slow(), Budgets())
        async with aclosing(steady.listen(at_once(), OPTIONS)) as findings:
            waiting = asyncio.ensure_future(anext(findings))
            await asyncio.sleep(5)
            assert sent < 50 + KEPT_S / CHUNK_S + 3
            await waiting

    play(course())


async def collect(
    findings: AsyncGenerator[ev.Hearing | ev.Setback, None], found: list[ev.Hearing | ev.Setback]
) -> None:
    async for finding in findings:
        found.append(finding)  # noqa: PERF401 - what came before a failure counts too


def test_a_recogniser_that_only_ever_begins_is_given_up() -> None:
    opened: list[float] = []

    class Beginner:
        async def listen(
            self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
        ) -> AsyncGenerator[ev.Hearing, None]:
            opened.append(asyncio.get_running_loop().time())
            async for _ in audio:
                yield ev.SpeechStarted(0.1)
                raise ProviderError("broken off", service="stt")

    found: list[ev.Hearing | ev.Setback] = []

    async def course() -> None:
        steady = SteadySpeechToText(Beginner(), Budgets())
        async with aclosing(steady.listen(speech(5), OPTIONS)) as findings:
            with pytest.raises(ProviderError):
                await collect(findings, found)

    play(course())
    assert len(opened) == 4
    kinds = [type(finding) for finding in found if not isinstance(finding, ev.Setback)]
    assert kinds == [ev.SpeechStarted, ev.SpeechStopped] * 3 + [ev.SpeechStarted]


def test_a_defect_of_the_sound_s_source_is_not_hidden() -> None:
    async def broken() -> AsyncIterator[bytes | Finalise]:
        for _ in range(100):
            yield QUIET
        raise RuntimeError("no more sound")

    async def course() -> None:
        with pytest.raises(RuntimeError, match="no more sound"):
            await listened(Ears(), broken())

    play(course())
