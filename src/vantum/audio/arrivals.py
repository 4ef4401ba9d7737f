"""What of the carrier's frames is heard: silence for what was lost, nothing twice.

The carrier numbers its frames by the milliseconds since its stream began. Its count of samples is
the clock of a phone call: positions are samples since then, at 8 kHz mu-law.
"""

from __future__ import annotations

from typing import Final

from vantum.audio.pcm import MULAW_HZ, MULAW_SILENCE

FRAME_SAMPLES: Final = 160  # 20 ms

_PER_MS: Final = MULAW_HZ // 1000
_STEADY_SAMPLES: Final = FRAME_SAMPLES // 2  # timestamps that waver by less skip and double nothing
# What is missing longer was not lost on the way: who listens needs no more silence than this.
_LOSS_SAMPLES: Final = MULAW_HZ
_OUTAGE_SAMPLES: Final = 60 * MULAW_HZ  # no line is silent for so long and then goes on


class Arrivals:
    """The inbound sound of one stream."""

    def __init__(self) -> None:
        self._end = 0
        self._zero = 0  # the position of timestamp 0

    @property
    def position(self) -> int:
        """Where the last frame that was heard ends, on the carrier's clock."""
        return self._end

    def push(self, timestamp_ms: int, mulaw: bytes) -> bytes:
        """What is to be heard now: the frame, behind silence for what was lost; b"" when stale.

        A gap of up to a minute moves `position` by its whole length, but at most a second of it is
        given as silence. Timestamps that jump further, or back by over a second, have begun anew:
        the frame then follows the one before.
        """
        missing = self._zero + timestamp_ms * _PER_MS - self._end
        if not -_LOSS_SAMPLES <= missing <= _OUTAGE_SAMPLES:
            self._zero -= missing
            missing = 0
        if missing < -_STEADY_SAMPLES:
            return b""
        # The first frame says exactly where it stands; timestamps waver round what it says.
        lost = missing if missing > (_STEADY_SAMPLES if self._end else 0) else 0
        self._end += lost + len(mulaw)
        return MULAW_SILENCE * min(lost, _LOSS_SAMPLES) + mulaw if lost else mulaw
