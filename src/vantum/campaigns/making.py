"""How a campaign comes into being: its agent, its numbers and its list are looked at first."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from vantum.agents.mistakes import plainly
from vantum.agents.schema import load_agent
from vantum.agents.shelf import shelf_of
from vantum.campaigns.importing import Report, import_list
from vantum.dialing.hours import DAY_NAMES, Week
from vantum.dialing.plan import Plan
from vantum.errors import RecordsError, RequestError, VantumError
from vantum.settings import Settings
from vantum.store.campaigns import Campaign, Campaigns
from vantum.store.database import Database
from vantum.store.lists import Lists
from vantum.telephony.line import NO_NUMBER

_HOURS: Final = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? +(\d\d:\d\d-\d\d:\d\d)")


class Order(Struct, frozen=True):
    """What an operator asks for, as they wrote it; of the plan only what is not as usual."""

    name: str
    agent: str | None  # its name; None for the default
    caller_ids: tuple[str, ...]
    plan: Mapping[str, object]


class Wanted(Struct, frozen=True):
    """The same, looked at."""

    name: str
    agent: str  # its name
    plan: Plan


class Made(Struct, frozen=True):
    """A campaign, and what came of its file."""

    campaign: Campaign
    contacts: int  # so far, where it is `making` still
    report: Report


def agent_of(file: str, settings: Settings) -> str:
    """The name of an agent that our servers know, by its file, or by its name as it is.

    Raises RequestError for a file that they do not know, SettingsError for one that is wrong.
    """
    if not file.endswith((".yaml", ".yml")):
        return file
    path, shelf = Path(file).resolve(), settings.vantum_agent.resolve().parent
    load_agent(path)
    if path.parent != shelf:
        raise RequestError(
            f"{file}: servers know the agents in {shelf}; copy the file there and start them"
            " again, or set VANTUM_AGENT to a file beside it"
        )
    return path.stem


def check_agent(name: str, settings: Settings) -> None:
    """Raise RequestError for the name of an agent that our servers do not know."""
    known = shelf_of(settings.vantum_agent)
    if name not in known.agents:
        raise known.no_such(name)


def week_of(text: str) -> Week:
    """Hours as people write them: "mon-fri 09:00-17:00, sat 10:00-14:00". Raises RequestError."""
    days: dict[str, str] = {}
    for part in filter(None, (piece.strip().lower() for piece in text.split(","))):
        found = _HOURS.fullmatch(part)
        first, last = (found[1], found[2] or found[1]) if found else ("", "")
        if not found or first not in DAY_NAMES or last not in DAY_NAMES:
            raise RequestError(f'"{part}": hours are written like mon-fri 09:00-17:00')
        begin, end = DAY_NAMES.index(first), DAY_NAMES.index(last)
        if end < begin:
            raise RequestError(f'"{part}": the week begins on Monday')
        days |= dict.fromkeys(DAY_NAMES[begin : end + 1], found[3])
    try:
        return Week(**days)
    except ValueError as error:
        raise RequestError(str(error)) from error


def check_caller_ids(numbers: Sequence[str], settings: Settings) -> tuple[str, ...]:
    """The numbers to call from, ours by default. Raises RequestError for one that is not ours."""
    ours = [number for number in (settings.twilio_phone_number,) if number]
    ours += settings.twilio_caller_ids
    if not ours:
        raise RequestError(". ".join(filter(None, (NO_NUMBER, settings.phone_off))))
    for number in numbers:
        if number not in ours:
            raise RequestError(
                f"{number} is not among our numbers ({', '.join(ours)}):"
                " add it to TWILIO_CALLER_IDS if it is"
            )
    return tuple(numbers) or (ours[0],)


def ordered(order: Order, settings: Settings) -> Wanted:
    """An order whose agent, numbers and plan can be used. Raises RequestError, SettingsError."""
    agent = order.agent or settings.vantum_agent.stem
    if order.agent:
        check_agent(agent, settings)
    plan = plan_of(order, check_caller_ids(order.caller_ids, settings))
    return Wanted(order.name, agent, plan)


async def make(
    database: Database,
    wanted: Wanted,
    file: Path,
    region: str | None,
    *,
    ids: Callable[[], str],
    now: Callable[[], float],
) -> Made:
    """Import the file as a list of the campaign's name, and plan a call to each contact.

    All of it or nothing; a campaign that is begun is finished by a worker, should this end midway.
    Raises RequestError, RecordsError.
    """
    lists = Lists(database)
    name, list_id = wanted.name, ids()
    if await Campaigns(database).named(name) is not None:
        raise RequestError(f'There is a campaign "{name}" already', code="INVALID_STATE")
    report = await import_list(name, file, region, lists=lists, new_id=list_id, now=now)
    if not report.good:
        raise RequestError(f"{file}: no row is good, so there is no campaign; {why(report)}")
    try:
        campaign, contacts = await plan_calls(database, wanted, list_id, new_id=ids(), now=now())
    except VantumError:
        with suppress(RequestError):  # it was begun, and calls the list
            await lists.remove(list_id)
        raise
    return Made(campaign, contacts, report)


async def make_of_list(
    database: Database, wanted: Wanted, name: str, *, new_id: str, now: float
) -> tuple[Campaign, int]:
    """A campaign that calls each contact of a list that is there, by its name or id; how many.

    Raises RequestError, RecordsError.
    """
    lists = Lists(database)
    found = await lists.named(name)
    if found is None:
        raise RequestError(f'There is no list "{name}"')
    return await plan_calls(database, wanted, found.list_id, new_id=new_id, now=now)


async def plan_calls(
    database: Database, wanted: Wanted, list_id: str, *, new_id: str, now: float
) -> tuple[Campaign, int]:
    """A campaign that calls each contact of a list, and how many those are.

    One that is begun is there, whatever breaks it off: it may be `making` still, and a worker
    finishes it. Raises RequestError for a name that is taken or a list that is empty or gone,
    RecordsError.
    """
    campaign = Campaign(
        campaign_id=new_id,
        name=wanted.name,
        agent=wanted.agent,
        list_id=list_id,
        plan=wanted.plan,
        state="draft",
        reason="",
        created_at=now,
        changed_at=now,
        version=1,
    )
    campaigns = Campaigns(database)
    try:
        return campaign, await campaigns.create(campaign)
    except RecordsError:
        begun = await campaigns.named(new_id)
        if begun is None or begun.campaign_id != new_id:
            raise
        return begun, (await campaigns.progress(new_id)).contacts


def why(report: Report) -> str:
    """The first bad rows, in one line."""
    return "; ".join(row.told for row in report.shown[:3])


def plan_of(order: Order, caller_ids: tuple[str, ...]) -> Plan:
    """The plan that was asked for, the rest as usual. Raises RequestError."""
    given = {name: value for name, value in order.plan.items() if value is not None}
    try:
        return msgspec.convert({**given, "caller_ids": caller_ids}, Plan)
    except msgspec.ValidationError as error:
        raise RequestError(f"The plan: {plainly(str(error), Plan)}") from error
