"""The least that a call costs: a bare program that only passes sound and words on.

    python -m benchmarks.capacity.relay --port PORT --simulator URL

What the recogniser ends is asked of the model, whose words go to the voice as they come; its sound
goes to the phone every 20 ms. No turns, no voice activity, no history, no records: the limit that
`python -m benchmarks.capacity` compares with.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import time
from base64 import b64decode, b64encode
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
import msgspec
import uvloop
from aiohttp import web

from benchmarks.capacity.door_aiohttp import open_door

FRAME_S: Final = 0.02
FRAME_BYTES: Final = 160  # of mu-law at 8 kHz
LEAD_FRAMES: Final = 10  # sent ahead of the caller's ear
KEY: Final = {"Authorization": "Bearer relay"}
LISTEN: Final = urlencode(
    {
        "model": "nova-3",
        "encoding": "mulaw",
        "sample_rate": 8_000,
        "interim_results": "true",
        "punctuate": "true",
        "endpointing": 100,
        "vad_events": "true",
    }
)
SPEAK: Final = {
    "model_id": "sonic-3.5",
    "voice": "c961b81c-a935-4c17-bfb3-ba2239de8c2f",
    "output_format": {"container": "raw", "encoding": "pcm_mulaw", "sample_rate": 8_000},
    "max_buffer_delay_ms": 0,
}


class _Media(msgspec.Struct, frozen=True):
    payload: bytes = b""


class _FromCarrier(msgspec.Struct):
    event: str
    streamSid: str = ""  # noqa: N815 - the vendor's name
    media: _Media = _Media()


_FROM_CARRIER: Final = msgspec.json.Decoder(_FromCarrier)


class Clock:
    """Sends what each call has to say, 20 ms at a time."""

    def __init__(self) -> None:
        self.calls: set[Call] = set()

    async def run(self) -> None:
        due = time.monotonic()
        while True:
            due += FRAME_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            for call in tuple(self.calls):
                await call.send_frame()


class Call:
    """One phone call."""

    def __init__(self, phone: web.WebSocketResponse, http: aiohttp.ClientSession, url: str) -> None:
        self._phone = phone
        self._http = http
        self._url = url
        self._sound = bytearray()
        self._head = b""
        self._speaks = False
        self._turn = 0
        self._answer: asyncio.Task[None] | None = None
        self._ear: Any = None
        self._voice: Any = None

    async def run(self) -> None:
        """Until the caller hangs up."""
        ws = self._url.replace("http", "ws", 1)
        async with (
            self._http.ws_connect(f"{ws}/v1/listen?{LISTEN}", headers=KEY) as self._ear,
            self._http.ws_connect(
                f"{ws}/tts/websocket?cartesia_version=2026-08-14", headers=KEY
            ) as self._voice,
            asyncio.TaskGroup() as group,
        ):
            beside = [group.create_task(self._hear()), group.create_task(self._speak())]
            async for message in self._phone:
                told = _FROM_CARRIER.decode(message.data)
                if told.event == "media":
                    await self._ear.send_bytes(told.media.payload)
                elif told.event == "start":
                    self._head = (
                        b'{"event":"media","streamSid":"%s","media":{"payload":"'
                        % told.streamSid.encode()
                    )
                elif told.event == "stop":
                    break
            for task in (*beside, self._answer):
                if task is not None:
                    task.cancel()

    async def send_frame(self) -> None:
        """The next 20 ms, where there are some."""
        frames, self._speaks = (1 if self._speaks else LEAD_FRAMES), bool(self._sound)
        for _ in range(frames):
            if self._sound and not self._phone.closed:
                frame = b64encode(self._sound[:FRAME_BYTES])
                del self._sound[:FRAME_BYTES]
                await self._phone.send_str((self._head + frame + b'"}}').decode())

    async def _hear(self) -> None:
        words: list[str] = []
        async for message in self._ear:
            told = json.loads(message.data)
            if told["type"] == "Results" and told["is_final"]:
                words.append(told["channel"]["alternatives"][0]["transcript"])
                if told["speech_final"] and any(words):
                    self._reply(" ".join(words))
                    words.clear()

    def _reply(self, words: str) -> None:
        if self._answer is not None:
            self._answer.cancel()
        self._turn += 1
        self._sound.clear()
        self._answer = asyncio.create_task(self._ask(words, f"turn-{self._turn}"))

    async def _ask(self, words: str, context: str) -> None:
        asked = {
            "model": "gpt-5.4-mini",
            "stream": True,
            "messages": [{"role": "user", "content": words}],
        }
        url = f"{self._url}/v1/chat/completions"
        async with self._http.post(url, json=asked, headers=KEY) as answer:
            async for line in answer.content:
                if not line.startswith(b"data: {"):
                    continue
                for choice in json.loads(line[6:])["choices"]:
                    if text := choice["delta"].get("content"):
                        await self._say(text, context, goes_on=True)
        await self._say("", context, goes_on=False)

    async def _say(self, text: str, context: str, *, goes_on: bool) -> None:
        part = SPEAK | {"context_id": context, "transcript": text, "continue": goes_on}
        await self._voice.send_str(json.dumps(part))

    async def _speak(self) -> None:
        async for message in self._voice:
            told = json.loads(message.data)
            if told["type"] == "chunk" and told["context_id"] == f"turn-{self._turn}":
                self._sound += b64decode(told["data"])


async def _serve(port: int, simulator: str) -> None:
    clock = Clock()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:

        async def talk(phone: web.WebSocketResponse) -> None:
            call = Call(phone, http, simulator)
            clock.calls.add(call)
            try:
                await call.run()
            finally:
                clock.calls.discard(call)

        await open_door(port, talk)
        gc.freeze()
        await clock.run()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--simulator", required=True)
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(given.port, given.simulator))


if __name__ == "__main__":
    main()
