"""Waiting speech work: what comes first and what is dropped."""

from __future__ import annotations

import threading

from vantum.providers.local.jobs import Job, Jobs


def final(number: int, *, client: int = 1, stream: int = 1) -> Job:
    return Job(client, number, stream=stream)


def interim(number: int, *, client: int = 1, stream: int = 1) -> Job:
    return Job(client, number, stream=stream, interim=True)


def order(jobs: Jobs, count: int) -> list[int]:
    taken = [job for _ in range(count) if (job := jobs.take())]
    return [job.id for job in taken]


def test_first_come_first_served() -> None:
    jobs = Jobs()
    for number in (1, 2, 3):
        jobs.put(final(number))
    assert order(jobs, 3) == [1, 2, 3]


def test_finals_come_before_interims() -> None:
    jobs = Jobs()
    jobs.put(interim(1, stream=1))
    jobs.put(final(2, stream=2))
    assert order(jobs, 2) == [2, 1]


def test_a_newer_interim_drops_the_waiting_one() -> None:
    jobs = Jobs()
    old = interim(1)
    assert jobs.put(old) == []
    assert jobs.put(interim(2)) == [old]
    assert order(jobs, 1) == [2]


def test_a_final_drops_the_waiting_interim_of_its_stream() -> None:
    jobs = Jobs()
    old = interim(1)
    jobs.put(old)
    assert jobs.put(final(2)) == [old]


def test_streams_and_clients_do_not_drop_each_others_interims() -> None:
    jobs = Jobs()
    jobs.put(interim(1, stream=1))
    assert jobs.put(interim(2, stream=2)) == []
    assert jobs.put(interim(3, client=2, stream=1)) == []
    assert order(jobs, 3) == [1, 2, 3]


def test_finals_never_drop_each_other() -> None:
    jobs = Jobs()
    jobs.put(final(1))
    assert jobs.put(final(2)) == []


def test_when_full_an_interim_is_refused() -> None:
    jobs = Jobs(bound=1)
    jobs.put(final(1))
    late = interim(2, stream=2)
    assert jobs.put(late) == [late]


def test_when_full_a_final_takes_the_place_of_the_oldest_interim() -> None:
    jobs = Jobs(bound=2)
    oldest = interim(1, stream=1)
    jobs.put(oldest)
    jobs.put(interim(2, stream=2))
    assert jobs.put(final(3, stream=3)) == [oldest]
    assert order(jobs, 2) == [3, 2]


def test_when_full_of_finals_a_final_is_refused() -> None:
    jobs = Jobs(bound=1)
    jobs.put(final(1))
    late = final(2)
    assert jobs.put(late) == [late]


def test_cancelled_work_is_not_done() -> None:
    jobs = Jobs()
    unwanted = final(1)
    jobs.put(unwanted)
    jobs.put(final(2))
    jobs.cancel(1, 1)
    assert unwanted.cancelled
    assert order(jobs, 1) == [2]


def test_cancelling_reaches_work_under_way() -> None:
    jobs = Jobs()
    jobs.put(final(1))
    running = jobs.take()
    assert running
    jobs.cancel(1, 1)
    assert running.cancelled


def test_a_client_that_left_takes_all_its_work_along() -> None:
    jobs = Jobs()
    jobs.put(final(1, client=1))
    jobs.put(interim(2, client=1))
    jobs.put(final(3, client=2))
    jobs.cancel(1)
    assert order(jobs, 1) == [3]


def test_work_with_more_to_do_goes_behind_the_others() -> None:
    jobs = Jobs()
    jobs.put(final(1))
    jobs.put(final(2))
    first = jobs.take()
    assert first
    jobs.done(first, more=True)
    assert order(jobs, 2) == [2, 1]


def test_cancelled_work_has_no_more_to_do() -> None:
    jobs = Jobs()
    jobs.put(final(1))
    first = jobs.take()
    assert first
    jobs.cancel(1, 1)
    jobs.done(first, more=True)
    jobs.put(final(2))
    assert order(jobs, 1) == [2]


def test_closing_wakes_a_waiting_thread() -> None:
    jobs = Jobs()
    taken: list[Job | None] = []
    thread = threading.Thread(target=lambda: taken.append(jobs.take()))
    thread.start()
    jobs.close()
    thread.join(5)
    assert taken == [None]


def test_a_waiting_thread_gets_new_work() -> None:
    jobs = Jobs()
    taken: list[Job | None] = []
    thread = threading.Thread(target=lambda: taken.append(jobs.take()))
    thread.start()
    job = final(1)
    jobs.put(job)
    thread.join(5)
    assert taken == [job]
