"""How tests over real sockets run: on uvloop as the server does, with the staged providers."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from served import Served, serving

PLUGIN = Path(__file__).resolve().parent.parent / "plugin"
sys.path.append(str(PLUGIN))  # an installed package, as far as the registry can see


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="module")
async def server(anyio_backend: object) -> AsyncIterator[Served]:
    """A server with scripted providers; the tests of a module share it."""
    async with serving() as served:
        yield served
