"""What follows a call: another one, and when, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from vantum.dialing.plan import Outcome, Plan

# What a call came to, in the words of its record, and what that means for another one. Whatever is
# not here has reached its contact, or must not be called again.
CLASSES: Final[Mapping[str, Outcome]] = {
    "busy": "busy",
    "no_answer": "no_answer",
    "canceled": "no_answer",
    "voicemail": "voicemail",
    "no_message": "voicemail",
    "screened_out": "unreached",
    "ivr": "unreached",
    "hold": "unreached",
    "no_speech": "unreached",
    "loop": "unreached",
    "failed": "failed",
    "faults": "failed",
    "setup_failed": "failed",
    "shutdown": "failed",
    "lost": "failed",
    "unknown": "unknown",
}

FAILURES: Final = frozenset({"failed", "faults", "setup_failed", "lost", "unknown"})
"""Outcomes that are somebody's fault, ours or the carrier's; the breaker counts them."""


def next_at(outcomes: Sequence[str], plan: Plan, ended_at: float) -> float | None:
    """When to call again after these outcomes, the latest last; None: not again."""
    if len(outcomes) >= plan.attempts:
        return None
    kinds = Counter(CLASSES.get(word) for word in outcomes)
    kind = CLASSES.get(outcomes[-1])
    retry = None if kind is None else plan.retries.get(kind)
    if retry is None or kinds[kind] > retry.times:
        return None
    return ended_at + retry.after_s
