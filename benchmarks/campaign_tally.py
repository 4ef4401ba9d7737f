"""Did every contact get exactly its rightful attempts? Our records, against the carrier's."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from sqlalchemy import select

from vantum.dialing.plan import PLANS, Plan
from vantum.dialing.retries import next_at
from vantum.store.database import Database
from vantum.store.schema import ATTEMPTS, CAMPAIGNS


class Tally(Struct, frozen=True):
    """What is wrong is listed; what is counted is for people."""

    contacts: int
    attempts: int
    dials: int
    unknown: int  # whether they rang, we cannot say
    unknown_dialed: int  # and the carrier can
    states: dict[str, int]
    outcomes: dict[str, int]
    wrong: list[str]


async def tally(database: Database, dials: Iterable[dict[str, Any]], *, refused: int = 0) -> Tally:
    """Compare the records of all campaigns with the carrier's, which has refused so many dials."""
    async with database.reading() as connection:
        plans = {
            row.campaign_id: PLANS.decode(row.plans)
            for row in await connection.execute(select(CAMPAIGNS))
        }
        query = select(ATTEMPTS).order_by(ATTEMPTS.c.contact_id, ATTEMPTS.c.number)
        attempts = (await connection.execute(query)).all()
    counted = Counter(dial["call"] for dial in dials)
    wrong = _dials(counted, {row.attempt_id for row in attempts})
    unrung = _unrung(attempts, counted, refused)
    contacts: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in attempts:
        contacts[row.campaign_id, row.contact_id].append(row)
        if row.attempt_id not in unrung:
            wrong += _attempt(row, counted[row.attempt_id])
    for (campaign_id, contact_id), rows in contacts.items():
        wrong += _contact(contact_id, rows, plans[campaign_id])
    unknown = [row for row in attempts if row.state == "unknown"]
    return Tally(
        contacts=len(contacts),
        attempts=len(attempts),
        dials=counted.total(),
        unknown=len(unknown),
        unknown_dialed=sum(counted[row.attempt_id] for row in unknown),
        states=dict(Counter(row.state for row in attempts)),
        outcomes=dict(Counter(row.outcome for row in attempts)),
        wrong=wrong,
    )


def _unrung(attempts: Iterable[Any], counted: Counter[str], refused: int) -> set[str]:
    """Attempts that failed at a carrier which refused them; none where there are more of these."""
    found = {
        row.attempt_id
        for row in attempts
        if row.outcome == "failed" and not counted[row.attempt_id]
    }
    return found if len(found) <= refused else set()


def _dials(counted: Counter[str], known: set[str]) -> list[str]:
    twice = [f"{call} was dialled {count} times" for call, count in counted.items() if count > 1]
    return twice + [f'"{call}" is nobody\'s attempt' for call in counted if call not in known]


def _attempt(row: Any, dials: int) -> list[str]:
    if row.state not in {"done", "unknown"}:
        return [f"{row.attempt_id} is left {row.state}: {row.detail}"]
    if row.state == "done" and dials != 1:
        return [f"{row.attempt_id} is done ({row.outcome}) and was dialled {dials} times"]
    return []


def _contact(contact_id: str, rows: list[Any], plan: Plan) -> list[str]:
    """Each attempt but the last asked for another, and the last did not."""
    outcomes = [row.outcome for row in rows]
    follows = [next_at(outcomes[: n + 1], plan, 0.0) is not None for n in range(len(outcomes))]
    if [row.number for row in rows] != list(range(1, len(rows) + 1)):
        return [f"{contact_id} has attempts {[row.number for row in rows]}"]
    if follows != [True] * (len(rows) - 1) + [False]:
        return [f"{contact_id} has {len(rows)} attempts after {outcomes}"]
    return []
