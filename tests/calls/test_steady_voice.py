"""A voice that is late or breaks off goes on elsewhere, from the last word that has sounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import pytest
from stage import RATE_HZ, T0, play

from vantum.conversation import events as ev
from vantum.errors import ProviderError, Trouble
from vantum.limits import Budgets
from vantum.providers.base import Spoken, SpokenWord, VoiceOptions
from vantum.providers.phrases import Phrases
from vantum.providers.steady_voice import SteadyTextToSpeech

OPTIONS = VoiceOptions()
WORD_S = 0.3
FILLER = "One moment, please."


class House:
    """Runs what goes on beside the calls."""

    def __init__(self) -> None:
        self.tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        self.tasks.append(asyncio.get_running_loop().create_task(work, name=name))
        return self.tasks[-1]

    def at_end(self, close: Any) -> None:
        raise AssertionError("nothing to close")


@dataclass
class Voice:
    """Says a word in 0.3 s of sound; a session breaks off or stalls after so many words."""

    breaks: list[tuple[int, ProviderError | None]] = field(default_factory=list)  # None stalls
    timed: bool = True
    given: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    sessions: int = 0
    closed: int = 0

    async def speak(
        self, pieces: AsyncIterator[str], options: VoiceOptions
    ) -> AsyncGenerator[Spoken, None]:
        self.sessions += 1
        words, failure = self.breaks.pop(0) if self.breaks else (10_000, None)
        number = 0
        try:
            async for text in pieces:
                self.given.append(text)
                for n, word in enumerate(text.split()):
                    if words == 0:
                        await self._break(failure)
                    words -= 1
                    await asyncio.sleep(0.05)
                    self.said.append(word)
                    timing = SpokenWord(word, n * WORD_S, (n + 1) * WORD_S)
                    pcm = word[:1].encode() * round(WORD_S * RATE_HZ * 2)
                    yield Spoken(number, pcm, RATE_HZ, words=(timing,) if self.timed else ())
                if words == 0:
                    await self._break(failure)
                yield Spoken(number, b"", RATE_HZ, last=True)
                number += 1
        finally:
            self.closed += 1

    async def _break(self, failure: ProviderError | None) -> None:
        if failure is None:
            await asyncio.sleep(600)
        else:
            raise failure


def lost(trouble: Trouble = "network") -> ProviderError:
    return ProviderError("the socket is gone", service="tts", trouble=trouble)


@dataclass
class Heard:
    items: list[Spoken | ev.Setback] = field(default_factory=list)
    at: list[float] = field(default_factory=list)

    @property
    def sound(self) -> str:
        """A letter for each 0.3 s of sound."""
        pcm = b"".join(item.pcm for item in self.items if isinstance(item, Spoken))
        return pcm[:: round(WORD_S * RATE_HZ * 2)].decode()

    @property
    def words(self) -> list[tuple[str, float]]:
        return [
            (word.text, round(word.start_s, 3))
            for item in self.items
            if isinstance(item, Spoken)
            for word in item.words
        ]

    @property
    def ends(self) -> list[int]:
        return [item.piece for item in self.items if isinstance(item, Spoken) and item.last]

    @property
    def setbacks(self) -> list[str]:
        return [item.trouble for item in self.items if isinstance(item, ev.Setback)]


async def texts(*pieces: str) -> AsyncIterator[str]:
    for piece in pieces:
        yield piece


async def hear(steady: SteadyTextToSpeech, *pieces: str) -> Heard:
    heard = Heard()
    async with aclosing(steady.speak(texts(*pieces), OPTIONS)) as sounds:
        async for sound in sounds:
            heard.items.append(sound)
            heard.at.append(asyncio.get_running_loop().time() - T0)
    return heard


def spoken(voice: Voice, *pieces: str, phrases: tuple[str, ...] = (), filler: str = "") -> Heard:
    found: list[Heard] = []

    async def course() -> None:
        house = House()
        known = Phrases(phrases, (filler,) if filler else ())
        steady = SteadyTextToSpeech(voice, Budgets(), known, house)
        if filler:  # an earlier call: the phrases are learnt beside it
            breaks, voice.breaks = voice.breaks, []
            await hear(steady, "warm")
            await asyncio.gather(*house.tasks)
            voice.breaks = breaks
        found.append(await hear(steady, *pieces))
        await asyncio.gather(*house.tasks)
        assert voice.closed == voice.sessions

    play(course())
    return found[0]


def test_a_good_voice_is_passed_on() -> None:
    voice = Voice()
    heard = spoken(voice, "all is well", "and good")
    assert heard.sound == "aiwag"
    assert heard.ends == [0, 1]
    assert heard.words == [("all", 0.0), ("is", 0.3), ("well", 0.6), ("and", 0.0), ("good", 0.3)]
    assert voice.sessions == 1


@pytest.mark.parametrize("words", [1, 2, 3])
@pytest.mark.parametrize("failure", [lost(), None], ids=["lost", "stalled"])
def test_tt_13_14_a_voice_that_breaks_off_goes_on_at_the_next_word(
    words: int, failure: ProviderError | None
) -> None:
    voice = Voice([(words, failure)])
    heard = spoken(voice, "abcd efgh ijkl", "mnop qrst")
    assert heard.sound == "aeimq"
    assert heard.ends == [0, 1]
    assert heard.setbacks == ["network"]
    assert voice.said == ["abcd", "efgh", "ijkl", "mnop", "qrst"]


@pytest.mark.parametrize("words", [1, 2, 3])
def test_a_voice_without_timings_may_repeat_a_word_but_loses_none(words: int) -> None:
    heard = spoken(Voice([(words, lost())], timed=False), "abcd efgh ijkl mnop")
    assert "".join(dict.fromkeys(heard.sound)) == "aeim"
    assert len(heard.sound) <= 5


def test_words_keep_their_times_within_the_piece() -> None:
    heard = spoken(Voice([(1, lost())]), "abcd efgh ijkl")
    assert heard.words == [("abcd", 0.0), ("efgh", 0.3), ("ijkl", 0.6)]


def test_a_piece_whose_end_alone_was_lost_is_over() -> None:
    voice = Voice([(3, lost())])
    heard = spoken(voice, "abcd efgh ijkl")
    assert voice.given == ["abcd efgh ijkl"]
    assert heard.ends == [0]


def test_a_voice_that_is_late_is_asked_elsewhere() -> None:
    heard = spoken(Voice([(0, None)]), "all is well")
    assert heard.sound == "aiw"
    assert heard.at[-1] == pytest.approx(0.95, abs=0.1)


def test_while_a_voice_is_mended_a_filler_sounds() -> None:
    heard = spoken(Voice([(0, lost("throttled"))]), "all is well", filler=FILLER)
    assert heard.sound == "Ompaiw"
    assert heard.words == [("all", 0.9), ("is", 1.2), ("well", 1.5)]
    [_, first, *_] = heard.at
    assert first - heard.at[0] < 0.1, "the filler does not wait"


def test_a_filler_cuts_into_a_sentence_only_where_the_wait_is_long() -> None:
    heard = spoken(Voice([(1, lost())]), "all is well", filler=FILLER)
    assert heard.sound == "aiw"
    heard = spoken(Voice([(1, lost("throttled"))]), "all is well", filler=FILLER)
    assert heard.sound == "aOmpiw"
    assert heard.words == [("all", 0.0), ("is", 1.2), ("well", 1.5)]


def test_a_long_wait_has_more_than_one_filler() -> None:
    found: list[Heard] = []

    async def course() -> None:
        house, voice = House(), Voice()
        phrases = Phrases([], (FILLER, "Still here.", "Nearly there."))
        steady = SteadyTextToSpeech(voice, Budgets(), phrases, house)
        await hear(steady, "warm")
        await asyncio.gather(*house.tasks)
        voice.breaks = [(0, lost("throttled"))]
        found.append(await hear(steady, "all is well"))

    play(course())
    assert found[0].sound == "OmpShNtaiw"


@pytest.mark.parametrize(("trouble", "sessions"), [("fatal", 1), ("quota", 1), ("network", 5)])
def test_tt_16_what_cannot_be_mended_is_given_up(trouble: Trouble, sessions: int) -> None:
    voice = Voice([(0, lost(trouble))] * 20)
    with pytest.raises(ProviderError):
        spoken(voice, "all is well")
    assert voice.sessions == sessions


def test_phrases_are_said_from_memory() -> None:
    voice = Voice()

    async def course() -> None:
        house = House()
        steady = SteadyTextToSpeech(voice, Budgets(), Phrases(["hello there"], [FILLER]), house)
        await hear(steady, "hi")
        await asyncio.gather(*house.tasks)
        before = len(voice.given)
        heard = await hear(steady, "hello there")
        assert heard.sound == "ht"
        assert heard.words == [("hello", 0.0), ("there", 0.3)]
        assert len(voice.given) == before

    play(course())


def test_a_mended_phrase_is_not_remembered() -> None:
    voice = Voice([(1, lost())])

    async def course() -> None:
        house = House()
        phrases = Phrases(["hello there"], [])
        steady = SteadyTextToSpeech(voice, Budgets(), phrases, house)
        await hear(steady, "hello there")
        for task in house.tasks:
            task.cancel()
        assert phrases.find("hello there", OPTIONS) == ()

    play(course())


def test_phrases_of_many_voices_make_room() -> None:
    phrases = Phrases(["hello"], [])
    for number in range(40):
        options = VoiceOptions(voice_id=str(number))
        assert phrases.are_new(options)
        phrases.keep("hello", options, [Spoken(0, b"ab", RATE_HZ, last=True)])
    assert phrases.find("hello", VoiceOptions(voice_id="39"))
    assert not phrases.find("hello", VoiceOptions(voice_id="0"))


def test_closing_it_closes_the_voice() -> None:
    voice = Voice()

    async def course() -> None:
        steady = SteadyTextToSpeech(voice, Budgets(), Phrases([], []), House())
        sounds = steady.speak(texts("all is well"), OPTIONS)
        await anext(sounds)
        await sounds.aclose()

    play(course())
    assert voice.closed == 1
