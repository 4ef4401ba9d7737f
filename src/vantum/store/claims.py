"""Who is called next, and by which process: attempts are claimed in one transaction.

It is behind the row that holds the limits, so that these hold between processes; the dial follows
the commit. An attempt's id is its call's id: the carrier's callbacks name it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

import msgspec
from sqlalchemy import Row, bindparam, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vantum.agents.contacts import facts_of
from vantum.dialing.candidate import Candidate, Decide, DueDial, Picked, Put, pick
from vantum.dialing.known import Known
from vantum.dialing.pacing import Pace, Shares, slots
from vantum.dialing.plan import PLANS, Plan
from vantum.store.database import Database
from vantum.store.gates import Gate, locked
from vantum.store.hooks import tell_of_campaigns
from vantum.store.numbers import consents_of, dials_of, suppressed_of
from vantum.store.phone_calls import PhoneCall, columns
from vantum.store.processes import ALIVE_S
from vantum.store.schema import (
    ATTEMPTS,
    CALLS,
    CAMPAIGNS,
    CONTACTS,
    DUE,
    GATES,
    HELD,
    OPEN,
    SUPPRESSIONS,
    WORKERS,
)

LEASE_S: Final = 15.0  # of a dial: longer than the carrier may take to answer
HORIZON_S: Final = 1.0  # moments for dials are given away so far ahead: two looks
# Contacts that are looked at besides those that may be dialled: at first, and where that has shown
# that some may not be called now. Out of hours all wait.
_MORE: Final = (0, 40)
_GATE: Final[Gate] = "dials"
_PERSON: Final = tuple(
    CONTACTS.c[name] for name in ("name", "company", "address", "timezone", "variables")
)

# Asked twice a second: to put such a statement together costs more than the answer.
_RUNNING: Final = (
    select(CAMPAIGNS).where(CAMPAIGNS.c.state == "running").order_by(CAMPAIGNS.c.next_at)
)
_RUNS: Final = _RUNNING.with_only_columns(CAMPAIGNS.c.campaign_id).limit(1)
_OPEN_CALLS: Final = select(func.count()).where(OPEN)
_ROOMS: Final = select(func.sum(WORKERS.c.room)).where(
    WORKERS.c.kind == "serve", WORKERS.c.seen_at > bindparam("since")
)
_HELD_CALLS: Final = (
    select(ATTEMPTS.c.campaign_id, func.count().label("calls"))
    .where(HELD, ATTEMPTS.c.campaign_id.in_(select(CAMPAIGNS.c.campaign_id)))
    .group_by(ATTEMPTS.c.campaign_id)
)
_DUE_PEOPLE: Final = (
    select(ATTEMPTS, *_PERSON)
    .join(CONTACTS, CONTACTS.c.contact_id == ATTEMPTS.c.contact_id)
    .where(ATTEMPTS.c.campaign_id == bindparam("of"), DUE, ATTEMPTS.c.due_at <= bindparam("now"))
    .order_by(ATTEMPTS.c.due_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=ATTEMPTS)
)
_OF_IT: Final = ATTEMPTS.c.campaign_id == CAMPAIGNS.c.campaign_id
OVER: Final = select(CAMPAIGNS.c.campaign_id).where(
    CAMPAIGNS.c.state == "running", ~exists().where(_OF_IT, DUE), ~exists().where(_OF_IT, HELD)
)
"""The campaigns that run though nobody is left to call."""
STOPPED: Final = select(CAMPAIGNS.c.campaign_id).where(CAMPAIGNS.c.state == "stopped")
_PLANNED: Final = (
    select(
        ATTEMPTS.c.attempt_id,
        ATTEMPTS.c.epoch,
        ATTEMPTS.c.phone,
        CAMPAIGNS.c.state,
        SUPPRESSIONS.c.phone.label("suppressed"),
    )
    .join(CAMPAIGNS, _OF_IT)
    .outerjoin(SUPPRESSIONS, SUPPRESSIONS.c.phone == ATTEMPTS.c.phone)
    .where(
        ATTEMPTS.c.attempt_id.in_(bindparam("of", expanding=True)),
        ATTEMPTS.c.state == "dialing",
        ATTEMPTS.c.owner == bindparam("ours"),
    )
)
_CHANGE: Final = update(ATTEMPTS).where(ATTEMPTS.c.attempt_id == bindparam("of"))


class Claims:
    """The attempts that one process may make."""

    def __init__(self, database: Database, boot_id: str) -> None:
        self._database = database
        self._boot_id = boot_id
        self._runs = False  # a campaign did when it was looked last

    async def take(
        self, decide: Decide, dials_per_s: float, shares: Shares, now: float
    ) -> list[DueDial]:
        """Claim what may be dialled by `HORIZON_S` from now, within all limits.

        `now` is by the clock that all processes share: `Database.now`. Raises RecordsError.
        """
        if not self._runs and not await self._any_runs():
            return []
        async with self._database.writing() as connection:
            # Its own statement: what is counted behind it cannot be older than the lock.
            gate = Pace(dials_per_s, await locked(connection, _GATE))
            until = now + HORIZON_S
            if gate.slot(now) >= until:
                return []
            dials: list[DueDial] = []
            room = await _room(connection, shares, now)
            running = await _running(connection)
            self._runs = bool(running)
            for campaign, plan, held in running:
                own = Pace(plan.calls_per_s, campaign.next_at)
                most = min(room - len(dials), plan.at_once - held, slots(gate, own, now, until))
                if most <= 0:
                    continue
                for more in _MORE:
                    people = await _candidates(connection, campaign, plan, now, most + more)
                    picked = pick(
                        people, decide, most=most, gate=gate, own=own, now=now, until=until
                    )
                    await self._write(connection, picked, now)
                    gate, own, most = picked.gate, picked.own, most - len(picked.dials)
                    dials += picked.dials
                    if not picked.put:
                        break
                if own.next_at != campaign.next_at:  # else no moment was given away
                    await _pace(connection, CAMPAIGNS.c.campaign_id, campaign.campaign_id, own)
            if dials:
                await _pace(connection, GATES.c.name, _GATE, gate)
            return dials

    async def _any_runs(self) -> bool:
        async with self._database.reading() as connection:  # which keeps nobody waiting
            return (await connection.execute(_RUNS)).first() is not None

    async def called_off(self, dials: Collection[DueDial]) -> dict[str, str]:
        """Which of these, that were claimed a moment ago, are not to be made any more, and why.

        Raises RecordsError.
        """
        epochs = {one.candidate.attempt_id: one.candidate.epoch + 1 for one in dials}
        asked = {"of": list(epochs), "ours": self._boot_id}
        async with self._database.reading() as connection:
            rows = (await connection.execute(_PLANNED, asked)).all()
        why = dict.fromkeys(epochs, "It is another process's.")
        why |= {
            row.attempt_id: _why_not(row.phone, row.state, row.suppressed)
            for row in rows
            if row.epoch == epochs[row.attempt_id]
        }
        return {one: reason for one, reason in why.items() if reason}

    async def give_back(self, dial: DueDial, until: float, why: str) -> None:
        """Put a dial back that was claimed and certainly not made. Raises RecordsError.

        Not one that was taken over meanwhile: who did so takes it for made.
        """
        candidate = dial.candidate
        ours = (ATTEMPTS.c.attempt_id == candidate.attempt_id) & (ATTEMPTS.c.state == "dialing")
        ours &= (ATTEMPTS.c.owner == self._boot_id) & (ATTEMPTS.c.epoch == candidate.epoch + 1)
        async with self._database.writing() as connection:
            freed = await connection.execute(
                update(ATTEMPTS)
                .where(ours)
                .values(state="due", due_at=until, lease_until=None, dialed_at=None, detail=why)
            )
            if freed.rowcount:
                call = (CALLS.c.call_id == candidate.attempt_id) & CALLS.c.sid.is_(None)
                await connection.execute(delete(CALLS).where(call))

    async def _write(self, connection: AsyncConnection, picked: Picked, now: float) -> None:
        """What is dialled is ours and is a call; what is not waits, or is refused."""
        changes = [_put(one, now) for one in picked.put]
        changes += [self._dialed(one, now) for one in picked.dials]
        if changes:
            await connection.execute(_CHANGE, changes)
        if any(one.wait.until is None for one in picked.put):
            await complete(connection, {one.candidate.campaign_id for one in picked.put}, now)
        calls = [columns(call_of(one, self._boot_id)) for one in picked.dials]
        if calls:
            await connection.execute(insert(CALLS), calls)

    def _dialed(self, dial: DueDial, now: float) -> dict[str, object]:
        candidate = dial.candidate
        return {
            "of": candidate.attempt_id,
            "state": "dialing",
            "due_at": dial.at,
            "owner": self._boot_id,
            "lease_until": now + LEASE_S,
            "epoch": candidate.epoch + 1,
            "caller_id": candidate.caller_id,
            "dialed_at": dial.at,
            "ended_at": None,
            "detail": dial.evidence,
        }


def _why_not(phone: str, state: str, suppressed: str | None) -> str:
    if not phone:
        return "The number was erased."
    if state != "running":
        return f"The campaign is {state}."
    return "The number was suppressed." if suppressed else ""


def _put(put: Put, now: float) -> dict[str, object]:
    candidate, until = put.candidate, put.wait.until
    return {
        "of": candidate.attempt_id,
        "state": "refused" if until is None else "due",
        "due_at": now if until is None else until,
        "owner": "",
        "lease_until": None,
        "epoch": candidate.epoch,
        "caller_id": candidate.caller_id,
        "dialed_at": None,
        "ended_at": now if until is None else None,
        "detail": put.wait.reason,
    }


def call_of(dial: DueDial, boot_id: str) -> PhoneCall:
    """The call that a dial makes, as it is recorded."""
    candidate = dial.candidate
    return PhoneCall(
        call_id=candidate.attempt_id,
        direction="outbound",
        their_number=candidate.phone,
        our_number=candidate.caller_id,
        agent=candidate.agent,
        placed_at=dial.at,
        news_at=dial.at,
        placed_by=boot_id,
        facts=candidate.facts,
    )


async def _pace(connection: AsyncConnection, key: Any, name: str, pace: Pace) -> None:
    await connection.execute(update(key.table).where(key == name).values(next_at=pace.next_at))


async def _room(connection: AsyncConnection, shares: Shares, now: float) -> int:
    """How many more calls there may be, of whatever kind."""
    calls = (await connection.execute(_OPEN_CALLS)).scalar_one()
    rooms = (await connection.execute(_ROOMS, {"since": now - ALIVE_S})).scalar()
    return msgspec.structs.replace(shares, headroom=rooms or 0).room(calls)


async def _running(connection: AsyncConnection) -> list[tuple[Row[Any], Plan, int]]:
    """The campaigns that run, the one first whose turn is first, with its calls."""
    campaigns = (await connection.execute(_RUNNING)).all()
    if not campaigns:
        return []
    held = await connection.execute(_HELD_CALLS)
    counts = {row.campaign_id: row.calls for row in held.all()}
    return [(one, PLANS.decode(one.plans), counts.get(one.campaign_id, 0)) for one in campaigns]


async def _candidates(
    connection: AsyncConnection, campaign: Row[Any], plan: Plan, now: float, most: int
) -> list[Candidate]:
    """So many of those whose turn it is."""
    asked = {"of": campaign.campaign_id, "now": now, "most": most}
    rows = (await connection.execute(_DUE_PEOPLE, asked)).all()
    if not rows:
        return []
    phones = {row.phone for row in rows}
    consents = await consents_of(connection, phones)
    suppressed = await suppressed_of(connection, phones)
    earlier, talking = await dials_of(connection, phones, now)
    return [
        Candidate(
            attempt_id=row.attempt_id,
            campaign_id=row.campaign_id,
            contact_id=row.contact_id,
            number=row.number,
            phone=row.phone,
            facts=facts_of(row.name, row.company, row.variables),
            epoch=row.epoch,
            agent=campaign.agent,
            plan=plan,
            caller_id=row.caller_id or plan.caller_ids[_hash_of(row.phone) % len(plan.caller_ids)],
            known=Known(
                address=row.address,
                timezone=row.timezone,
                consents=tuple(consents.get(row.phone, ())),
                suppressed=suppressed.get(row.phone),
                earlier=tuple(earlier.get(row.phone, ())),
                on_the_phone=row.phone in talking,
            ),
        )
        for row in rows
    ]


def _hash_of(phone: str) -> int:
    """A number out of a telephone number, the same in every process."""
    return int(phone.removeprefix("+") or 0)


async def end_stopped(connection: AsyncConnection, now: float) -> None:
    """Nobody waits in a campaign that was stopped, whatever was put back or planned meanwhile."""
    left = update(ATTEMPTS).where(DUE, ATTEMPTS.c.campaign_id.in_(STOPPED))
    await connection.execute(
        left.values(state="stopped", detail="", ended_at=now, lease_until=None)
    )


async def complete(connection: AsyncConnection, campaigns: Iterable[str], now: float) -> None:
    """A campaign of which nobody is left to call is done."""
    done = await connection.execute(
        update(CAMPAIGNS)
        .where(CAMPAIGNS.c.campaign_id.in_(campaigns), CAMPAIGNS.c.campaign_id.in_(OVER))
        .values(state="done", reason="", changed_at=now, version=CAMPAIGNS.c.version + 1)
        .returning(CAMPAIGNS.c.campaign_id)
    )
    await tell_of_campaigns(connection, done.scalars().all(), now)
