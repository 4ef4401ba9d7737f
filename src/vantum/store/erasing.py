"""What the records of calls hold of a person, and how they are made to hold it no more."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from msgspec import Struct
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from vantum.errors import RecordsError, RequestError
from vantum.store.database import Database
from vantum.store.findings import blank as blank_findings
from vantum.store.gates import locked
from vantum.store.hooks import JOB as WEBHOOK
from vantum.store.receipts import forget
from vantum.store.schema import ANSWERS, ATTEMPTS, CALLS, JOBS

_SUPPRESSED: Final = '"type":"number.suppressed"'  # quotes within a text are escaped
_LOOKS: Final = 20  # more attempts than anybody ends while we look
Blank = Callable[[str], str]
"""Makes an outcome, as JSON, hold nothing of whom the call was with."""


class Erased(Struct, frozen=True):
    """What is gone: the calls whose records were blanked, and how many findings and salts."""

    calls: tuple[str, ...]
    findings: int
    salts: int


class CallTraces:
    """The traces that people leave in the records of calls.

    All methods raise RecordsError. A call that is not settled would bring back whom it is with, and
    may be dialled this moment: while there is one, RequestError.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def refuse_unsettled(self, phone: str) -> None:
        """Raise RequestError while a call with this number is not settled.

        Behind the row that campaigns claim behind: of a number that was suppressed before, none
        claims a dial after that.
        """
        query = select(CALLS.c.outcome).where(CALLS.c.their_number == phone)
        async with self._database.writing() as connection:
            await locked(connection, "dials")
            _all_settled((await connection.execute(query)).scalars())

    async def calls_with(self, phone: str) -> tuple[str, ...]:
        """The ids of all calls with this number."""
        query = select(CALLS.c.call_id).where(CALLS.c.their_number == phone)
        async with self._database.reading() as connection:
            return tuple((await connection.execute(query)).scalars())

    async def erase(self, phone: str, blank: Blank) -> Erased:
        """Take number, words and findings out of all calls with a number, and drop its salt."""
        async with self._database.writing() as connection:
            query = select(CALLS.c.call_id, CALLS.c.outcome).where(CALLS.c.their_number == phone)
            rows = (await connection.execute(query.order_by(CALLS.c.call_id))).all()
            _all_settled(row.outcome for row in rows)  # one may have come in meanwhile
            calls = tuple(row.call_id for row in rows)
            for row in rows:
                values = {"their_number": "", "briefing": "", "facts": "", "allowed": ""}
                this = update(CALLS).where(CALLS.c.call_id == row.call_id)
                await connection.execute(this.values(outcome=blank(row.outcome), **values))
            await _forget_attempts(connection, phone)
            findings = await blank_findings(connection, calls)
            await _forget_told(connection, phone, calls)
            gone = Erased(calls, findings, await forget(connection, phone))
        await self._database.forget()
        return gone


def _all_settled(outcomes: Iterable[str]) -> None:
    if not all(outcomes):
        raise RequestError("A call with this number is not over yet; try again when it is")


async def _forget_attempts(connection: AsyncConnection, phone: str) -> None:
    """Who ends an attempt plans the next, which we see only once we have waited for them."""
    theirs = update(ATTEMPTS).where(ATTEMPTS.c.phone == phone).values(phone="", detail="")
    for _ in range(_LOOKS):
        if not (await connection.execute(theirs)).rowcount:
            return
    raise RecordsError("calls to this number are planned all the time; erase it again")


async def _forget_told(connection: AsyncConnection, phone: str, calls: tuple[str, ...]) -> None:
    """Nobody is told of them any more, and who asked for a call once is not answered with them.

    But that the number is not to be called, whoever else calls has to know.
    """
    for word in (phone, *calls):
        told = (JOBS.c.kind == WEBHOOK) & JOBS.c.details.contains(word, autoescape=True)
        told &= ~JOBS.c.details.contains(_SUPPRESSED)
        await connection.execute(delete(JOBS).where(told))
    colleagues = update(CALLS).where(CALLS.c.for_call.in_(calls))
    await connection.execute(colleagues.values(briefing=""))
    answered = ANSWERS.c.body.contains(phone, autoescape=True)
    await connection.execute(update(ANSWERS).where(answered).values(headers="{}", body="{}"))
