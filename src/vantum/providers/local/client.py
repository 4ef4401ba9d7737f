"""How a server process gets words and sound from the speech helper of its machine.

`LocalSpeech` is made without any I/O. Its `run()`, a task of the composition root, keeps a helper
at the other end of the socket: it starts one where there is none and again when it dies. Requests
made meanwhile wait; those cut off are asked once more, and every one of them has a deadline.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Final

import msgspec

from vantum.errors import (
    ProviderError,
    ProviderTimeout,
    ProviderUnavailable,
    Service,
    SettingsError,
)
from vantum.providers.local import engine, frames
from vantum.providers.local.activity import VadModel
from vantum.providers.local.room import WINDOW_S, more_calls

ANSWER_DEADLINE_S: Final = 10.0  # loading takes 1-3 s, a decode under 2 s on a busy machine
_POLL_S: Final = 0.03  # a helper listens about 0.2 s after its start
_HELLO_DEADLINE_S: Final = 5.0  # a helper that accepts but does not greet hangs
_RESTART_S: Final = (0.0, 0.0, 1.0, 5.0)  # between starts, while they keep failing
_PATH_BYTES: Final = 100  # the kernel's limit for a Unix socket's name is 107 and a zero


def socket_path(data_dir: Path) -> Path:
    """Where the helper for this data folder listens: inside it, or under a short name.

    Raises SettingsError.
    """
    path = data_dir.absolute() / "speech.sock"
    if len(os.fsencode(path)) <= _PATH_BYTES:
        return path
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"vantum-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise SettingsError(f"{folder} is somebody else's; choose a shorter VANTUM_DATA_DIR")
    return folder / f"{name}.sock"


class LocalSpeech:
    """The speech models of this machine, shared by all calls of this process."""

    def __init__(
        self,
        socket: Path,
        *,
        recognisers: int = 0,
        linger_s: float = 10.0,
        deadline_s: float = ANSWER_DEADLINE_S,
    ) -> None:
        """`recognisers`: 0 leaves the number to the helper (half the cores)."""
        self._deadline_s = deadline_s
        self._launch = _Launch(socket, recognisers, linger_s)
        self._requests: dict[int, _Request] = {}
        self._ids = itertools.count(1)
        self._link: _Link | None = None
        self._status = frames.Status(0, 0, "")
        self._changed = asyncio.Event()
        self._streams: dict[int, float] = {}  # when each began that is not over
        self._over = False
        self.vad = VadModel()

    @property
    def ready(self) -> bool:
        """Words and sound can be had at once."""
        return self._link is not None and bool(self._status.recognisers and self._status.voices)

    @property
    def trouble(self) -> str:
        """Why local speech cannot work here; "" when nothing is known to be wrong."""
        return self._status.trouble

    def more_calls(self, now: float) -> int:
        """How many more can be heard and spoken to, at this time of the event loop."""
        young = sum(now - began < WINDOW_S for began in self._streams.values())
        return more_calls(self._status.share, young)

    async def wait_ready(self, deadline_s: float = ANSWER_DEADLINE_S) -> None:
        """Return when `ready`. Raises ProviderUnavailable, ProviderTimeout."""
        try:
            async with asyncio.timeout(deadline_s):
                while not self.ready:
                    self._refuse_when_lost("stt")
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError as error:
            raise ProviderTimeout("local speech does not get ready", service="stt") from error

    async def run(self) -> None:
        """Keep a helper connected until cancelled. One task of the composition root."""
        if missing := engine.missing_packages():
            self._changes(frames.Status(0, 0, engine.how_to_install(missing)))
            return
        try:
            await self.vad.load()
        except ProviderUnavailable as error:
            self._changes(frames.Status(0, 0, str(error)))
            return
        try:
            while True:
                self._link = await self._connect()
                self._changed.set()  # its greeting may have come before it was ours
                for request in self._requests.values():
                    self._link.send(request.frame())
                await self._link.lost.wait()
                self._cut_off()
        finally:
            self._over = True
            if self._link:
                self._link.close()
            self._cut_off(again=False)
            self.vad.close()

    def recognise(self, pcm: bytes, *, stream: int, interim: bool) -> asyncio.Future[str | None]:
        """The words of an utterance (s16le mono, 16 kHz, under 12 s); None for an interim that a
        newer wish of the same `stream` overtook. Cancelling the future cancels the work.

        The future raises ProviderError.
        """
        words: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

        def answered(answer: frames.Answer | ProviderError) -> None:
            if words.done():
                return
            if isinstance(answer, frames.Recognised):
                words.set_result(answer.text)
            else:
                words.set_exception(_as_error(answer, "stt"))

        id_ = next(self._ids)
        request = _Request(lambda: frames.Recognise(id_, stream, pcm, interim), answered, "stt")
        try:
            self._ask(id_, request)
        except ProviderUnavailable as error:
            words.set_exception(error)
            return words
        late = asyncio.get_running_loop().call_later(self._deadline_s, self._late, id_)

        def settled(_: object) -> None:
            late.cancel()
            self._forget(id_)

        words.add_done_callback(settled)
        return words

    def new_stream(self) -> int:
        """A number for one caller's recording, which begins now, for `recognise`."""
        stream = next(self._ids)
        self._streams[stream] = asyncio.get_running_loop().time()
        return stream

    def close_stream(self, stream: int) -> None:
        """The recording is over."""
        del self._streams[stream]

    async def speak(self, text: str) -> AsyncGenerator[bytes, None]:
        """Sound of the text as it is made: s16le mono at engine.VOICE_RATE_HZ.

        Closing the generator cancels the work. Raises ProviderError.
        """
        # Unbounded: what one piece of an answer can be, at most SPEECH_CHARS.
        answers: asyncio.Queue[frames.Answer | ProviderError] = asyncio.Queue()
        repeats = 0

        def answered(answer: frames.Answer | ProviderError) -> None:
            nonlocal repeats
            if isinstance(answer, frames.Sound) and not answer.last:
                if request.asked_again and repeats:
                    repeats -= 1  # a new helper begins at the first sentence again
                    return
                repeats += not request.asked_again
            answers.put_nowait(answer)

        id_ = next(self._ids)
        request = _Request(lambda: frames.Speak(id_, text), answered, "tts")
        self._ask(id_, request)
        try:
            while True:
                answer = await self._within_deadline(answers)
                if not isinstance(answer, frames.Sound):
                    raise _as_error(answer, "tts")
                if answer.last:
                    return
                yield answer.pcm
        finally:
            self._forget(id_)

    async def _within_deadline(
        self, answers: asyncio.Queue[frames.Answer | ProviderError]
    ) -> frames.Answer | ProviderError:
        try:
            async with asyncio.timeout(self._deadline_s):
                return await answers.get()
        except TimeoutError:
            return ProviderTimeout("local voice did not answer in time", service="tts")

    def _ask(self, id_: int, request: _Request) -> None:
        self._refuse_when_lost(request.service)
        self._requests[id_] = request
        if self._link:
            self._link.send(request.frame())

    def _refuse_when_lost(self, service: Service) -> None:
        if self.trouble:
            raise ProviderUnavailable(self.trouble, service=service, trouble="fatal")
        if self._over:
            raise ProviderUnavailable("local speech is shut down", service=service)

    def _late(self, id_: int) -> None:
        if request := self._requests.get(id_):
            message = "local speech did not answer in time"
            request.answered(ProviderTimeout(message, service=request.service))

    def _forget(self, id_: int) -> None:
        """A request left open is unwanted now: the helper need not finish it."""
        if self._requests.pop(id_, None) and self._link:
            self._link.send(frames.Cancel(id_))

    def _answered(self, answer: frames.Answer) -> None:
        if isinstance(answer, frames.Status):
            self._changes(answer)
            return
        request = self._requests.get(answer.id)
        if request is None:
            return  # cancelled while the answer was under way
        if not isinstance(answer, frames.Sound) or answer.last:
            del self._requests[answer.id]
        request.answered(answer)

    def _changes(self, status: frames.Status) -> None:
        self._status = status
        self._changed.set()

    def _cut_off(self, *, again: bool = True) -> None:
        """The helper is gone: what it owes is asked once more, then given up."""
        self._link = None
        self._changes(frames.Status(0, 0, self.trouble))
        for id_, request in list(self._requests.items()):
            if again and not request.asked_again:
                request.asked_again = True
                continue
            del self._requests[id_]
            request.answered(ProviderError("local speech broke off", service=request.service))

    async def _connect(self) -> _Link:
        """Find a helper or start one, as often as it takes."""
        for failures in itertools.count():
            await asyncio.sleep(_RESTART_S[min(failures, len(_RESTART_S) - 1)])
            for _ in range(int(_HELLO_DEADLINE_S / _POLL_S)):
                link = await self._find()
                if link:
                    return link
                if self._launch.failed():
                    break
                try:
                    self._launch.start()
                except OSError as error:  # a data folder that cannot be written, no memory left
                    why = f"the speech helper cannot be started: {error}"
                    self._changes(frames.Status(0, 0, why))
                    break
                await asyncio.sleep(_POLL_S)
            self._launch.kill()
        raise AssertionError("the tries do not end")

    async def _find(self) -> _Link | None:
        loop = asyncio.get_running_loop()
        try:
            _, link = await loop.create_unix_connection(
                lambda: _Link(self._answered), str(self._launch.socket)
            )
        except OSError:
            return None
        if await link.greeted():
            return link
        self._launch.kill()
        return None


class _Request:
    """Something asked of the helper that is not answered to its end."""

    def __init__(
        self,
        frame: Callable[[], frames.Request],
        answered: Callable[[frames.Answer | ProviderError], None],
        service: Service,
    ) -> None:
        self.frame = frame
        self.answered = answered
        self.service: Service = service
        self.asked_again = False


class _Link(asyncio.Protocol):
    """One connection to a helper."""

    def __init__(self, answered: Callable[[frames.Answer], None]) -> None:
        self._answered = answered
        self._deframer = frames.Deframer()
        self._transport: asyncio.WriteTransport | None = None
        self._hello = asyncio.Event()
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]  # uvloop's has no such base

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._hello.set()
        self.lost.set()

    def data_received(self, data: bytes) -> None:
        try:
            for body in self._deframer.push(data):
                self._answered(frames.decode_answer(body))
                self._hello.set()
        except (ValueError, msgspec.MsgspecError):
            self.close()

    async def greeted(self) -> bool:
        """Did the helper say what it can do, in time?"""
        try:
            async with asyncio.timeout(_HELLO_DEADLINE_S):
                await self._hello.wait()
        except TimeoutError:
            self.close()
        return not self.lost.is_set()

    def send(self, request: frames.Request) -> None:
        if self._transport:
            self._transport.write(frames.encode(request))

    def close(self) -> None:
        if self._transport:
            self._transport.abort()


class _Launch:
    """The helper process that this process started, if it did."""

    def __init__(self, socket: Path, recognisers: int, linger_s: float) -> None:
        self.socket = socket
        self._arguments = ["--socket", str(socket), "--linger", str(linger_s)]
        if recognisers:
            self._arguments += ["--recognisers", str(recognisers)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start a helper; it ends by itself at once where another one serves."""
        if not self.ended():
            return
        self.socket.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Not our own standard error: who waits for its end would wait for the helper too.
        with Path(f"{self.socket}.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "vantum.providers.local.helper", *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the server, which then closes its calls
            )

    def ended(self) -> bool:
        """No helper of ours runs; also takes leave of one that ended, so that it is no zombie."""
        return self._process is None or self._process.poll() is not None

    def failed(self) -> bool:
        """It broke off; a 0 means that another one serves, or served until just now."""
        return self._process is not None and self._process.poll() not in (None, 0)

    def kill(self) -> None:
        """End a helper of ours that does not answer."""
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._process = None


def _as_error(answer: frames.Answer | ProviderError, service: Service) -> ProviderError:
    if isinstance(answer, ProviderError):
        return answer
    message = answer.message if isinstance(answer, frames.Failed) else "local speech is confused"
    return ProviderError(message, service=service)
