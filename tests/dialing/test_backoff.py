"""What fails is tried again ever later, and not for ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vantum.dialing.backoff import FIRST_S, MOST_S, TRIES, wait_s

DICE = st.floats(0, 1, exclude_max=True)


@given(st.integers(1, TRIES - 1), DICE)
def test_a_wait_is_within_a_quarter_of_what_is_planned(tries: int, dice: float) -> None:
    planned = min(FIRST_S * 2 ** (tries - 1), MOST_S)
    wait = wait_s(tries, dice)
    assert wait is not None
    assert 0.75 * planned <= wait <= 1.25 * planned


def test_all_waits_together_are_about_a_day() -> None:
    waits = [wait_s(tries, 0.5) or 0.0 for tries in range(1, TRIES)]
    assert waits == sorted(waits)
    assert sum(waits) / 3_600 == pytest.approx(24, abs=1)


@given(st.integers(TRIES, 1_000), DICE)
def test_there_is_a_last_try(tries: int, dice: float) -> None:
    assert wait_s(tries, dice) is None
