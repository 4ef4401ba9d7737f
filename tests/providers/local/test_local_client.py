"""What a server process does when its helper answers late, breaks off or is not there."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from vantum.calls import Calls
from vantum.conversation.events import Transcript
from vantum.errors import CapacityError, ProviderError, ProviderTimeout, ProviderUnavailable
from vantum.providers.base import ListenOptions
from vantum.providers.local import engine, frames
from vantum.providers.local.client import LocalSpeech, socket_path
from vantum.providers.local.segments import Commit, Decode
from vantum.providers.local.speech import _Recording
from vantum.settings import Settings
from vantum.telemetry import Metrics, server_log

LOADED = frames.Status(1, 1, "")


class Machine:
    """A helper that follows a script: for each connection, what it does with each request."""

    def __init__(self, *connections: list[list[frames.Answer] | str]) -> None:
        self._connections = list(connections)
        self.asked: list[frames.Request] = []
        self._hearing = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        script = self._connections.pop(0) if self._connections else []
        writer.write(frames.encode(LOADED))
        deframer = frames.Deframer()
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                for body in deframer.push(data):
                    self.asked.append(frames.decode_request(body))
                    self._hearing.set()
                    step = script.pop(0) if script else []
                    if step == "dies":
                        writer.transport.abort()
                        return
                    for answer in step:
                        assert not isinstance(answer, str)
                        writer.write(frames.encode(answer))
        writer.close()

    async def is_asked(self, count: int) -> None:
        """So many requests have arrived."""
        async with asyncio.timeout(20):
            while len(self.asked) < count:
                self._hearing.clear()
                await self._hearing.wait()


def with_machine(
    folder: Path,
    machine: Machine,
    play: Callable[[LocalSpeech], Awaitable[None]],
    deadline_s: float = 20.0,
) -> None:
    async def scene() -> None:
        socket = folder / "s.sock"
        server = await asyncio.start_unix_server(machine.serve, socket)
        async with server, asyncio.TaskGroup() as tasks:
            speech = LocalSpeech(socket, deadline_s=deadline_s)
            running = tasks.create_task(speech.run())
            await speech.wait_ready()
            await play(speech)
            running.cancel()

    asyncio.run(scene())


needs_network = pytest.mark.skipif(
    bool(engine.missing_packages()), reason="the client loads the voice activity network"
)


@needs_network
def test_words_come_back(tmp_path: Path) -> None:
    async def play(speech: LocalSpeech) -> None:
        assert await speech.recognise(b"", stream=1, interim=False) == "Hello."

    # Request 1 is the first of this process.
    with_machine(tmp_path, Machine([[frames.Recognised(1, "Hello.")]]), play)


@needs_network
def test_a_request_cut_off_is_asked_once_more(tmp_path: Path) -> None:
    machine = Machine(["dies"], [[frames.Recognised(1, "Hello.")]])

    async def play(speech: LocalSpeech) -> None:
        assert await speech.recognise(b"", stream=1, interim=False) == "Hello."

    with_machine(tmp_path, machine, play)
    assert len(machine.asked) == 2


@needs_network
def test_a_request_cut_off_twice_fails(tmp_path: Path) -> None:
    async def play(speech: LocalSpeech) -> None:
        with pytest.raises(ProviderError, match="broke off"):
            await speech.recognise(b"", stream=1, interim=False)

    with_machine(tmp_path, Machine(["dies"], ["dies"]), play)


@needs_network
def test_no_answer_is_a_timeout(tmp_path: Path) -> None:
    async def play(speech: LocalSpeech) -> None:
        with pytest.raises(ProviderTimeout):
            await speech.recognise(b"", stream=1, interim=False)
        with pytest.raises(ProviderTimeout):
            async for _ in speech.speak("Hello."):
                pass

    with_machine(tmp_path, Machine(), play, deadline_s=0.03)


@needs_network
def test_a_timeout_tells_the_helper_to_stop(tmp_path: Path) -> None:
    machine = Machine()

    async def play(speech: LocalSpeech) -> None:
        with pytest.raises(ProviderTimeout):
            await speech.recognise(b"", stream=1, interim=False)
        await machine.is_asked(2)

    with_machine(tmp_path, machine, play, deadline_s=0.02)
    assert machine.asked[1:] == [frames.Cancel(1)]


@needs_network
def test_a_failure_is_the_providers(tmp_path: Path) -> None:
    async def play(speech: LocalSpeech) -> None:
        with pytest.raises(ProviderError, match="too much") as failure:
            await speech.recognise(b"", stream=1, interim=False)
        assert failure.value.service == "stt"

    with_machine(tmp_path, Machine([[frames.Failed(1, "too much")]]), play)


@needs_network
def test_sound_cut_off_goes_on_where_it_was(tmp_path: Path) -> None:
    """The caller has heard the first sentence: it is not said again."""
    first, second = frames.Sound(1, b"one.", False), frames.Sound(1, b"two.", False)
    machine = Machine([[first], "dies"], [[first, second, frames.Sound(1, b"", True)]])

    async def play(speech: LocalSpeech) -> None:
        heard = []
        async for pcm in speech.speak("One. Two."):
            heard.append(pcm)
            if len(heard) == 1:
                speech.recognise(b"", stream=1, interim=True).cancel()  # the helper dies of it
        assert heard == [b"one.", b"two."]

    with_machine(tmp_path, machine, play)


@needs_network
def test_cancelled_work_is_taken_back(tmp_path: Path) -> None:
    machine = Machine()

    async def play(speech: LocalSpeech) -> None:
        speech.recognise(b"", stream=1, interim=False).cancel()
        await machine.is_asked(2)

    with_machine(tmp_path, machine, play)
    assert machine.asked[1:] == [frames.Cancel(1)]


@needs_network
def test_words_that_no_utterance_needs_are_not_kept(tmp_path: Path) -> None:
    """A caller who pauses often, and goes on each time."""
    words = ["I", "I think", "I think so."]
    # Number 1 is the recording's.
    machine = Machine([[frames.Recognised(ask, text)] for ask, text in enumerate(words, 2)])

    async def play(speech: LocalSpeech) -> None:
        recording = _Recording(speech, ListenOptions())
        for ask in (1, 2, 3):
            recording._do([Decode(ask, b"", 0.0, 1.0, "early")])
            await asyncio.wait(list(recording._asked.values()))
        recording._do([Commit(3, 0.0, 1.0)])
        assert recording._asked == {}
        shown = [recording.heard.get_nowait() for _ in (*words, "final")]
        assert shown[-1] == Transcript("I think so.", final=True, end_s=1.0)

    with_machine(tmp_path, machine, play)


@needs_network
def test_after_the_end_nothing_is_taken_on(tmp_path: Path) -> None:
    kept: list[LocalSpeech] = []

    async def play(speech: LocalSpeech) -> None:
        kept.append(speech)

    with_machine(tmp_path, Machine(), play)

    async def later() -> None:
        with pytest.raises(ProviderUnavailable):
            await kept[0].recognise(b"", stream=1, interim=False)

    asyncio.run(later())
    assert not kept[0].ready


def test_a_machine_that_has_enough_to_say_has_no_room_for_more_calls(tmp_path: Path) -> None:
    async def play(speech: LocalSpeech) -> None:
        calls = Calls(Settings(), Metrics(), server_log(), local_speech=speech)
        calls.check_room()
        assert [pcm async for pcm in speech.speak("Hello.")] == [b"ab"]
        assert (calls.more_voices, calls.capacity, calls.has_room) == (0, 0, False)
        with pytest.raises(CapacityError, match="busy"):
            calls.check_room()

    busy = frames.Status(1, 1, "", share=0.95)
    said: list[frames.Answer] = [
        frames.Sound(1, b"ab", last=False),
        frames.Sound(1, b"", last=True),
    ]
    with_machine(tmp_path, Machine([[busy, *said]]), play)


def test_made_without_any_io(tmp_path: Path) -> None:
    speech = LocalSpeech(tmp_path / "nowhere" / "s.sock")
    assert not speech.ready
    assert speech.more_calls(0.0) > 0
    assert not list(tmp_path.iterdir())


def test_the_socket_is_in_the_data_folder_or_has_a_short_name(tmp_path: Path) -> None:
    assert socket_path(Path("/data")) == Path("/data/speech.sock")
    deep = tmp_path / ("d" * 100)
    short = socket_path(deep)
    assert len(str(short)) < 100
    assert socket_path(deep) == short
    assert socket_path(tmp_path / ("e" * 100)) != short


@pytest.mark.parametrize(("module", "package"), engine.PACKAGES.items())
def test_a_missing_package_is_named_with_its_cure(module: str, package: str) -> None:
    """In a process of its own, where the package cannot be imported."""
    script = (
        f"import sys; sys.modules['{module}'] = None\n"
        "from vantum.providers.local import engine\n"
        "missing = engine.missing_packages()\n"
        "print(missing, engine.how_to_install(missing))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30
    ).stdout
    assert f"'{package}'" in told
    assert "uv sync --group local" in told


def test_a_helper_that_cannot_be_started_is_trouble_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    async def main() -> None:
        speech = LocalSpeech(tmp_path / "file" / "speech.sock")
        running = asyncio.create_task(speech.run())
        with pytest.raises(ProviderUnavailable, match=r"cannot be started.*file"):
            await speech.wait_ready()
        assert not running.done()
        running.cancel()
        await asyncio.wait([running])

    asyncio.run(main())
