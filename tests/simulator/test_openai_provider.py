"""What our client makes of an answer, of its absence, and of being told to stop."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from openai_asked import AGENT, GOODBYE, HELLO, asking, reply, saying, simulated, text_of
from simulated import Simulator

from vantum.agents.playbook import Said, answer
from vantum.agents.prompt import system_prompt
from vantum.errors import ProviderError, ProviderTimeout
from vantum.limits import Budgets
from vantum.providers.base import Action, Message, Prompt, Usage
from vantum.simulator.latency import PROFILES
from vantum.wire.openai import ChatRequest

pytestmark = pytest.mark.anyio

DIALECTS = pytest.mark.parametrize("dialect", ["openai", "compatible"])
QUICK = Budgets().divided(20)


@DIALECTS
async def test_an_answer_comes_in_parts_and_ends_with_its_cost(dialect: str) -> None:
    async with simulated(dialect=dialect, how={"api_key": "a-key"}) as (simulator, model):
        items = await reply(model)
        assert "Alex" in text_of(items)
        assert len(items) > 3
        used = items[-1]
        assert isinstance(used, Usage)
        assert used.completion_tokens == simulator.stage.counts["openai.tokens_sent"]
        assert simulator.stage.counts["openai.requests"] == 1


@DIALECTS
async def test_a_goodbye_asks_to_end_the_call(dialect: str) -> None:
    async with simulated(dialect=dialect) as (_, model):
        items = await reply(model, *GOODBYE)
        assert "ye" in text_of(items)
        assert items[-1] == Action("end_call")
        assert Action("end_call") not in await reply(model)


async def test_imitators_of_openai_are_understood() -> None:
    async with simulated(dialect="compatible", LLM_MODEL="strict-llama") as (simulator, model):
        items = await reply(model, *GOODBYE)
        assert text_of(items)
        assert items[-1] == Action("end_call")
        assert any(isinstance(item, Usage) for item in items)
        assert simulator.stage.counts["openai.requests"] == 1


@pytest.mark.parametrize(
    ("model_name", "dialect"), [("toolless-7b", "compatible"), ("gpt-4o-mini", "openai")]
)
async def test_an_option_that_is_refused_is_left_out_from_then_on(
    model_name: str, dialect: str
) -> None:
    async with simulated(dialect=dialect, LLM_MODEL=model_name) as (simulator, model):
        assert text_of(await reply(model))
        assert simulator.stage.counts["openai.requests"] == 2
        assert text_of(await reply(model))
        assert simulator.stage.counts["openai.requests"] == 3


async def test_a_conversation_prompt_is_cached_by_the_vendor() -> None:
    async with simulated() as (_, model):
        system = "You are Alex, and you sell. " * 200
        used = [(await reply(model, system=system))[-1] for _ in range(2)]
        assert [use.cached_tokens for use in used if isinstance(use, Usage)] == [0, 1_280]


async def test_turns_share_one_connection() -> None:
    async with simulated() as (simulator, model):
        await reply(model)
        first = {connection.client for connection in simulator.stage.connections}
        await reply(model)
        assert {connection.client for connection in simulator.stage.connections} == first
        assert len(first) == 1


async def test_ll_20_an_answer_that_is_not_wanted_any_more_is_not_written() -> None:
    async with simulated(how={"profile": PROFILES["bench"]}) as (simulator, model):
        answer = model.reply(Prompt("You are Alex.", HELLO))
        assert await anext(answer)
        await answer.aclose()
        await gone(simulator)
        assert simulator.stage.counts["openai.tokens_sent"] <= 20
        assert simulator.stage.counts["openai.tokens_wasted"] <= 2


@pytest.mark.parametrize("fault", ["stall_first", "stall_middle"])
async def test_ll_20_a_cancelled_wait_closes_the_connection(fault: str) -> None:
    async with simulated() as (simulator, model):
        simulator.breaks("openai", fault)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reply(model), 0.2)
        await gone(simulator)


@pytest.mark.parametrize(
    ("fault", "trouble", "named"),
    [
        ("unauthorized", "fatal", "OPENAI_API_KEY"),
        ("payment_required", "quota", "402"),
        ("forbidden", "fatal", "403"),
        ("throttled", "throttled", "429"),
        ("rate_limit", "throttled", "rate_limit_exceeded"),
        ("quota", "quota", "nothing left"),
        ("unavailable", "unavailable", "503"),
        ("refused", "network", "cannot be reached"),
        ("drop", "network", "broke"),
        ("cut_stream", "network", "cut short"),
        ("error_event", "server", "server_error"),
    ],
)
async def test_ll_12_each_fault_is_the_trouble_it_is(fault: str, trouble: str, named: str) -> None:
    async with simulated() as (simulator, model):
        simulator.breaks("openai", fault, seconds=0.25)
        with pytest.raises(ProviderError, match=named) as caught:
            await reply(model)
        assert caught.value.trouble == trouble
        assert caught.value.service == "llm"
        assert "a-key" not in str(caught.value)
        waits_s = 0.25 if trouble == "throttled" else None
        assert caught.value.retry_after_s == waits_s
        assert text_of(await reply(model))  # it does not linger
        assert simulator.stage.counts["openai.requests"] == 2


@pytest.mark.parametrize("fault", ["not_json", "unknown_type"])
async def test_something_unreadable_in_a_stream_is_passed_over(fault: str) -> None:
    async with simulated() as (simulator, model):
        whole = text_of(await reply(model))
        simulator.breaks("openai", fault)
        assert text_of(await reply(model)) == whole
        assert simulator.stage.faults.struck == [("openai", fault)]


@pytest.mark.parametrize("fault", ["drop", "error_event", "cut_stream", "stall_middle"])
async def test_ll_19_what_was_written_before_an_error_stands(fault: str) -> None:
    async with simulated(budgets=QUICK, LLM_STREAM_PROCESSING_TIMEOUT="200") as (simulator, model):
        whole = text_of(await reply(model))
        simulator.breaks("openai", fault)
        items: list[Any] = []

        async def take() -> None:
            async for item in model.reply(Prompt("You are Alex.", HELLO)):
                items.append(item)  # noqa: PERF401 - what came before an error counts

        with pytest.raises(ProviderError):
            await take()
        written = "".join(items)
        assert whole.startswith(written)
        assert 0 < len(written) < len(whole)


@pytest.mark.parametrize("fault", ["stall_first", "slow_first_token"])
async def test_ll_08_an_answer_that_does_not_begin_is_given_up(fault: str) -> None:
    async with simulated(budgets=QUICK, LLM_REQUEST_TIMEOUT="150") as (simulator, model):
        simulator.breaks("openai", fault)
        with pytest.raises(ProviderTimeout) as caught:
            await reply(model)
        assert caught.value.trouble == "network"
        await gone(simulator)


async def test_an_answer_may_take_only_so_long_in_all() -> None:
    how = {"profile": PROFILES["bench"]}
    async with simulated(how=how, LLM_STREAMING_TIMEOUT="300") as (simulator, model):
        with pytest.raises(ProviderTimeout):
            await reply(model)
        assert simulator.stage.counts["openai.tokens_sent"] > 0


async def test_ll_05_the_mark_of_an_interruption_confuses_nobody() -> None:
    cut = Message("assistant", "Hi, this is Alex from Vantum. We build", interrupted=True)
    heard = Message("user", "What does it cost?")
    async with simulated() as (_, model):
        said = text_of(await reply(model, cut, heard))
    assert said.replace("\u2019", "'") == answer(AGENT, (told(cut), told(heard))).text


def told(message: Message) -> Said:
    return Said(message.role, message.content, message.interrupted)


async def test_a_server_that_does_not_exist_is_network_trouble() -> None:
    async with asking("http://127.0.0.1:1/v1") as model:
        with pytest.raises(ProviderError, match="cannot be reached") as caught:
            await reply(model)
        assert caught.value.trouble == "network"


@pytest.mark.parametrize(
    ("environ", "messages", "named"),
    [
        ({"LLM_MODEL": "missing"}, HELLO, "LLM_MODEL"),
        ({}, (Message("user", "word " * 110_000),), "LLM_MAX_CONTEXT_TOKENS"),
    ],
)
async def test_ll_12_what_no_retry_can_mend_is_fatal(
    environ: dict[str, str], messages: tuple[Message, ...], named: str
) -> None:
    async with simulated(**environ) as (_, model):
        with pytest.raises(ProviderError, match=named) as caught:
            await reply(model, *messages)
        assert caught.value.trouble == "fatal"


async def test_ll_04_a_conversation_too_long_is_shown_from_its_newest_turns() -> None:
    turns = (Message("user", "word " * 110_000), *HELLO)
    async with simulated(LLM_MAX_CONTEXT_TOKENS="2000") as (_, model):
        assert text_of(await reply(model, *turns))


async def test_ll_24_the_model_is_told_who_is_being_called() -> None:
    prospect = {"caller": "Bo Lind", "firm": "Boats Ltd", "industry": "Shipping"}
    async with simulated() as (simulator, model):
        for override in ("", "You are Polly."):
            system = system_prompt(AGENT, prospect, override=override)
            assert text_of(await reply(model, system=system))
            asked = simulator.stage.asked[-1].request
            assert isinstance(asked, ChatRequest)
            told = asked.messages[0].text
            assert told.startswith(override or f"You are {AGENT.name}")
            about = told.splitlines()[-4:]
            assert [line.partition(": ")[2] for line in about[1:]] == [
                '"Bo Lind"',
                '"Boats Ltd"',
                '"Shipping"',
            ]


async def test_the_longest_answer_ends_normally() -> None:
    async with simulated(LLM_MAX_TOKENS="3") as (_, model):
        used = (await reply(model))[-1]
        assert isinstance(used, Usage)
        assert used.completion_tokens == 3


# -- servers that say odd things -------------------------------------------------------------------


def stream(*events: Any, done: bool = True) -> bytes:
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    return "".join([*lines, "data: [DONE]\n\n" if done else ""]).encode()


def piece(reason: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"delta": delta, "finish_reason": reason}]}


def calling(arguments: str, name: str = "end_call") -> dict[str, Any]:
    return piece("stop", tool_calls=[{"function": {"name": name, "arguments": arguments}}])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (stream(piece("stop", content="Hi")), ["Hi"]),
        (stream(piece(content="Hi"), piece("length"), done=False), ["Hi"]),
        (stream(piece("stop", content="Bye"), calling("{broken")), ["Bye", Action("end_call")]),
        (stream(calling('{"goodbye": "Bye!"}')), ["Bye!", Action("end_call")]),
        (stream(calling('{"goodbye": 7}')), [Action("end_call")]),
        (stream(calling("")), [Action("end_call")]),
        (stream(piece("stop", content="Hi"), calling("{}", "dance")), ["Hi"]),
        (
            stream(piece("stop", content="Hi"), {"choices": [], "usage": {"prompt_tokens": 3}}),
            ["Hi", Usage(3, 0)],
        ),
    ],
)
async def test_an_odd_answer_is_still_an_answer(body: bytes, said: list[Any]) -> None:
    async with saying(body) as url, asking(url) as model:
        items = await reply(model)
        parts = [text_of(items)] if text_of(items) else []
        assert parts + [item for item in items if not isinstance(item, str)] == said


@pytest.mark.parametrize(
    ("body", "trouble", "named"),
    [
        (stream(), "network", "cut short"),
        (stream(piece("stop")), "server", "empty"),
        (stream(piece(content=" \n"), piece("stop")), "server", "empty"),
        (stream(calling("{}", "dance")), "server", "empty"),
        (stream(piece(refusal="I will not"), piece("stop")), "fatal", "declined"),
        (stream(piece(content="We"), piece("content_filter")), "fatal", "declined"),
        (stream({"error": {"message": "m", "code": 429}}), "throttled", "429"),
        (stream({"error": {"code": "insufficient_quota"}}), "quota", "nothing left"),
        (b"data: " + b"x" * 1_100_000, "network", "more than"),
        (b"no stream at all", "network", "cut short"),
    ],
)
async def test_ll_11_no_answer_is_a_failure(body: bytes, trouble: str, named: str) -> None:
    async with saying(body) as url, asking(url) as model:
        with pytest.raises(ProviderError, match=named) as caught:
            await reply(model)
        assert caught.value.trouble == trouble


@pytest.mark.parametrize(
    ("status", "kind", "body", "trouble"),
    [
        ("200 OK", "application/json", b'{"error":"busy"}', "server"),
        ("301 Moved", "text/html", b"elsewhere", "fatal"),
        ("400 Bad Request", "text/plain", b"what I said: secret words", "fatal"),
        ("404 Not Found", "application/json", b'{"detail":"Not Found"}', "fatal"),
        ("408 Request Timeout", "text/plain", b"", "network"),
        ("422 Unprocessable", "application/json", b'{"detail":[{"input":"secret"}]}', "fatal"),
        ("500 Internal Server Error", "text/plain", b"oops", "server"),
        ("502 Bad Gateway", "text/html", b"<html>nginx</html>", "server"),
        ("529 Overloaded", "text/html", b"", "server"),
    ],
)
async def test_ll_12_a_refusal_is_judged_by_its_status(
    status: str, kind: str, body: bytes, trouble: str
) -> None:
    async with saying(body, status=status, kind=kind) as url, asking(url) as model:
        with pytest.raises(ProviderError) as caught:
            await reply(model)
        assert caught.value.trouble == trouble
        assert "secret" not in str(caught.value)


async def test_who_asks_is_told_to_the_server() -> None:
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = "http://{}:{}".format(*server.sockets[0].getsockname())
        async with asking(url, OPENAI_ORGANIZATION="org-1") as model:
            with pytest.raises(ProviderError):
                await reply(model)
    head = heard[0].lower()
    assert b"post /chat/completions" in head
    assert b"authorization: bearer a-key" in head
    assert b"openai-organization: org-1" in head


async def gone(simulator: Simulator) -> None:
    """Wait until the simulator has seen its client leave."""
    async with asyncio.timeout(5):
        while not simulator.stage.counts["openai.clients_gone"]:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.005)
