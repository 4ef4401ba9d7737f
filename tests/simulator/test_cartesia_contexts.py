"""A simulated context gathers, speaks, flushes, expires and ends as the vendor's do."""

from __future__ import annotations

import pytest

from vantum.simulator.contexts import Context, Flush, Say
from vantum.wire.cartesia import GenerationRequest, OutputFormat


def text(transcript: str, *, delay_ms: int | None = None, **fields: object) -> GenerationRequest:
    known = {"continue_": True} | fields
    return GenerationRequest(
        context_id="c",
        model_id="sonic-3.5",
        transcript=transcript,
        voice="v",
        output_format=OutputFormat("pcm_s16le", 16_000),
        max_buffer_delay_ms=delay_ms,
        **known,  # type: ignore[arg-type]
    )


def context_with(*requests: GenerationRequest, now: float = 0.0) -> Context:
    context = Context(requests[0], expires_after_s=1.0)
    for request in requests:
        assert context.takes(request)
        context.add(request, now)
    return context


def said(context: Context) -> list[tuple[str, int]]:
    return [(job.text, job.flush_id) for job in context.jobs if isinstance(job, Say)]


def test_text_waits_three_seconds_for_a_sentence_to_end() -> None:
    context = context_with(text("Hello "))
    context.wake(2.9)
    assert not context.jobs
    assert context.wakes_at() == 3.0
    context.wake(3.0)
    assert said(context) == [("Hello ", 1)]


def test_a_sentence_leaves_at_its_end_and_the_rest_waits() -> None:
    assert said(context_with(text("Hello. How "))) == [("Hello.", 1)]


def test_a_shorter_delay_is_kept() -> None:
    context = context_with(text("Hello ", delay_ms=200), now=1.0)
    assert context.wakes_at() == pytest.approx(1.2)


def test_without_a_delay_each_input_is_spoken_at_once_and_flushed() -> None:
    context = context_with(text("One ", delay_ms=0), text("two ", delay_ms=0))
    assert list(context.jobs) == [
        Say("One ", 1, 0.0),
        Flush(1),
        Say("two ", 2, 0.0),
        Flush(2),
    ]


def test_a_flush_speaks_what_waits_and_counts_on() -> None:
    context = context_with(text("One "), text("", flush=True), text("two"), text("", flush=True))
    assert list(context.jobs) == [Say("One ", 1, 0.0), Flush(1), Say("two", 2, 0.0), Flush(2)]


def test_the_last_input_speaks_what_waits_and_ends_the_context() -> None:
    context = context_with(text("One "), text("two", continue_=None))
    assert said(context) == [("One two", 1)]
    assert not context.ended
    context.jobs.clear()
    assert context.ended
    assert not context.expired
    assert not context.takes(text("three"))


@pytest.mark.parametrize(
    "changed",
    [{"language": "de"}, {"add_timestamps": True}, {"delay_ms": 100}],
)
def test_all_fields_but_three_stay_the_same_within_a_context(changed: dict[str, object]) -> None:
    context = context_with(text("One "))
    assert context.takes(text("two", flush=True))
    assert not context.takes(text("two", **changed))  # type: ignore[arg-type]


def test_a_context_expires_a_second_after_its_last_sound() -> None:
    context = context_with(text("One.", delay_ms=0))
    context.jobs.clear()
    context.sounded(0.3, now=5.0)
    context.wake(5.9)
    assert not context.ended
    context.wake(6.0)
    assert context.ended
    assert context.expired


def test_a_context_that_never_sounded_does_not_expire() -> None:
    assert context_with(text("", delay_ms=0)).wakes_at() is None


def test_cancelling_drops_what_has_not_begun() -> None:
    context = context_with(text("One. "), text("two"))
    context.cancel()
    assert context.ended
    assert not context.expired
