"""How tests of the records run: on uvloop, as the server does."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, bool]]:
    return "asyncio", {"use_uvloop": True}
