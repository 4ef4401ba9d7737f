"""Each dial has its moment; one that a wrong clock has given away stops nobody."""

from __future__ import annotations

from itertools import pairwise

import pytest

from vantum.dialing.pacing import Pace

NOW = 1_800_000_000.0


@pytest.mark.parametrize("calls_per_s", [0.01, 1.0, 20.0])
def test_moments_are_so_far_apart_as_the_pace_says(calls_per_s: float) -> None:
    pace, moments = Pace(calls_per_s), []
    for _ in range(3):
        moments.append(pace.slot(NOW if not moments else moments[-1]))
        pace = pace.after(moments[-1])
    gaps = [after - before for before, after in pairwise(moments)]
    assert gaps == pytest.approx([1 / calls_per_s] * 2)


def test_a_pace_of_a_clock_that_was_an_hour_ahead_is_not_waited_for() -> None:
    ahead = Pace(4.0).after(NOW + 3_600)
    assert ahead.slot(NOW) == NOW
    assert ahead.slot(NOW + 3_600) == NOW + 3_600.25
    slow = Pace(0.01).after(NOW + 1.0)  # the next one in 100 s, and rightly so
    assert slow.slot(NOW) == NOW + 101.0
