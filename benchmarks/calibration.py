"""How fast this machine is right now: a fixed loop, so that figures can be compared."""

from __future__ import annotations

import os
import time


def calibrate() -> float:
    """CPU seconds of a fixed loop, best of five; about 0.02 s on one 2020s server core."""
    best = float("inf")
    for _ in range(5):
        begin = time.process_time()
        total = 0
        for number in range(400_000):
            total += number * number % 7
        best = min(best, time.process_time() - begin)
    return best


def headline() -> str:
    """Load and calibration, printed before every figure."""
    one, five, _ = os.getloadavg()
    return f"load {one:.1f} {five:.1f}   calibration {calibrate() * 1000:.1f} ms"
