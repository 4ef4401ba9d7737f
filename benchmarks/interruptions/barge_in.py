"""From speech at our socket to the carrier's buffer being cleared, over real sockets in real time.

The server runs in a process and on a core of its own, on simulated vendors; the carrier is played
here. With local voice activity the time counts from the first frame of speech sent, else from the
recogniser's own event, which a relay in front of it sees pass.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Final

import httpx
import numpy as np
from twilio.request_validator import RequestValidator
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from benchmarks.added_delay import started
from benchmarks.capacity.programs import CORES
from benchmarks.interruptions.calls import at_rate
from benchmarks.interruptions.corpus import Clip, clips
from benchmarks.interruptions.lines import FRAME_S, Microphone, Surroundings
from benchmarks.many_phones import on_the_phone, serving
from vantum.audio.pcm import encode_mulaw
from vantum.simulator.customer import OUR_NUMBER
from vantum.simulator.stage import ONE_ACCOUNT
from vantum.simulator.twilio_playout import Playout
from vantum.telephony.signatures import HEADER
from vantum.wire import twilio as wire

MODES: Final[dict[str, dict[str, str]]] = {
    "local voice activity": {"STT_PROVIDER": "deepgram", "VAD": "local"},
    "Deepgram's event": {"STT_PROVIDER": "deepgram", "VAD": "off"},
    "Flux's event": {"STT_PROVIDER": "deepgram-flux", "VAD": "off"},
}
EVENTS: Final = ('"SpeechStarted"', '"StartOfTurn"')
INTO_S: Final = 1.6  # of the greeting: who speaks earlier has it taken back
PATIENCE_S: Final = 15.0
AT_ONCE: Final = 4
NOBODY: Final = np.zeros(wire.FRAME_BYTES)


class Relay:
    """Passes on what server and recogniser tell each other; notes when speech was told."""

    def __init__(self, target: str) -> None:
        self.told_at: list[list[float]] = []  # for each connection, oldest first
        self.opened = asyncio.Event()  # one more of them
        self._target = target

    async def pass_on(self, ours: ServerConnection) -> None:
        assert ours.request is not None
        told: list[float] = []
        self.told_at.append(told)
        self.opened.set()
        async with (
            connect(self._target + ours.request.path, max_size=None) as theirs,
            asyncio.TaskGroup() as group,
        ):
            group.create_task(self._copy(ours, theirs, None))
            group.create_task(self._copy(theirs, ours, told))

    async def _copy(
        self,
        one: ClientConnection | ServerConnection,
        other: ClientConnection | ServerConnection,
        told: list[float] | None,
    ) -> None:
        with suppress(ConnectionClosed):
            async for message in one:
                if told is not None and any(event in str(message) for event in EVENTS):
                    told.append(time.monotonic())
                await other.send(message)
        await other.close()


@asynccontextmanager
async def relaying(target: str) -> AsyncIterator[tuple[Relay, str]]:
    relay = Relay(target.replace("http", "ws", 1))
    async with serve(relay.pass_on, "127.0.0.1", 0, max_size=None) as server:
        yield relay, f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


class Phone:
    """One caller's media stream."""

    def __init__(self, socket: ClientConnection, clip: Clip) -> None:
        self.began_at: float | None = None  # the clip's first sound was sent
        self.spoke_at: float | None = None  # the first frame that a listener would call speech
        self.cleared_at: float | None = None
        self._socket = socket
        self._clip = clip
        self._playout = Playout()
        self._mic = Microphone(Surroundings(), wire.RATE_HZ)
        self._heard = 0

    async def read(self) -> None:
        with suppress(ConnectionClosed):
            async for text in self._socket:
                match wire.to_carrier(text):
                    case wire.Play(media=media):
                        self._playout.add(media.payload)
                    case wire.Label(mark=mark):
                        self._playout.mark(mark.name)
                    case wire.Clear():
                        self._playout.clear()
                        if self.began_at is not None and self.cleared_at is None:
                            self.cleared_at = time.monotonic()

    async def talk(self) -> None:
        """Speak into the greeting; until the clear has come, or for too long."""
        began = due = time.monotonic()
        wave = at_rate(self._clip.parts[0], wire.RATE_HZ)
        onset = None
        for number in count():
            due += FRAME_S
            await asyncio.sleep(due - time.monotonic())
            self._heard += bool(self._playout.take())
            for name in self._playout.reached():
                await self._send(wire.Mark("1", "MZ1", wire.Name(name)))
            if onset is None and self._heard * FRAME_S >= INTO_S:
                self._mic.say(wave)
                onset = number + round(self._clip.onset_s / FRAME_S)
                self.began_at = time.monotonic()
            sound = encode_mulaw(self._mic.take(NOBODY))
            media = wire.InboundSound("inbound", str(number + 1), str(20 * number), sound)
            await self._send(wire.Media("1", "MZ1", media))
            if number == onset:
                self.spoke_at = time.monotonic()
            cleared = self.cleared_at is not None and self.spoke_at is not None
            if cleared or due - began > PATIENCE_S:
                return

    async def _send(self, message: wire.FromCarrier) -> None:
        await self._socket.send(wire.written(message))


def signed(url: str, form: dict[str, str]) -> dict[str, str]:
    """As the carrier signs what it asks of us."""
    return {HEADER: RequestValidator(ONE_ACCOUNT.token).compute_signature(url, form)}


async def one_call(
    server: str, number: int, clip: Clip, relay: Relay, opening: asyncio.Lock
) -> tuple[float | None, float | None]:
    """Milliseconds until the clear, from the first speech sent and from the recogniser's event."""
    sid = f"CA{number:032x}"
    form = {"CallSid": sid, "From": "+15550100100", "To": OUR_NUMBER}
    url = f"{server}/twilio/voice"
    async with httpx.AsyncClient(timeout=30) as http:
        twiml = (await http.post(url, data=form, headers=signed(url, form))).text
    token = twiml.split('value="')[1].split('"')[0]
    media = f"{server.replace('http', 'ws', 1)}/twilio/media"
    async with connect(media, additional_headers=signed(media, {})) as socket:
        given = {"token": token}
        details = wire.StartDetails(ONE_ACCOUNT.sid, "MZ1", sid, custom_parameters=given)
        async with opening:  # so that it is known which of the relay's connections is this call's
            mine = len(relay.told_at)
            relay.opened.clear()
            await socket.send(wire.written(wire.Connected()))
            await socket.send(wire.written(wire.Start("1", "MZ1", details)))
            async with asyncio.timeout(PATIENCE_S):
                await relay.opened.wait()
        phone = Phone(socket, clip)
        reading = asyncio.ensure_future(phone.read())
        await phone.talk()
        reading.cancel()
    if phone.cleared_at is None or phone.spoke_at is None:
        return None, None
    told = [at for at in relay.told_at[mine] if phone.spoke_at - 1 < at <= phone.cleared_at]
    heard_ms = 1000 * (phone.cleared_at - told[0]) if told else None
    return 1000 * max(0.0, phone.cleared_at - phone.spoke_at), heard_ms


async def measure(simulator: str, settings: dict[str, str], calls: int) -> list[float]:
    """The times of one mode, in milliseconds."""
    said = clips("interruption", calls, random.Random(5))
    async with relaying(simulator) as (relay, address):
        given = on_the_phone(simulator) | settings | {"DEEPGRAM_BASE_URL": address}
        lines, opening = asyncio.Semaphore(AT_ONCE), asyncio.Lock()
        with serving(given, CORES[:1]) as (server, _):  # nobody else is served by this loop now

            async def one(number: int, clip: Clip) -> tuple[float | None, float | None]:
                async with lines:
                    return await one_call(server, number, clip, relay, opening)

            times = await asyncio.gather(*(one(n, clip) for n, clip in enumerate(said, 1)))
    own = settings["VAD"] == "local"
    return sorted(ms for pair in times if (ms := pair[0 if own else 1]) is not None)


def barge_ins(calls: int) -> dict[str, list[float]]:
    """For each mode, the times in milliseconds."""
    os.sched_setaffinity(0, CORES[-1:])
    try:
        with started("simulate", "--profile", "bench", announces=r"on (http://\S+)") as simulator:
            return {
                mode: asyncio.run(measure(simulator, settings, calls))
                for mode, settings in MODES.items()
            }
    finally:
        os.sched_setaffinity(0, CORES)
