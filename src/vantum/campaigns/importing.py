"""How a CSV file becomes a list of contacts, or nothing at all.

The file is read by a program of its own (`reading`), a few hundred rows at a time; they are written
by `store.lists`. Neither holds more than that in memory, however long the file is.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import BinaryIO, Final, Literal, Protocol

import msgspec
from msgspec import Struct

from vantum.campaigns.reading import BATCH_BYTES, Batch, Ending, Refusal, Told, Wanted
from vantum.dialing.contacts import BadRow
from vantum.dialing.numbers import check_region
from vantum.errors import RequestError
from vantum.store.contacts import Contacts
from vantum.store.lists import ContactList, Lists, name_taken

SHOWN: Final = 20  # bad rows of a report; the others are in the records
_LINE_BYTES: Final = 16 * BATCH_BYTES  # of a batch as JSON: at worst each byte is escaped in six
_TOLD: Final[msgspec.json.Decoder[Told]] = msgspec.json.Decoder(Told)


class Source(Protocol):
    """A file on the disk, or one that came over the network."""

    @property
    def name(self) -> str:
        """What it is called; as text, it is named so that people find it."""

    def open(self, mode: Literal["rb"]) -> BinaryIO:
        """Its bytes. Raises OSError."""


class Report(Struct, frozen=True, kw_only=True):
    """What came of a file: `good` and `bad` are rows."""

    good: int
    bad: int
    shown: tuple[BadRow, ...]  # the first of the bad ones
    ending: Ending  # what was found out about the file


async def import_list(
    name: str,
    file: Source,
    region: str | None,
    *,
    lists: Lists,
    new_id: str,
    now: Callable[[], float],
) -> Report:
    """Make a list of a file. Numbers without a country code are of `region` (ISO 3166).

    Where no row is good there is no list. Raises RequestError, and nothing is recorded, where the
    name is taken or the file as a whole cannot be used; RecordsError where the database fails.
    """
    if await lists.named(name):
        raise name_taken(name)
    await lists.tidy(now())
    async with _reading(file, "contacts", region, now()) as parts:
        await lists.begin(new_id, now())
        is_there = False
        try:
            tally = _Tally()
            async for batch in tally.batches(parts):
                bad = await lists.add(new_id, batch.contacts, batch.bad, now())
                tally.count(len(batch.contacts) + len(batch.bad) - len(bad), bad)
            report = tally.report()
            if report.good:
                made = ContactList(
                    list_id=new_id,
                    name=name,
                    source=file.name,
                    imported_at=now(),
                    good=report.good,
                    bad=report.bad,
                )
                await lists.finish(made)
                is_there = True
        finally:
            if not is_there:
                await lists.discard(new_id)
    return report


async def import_suppressions(
    file: Source, region: str | None, reason: str, *, contacts: Contacts, now: Callable[[], float]
) -> Report:
    """Suppress the numbers of a file, each for the reason that its row gives or else for this one.

    What is read is kept even where the file ends badly: one number too many is safer than one too
    few, and the same file may be imported again. Raises as `import_list` does.
    """
    tally = _Tally()
    async with _reading(file, "suppressions", region, now()) as parts:
        async for batch in tally.batches(parts):
            reasons = {one.phone: one.reason or reason for one in batch.unwanted}
            await contacts.suppress_all(reasons, now())
            tally.count(len(batch.unwanted), batch.bad)
    return tally.report()


class _Tally:
    """Counts the rows of a file while they go by."""

    def __init__(self) -> None:
        self._good = 0
        self._bad = 0
        self._shown: list[BadRow] = []
        self._ending: Ending | None = None

    async def batches(self, parts: AsyncIterator[Batch | Ending]) -> AsyncIterator[Batch]:
        async for part in parts:
            if isinstance(part, Ending):
                self._ending = part
            else:
                yield part

    def count(self, good: int, bad: Sequence[BadRow]) -> None:
        self._good += good
        self._bad += len(bad)
        self._shown += bad[: SHOWN - len(self._shown)]

    def report(self) -> Report:
        assert self._ending
        return Report(good=self._good, bad=self._bad, shown=tuple(self._shown), ending=self._ending)


@asynccontextmanager
async def _reading(
    file: Source, wanted: Wanted, region: str | None, now: float
) -> AsyncIterator[AsyncIterator[Batch | Ending]]:
    """Have a file read by a program of its own, which ends with this."""
    check_region(region)
    try:
        opened = await asyncio.to_thread(file.open, "rb")
    except OSError as error:
        raise RequestError(f"{file}: cannot be read: {error.strerror}") from error
    with opened:
        program = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "vantum.campaigns.reading", wanted, region or "", str(now)),
            stdin=opened,
            stdout=PIPE,
            stderr=PIPE,
            limit=_LINE_BYTES,
        )
    try:
        yield _parts(program, file)
    finally:
        with suppress(ProcessLookupError):
            program.kill()
        await program.wait()


async def _parts(program: Process, file: Source) -> AsyncIterator[Batch | Ending]:
    assert program.stdout
    assert program.stderr
    while line := await program.stdout.readline():
        part = _TOLD.decode(line)
        if isinstance(part, Refusal):
            raise RequestError(f"{file}: {part.reason}")
        yield part
        if isinstance(part, Ending):
            return
    said = (await program.stderr.read()).decode(errors="replace").strip().rpartition("\n")[2]
    raise RequestError(f"{file}: the program that reads it has ended: {said or 'killed'}")
