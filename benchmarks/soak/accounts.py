"""Whether every call is accounted for: our records, against the carrier's and the callees' ears."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, select

from benchmarks.campaign_house import House
from benchmarks.many_phones import OVER
from benchmarks.soak.crowd import Crowd, Planned, number_of
from vantum.recording.files import FOLDER, KIND
from vantum.store.database import Database
from vantum.store.schema import CALLS, UNSETTLED
from vantum.telephony.settled import OUTCOMES

Row = tuple[str, str, str, bool]
"""Number, carrier's name, status, and whether its outcome is known."""


def lost(
    plan: list[Planned],
    legs: list[dict[str, Any]],
    rows: list[Row],
    refused: Collection[str] = (),
) -> list[str]:
    """Calls that somebody knows nothing of: the carrier's legs against our rows.

    What was `refused` may be on record or not, if only it is over and nobody was dialled.
    """
    never = _never_dialled(refused, legs, rows)
    plan = [one for one in plan if one.number not in never]
    rows = [row for row in rows if row[0] not in never]
    by_number = {number_of(leg): leg for leg in legs}
    ours = {row[0]: row for row in rows}
    found = [
        f"{one.number}: {why}"
        for one in plan
        if (why := _why_lost(by_number.get(one.number), ours.get(one.number)))
    ]
    if len(legs) != len(plan) or len(rows) != len(plan):
        found.append(f"{len(plan)} calls, {len(legs)} legs, {len(rows)} rows")
    return found


def _never_dialled(
    refused: Collection[str], legs: list[dict[str, Any]], rows: list[Row]
) -> set[str]:
    dialled = {number_of(leg) for leg in legs}
    open_still = {row[0] for row in rows if not row[3]}
    return set(refused) - dialled - open_still


def _why_lost(leg: dict[str, Any] | None, row: Row | None) -> str:
    if leg is None or row is None:
        return "the carrier knows nothing of it" if leg is None else "we know nothing of it"
    if leg["status"] not in OVER:
        return f"the carrier has it still {leg['status']}"
    if row != (row[0], leg["sid"], leg["status"], True):
        settled = "settled" if row[3] else "not settled"
        return f"{leg['status']} at the carrier, {row[2]} and {settled} in our records"
    return ""


async def accounts(
    plan: list[Planned], crowd: Crowd, database: Database, house: House
) -> dict[str, Any]:
    """What the carrier, our records and the callees' ears say of all calls."""
    legs = await crowd.legs(2 * len(plan))
    read = await _read(database)
    rows = _rows(read)
    outcomes = Counter(OUTCOMES.decode(row.outcome).outcome for row in read if row.outcome)
    return {
        "lost": lost(plan, legs, rows, crowd.refused),
        "refused": len(crowd.refused),
        "statuses": dict(Counter(leg["status"] for leg in legs)),
        "outcomes": dict(outcomes),
        "rows": len(rows),
        **_heard([one for one in plan if one.number not in crowd.refused], legs),
        **_on_disk(house),
    }


async def lost_of(database: Database, plan: list[Planned], legs: list[dict[str, Any]]) -> list[str]:
    """Those of these calls that are lost, among others."""
    ours = {one.number for one in plan}
    rows = [row for row in _rows(await _read(database)) if row[0] in ours]
    return lost(plan, [leg for leg in legs if number_of(leg) in ours], rows)


async def _read(database: Database) -> Sequence[Any]:
    columns = (CALLS.c.their_number, CALLS.c.sid, CALLS.c.status, CALLS.c.outcome)
    async with database.reading() as connection:
        return (await connection.execute(select(*columns))).all()


def _rows(read: Sequence[Any]) -> list[Row]:
    return [(row.their_number, row.sid or "", row.status, bool(row.outcome)) for row in read]


def _heard(plan: list[Planned], legs: list[dict[str, Any]]) -> dict[str, Any]:
    measures = {number_of(leg): leg["measures"] for leg in legs if leg["measures"]}
    stayed = [one for one in plan if one.cut_after_s is None]
    talks = [leg["ended_at"] - leg["answered_at"] for leg in legs if leg["answered_at"]]
    return {
        "cut": len(plan) - len(stayed),
        "mute": [
            f"{one.number}, who {one.script}"
            for one in stayed
            if not measures.get(one.number, {}).get("sound_s")
        ],
        "gaps": sum(len(one["gaps"]) for one in measures.values()),
        "talked_s": round(sum(talks)),
    }


def _on_disk(house: House) -> dict[str, Any]:
    made = [path.stat().st_size for path in (house.data / FOLDER).glob(f"*{KIND}")]
    files = [path.stat().st_size for path in house.data.parent.glob("vantum.db*")]
    return {
        "recordings": len(made),
        "recordings_mb": round(sum(made) / 1e6, 2),
        "database_mb": round(sum(files) / 1e6, 2),
    }


async def unsettled(records: Database) -> int:
    """Calls whose outcome is not known yet."""
    async with records.reading() as connection:
        query = select(func.count()).select_from(CALLS).where(UNSETTLED)
        return int((await connection.execute(query)).scalar_one())
