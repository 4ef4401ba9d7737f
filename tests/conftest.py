"""What holds for every test: how hypothesis runs, and which browser and databases there are."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from benchmarks.calibration import calibrate, cheapest_s
from benchmarks.postgres import Postgres, running_postgres
from vantum.store.database import Database

# A shared or throttled machine pauses a process for longer than any deadline per example, or for
# so long that making the examples seems to be slow. The same examples every time: nobody's change
# is refused for what chance finds in another's; `--hypothesis-profile=hunt` looks further.
PATIENT = hypothesis.settings(
    deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile("house", PATIENT, derandomize=True)
hypothesis.settings.register_profile("hunt", PATIENT, max_examples=2_000)
hypothesis.settings.load_profile("house")


TESTS = Path(__file__).resolve().parent


def _browser() -> str | None:
    """The browser that `tools/browser.sh` found, or one that is installed."""
    named = os.environ.get("VANTUM_BROWSER")
    known = ("chromium", "chromium-browser", "google-chrome")
    return named or next(filter(None, map(shutil.which, known)), None)


# Several workers share the files (`make test`). Those that wait in real time come first, so that
# those that compute fill what is left and no worker ends long after the others. The two crowds that
# are judged by their time stand far apart.
FIRST = ("test_callees.py", "test_legacy_client.py", "test_talk.py")
FOLDERS = ("telephony", "simulator", "load", "web", "recording", "providers")


def _turn(item: pytest.Item) -> tuple[bool, int]:
    folder = item.path.relative_to(TESTS).parts[0]
    rank = FOLDERS.index(folder) if folder in FOLDERS else len(FOLDERS)
    return item.path.name not in FIRST, rank


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn)
    if _browser():
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason="no browser"))


@pytest.fixture(scope="module")
def uncovered() -> Iterator[None]:
    """No lines are counted in this module.

    The tracer makes computing four times as long, and a crowd late. What only says the same of very
    many callers needs none: all of its lines are run elsewhere.
    """
    tracer = sys.gettrace()
    sys.settrace(None)  # coverage's own stop() would only wake the one of its that waits behind it
    yield
    sys.settrace(tracer)


@pytest.fixture(scope="session")
def browser_path() -> str:
    """Path of the browser; only for tests marked `browser`, which are skipped without one."""
    found = _browser()
    assert found, "mark this test with pytest.mark.browser"
    return found


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A server that the tests which need one share."""
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of either kind, as `DATABASE_URL` names it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/vantum.db"
    address: str = request.getfixturevalue("postgres").new_database()
    return address


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """The records in it, with their tables."""
    opened = Database(database_url)
    await opened.set_up()
    yield opened
    await opened.close()


CALIBRATION_S = 0.025  # of the calibration loop on an idle server core, and a little more


@pytest.fixture
def costs() -> Callable[[Callable[[], object]], float]:
    """CPU seconds of some work as an idle server core would need them.

    A slow or throttled machine is measured beside the work and divided out. Neither is seen by the
    coverage report's tracer, which costs several times what it watches.
    """

    def measured(work: Callable[[], object]) -> float:
        tracer = sys.gettrace()
        sys.settrace(None)
        try:
            return cheapest_s(work) / max(1.0, calibrate() / CALIBRATION_S)
        finally:
            sys.settrace(tracer)

    return measured
