"""A recording that is over leaves nothing behind that only the collector would find."""

from __future__ import annotations

import asyncio
import gc
import weakref

from stage import play

from vantum.audio.echo import Played
from vantum.conversation.events import Event
from vantum.ears import Ears
from vantum.providers.base import ListenOptions
from vantum.providers.scripted import ScriptedSpeechToText


async def _nobody(_: Event) -> None:
    """Takes what is heard."""


def test_a_recording_that_is_over_is_gone_at_once() -> None:
    async def course() -> None:
        played = Played()
        gone = weakref.ref(played)
        options = ListenOptions(8_000, encoding="mulaw", played=played)
        ears = Ears(ScriptedSpeechToText(), options)
        listening = asyncio.create_task(ears.listen(_nobody))
        ears.hear_now(b"\xff" * 160)
        await asyncio.sleep(0.01)
        listening.cancel()
        await asyncio.wait([listening])
        ears.leave()
        del ears, listening, options, played
        await asyncio.sleep(0.01)
        assert gone() is None

    gc.disable()
    try:
        play(course())
    finally:
        gc.enable()
