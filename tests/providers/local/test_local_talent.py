"""The simulated services hear and speak with this machine's models: from text to sound and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from caller import chunks
from conftest_local import with_speech
from simulated import simulating
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from vantum.audio.pcm import duration_s, silence
from vantum.providers.local.client import LocalSpeech
from vantum.simulator.local_talent import Local
from vantum.simulator.talent import PCM_HZ
from vantum.wire import deepgram as wire

pytestmark = pytest.mark.local_speech

SENTENCE = "I would like to see a demo on Tuesday."


def test_a_sentence_spoken_to_the_simulated_deepgram_is_understood(helper_socket: Path) -> None:
    async def play(speech: LocalSpeech) -> None:
        talent = Local(speech)
        sound = await talent.sound(SENTENCE)
        assert 1.5 < duration_s(sound, PCM_HZ) < 6
        path = f"/v1/listen?model=nova-3&encoding=linear16&sample_rate={PCM_HZ}&endpointing=500"
        finals: list[str] = []
        async with simulating(talent=talent) as simulator, connect(simulator.ws_url + path) as line:
            for chunk in chunks(sound + silence(0.8, PCM_HZ), seconds=0.1, rate_hz=PCM_HZ):
                await line.send(chunk)
            await line.send(wire.CLOSE_STREAM)
            try:
                while True:
                    results = wire.decode(await line.recv())
                    if isinstance(results, wire.Results) and results.is_final:
                        finals.append(results.best.transcript)
            except ConnectionClosed:
                pass
        heard = " ".join(finals).lower()
        assert "demo" in heard
        assert "tuesday" in heard

    with_speech(helper_socket, play)


def test_more_than_the_recogniser_takes_at_once_is_heard_in_parts(helper_socket: Path) -> None:
    async def play(speech: LocalSpeech) -> None:
        talent = Local(speech)
        sound = await talent.sound(SENTENCE)
        count = int(14 / duration_s(sound, PCM_HZ)) + 1
        heard = await talent.words(sound * count, PCM_HZ, 0)
        assert heard.lower().count("demo") >= count - 2

    with_speech(helper_socket, play)
