"""A recording that is over leaves nothing behind that only the collector would find."""

from __future__ import annotations

import asyncio
import gc
import weakref

from vantum.conversation.events import Event
from vantum.ears import Ears
from vantum.providers.base import ListenOptions
from vantum.providers.scripted import ScriptedSpeechToText


async def _nobody(_: Event) -> None:
    """Takes what is heard."""


async def test_a_recording_that_is_over_is_gone_at_once() -> None:
    ears = Ears(ScriptedSpeechToText(), ListenOptions(8_000, encoding="mulaw"))
    ended = weakref.ref(ears)
    gc.disable()
    try:
        listening = asyncio.create_task(ears.listen(_nobody))
        ears.hear_now(b"\xff" * 160)
        await asyncio.sleep(0.01)
        listening.cancel()
        await asyncio.wait([listening])
        ears.leave()
        del ears, listening
        await asyncio.sleep(0)
        assert ended() is None
    finally:
        gc.enable()
