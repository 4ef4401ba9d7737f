"""Who is let in before their sound comes has a place meanwhile."""

from __future__ import annotations

import asyncio

import pytest
from stage import play

from vantum import limits
from vantum.calls import Calls
from vantum.errors import CapacityError
from vantum.settings import Settings
from vantum.telemetry import Metrics, server_log


def test_a_place_is_kept_for_a_caller_who_is_let_in_and_not_for_ever() -> None:
    async def course() -> None:
        calls = Calls(Settings.model_validate({"MAX_SESSIONS": 2}), Metrics(), server_log())
        for caller in ("first", "second"):
            calls.check_room()
            calls.expect(caller)
        calls.expect("second")  # the carrier asks twice where our answer was lost
        with pytest.raises(CapacityError):
            calls.check_room()
        assert calls.has_room  # their streams find the door open
        await asyncio.sleep(limits.STREAM_COMES_S + 0.01)
        calls.check_room()

    play(course())
