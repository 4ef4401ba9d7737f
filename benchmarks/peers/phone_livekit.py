"""A phone agent with LiveKit Agents, whose vendors are simulated.

    .peers/livekit/bin/python -m benchmarks.peers.phone_livekit --port PORT --simulator URL
                                                                --ears stt|local

Phone calls reach LiveKit through its own server and SIP bridge, which is no Python package. Here
its AgentSession gets the sound of the carrier's media stream through the interfaces that it has for
other transports (`livekit.agents.voice.io`). `local`: its defaults, Silero's voice activity and its
own turn model, both in the package. `stt`: no model here, Deepgram says where turns begin and end,
and the wait after that, half a second by default, is none.
"""

from __future__ import annotations

import argparse
import asyncio
import audioop
import json
import time
from base64 import b64decode, b64encode
from contextlib import suppress
from typing import Any

import uvloop
from aiohttp import WSMsgType, web
from livekit import rtc
from livekit.agents import Agent, AgentSession
from livekit.agents.utils import http_context
from livekit.agents.voice import io
from livekit.plugins import cartesia, deepgram, openai

from benchmarks.capacity.door_aiohttp import open_door
from benchmarks.peers.said import GREETING, MODEL, PROMPT, RATE_HZ, VOICE


class Heard(io.AudioInput):  # type: ignore[misc]
    """What the caller says."""

    def __init__(self) -> None:
        super().__init__(label="carrier")
        self._frames: asyncio.Queue[rtc.AudioFrame | None] = asyncio.Queue()

    def put(self, mulaw: bytes | None) -> None:
        """20 ms more; None: there will be no more."""
        if mulaw is None:
            self._frames.put_nowait(None)
            return
        pcm = audioop.ulaw2lin(mulaw, 2)
        self._frames.put_nowait(rtc.AudioFrame(pcm, RATE_HZ, 1, len(mulaw)))

    async def __anext__(self) -> rtc.AudioFrame:
        frame = await self._frames.get()
        if frame is None:
            raise StopAsyncIteration
        return frame


class Spoken(io.AudioOutput):  # type: ignore[misc]
    """What the caller hears: the carrier plays it, and sends a mark back where it ends."""

    def __init__(self, phone: web.WebSocketResponse, stream_sid: str) -> None:
        super().__init__(
            label="carrier",
            capabilities=io.AudioOutputCapabilities(pause=False),
            sample_rate=RATE_HZ,
        )
        self._phone = phone
        self._sid = stream_sid
        self._sent_s = 0.0  # of the segment
        self._began = 0.0
        self._segment = 0
        self._sending: set[asyncio.Task[None]] = set()

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        """Send sound; faster than it plays, as the carrier allows."""
        await super().capture_frame(frame)
        if not self._sent_s:
            self._began = time.time()
            self.on_playback_started(created_at=self._began)
        self._sent_s += frame.duration
        sound = b64encode(audioop.lin2ulaw(bytes(frame.data), 2)).decode()
        await self._send({"event": "media", "media": {"payload": sound}})

    def flush(self) -> None:
        """The segment is complete."""
        super().flush()
        if self._sent_s:
            self._later({"event": "mark", "mark": {"name": str(self._segment)}})

    def clear_buffer(self) -> None:
        """What did not play yet is thrown away."""
        if self._sent_s:
            self._later({"event": "clear"})
            self._finish(min(self._sent_s, time.time() - self._began), interrupted=True)

    def reached(self, mark: str) -> None:
        """The carrier has played up to there."""
        if self._sent_s and mark == str(self._segment):
            self._finish(self._sent_s, interrupted=False)

    def _finish(self, played_s: float, *, interrupted: bool) -> None:
        self._sent_s = 0.0
        self._segment += 1
        self.on_playback_finished(playback_position=played_s, interrupted=interrupted)

    def _later(self, message: dict[str, Any]) -> None:
        task = asyncio.create_task(self._send(message))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send(self, message: dict[str, Any]) -> None:
        with suppress(ConnectionError):  # they have hung up
            await self._phone.send_str(json.dumps({**message, "streamSid": self._sid}))


def _session(simulator: str, ears: str) -> AgentSession[None]:
    without: dict[str, Any] = {
        "vad": None,
        "turn_handling": {
            "turn_detection": "stt",
            "endpointing": {"min_delay": 0.0},
        },
    }
    return AgentSession(
        stt=deepgram.STT(api_key="peer", base_url=f"{simulator}/v1/listen", sample_rate=RATE_HZ),
        llm=openai.LLM(api_key="peer", base_url=f"{simulator}/v1", model=MODEL),
        tts=cartesia.TTS(api_key="peer", base_url=simulator, voice=VOICE, sample_rate=RATE_HZ),
        aec_warmup_duration=None,  # as for its own outbound calls by phone
        **(without if ears == "stt" else {}),
    )


async def _talk(phone: web.WebSocketResponse, simulator: str, ears: str) -> None:
    heard, spoken = Heard(), None
    session = _session(simulator, ears)
    async for message in phone:
        if message.type is not WSMsgType.TEXT:
            break
        told = json.loads(message.data)
        match told["event"]:
            case "media":
                heard.put(b64decode(told["media"]["payload"]))
            case "mark" if spoken is not None:
                spoken.reached(told["mark"]["name"])
            case "start":
                spoken = Spoken(phone, told["streamSid"])
                session.input.audio, session.output.audio = heard, spoken
                await session.start(Agent(instructions=PROMPT))
                session.say(GREETING)
            case "stop":
                break
    heard.put(None)
    await session.aclose()


async def _serve(port: int, simulator: str, ears: str) -> None:
    async def talk(phone: web.WebSocketResponse) -> None:
        async with http_context.open():
            await _talk(phone, simulator, ears)

    await open_door(port, talk)
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--simulator", required=True)
    parser.add_argument("--ears", choices=("stt", "local"), required=True)
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(given.port, given.simulator, given.ears))


if __name__ == "__main__":
    main()
