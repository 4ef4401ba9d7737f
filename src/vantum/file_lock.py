"""Who works on a file alone: the kernel takes the lock from a process that dies."""

from __future__ import annotations

import fcntl
from typing import IO, TypeVar

File = TypeVar("File", bound="IO[bytes] | IO[str]")


def alone(file: File) -> File | None:
    """The file, locked until it is closed; None, and it is closed, where another has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file
