"""The helper process: one per machine, gone when nobody needs it, back when it was killed."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from conftest_local import at_rate, frames, room, with_speech

from vantum.conversation.events import Transcript
from vantum.providers.base import ListenOptions
from vantum.providers.local.client import LocalSpeech
from vantum.providers.local.speech import LocalSpeechToText

pytestmark = pytest.mark.local_speech


def start(socket: Path, *, linger_s: float = 30) -> subprocess.Popen[bytes]:
    arguments = ["--socket", str(socket), "--linger", str(linger_s), "--recognisers", "1"]
    return subprocess.Popen([sys.executable, "-m", "vantum.providers.local.helper", *arguments])


def until_there(socket: Path) -> None:
    for _ in range(1_500):
        if socket.exists():
            return
        time.sleep(0.02)
    raise AssertionError("the helper does not listen")


def test_one_per_machine_for_its_owner_alone_until_told_to_end(tmp_path: Path) -> None:
    socket = tmp_path / "s.sock"
    first = start(socket)
    until_there(socket)
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600
    assert start(socket).wait(60) == 0
    assert first.poll() is None
    first.send_signal(signal.SIGTERM)
    assert first.wait(60) == 0


def test_it_ends_when_nobody_comes(tmp_path: Path) -> None:
    assert start(tmp_path / "s.sock", linger_s=0.1).wait(60) == 0


def test_it_ends_after_its_server_was_killed(tmp_path: Path) -> None:
    socket = tmp_path / "s.sock"
    script = (
        "import asyncio, pathlib\n"
        "from vantum.providers.local.client import LocalSpeech\n"
        f"asyncio.run(LocalSpeech(pathlib.Path({str(socket)!r}), linger_s=0.1).run())\n"
    )
    server = subprocess.Popen([sys.executable, "-c", script])
    until_there(socket)
    [helper] = psutil.Process(server.pid).children()
    server.kill()
    server.wait()
    # An orphan whose new parent does not take leave of it stays as a zombie: that is not running.
    for _ in range(1_500):
        if not helper.is_running() or helper.status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.02)
    raise AssertionError("the helper outlives its server")


def the_helper(folder: Path) -> psutil.Process:
    """The one whose socket lies in this folder; others may belong to other tests."""
    children = psutil.Process().children()
    return next(one for one in children if any(str(folder) in word for word in one.cmdline()))


def test_killed_in_mid_call_it_comes_back_and_no_word_is_lost(tmp_path: Path) -> None:
    async def play(speech: LocalSpeech) -> None:
        pcm = b"".join([part async for part in speech.speak("Please call me back tomorrow.")])
        line = room(0.5) + at_rate(pcm, 24_000, 16_000) + room(0.8)
        helper = the_helper(tmp_path)
        texts = []
        events = LocalSpeechToText(speech).listen(frames(line + line), ListenOptions())
        async for event in events:
            if isinstance(event, Transcript) and event.final:
                texts.append(event.text)
            elif helper.is_running():
                os.kill(helper.pid, signal.SIGKILL)
                helper.wait()
        assert texts == ["Please call me back tomorrow."] * 2
        assert the_helper(tmp_path).pid != helper.pid

    with_speech(tmp_path / "s.sock", play, linger_s=0.1)


def test_a_client_that_talks_nonsense_is_shown_out(helper_socket: Path) -> None:
    async def play(_speech: LocalSpeech) -> None:
        reader, writer = await asyncio.open_unix_connection(helper_socket)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        async with asyncio.timeout(20):
            await reader.read()  # its greeting, and the end
        writer.close()

    with_speech(helper_socket, play)
