"""What programs may ask about campaigns, and of them.

Whom they call is read by operators: a viewer sees no more of people than calls show.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from msgspec import Meta, Struct

from vantum.campaigns.looking import left_s, pace, seen
from vantum.campaigns.making import Order, make_of_list, ordered, week_of
from vantum.errors import RequestError
from vantum.store.campaign_pages import (
    Attempt,
    AttemptPlace,
    AttemptState,
    Place,
    attempts_page,
    campaigns_page,
)
from vantum.store.campaigns import Campaign, Campaigns, Progress, Reported, State
from vantum.store.processes import Kind
from vantum.web.rest.house import House
from vantum.web.rest.paging import Line, Paged, cut, place
from vantum.web.rest.route import Route, route

ROOT: Final = "/api/v1/campaigns"
ONE: Final = f"{ROOT}/{{campaign_id}}"
_Name = Annotated[str, Meta(min_length=1, max_length=200)]


class NewCampaign(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A campaign to be made; what is left out is as usual."""

    name: _Name
    list: Annotated[_Name, Meta(description="Whom to call: a list's name or id.")]
    agent: Annotated[_Name, Meta(description="Its name.")] | None = None
    caller_ids: Annotated[tuple[str, ...], Meta(max_length=1_000)] = ()
    hours: (
        Annotated[str, Meta(max_length=500, description="mon-fri 09:00-17:00, sat 10:00-14:00")]
        | None
    ) = None
    calls_per_s: Annotated[float, Meta(gt=0, le=1_000)] | None = None
    at_once: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    attempts: Annotated[int, Meta(ge=1, le=20)] | None = None


class CampaignsQuery(Paged, frozen=True, kw_only=True):
    """Which campaigns."""

    state: State | None = None


class CampaignsPage(Struct, frozen=True):
    """Campaigns, the newest first."""

    items: list[Campaign]
    next: str | None  # `after` of the next page


class Standing(Struct, frozen=True):
    """How a campaign stands."""

    campaign: Campaign
    progress: Progress
    outcomes: dict[str, int]  # what its calls came to, and how often
    refusals: dict[str, int]  # why contacts may not be called, or not yet, and how many
    left_s: float | None  # until the last contact is ended, at the pace of late
    missing: tuple[Kind, ...]  # processes that it needs now, and that do not run

    @property
    def version(self) -> int:
        """Of the campaign: progress is no edit."""
        return self.campaign.version


class ReportPage(Struct, frozen=True):
    """Contacts of a campaign in the order of their file, each with what came of their calls."""

    items: list[Reported]
    next: str | None


class AttemptsQuery(Paged, frozen=True, kw_only=True):
    """Which attempts."""

    state: AttemptState | None = None
    outcome: str | None = None
    contact: Annotated[str, Meta(description="The contact's id.")] | None = None


class AttemptsPage(Struct, frozen=True):
    """Attempts, those of one contact together."""

    items: list[Attempt]
    next: str | None


class CampaignDoors:
    """The doors."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._campaigns = Campaigns(house.database)

    async def list(self, query: CampaignsQuery) -> CampaignsPage:
        """Campaigns, the newest first."""
        after = place(query, Place)
        database = self._house.database
        found = await campaigns_page(database, query.state, query.limit + 1, after)
        return CampaignsPage(*cut(found, query, lambda one: Place(one.created_at, one.campaign_id)))

    async def make(self, body: NewCampaign) -> Campaign:
        """Make a campaign that calls each contact of a list; `start` begins to call.

        Hours are those of whom is called, within those of the law. Numbers to call from are ours;
        the first of them, where none is named. Where the database was away meanwhile, the campaign
        may be `making` still: a worker finishes it.
        """
        order = Order(
            name=body.name,
            agent=body.agent,
            caller_ids=body.caller_ids,
            plan={
                "hours": week_of(body.hours) if body.hours else None,
                "calls_per_s": body.calls_per_s,
                "at_once": body.at_once,
                "attempts": body.attempts,
            },
        )
        # On a thread: agents' files are read, and calls may be live.
        wanted = await asyncio.to_thread(ordered, order, self._house.settings)
        database, new_id, now = self._house.database, self._house.new_id(), self._house.now()
        campaign, _ = await make_of_list(database, wanted, body.list, new_id=new_id, now=now)
        return campaign

    async def look(self, campaign_id: str) -> Standing:
        """How a campaign stands; it is known by its name, too."""
        found = await seen(self._house.database, await self._known(campaign_id))
        rate = await pace(self._campaigns, found.campaign, self._house.now())
        return Standing(
            found.campaign,
            found.progress,
            found.outcomes,
            found.refusals,
            left_s(found.progress, rate),
            found.missing,
        )

    async def start(self, campaign_id: str, version: int | None) -> Campaign:
        """Begin to call, or go on after a pause; a worker does it."""
        return await self._put(campaign_id, version, "running")

    async def pause(self, campaign_id: str, version: int | None) -> Campaign:
        """Dial nobody until it is started again; calls that run go on."""
        return await self._put(campaign_id, version, "paused")

    async def stop(self, campaign_id: str, version: int | None) -> Campaign:
        """End it for good: who was not reached yet is called no more."""
        return await self._put(campaign_id, version, "stopped")

    async def report(self, campaign_id: str, query: Paged) -> ReportPage:
        """Each contact of a campaign: how often they were called, and what came of it."""
        line = (place(query, Line) or Line(0)).number
        campaign = await self._known(campaign_id)
        found = await self._campaigns.report(campaign.campaign_id, line, query.limit + 1)
        return ReportPage(*cut(found, query, lambda row: Line(row.line)))

    async def attempts(self, campaign_id: str, query: AttemptsQuery) -> AttemptsPage:
        """The attempts of a campaign; where one is dialled there is a call with its id."""
        after = place(query, AttemptPlace)
        campaign = await self._known(campaign_id)
        found = await attempts_page(
            self._house.database,
            campaign.campaign_id,
            {"state": query.state, "outcome": query.outcome, "contact_id": query.contact},
            query.limit + 1,
            after,
        )
        return AttemptsPage(
            *cut(found, query, lambda one: AttemptPlace(one.contact_id, one.number))
        )

    async def _put(self, campaign_id: str, version: int | None, state: State) -> Campaign:
        campaign = await self._known(campaign_id)
        if version not in {None, campaign.version}:
            raise RequestError("It was changed meanwhile; read it again", code="CHANGED")
        return await self._campaigns.put(campaign, state, self._house.now())

    async def _known(self, campaign_id: str) -> Campaign:
        campaign = await self._campaigns.named(campaign_id)
        if campaign is None:
            raise RequestError("There is no campaign with this id or name", code="NOT_FOUND")
        return campaign


def routes(house: House) -> tuple[Route, ...]:
    """The routes about campaigns."""
    doors = CampaignDoors(house)
    return (
        route("GET", ROOT, "viewer", doors.list),
        route("POST", ROOT, "operator", doors.make, 201, takes_long=True),
        route("GET", ONE, "viewer", doors.look),
        route("POST", f"{ONE}/start", "operator", doors.start),
        route("POST", f"{ONE}/pause", "operator", doors.pause),
        route("POST", f"{ONE}/stop", "operator", doors.stop),
        route("GET", f"{ONE}/report", "operator", doors.report),
        route("GET", f"{ONE}/attempts", "operator", doors.attempts),
    )
