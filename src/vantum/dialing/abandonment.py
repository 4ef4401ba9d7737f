"""Which calls that people answered count as abandoned, and when there are too many of them.

16 CFR 310.4(b)(4)(iii): whoever is called hears somebody within two seconds of their greeting, and
at most 3 % of the calls that people answer are abandoned, for each campaign and 30 days.
Others name other shares and days: each holds by itself.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

WITHIN_S: Final = 2.0  # where the rules that allowed the call name nothing
PEOPLE: Final = 50  # of fewer, two by accident are too large a share already


class Met(Struct, frozen=True):
    """What tells of a call; lengths are seconds, as in `telephony.settled.Outcome`."""

    outcome: str
    answered_at: float | None = None
    answered_by: str = ""
    lasted_s: float = 0.0
    greeted_after_s: float | None = None


class Share(Struct, frozen=True, order=True):
    """At most so many of the calls that people answer, within so many days."""

    at_most: float
    per_days: float


class Limits(Struct, frozen=True):
    """What the rules that allowed the call ask for."""

    speak_within_s: float | None = None
    abandoned: tuple[Share, ...] = (Share(0.03, 30),)


def was_abandoned(call: Met, limits: Limits) -> bool | None:
    """Whether a person waited too long for our voice; None where no person answered.

    Who is gone sooner than that has hung up on us. Who may have answered is a person, unless the
    carrier, or what was heard, says otherwise.
    """
    by_machine = call.answered_by not in {"", "person", "human", "unknown", "silence"}
    if call.answered_at is None or by_machine:
        return None
    within_s = WITHIN_S if limits.speak_within_s is None else limits.speak_within_s
    waited_s = call.lasted_s if call.greeted_after_s is None else call.greeted_after_s
    return waited_s > within_s


def too_many(abandoned: int, people: int, at_most: float) -> bool:
    """Is that too large a share of the calls that people answered?"""
    return people >= PEOPLE and abandoned > at_most * people
