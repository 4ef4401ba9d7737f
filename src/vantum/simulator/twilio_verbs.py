"""What the simulated carrier does with an answered call: one TwiML document after the other."""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import urljoin

from msgspec import Struct

from vantum.limits import FRAME_S
from vantum.simulator import twilio_twiml as twiml
from vantum.simulator.phone import NOBODY, Phone
from vantum.simulator.stretch import Stretch
from vantum.simulator.twilio_call import Call, Status
from vantum.simulator.twilio_dial import Outcome, Place, dial_number, join_conference
from vantum.simulator.twilio_line import Ids, Line
from vantum.simulator.twilio_verdict import detect, tell_verdict
from vantum.simulator.twilio_web import UnreachedError
from vantum.wire.twilio import FRAME_BYTES

DOCUMENTS: Final = 100  # of one call; more is a loop
PLAYED_S: Final = 3.0  # how long every recording is taken to last
KEY_S: Final = 0.5  # a digit, and a `w`


class Inline(Struct, frozen=True):
    """A document that was given with the request."""

    text: str


class Fetch(Struct, frozen=True):
    """A document that is to be fetched."""

    url: str
    method: str = "POST"
    more: tuple[tuple[str, str], ...] = ()


Source = Inline | Fetch


class Documents:
    """What happens on one call that follows TwiML."""

    def __init__(self, call: Call, first: Source, place: Place) -> None:
        self._call = call
        self._first = first
        self._place = place
        self._read_before: twiml.Document | None = None
        self._redirected: Source | None = None
        self._at = ""  # the address of the running document, to which others are relative
        self._document = Stretch()

    def redirect(self, source: Source) -> None:
        """Leave the running document for another one."""
        self._redirected = source
        self._document.end()

    async def refusal(self) -> Status | None:
        """Read the first document; it may refuse the call."""
        document = self._read_before = await self._read(self._first)
        if document is None:
            return "failed"
        match document.verbs[:1]:
            case (twiml.Reject(reason="busy"),):
                return "busy"
            case (twiml.Reject(),):
                return "no-answer"
        return None

    async def run(self) -> None:
        """Until there is nothing more to do."""
        call = self._call
        if call.order.digits and call.phone is not None:
            await self._play(twiml.Play(digits=call.order.digits), call.phone)
        if call.order.detection and call.order.detection_waits:
            call.record.answered_by, _ = await detect(call)
        elif call.order.detection:
            call.house.start("verdict", tell_verdict(call))
        source: Source | None = self._first
        for _ in range(DOCUMENTS):
            if source is None:
                break
            source = await self._document.run(self._perform(source))
            if self._redirected is not None:
                source, self._redirected = self._redirected, None

    async def _perform(self, source: Source) -> Source | None:
        """The document that follows, if any."""
        document, self._read_before = self._read_before or await self._read(source), None
        if document is None:
            return None
        for _ in document.unknown:
            self._call.warn(12200)
        for verb in document.verbs:
            if isinstance(verb, twiml.Hangup):
                return None
            if isinstance(verb, twiml.Redirect):
                return Fetch(urljoin(self._at, verb.url), verb.method)
            if (then := await self._do(verb)) is not None:
                return then
        return None

    async def _read(self, source: Source) -> twiml.Document | None:
        call = self._call
        try:
            if isinstance(source, Inline):
                return twiml.read(source.text)
            self._at = source.url
            form = [*call.fields(), ("CallStatus", call.record.status), *source.more]
            answer = await call.house.web.ask(source.url, form, method=source.method)
            if not 200 <= answer.status < 300:
                call.warn(11200)
                return None
            return twiml.read(answer.body.decode("utf-8", "replace"))
        except UnreachedError as error:
            call.warn(error.code)
        except twiml.TwimlError:
            call.warn(12100)
        return None

    async def _do(self, verb: twiml.Verb) -> Source | None:
        phone = self._call.phone
        if phone is None:  # nobody listens; they leave in a moment
            await self._call.over.wait()
            return None
        match verb:
            case twiml.Stream():
                return await self._stream(verb, phone)
            case twiml.Say():
                sounds = await self._call.house.sounds([verb.text])
                await _play(sounds[verb.text], phone)
            case twiml.Pause():
                await _play_silence(verb.length_s, phone)
            case twiml.Play():
                await self._play(verb, phone)
            case twiml.Number():
                told = await dial_number(self._call, phone, verb, self._place)
                return self._then(verb.action, told)
            case twiml.Conference():
                told = await join_conference(self._call, phone, verb)
                return self._then(verb.action, told)
        return None

    def _then(self, action: str, told: Outcome = ()) -> Source | None:
        return Fetch(urljoin(self._at, action), more=told) if action else None

    async def _play(self, verb: twiml.Play, phone: Phone) -> None:
        for key in verb.digits:
            if key not in "wW":
                phone.callee.hear_keys(key)
            await _play_silence(KEY_S, phone)
        if verb.url:
            await _play_silence(PLAYED_S, phone)

    async def _stream(self, verb: twiml.Stream, phone: Phone) -> Source | None:
        call, stage = self._call, self._call.house.stage
        await stage.takes(stage.profile.stream_open)
        ids = Ids(stage.account.sid, call.sid, call.house.new_id("MZ"))
        line = Line(
            stage, ids, verb, call.casting.weather, owed=call.house.ticker.owed, warn=call.warn
        )
        phone.party = line
        try:
            await line.run(call.house.web)
        except UnreachedError as error:
            call.warn(error.code)
        finally:
            phone.party = NOBODY
        return self._then(verb.action)


class _Playing:
    """A sound of known length that the callee hears."""

    def __init__(self, sound: bytes) -> None:
        self.over = asyncio.Event()
        self._frames = iter(
            [
                sound[at : at + FRAME_BYTES].ljust(FRAME_BYTES, b"\xff")
                for at in range(0, len(sound), FRAME_BYTES)
            ]
        )

    def exchange(self, said: bytes) -> bytes | None:  # noqa: ARG002 - nobody listens
        """The next 20 ms of it."""
        frame = next(self._frames, None)
        if frame is None:
            self.over.set()
        return frame or b""

    def press(self, key: str) -> None:
        """Nobody notices."""


async def _play(sound: bytes, phone: Phone) -> None:
    playing = _Playing(sound)
    phone.party = playing
    try:
        await playing.over.wait()
    finally:
        phone.party = NOBODY


async def _play_silence(seconds: float, phone: Phone) -> None:
    await _play(b"\xff" * round(seconds / FRAME_S) * FRAME_BYTES, phone)
