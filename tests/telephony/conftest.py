"""How tests of phone calls run: a real server beside the simulated carrier, on uvloop."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
for folder in ("web", "simulator", "plugin", "agents", "campaigns"):
    sys.path.append(str(TESTS / folder))


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": True}
