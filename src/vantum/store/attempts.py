"""What becomes of attempts: they end with their calls, are taken over, and followed by others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Row, and_, bindparam, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vantum.dialing.abandonment import Limits, Met, Share, too_many, was_abandoned
from vantum.dialing.keeping import DAY_S
from vantum.dialing.pacing import BREAKER_S, trips
from vantum.dialing.plan import PLANS, Plan
from vantum.dialing.retries import CLASSES, FAILURES, next_at
from vantum.store.claims import LEASE_S, OVER, STOPPED, complete, end_stopped
from vantum.store.database import Database
from vantum.store.hooks import tell_of_campaigns
from vantum.store.schema import ATTEMPTS, CALLS, CAMPAIGNS, DUE, HELD
from vantum.store.settled import numbers_of

_AT_A_TIME: Final = 500
_TAKEN_OVER: Final = 20  # the carrier is asked about each within the lease
_SETTLED: Final = (
    select(ATTEMPTS, CALLS.c.outcome.label("settled"), CALLS.c.ended_at.label("over_at"))
    .join(CALLS, CALLS.c.call_id == ATTEMPTS.c.attempt_id)
    .where(HELD, CALLS.c.outcome != "")
)
_LEFT_DUE: Final = select(ATTEMPTS.c.attempt_id).where(DUE, ATTEMPTS.c.campaign_id.in_(STOPPED))


class _Evidence(Struct):
    duties: Limits = Limits()


_MET: Final = msgspec.json.Decoder(Met)
_EVIDENCE: Final = msgspec.json.Decoder(_Evidence)


class Attempts:
    """All attempts that were begun, as one process looks after them."""

    def __init__(self, database: Database, boot_id: str) -> None:
        self._database = database
        self._boot_id = boot_id

    async def finish(self, now: float) -> int:
        """End the attempts whose calls are settled, and plan what follows; how many there were.

        Raises RecordsError.
        """
        async with self._database.reading() as connection:  # which is free, and often all
            if not (await connection.execute(_SETTLED.limit(1))).first():
                return 0
        async with self._database.writing() as connection:
            query = _SETTLED.limit(_AT_A_TIME).with_for_update(skip_locked=True, of=ATTEMPTS)
            rows = (await connection.execute(query)).all()
            met = {row.attempt_id: _MET.decode(row.settled) for row in rows}
            words = {attempt_id: one.outcome for attempt_id, one in met.items()}
            abandoned = {
                row.attempt_id: was_abandoned(met[row.attempt_id], _limits(row)) for row in rows
            }
            await _end(connection, rows, words, abandoned, now)
            await _follow(connection, rows, words)
            await complete(connection, {row.campaign_id for row in rows}, now)
            failed = {row.campaign_id for row in rows if words[row.attempt_id] in FAILURES}
            for campaign_id in failed:
                await _break(connection, campaign_id, now)
            await _hold_back(connection, [row for row in rows if abandoned[row.attempt_id]], now)
            return len(rows)

    async def close(self, now: float) -> int:
        """End campaigns in which nobody is left to call; how many. Raises RecordsError.

        Mostly that is seen with the last call. Two processes that end the last two at once do not
        see each other's, though, and a campaign may be paused then, and go on.
        """
        async with self._database.reading() as connection:
            over = list((await connection.execute(OVER)).scalars())
            left = (await connection.execute(_LEFT_DUE.limit(1))).first()
        if over or left:
            async with self._database.writing() as connection:
                await complete(connection, over, now)
                await end_stopped(connection, now)
        return len(over)

    async def expired(self, now: float) -> list[str]:
        """Take over dials whose lease has run out and of which the carrier has told nothing: ids.

        Each belongs to us for as long as another lease, so that one process asks about it.
        """
        async with self._database.writing() as connection:
            late = HELD & (ATTEMPTS.c.state == "dialing") & (ATTEMPTS.c.lease_until < now)
            rings = exists().where(
                CALLS.c.call_id == ATTEMPTS.c.attempt_id, CALLS.c.sid.is_not(None)
            )
            await connection.execute(
                update(ATTEMPTS).where(late, rings).values(state="live", lease_until=None)
            )
            query = select(ATTEMPTS.c.attempt_id).where(late).with_for_update(skip_locked=True)
            ids = list((await connection.execute(query.limit(_TAKEN_OVER))).scalars())
            if ids:
                ours = update(ATTEMPTS).where(ATTEMPTS.c.attempt_id.in_(ids))
                values = {"owner": self._boot_id, "lease_until": now + LEASE_S}
                await connection.execute(ours.values(epoch=ATTEMPTS.c.epoch + 1, **values))
            return ids

    async def quiet(self, before: float) -> list[str]:
        """The calls of attempts that nobody has heard of since, and that no process carries."""
        query = select(CALLS.c.call_id).join(ATTEMPTS, ATTEMPTS.c.attempt_id == CALLS.c.call_id)
        unheard = (CALLS.c.news_at < before) & CALLS.c.sid.is_not(None) & (CALLS.c.outcome == "")
        query = query.where(HELD, unheard, CALLS.c.worker == "").limit(_AT_A_TIME)
        async with self._database.reading() as connection:
            return list((await connection.execute(query)).scalars())

    async def again(self, attempt_id: str, at: float, now: float) -> bool:
        """Call the same contact once more at that moment, as they were promised.

        An attempt that waits for them is moved. False where one is under way, they were erased, or
        the campaign was stopped.
        """
        async with self._database.writing() as connection:
            call = (await numbers_of(connection, [attempt_id], locked=True)).get(attempt_id)
            query = select(ATTEMPTS).where(ATTEMPTS.c.attempt_id == attempt_id)
            row = (await connection.execute(query)).first()
            if row is None or call is None or not call.theirs:
                return False
            if not await _plans(connection, [row.campaign_id]):
                return False
            over = (CAMPAIGNS.c.campaign_id == row.campaign_id) & (CAMPAIGNS.c.state == "done")
            changes = {"state": "running", "changed_at": now, "version": CAMPAIGNS.c.version + 1}
            reopened = await connection.execute(update(CAMPAIGNS).where(over).values(**changes))
            if reopened.rowcount:
                await tell_of_campaigns(connection, [row.campaign_id], now)
            last = select(ATTEMPTS).where(
                ATTEMPTS.c.campaign_id == row.campaign_id,
                ATTEMPTS.c.contact_id == row.contact_id,
                ATTEMPTS.c.number > row.number,
            )
            following = (await connection.execute(last)).first()
            if following is None:
                await connection.execute(insert(ATTEMPTS), [_next(row, at)])
                return True
            moved = update(ATTEMPTS).where(ATTEMPTS.c.attempt_id == following.attempt_id, DUE)
            return bool((await connection.execute(moved.values(due_at=at))).rowcount)


async def _end(
    connection: AsyncConnection,
    rows: Iterable[Row[Any]],
    words: dict[str, str],
    abandoned: dict[str, bool | None],
    now: float,
) -> None:
    ended = [
        {
            "of": row.attempt_id,
            "state": "unknown" if CLASSES.get(words[row.attempt_id]) == "unknown" else "done",
            "outcome": words[row.attempt_id],
            "abandoned": abandoned[row.attempt_id],
            "ended_at": row.over_at or now,
            "lease_until": None,
            "epoch": row.epoch + 1,
        }
        for row in rows
    ]
    if ended:
        change = update(ATTEMPTS).where(ATTEMPTS.c.attempt_id == bindparam("of"))
        await connection.execute(change, ended)


async def _follow(
    connection: AsyncConnection, rows: Iterable[Row[Any]], words: dict[str, str]
) -> None:
    """Plan another attempt where the plan has one."""
    again = [row for row in rows if words[row.attempt_id] in CLASSES]
    if not again:
        return
    plans = await _plans(connection, {row.campaign_id for row in again})
    before = await _outcomes(connection, again)
    following = []
    for row in again:
        plan = plans.get(row.campaign_id)
        outcomes = before[row.campaign_id, row.contact_id]
        at = next_at(outcomes, plan, row.over_at or row.dialed_at) if plan else None
        if at is not None:
            following.append(_next(row, at))
    if following:
        await connection.execute(insert(ATTEMPTS), following)


def _next(row: Row[Any], at: float) -> dict[str, object]:
    """The attempt after this one."""
    number = row.number + 1
    return {
        **NEW,
        "attempt_id": f"{row.attempt_id.rpartition('-')[0]}-{number}",
        "campaign_id": row.campaign_id,
        "contact_id": row.contact_id,
        "number": number,
        "phone": row.phone,
        "due_at": at,
        "caller_id": row.caller_id,
    }


ANSWERED: Final = (
    func.count(ATTEMPTS.c.abandoned).label("people"),
    func.count().filter(ATTEMPTS.c.abandoned).label("abandoned"),
)
"""How many calls people have answered, and how many of them were abandoned."""

NEW: Final[dict[str, object]] = {
    "state": "due",
    "owner": "",
    "lease_until": None,
    "epoch": 0,
    "caller_id": "",
    "dialed_at": None,
    "ended_at": None,
    "outcome": "",
    "abandoned": None,
    "detail": "",
}
"""An attempt that nobody has looked at."""


async def _plans(connection: AsyncConnection, campaigns: Iterable[str]) -> dict[str, Plan]:
    """The plans of those of these campaigns that were not stopped."""
    query = select(CAMPAIGNS.c.campaign_id, CAMPAIGNS.c.plans)
    goes_on = CAMPAIGNS.c.state != "stopped"
    query = query.where(CAMPAIGNS.c.campaign_id.in_(campaigns), goes_on)
    return {row.campaign_id: PLANS.decode(row.plans) for row in await connection.execute(query)}


async def _outcomes(
    connection: AsyncConnection, rows: Iterable[Row[Any]]
) -> dict[tuple[str, str], list[str]]:
    """What all ended attempts of these campaigns to these contacts came to, in order."""
    query = select(ATTEMPTS.c.campaign_id, ATTEMPTS.c.contact_id, ATTEMPTS.c.outcome).where(
        ATTEMPTS.c.campaign_id.in_({row.campaign_id for row in rows}),
        ATTEMPTS.c.contact_id.in_({row.contact_id for row in rows}),
        ATTEMPTS.c.outcome != "",
    )
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for row in await connection.execute(query.order_by(ATTEMPTS.c.number)):
        found[row.campaign_id, row.contact_id].append(row.outcome)
    return found


async def _break(connection: AsyncConnection, campaign_id: str, now: float) -> None:
    """Pause a campaign whose dials fail too often, before it uses its contacts up."""
    plan = (await _plans(connection, [campaign_id])).get(campaign_id)
    if plan is None or plan.breaker is None:
        return
    failed = func.count().filter(ATTEMPTS.c.outcome.in_(FAILURES))
    query = select(failed.label("failed"), func.count().label("calls")).where(
        ATTEMPTS.c.campaign_id == campaign_id,
        ATTEMPTS.c.ended_at > now - BREAKER_S,
        ATTEMPTS.c.outcome != "",  # who was refused was not called
    )
    ended = (await connection.execute(query)).one()
    if not trips(ended.failed, ended.calls, plan.breaker):
        return
    reason = f"{ended.failed} of {ended.calls} calls failed within two minutes"
    await _pause(connection, campaign_id, reason, now)


async def _hold_back(connection: AsyncConnection, rows: Sequence[Row[Any]], now: float) -> None:
    """Pause the campaigns of these abandoned calls that have too many of them.

    Who starts one again, knowing it, is stopped by the next such call, not by those of before.
    """
    asked: defaultdict[str, set[Share]] = defaultdict(set)
    for row in rows:
        asked[row.campaign_id].update(_limits(row).abandoned)
    for campaign_id, share in ((one, share) for one in asked for share in sorted(asked[one])):
        query = select(*ANSWERED).where(
            ATTEMPTS.c.campaign_id == campaign_id,
            ATTEMPTS.c.ended_at > now - share.per_days * DAY_S,
        )
        people, abandoned = (await connection.execute(query)).one()
        if too_many(abandoned, people, share.at_most):
            reason = f"{abandoned} of {people} people who answered waited too long for a voice"
            await _pause(connection, campaign_id, reason, now)


def _limits(row: Row[Any]) -> Limits:
    """Of who was erased meanwhile nothing is known."""
    return _EVIDENCE.decode(row.detail).duties if row.detail else Limits()


async def _pause(connection: AsyncConnection, campaign_id: str, reason: str, now: float) -> None:
    running = and_(CAMPAIGNS.c.campaign_id == campaign_id, CAMPAIGNS.c.state == "running")
    paused = await connection.execute(
        update(CAMPAIGNS)
        .where(running)
        .values(state="paused", reason=reason, changed_at=now, version=CAMPAIGNS.c.version + 1)
    )
    if paused.rowcount:
        await tell_of_campaigns(connection, [campaign_id], now)
