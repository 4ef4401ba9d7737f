"""Where a figure stands among all: the one formula for "95 %". Pure."""

from __future__ import annotations

from collections.abc import Iterable


def percentile(figures: Iterable[float], percent: int) -> float:
    """The smallest figure that so many of a hundred do not exceed; of at least one figure."""
    ordered = sorted(figures)
    rank = -(-percent * len(ordered) // 100)  # rounded up, without a float's doubts
    return ordered[max(1, rank) - 1]
