"""A recording that is over: nothing more is told of it, nor left for the collector to find."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, AsyncIterator

from stage import play

from vantum.conversation.events import Event, Transcript
from vantum.ears import Ears
from vantum.nobody import nobody
from vantum.providers.base import Finalise, ListenOptions
from vantum.providers.scripted import ScriptedSpeechToText


class Talkative:
    """Has heard three words before anybody asks."""

    async def listen(
        self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
    ) -> AsyncGenerator[Transcript, None]:
        for word in ("one", "two", "three"):
            yield Transcript(word, final=True)


def test_once_it_is_dropped_nothing_more_of_it_is_told() -> None:
    async def course() -> None:
        ears, told = Ears(Talkative(), ListenOptions(8_000, encoding="mulaw")), []

        def decided(event: Event) -> None:  # as a call does that ends at a word
            told.append(event)
            ears.leave()
            listening.cancel()

        listening = asyncio.create_task(ears.listen(decided))
        await asyncio.wait([listening])
        assert told == [Transcript("one", final=True)]
        assert listening.cancelled()

    play(course())


def test_a_recording_that_is_over_is_gone_at_once() -> None:
    async def course() -> None:
        ears = Ears(ScriptedSpeechToText(), ListenOptions(8_000, encoding="mulaw"))
        listening = asyncio.create_task(ears.listen(nobody))
        ears.hear_now(b"\xff" * 160)
        await asyncio.sleep(0.01)
        listening.cancel()
        await asyncio.wait([listening])
        ears.leave()

    def known() -> list[object]:
        return [one for one in gc.get_objects() if type(one).__module__ == "vantum.ears"]

    gc.collect()
    gc.disable()
    try:
        before = len(known())
        play(course())
        assert len(known()) <= before
    finally:
        gc.enable()
