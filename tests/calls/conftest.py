"""Every situation is lived through twice: the second time answers are begun before it is time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from situation import GUESSES


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.module.__name__.rpartition(".")[2].startswith("test_situations_"):
        metafunc.fixturenames.append("guesses")
        metafunc.parametrize("guesses", [0, 1], ids=["", "guessing"], indirect=True)


@pytest.fixture
def guesses(request: pytest.FixtureRequest) -> Iterator[int]:
    """How many answers are begun early; a situation's own policy may want more."""
    token = GUESSES.set(request.param)
    yield request.param
    GUESSES.reset(token)
