"""How a person is forgotten on request: what goes everywhere, and what stays and why."""

from __future__ import annotations

import os
import shutil
from asyncio import to_thread
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from vantum.errors import RecordsError
from vantum.recording.files import FOLDER, finished
from vantum.store.contacts import Contacts
from vantum.store.database import Database
from vantum.store.erasing import Blank, CallTraces
from vantum.telephony.settled import FILE, OUTCOMES, Outcome

KEPT: Final = (
    "the receipts, in which the number is nobody's without its salt",
    "that the number is not to be called, without which a later list would have it called",
    "when it was called, by which agent, and what came of it",
)
KEPT_OF_CONTACTS: Final = (
    "the records of its calls, with what was said, found and recorded, and their receipts",
    KEPT[1],
)
"""The same where only contacts are erased."""


class Erasure(Struct, frozen=True):
    """How many of each are gone."""

    contacts: int
    calls: int
    recordings: int
    findings: int
    lines: int  # of outcomes.jsonl
    salts: int


async def erase(
    database: Database, data_dir: Path, phone: str, *, now: float, new_id: str
) -> Erasure:
    """Forget whom a number belongs to. The same again erases what has come since.

    Raises RequestError while a call with it is not settled: one that began meanwhile leaves the
    number suppressed and its contacts erased, and the rest for the next time. Raises RecordsError,
    also where a file cannot be erased: then the records of calls are as before, but for files that
    went before it.
    """
    traces = CallTraces(database)
    await traces.refuse_unsettled(phone)
    contacts = await Contacts(database).erase(phone, now, new_id)
    await traces.refuse_unsettled(phone)  # what was claimed before it was suppressed
    ids = frozenset(await traces.calls_with(phone))
    try:
        # On a thread: whoever asks for it over the API asks a process that carries calls.
        recordings = await to_thread(_remove, data_dir / FOLDER, ids)
        lines = await to_thread(
            blank_lines, data_dir / FILE, lambda one: one.call_id in ids, without_person
        )
    except OSError as error:
        raise RecordsError(f"{error.filename}: cannot be erased: {error.strerror}") from error
    gone = await traces.erase(phone, without_person)
    return Erasure(contacts, len(gone.calls), recordings, gone.findings, lines, gone.salts)


def without_person(outcome: str) -> str:
    """The same outcome, as JSON, without number, words, keys and recording."""
    return _encoded(outcome, their_number="", transcript=(), pressed=(), recording="", failure="")


def _remove(folder: Path, calls: Iterable[str]) -> int:
    count = 0
    for call_id in calls:
        done, begun = folder / finished(call_id), folder / call_id
        count += done.is_file() or begun.is_dir()
        done.unlink(missing_ok=True)
        if begun.is_dir():
            shutil.rmtree(begun)
    return count


def without_words(outcome: str) -> str:
    """The same outcome, as JSON, without what was said."""
    return _encoded(outcome, transcript=())


def _encoded(outcome: str, **values: object) -> str:
    if not outcome:
        return ""
    known = msgspec.structs.replace(OUTCOMES.decode(outcome), **values)
    return msgspec.json.encode(known).decode()


def blank_lines(file: Path, goes: Callable[[Outcome], bool], blank: Blank) -> int:
    """Overwrite lines in their places, since processes append meanwhile; how many.

    Raises OSError.
    """
    if not file.exists():
        return 0
    count = 0
    with file.open("r+b") as lines:
        while line := lines.readline():
            text = line.removesuffix(b"\n").decode(errors="replace").rstrip(" ")
            try:
                known = OUTCOMES.decode(text)
            except msgspec.DecodeError:
                continue  # half a line: the disk was full, or a process was killed
            bare = blank(text) if goes(known) else text
            if bare != text:
                end = lines.tell()
                os.pwrite(lines.fileno(), bare.encode().ljust(len(line) - 1), end - len(line))
                count += 1
        os.fsync(lines.fileno())
    return count
