"""When the sound of one call is written down, and that trouble with it never ends the call."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from pathlib import Path
from typing import Final

from vantum.audio.two_channels import TwoChannels
from vantum.audio.waits import Loudness, Wait
from vantum.recording.files import RawFiles
from vantum.telemetry import Log

WRITE_EVERY_S: Final = 1.0  # a crash loses so much and what is on its way; a write costs 60 µs
BEHIND_S: Final = 60.0  # a disk that takes nothing for so long is given up; 1 MB waits meanwhile


class Recorder:
    """Takes what both ends of a call play, on the loop, and has it written on a thread.

    Most of its methods are those of `TwoChannels`; they cost microseconds and never raise.
    """

    def __init__(
        self,
        files: RawFiles,
        writing: Executor,
        closed: Callable[[Path, Future[None]], None],
        log: Log,
        now: float,
    ) -> None:
        """`writing` works on one thread; `closed` is told the folder and its last write."""
        self._files = files
        self._writing = writing
        self._closed = closed
        self._log = log
        self._channels: TwoChannels | None = TwoChannels(now)
        self._loudness = Loudness()
        self._begun: list[tuple[int, int]] = []  # turn, and where it can be heard at the earliest
        self._under_way = self._write(files.open)
        self._handed_at = now

    def heard(self, mulaw: bytes, position: int, now: float) -> None:
        """The caller's sound, and where it ends on the carrier's clock (`Arrivals.position`)."""
        if self._channels is None:
            return
        self._channels.heard(mulaw, position, now)
        if now - self._handed_at >= WRITE_EVERY_S:
            self._hand_over(self._channels, now)

    def begins(self, turn: int, now: float) -> None:
        """What is sent from now on belongs to this turn."""
        if self._channels is not None:
            self._begun.append((turn, self._channels.at(now)))

    def plays(self, mulaw: bytes, now: float) -> None:
        """Sound is sent to the carrier."""
        if self._channels is not None:
            self._channels.plays(mulaw, now)

    def marked(self, name: str, now: float) -> None:
        """A mark is sent to it."""
        if self._channels is not None:
            self._channels.marked(name, now)

    def cleared(self, now: float) -> None:
        """It is told to throw away what it has not played."""
        if self._channels is not None:
            self._channels.cleared(now)

    def echoed(self, name: str, now: float) -> None:
        """A mark came back, whatever that means."""
        if self._channels is not None:
            self._channels.echoed(name, now)

    def close(self) -> None:
        """The call is over; once."""
        rest = (b"", b"") if self._channels is None else self._channels.end()
        self._loudness.push(*rest)
        self._channels = None
        self._closed(self._files.folder, self._write(self._files.close, *rest))

    def waits(self) -> dict[int, Wait]:
        """By turn, how long the caller waited for it, once the recording is closed."""
        found = self._loudness.waits([at for _, at in self._begun])
        turns = (turn for turn, _ in self._begun)
        return {turn: wait for turn, wait in zip(turns, found, strict=True) if wait is not None}

    def _hand_over(self, channels: TwoChannels, now: float) -> None:
        """One write at a time; while one is slow the ledger grows, up to `BEHIND_S` of sound."""
        if not self._under_way.done():
            if now - self._handed_at > BEHIND_S:
                self._channels = None
                self._log.error("recording_stopped", why="the disk is too slow")
        elif self._under_way.exception():
            self._channels = None
        else:
            self._handed_at = now
            settled = channels.settled(now)
            self._loudness.push(*settled)
            self._under_way = self._write(self._files.append, *settled)

    def _write(self, work: Callable[..., None], *sound: bytes) -> Future[None]:
        future = self._writing.submit(work, *sound)
        future.add_done_callback(partial(_tell, self._log))  # holds no recorder, which holds it
        return future


def _tell(log: Log, written: Future[None]) -> None:
    """Runs on the writing thread. Files in trouble are closed, so that it is told once."""
    error = written.exception()
    if error is not None:
        log.error("recording_stopped", why=str(error))
