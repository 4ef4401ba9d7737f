"""A contact whose turn it is, with all that decides whether they may be called now."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct

from vantum.dialing.known import Known
from vantum.dialing.pacing import Pace, slot_of
from vantum.dialing.plan import Plan


class Candidate(Struct, frozen=True, kw_only=True):
    """One attempt to be made; `number` 1 is a contact's first."""

    attempt_id: str
    campaign_id: str
    contact_id: str
    number: int
    phone: str
    facts: str  # what the agent knows of them: JSON
    epoch: int
    agent: str
    plan: Plan
    caller_id: str
    known: Known


class Go(Struct, frozen=True):
    """Call them now; `evidence` is JSON of what allows it."""

    evidence: str
    ring_at_least_s: float = 0.0


class Wait(Struct, frozen=True):
    """Not now, and not before `until`; None: not in this campaign at all."""

    reason: str
    until: float | None


Decide = Callable[[Candidate, float], Go | Wait]


class DueDial(Struct, frozen=True):
    """To be made at that moment."""

    candidate: Candidate
    at: float
    evidence: str
    ring_at_least_s: float


class Put(Struct, frozen=True):
    """Put off, or refused."""

    candidate: Candidate
    wait: Wait


class Picked(Struct, frozen=True):
    """What becomes of some candidates; the others' turn has not come."""

    dials: tuple[DueDial, ...]
    put: tuple[Put, ...]
    gate: Pace
    own: Pace


def pick(
    candidates: Iterable[Candidate],
    decide: Decide,
    *,
    most: int,
    gate: Pace,
    own: Pace,
    now: float,
    until: float,
) -> Picked:
    """Give the candidates that may be called a moment each, in order, before `until`.

    `gate` is the pace of all campaigns together, `own` that of theirs.
    """
    dials: list[DueDial] = []
    put: list[Put] = []
    for candidate in candidates:
        slot = slot_of((gate, own), now)
        if len(dials) >= most or slot >= until:
            break
        match decide(candidate, slot):
            case Go(evidence, ring_s):
                dials.append(DueDial(candidate, slot, evidence, ring_s))
                gate, own = gate.after(slot), own.after(slot)
            case Wait() as wait:
                put.append(Put(candidate, wait))
    return Picked(tuple(dials), tuple(put), gate, own)
