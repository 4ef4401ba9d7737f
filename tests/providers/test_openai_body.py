"""What is sent to OpenAI and to its imitators, by setting and by what they refuse."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vantum.providers.base import Message, Prompt
from vantum.providers.openai_body import (
    CHARS_PER_TOKEN,
    CUT_OFF,
    OPTIONAL,
    dialect_of,
    refused_option,
    request_of,
)
from vantum.providers.openai_errors import error_of
from vantum.settings import load_settings
from vantum.wire.openai import Fault

TURNS = (
    Message("assistant", "Hi, this is Alex."),
    Message("user", "Who?"),
    Message("assistant", "Alex from", interrupted=True),
    Message("user", "Ah."),
)
PROMPT = Prompt("You are Alex.", TURNS)


def body(dialect: Any = "openai", refused: Any = (), **environ: str) -> dict[str, Any]:
    asked = request_of(load_settings(environ), PROMPT, dialect, refused)
    sent: dict[str, Any] = json.loads(msgspec.json.encode(asked))
    return sent


def test_ll_03_the_instructions_come_first_then_the_turns_in_order() -> None:
    assert body()["messages"] == [
        {"role": "system", "content": "You are Alex."},
        {"role": "assistant", "content": "Hi, this is Alex."},
        {"role": "user", "content": "Who?"},
        {"role": "assistant", "content": "Alex from" + CUT_OFF},
        {"role": "user", "content": "Ah."},
    ]


def test_ll_05_an_interrupted_turn_is_marked_where_it_was_cut() -> None:
    assert body()["messages"][3]["content"] == "Alex from \u2014 [the caller cut in here]"


def test_ll_01_openai_is_asked_in_its_own_words() -> None:
    sent = body()
    tools = sent.pop("tools")
    del sent["messages"]
    assert sent == {
        "model": "gpt-6-luna",
        "stream": True,
        "stream_options": {"include_usage": True, "include_obfuscation": False},
        "max_completion_tokens": 500,
        "reasoning_effort": "none",
    }
    assert [tool["function"]["name"] for tool in tools] == ["end_call", "opt_out"]


def test_ll_01_imitators_are_asked_in_words_all_of_them_know() -> None:
    sent = body("compatible", LLM_MODEL="llama", LLM_MAX_TOKENS="99", LLM_TOP_P="0.5")
    del sent["messages"], sent["tools"]
    assert sent == {
        "model": "llama",
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": 99,
        "temperature": 0.7,
        "top_p": 0.5,
        "frequency_penalty": 0,
        "presence_penalty": 0,
    }


def test_a_model_that_does_not_think_is_tuned_where_the_settings_differ_from_the_default() -> None:
    sent = body(refused={"reasoning_effort"}, LLM_PRESENCE_PENALTY="0.5")
    assert "reasoning_effort" not in sent
    assert (sent["temperature"], sent["presence_penalty"]) == (0.7, 0.5)
    assert not {"top_p", "frequency_penalty", "max_tokens"} & sent.keys()


@pytest.mark.parametrize("dialect", ["openai", "compatible"])
def test_everything_optional_can_be_left_out(dialect: str) -> None:
    sent = body(dialect, OPTIONAL)
    assert sent.keys() <= {"model", "messages", "stream", "max_tokens", "max_completion_tokens"}


@pytest.mark.parametrize(
    ("url", "dialect"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://eu.api.openai.com/v1", "openai"),
        ("https://api.groq.com/openai/v1", "compatible"),
        ("http://localhost:11434/v1", "compatible"),
        ("https://evil-api.openai.com.example/v1", "compatible"),
    ],
)
def test_the_dialect_follows_the_address(url: str, dialect: str) -> None:
    assert dialect_of(url) == dialect


@given(st.lists(st.integers(0, 60), max_size=12), st.integers(1, 40))
def test_ll_04_the_newest_turns_that_fit_are_kept_and_the_instructions(
    lengths: list[int], most_tokens: int
) -> None:
    turns = tuple(
        Message("user" if n % 2 else "assistant", "x" * length) for n, length in enumerate(lengths)
    )
    settings = load_settings({"LLM_MAX_CONTEXT_TOKENS": str(most_tokens)})
    system, *shown = request_of(settings, Prompt("S" * 999, turns), "openai").messages
    assert system.text == "S" * 999
    assert [t.text for t in shown] == [t.content for t in turns[len(turns) - len(shown) :]]
    assert bool(shown) == bool(turns)
    limit = most_tokens * CHARS_PER_TOKEN
    assert len(shown) == 1 or sum(len(t.text) for t in shown) <= limit
    dropped = turns[: len(turns) - len(shown)]
    if dropped:
        assert sum(len(t.text) for t in shown) + len(dropped[-1].content) > limit


@pytest.mark.parametrize(
    ("status", "fault", "option"),
    [
        (400, Fault("x", param="temperature"), "temperature"),
        (400, Fault("x", param="stream_options.include_obfuscation"), "stream_options"),
        (400, Fault("x", param="tools[0].function"), "tools"),
        (400, Fault("gemma:2b does not support tools"), "tools"),
        (400, Fault('"auto" tool choice requires --enable-auto-tool-choice'), "tools"),
        (500, Fault("tools param requires --jinja flag", code=500), "tools"),
        (422, Fault('{"detail":[{"loc":["body","stream_options"]}]}'), "stream_options"),
        (400, Fault("Unrecognized request argument supplied: top_p"), "top_p"),
        (400, Fault("Unrecognized request argument supplied: reasoning_effort"), None),
        (400, Fault("x", param="messages"), None),
        (400, Fault("a stool is no option"), None),
        (401, Fault("tools"), None),
        (503, Fault("tools"), None),
    ],
)
def test_the_option_that_was_refused_is_found(
    status: int, fault: Fault, option: str | None
) -> None:
    asked = request_of(load_settings({}), PROMPT, "compatible")
    assert refused_option(status, fault, asked) == option


@pytest.mark.parametrize(
    ("headers", "waits_s"),
    [
        ({"retry-after-ms": "300", "retry-after": "9"}, 0.3),
        ({"retry-after": "9"}, 9.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait_is_read_where_it_is_a_number(
    headers: dict[str, str], waits_s: float | None
) -> None:
    assert error_of(429, Fault(), headers).retry_after_s == waits_s


def test_nothing_a_server_wrote_is_repeated_but_its_codes() -> None:
    fault = Fault("your key sk-1 said hello", "invalid_request_error", "a b", "bad_\n")
    assert str(error_of(400, fault, {})) == (
        "the model's server answered 400 (invalid_request_error)"
    )
