"""Which recordings this process writes, and when each of them becomes an Opus file."""

from __future__ import annotations

import asyncio
import datetime
import sys
from asyncio.subprocess import DEVNULL, PIPE
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final

from vantum.audio.pcm import MULAW_HZ
from vantum.recording.files import FOLDER, Header, RawFiles, unfinished
from vantum.recording.recorder import Recorder
from vantum.telemetry import Log

# The longest call, two hours, takes 20 s of a core that has nothing else to do.
CONVERT_DEADLINE_S: Final = 1_200.0
WRITE_DEADLINE_S: Final = 60.0  # a disk that is slower has been given up by the recorder too


class Recordings:
    """The recordings of a server process, in the data folder."""

    def __init__(self, data_dir: Path, log: Log) -> None:
        self._folder = data_dir / FOLDER
        self._log = log
        # Its queue holds one write a call, and ends with the interpreter once that is empty.
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="recordings")
        # Unbounded: two words for each call that has ended.
        self._ended: asyncio.Queue[tuple[Path, Future[None]]] = asyncio.Queue()

    def begin(self, call_id: str, started_at: datetime.datetime, now: float, log: Log) -> Recorder:
        """Record a call, whose id becomes the file's name. Call it when the stream begins.

        `log` is the call's. Nothing is raised: what cannot be written is logged, once.
        """
        files = RawFiles(self._folder, Header(call_id, started_at, MULAW_HZ))
        return Recorder(
            files, self._writing, lambda *ended: self._ended.put_nowait(ended), log, now
        )

    async def run(self) -> None:
        """Make Opus files, one after another, first of what was left; what is not done stays."""
        try:
            left = unfinished(self._folder)
        except OSError as error:
            self._log.error("recordings_unreadable", why=str(error))
            left = []
        for folder in left:
            await self._convert(folder)
        while True:
            folder, written = await self._ended.get()
            done, _ = await asyncio.wait([asyncio.wrap_future(written)], timeout=WRITE_DEADLINE_S)
            for last in done:
                last.exception()  # seen: the recorder has told it
            if folder.is_dir():
                await self._convert(folder)

    async def _convert(self, folder: Path) -> None:
        try:
            why = await _made(folder)
        except OSError as error:  # no memory or no handle for another process
            why = str(error)
        if why:
            self._log.error("recording_not_converted", call_id=folder.name, why=why)


async def _made(folder: Path) -> str:
    """Have the Opus file made; why it could not be, or "". Raises OSError."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "vantum.recording.opus", str(folder)),
        stdin=DEVNULL,
        stdout=DEVNULL,
        stderr=PIPE,
    )
    try:
        async with asyncio.timeout(CONVERT_DEADLINE_S):
            _, said = await program.communicate()
    except TimeoutError:
        return "took too long"
    finally:
        if program.returncode is None:
            with suppress(ProcessLookupError):
                program.kill()
            await program.wait()
    if program.returncode == 0:
        return ""
    lines = said.decode(errors="replace").split("\n")
    return lines[-2] if len(lines) > 1 else f"exit code {program.returncode}"
