"""What an operator wants of a campaign: from which numbers, when, how fast, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct, field

from vantum.dialing.hours import Week
from vantum.dialing.rules import Purpose

Outcome = Literal["busy", "no_answer", "voicemail", "unreached", "unknown", "failed"]
"""Why a call came to nothing, as far as another one may help.

`unreached`: a machine that led to nobody. `unknown`: whether it rang, nobody can say.
"""


class Retry(Struct, frozen=True, forbid_unknown_fields=True):
    """Call again so long after, so many times."""

    after_s: Annotated[float, Meta(ge=0, le=30 * 86_400)]
    times: Annotated[int, Meta(ge=0, le=20)]


# Somebody who is busy is there; who does not answer may be at work, and at home in the evening.
RETRIES: Final[Mapping[Outcome, Retry]] = {
    "busy": Retry(15 * 60, 3),
    "no_answer": Retry(4 * 3600, 2),
    "voicemail": Retry(24 * 3600, 1),
    "unreached": Retry(24 * 3600, 1),
    "unknown": Retry(3600, 1),
    "failed": Retry(3600, 1),
}


class Plan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A campaign as it was ordered."""

    caller_ids: Annotated[tuple[str, ...], Meta(min_length=1)]
    """Ours; those who are called again see the same one."""
    hours: Week | None = None
    """In the called one's zone, within those of the law; None: as those."""
    calls_per_s: Annotated[float, Meta(gt=0, le=1_000)] = 1.0
    at_once: Annotated[int, Meta(ge=1, le=100_000)] = 10
    attempts: Annotated[int, Meta(ge=1, le=20)] = 4
    """To one contact in all, whatever they came to."""
    breaker: Annotated[float, Meta(gt=0, le=1)] | None = 0.5
    """Paused where so many of two minutes' calls failed; None: never."""
    retries: Mapping[Outcome, Retry] = field(default_factory=lambda: RETRIES)
    purpose: Purpose = "telemarketing"


PLANS: Final = msgspec.json.Decoder(Plan)
"""Reads one as it is recorded."""
