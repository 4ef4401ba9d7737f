"""A call leaves a trace at a collector: one span a turn, and what it waited for inside."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from collector import Collector, collecting, plain
from served import Served, eventually, serving

from vantum.conversation.states import State

pytestmark = pytest.mark.anyio


async def talk(server: Served) -> str:
    """A question, its answer, a goodbye; the session's id."""
    async with server.connect() as client:
        await client.asks_aloud()
        await client.hears_answer()
        # What was sent is heard a bit later.
        await eventually(lambda: not _turn_open(server))
        await client.leaves()
        return client.session_id


def _turn_open(server: Served) -> bool:
    return any(live.call.state is State.RESPONDING for live in server.calls)


def lost(server: Served) -> float:
    metrics = server.calls.house.metrics
    return metrics.registry.get_sample_value("vantum_spans_total", {"outcome": "lost"}) or 0.0


def is_within(inner: Any, outer: Any) -> bool:
    begins = outer.start_time_unix_nano <= inner.start_time_unix_nano
    return begins and inner.end_time_unix_nano <= outer.end_time_unix_nano


async def test_a_call_is_one_trace_of_turns_and_of_what_each_waited_for() -> None:
    before = time.time_ns()
    async with collecting() as collector:
        settings = {
            "otel_exporter_otlp_endpoint": collector.url,
            "otel_exporter_otlp_headers": "x-key=a%20key,x-other=1",
            "otel_service_name": "our-vantum",
        }
        async with serving(**settings) as server:  # type: ignore[arg-type]
            session_id = await talk(server)
            call = await collector.has_a_whole_call()
        assert collector.about["service.name"] == "our-vantum"
        assert collector.headers[0]["x-key"] == "a key"
        assert {span.trace_id for span in collector.spans} == {call.trace_id}
        about = plain(call.attributes)
        assert about["gen_ai.conversation.id"] == session_id
        assert (about["gen_ai.agent.name"], about["vantum.call.turns"]) == ("sales", 1)
        assert about["vantum.call.ended"] == "disconnected"
        [turn] = collector.inside(call)
        assert turn.name == "turn"
        assert plain(turn.attributes)["vantum.turn.outcome"] == "heard"
        assert 0 <= plain(turn.attributes)["vantum.turn.waited_s"] < 20  # type: ignore[operator]
        parts = {span.name: span for span in collector.inside(turn)}
        assert set(parts) == {"speech_to_text", "chat", "text_to_speech", "playout"}
        for span in (turn, *parts.values()):
            assert before < span.start_time_unix_nano <= span.end_time_unix_nano < time.time_ns()
        assert is_within(turn, call)
        assert all(is_within(span, turn) for span in parts.values())
        assert [mark.name for mark in parts["chat"].events] == ["first_token"]
        assert [mark.name for mark in parts["text_to_speech"].events] == ["first_audio"]
        asked = plain(parts["chat"].attributes)
        assert (asked["gen_ai.operation.name"], asked["gen_ai.provider.name"]) == ("chat", "staged")
        assert parts["speech_to_text"].end_time_unix_nano <= parts["chat"].end_time_unix_nano
        assert parts["playout"].end_time_unix_nano == turn.end_time_unix_nano
        assert len(collector.spans) == 6


async def test_a_failing_model_is_seen_in_its_span_and_no_word_of_it() -> None:
    async with collecting() as collector:
        settings = {"otel_exporter_otlp_endpoint": collector.url, "llm_model": "broken"}
        async with serving(**settings) as server:  # type: ignore[arg-type]
            await talk(server)
            await collector.has_a_whole_call()
        asked = collector.named("chat")
        assert asked[0].status.code == asked[0].status.STATUS_CODE_ERROR
        assert plain(asked[0].attributes)["error.type"] == "network"


async def test_spans_that_are_not_taken_are_counted_and_no_call_is_the_worse_for_it() -> None:
    async with collecting() as collector:
        collector.status = 400
        async with serving(otel_exporter_otlp_endpoint=collector.url) as server:
            await talk(server)
            await eventually(lambda: lost(server) >= 6)
        assert collector.bodies


async def test_a_collector_that_hangs_holds_up_neither_calls_nor_the_end_of_the_server() -> None:
    async with collecting() as collector:
        collector.holds = asyncio.Event()
        async with serving(otel_exporter_otlp_endpoint=collector.url) as server:
            await talk(server)
            await eventually(lambda: collector.bodies)
            await talk(server)
            began = time.monotonic()
        assert time.monotonic() - began < 3.0
        collector.holds.set()


async def test_more_spans_than_can_wait_are_lost_and_counted(collector_off: Collector) -> None:
    async with serving(otel_exporter_otlp_endpoint=collector_off.url) as server:
        tracing = server.calls.house.tracing
        assert tracing is not None
        while tracing.post.has_room(6):
            pass
        before = lost(server)
        await talk(server)
        await eventually(lambda: lost(server) - before >= 6)


@pytest.fixture
def collector_off() -> Collector:
    """Nobody listens there."""
    return Collector("http://127.0.0.1:9")
