"""What lies in the folder of a recording that is not finished, and whose it is meanwhile.

A recording is `<call id>.opus`. Until that is complete there is a folder `<call id>` beside it with
both channels as raw mu-law and a header. Whoever works on the folder holds a lock on the caller's
file, which the kernel takes from a process that dies: what then lies unlocked is left to finish.
"""

from __future__ import annotations

import datetime
from io import FileIO
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from vantum.file_lock import alone

FOLDER: Final = "recordings"  # of all of them, in the data folder
KIND: Final = ".opus"
CALLER: Final = "caller.ulaw"
AGENT: Final = "agent.ulaw"
HEADER: Final = "header.json"


def finished(call_id: str) -> str:
    """The name of a recording that is complete."""
    return f"{call_id}{KIND}"


class Header(Struct, frozen=True):
    """Which call it is, when it began, and how the raw sound is to be read."""

    call_id: str
    started_at: datetime.datetime
    rate_hz: int


class RawFiles:
    """Both channels of one call on disk; every method raises OSError, and none may be at once."""

    def __init__(self, recordings: Path, header: Header) -> None:
        """`recordings`: the folder that holds all of them; made where it is missing."""
        self.folder = recordings / header.call_id
        self._header = header
        self._files: tuple[FileIO, FileIO] | None = None

    def open(self) -> None:
        """Make the folder and lock it."""
        # Under another name until it is locked, or a starting server would take it for left over.
        unlocked = self.folder.with_name(f".{self.folder.name}")
        self.folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unlocked.mkdir(mode=0o700)
        files = FileIO(unlocked / CALLER, "a"), FileIO(unlocked / AGENT, "a")
        alone(files[0])  # which nobody else has seen yet
        (unlocked / HEADER).write_bytes(msgspec.json.encode(self._header))
        unlocked.rename(self.folder)
        self._files = files

    def append(self, caller: bytes, agent: bytes) -> None:
        """Add to both channels. After an error nothing more is added, or they would be shifted."""
        if self._files is None:
            return
        try:
            for file, sound in zip(self._files, (caller, agent), strict=True):
                _write_all(file, sound)
        except OSError:
            self._close()
            raise

    def close(self, caller: bytes, agent: bytes) -> None:
        """Add the last of both channels and give the folder free."""
        self.append(caller, agent)
        self._close()

    def _close(self) -> None:
        files, self._files = self._files or (), None
        for file in files:
            file.close()


def unfinished(recordings: Path) -> list[Path]:
    """The folders that nobody works on. Raises OSError, but not where there are no recordings."""
    if not recordings.is_dir():
        return []
    return sorted(one for one in recordings.iterdir() if one.name[0] != "." and _is_free(one))


def lock(folder: Path) -> FileIO | None:
    """Take the folder over until the file that is returned is closed; None if taken, or gone."""
    try:
        return alone(FileIO(folder / CALLER, "r"))
    except (FileNotFoundError, NotADirectoryError):
        return None


def remove(folder: Path) -> None:
    """Remove a folder that is locked; where that breaks off, `is_whole` is false of the rest."""
    for name in (AGENT, HEADER, CALLER):  # the lock last
        (folder / name).unlink(missing_ok=True)
    folder.rmdir()


def is_whole(folder: Path) -> bool:
    """Its removal has not begun."""
    return (folder / AGENT).is_file()


def _is_free(folder: Path) -> bool:
    held = lock(folder)
    if held is not None:
        held.close()
    return held is not None


def _write_all(file: FileIO, sound: bytes) -> None:
    left = memoryview(sound)
    while left:
        left = left[file.write(left) or 0 :]
