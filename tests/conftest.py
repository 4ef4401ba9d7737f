"""What holds for every test: how hypothesis runs, and which browser there is."""

from __future__ import annotations

import os
import shutil

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
