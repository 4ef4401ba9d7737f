"""Somebody at the doors: a page that connects, and a phone whose every frame can be told again.

The simulated carrier is fast, but what it does is timed by its own clock; here each frame says when
it was sent, and the recogniser that hears it is in the same program.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Final

import httpx
from msgspec import Struct
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from vantum.audio.pcm import MULAW_SILENCE
from vantum.simulator.customer import OUR_NUMBER
from vantum.simulator.stage import ONE_ACCOUNT
from vantum.simulator.twilio_signs import HEADER, signature
from vantum.wire import deepgram, twilio
from vantum.wire.events import SUBPROTOCOL

QUESTION: Final = "What does it cost?"
FRAMES: Final = 40  # that can be told again
ASKED_AFTER: Final = 35
FRAME_S: Final = 0.02
SOUND_WITHIN_S: Final = 5.0
_MARK: Final = b"\xa5\x5a"  # begins each block of ours, before its number


class Ear(Struct):
    """A recogniser that knows when each frame of ours arrived, and then hears a question."""

    arrived: dict[int, float] = {}

    async def hear(self, socket: ServerConnection) -> None:
        """Serve one stream. Strangers are heard to say nothing, now and then, as if alive."""
        frames = ours = 0
        async for message in socket:
            now = time.monotonic()
            if not isinstance(message, bytes):
                continue
            frames += 1
            for at in range(0, len(message), twilio.FRAME_BYTES):
                if message[at : at + 2] == _MARK:
                    ours += 1
                    self.arrived.setdefault(int.from_bytes(message[at + 2 : at + 4], "big"), now)
                    if ours == ASKED_AFTER:
                        await socket.send(deepgram.encode(deepgram.SpeechStarted(0.1)))
                        await socket.send(deepgram.encode(_results(QUESTION)))
            if frames % 25 == 0 and not ours:
                await socket.send(deepgram.encode(_results("")))


def _results(text: str) -> deepgram.Results:
    words = tuple(
        deepgram.Word(word, 0.1 + 0.1 * at, 0.2 + 0.1 * at, 0.99)
        for at, word in enumerate(text.split())
    )
    readings = (deepgram.Alternative(text, 0.99, words),)
    return deepgram.Results(
        channel=deepgram.Channel(readings),
        start=0.0,
        duration=0.6,
        is_final=bool(text),
        speech_final=bool(text),
    )


@asynccontextmanager
async def listening(port: int) -> AsyncIterator[Ear]:
    """An ear at this port."""
    ear = Ear()

    async def hear(socket: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            await ear.hear(socket)

    async with serve(hear, "127.0.0.1", port, compression=None):
        yield ear


async def page_connects(url: str) -> float:
    """Seconds until a page is told that it is connected."""
    began = time.monotonic()
    address = f"{url.replace('http', 'ws', 1)}/ws"
    async with connect(
        address, subprotocols=[Subprotocol(SUBPROTOCOL)], compression=None
    ) as socket:
        await socket.recv()
        return time.monotonic() - began


class Visit(Struct, frozen=True):
    """What a phone has found; moments are the machine's monotonic clock's."""

    connected_s: float
    heard_at: float  # the first frame of the answer
    sent: dict[int, float]  # by its number


async def phone_visits(http: httpx.AsyncClient, url: str, number: int) -> Visit | None:
    """Call, ask something into the greeting, hear the answer begin; frames begin at `number`.

    None where the server takes no calls now.
    """
    form = {"CallSid": f"CA{number:032}", "From": "+15550200000", "To": OUR_NUMBER}
    voice = f"{url}/twilio/voice"
    headers = {HEADER: signature(ONE_ACCOUNT.token, voice, form.items())}
    instructions = (await http.post(voice, data=form, headers=headers)).raise_for_status().text
    stream = re.search(r'<Stream[^>]* url="([^"]+)"', instructions)
    token = re.search(r'name="token" value="([^"]+)"', instructions)
    if stream is None or token is None:
        return None
    signed = {HEADER: signature(ONE_ACCOUNT.token, stream[1])}
    began = time.monotonic()
    async with connect(stream[1], additional_headers=signed, compression=None) as socket:
        connected_s = time.monotonic() - began
        sid = f"MZ{number:032}"
        details = twilio.StartDetails(
            ONE_ACCOUNT.sid, sid, form["CallSid"], custom_parameters={"token": token[1]}
        )
        for message in (twilio.Connected(), twilio.Start("1", sid, details)):
            await socket.send(twilio.written(message))
        async with asyncio.timeout(SOUND_WITHIN_S), asyncio.TaskGroup() as group:
            sent: dict[int, float] = {}
            speaking = group.create_task(_speak(socket, sid, number, sent), name="speak")
            heard_at = await _answered(socket)
            speaking.cancel()
        stop = twilio.Stop("9", sid, twilio.StopDetails(ONE_ACCOUNT.sid, form["CallSid"]))
        await socket.send(twilio.written(stop))
    return Visit(connected_s, heard_at, sent)


async def _answered(socket: ClientConnection) -> float:
    """When the first sound came behind the greeting, which was cleared."""
    cleared = False
    while True:
        message = twilio.to_carrier(await socket.recv())
        cleared = cleared or isinstance(message, twilio.Clear)
        if cleared and isinstance(message, twilio.Play):
            return time.monotonic()


async def _speak(socket: ClientConnection, sid: str, number: int, sent: dict[int, float]) -> None:
    """Frames every 20 ms for as long as the call lasts; the first ones can be told again."""
    due = time.monotonic()
    for at in count():
        due += FRAME_S
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        this = number + at
        block = _MARK + this.to_bytes(2, "big") if at < FRAMES else MULAW_SILENCE * 4
        sound = twilio.InboundSound(
            "inbound", str(at + 1), str(20 * at), block * (twilio.FRAME_BYTES // len(block))
        )
        if at < FRAMES:
            sent[this] = time.monotonic()
        await socket.send(twilio.written(twilio.Media(str(at + 2), sid, sound)))
