"""How long each caller waited: by our clock, by our recording, and as the simulated carrier has it.

The carrier knows exactly when the callee's last word ended (`said`) and what they heard (its own
recording). Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from msgspec import Struct

from benchmarks.two_recordings import RATE_HZ, Sound
from vantum.telephony.settled import Turn

MATCHES_S: Final = 1.5  # two streams begin within that; nobody is answered twice so soon
AUDIBLE: Final = 0.01  # of full scale, a sample


class Told(Struct, frozen=True):
    """One turn; all in seconds."""

    truth_s: float  # from the callee's last word to what they heard next
    recorded_s: float
    clocked_s: float  # from the last speech frame, as the recogniser has it
    way_s: float  # to the callee and back

    @property
    def recording_off_s(self) -> float:
        """By how much the recording says more than the truth."""
        return self.recorded_s - self.truth_s

    @property
    def clock_off_s(self) -> float:
        """By how much our clock and the way say more than the recording."""
        return self.clocked_s + self.way_s - self.recorded_s


def truth(theirs: Sound, said: list[dict[str, Any]]) -> list[tuple[float, float]]:
    """Each wait, where it ends and how long it was: from the last sample said to the next heard."""
    spoken, heard = (np.flatnonzero(np.abs(channel) > AUDIBLE) / RATE_HZ for channel in theirs)
    waits = []
    for one, after in zip(said, [*said[1:], None], strict=True):
        ended = float(spoken[spoken <= one["to_s"]][-1])
        answered = heard[heard > ended]
        if answered.size and (after is None or answered[0] < after["from_s"]):
            waits.append((float(answered[0]), float(answered[0]) - ended))
    return waits


def told(turns: Sequence[Turn], waits: list[tuple[float, float]]) -> list[Told]:
    """Each turn beside the wait that it is."""
    return [
        Told(wait_s, turn.waited_s, turn.stages.sound_s, turn.way_s)
        for turn in turns
        for at_s, wait_s in waits
        if turn.recorded and abs(turn.at_s - at_s) < MATCHES_S
    ]
