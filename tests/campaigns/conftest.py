"""A database of either kind, with one process that carries calls."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from campaign import serves

from vantum.store.database import Database

TESTS = Path(__file__).resolve().parent.parent
for folder in ("telephony", "web", "simulator", "plugin", "agents"):
    sys.path.append(str(TESTS / folder))


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": True}


@pytest.fixture
async def database(database: Database) -> Database:
    await serves(database, "server", 10_000)
    return database
