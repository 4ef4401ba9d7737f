"""A recording for tests, how it is heard by one of Deepgram's models, and what was reported."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing

from caller import RATE_HZ, chunks, mulaw
from simulated import Simulator

from vantum.audio.pcm import Encoding
from vantum.conversation.events import Hearing, Setback, Transcript
from vantum.limits import Budgets
from vantum.providers.base import Finalise, ListenOptions, SpeechToText
from vantum.providers.deepgram import DeepgramSpeechToText
from vantum.settings import Settings, load_settings

PHONE = ListenOptions(rate_hz=RATE_HZ, encoding="mulaw")
Recogniser = Callable[[Settings, Budgets], SpeechToText]
Item = bytes | Finalise | Callable[[], Awaitable[object]]  # sound, an order, or what to wait for


async def for_ever() -> None:
    """The client sends nothing, and does not go."""
    await asyncio.Event().wait()


def until(true: Callable[[], object]) -> Callable[[], Awaitable[None]]:
    """The client sends nothing until something has come true."""

    async def waits() -> None:
        while not true():  # noqa: ASYNC110 - nobody sets an event
            await asyncio.sleep(0.005)

    return waits


def passed(seconds: float) -> Callable[[], Awaitable[None]]:
    """The client sends nothing for a while."""
    end_s = 0.0

    def over() -> bool:
        nonlocal end_s
        now_s = asyncio.get_running_loop().time()
        end_s = end_s or now_s + seconds
        return now_s >= end_s

    return until(over)


def settings_for(simulator: Simulator, **more: str) -> Settings:
    return load_settings(
        {"DEEPGRAM_BASE_URL": simulator.url, "STT_TARGET_SAMPLE_RATE": str(RATE_HZ), **more}
    )


class Caller:
    """A recording: its sound, as fast as it is taken, unless it is paced."""

    def __init__(self, *items: Item, encoding: Encoding = "mulaw", pace_s: float = 0.0) -> None:
        self._items = items
        self._encoding = encoding
        self._pace_s = pace_s

    async def __aiter__(self) -> AsyncIterator[bytes | Finalise]:
        for item in self._items:
            if isinstance(item, bytes):
                for chunk in chunks(item):
                    await asyncio.sleep(self._pace_s)
                    yield mulaw(chunk) if self._encoding == "mulaw" else chunk
            elif isinstance(item, Finalise):
                yield item
            else:
                await item()


async def hear(
    simulator: Simulator,
    caller: Caller,
    *,
    by: Recogniser = DeepgramSpeechToText,
    options: ListenOptions = PHONE,
    budgets: Budgets | None = None,
    heard: list[Hearing | Setback] | None = None,
    **more: str,
) -> list[Hearing | Setback]:
    ears = by(settings_for(simulator, **more), budgets or Budgets())
    heard = [] if heard is None else heard
    async with asyncio.timeout(10), aclosing(ears.listen(aiter(caller), options)) as events:
        async for event in events:
            heard.append(event)
    return heard


def finals(events: list[Hearing | Setback]) -> list[str]:
    found = [event for event in events if isinstance(event, Transcript) and event.final]
    return [event.text for event in found if event.text]


def kinds(events: list[Hearing | Setback]) -> list[str]:
    """What was reported, in order, without the words that were only shown."""
    return [
        type(event).__name__
        for event in events
        if not (isinstance(event, Transcript) and not event.final)
    ]
