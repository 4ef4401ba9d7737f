"""Health says of each provider whether it gets on, by what it has delivered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from phone import PERSON, telephone
from served import DEADLINE_S, Served, serving
from simulated import Simulator, simulating

pytestmark = pytest.mark.anyio


async def looks(server: Served) -> tuple[int, Any, str]:
    """What `/health` answers and what Prometheus reads."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http:
        health, page = await http.get("/health"), await http.get("/metrics")
        return health.status_code, health.json(), page.text


async def health_once(server: Served, shows: Callable[[Any], object]) -> Any:
    """What `/health` answers once its `progress` shows something."""
    async with asyncio.timeout(DEADLINE_S):
        while not shows((body := (await looks(server))[1])["progress"]):
            pass
        return body


async def ask(server: Served) -> None:
    async with server.connect() as client:
        await client.asks_aloud()
        await client.hears_answer()


def model_at(simulator: Simulator) -> Any:
    return serving(llm_provider="openai", openai_base_url=f"{simulator.url}/v1")


async def test_a_model_that_fails_is_seen_to_be_stuck_until_it_delivers_again() -> None:
    async with simulating() as simulator, model_at(simulator) as server:
        await ask(server)
        status, body, page = await looks(server)
        assert (status, body["status"], set(body["progress"])) == (200, "ok", {"llm"})
        assert body["progress"]["llm"]["gets_on"] is True
        assert 0 <= body["progress"]["llm"]["progressed_s_ago"] < 20
        assert 'vantum_provider_stuck{service="llm"} 0.0' in page
        simulator.breaks("openai", "unavailable", times=4)
        await ask(server)
        await ask(server)
        status, body, page = await looks(server)
        assert (status, body["status"]) == (200, "degraded")
        llm = body["progress"]["llm"]
        assert (llm["gets_on"], llm["trouble"]) == (False, "unavailable")
        assert 'vantum_provider_stuck{service="llm"} 1.0' in page
        assert 'vantum_provider_failures_in_a_row{service="llm"} 4.0' in page
        await ask(server)
        _, body, _ = await looks(server)
        assert (body["status"], body["progress"]["llm"]["failures_in_a_row"]) == ("ok", 0)


async def test_a_model_that_says_nothing_is_overdue_while_the_caller_waits() -> None:
    async with simulating() as simulator, model_at(simulator) as server:
        simulator.breaks("openai", "stall_first", times=2)
        async with server.connect() as client:
            await client.asks_aloud()
            body = await health_once(server, lambda progress: progress["llm"]["overdue"])
            assert (body["status"], body["progress"]["llm"]["gets_on"]) == ("degraded", False)


async def test_the_carrier_has_a_pulse_too(tmp_path: Path) -> None:
    async with telephone(tmp_path) as phone:
        await phone.calls(PERSON)
        progress = (await looks(phone.server))[1]["progress"]
        assert progress["telephony"]["gets_on"] is True
        assert progress["telephony"]["progressed_s_ago"] is not None


async def test_recogniser_and_voice_are_judged_by_what_they_deliver(tmp_path: Path) -> None:
    async with telephone(tmp_path, vendors=True) as phone:
        await phone.calls(PERSON)
        body = await health_once(
            phone.server,
            lambda progress: all(
                progress.get(service, {}).get("progressed_s_ago") for service in ("stt", "tts")
            ),
        )
        assert {body["progress"][service]["gets_on"] for service in ("stt", "tts")} == {True}
