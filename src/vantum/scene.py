"""Where a rehearsal happens: a folder that goes with it, since real people are in it."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from vantum.file_lock import alone

_PREFIX: Final = "scene-"
_LOCK: Final = "lock"


@contextmanager
def scene(folder: Path) -> Iterator[Path]:
    """A new folder in this one; what rehearsals have left that were killed goes first.

    Raises OSError.
    """
    with (folder / _LOCK).open("wb") as door:
        fcntl.flock(door, fcntl.LOCK_EX)  # or a new one could be taken for one that was left
        _clear(folder)
        own = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
        held = alone((own / _LOCK).open("wb"))
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)  # what is still being written there the next takes
        if held is not None:
            held.close()


def _clear(folder: Path) -> None:
    for left in folder.glob(f"{_PREFIX}*"):
        with suppress(FileNotFoundError):  # its rehearsal ends just now
            if lock := alone((left / _LOCK).open("wb")):
                shutil.rmtree(left, ignore_errors=True)
                lock.close()
