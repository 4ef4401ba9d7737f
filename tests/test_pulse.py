"""A provider's pulse: what it delivers, and how long it keeps others waiting, in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from vantum.errors import ProviderError
from vantum.pulse import IN_A_ROW, NEWS_S, Pulse


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pulse(clock: Clock) -> Pulse:
    return Pulse(clock)


def test_who_was_not_needed_yet_gets_on(pulse: Pulse) -> None:
    progress = pulse.progress()
    assert (progress.gets_on, progress.progressed_s_ago, progress.overdue) == (True, None, 0)


def test_failures_in_a_row_are_no_progress_and_any_progress_ends_them(
    pulse: Pulse, clock: Clock
) -> None:
    for _ in range(IN_A_ROW - 1):
        pulse.failed("server")
    assert pulse.progress().gets_on
    pulse.failed("throttled")
    assert (pulse.progress().gets_on, pulse.progress().trouble) == (False, "throttled")
    pulse.came()
    clock.now += 2
    progress = pulse.progress()
    assert (progress.gets_on, progress.failures_in_a_row, progress.trouble) == (True, 0, None)
    assert progress.progressed_s_ago == 2.0


def test_failures_of_long_ago_say_nothing_of_now(pulse: Pulse, clock: Clock) -> None:
    for _ in range(IN_A_ROW):
        pulse.failed("server")
    clock.now += NEWS_S
    assert pulse.progress().gets_on


def test_a_request_that_waits_too_long_is_seen_while_it_waits(pulse: Pulse, clock: Clock) -> None:
    with pulse.awaited(1.2):
        clock.now += 1.1
        assert pulse.progress().gets_on
        clock.now += 0.2
        assert (pulse.progress().gets_on, pulse.progress().overdue) == (False, 1)
    assert (pulse.progress().gets_on, pulse.progress().overdue) == (True, 0)


@pytest.mark.parametrize(("waited_s", "failures"), [(1.0, 0), (1.3, 1)])
def test_a_request_that_is_given_up_counts_against_it_only_where_it_was_late(
    pulse: Pulse, clock: Clock, waited_s: float, failures: int
) -> None:
    waiting = pulse.awaited(1.2)
    waiting.__enter__()
    clock.now += waited_s
    given_up = asyncio.CancelledError()
    assert not waiting.__exit__(type(given_up), given_up, None)
    assert pulse.progress().failures_in_a_row == failures


def test_an_error_says_what_the_trouble_is(pulse: Pulse) -> None:
    with pytest.raises(ProviderError), pulse.awaited(1.2):
        raise ProviderError("no", service="llm", trouble="quota")
    assert (pulse.progress().failures_in_a_row, pulse.progress().trouble) == (1, "quota")
