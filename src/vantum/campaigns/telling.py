"""What people are told of a campaign: how far it is, and what came of whom."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from vantum.campaigns.looking import LACKS, Seen, ended_contacts, left_s, look, rows
from vantum.campaigns.making import Made
from vantum.counted import counted
from vantum.store.campaigns import Campaign, Campaigns, Progress, Reported
from vantum.store.database import Database

LOOK_EVERY_S: Final = 0.5
LINE_EVERY_S: Final = 10.0  # where there is no terminal to draw on
_ENOUGH: Final = 10  # of fewer, who waits to be called again decides
_OPEN: Final = frozenset({"making", "draft", "running"})
_MINUTE_S: Final = 60.0


def tell_made(made: Made, console: Console) -> None:
    """What came of the file."""
    report, so_far = made.report, " so far" if made.campaign.state == "making" else ""
    contacts, bad = counted(made.contacts, "contact"), counted(report.bad, "bad row")
    console.print(f'campaign "{made.campaign.name}": {contacts}{so_far}, {bad}', markup=False)
    for row in report.shown:
        console.print(f"  {row.told}", markup=False)
    if report.bad > len(report.shown):
        left = report.bad - len(report.shown)
        see = f'vantum contacts show "{made.campaign.name}" --bad'
        console.print(f"  and {left} more; see all with: {see}", markup=False)


def tell_next(campaign: Campaign, console: Console) -> None:
    """What to do with a campaign that was just made, or begun."""
    name = campaign.name
    if campaign.state == "making":
        next_ = f'"{name}" is being made; a worker finishes it: vantum campaign status "{name}"'
    else:
        next_ = f'start it with: vantum campaign start "{name}"'
    console.print(next_, markup=False)


async def follow(
    database: Database, name: str, console: Console, *, line_every_s: float = LINE_EVERY_S
) -> None:
    """Show how a campaign goes, until it runs no more."""
    began, first = time.monotonic(), None
    lines = 0
    with Live(console=console, refresh_per_second=4, transient=True) as live:
        while True:
            seen = await look(database, name)
            first, ran_s = first or seen.progress, time.monotonic() - began
            rate = _rate(first, seen.progress, ran_s)
            shown = picture(seen, rate)
            if seen.campaign.state not in _OPEN:
                break
            if console.is_terminal:
                live.update(shown)
            elif ran_s >= lines * line_every_s:
                lines += 1
                console.print(_in_lines(seen, rate), markup=False)
            await asyncio.sleep(LOOK_EVERY_S)
    console.print(shown)


def _rate(first: Progress, now: Progress, seconds: float) -> float:
    """Contacts that were called and ended in a second, where enough have to tell; who may not be
    called is ended in none.
    """
    ended = (now.done + now.unknown) - (first.done + first.unknown)
    return ended / seconds if ended >= _ENOUGH else 0.0


def picture(seen: Seen, rate: float = 0.0) -> RenderableType:
    """A campaign at a glance; `rate` is contacts ended in a second."""
    campaign, progress = seen.campaign, seen.progress
    counts = [
        ("waiting", progress.waiting),
        ("calling", progress.calling),
        ("done", progress.done),
        ("unknown whether it rang", progress.unknown),
        ("may not be called", progress.refused),
        *_listed(seen.refusals),
        *([("not called any more", progress.stopped)] if campaign.state == "stopped" else []),
        ("dials", progress.dials),
        ("answered by people", progress.people),
        ("abandoned", progress.abandoned),
        *_listed(seen.outcomes),
    ]
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for word, count in counts:
        table.add_row(Text(word), str(count))
    return Group(Text(_in_lines(seen, rate)), table)


def _about(seen: Seen, rate: float) -> str:
    """The same in a line."""
    campaign, progress = seen.campaign, seen.progress
    state = campaign.state + (f" ({campaign.reason})" if campaign.reason else "")
    ended = ended_contacts(progress)
    about = f"{campaign.name}: {state}, {ended} of {progress.contacts} contacts ended"
    if left := left_s(progress, rate):
        about += f", about {_long(left)} to go"
    return about


def _in_lines(seen: Seen, rate: float) -> str:
    """The same, and a line for each process that it lacks."""
    return "\n".join((_about(seen, rate), *(LACKS[kind] for kind in seen.missing)))


def _listed(counts: dict[str, int]) -> list[tuple[str, int]]:
    return [(f"  {word}", count) for word, count in sorted(counts.items(), key=_largest_first)]


def _largest_first(item: tuple[str, int]) -> int:
    return -item[1]


def _long(seconds: float) -> str:
    if seconds < 2 * _MINUTE_S:
        return f"{seconds:.0f} s"
    minutes = seconds / _MINUTE_S
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"


class Rehearsed(Struct, frozen=True):
    """What came of a contact in a rehearsal; who they are only the file says that was read."""

    line: int  # of that file
    state: str
    dials: int
    outcomes: tuple[str, ...]
    why: str  # they are not called, or not now: in a word, since a sentence may name them


async def write_report(campaigns: Campaigns, campaign: Campaign, file: Path) -> None:
    """One JSON line for each contact of a rehearsal."""
    with file.open("wb") as written:
        async for row in rows(campaigns, campaign):
            why = row.detail.partition(":")[0]
            told = Rehearsed(row.line, row.state, row.dials, row.outcomes, why)
            written.write(msgspec.json.encode(told) + b"\n")


def line_of(row: Reported) -> str:
    """A contact in one line, for people."""
    cells = (row.phone, row.name, row.state, ", ".join(row.outcomes), row.detail)
    return "  ".join([f"line {row.line}", *filter(None, cells)])
