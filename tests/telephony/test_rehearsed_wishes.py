"""Who asked for no calls is not called in a rehearsal, either."""

from __future__ import annotations

from pathlib import Path

import pytest

from vantum.rehearsing import keep_wishes
from vantum.store.contacts import Contacts
from vantum.store.database import Database

pytestmark = pytest.mark.anyio

NOW = 1_800_000_000.0
PEOPLE = [f"+1555010{number:04}" for number in range(1_500)]


async def test_suppressed_numbers_are_known_in_the_rehearsal(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    await Contacts(database).suppress_all(dict.fromkeys(PEOPLE, "asked for no calls"), NOW)
    staged = f"sqlite:///{tmp_path}/rehearsals/vantum.db"
    for _ in range(2):
        await keep_wishes(database_url, staged)
    rehearsed = Database(staged)
    wish = await Contacts(rehearsed).suppression_of(PEOPLE[-1])
    await rehearsed.close()
    assert wish is not None
    assert wish.reason == "asked for no calls"


async def test_a_rehearsal_needs_no_records_and_makes_none(tmp_path: Path) -> None:
    real = tmp_path / "vantum.db"
    await keep_wishes(f"sqlite:///{real}", f"sqlite:///{tmp_path}/rehearsed.db")
    assert not real.exists()


async def test_records_that_cannot_be_read_keep_nobody_from_rehearsing(tmp_path: Path) -> None:
    real = tmp_path / "other.db"
    real.write_bytes(b"")
    await keep_wishes(f"sqlite:///{real}", f"sqlite:///{tmp_path}/rehearsed.db")
