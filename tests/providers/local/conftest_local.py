"""One speech helper for all tests here, as on a machine; without the packages they are skipped."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import tempfile
import wave
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from vantum.audio.resample import resampler
from vantum.providers.local import engine
from vantum.providers.local.client import LocalSpeech

Play = Callable[[LocalSpeech], Awaitable[object]]


@pytest.fixture(autouse=True)
def _packages(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("local_speech") and (missing := engine.missing_packages()):
        pytest.skip(engine.how_to_install(missing))


@pytest.fixture(scope="session")
def helper_socket() -> Iterator[Path]:
    """A helper that lives as long as the tests."""
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "speech.sock"
        arguments = ["--socket", str(socket), "--linger", "60"]
        process = subprocess.Popen(
            [sys.executable, "-m", "vantum.providers.local.helper", *arguments]
        )
        yield socket
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def with_speech(socket: Path, play: Play, *, linger_s: float = 5.0) -> None:
    """Run `play` as a server process would, with loaded models."""

    async def scene() -> None:
        async with asyncio.TaskGroup() as tasks:
            speech = LocalSpeech(socket, linger_s=linger_s)
            running = tasks.create_task(speech.run())
            await speech.wait_ready(30)
            await play(speech)
            running.cancel()

    asyncio.run(scene())


def recording(name: str) -> bytes:
    """Real speech from the recogniser's wheel, s16le mono at 16 kHz."""
    import moonshine_voice  # type: ignore[import-untyped] # noqa: PLC0415 - optional

    return read_wav(Path(moonshine_voice.__file__).parent / "assets" / name)


def read_wav(path: Path, rate_hz: int = 16_000) -> bytes:
    with wave.open(str(path)) as file:
        return at_rate(file.readframes(file.getnframes()), file.getframerate(), rate_hz)


def at_rate(pcm: bytes, source_hz: int, target_hz: int) -> bytes:
    change = resampler(source_hz, target_hz)
    return change.push(pcm) + change.flush()


def room(length_s: float, rate_hz: int = 16_000) -> bytes:
    """A quiet room: faint noise."""
    noise = np.random.default_rng(1).standard_normal(round(length_s * rate_hz)) * 8
    return noise.astype("<i2").tobytes()


async def frames(pcm: bytes, rate_hz: int = 16_000, then: object = None) -> AsyncIterator[object]:
    """As 20 ms frames, all at once; `then` comes after them."""
    size = rate_hz // 50 * 2
    for at in range(0, len(pcm), size):
        yield pcm[at : at + size]
    if then is not None:
        yield then
