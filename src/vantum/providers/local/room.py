"""Whether the speech models of this machine carry one more call, by how much they work."""

from __future__ import annotations

import math
from collections import deque
from typing import Final, Literal

from msgspec import Struct

Kind = Literal["hearing", "voicing"]

EVERY_S: Final = 1.0  # between two looks
LOOKS: Final = 10  # that are kept: a caller says a sentence and hears an answer meanwhile
WINDOW_S: Final = EVERY_S * LOOKS
# Up to here all was well (`python -m benchmarks.capacity.local`: 35 calls). At 0.8, which 24 calls
# came to beside other work, some waited a second longer and words had holes: it grows fast at last.
FULL: Final = 0.5
A_CALL: Final = 0.04  # what one may take whose share is not measured yet: so many can begin at once


class Work:
    """How long the threads of each kind were at work."""

    def __init__(self, now: float) -> None:
        """`now` and all other times are in seconds of one clock."""
        self._took_s: dict[Kind, float] = {"hearing": 0.0, "voicing": 0.0}
        self._looks = deque([_Look(now, 0.0, 0.0)], maxlen=LOOKS + 1)

    def add(self, kind: Kind, took_s: float) -> None:
        """A thread has finished a piece of work."""
        self._took_s[kind] += took_s

    def look(self, now: float, *, recognisers: int, voices: int) -> float:
        """The share of the last WINDOW_S that the busier kind was at work: 0 to about 1."""
        self._looks.append(_Look(now, self._took_s["hearing"], self._took_s["voicing"]))
        first, last = self._looks[0], self._looks[-1]
        hearing = (last.hearing_s - first.hearing_s) / max(1, recognisers)
        voicing = (last.voicing_s - first.voicing_s) / max(1, voices)
        return max(hearing, voicing) / max(EVERY_S, last.at - first.at)


class _Look(Struct, frozen=True):
    at: float
    hearing_s: float
    voicing_s: float


def more_calls(share: float, young: int) -> int:
    """How many could begin now. `young`: those that began within WINDOW_S."""
    return max(0, math.floor((FULL - share) / A_CALL) - young)
