"""What holds for every test: how hypothesis runs, and which browser there is."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable

import hypothesis
import pytest

# A shared or throttled machine pauses a process for longer than any deadline per example.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


def _browser() -> str | None:
    """The browser that `tools/browser.sh` found, or one that is installed."""
    named = os.environ.get("VANTUM_BROWSER")
    known = ("chromium", "chromium-browser", "google-chrome")
    return named or next(filter(None, map(shutil.which, known)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if _browser():
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason="no browser"))


@pytest.fixture(scope="session")
def browser_path() -> str:
    """Path of the browser; only for tests marked `browser`, which are skipped without one."""
    found = _browser()
    assert found, "mark this test with pytest.mark.browser"
    return found


CALIBRATION_S = 0.025  # of the loop below on an idle server core, without a tracer


def cheapest_s(work: Callable[[], object]) -> float:
    """CPU seconds of the best of five runs: what a neighbour does shows least in it."""

    def once() -> float:
        began = time.process_time()
        work()
        return time.process_time() - began

    return min(once() for _ in range(5))


def _loop() -> int:
    return sum(number * number % 7 for number in range(400_000))


@pytest.fixture
def costs() -> Callable[[Callable[[], object]], float]:
    """CPU seconds of some work as an idle server core would need them.

    A slow or throttled machine is measured beside the work and divided out; the line tracer of the
    coverage report is not, so bars leave it room.
    """
    return lambda work: cheapest_s(work) * min(1.0, CALIBRATION_S / cheapest_s(_loop))
