"""What the simulated OpenAI puts on the wire that its own client hides."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
from simulated import Simulator, simulating

pytestmark = pytest.mark.anyio

HELLO = [{"role": "user", "content": "Hello, who is this?"}]
GOODBYE = [{"role": "user", "content": "Goodbye!"}]
TOOL = {"type": "function", "function": {"name": "end_call", "parameters": {}}}


async def post(simulator: Simulator, body: Any) -> tuple[int, Any, list[bytes]]:
    """Status, headers and the writes of the answer."""
    url = f"{simulator.url}/v1/chat/completions"
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with aiohttp.ClientSession() as http, http.post(url, data=data) as response:
        writes, write = [], b""
        async for part, ends in response.content.iter_chunks():
            write += part
            if ends:
                writes.append(write)
                write = b""
        return response.status, response.headers, [*writes, write]


def asked(messages: Any = HELLO, **more: Any) -> dict[str, Any]:
    return {"model": "gpt-6-luna", "messages": messages, "stream": True, **more}


def chunks(writes: list[bytes]) -> list[Any]:
    lines = b"".join(writes).decode().split("\n\n")
    assert lines[-2:] == ["data: [DONE]", ""]
    return [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]


async def test_events_are_cut_anywhere_even_inside_characters() -> None:
    async with simulating() as simulator:
        _, headers, writes = await post(simulator, asked())
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert not all(write.endswith(b"\n\n") for write in writes[:-1])
        with pytest.raises(UnicodeDecodeError):
            [write.decode() for write in writes]
        assert chunks(writes)[0]["choices"][0]["delta"]["role"] == "assistant"


async def test_tokens_that_are_made_together_leave_together() -> None:
    async with simulating() as simulator:
        _, _, writes = await post(simulator, asked())
        assert len(writes) < len(chunks(writes))


async def test_every_response_is_signed_and_tells_what_is_left() -> None:
    async with simulating() as simulator:
        for body in (asked(), b"no json"):
            _, headers, _ = await post(simulator, body)
            assert headers["x-request-id"].startswith("req_")
            assert {"x-ratelimit-remaining-tokens", "x-ratelimit-reset-requests"} <= headers.keys()


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"no json", None),
        ({"model": "m"}, "messages"),
        ({"messages": []}, "model"),
        (asked(novelty=1), "novelty"),
    ],
)
async def test_a_malformed_request_is_refused_in_the_envelope(body: Any, param: Any) -> None:
    async with simulating() as simulator:
        status, _, writes = await post(simulator, body)
        error = json.loads(b"".join(writes))["error"]
        assert status == 400
        assert error.keys() == {"message", "type", "param", "code"}
        assert (error["type"], error["param"]) == ("invalid_request_error", param)


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"reasoning_effort": "none"}, "reasoning_effort"),
        ({"max_completion_tokens": 9}, "max_completion_tokens"),
        ({"store": False}, "store"),
        ({"stream_options": {"include_obfuscation": False}}, "include_obfuscation"),
    ],
)
async def test_an_imitator_refuses_what_it_does_not_know_and_without_envelope(
    more: Any, named: str
) -> None:
    async with simulating() as simulator:
        status, _, writes = await post(simulator, asked(**more) | {"model": "strict-llama"})
        error = json.loads(b"".join(writes))
        assert (status, error["object"], error["code"]) == (400, "error", 400)
        assert named in error["message"]


async def test_an_imitator_calls_tools_whole_and_merges_what_it_counts() -> None:
    body = asked(GOODBYE, tools=[TOOL], stream_options={"include_usage": True})
    async with simulating() as simulator:
        _, _, writes = await post(simulator, body | {"model": "strict-llama"})
        *said, called, last = chunks(writes)
        assert all(chunk["choices"][0]["delta"]["role"] == "assistant" for chunk in said)
        [call] = called["choices"][0]["delta"]["tool_calls"]
        assert "index" not in call
        assert call["function"] == {"name": "end_call", "arguments": "{}"}
        assert last["choices"][0]["finish_reason"] == "stop"
        assert last["usage"]["completion_tokens"] == len(said)
        assert "obfuscation" not in last
