"""Answers are read from what OpenAI and its imitators send, and from anything else."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vantum.wire.openai import (
    DONE,
    Answer,
    ChatMessage,
    ChatRequest,
    Fault,
    StreamOptions,
    ToolCall,
    read_fault,
)


def read(*events: Any) -> tuple[str, Answer]:
    answer = Answer()
    text = "".join(
        answer.take(event if isinstance(event, bytes) else json.dumps(event).encode())
        for event in events
    )
    return text, answer


def chunk(delta: Any = None, reason: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta or {}, "logprobs": None, "finish_reason": reason}
    return {"id": "c", "object": "chat.completion.chunk", "choices": [choice], **more}


def call(**piece: Any) -> dict[str, Any]:
    return chunk({"tool_calls": [piece]})


USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 4}}


def test_text_is_joined_and_the_rest_is_noticed() -> None:
    text, answer = read(
        chunk({"role": "assistant", "content": "", "refusal": None}, usage=None, obfuscation="aZ"),
        chunk({"content": "Hi"}),
        chunk({"content": " there", "reasoning_content": "They greet me."}),
        chunk({}, "stop"),
        {"choices": [], "usage": USAGE},
        DONE,
    )
    assert text == "Hi there"
    assert (answer.finish_reason, answer.done, answer.refused) == ("stop", True, False)
    assert answer.usage
    assert answer.usage.prompt_tokens == 9
    assert answer.usage.prompt_tokens_details
    assert answer.usage.prompt_tokens_details.cached_tokens == 4


def test_usage_may_come_with_the_last_choice_or_not_at_all() -> None:
    merged = read(chunk({"content": "Hi"}), chunk({}, "stop", usage=USAGE))[1]
    assert merged.usage
    assert merged.usage.completion_tokens == 3
    assert read(chunk({"content": "Hi"}, "stop"))[1].usage is None


def test_a_first_chunk_without_choices_says_nothing() -> None:
    text, answer = read({"choices": [], "prompt_filter_results": []}, chunk({"content": "Hi"}))
    assert (text, answer.fault) == ("Hi", None)


def test_a_refusal_is_no_answer() -> None:
    text, answer = read(
        chunk({"refusal": "I can't"}), chunk({"refusal": " help"}), chunk({}, "stop")
    )
    assert (text, answer.refused) == ("", True)


def test_tool_calls_are_put_together_by_index() -> None:
    _, answer = read(
        call(index=0, id="a", type="function", function={"name": "end_call", "arguments": ""}),
        call(index=1, id="b", type="function", function={"name": "note", "arguments": ""}),
        call(index=0, function={"arguments": '{"good'}),
        call(index=1, function={"arguments": "{"}),
        call(index=0, function={"arguments": 'bye":"x"}'}),
        chunk({}, "tool_calls"),
    )
    assert answer.calls == [ToolCall("end_call", '{"goodbye":"x"}'), ToolCall("note", "{")]


@pytest.mark.parametrize(
    "pieces",
    [
        # whole, as Ollama and llama.cpp send them, with and without index and id
        [{"index": 0, "id": "a", "function": {"name": "end_call", "arguments": "{}"}}],
        [{"id": "a", "function": {"name": "end_call", "arguments": "{}"}}],
        [{"function": {"name": "end_call", "arguments": "{}"}}],
        [{"function": {"name": "end_call", "arguments": {}}}],
        # in pieces that repeat id and name, or lack the index
        [
            {"index": 0, "id": "a", "function": {"name": "end_call", "arguments": "{"}},
            {"index": 0, "id": "a", "function": {"name": "end_call", "arguments": "}"}},
        ],
        [
            {"id": "a", "function": {"name": "end_call", "arguments": "{"}},
            {"id": "a", "function": {"arguments": "}"}},
        ],
        [{"function": {"name": "end_call", "arguments": "{"}}, {"function": {"arguments": "}"}}],
        [
            {"index": 0, "id": "a"},
            {"index": 0, "function": {"name": "end_call", "arguments": "{}"}},
        ],
    ],
)
def test_a_tool_call_is_read_however_it_comes(pieces: list[dict[str, Any]]) -> None:
    _, answer = read(*(call(**piece) for piece in pieces))
    assert answer.calls == [ToolCall("end_call", "{}")]


def test_two_whole_calls_that_share_an_index_or_lack_it_stay_two() -> None:
    for index in ({"index": 0}, {}):
        _, answer = read(
            call(**index, id="a", function={"name": "note", "arguments": "{}"}),
            call(**index, id="b", function={"name": "end_call", "arguments": "{}"}),
        )
        assert [called.name for called in answer.calls] == ["note", "end_call"]


@pytest.mark.parametrize(
    "event",
    [
        {"error": {"message": "full", "type": "server_error", "param": None, "code": None}},
        {"error": "full"},
        {"message": "full", "type": "server_error"},
        {"object": "error", "message": "full", "code": 500},
    ],
)
def test_an_error_in_a_stream_is_seen(event: Any) -> None:
    text, answer = read(chunk({"content": "Hi"}), event)
    assert (text, answer.finish_reason) == ("Hi", None)
    assert answer.fault
    assert answer.fault.message == "full"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (
            b'{"error":{"message":"gone","type":"t","param":"model","code":"model_not_found"}}',
            Fault("gone", "t", "model", "model_not_found"),
        ),
        (b'{"error":"gone"}', Fault("gone")),
        (b'{"object":"error","message":"gone","code":404}', Fault("gone", code=404)),
        (b'{"detail":"Not Found"}', Fault('{"detail":"Not Found"}')),
        (b"<html>502</html>", Fault("<html>502</html>")),
        (b"", Fault("")),
        (b"[1]", Fault("[1]")),
        (b'{"error":{"message":{"deep":1}}}', Fault('{"message":{"deep":1}}')),
        (b"\xff\xfe", Fault("\ufffd\ufffd")),
        (b"x" * 9_000, Fault("x" * 500)),
    ],
)
def test_an_error_is_read_however_it_is_worded(body: bytes, fault: Fault) -> None:
    assert read_fault(body) == fault


KEYS = ["choices", "delta", "content", "tool_calls", "index", "function", "arguments", "id"]
KEYS += ["finish_reason", "usage", "prompt_tokens", "error", "message", "detail", "code"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.lists(JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40)))
def test_nothing_that_comes_breaks_the_reading(events: list[bytes]) -> None:
    answer = Answer()
    for event in events:
        assert isinstance(answer.take(event), str)
        assert isinstance(read_fault(event), Fault)
    assert isinstance(answer.calls, list)


def test_what_makes_no_sense_is_counted_and_passed_over() -> None:
    text, answer = read(
        chunk({"content": "a"}), b'{"id":"chat', [], chunk({"content": "b"}, "stop")
    )
    assert (text, answer.unreadable, answer.finish_reason) == ("ab", 2, "stop")


def test_a_request_holds_only_what_was_set_and_is_read_back() -> None:
    asked = ChatRequest(
        model="m", messages=[ChatMessage("user", "Hi")], stream_options=StreamOptions(True)
    )
    body = msgspec.json.encode(asked)
    assert json.loads(body) == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream_options": {"include_usage": True},
    }
    assert msgspec.json.decode(body, type=ChatRequest) == asked


def test_the_text_of_a_message_may_come_in_parts() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "image_url"}, {"type": "text", "text": "b"}]
    message = msgspec.convert({"role": "user", "content": parts}, ChatMessage)
    assert message.text == "ab"
    assert msgspec.convert({"role": "assistant"}, ChatMessage).text == ""
