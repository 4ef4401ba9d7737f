"""A recording that is over leaves nothing behind that only the collector would find."""

from __future__ import annotations

import asyncio
import gc

from stage import play

from vantum.conversation.events import Event
from vantum.ears import Ears
from vantum.providers.base import ListenOptions
from vantum.providers.scripted import ScriptedSpeechToText


async def _nobody(_: Event) -> None:
    """Takes what is heard."""


def test_a_recording_that_is_over_is_gone_at_once() -> None:
    async def course() -> None:
        ears = Ears(ScriptedSpeechToText(), ListenOptions(8_000, encoding="mulaw"))
        listening = asyncio.create_task(ears.listen(_nobody))
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
