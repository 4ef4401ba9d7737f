"""How receipts leave the records: as a file that anybody can verify without them."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

from vantum.dialing.chain import FIRST, Link, Verified, sealed, written
from vantum.dialing.receipts import placed_at_ms
from vantum.errors import RequestError
from vantum.store.database import Database
from vantum.store.receipts import Receipts


async def export_receipts(database: Database, file: Path, since: datetime | None) -> int:
    """Write the chain from the first call of that day (UTC) on; how many receipts those are.

    Raises RecordsError, and RequestError for a file that cannot be written; the file is replaced
    as a whole, or stays as it was.
    """
    since_ms = 0 if since is None else round(since.replace(tzinfo=UTC).timestamp() * 1000)
    beside = file.with_name(f"{file.name}.{os.getpid()}.part")
    first, last, latest = 1, 0, FIRST
    try:
        with beside.open("w", encoding="utf-8", newline="\n") as lines:
            async for one in _from(Receipts(database), since_ms):
                first = one.number if last == 0 else first
                last, latest = one.number, one.hash
                lines.write(f"{written(one)}\n")
            lines.write(f"{sealed(Verified(first, last, latest))}\n")
        beside.replace(file)
    except OSError as error:
        raise RequestError(f"{file}: cannot be written: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)
    return last - first + 1


async def _from(receipts: Receipts, since_ms: int) -> AsyncIterator[Link]:
    """All behind the first of such a call: the chain has no gaps."""
    begun = False
    async for one in receipts.links():
        begun = begun or placed_at_ms(one.facts) >= since_ms
        if begun:
            yield one
