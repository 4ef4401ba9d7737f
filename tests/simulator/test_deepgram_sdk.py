"""The vendor's own client, unchanged, talks to the simulator as to the vendor."""

from __future__ import annotations

import asyncio
import warnings
from typing import Any

import pytest
from caller import RATE_HZ, chunks, mulaw, quiet, tone
from simulated import Simulator, simulating

from vantum.simulator.talent import CALLER_LINES

with warnings.catch_warnings():
    # It imports websockets.legacy, which websockets 15 still has and warns of.
    warnings.simplefilter("ignore", DeprecationWarning)
    from deepgram import AsyncDeepgramClient
    from deepgram.core.api_error import ApiError
    from deepgram.core.events import EventType
    from deepgram.environment import DeepgramClientEnvironment
    from deepgram.listen.v1.types import ListenV1Configure

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:websockets"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:deepgram"),
]

KEY = "k-42"


def client(simulator: Simulator, *, key: str = KEY) -> AsyncDeepgramClient:
    address = {"base": simulator.url, "agent_rest": simulator.url}
    environment = DeepgramClientEnvironment(
        **address, production=simulator.ws_url, agent=simulator.ws_url
    )
    return AsyncDeepgramClient(api_key=key, environment=environment)


class Heard:
    """Everything the client reports of one connection."""

    def __init__(self, line: Any) -> None:
        self.messages: list[Any] = []
        self.errors: list[Any] = []
        line.on(EventType.MESSAGE, self.messages.append)
        line.on(EventType.ERROR, self.errors.append)
        self.listening = asyncio.ensure_future(line.start_listening())

    async def to_the_end(self) -> None:
        async with asyncio.timeout(5):
            await self.listening

    def of(self, kind: str) -> list[Any]:
        return [one for one in self.messages if getattr(one, "type", None) == kind]


def nova(simulator: Simulator, **more: Any) -> Any:
    asked = {"model": "nova-3", "encoding": "mulaw", "sample_rate": RATE_HZ, "endpointing": 300}
    asked |= {"interim_results": True, "punctuate": True, "smart_format": True}
    asked |= {"vad_events": True, "utterance_end_ms": 1000, "keyterm": ["Acme", "Vantum Voice"]}
    return client(simulator, key=more.pop("key", KEY)).listen.v1.connect(**{**asked, **more})


async def test_nova_as_the_vendor_s_client_sees_it() -> None:
    async with simulating(api_key=KEY) as simulator, nova(simulator) as line:
        heard = Heard(line)
        for chunk in chunks(quiet(0.5) + tone(2.0) + quiet(1.5), seconds=0.1):
            await line.send_media(mulaw(chunk))
        await line.send_keep_alive()
        await line.send_configure(ListenV1Configure(keyterms=["Acme"]))
        await line.send_finalize()
        await line.send_close_stream()
        await heard.to_the_end()

        assert heard.errors == []
        results = heard.of("Results")
        final = next(one for one in results if one.is_final and one.speech_final)
        assert final.channel.alternatives[0].transcript == CALLER_LINES[0]
        assert final.channel.alternatives[0].words[0].punctuated_word == "Yes,"
        assert final.metadata.model_info.name == "nova-3"
        interims = [one.channel.alternatives[0].transcript for one in results if not one.is_final]
        assert len(set(interims)) > 3
        assert heard.of("SpeechStarted")[0].timestamp == pytest.approx(0.5, abs=0.05)
        assert heard.of("UtteranceEnd")[0].last_word_end == pytest.approx(2.5, abs=0.05)
        assert heard.of("ConfigureSuccess")[0].keyterms == ["Acme"]
        assert any(one.from_finalize for one in results)
        assert heard.messages[-1].duration == pytest.approx(4.0)
        assert None not in heard.messages


async def test_flux_as_the_vendor_s_client_sees_it() -> None:
    async with (
        simulating(api_key=KEY) as simulator,
        client(simulator).listen.v2.connect(
            model="flux-general-en",
            encoding="mulaw",
            sample_rate=RATE_HZ,
            eager_eot_threshold=0.4,
            eot_threshold=0.7,
            keyterm="Acme",
        ) as line,
    ):
        heard = Heard(line)
        await line.send_force_end_turn()
        thresholds = {"eot_timeout_ms": 4000}
        await line.send_configure({"type": "Configure", "thresholds": thresholds})
        for chunk in chunks(quiet(0.5) + tone(2.0) + quiet(0.5), seconds=0.08):
            await line.send_media(mulaw(chunk))
        await line.send_close_stream()
        await heard.to_the_end()

        assert heard.errors == []
        assert heard.of("Connected")[0].sequence_id == 0
        assert heard.of("Warning")[0].code == "FORCE_END_TURN_NO_ACTIVE_TURN"
        assert heard.of("ConfigureSuccess")[0].thresholds.eot_timeout_ms == 4000
        turns = heard.of("TurnInfo")
        events = [one.event for one in turns if one.event != "Update"]
        assert events == ["StartOfTurn", "EagerEndOfTurn", "EndOfTurn"]
        end = next(one for one in turns if one.event == "EndOfTurn")
        assert (end.transcript, end.trigger) == (CALLER_LINES[0], "model")
        assert end.words[0].word == "Yes,"
        ids = [one.sequence_id for one in heard.messages]
        assert ids == list(range(len(ids)))


async def test_a_wrong_key_reaches_the_vendor_s_client_as_its_own_error() -> None:
    async with simulating(api_key=KEY) as simulator:
        with pytest.raises(ApiError) as refused:
            async with nova(simulator, key="wrong"):
                pass
    assert refused.value.status_code == 401


async def test_a_broken_line_reaches_the_vendor_s_client_as_its_own_error() -> None:
    async with simulating() as simulator:
        simulator.breaks("deepgram", "drop")
        async with nova(simulator) as line:
            heard = Heard(line)
            for chunk in chunks(tone(0.5), seconds=0.1):
                await line.send_media(mulaw(chunk))
            await heard.to_the_end()
            assert "1011" in str(heard.errors[0])
