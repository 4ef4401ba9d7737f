"""Which campaigns there are, how far each has come, and what came of each contact."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct
from sqlalchemy import Row, Select, String, cast, exists, func, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from vantum.dialing.plan import PLANS, Plan
from vantum.errors import RequestError
from vantum.store.attempts import ANSWERED, NEW
from vantum.store.claims import refuse_stopped
from vantum.store.database import Database
from vantum.store.gates import locked
from vantum.store.hooks import tell_of_campaigns
from vantum.store.schema import ATTEMPTS, CAMPAIGNS, CONTACTS

State = Literal["draft", "running", "paused", "stopped", "done"]

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

    async def create(self, campaign: Campaign) -> int:
        """Record a campaign and plan a call to each contact of its list; how many.

        Raises RequestError for a name that is taken, or a list that is empty.
        """
        async with self._database.writing() as connection:
            row = {name: getattr(campaign, name) for name in _PLAIN}
            row |= {"plans": msgspec.json.encode(campaign.plan).decode(), "next_at": 0.0}
            try:
                await connection.execute(insert(CAMPAIGNS).values(row))
            except IntegrityError as error:
                raise RequestError(
                    f'There is a campaign "{campaign.name}" already', code="INVALID_STATE"
                ) from error
            first = {
                "attempt_id": literal(f"{campaign.campaign_id}-")
                + cast(CONTACTS.c.line, String)
                + "-1",
                "campaign_id": literal(campaign.campaign_id),
                "contact_id": CONTACTS.c.contact_id,
                "number": literal(1),
                "phone": CONTACTS.c.phone,
                "due_at": literal(campaign.created_at),
            }
            first |= {name: literal(value) for name, value in NEW.items() if value is not None}
            people = select(*(value.label(name) for name, value in first.items()))
            people = people.where(CONTACTS.c.list_id == campaign.list_id)
            people = people.where(CONTACTS.c.erased_at.is_(None)).order_by(CONTACTS.c.line)
            planned = await connection.execute(insert(ATTEMPTS).from_select([*first], people))
            if not planned.rowcount:
                raise RequestError("The list has no contacts", code="INVALID_STATE")
            return int(planned.rowcount)

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
            raise RequestError(f'"{campaign.name}" is {campaign.state}{why}', code="INVALID_STATE")
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
                await refuse_stopped(connection, now)
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
            dials=dialed.dials,
            people=dialed.people,
            abandoned=dialed.abandoned,
        )

    async def ended_since(self, campaign_id: str, since: float) -> int:
        """How many contacts' latest attempts have ended since then."""
        lately = _latest(campaign_id).where(ATTEMPTS.c.ended_at >= since).subquery()
        async with self._database.reading() as connection:
            return int((await connection.execute(select(func.count(lately.c.state)))).scalar_one())

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
