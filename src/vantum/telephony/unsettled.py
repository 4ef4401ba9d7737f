"""Talks that are over and not on record yet: kept in files until the database is there again.

What was said is known to one process alone; a file outlives it, and any process that has the data
folder settles it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

import msgspec
from msgspec import Struct

from vantum.store.phone_calls import PhoneCall
from vantum.telephony.settled import Talked

FOLDER: Final = "unsettled"


class Left(Struct, frozen=True):
    """A call as it was when its talk ended, and what its process knows of it."""

    call: PhoneCall
    talked: Talked


_LEFT: Final = msgspec.json.Decoder(Left)


class Unsettled:
    """All of them in one data folder; every method waits for the disk."""

    def __init__(self, data: Path) -> None:
        self._folder = data / FOLDER

    def keep(self, left: Left) -> None:
        """Write it down, whole or not at all. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._path(left.call.call_id)
        new = path.with_suffix(".new")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(left))
            file.flush()
            os.fsync(descriptor)
        new.replace(path)

    def forget(self, call_id: str) -> None:
        """It is on record. Raises OSError."""
        self._path(call_id).unlink(missing_ok=True)

    def ids(self) -> list[str]:
        """The calls that wait. Raises OSError."""
        return [unquote(path.stem) for path in sorted(self._folder.glob("*.json"))]

    def read(self, call_id: str) -> Left | None:
        """One of them. Raises OSError.

        None where another process was faster, or another version has written it: it waits for that.
        """
        try:
            return _LEFT.decode(self._path(call_id).read_bytes())
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def _path(self, call_id: str) -> Path:
        return self._folder / f"{quote(call_id, safe='')}.json"
