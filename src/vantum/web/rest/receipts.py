"""What proves that calls were made rightly, as programs read and verify it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, BinaryIO, Final

from msgspec import Meta, Struct
from starlette.responses import Response, StreamingResponse

from vantum.campaigns.exporting import export_receipts
from vantum.dialing.chain import Broken, Link, Verified, verify
from vantum.errors import CapacityError, RecordsError, RequestError
from vantum.store.receipts import Receipts
from vantum.web.rest.house import House
from vantum.web.rest.paging import Line, Paged, cut, place
from vantum.web.rest.route import Route, route

ROOT: Final = "/api/v1/receipts"
LINES: Final = "application/x-ndjson"
_PART_BYTES: Final = 256 * 1024


class ReceiptsPage(Struct, frozen=True):
    """Receipts in the order of the chain; `facts` is text, since the hash is of its bytes."""

    items: list[Link]
    next: str | None  # `after` of the next page


class ExportQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """From where on."""

    since: Annotated[date, Meta(description="Of the first call (UTC).")] | None = None


class Verdict(Struct, frozen=True):
    """Whether the chain on record holds together: one of the two is null.

    That all of it was made anew no chain can show: compare its last hash with one kept elsewhere.
    """

    verified: Verified | None
    broken: Broken | None


class ReceiptDoors:
    """The doors."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._receipts = Receipts(house.database)
        self._reading = asyncio.Lock()

    async def list(self, query: Paged) -> ReceiptsPage:
        """Receipts of outbound calls, in the order of the chain."""
        first = (place(query, Line) or Line(0)).number + 1
        found: list[Link] = []
        async for one in self._receipts.links(first):
            found.append(one)
            if len(found) > query.limit:
                break
        return ReceiptsPage(*cut(found, query, lambda one: Line(one.number)))

    async def export(self, query: ExportQuery) -> Response:
        """The chain as a file, a line of JSON each, as `vantum receipts verify` reads it."""
        file = await self._exported(query.since)
        return StreamingResponse(_parts(file), media_type=LINES)

    async def verification(self) -> Verdict:
        """Verify the chain on record, from its first receipt to its last."""
        with await self._exported(None) as file:
            found = await asyncio.to_thread(
                lambda: verify(line.removesuffix(b"\n") for line in file)
            )
        if isinstance(found, Broken):
            return Verdict(None, found)
        return Verdict(found, None)

    async def _exported(self, since: date | None) -> BinaryIO:
        """The chain in a file that is gone once it is closed. Raises CapacityError, RecordsError.

        One at a time: it is as long as all calls ever made.
        """
        if self._reading.locked():
            raise CapacityError("The chain is being read for somebody else; ask again soon")
        day = datetime(since.year, since.month, since.day) if since else None  # noqa: DTZ001 - UTC
        try:
            async with self._reading:
                with TemporaryDirectory(dir=self._house.data_dir) as folder:
                    path = Path(folder) / "receipts.jsonl"
                    await export_receipts(self._house.database, path, day)
                    return path.open("rb")
        except (OSError, RequestError) as error:  # the disk is full, or cannot be written
            raise RecordsError(f"The chain cannot be read now: {error}") from error


async def _parts(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while part := await asyncio.to_thread(file.read, _PART_BYTES):
            yield part


def routes(house: House) -> tuple[Route, ...]:
    """The routes about receipts."""
    doors = ReceiptDoors(house)
    return (
        route("GET", ROOT, "viewer", doors.list),
        route("GET", f"{ROOT}/export", "viewer", doors.export, media=LINES),
        route("GET", f"{ROOT}/verification", "viewer", doors.verification),
    )
