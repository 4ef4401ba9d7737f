"""Whole phone calls against the simulated carrier, over real sockets."""

from __future__ import annotations

from pathlib import Path

import pytest
from phone import telephone

pytestmark = pytest.mark.anyio


async def test_tw_12_a_whole_call_is_placed_talked_and_settled(tmp_path: Path) -> None:
    async with telephone(tmp_path) as phone:
        call_id = await phone.calls()
        outcome = await phone.outcome(call_id, 60)
        assert outcome.status == "completed"
        assert outcome.transcript
        await phone.is_quiet()
