"""How a file comes in: onto the disk, and whole, before anything is done with it.

It has no name there, so that a process that dies leaves nothing of whom a list names.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import BinaryIO, Final, Literal

from msgspec import Struct
from starlette.requests import ClientDisconnect, Request

from vantum.errors import CapacityError, RequestError

CSV: Final = "text/csv"
FILE_BYTES: Final = 2 * 1024**3  # twenty million contacts
SILENT_S: Final = 30.0  # whoever sends nothing for so long is gone
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


@asynccontextmanager
async def received(request: Request, folder: Path | None) -> AsyncIterator[Upload]:
    """The body as a file, which waits in this folder. Raises RequestError, CapacityError."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media != CSV:
        why = f"Send the file itself as the body, with Content-Type: {CSV}"
        raise RequestError(why, code="OTHER_MEDIA")
    with ExitStack() as stack:
        try:
            file = stack.enter_context(tempfile.TemporaryFile(dir=folder, buffering=0))
            digest = await _kept(request, file)
        except OSError as error:
            raise CapacityError(f"The file cannot be kept: {error.strerror}") from error
        yield Upload("the file", digest, file.fileno())


async def _kept(request: Request, file: BinaryIO) -> str:
    """The digest of what was written to the file."""
    digest = hashlib.sha256()

    def keep(part: bytes) -> None:
        digest.update(part)
        file.write(part)

    async for part in _parts(request):
        await asyncio.to_thread(keep, part)
    return digest.hexdigest()


async def _parts(request: Request) -> AsyncIterator[bytes]:
    stream, size, held = request.stream(), 0, bytearray()
    while True:
        try:
            async with asyncio.timeout(SILENT_S):
                part = await anext(stream, None)
        except TimeoutError as error:
            why = f"Nothing of the file has come for {SILENT_S:g} s"
            raise RequestError(why, code="TOO_SLOW") from error
        except ClientDisconnect as error:
            raise RequestError("The file has broken off") from error
        size += len(part or b"")
        if size > FILE_BYTES:
            raise RequestError(f"The file is longer than {FILE_BYTES} bytes", code="TOO_LONG")
        held += part or b""
        if part is None or len(held) >= _PART_BYTES:
            yield bytes(held)
            held.clear()
        if part is None:
            return
