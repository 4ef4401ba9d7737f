"""An operator sees how a campaign goes, with a terminal or without."""

from __future__ import annotations

import asyncio
from io import StringIO

import pytest
from campaign import NOW, numbers, stage
from rich.console import Console
from served import eventually

from vantum.campaigns.telling import follow
from vantum.store.database import Database

pytestmark = pytest.mark.anyio


async def test_where_there_is_no_terminal_lines_tell_how_far_it_is(database: Database) -> None:
    campaign, seen = await stage(database, numbers(2)), StringIO()
    following = asyncio.ensure_future(
        follow(database, "spring", Console(file=seen, width=100), line_every_s=0.01)
    )
    line = "spring: running, 0 of 2 contacts ended\nNo worker runs, which dials: vantum worker\n"
    await eventually(lambda: seen.getvalue().count(line) >= 2)
    await campaign.campaigns.put(await campaign.known(), "stopped", NOW)
    await following
    assert "spring: stopped, 2 of 2 contacts ended" in seen.getvalue()
    assert "not called any more" in seen.getvalue()
    assert seen.getvalue().count("No worker runs") == seen.getvalue().count("running")
