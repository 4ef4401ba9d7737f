"""A recogniser elsewhere hears words; this machine notices the voice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import pytest
from conftest_local import recording, room

from vantum.audio.pcm import Encoding, encode_mulaw
from vantum.audio.resample import resampler
from vantum.conversation import events as ev
from vantum.errors import ProviderError
from vantum.providers.base import FINALISE, Finalise, ListenOptions
from vantum.providers.local.activity import VadModel
from vantum.providers.local.alert import AlertSpeechToText

pytestmark = pytest.mark.local_speech


class Elsewhere:
    """Claims speech at once, and reports a word at the end."""

    def __init__(self, failure: str = "") -> None:
        self._failure = failure

    async def listen(
        self, audio: AsyncIterator[bytes | Finalise], options: ListenOptions
    ) -> AsyncGenerator[ev.Hearing, None]:
        yield ev.SpeechStarted(99.0)
        async for chunk in audio:
            if isinstance(chunk, Finalise):
                yield ev.Transcript("hello", final=True, end_s=1.0)
                yield ev.Finalised()
        if self._failure:
            raise ProviderError(self._failure, service="stt")


async def told(pcm: bytes, options: ListenOptions, inner: Elsewhere) -> list[ev.Hearing]:
    async def chunks() -> AsyncIterator[bytes | Finalise]:
        size = options.rate_hz // 50 * (1 if options.encoding == "mulaw" else 2)
        for at in range(0, len(pcm), size):
            yield pcm[at : at + size]
        yield FINALISE

    model = VadModel()
    try:
        alert = AlertSpeechToText(inner, model).listen(chunks(), options)
        return [event async for event in alert if not isinstance(event, ev.Setback)]
    finally:
        model.close()


@pytest.mark.parametrize(("rate_hz", "encoding"), [(16_000, "s16le"), (8_000, "mulaw")])
def test_words_are_from_elsewhere_and_speech_from_here(rate_hz: int, encoding: Encoding) -> None:
    pcm = room(0.5) + recording("beckett.wav")[:96_000] + room(1.0)
    if encoding == "mulaw":
        down = resampler(16_000, 8_000)
        pcm = encode_mulaw(down.push(pcm) + down.flush())
    events = asyncio.run(told(pcm, ListenOptions(rate_hz, encoding=encoding), Elsewhere()))
    started = next(event for event in events if isinstance(event, ev.SpeechStarted))
    assert 0.4 < started.at_s < 2.0
    assert any(isinstance(event, ev.SpeechStopped) for event in events)
    assert [event.text for event in events if isinstance(event, ev.Transcript)] == ["hello"]
    assert isinstance(events[-1], ev.Finalised)


def test_a_failure_elsewhere_is_passed_on() -> None:
    with pytest.raises(ProviderError, match="gone"):
        asyncio.run(told(room(0.5), ListenOptions(), Elsewhere("gone")))
