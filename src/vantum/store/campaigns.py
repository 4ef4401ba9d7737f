"""Which campaigns there are, how far each has come, and what came of each contact."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    String,
    cast,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from vantum.dialing.plan import PLANS, Plan
from vantum.errors import RequestError
from vantum.limits import PLAN_ROWS
from vantum.store.attempts import ANSWERED, NEW
from vantum.store.claims import end_stopped
from vantum.store.database import Database
from vantum.store.gates import locked
from vantum.store.hooks import tell_of_campaigns
from vantum.store.lists import hold
from vantum.store.schema import ATTEMPTS, CAMPAIGNS, CONTACTS

State = Literal["making", "draft", "running", "paused", "stopped", "done"]

# From which state a campaign may be put into which; one that has stopped stays so.
_FROM: Final[dict[State, tuple[State, ...]]] = {
    "running": ("draft", "paused"),
    "paused": ("running",),
    "stopped": ("draft", "running", "paused"),
}
_REASONS: Final = 100


class Campaign(Struct, frozen=True, kw_only=True):
    """A campaign as it stands."""

    campaign_id: str
    name: str
    agent: str
    list_id: str
    plan: Plan
    state: State
    reason: str
    created_at: float
    changed_at: float
    version: int


class Progress(Struct, frozen=True):
    """How many contacts there are, what has become of them, and how often it was dialled."""

    contacts: int = 0
    waiting: int = 0  # for their first call, or for another
    calling: int = 0
    done: int = 0
    unknown: int = 0  # whether their last call has rung, nobody can say
    refused: int = 0  # may not be called
    stopped: int = 0  # were still to be called when the campaign was stopped
    dials: int = 0
    people: int = 0  # who have answered
    abandoned: int = 0  # and of those, who waited too long for a voice


class Reported(Struct, frozen=True):
    """One contact of a campaign: their attempts so far, the latest last."""

    contact_id: str
    line: int
    phone: str
    name: str
    state: str
    dials: int
    outcomes: tuple[str, ...]
    detail: str  # why they are not called, or not now
    due_at: float | None


class Campaigns:
    """The records of campaigns."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._making: dict[str, int] = {}  # how far each was that was being made

    # How a campaign comes into being: begun in one transaction, its calls planned some at a time,
    # so that who writes beside (calls do) never waits for long. Until the last is planned it
    # is `making`, and nobody can start it; whoever goes on with it goes on from where it is.

    async def create(self, campaign: Campaign, at_a_time: int = PLAN_ROWS) -> int:
        """Record a campaign and plan a call to each contact of its list; how many.

        Raises RequestError for a name that is taken, or a list that is empty or gone; then nothing
        is recorded. What is broken off later (RecordsError) is for `go_on_making`.
        """
        await self._begin(campaign)
        while await self._plan_some(campaign.campaign_id, at_a_time):
            pass
        planned = select(func.count()).where(
            ATTEMPTS.c.campaign_id == campaign.campaign_id, ATTEMPTS.c.number == 1
        )
        async with self._database.reading() as connection:
            return int((await connection.execute(planned)).scalar_one())

    async def go_on_making(self) -> int:
        """Finish campaigns that have come no further since we last looked; how many.

        Their makers have died, or stand still, and then two who make one do no harm. Raises
        RecordsError.
        """
        query = select(CAMPAIGNS.c.campaign_id, CAMPAIGNS.c.planned_to)
        async with self._database.reading() as connection:
            rows = await connection.execute(query.where(CAMPAIGNS.c.state == "making"))
            now = {row.campaign_id: row.planned_to for row in rows}
        left = [one for one, line in now.items() if self._making.get(one) == line]
        self._making = now
        for campaign_id in left:
            while await self._plan_some(campaign_id, PLAN_ROWS):
                pass
        return len(left)

    async def _begin(self, campaign: Campaign) -> None:
        row = {name: getattr(campaign, name) for name in _PLAIN} | {"state": "making"}
        row |= {"plans": msgspec.json.encode(campaign.plan).decode()}
        people = select(CONTACTS.c.contact_id).where(CONTACTS.c.list_id == campaign.list_id)
        people = people.where(CONTACTS.c.erased_at.is_(None)).limit(1)
        async with self._database.writing() as connection:
            if not await hold(connection, campaign.list_id):
                raise RequestError("There is no such list any more")
            try:
                await connection.execute(insert(CAMPAIGNS).values(next_at=0, planned_to=0, **row))
            except IntegrityError as error:
                raise RequestError(
                    f'There is a campaign "{campaign.name}" already', code="INVALID_STATE"
                ) from error
            if not (await connection.execute(people)).first():
                raise RequestError("The list has no contacts", code="INVALID_STATE")

    async def _plan_some(self, campaign_id: str, at_a_time: int) -> bool:
        """Plan the next calls of a campaign that is being made; whether there may be more."""
        this = CAMPAIGNS.c.campaign_id == campaign_id
        async with self._database.writing_a_part() as connection:
            making = select(CAMPAIGNS).where(this, CAMPAIGNS.c.state == "making").with_for_update()
            row = (await connection.execute(making)).first()
            if row is None:
                return False
            ahead = (CONTACTS.c.list_id == row.list_id) & (CONTACTS.c.line > row.planned_to)
            lines = select(CONTACTS.c.line).where(ahead).order_by(CONTACTS.c.line)
            last = (await connection.execute(lines.offset(at_a_time - 1).limit(1))).scalar()
            some = ahead if last is None else ahead & (CONTACTS.c.line <= last)
            people = _first(row).where(some).order_by(CONTACTS.c.line)
            names = people.selected_columns.keys()
            await connection.execute(insert(ATTEMPTS).from_select(names, people))
            changes = {"state": "draft"} if last is None else {"planned_to": last}
            await connection.execute(update(CAMPAIGNS).where(this).values(**changes))
        return last is not None

    async def named(self, name: str) -> Campaign | None:
        """The campaign of this name, or with this id."""
        key = (CAMPAIGNS.c.name == name) | (CAMPAIGNS.c.campaign_id == name)
        async with self._database.reading() as connection:
            row = (await connection.execute(select(CAMPAIGNS).where(key))).first()
        return None if row is None else campaign_in(row)

    async def all(self) -> list[Campaign]:
        """Every campaign, the newest first."""
        query = select(CAMPAIGNS).order_by(CAMPAIGNS.c.created_at.desc(), CAMPAIGNS.c.name)
        async with self._database.reading() as connection:
            return [campaign_in(row) for row in (await connection.execute(query)).all()]

    async def put(self, campaign: Campaign, state: State, now: float) -> Campaign:
        """Start, pause, resume or stop it, as it was known to be.

        Raises RequestError where it cannot be so, or has changed meanwhile.
        """
        if campaign.state not in _FROM.get(state, ()):
            already = campaign.state == state
            why = " already" if already else f": it cannot be {_WORDS.get(state, state)}"
            is_now = "still being made" if campaign.state == "making" else campaign.state
            raise RequestError(f'"{campaign.name}" is {is_now}{why}', code="INVALID_STATE")
        known = CAMPAIGNS.c.campaign_id == campaign.campaign_id
        known &= CAMPAIGNS.c.version == campaign.version
        changes = {"state": state, "reason": "", "changed_at": now}
        async with self._database.writing() as connection:
            await locked(connection, "dials")  # first, as claims do: else each waits for the other
            changed = await connection.execute(
                update(CAMPAIGNS).where(known).values(version=campaign.version + 1, **changes)
            )
            if not changed.rowcount:
                raise RequestError(f'"{campaign.name}" has just changed', code="INVALID_STATE")
            if state == "stopped":
                await end_stopped(connection, now)
            await tell_of_campaigns(connection, [campaign.campaign_id], now)
        return msgspec.structs.replace(campaign, version=campaign.version + 1, **changes)

    async def progress(self, campaign_id: str) -> Progress:
        """How far it has come."""
        latest = _latest(campaign_id).subquery()
        by_state = select(latest.c.state, func.count().label("contacts")).group_by(latest.c.state)
        dials = select(func.count().label("dials"), *ANSWERED).where(
            ATTEMPTS.c.campaign_id == campaign_id, ATTEMPTS.c.dialed_at.is_not(None)
        )
        async with self._database.reading() as connection:
            counts = {row.state: row.contacts for row in await connection.execute(by_state)}
            dialed = (await connection.execute(dials)).one()
        return Progress(
            contacts=sum(counts.values()),
            waiting=counts.get("due", 0),
            calling=counts.get("dialing", 0) + counts.get("live", 0),
            done=counts.get("done", 0),
            unknown=counts.get("unknown", 0),
            refused=counts.get("refused", 0),
            stopped=counts.get("stopped", 0),
            dials=dialed.dials,
            people=dialed.people,
            abandoned=dialed.abandoned,
        )

    async def ended_since(self, campaign_id: str, since: float) -> int:
        """How many contacts' latest attempts were made, and have ended since then."""
        lately = _latest(campaign_id).where(
            ATTEMPTS.c.ended_at >= since, ATTEMPTS.c.dialed_at.is_not(None)
        )
        query = select(func.count()).select_from(lately.subquery())
        async with self._database.reading() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def outcomes(self, campaign_id: str) -> dict[str, int]:
        """What its calls came to, and how often."""
        query = select(ATTEMPTS.c.outcome, func.count().label("calls")).where(
            ATTEMPTS.c.campaign_id == campaign_id, ATTEMPTS.c.outcome != ""
        )
        async with self._database.reading() as connection:
            found = await connection.execute(query.group_by(ATTEMPTS.c.outcome))
            return {row.outcome: row.calls for row in found}

    async def refusals(self, campaign_id: str) -> dict[str, int]:
        """Why contacts may not be called, or not yet, and how many."""
        reason = ATTEMPTS.c.detail.label("reason")
        query = select(reason, func.count().label("contacts")).where(
            ATTEMPTS.c.campaign_id == campaign_id,
            ATTEMPTS.c.state.in_(["refused", "due"]),
            ATTEMPTS.c.detail != "",
        )
        async with self._database.reading() as connection:
            found = await connection.execute(query.group_by(reason).limit(_REASONS))
            return {row.reason: row.contacts for row in found}

    async def report(
        self, campaign_id: str, after_line: int = 0, most: int = 1_000
    ) -> list[Reported]:
        """Its contacts in the order of the file, behind a line of it."""
        contacts = select(CONTACTS.c.contact_id, CONTACTS.c.line, CONTACTS.c.phone, CONTACTS.c.name)
        planned = select(ATTEMPTS.c.contact_id).where(
            ATTEMPTS.c.campaign_id == campaign_id, ATTEMPTS.c.number == 1
        )
        contacts = contacts.where(CONTACTS.c.contact_id.in_(planned), CONTACTS.c.line > after_line)
        async with self._database.reading() as connection:
            query = contacts.order_by(CONTACTS.c.line).limit(most)
            people = (await connection.execute(query)).all()
            attempts = await connection.execute(
                select(ATTEMPTS)
                .where(
                    ATTEMPTS.c.campaign_id == campaign_id,
                    ATTEMPTS.c.contact_id.in_([person.contact_id for person in people]),
                )
                .order_by(ATTEMPTS.c.number)
            )
            by_contact: defaultdict[str, list[Row[Any]]] = defaultdict(list)
            for row in attempts:
                by_contact[row.contact_id].append(row)
        return [_reported(person, by_contact[person.contact_id]) for person in people]


_PLAIN: Final = [name for name in Campaign.__struct_fields__ if name != "plan"]
_WORDS: Final = {"running": "started", "paused": "paused", "stopped": "stopped"}


def _first(campaign: Row[Any]) -> Select[Any]:
    """The first attempts to contacts that were not erased."""
    made: list[tuple[str, ColumnElement[Any]]] = [
        ("attempt_id", literal(f"{campaign.campaign_id}-") + cast(CONTACTS.c.line, String) + "-1"),
        ("campaign_id", literal(campaign.campaign_id)),
        ("contact_id", CONTACTS.c.contact_id),
        ("number", literal(1)),
        ("phone", CONTACTS.c.phone),
        ("due_at", literal(campaign.created_at)),
    ]
    made += [(name, literal(value)) for name, value in NEW.items() if value is not None]
    people = select(*(value.label(name) for name, value in made))
    # Who is erased meanwhile waits for us, and then finds the attempts; or we for that, and skip.
    people = people.with_for_update(read=True, of=CONTACTS)
    return people.where(CONTACTS.c.erased_at.is_(None))


def _latest(campaign_id: str) -> Select[Any]:
    """The state of each contact's latest attempt."""
    later = ATTEMPTS.alias()
    follows = exists().where(
        later.c.campaign_id == ATTEMPTS.c.campaign_id,
        later.c.contact_id == ATTEMPTS.c.contact_id,
        later.c.number == ATTEMPTS.c.number + 1,
    )
    return select(ATTEMPTS.c.state).where(ATTEMPTS.c.campaign_id == campaign_id, ~follows)


def campaign_in(row: Row[Any]) -> Campaign:
    """The campaign in a row."""
    known = {name: row._mapping[name] for name in _PLAIN}
    return Campaign(plan=PLANS.decode(row.plans), **known)


def _reported(person: Any, attempts: list[Row[Any]]) -> Reported:
    latest = attempts[-1]
    waits = latest.state == "due"
    return Reported(
        contact_id=person.contact_id,
        line=person.line,
        phone=person.phone,
        name=person.name,
        state=latest.state,
        dials=sum(one.dialed_at is not None for one in attempts),
        outcomes=tuple(one.outcome for one in attempts if one.outcome),
        detail=latest.detail if latest.state in {"due", "refused"} else "",
        due_at=latest.due_at if waits else None,
    )
