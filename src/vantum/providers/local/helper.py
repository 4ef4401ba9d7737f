"""The one process of a machine that holds the speech models: `-m vantum.providers.local.helper`.

It serves every server process through one Unix socket, so that N of them do not load N copies of
the models, and so that a decode's threads are not inside a process that must keep 20 ms deadlines.
A second helper on the same socket ends at once; the only one ends some seconds after its last
client, also when that client was killed: the kernel closes its socket.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

import msgspec
from msgspec.structs import replace

from vantum import arrays
from vantum.errors import ProviderUnavailable
from vantum.file_lock import alone
from vantum.providers.local import engine, frames
from vantum.providers.local.jobs import Job, Jobs
from vantum.providers.local.room import EVERY_S, Kind, Work

LINGER_S: Final = 10.0  # a server that restarts finds its models still loaded
NICENESS: Final = 5  # on shared cores the server's 20 ms frames go first, decodes right after
_LAST_WORK_S: Final = 2.0  # at the end: one decode of a long utterance


class Workshop:
    """All clients and the threads that work for them."""

    def __init__(self, loop: asyncio.AbstractEventLoop, linger_s: float) -> None:
        self._loop = loop
        self._linger_s = linger_s
        self._clients: dict[int, Client] = {}
        self._count = 0
        self._leaving: asyncio.TimerHandle | None = None
        self._status = frames.Status(0, 0, "")
        self._work = Work(loop.time())
        self.hearing = Jobs()
        self.voicing = Jobs()
        self.ended = asyncio.Event()

    def joined(self, client: Client) -> int:
        """A client is there; gives its number."""
        self._count += 1
        self._clients[self._count] = client
        if self._leaving:
            self._leaving.cancel()
        client.send(self._status)
        return self._count

    def left(self, number: int) -> None:
        """A client is gone, and so is the point of its requests."""
        del self._clients[number]
        self.hearing.cancel(number)
        self.voicing.cancel(number)
        if not self._clients:
            self.leave_later()

    def leave_later(self) -> None:
        """End unless a client comes in time."""
        self._leaving = self._loop.call_later(self._linger_s, self.ended.set)

    def answer(self, job: Job, answer: frames.Answer) -> None:
        """Send an answer unless nobody waits for it any more."""
        client = self._clients.get(job.client)
        if client and not job.cancelled:
            client.send(answer)

    def answer_from_thread(self, job: Job, answer: frames.Answer) -> None:
        """The same, from a working thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.answer, job, answer)

    def worked_from_thread(self, kind: Kind, took_s: float) -> None:
        """A thread was at work for so long."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._work.add, kind, took_s)

    def look_on(self) -> None:
        """Tell the clients how much there is to do, now and then while the loop runs."""
        now, able = self._loop.time(), self._status
        share = self._work.look(now, recognisers=able.recognisers, voices=able.voices)
        if (rounded := round(share, 2)) != able.share:
            self._tell(replace(able, share=rounded))
        self._loop.call_later(EVERY_S, self.look_on)

    def loaded_from_thread(
        self, *, recognisers: int = 0, voices: int = 0, trouble: str = ""
    ) -> None:
        """A thread has its model, or cannot have it."""

        def tell() -> None:
            able = self._status
            self._tell(
                replace(
                    able,
                    recognisers=able.recognisers + recognisers,
                    voices=able.voices + voices,
                    trouble=able.trouble or trouble,
                )
            )

        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(tell)

    def _tell(self, status: frames.Status) -> None:
        self._status = status
        for client in self._clients.values():
            client.send(status)


class Client(asyncio.Protocol):
    """One server process."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._deframer = frames.Deframer()
        self._number = 0
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._number = self._workshop.joined(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: D102
        self._transport = None
        self._workshop.left(self._number)

    def data_received(self, data: bytes) -> None:  # noqa: D102
        try:
            for body in self._deframer.push(data):
                self._asked(frames.decode_request(body))
        except (ValueError, msgspec.MsgspecError):
            # Not one of ours; to answer would only confuse it more.
            if self._transport:
                self._transport.close()

    def send(self, answer: frames.Answer) -> None:
        """Unbounded, but never more than the sound of the texts this client asked for."""
        if self._transport:
            self._transport.write(frames.encode(answer))

    def _asked(self, request: frames.Request) -> None:
        workshop, number = self._workshop, self._number
        match request:
            case frames.Recognise(id=id_, stream=stream, pcm=pcm, interim=interim):
                job = Job(number, id_, stream=stream, interim=interim, pcm=pcm)
                for dropped in workshop.hearing.put(job):
                    if dropped.interim:
                        workshop.answer(dropped, frames.Recognised(dropped.id, None))
                    else:
                        workshop.answer(
                            dropped, frames.Failed(dropped.id, "too much speech at once")
                        )
            case frames.Speak(id=id_, text=text):
                for dropped in workshop.voicing.put(Job(number, id_, text=text)):
                    workshop.answer(dropped, frames.Failed(dropped.id, "too much to say at once"))
            case frames.Cancel(id=id_):
                workshop.hearing.cancel(number, id_)
                workshop.voicing.cancel(number, id_)


def recognise_forever(workshop: Workshop) -> None:
    """The life of a recognising thread: its model is its own."""
    try:
        recognise = engine.load_recogniser()
    except ProviderUnavailable as error:
        workshop.loaded_from_thread(trouble=str(error))
        return
    workshop.loaded_from_thread(recognisers=1)
    while job := workshop.hearing.take():
        began = time.monotonic()
        answer: frames.Answer
        try:
            answer = frames.Recognised(job.id, recognise(job.pcm))
        except Exception as error:  # noqa: BLE001 - thread root: one bad utterance, not all calls
            answer = frames.Failed(job.id, f"speech recognition failed: {type(error).__name__}")
        workshop.hearing.done(job)
        if not job.interim:  # there are fewer of these as soon as there is other work
            workshop.worked_from_thread("hearing", time.monotonic() - began)
        workshop.answer_from_thread(job, answer)


def speak_forever(workshop: Workshop) -> None:
    """The life of the speaking thread: one chunk for each waiting call in turn."""
    try:
        speak = engine.load_voice()
    except ProviderUnavailable as error:
        workshop.loaded_from_thread(trouble=str(error))
        return
    workshop.loaded_from_thread(voices=1)
    while job := workshop.voicing.take():
        began = time.monotonic()
        answer: frames.Answer
        try:
            job.sound = job.sound or speak(job.text)
            pcm = next(job.sound, None)
            answer = frames.Sound(job.id, pcm or b"", last=pcm is None)
        except Exception as error:  # noqa: BLE001 - thread root: one bad text, not all calls
            pcm = None
            answer = frames.Failed(job.id, f"speech synthesis failed: {type(error).__name__}")
        workshop.answer_from_thread(job, answer)
        workshop.voicing.done(job, more=pcm is not None)
        workshop.worked_from_thread("voicing", time.monotonic() - began)


async def serve(socket_path: Path, *, recognisers: int, linger_s: float) -> None:
    """Serve until told to end or long without a client."""
    loop = asyncio.get_running_loop()
    workshop = Workshop(loop, linger_s)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, workshop.ended.set)
    arrays.bring()  # holds the loop up, so before the socket is there and the linger begins
    before = os.umask(0o177)  # the socket is the owner's alone from its first moment
    try:
        server = await loop.create_unix_server(lambda: Client(workshop), path=str(socket_path))
    finally:
        os.umask(before)
    workshop.leave_later()
    threads = [_thread(recognise_forever, workshop, f"recognise-{n}") for n in range(recognisers)]
    threads.append(_thread(speak_forever, workshop, "speak"))
    workshop.look_on()
    await workshop.ended.wait()
    server.close()
    workshop.hearing.close()
    workshop.voicing.close()
    for thread in threads:
        await asyncio.to_thread(thread.join, _LAST_WORK_S)


def _thread(work: Callable[[Workshop], None], workshop: Workshop, name: str) -> threading.Thread:
    thread = threading.Thread(target=work, args=(workshop,), name=name, daemon=True)
    thread.start()
    return thread


def lock(socket_path: Path) -> IO[str] | None:
    """Become the only helper on this socket, until the file is closed; None if there is one."""
    socket_path.parent.mkdir(parents=True, exist_ok=True)
    return alone(Path(f"{socket_path}.lock").open("w", encoding="utf-8"))


def default_recognisers() -> int:
    """One decode keeps two cores busy (measured: 0.11 s wall, 0.22 s CPU)."""
    return max(1, len(os.sched_getaffinity(0)) // 2)


def main(arguments: list[str] | None = None) -> int:
    """Entry point; 0 also when another helper serves already."""
    parser = argparse.ArgumentParser(prog="vantum.providers.local.helper", description=__doc__)
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--recognisers", type=int, default=default_recognisers())
    parser.add_argument("--linger", type=float, default=LINGER_S, metavar="SECONDS")
    options = parser.parse_args(arguments)
    held = lock(options.socket)
    if held is None:
        return 0
    os.nice(NICENESS)
    options.socket.unlink(missing_ok=True)  # left by one that was killed: the lock is ours
    with held:
        asyncio.run(serve(options.socket, recognisers=options.recognisers, linger_s=options.linger))
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # A thread may still be inside a model; the interpreter's own farewell would wait or crash.
    os._exit(code)
