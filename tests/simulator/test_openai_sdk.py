"""The vendor's own client, unchanged, talks to the simulated OpenAI as to the real one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI
from simulated import Simulator, simulating

from vantum.simulator.latency import PROFILES, Delay

pytestmark = pytest.mark.anyio

HELLO = [{"role": "user", "content": "Hello, who is this?"}]
GOODBYE = [*HELLO, {"role": "assistant", "content": "Alex."}, {"role": "user", "content": "Bye!"}]
END_CALL: Any = {
    "type": "function",
    "function": {
        "name": "end_call",
        "parameters": {"type": "object", "properties": {"goodbye": {"type": "string"}}},
    },
}


@asynccontextmanager
async def talking(**how: Any) -> AsyncIterator[tuple[Simulator, AsyncOpenAI]]:
    async with (
        simulating(**how) as simulator,
        AsyncOpenAI(base_url=f"{simulator.url}/v1", api_key="a-key", max_retries=0) as client,
    ):
        yield simulator, client


async def ask(client: AsyncOpenAI, messages: Any = HELLO, **how: Any) -> list[Any]:
    """All chunks of a streamed answer."""
    how = {"model": "gpt-6-luna", **how}
    stream = await client.chat.completions.create(messages=messages, stream=True, **how)
    return [chunk async for chunk in stream]


def text_of(chunks: list[Any]) -> str:
    return "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)


def reasons_of(chunks: list[Any]) -> list[str]:
    return [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason]


async def test_an_answer_is_streamed_role_first_and_obfuscated() -> None:
    async with talking() as (simulator, client):
        chunks = await ask(client)
        assert chunks[0].choices[0].delta.role == "assistant"
        assert chunks[0].choices[0].delta.content == ""
        assert "I\u2019m Alex" in text_of(chunks)  # three bytes that writes are cut in
        assert reasons_of(chunks) == ["stop"]
        assert all(chunk.obfuscation for chunk in chunks)
        assert all(chunk.usage is None for chunk in chunks)
        assert simulator.stage.counts["openai.requests"] == 1
        assert simulator.stage.counts["openai.tokens_sent"] == len(chunks) - 2


async def test_usage_comes_last_without_choices_and_only_when_asked_for() -> None:
    options = {"include_usage": True, "include_obfuscation": False}
    async with talking() as (_, client):
        chunks = await ask(client, stream_options=options)
        assert chunks[-1].choices == []
        assert chunks[-1].usage.completion_tokens == len(chunks) - 3
        assert chunks[-1].usage.prompt_tokens > 0
        assert not any(getattr(chunk, "obfuscation", None) for chunk in chunks)


async def test_a_system_prompt_sent_again_is_cached() -> None:
    prompt = [{"role": "system", "content": "You are Alex. " * 400}, *HELLO]
    async with talking() as (_, client):
        cached = [
            (await ask(client, prompt, stream_options={"include_usage": True}))[-1].usage
            for _ in range(2)
        ]
        assert [use.prompt_tokens_details.cached_tokens for use in cached] == [0, 1_280]


async def test_an_answer_is_given_whole_to_whoever_wants_no_stream() -> None:
    async with talking() as (_, client):
        answer = await client.chat.completions.create(model="gpt-6-luna", messages=HELLO)
        assert "Alex" in answer.choices[0].message.content
        assert answer.choices[0].finish_reason == "stop"
        assert answer.usage.completion_tokens > 3
        assert answer._request_id.startswith("req_")


async def test_a_goodbye_calls_the_tool_in_pieces() -> None:
    async with talking() as (_, client):
        chunks = await ask(client, GOODBYE, tools=[END_CALL])
        assert reasons_of(chunks) == ["tool_calls"]
        calls = [c.choices[0].delta.tool_calls[0] for c in chunks if c.choices[0].delta.tool_calls]
        assert len(calls) > 2
        assert (calls[0].function.name, calls[0].type) == ("end_call", "function")
        assert all(call.id is None for call in calls[1:])
        arguments = json.loads("".join(call.function.arguments for call in calls))
        assert "ye" in arguments["goodbye"]
        whole = await client.chat.completions.create(
            model="gpt-6-luna", messages=GOODBYE, tools=[END_CALL]
        )
        assert whole.choices[0].message.tool_calls[0].function.name == "end_call"
        assert not any(c.choices[0].delta.tool_calls for c in await ask(client, GOODBYE))


async def test_a_whole_conversation_makes_sense_and_is_marked_where_asked() -> None:
    said: list[Any] = [{"role": "system", "content": "Put ||BREAK|| between sentences."}]
    async with talking() as (_, client):
        for line in ("Yes, I have a minute.", "We are twelve people in sales.", "What is it?"):
            said.append({"role": "user", "content": line})
            said.append({"role": "assistant", "content": text_of(await ask(client, said))})
        answers = [line["content"] for line in said if line["role"] == "assistant"]
        assert len(set(answers)) == 3
        assert any("||BREAK||" in answer for answer in answers)


async def test_the_longest_answer_is_cut() -> None:
    async with talking() as (_, client):
        chunks = await ask(client, max_completion_tokens=3)
        assert reasons_of(chunks) == ["length"]
        assert len(chunks) == 5


async def test_models_are_listed_to_whoever_has_a_key() -> None:
    async with talking(api_key="a-key") as (_, client):
        assert "gpt-6-luna" in [model.id async for model in client.models.list()]
        with pytest.raises(openai.AuthenticationError):
            await client.with_options(api_key="another").models.list()
        with pytest.raises(openai.AuthenticationError) as caught:
            await ask(client.with_options(api_key="another"))
        assert caught.value.code == "invalid_api_key"
        assert "another" not in str(caught.value)


@pytest.mark.parametrize(
    ("fault", "error", "status", "code"),
    [
        ("unauthorized", openai.AuthenticationError, 401, "invalid_api_key"),
        ("payment_required", openai.APIStatusError, 402, None),
        ("forbidden", openai.PermissionDeniedError, 403, "unsupported_country_region_territory"),
        ("throttled", openai.RateLimitError, 429, "rate_limit_exceeded"),
        ("rate_limit", openai.RateLimitError, 429, "rate_limit_exceeded"),
        ("quota", openai.RateLimitError, 429, "insufficient_quota"),
        ("unavailable", openai.InternalServerError, 503, None),
    ],
)
async def test_a_fault_is_answered_with_its_status_and_body(
    fault: str, error: type[openai.APIStatusError], status: int, code: str | None
) -> None:
    async with talking() as (simulator, client):
        simulator.breaks("openai", fault)
        with pytest.raises(error) as caught:
            await ask(client)
        assert (caught.value.status_code, caught.value.code) == (status, code)
        assert caught.value.request_id
        assert caught.value.message
        assert text_of(await ask(client))


async def test_a_rate_limit_says_when_to_come_back() -> None:
    async with talking() as (simulator, client):
        simulator.breaks("openai", "rate_limit", seconds=0.25)
        with pytest.raises(openai.RateLimitError) as caught:
            await ask(client)
        headers = caught.value.response.headers
        assert headers["retry-after-ms"] == "250"
        assert headers["retry-after"] == "0.25"
        assert headers["x-ratelimit-remaining-requests"] == "0"
        assert headers["x-ratelimit-limit-requests"] == "500"
        simulator.breaks("openai", "rate_limit", times=2, seconds=0.01)
        assert text_of(await ask(client.with_options(max_retries=2)))


@pytest.mark.parametrize(
    ("asked", "error", "code"),
    [
        ({"model": "missing"}, openai.NotFoundError, "model_not_found"),
        ({"extra_body": {"novelty": 1}}, openai.BadRequestError, "unknown_parameter"),
        ({"temperature": "hot"}, openai.BadRequestError, "invalid_type"),
        ({"model": "gpt-4o", "reasoning_effort": "none"}, openai.BadRequestError, None),
        ({"model": "toolless-7b", "tools": [END_CALL]}, openai.BadRequestError, None),
    ],
)
async def test_a_request_that_cannot_be_is_refused(
    asked: dict[str, Any], error: type[openai.APIStatusError], code: str | None
) -> None:
    async with talking() as (_, client):
        with pytest.raises(error) as caught:
            await ask(client, **asked)
        assert caught.value.code == code


async def test_more_than_the_context_holds_is_refused() -> None:
    async with talking() as (_, client):
        with pytest.raises(openai.BadRequestError) as caught:
            await ask(client, [{"role": "user", "content": "word " * 110_000}])
        assert caught.value.code == "context_length_exceeded"
        assert caught.value.param == "messages"


async def test_a_cut_connection_is_an_error_to_the_client() -> None:
    async with talking() as (simulator, client):
        simulator.breaks("openai", "refused")
        with pytest.raises(openai.APIConnectionError):
            await ask(client)
        simulator.breaks("openai", "drop", times=2)
        with pytest.raises(openai.APIConnectionError):
            await ask(client)
        with pytest.raises(openai.APIConnectionError):
            await client.chat.completions.create(model="gpt-6-luna", messages=HELLO)


async def test_a_cut_stream_looks_like_success_to_the_client() -> None:
    async with talking() as (simulator, client):
        whole = text_of(await ask(client))
        simulator.breaks("openai", "cut_stream")
        chunks = await ask(client)
        assert reasons_of(chunks) == []
        assert 0 < len(text_of(chunks)) < len(whole)


async def test_an_error_may_come_in_the_middle_of_a_stream() -> None:
    async with talking() as (simulator, client):
        simulator.breaks("openai", "error_event")
        with pytest.raises(openai.APIError, match="The server had an error"):
            await ask(client)


async def test_something_unknown_in_a_stream_hinders_nobody() -> None:
    async with talking() as (simulator, client):
        simulator.breaks("openai", "unknown_type")
        seen: list[Any] = []
        stream = await client.chat.completions.create(
            model="gpt-6-luna", messages=HELLO, stream=True
        )
        async for chunk in stream:
            seen.append(chunk)  # noqa: PERF401 - what was seen before an error counts
        assert [c.object for c in seen].count("chat.completion.novelty") == 1
        assert reasons_of([c for c in seen if c.object == "chat.completion.chunk"]) == ["stop"]


async def test_what_is_not_json_ends_the_stream_for_this_client() -> None:
    async with talking() as (simulator, client):
        simulator.breaks("openai", "not_json")
        with pytest.raises(json.JSONDecodeError):
            await ask(client)


@pytest.mark.parametrize(("fault", "begun"), [("stall_first", False), ("stall_middle", True)])
async def test_a_stalled_stream_stays_open_until_the_client_leaves(fault: str, begun: bool) -> None:
    async with talking() as (simulator, client):
        simulator.breaks("openai", fault)
        stream = await client.chat.completions.create(
            model="gpt-6-luna", messages=HELLO, stream=True
        )
        chunks: list[Any] = []

        async def read() -> None:
            async for chunk in stream:
                chunks.append(chunk)  # noqa: PERF401 - see above

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(read(), 0.2)
        assert bool(text_of(chunks)) is begun
        await gone(simulator)


async def test_a_first_token_may_be_slow() -> None:
    async with talking() as (simulator, client):
        simulator.breaks("openai", "slow_first_token", seconds=0.05)
        began = asyncio.get_running_loop().time()
        assert text_of(await ask(client))
        assert asyncio.get_running_loop().time() - began >= 0.05


async def test_a_client_that_leaves_is_noticed_and_nothing_more_is_made_for_it() -> None:
    slow = PROFILES["bench"]
    async with talking(profile=slow) as (simulator, client):
        stream = await client.chat.completions.create(
            model="gpt-6-luna", messages=HELLO, stream=True
        )
        async for chunk in stream:
            if chunk.choices[0].delta.content:
                break
        await stream.close()
        await gone(simulator)
        assert 1 <= simulator.stage.counts["openai.tokens_sent"] <= 20
        assert simulator.stage.counts["openai.tokens_wasted"] <= 2


async def test_the_bench_profile_answers_everybody_alike() -> None:
    quick = type(PROFILES["bench"])(first_token=Delay(0.0), one_answer=True)
    async with talking(profile=quick) as (_, client):
        assert text_of(await ask(client)) == text_of(await ask(client, GOODBYE, tools=[END_CALL]))


async def gone(simulator: Simulator) -> None:
    """Wait until the simulator has seen its client leave."""
    async with asyncio.timeout(5):
        while not simulator.stage.counts["openai.clients_gone"]:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.005)
