"""How a file comes in: onto the disk, and whole, before anything is done with it.

It has no name there, so that a process that dies leaves nothing of whom a list names.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, Final, Literal

from msgspec import Struct
from starlette.requests import ClientDisconnect, Request

from vantum.errors import CapacityError, RequestError

CSV: Final = "text/csv"
FILE_BYTES: Final = 2 * 1024**3  # twenty million contacts
AT_ONCE: Final = 4  # of one process
SILENT_S: Final = 30.0  # whoever sends nothing for so long is gone
WHOLE_S: Final = 3_600.0  # the longest file over 5 Mbit/s
_PART_BYTES: Final = 1024 * 1024  # written at a time, on a thread: calls may be live


class Upload(Struct, frozen=True):
    """A file that came in; it is there for as long as the request is answered."""

    name: str
    digest: str  # SHA-256, in hexadecimal digits
    descriptor: int

    def __str__(self) -> str:
        return self.name

    def open(self, mode: Literal["rb"]) -> BinaryIO:
        """The file, from its beginning; one reader at a time."""
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        return os.fdopen(os.dup(self.descriptor), mode)


class Uploads:
    """Takes files in, a few at a time: each is on the disk, and read by a program of its own."""

    def __init__(self, folder: Path | None) -> None:
        """`folder` is where they wait."""
        self._folder = folder
        self._here = 0

    @asynccontextmanager
    async def received(self, request: Request) -> AsyncIterator[Upload]:
        """The body as a file. Raises RequestError, CapacityError."""
        _check(request)
        if self._here >= AT_ONCE:
            raise CapacityError(f"{AT_ONCE} files are being read; send this one later")
        self._here += 1
        try:
            with ExitStack() as stack:
                try:
                    file = stack.enter_context(TemporaryFile(dir=self._folder, buffering=0))
                    digest = await _kept(request, file)
                except OSError as error:
                    raise CapacityError(f"The file cannot be kept: {error.strerror}") from error
                yield Upload("the file", digest, file.fileno())
        finally:
            self._here -= 1


def _check(request: Request) -> None:
    """Refuse what need not be read first."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != CSV:
        why = f"Send the file itself as the body, with Content-Type: {CSV}"
        raise RequestError(why, code="OTHER_MEDIA")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal():
        _check_size(int(announced))


def _check_size(size: int) -> None:
    if size > FILE_BYTES:
        raise RequestError(f"The file is longer than {FILE_BYTES} bytes", code="TOO_LONG")


async def _kept(request: Request, file: BinaryIO) -> str:
    """The digest of what was written to the file."""
    digest = hashlib.sha256()

    def keep(part: bytes) -> None:
        digest.update(part)
        file.write(part)

    try:
        async with asyncio.timeout(WHOLE_S):
            async for part in _parts(request):
                await asyncio.to_thread(keep, part)
    except TimeoutError as error:
        why = f"The file has not come within {WHOLE_S:g} s, or nothing of it for {SILENT_S:g} s"
        raise RequestError(why, code="TOO_SLOW") from error
    except ClientDisconnect as error:
        raise RequestError("The file has broken off") from error
    return digest.hexdigest()


async def _parts(request: Request) -> AsyncIterator[bytes]:
    stream, size, held = request.stream(), 0, bytearray()
    while True:
        async with asyncio.timeout(SILENT_S):
            part = await anext(stream, None)
        size += len(part or b"")
        _check_size(size)
        held += part or b""
        if part is None or len(held) >= _PART_BYTES:
            yield bytes(held)
            held.clear()
        if part is None:
            return
