"""What people are told of a campaign: how far it is, and what came of whom."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from vantum.campaigns.making import Made
from vantum.errors import RequestError
from vantum.store.campaigns import Campaign, Campaigns, Progress, Reported

LOOK_EVERY_S: Final = 0.5
_OPEN: Final = frozenset({"running", "draft"})
_MINUTE_S: Final = 60.0


def tell_made(made: Made, console: Console) -> None:
    """What came of the file."""
    report = made.report
    console.print(
        f'campaign "{made.campaign.name}": {made.contacts} contacts, {report.bad} bad rows',
        markup=False,
    )
    for row in report.shown:
        console.print(f"  line {row.line} {row.reason}", markup=False)
    if report.bad > len(report.shown):
        left = report.bad - len(report.shown)
        see = f'vantum contacts show "{made.campaign.name}" --bad'
        console.print(f"  and {left} more; see all with: {see}", markup=False)


async def follow(campaigns: Campaigns, name: str, console: Console) -> None:
    """Show how a campaign goes, until it runs no more."""
    began, first = time.monotonic(), None
    with Live(console=console, refresh_per_second=4, transient=True) as live:
        while True:
            seen = await look(campaigns, name)
            first = first or seen.progress
            shown = picture(seen, _rate(first, seen.progress, time.monotonic() - began))
            if console.is_terminal:
                live.update(shown)
            if seen.campaign.state not in _OPEN:
                break
            await asyncio.sleep(LOOK_EVERY_S)
    console.print(shown)


class Seen(Struct, frozen=True):
    """A campaign at a moment."""

    campaign: Campaign
    progress: Progress
    outcomes: dict[str, int]
    refusals: dict[str, int]


async def look(campaigns: Campaigns, name: str) -> Seen:
    """How it stands. Raises RequestError where there is none of this name."""
    campaign = await named(campaigns, name)
    key = campaign.campaign_id
    return Seen(
        campaign,
        await campaigns.progress(key),
        await campaigns.outcomes(key),
        await campaigns.refusals(key),
    )


def _rate(first: Progress, now: Progress, seconds: float) -> float:
    """Contacts that were ended in a second."""
    ended = ended_of(now) - ended_of(first)
    return ended / seconds if seconds > 0 else 0.0


def ended_of(progress: Progress) -> int:
    """Contacts that are called no more."""
    return progress.done + progress.unknown + progress.refused


def picture(seen: Seen, rate: float = 0.0) -> RenderableType:
    """A campaign at a glance; `rate` is contacts ended in a second."""
    campaign, progress = seen.campaign, seen.progress
    ended, left = ended_of(progress), progress.waiting + progress.calling
    state = campaign.state + (f" ({campaign.reason})" if campaign.reason else "")
    about = f"{campaign.name}: {state}, {ended} of {progress.contacts} contacts ended"
    if rate > 0 and left:
        about += f", about {_long(left / rate)} to go"
    counts = [
        ("waiting", progress.waiting),
        ("calling", progress.calling),
        ("done", progress.done),
        ("unknown whether it rang", progress.unknown),
        ("may not be called", progress.refused),
        *_listed(seen.refusals),
        ("dials", progress.dials),
        ("answered by people", progress.people),
        ("abandoned", progress.abandoned),
        *_listed(seen.outcomes),
    ]
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for word, count in counts:
        table.add_row(Text(word), str(count))
    return Group(Text(about), table)


def _listed(counts: dict[str, int]) -> list[tuple[str, int]]:
    return [(f"  {word}", count) for word, count in sorted(counts.items(), key=_largest_first)]


def _largest_first(item: tuple[str, int]) -> int:
    return -item[1]


def _long(seconds: float) -> str:
    if seconds < 2 * _MINUTE_S:
        return f"{seconds:.0f} s"
    minutes = seconds / _MINUTE_S
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"


async def named(campaigns: Campaigns, name: str) -> Campaign:
    """The campaign of this name. Raises RequestError where there is none."""
    campaign = await campaigns.named(name)
    if campaign is None:
        known = ", ".join(one.name for one in await campaigns.all()) or "none yet"
        raise RequestError(f'There is no campaign "{name}"; there is: {known}', code="NOT_FOUND")
    return campaign


async def rows(campaigns: Campaigns, campaign: Campaign) -> AsyncIterator[Reported]:
    """Its contacts in the order of the file, a page at a time."""
    line = 0
    while page := await campaigns.report(campaign.campaign_id, line):
        for row in page:
            yield row
        line = page[-1].line


async def write_report(campaigns: Campaigns, campaign: Campaign, file: Path) -> Path:
    """One JSON line for each contact."""
    with file.open("wb") as written:
        async for row in rows(campaigns, campaign):
            written.write(msgspec.json.encode(row) + b"\n")
    return file


def line_of(row: Reported) -> str:
    """A contact in one line, for people."""
    cells = (row.phone, row.name, row.state, ", ".join(row.outcomes), row.detail)
    return "  ".join([f"line {row.line}", *filter(None, cells)])
