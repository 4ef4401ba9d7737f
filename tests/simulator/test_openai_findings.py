"""What came of a call, found by a model over real sockets, and where the rules' finding stays."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from zoneinfo import ZoneInfo

import aiohttp
import pytest
from openai_asked import AGENT, simulated
from simulated import Simulator

from vantum.agents.findings import Ended, Finding, find
from vantum.agents.noting import TALKED, NoFindingError, read, task_of
from vantum.agents.playbook import Said, answer
from vantum.errors import ProviderError
from vantum.limits import Budgets
from vantum.providers.reader import TranscriptReader, reader_of
from vantum.settings import load_settings
from vantum.simulator.openai_forms import form_in
from vantum.telemetry import server_log
from vantum.upkeep import HouseUpkeep
from vantum.wire.openai import ChatRequest, filled_form

pytestmark = pytest.mark.anyio

NEW_YORK = ZoneInfo("America/New_York")
NOW = 1_800_000_000.0
QUICK = Budgets(llm_waits_s=(0.0, 0.0))
BOOKED = (
    "Can I book a demo for Thursday at two?",
    "Bob Miller",
    "Acme",
    "Yes, that's right.",
)


def ended(*sayings: str, outcome: str = "agent_ended") -> Ended:
    heard = [Said("assistant", AGENT.greeting)]
    for saying in sayings:
        heard.append(Said("user", saying))
        heard.append(Said("assistant", answer(AGENT, tuple(heard)).text))
    return Ended(outcome, NOW, tuple(heard))


@asynccontextmanager
async def reading(
    model_name: str = "gpt-6-luna", dialect: str = "openai"
) -> AsyncIterator[tuple[Simulator, TranscriptReader]]:
    async with simulated(dialect=dialect, LLM_MODEL=model_name) as (simulator, model):
        yield simulator, TranscriptReader(model, model_name, QUICK)


async def finds(reader: TranscriptReader, call: Ended) -> Finding:
    return await reader.find(call, AGENT, NEW_YORK, find(call, AGENT, NEW_YORK))


@pytest.mark.parametrize(
    ("model_name", "dialect"), [("gpt-6-luna", "openai"), ("strict-llama", "compatible")]
)
async def test_a_model_fills_in_the_form(model_name: str, dialect: str) -> None:
    async with reading(model_name, dialect) as (simulator, reader):
        finding = await finds(reader, ended(*BOOKED))
        assert finding.disposition == "meeting_booked"
        assert "Thursday at two" in finding.summary
        assert finding.fields == {"caller": "Bob Miller", "firm": "Acme"}
        assert simulator.stage.counts["openai.requests"] == 1


async def test_a_promised_time_is_read_from_its_words_by_our_rules() -> None:
    async with reading() as (_, reader):
        call = ended("Call me tomorrow at three.", "Yes.")
        finding = await finds(reader, call)
        assert finding.disposition == "callback"
        assert finding.callback_at == find(call, AGENT, NEW_YORK).callback_at is not None


async def test_the_request_holds_a_strict_schema_with_the_talks_dispositions_alone() -> None:
    async with reading() as (simulator, reader):
        await finds(reader, ended("Hello?"))
        [asked] = simulator.stage.asked
        assert isinstance(asked.request, ChatRequest)
        form = form_in(asked.request)
        assert form is not None
        assert form.strict
        assert form.schema["properties"]["disposition"]["enum"] == list(TALKED)
        assert not {"opted_out", "transferred", "voicemail_left"} & set(TALKED)


@pytest.mark.parametrize(
    ("model_name", "requests"),
    [("parrot-1", 3), ("silent-1", 3), ("declining-1", 1), ("formless-1", 4), ("missing", 1)],
)
async def test_a_model_that_finds_nothing_gives_up_after_a_few_tries(
    model_name: str, requests: int
) -> None:
    async with reading(model_name) as (simulator, reader):
        with pytest.raises(ProviderError):
            await finds(reader, ended(*BOOKED))
        assert simulator.stage.counts["openai.requests"] == requests


async def test_a_failing_server_is_asked_again() -> None:
    async with reading() as (simulator, reader):
        simulator.breaks("openai", "unavailable", times=2)
        assert (await finds(reader, ended(*BOOKED))).disposition == "meeting_booked"
        simulator.breaks("openai", "unavailable", times=3)
        with pytest.raises(ProviderError):
            await finds(reader, ended(*BOOKED))


@pytest.mark.parametrize(
    "answer_",
    [
        "",
        "not JSON",
        "[]",
        '{"summary": "They talked."}',
        '{"disposition": "opted_out", "summary": ""}',
        '{"disposition": "transferred"}',
        '{"disposition": "sold"}',
        '{"disposition": 1}',
    ],
)
def test_what_is_no_finding_is_refused(answer_: str) -> None:
    call = ended("Hello?")
    with pytest.raises(NoFindingError):
        read(answer_, call, AGENT, NEW_YORK, find(call, AGENT, NEW_YORK))


def test_what_a_model_writes_is_bounded_and_of_the_file_s_fields_alone() -> None:
    call = ended("Hello?")
    told = {
        "disposition": "callback",
        "summary": "Long\n" * 1_000,
        "callback": "when the cows come home",
        "field_caller": "{Bob}\n" * 1_000,
        "field_invented": "yes",
    }
    rules = find(call, AGENT, NEW_YORK)
    finding = read(json.dumps(told), call, AGENT, NEW_YORK, rules)
    assert len(finding.summary) <= 500
    assert "\n" not in finding.summary
    assert finding.fields.keys() == {"caller"}
    assert len(finding.fields["caller"]) <= 200
    assert "{" not in finding.fields["caller"]
    assert finding.callback_at is None


def test_the_model_is_told_what_each_choice_means() -> None:
    task = task_of(AGENT)
    assert all(f"- {name}: {what}" in task for name, what in TALKED.items())
    assert all(f"- field_{one.name}: {one.what}" in task for one in AGENT.fields)


def _without(schema: Any, name: str) -> Any:
    return {key: value for key, value in schema.items() if key != name}


@pytest.mark.parametrize("spoilt", ["type", "additionalProperties", "required"])
async def test_the_simulated_openai_refuses_a_schema_that_is_not_strict(spoilt: str) -> None:
    form = filled_form("finding", {"disposition": ["a"]}, {"summary": "what was said"}).json_schema
    assert form is not None
    wanted = {"name": "finding", "strict": True, "schema": _without(form.schema, spoilt)}
    body = {
        "model": "gpt-6-luna",
        "messages": [{"role": "user", "content": "Caller: Hello?"}],
        "response_format": {"type": "json_schema", "json_schema": wanted},
    }
    async with simulated() as (simulator, _), aiohttp.ClientSession() as http:
        url = f"{simulator.url}/v1/chat/completions"
        headers = {"Authorization": "Bearer a-key"}
        async with http.post(url, json=body, headers=headers) as refused:
            assert refused.status == 400
            assert (await refused.json())["error"]["param"] == "response_format"
        wanted["schema"] = form.schema
        async with http.post(url, json=body, headers=headers) as taken:
            told = json.loads((await taken.json())["choices"][0]["message"]["content"])
            assert told.keys() == {"disposition", "summary"}


async def test_a_reader_is_there_where_a_model_is_chosen() -> None:
    upkeep = HouseUpkeep(server_log())
    async with upkeep.open():
        for given, there in (
            ({"LLM_PROVIDER": "playbook"}, False),
            ({"OPENAI_API_KEY": "a-key"}, True),
            ({"LLM_PROVIDER": "openai"}, False),  # OpenAI's own, without a key
            ({}, False),
        ):
            assert (reader_of(load_settings(given), AGENT, upkeep) is not None) == there
