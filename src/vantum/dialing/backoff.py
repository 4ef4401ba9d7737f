"""How long after a failed try the next one follows, and when there is none."""

from __future__ import annotations

from typing import Final

FIRST_S: Final = 5.0
MOST_S: Final = 3_600.0  # whatever is away for hours is asked hourly
TRIES: Final = 34  # with these waits a day, more or less


def wait_s(tries: int, dice: float) -> float | None:
    """Seconds to wait after so many tries; None where that was the last.

    `dice`, in [0, 1), spreads those apart that have failed together.
    """
    if tries >= TRIES:
        return None
    planned: float = min(FIRST_S * 2 ** (max(tries, 1) - 1), MOST_S)
    return planned * (0.75 + dice / 2)
