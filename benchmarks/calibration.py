"""How fast this machine is right now: a fixed loop, so that figures can be compared."""

from __future__ import annotations

import os
import time
from collections.abc import Callable


def cheapest_s(work: Callable[[], object]) -> float:
    """CPU seconds of the best of five runs: what a neighbour does shows least in it."""

    def once() -> float:
        began = time.process_time()
        work()
        return time.process_time() - began

    return min(once() for _ in range(5))


def calibrate() -> float:
    """CPU seconds of a fixed loop; about 0.02 s on one 2020s server core."""
    return cheapest_s(_loop)


def _loop() -> int:
    total = 0
    for number in range(400_000):
        total += number * number % 7
    return total


def headline() -> str:
    """Load and calibration, printed before every figure."""
    one, five, _ = os.getloadavg()
    return f"load {one:.1f} {five:.1f}   calibration {calibrate() * 1000:.1f} ms"
