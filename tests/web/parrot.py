"""A call whose model repeats the caller, so that a test decides what is heard, said and spoken.

Everything is real but the vendors, which are simulated; limits that only a slow machine would meet
are generous, waits before another try are short.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from served import Client, Frame, Served, eventually, serving

sys.path.append(str(Path(__file__).resolve().parents[1] / "simulator"))
from simulated import Simulator, simulating

from vantum.limits import Budgets
from vantum.providers.scripted import TONE
from vantum.simulator.latency import PROFILES, Profile
from vantum.wire.cartesia import GenerationRequest
from vantum.wire.deepgram import NovaQuery
from vantum.wire.openai import ChatMessage, ChatRequest

MANUAL = {"turnDetection": "manual"}  # the client ends turns: nothing depends on silence
PATIENT = Budgets(
    stt_reconnect_s=20.0,
    stt_progress_s=20.0,
    stt_finalise_s=5.0,
    stt_first_waits_s=(0.0, 0.02, 0.04, 0.06, 0.08),
    stt_waits_s=(0.0, 0.02, 0.04),
    llm_connect_s=20.0,
    llm_hedge_s=20.0,
    llm_pause_s=20.0,
    llm_waits_s=(0.02, 0.04, 0.08),
    tts_connect_s=20.0,
    tts_first_audio_s=20.0,
    tts_pause_s=20.0,
    tts_waits_s=(0.05, 0.1, 0.2),
    tts_throttled_s=0.2,
    filler_after_s=60.0,
)


class Lines:
    """The caller says this line, and every voice is in a hurry."""

    def __init__(self, line: str, *, word_s: float = 0.02) -> None:
        self._line = line
        self._word_s = word_s

    async def words(self, pcm: bytes, rate_hz: int, heard: int) -> str:
        return self._line

    async def sound(self, text: str) -> bytes:
        size = round(self._word_s * len(text.split()) * 16_000) * 2
        return (TONE * (size // len(TONE) + 1))[:size]


class Room:
    """The server and the vendors it lives on, which remember what they were asked."""

    def __init__(self, simulator: Simulator, server: Served) -> None:
        self.simulator = simulator
        self.server = server
        self.breaks = simulator.breaks
        self.waits_between = simulator.waits_between

    async def asks(self, client: Client, line: str, *, word_s: float = 0.02, **start: str) -> None:
        """The caller says this line and ends the turn; what was asked before is forgotten."""
        self.simulator.stage.talent = Lines(line, word_s=word_s)
        self.simulator.stage.asked.clear()
        ack = await client.asks_aloud(**MANUAL, **start)
        assert ack.payload == {"success": True}

    async def answer(self, client: Client, line: str, *, word_s: float = 0.02) -> str:
        """The same, and what was answered, heard to its end."""
        await self.asks(client, line, word_s=word_s)
        return await self.answered(client)

    async def answered(self, client: Client) -> str:
        """The text of the next answer, heard to its end."""
        complete = await client.hears("conversation.response.complete")
        await client.state("LISTENING")
        return str(complete.payload["fullResponse"])

    def count(self, what: str) -> int:
        return self.simulator.stage.counts[what]

    def chats(self) -> list[ChatRequest]:
        """What the model was asked."""
        return [a.request for a in self.simulator.stage.asked if isinstance(a.request, ChatRequest)]

    def streams(self) -> list[NovaQuery]:
        """What the recogniser was asked."""
        return [a.request for a in self.simulator.stage.asked if isinstance(a.request, NovaQuery)]

    def spoken(self) -> list[GenerationRequest]:
        """What the voice was asked."""
        asked = (a.request for a in self.simulator.stage.asked)
        return [a for a in asked if isinstance(a, GenerationRequest) and a.transcript.strip()]

    def pieces(self) -> list[str]:
        """The texts that the voice was asked for."""
        return [request.transcript.strip() for request in self.spoken()]

    async def learns(self) -> None:
        """Have the agent's own sentences learnt, which would mix with what is asked."""
        async with self.server.connect(v2=True) as client:
            await self.answer(client, "Hello.")
            await self.is_quiet()

    async def cut_off(self) -> None:
        """Vendors lose every connection, so that the next question needs their doors."""
        await self.is_quiet()  # one may be on its way
        for connection in tuple(self.simulator.stage.connections):
            connection.transport.abort()
        await self.is_quiet()

    async def is_quiet(self) -> None:
        """The vendors are asked for nothing any more."""
        before, quiet = {}, 0
        while quiet < 10:
            await asyncio.sleep(0.02)
            now = dict(self.simulator.stage.counts)
            before, quiet = now, quiet + 1 if now == before else 0
        self.simulator.stage.moments.clear()


def said(message: ChatMessage) -> tuple[str, str]:
    return message.role, message.text


def sound_of(frames: list[Frame]) -> float:
    """Seconds."""
    return sum(len(frame.payload["audio"]) for frame in frames) / 2 / 48_000


@asynccontextmanager
async def room(
    *, budgets: Budgets = PATIENT, profile: Profile = PROFILES["fast"], **settings: object
) -> AsyncIterator[Room]:
    """A server on simulated vendors; `settings` are the operator's."""
    async with simulating(profile=profile) as simulator:
        lives_on: dict[str, object] = {
            "stt_provider": "deepgram",
            "llm_provider": "openai",
            "llm_model": "parrot-1",
            "tts_provider": "cartesia",
            "deepgram_base_url": simulator.url,
            "openai_base_url": f"{simulator.url}/v1",
            "cartesia_base_url": simulator.url,
        }
        async with serving(budgets=budgets, **(lives_on | settings)) as server:
            counts = simulator.stage.counts
            await eventually(lambda: counts["deepgram.streams"] and counts["cartesia.sockets"])
            found = Room(simulator, server)
            await found.learns()
            yield found


def words(count: int) -> str:
    """A text without an end in it."""
    return " ".join(f"word{number}" for number in range(count))


def replaced(**changes: float) -> Budgets:
    """Patient, but for these."""
    return msgspec.structs.replace(PATIENT, **changes)
