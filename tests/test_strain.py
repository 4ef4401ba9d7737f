"""A process that cannot keep up adds no calls, and takes them again once it can."""

from __future__ import annotations

import pytest

from vantum.calls import Calls
from vantum.errors import CapacityError
from vantum.settings import Settings
from vantum.strain import FEW, LATE_S, LOOKS, TOO_MANY, Strain
from vantum.telemetry import Metrics, server_log

LATE, IN_TIME = 2 * LATE_S, LATE_S / 2


def strained(*lags: float) -> Strain:
    strain = Strain(lambda _: None)
    for lag_s in lags:
        strain.note(lag_s)
    return strain


def test_one_long_moment_is_no_strain() -> None:
    assert not strained(*[IN_TIME] * LOOKS, 1.0, *[IN_TIME] * 3).is_too_much
    assert not strained(*[LATE] * (TOO_MANY - 1)).is_too_much


def test_what_is_late_again_and_again_is_strain_until_it_is_in_time_again() -> None:
    strain = strained(*[LATE] * TOO_MANY)
    assert strain.is_too_much
    looks = 0
    while strain.is_too_much:
        strain.note(IN_TIME)
        looks += 1
    assert looks == LOOKS - FEW  # the late ones are forgotten, all but a few
    strain.note(LATE)
    assert not strain.is_too_much


def test_a_strained_process_has_no_room_and_promises_none() -> None:
    calls = Calls(Settings(), Metrics(), server_log())
    room = calls.capacity
    assert calls.has_room
    for _ in range(TOO_MANY):
        calls.strain.note(LATE)
    assert (calls.has_room, calls.capacity, room > 0) == (False, 0, True)
    with pytest.raises(CapacityError, match="busy"):
        calls.check_room()
