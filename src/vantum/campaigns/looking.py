"""What is known of a campaign at a moment: how far it is, how long it will take, who was called."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from msgspec import Struct

from vantum.dialing.plan import Plan
from vantum.errors import RequestError
from vantum.settings import Settings
from vantum.store.campaigns import Campaign, Campaigns, Progress, Reported, State
from vantum.store.database import Database
from vantum.store.processes import ALIVE_S, Kind, Processes

LATELY_S: Final = 600.0  # a pace is measured over; two to three calls of each line
_NEEDED: Final[dict[State, tuple[Kind, ...]]] = {
    "making": ("worker",),
    "running": ("worker", "serve"),
}
LACKS: Final[dict[Kind, str]] = {
    "worker": "No worker runs, which dials: vantum worker",
    "serve": "No server with a telephone runs, which carries the calls: vantum serve",
}
"""What is said of a process that does not run."""


class Seen(Struct, frozen=True):
    """A campaign at a moment."""

    campaign: Campaign
    progress: Progress
    outcomes: dict[str, int]
    refusals: dict[str, int]
    missing: tuple[Kind, ...]  # processes that it needs now, and that do not run


async def look(database: Database, name: str) -> Seen:
    """How it stands. Raises RequestError where there is none of this name."""
    return await seen(database, await named(Campaigns(database), name))


async def seen(database: Database, campaign: Campaign) -> Seen:
    """How a campaign stands. Raises RecordsError."""
    key, campaigns = campaign.campaign_id, Campaigns(database)
    return Seen(
        campaign,
        await campaigns.progress(key),
        await campaigns.outcomes(key),
        await campaigns.refusals(key),
        await missing(database, *_NEEDED.get(campaign.state, ())),
    )


async def pace(campaigns: Campaigns, campaign: Campaign, now: float) -> float:
    """Contacts that it has called and ended in a second, as of late; 0 while it does not run."""
    since = max(now - LATELY_S, campaign.changed_at)
    if campaign.state != "running" or since >= now:
        return 0.0
    return await campaigns.ended_since(campaign.campaign_id, since) / (now - since)


async def hindrances(database: Database, plan: Plan, settings: Settings) -> tuple[str, ...]:
    """Why a campaign that is started may call nobody, or too slowly. Raises RecordsError."""
    lacking = [LACKS[kind] for kind in await missing(database, "worker", "serve")]
    return tuple(filter(None, (slowed(plan, settings), settings.phone_off, *lacking)))


async def missing(database: Database, *needed: Kind) -> tuple[Kind, ...]:
    """The kinds of processes of which none was seen lately. Raises RecordsError."""
    processes, since = Processes(database, "", "worker"), database.now() - ALIVE_S
    return tuple([kind for kind in needed if not await processes.any_seen(kind, since)])


def slowed(plan: Plan, settings: Settings) -> str:
    """That the carrier takes fewer dials a second than a plan wants; "" where it does not."""
    most = settings.carrier_calls_per_s
    if plan.calls_per_s <= most:
        return ""
    return (
        f"CARRIER_CALLS_PER_S is {most:g}: not {plan.calls_per_s:g} dials a second are made,"
        f" but {most:g}, of all campaigns together"
    )


def ended_contacts(progress: Progress) -> int:
    """Contacts that are called no more."""
    return progress.done + progress.unknown + progress.refused + progress.stopped


def left_s(progress: Progress, rate: float) -> float | None:
    """Seconds until the last contact is ended, at so many a second; None where none can be said."""
    left = progress.waiting + progress.calling
    return left / rate if rate > 0 and left else None


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
