"""What is known of each phone call, for every process that may be asked about it.

Webhook, media stream, callback and command of one call may land on different processes; what they
must agree on stands here. Times are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct
from sqlalchemy import Row, bindparam, delete, func, insert, select, union, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from vantum.errors import RecordsError
from vantum.store.contacts import Suppressed, suppress
from vantum.store.database import Database
from vantum.store.gates import locked
from vantum.store.gathered import gathered
from vantum.store.hooks import tell
from vantum.store.jobs import add
from vantum.store.schema import CALLS, COMMANDS, OPEN, UNSETTLED, USED_TOKENS
from vantum.wire.hooks import CallSettled

_FOLLOWED: Final = (CALLS.c.call_id, CALLS.c.direction, CALLS.c.ended_at, CALLS.c.news_at)
_JOBS: Final = ("finding", "receipt")  # about each call that we have placed
_SETTLED: Final = msgspec.json.Decoder(CallSettled)
_NAMED: Final = (  # at each dial
    update(CALLS)
    .where(CALLS.c.call_id == bindparam("of"))
    .values(sid=bindparam("their"), news_at=bindparam("now"))
)
_TO_END: Final = select(CALLS.c.call_id).where(
    CALLS.c.call_id.in_(bindparam("of", expanding=True)), CALLS.c.end_asked
)
_COMMANDS: Final = 100  # taken at a time; a database allows a statement so many thousand parameters
# Made once: it is asked four times a second, and making it took a third of the asking.
_WAITING: Final = (
    select(COMMANDS)
    .where(COMMANDS.c.worker == bindparam("by"))
    .order_by(COMMANDS.c.number)
    .limit(_COMMANDS)
)

Direction = Literal["outbound", "inbound"]
Verb = Literal["hang_up", "machine", "transfer", "transfer_failed"]


class PhoneCall(Struct, kw_only=True):
    """One call as it is recorded."""

    call_id: str
    direction: Direction
    their_number: str
    our_number: str
    agent: str
    placed_at: float
    news_at: float
    sid: str | None = None
    status: str = "queued"
    sequence: int = -1
    machine: str = ""
    placed_by: str = ""
    worker: str = ""
    answered_at: float | None = None
    greeted_after_s: float | None = None
    ended_at: float | None = None
    outcome: str = ""
    for_call: str = ""
    briefing: str = ""
    handed_over_at: float | None = None
    end_asked: bool = False
    facts: str = ""
    allowed: str = ""

    @property
    def handed_over(self) -> bool:
        """Two people talk on it, without us."""
        return self.handed_over_at is not None


class Named(Struct, frozen=True):
    """What the carrier calls a call, and since when we know."""

    call_id: str
    sid: str
    now: float


class Command(Struct, frozen=True):
    """What another process wants done with a call of ours."""

    call_id: str
    verb: Verb
    argument: str = ""


class PhoneCalls:
    """The records of phone calls."""

    def __init__(self, database: Database, *, gather_s: float = 0.0) -> None:
        """The carrier's names of calls may wait `gather_s` for others to be written with."""
        self._database = database
        self._naming = gathered(self._name, gather_s)

    async def add(self, call: PhoneCall) -> bool:
        """Record a new call; False where its sid is known already."""
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(CALLS).values(columns(call)))
        except IntegrityError:
            return False
        return True

    async def add_alone(self, call: PhoneCall) -> bool:
        """Record a call, unless its number is on the phone with us: False.

        Behind the row that campaigns claim behind, so that of several dials at once one is made.
        """
        talks = select(CALLS.c.call_id).where(CALLS.c.their_number == call.their_number, OPEN)
        async with self._database.writing() as connection:
            await locked(connection, "dials")
            if (await connection.execute(talks.limit(1))).first():
                return False
            await connection.execute(insert(CALLS).values(columns(call)))
        return True

    async def by_id(self, call_id: str) -> PhoneCall | None:
        """The call that we gave this id."""
        return await self._one(CALLS.c.call_id == call_id)

    async def by_sid(self, sid: str) -> PhoneCall | None:
        """The call that the carrier gave this name."""
        return await self._one(CALLS.c.sid == sid)

    async def _one(self, condition: Any) -> PhoneCall | None:
        async with self._database.reading() as connection:
            row = (await connection.execute(select(CALLS).where(condition))).first()
        return None if row is None else call_in(row)

    async def strangers(self, sids: Iterable[str]) -> list[str]:
        """Those of the carrier's names that no call here has."""
        asked = list(sids)
        async with self._database.reading() as connection:
            query = select(CALLS.c.sid).where(CALLS.c.sid.in_(asked))
            known = set((await connection.execute(query)).scalars())
        return [sid for sid in asked if sid not in known]

    async def live(self) -> list[PhoneCall]:
        """All calls that are not over, oldest first."""
        async with self._database.reading() as connection:
            query = select(CALLS).where(OPEN).order_by(CALLS.c.placed_at)
            return [call_in(row) for row in (await connection.execute(query)).all()]

    async def stale(self, before: float) -> list[PhoneCall]:
        """Calls that are not over, or whose outcome is missing, and that nobody has heard of."""
        async with self._database.reading() as connection:
            unheard = CALLS.c.news_at < before
            query = union(*(select(CALLS).where(kind, unheard) for kind in (OPEN, UNSETTLED)))
            return [call_in(row) for row in (await connection.execute(query)).all()]

    async def colleague_of(self, call_id: str) -> PhoneCall | None:
        """The call that is being placed to a colleague of this caller, or is held with one."""
        return await self._one((CALLS.c.for_call == call_id) & OPEN)

    async def change(self, call_id: str, **values: object) -> None:
        """Set columns of a call."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(CALLS).where(CALLS.c.call_id == call_id).values(**values)
            )

    async def placed(self, call_id: str, sid: str, now: float) -> bool:
        """The carrier has a name for it; whether it is to end, which was asked before that."""
        return await self._naming(Named(call_id, sid, now))

    async def _name(self, calls: Sequence[Named]) -> list[bool]:
        named = [{"of": one.call_id, "their": one.sid, "now": one.now} for one in calls]
        ids = [one.call_id for one in calls]
        try:
            async with self._database.writing() as connection:
                await connection.execute(_NAMED, named)
                to_end = set((await connection.execute(_TO_END, {"of": ids})).scalars())
        except IntegrityError as error:  # all are looked for at the carrier then
            raise RecordsError("the carrier gave two calls one name") from error
        return [call_id in to_end for call_id in ids]

    async def news(
        self,
        call_id: str,
        status: str,
        behind: Collection[str],
        now: float,
        sequence: int | None = None,
        *,
        sid: str | None = None,
    ) -> None:
        """Record that a leg has come so far, unless it is over or had come further.

        `behind` are the statuses that this one may follow, `sequence` the carrier's own numbering.
        """
        current = (CALLS.c.call_id == call_id) & OPEN & CALLS.c.status.in_(behind)
        values: dict[str, object] = {"status": status, "news_at": now}
        if status == "in-progress":
            values["answered_at"] = func.coalesce(CALLS.c.answered_at, now)
        if sequence is not None:
            current &= CALLS.c.sequence <= sequence
            values["sequence"] = sequence
        if sid is not None:
            values["sid"] = sid
        async with self._database.writing() as connection:
            await connection.execute(update(CALLS).where(current).values(**values))

    async def alive(self, worker: str, now: float) -> None:
        """The calls of this process are being carried."""
        async with self._database.writing() as connection:
            carried = (CALLS.c.worker == worker) & OPEN & CALLS.c.handed_over_at.is_(None)
            await connection.execute(update(CALLS).where(carried).values(news_at=now))

    async def join(self, call_id: str, nonce: str, worker: str, now: float) -> bool:
        """Let a stream carry the call: once for each token, and one process for each call."""
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(USED_TOKENS).values(nonce=nonce, used_at=now))
                wanted = OPEN & CALLS.c.end_asked.is_(False)
                free = (CALLS.c.call_id == call_id) & (CALLS.c.worker == "") & wanted
                joined = await connection.execute(
                    update(CALLS).where(free).values(worker=worker, news_at=now)
                )
                return bool(joined.rowcount)
        except IntegrityError:
            return False

    async def end(self, call_id: str, *, unnamed: bool = False, **values: object) -> bool:
        """The leg of a call is gone; False where that is known already.

        `unnamed`: only while the carrier has told no name for it.
        """
        async with self._database.writing() as connection:
            open_still = (CALLS.c.call_id == call_id) & OPEN
            if unnamed:
                open_still &= CALLS.c.sid.is_(None)
            done = await connection.execute(update(CALLS).where(open_still).values(**values))
            return bool(done.rowcount)

    async def hand_over(self, colleague: PhoneCall, now: float) -> bool:
        """Leave caller and colleague to each other; False where one is gone or was taken before."""
        both = CALLS.c.call_id.in_([colleague.call_id, colleague.for_call])
        free = both & OPEN & CALLS.c.handed_over_at.is_(None)
        async with self._database.writing() as connection:
            # Locked, or one may be taken or end between the two statements; SQLite needs no word
            # for it. In order, so that none waits for another that waits for it.
            query = select(CALLS.c.call_id).where(free).order_by(CALLS.c.call_id).with_for_update()
            found = (await connection.execute(query)).all()
            if len(found) == 2:
                await connection.execute(update(CALLS).where(both).values(handed_over_at=now))
        return len(found) == 2

    async def take_back(self, colleague: PhoneCall) -> None:
        """They did not come together."""
        both = CALLS.c.call_id.in_([colleague.call_id, colleague.for_call])
        async with self._database.writing() as connection:
            await connection.execute(update(CALLS).where(both).values(handed_over_at=None))

    async def settle(self, call_id: str, outcome: str, wish: Suppressed | None = None) -> bool:
        """Keep what came of a call, and plan what is done about it; False where that is known.

        With it the `wish` not to be called again, should that not be on record yet.
        """
        async with self._database.writing() as connection:
            unknown = (CALLS.c.call_id == call_id) & (CALLS.c.outcome == "")
            settled = update(CALLS).where(unknown).values(outcome=outcome)
            row = (await connection.execute(settled.returning(*_FOLLOWED))).first()
            if row is None:
                return False
            if wish is not None:
                await suppress(connection, wish)
            await _follow(connection, row, outcome)
            return True

    async def command(self, command: Command, worker: str) -> None:
        """Tell the process that carries the call what is wanted."""
        async with self._database.writing() as connection:
            await connection.execute(
                insert(COMMANDS).values(
                    call_id=command.call_id,
                    worker=worker,
                    verb=command.verb,
                    argument=command.argument,
                )
            )

    async def commands(self, worker: str) -> list[Command]:
        """What this process was told since it last asked; each is given once."""
        async with self._database.reading() as connection:  # which is free, and mostly all
            rows = (await connection.execute(_WAITING, {"by": worker})).all()
        if not rows:
            return []
        async with self._database.writing() as connection:
            numbers = [row.number for row in rows]
            await connection.execute(delete(COMMANDS).where(COMMANDS.c.number.in_(numbers)))
        return [Command(row.call_id, row.verb, row.argument) for row in rows]

    async def tidy(self, before: float) -> None:
        """Forget tokens that were used before, and what was wanted of calls that are over."""
        over = select(CALLS.c.call_id).where(CALLS.c.ended_at < before)
        async with self._database.writing() as connection:
            await connection.execute(delete(USED_TOKENS).where(USED_TOKENS.c.used_at < before))
            await connection.execute(delete(COMMANDS).where(COMMANDS.c.call_id.in_(over)))


def columns(call: PhoneCall) -> dict[str, object]:
    """As a row."""
    return {name: getattr(call, name) for name in call.__struct_fields__}


async def _follow(connection: AsyncConnection, row: Row[Any], outcome: str) -> None:
    """Plan what is done about a settled call."""
    at = row.ended_at or row.news_at
    if row.direction == "outbound":
        for kind in _JOBS:
            await add(connection, kind, row.call_id, "", at)
    await tell(connection, "call.settled", row.call_id, at, lambda: _SETTLED.decode(outcome))


def call_in(row: Row[Any]) -> PhoneCall:
    """The call in a row that has all its columns, and maybe others."""
    return PhoneCall(**{name: row._mapping[CALLS.c[name]] for name in PhoneCall.__struct_fields__})
