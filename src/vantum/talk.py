"""How a recording is said to a server as a browser would, and when that counts as answered."""

from __future__ import annotations

import asyncio
import wave
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import msgspec
import numpy as np
from msgspec import Struct
from rich.console import Console
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI
from websockets.frames import CloseCode
from websockets.typing import Subprotocol

from vantum.errors import RequestError, ServerUnreachable, SettingsError
from vantum.transports.browser_outlet import SOUND_HZ
from vantum.transports.ids import Ids
from vantum.wav_file import read_wav
from vantum.wire.events import EVENTS, SUBPROTOCOL
from vantum.wire.frames import encode

CHUNK_S: Final = 0.02
LEAD_IN_S: Final = 0.3  # the room before the first word
CONNECT_DEADLINE_S: Final = 10.0
QUIET_DEADLINE_S: Final = 30.0  # the greeting, or the last answer, is heard out by then
ANSWER_DEADLINE_S: Final = 15.0
HANG_UP_DEADLINE_S: Final = 3.0
SPEECH_BELOW_PEAK: Final = 0.06  # -24 dB: breath stays under it, final consonants do not
ABOVE_NOISE: Final = 3.0  # 10 dB over the quietest tenth of the file


class Recording(Struct, frozen=True):
    """A WAV file: s16le mono, and where its last speech ends."""

    path: Path
    pcm: bytes
    rate_hz: int

    def chunks(self) -> list[bytes]:
        """The file in pieces of 20 ms."""
        size = round(self.rate_hz * CHUNK_S) * 2
        return [self.pcm[at : at + size] for at in range(0, len(self.pcm), size)]

    def first_speech_chunk(self, share: float) -> int:
        """Index of the first piece louder than this share of the loudest one."""
        return self._speech_chunks(share)[0]

    def last_speech_chunk(self) -> int:
        """Index of the last piece with speech in it."""
        return self._speech_chunks(SPEECH_BELOW_PEAK)[-1]

    def _speech_chunks(self, share: float) -> list[int]:
        levels = [_level(chunk) for chunk in self.chunks()]
        # In a noisy room speech is what stands out of the noise, not what is near the peak.
        noise = sorted(levels)[len(levels) // 10] if levels else 0.0
        floor = max(share * max(levels, default=0.0), ABOVE_NOISE * noise)
        return [i for i, level in enumerate(levels) if level > floor] or [0]


class Outcome(Struct, frozen=True):
    """What came of one recording; `answered` aloud, and `wait_ms` is None where it was not."""

    file: str
    transcript: str
    answered: bool
    wait_ms: int | None
    answer: str


def _level(chunk: bytes) -> float:
    samples = np.frombuffer(chunk, dtype="<i2").astype(np.float64)
    return float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0


def read_recording(path: Path) -> Recording:
    """Read a WAV file. Raises SettingsError for what is none."""
    sound = read_wav(path)
    return Recording(path, sound.pcm, sound.rate_hz)


class _Payload(Struct, rename="camel"):
    """The fields of all server events that matter here."""

    to: str = ""
    text: str = ""
    full_response: str = ""
    utterance_id: str = ""
    waited_ms: float | None = None
    audio: bytes = b""
    message: str = ""


class _Frame(Struct, rename="camel"):
    event_type: str
    session_id: str
    payload: _Payload


_FRAME: Final = msgspec.msgpack.Decoder(_Frame)


class Utterance(Struct):
    """Something the agent says; `asked` where the caller has waited for it."""

    asked: bool = False
    text: str = ""
    began: float = 0.0  # clock time
    first_sound: float | None = None  # clock time


class Caller:
    """A connection to a server that behaves like the page: what it has heard so far."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = Ids()
        self._session_id = ""
        self.state = ""
        self.sound: list[bytes] = []
        self.finals: list[str] = []
        self._utterances: defaultdict[str, Utterance] = defaultdict(Utterance)  # by id
        self._saying = ""  # id of the utterance whose text comes
        self.complaint = ""  # the server's last error
        self._refusal = ""  # why it has no room for us
        self._counts: Counter[str] = Counter()
        self._changed = asyncio.Event()

    async def read(self) -> None:
        """Take the server's frames until it closes."""
        with suppress(ConnectionClosed):  # `farewell` tells of it
            async for message in self._socket:
                if isinstance(message, bytes):
                    self._take(_FRAME.decode(message))
        self.state = "CLOSED"
        self._changed.set()

    def _take(self, frame: _Frame) -> None:
        name, payload = frame.event_type, frame.payload
        now = asyncio.get_running_loop().time()
        self._session_id = frame.session_id
        self._counts[name] += 1
        if name == EVENTS.conversation.state.CHANGED:
            self.state = payload.to
        elif name == EVENTS.transcript.final.RESULT:
            self.finals.append(payload.text)
        elif name == EVENTS.conversation.response.START:
            self._saying = payload.utterance_id
            # The server tells a wait only where somebody has asked: not of greetings and nudges.
            said = Utterance(asked=payload.waited_ms is not None, began=now)
            self._utterances[self._saying] = said
        elif name == EVENTS.conversation.response.COMPLETE:
            self._utterances[self._saying].text = payload.full_response
        elif name == EVENTS.audio.output.CHUNK:
            self._take_sound(self._utterances[payload.utterance_id], payload.audio, now)
        elif name == EVENTS.system.status.BUSY:
            self._refusal = payload.message or "it is busy"
        elif ".error." in f".{name}":
            self.complaint = payload.message or name
        self._changed.set()

    def _take_sound(self, utterance: Utterance, pcm: bytes, now: float) -> None:
        if utterance.first_sound is None:
            utterance.first_sound = now
        self.sound.append(pcm)

    async def until(self, condition: Callable[[], bool], deadline_s: float) -> bool:
        """Wait for the condition or the server's end; False when it did not come true."""
        try:
            async with asyncio.timeout(deadline_s):
                while not condition() and not self.is_over:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return condition()

    def count(self, name: str) -> int:
        """How many events of that name have come."""
        return self._counts[name]

    @property
    def is_greeted(self) -> bool:
        """The server has answered the upgrade with a session."""
        return bool(self._session_id)

    @property
    def is_over(self) -> bool:
        """The server has gone, or has no room."""
        return self.state == "CLOSED" or bool(self._refusal)

    def check_admitted(self) -> None:
        """Raises RequestError where the server has no room."""
        if self._refusal:
            raise RequestError(f"the server refused the call: {self._refusal}")

    def farewell(self) -> str:
        """What is to be told of how the connection ended; empty where it ended well."""
        code = self._socket.close_code
        if code == CloseCode.ABNORMAL_CLOSURE:
            return "The connection to the server was lost."
        if code in {None, CloseCode.NORMAL_CLOSURE} or self.complaint:
            return ""
        return f"The server closed the connection: {self._socket.close_reason or code}"

    async def send(self, name: str, payload: dict[str, object]) -> None:
        """Send one event; a server that has gone is noticed by `read`."""
        with suppress(ConnectionClosed):
            await self._socket.send(encode(name, self._ids.new(), self._session_id, payload))

    def answer_since(self, began: float, *, asked: bool = True) -> Utterance | None:
        """The first answer that began then or later: heard, or over and only to be read.

        Where it need not have been `asked` for, what is said unasked counts too.
        """
        over = self.state == "LISTENING"
        said = (u for u in self._utterances.values() if u.began >= began and (u.asked or not asked))
        return next((u for u in said if u.first_sound is not None or (u.text and over)), None)


class Microphone:
    """Sends a room's silence in real time, and a recording when there is one to say."""

    def __init__(self, caller: Caller, rate_hz: int) -> None:
        self._caller = caller
        self._silence = bytes(round(rate_hz * CHUNK_S) * 2)
        self._waiting: deque[bytes] = deque()
        self._said = asyncio.Event()
        self._last_speech = 0  # pieces from the end of the recording
        self.spoke_until = float("inf")  # clock time at which the last speech left

    async def run(self) -> None:
        """Send a piece every 20 ms until the server has gone."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while not self._caller.is_over:
            due += CHUNK_S
            await asyncio.sleep(max(0.0, due - loop.time()))
            saying = bool(self._waiting)
            chunk = self._waiting.popleft() if saying else self._silence
            await self._caller.send(EVENTS.audio.input.CHUNK, {"audio": chunk})
            if saying and len(self._waiting) == self._last_speech:
                self.spoke_until = loop.time()
            if saying and not self._waiting:
                self._said.set()
        self._said.set()

    async def say(self, recording: Recording) -> None:
        """Return when the whole recording was sent, or the server has gone."""
        chunks = recording.chunks()
        self._last_speech = len(chunks) - 1 - recording.last_speech_chunk()
        self._said.clear()
        self._waiting.extend(chunks)
        if not self._caller.is_over:
            await self._said.wait()


async def _say(caller: Caller, recording: Recording) -> Outcome:
    heard_before = len(caller.finals)

    def transcript() -> str:
        return " ".join(caller.finals[heard_before:]).strip()

    await caller.send(EVENTS.audio.input.START, {"samplingRate": recording.rate_hz})
    microphone = Microphone(caller, recording.rate_hz)

    def answer() -> Utterance | None:
        # Without words there was nothing to answer: a noise must not pass for a question.
        return caller.answer_since(microphone.spoke_until) if transcript() else None

    async with asyncio.TaskGroup() as group:
        sending = group.create_task(microphone.run(), name="microphone")
        await asyncio.sleep(LEAD_IN_S)
        await caller.until(lambda: caller.state == "LISTENING", QUIET_DEADLINE_S)
        await microphone.say(recording)
        if await caller.until(lambda: answer() is not None, ANSWER_DEADLINE_S):
            await caller.until(lambda: caller.state == "LISTENING", QUIET_DEADLINE_S)
        sending.cancel()
    await caller.send(EVENTS.audio.input.STOP, {})
    came = answer() or Utterance()
    wait_s = None if came.first_sound is None else came.first_sound - microphone.spoke_until
    return Outcome(
        file=str(recording.path),
        transcript=transcript(),
        answered=wait_s is not None,
        wait_ms=None if wait_s is None else round(wait_s * 1000),
        answer=came.text,
    )


async def converse(
    url: str,
    recordings: list[Recording],
    show: Callable[[Outcome], None],
    note: Callable[[str], None],
) -> Caller:
    """Say one recording after the other on one connection. Raises ServerUnreachable, RequestError.

    `show` is given what came of each, `note` what a person who waits should know.
    """
    try:
        socket = await connect(
            url,
            subprotocols=[Subprotocol(SUBPROTOCOL)],
            compression=None,
            max_size=None,
            open_timeout=CONNECT_DEADLINE_S,
        )
    except (OSError, TimeoutError, InvalidURI, InvalidHandshake) as error:
        raise ServerUnreachable(f"{url} cannot be reached: {error}") from error
    async with socket, asyncio.TaskGroup() as group:
        caller = Caller(socket)
        reading = group.create_task(caller.read(), name="read")
        if not await caller.until(lambda: caller.is_greeted, CONNECT_DEADLINE_S):
            why = caller.complaint or caller.farewell()
            raise ServerUnreachable(f"{url} does not greet. {why}".rstrip())
        caller.check_admitted()
        note("Connected. The first recording is said once the agent's greeting is over.")
        for recording in recordings:
            outcome = await _say(caller, recording)
            caller.check_admitted()
            show(outcome)
        await caller.send(EVENTS.user.action.END_CALL, {"reason": "all recordings are said"})
        await caller.until(lambda: False, HANG_UP_DEADLINE_S)
        reading.cancel()
    return caller


def socket_url(given: str) -> str:
    """The WebSocket of a server whose page has this address. Raises SettingsError."""
    schemes = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
    try:
        parts = urlsplit(given)
        scheme, host = schemes.get(parts.scheme), parts.hostname
    except ValueError:  # such as half an IPv6 address
        scheme = host = None
    if scheme is None or not host:
        raise SettingsError(
            f'--url: got "{given}", allowed is an address such as http://localhost:3001'
        )
    path = "/ws" if parts.path in {"", "/"} else parts.path
    return urlunsplit((scheme, parts.netloc, path, parts.query, ""))


def run_talk(paths: list[Path], *, url: str, record: Path | None, as_json: bool) -> int:
    """Say the files; returns 0 only if every one was answered. Raises SettingsError and others."""
    url = socket_url(url)
    recordings = [read_recording(path) for path in paths]
    if record is not None:
        _check_writable(record)
    outcomes: list[Outcome] = []
    console = Console(highlight=False, soft_wrap=True)

    def show(outcome: Outcome) -> None:
        outcomes.append(outcome)
        if as_json:
            console.out(msgspec.json.encode(outcome).decode())
            return
        wait = f"answered after {outcome.wait_ms} ms" if outcome.answered else "NOT ANSWERED"
        if outcome.answer and not outcome.answered:
            wait = "ANSWERED AS TEXT ALONE, without sound"
        heard = f"“{outcome.transcript}”" if outcome.transcript else "nothing was understood"
        console.print(f"{outcome.file}: {wait}\n    {heard}", markup=False)
        if outcome.answer:
            console.print(f"  → “{outcome.answer}”", markup=False)

    aside = Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        caller = asyncio.run(converse(url, recordings, show, aside.print))
    except ExceptionGroup as errors:  # `except*` would wrap what is raised once more
        raise errors.exceptions[0] from None
    if caller.complaint:
        aside.print(f"The server said: {caller.complaint}", markup=False)
    if farewell := caller.farewell():
        aside.print(farewell, markup=False)
    if record is not None:
        _write_wav(record, b"".join(caller.sound))
    return 0 if all(outcome.answered for outcome in outcomes) else 1


def _check_writable(path: Path) -> None:
    """Rather now than after the whole conversation. Raises SettingsError."""
    try:
        path.open("ab").close()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be written: {error}") from error


def _write_wav(path: Path, pcm: bytes) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SOUND_HZ, 0, "NONE", ""))
        file.writeframes(pcm)
