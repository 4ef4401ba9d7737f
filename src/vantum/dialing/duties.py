"""What the rules in force ask of the call itself: announcements, ringing, being answered."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from vantum.dialing.abandonment import Share
from vantum.dialing.rules import Abandonment, Disclosure, Recording, Ring, Rule


class Duties(Struct, frozen=True, kw_only=True):
    """What a call has to keep to."""

    announce_recording: bool
    disclose_ai_at_start: bool
    ring_at_least_s: float
    abandoned: tuple[Share, ...]  # each of them holds
    speak_within_s: float | None  # of the greeting's end; later counts as abandoned


def duties(bound: Iterable[Rule], *, announce_recording: bool) -> Duties:
    """The strictest of each; `announce_recording` when our own end asks for it already."""
    demands = [rule.demand for rule in bound]
    abandonment = [one for one in demands if isinstance(one, Abandonment)]
    rings = (one.at_least_s for one in demands if isinstance(one, Ring))
    return Duties(
        announce_recording=announce_recording or any(isinstance(d, Recording) for d in demands),
        disclose_ai_at_start=any(
            isinstance(one, Disclosure) and one.when == "at_start" for one in demands
        ),
        ring_at_least_s=max(rings, default=0),
        abandoned=tuple(sorted({Share(one.at_most, one.per_days) for one in abandonment})),
        speak_within_s=min((one.speak_within_s for one in abandonment), default=None),
    )
