"""Vantum's Cartesia provider joined to a simulator, or to a server that only takes notes."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import structlog
from simulated import Simulator, simulating
from starlette.applications import Starlette
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from vantum.agents.schema import load_agent
from vantum.limits import Budgets
from vantum.providers.base import Spoken, VoiceOptions
from vantum.providers.cartesia import CartesiaTextToSpeech
from vantum.providers.cartesia_answer import CONTEXT_REST_S
from vantum.providers.local.client import LocalSpeech
from vantum.providers.resources import Resources
from vantum.settings import load_settings
from vantum.simulator.cartesia import cartesia_routes
from vantum.simulator.cartesia_socket import Terms
from vantum.upkeep import HouseUpkeep

KEY = "sk_car_never_shown"
DEADLINE_S = 8.0
PHONE = VoiceOptions(encoding="mulaw", rate_hz=8_000)


class Hum:
    """Says each letter for 50 ms, as a level of its own, so that nobody's sound is mistaken."""

    async def words(self, pcm: bytes, rate_hz: int, heard: int) -> str:
        return ""

    async def sound(self, text: str) -> bytes:
        return b"".join(struct.pack("<h", level(char)) * 800 for char in text)


def level(char: str) -> int:
    return 200 * (1 + ord(char) % 128)


def letters(pcm: bytes) -> str:
    """What was hummed (as characters below 128)."""
    levels = struct.unpack(f"<{len(pcm) // 2}h", pcm)[400::800]
    return "".join(chr(one // 200 - 1) for one in levels)


@asynccontextmanager
async def hired(
    url: str,
    *,
    budgets: Budgets | None = None,
    context_rest_s: float = CONTEXT_REST_S,
    **environ: str,
) -> AsyncIterator[CartesiaTextToSpeech]:
    """The provider, in a process of its own as far as it can see."""
    upkeep = HouseUpkeep(structlog.get_logger())
    resources = Resources(
        load_settings({"CARTESIA_API_KEY": KEY, "CARTESIA_BASE_URL": url} | environ),
        load_agent("sales"),
        LocalSpeech(Path("nowhere")),
        upkeep,
        budgets or Budgets(),
    )
    async with asyncio.timeout(DEADLINE_S), upkeep.open():
        yield CartesiaTextToSpeech(resources, context_rest_s=context_rest_s)


@asynccontextmanager
async def simulated_service(terms: Terms, **how: Any) -> AsyncIterator[Simulator]:
    """A simulator whose Cartesia allows what `terms` say."""
    async with simulating(**how) as simulator:
        routes = cartesia_routes(simulator.stage, terms)
        app = simulator.server.config.loaded_app
        while not isinstance(app, Starlette):
            app = app.app
        app.router.routes[: len(routes)] = routes
        yield simulator


async def texts(*pieces: str) -> AsyncIterator[str]:
    for piece in pieces:
        yield piece


class Script:
    """Pieces that a test hands over one by one."""

    def __init__(self) -> None:
        self._given: asyncio.Queue[str | None] = asyncio.Queue()

    def give(self, text: str | None) -> None:
        self._given.put_nowait(text)

    async def pieces(self) -> AsyncIterator[str]:
        while (text := await self._given.get()) is not None:
            yield text


async def spoken(
    voice: CartesiaTextToSpeech, *pieces: str, options: VoiceOptions | None = None
) -> list[Spoken]:
    """All that the voice makes of these pieces."""
    async with aclosing(voice.speak(texts(*pieces), options or VoiceOptions())) as sounds:
        return [sound async for sound in sounds]


def sound_of(parts: list[Spoken], piece: int | None = None) -> bytes:
    return b"".join(part.pcm for part in parts if piece in (None, part.piece))


def lasts(parts: list[Spoken]) -> list[int]:
    """The pieces that were ended, in order."""
    return [part.piece for part in parts if part.last]


class Scribe:
    """Takes every socket, answers no text, and writes down handshakes and frames."""

    def __init__(self) -> None:
        self.handshakes: list[Request] = []
        self.requests: list[dict[str, Any]] = []
        self.pings_at: list[float] = []
        self.changed = asyncio.Event()
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        protocol = ServerProtocol()
        while data := await reader.read(65_536):
            protocol.receive_data(data)
            for event in protocol.events_received():
                if isinstance(event, Request):
                    self.handshakes.append(event)
                    protocol.send_response(protocol.accept(event))
                else:
                    self._note(event)
            for sent in protocol.data_to_send():
                writer.write(sent) if sent else writer.write_eof()
            self.changed.set()

    def _note(self, event: object) -> None:
        assert isinstance(event, Frame)
        if event.opcode is Opcode.PING:
            self.pings_at.append(asyncio.get_running_loop().time())
        elif event.opcode is Opcode.TEXT:
            self.requests.append(msgspec.json.decode(event.data))

    async def until(self, what: Any) -> None:
        """Wait until `what()` is true."""
        async with asyncio.timeout(DEADLINE_S):
            while not what():
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def writing_down() -> AsyncIterator[Scribe]:
    scribe = Scribe()
    server = await asyncio.start_server(scribe.serve, "127.0.0.1", 0)
    scribe.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield scribe
        server.close()


async def until(what: Any) -> None:
    """Wait until `what()` is true."""
    async with asyncio.timeout(DEADLINE_S):
        while not what():  # noqa: ASYNC110 - counters set no event
            await asyncio.sleep(0.005)
