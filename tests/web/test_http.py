"""What the one port answers over plain HTTP."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from served import DEADLINE_S, FAST_POLL_S, Served, eventually, serving

import vantum.agents

SALES = Path(vantum.agents.__file__).parent / "files" / "sales.yaml"
BEGAN = time.monotonic()

pytestmark = pytest.mark.anyio


@pytest.fixture
async def http(server: Served) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
        yield client


async def sessions(http: httpx.AsyncClient) -> dict[str, float]:
    return dict((await http.get("/health")).json()["sessions"])


async def test_ht_01_health_has_its_fields(http: httpx.AsyncClient) -> None:
    answer = await http.get("/health")
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "ok"
    assert body["message"] == "Vantum API is running"
    assert 0 < body["uptime"] < time.monotonic() - BEGAN
    assert set(body["sessions"]) == {"total", "idle", "active", "ended", "avgDuration"}
    assert set(body["websocketServer"]) == {"healthy", "totalConnections", "activeSessions"}
    assert body["providers"] == {"stt": "scripted", "llm": "staged", "tts": "scripted"}


async def test_ht_01_se_13_health_counts_sessions(server: Served, http: httpx.AsyncClient) -> None:
    before = await sessions(http)
    async with server.connect() as client, server.connect():
        now = await sessions(http)
        assert (now["total"], now["idle"], now["active"]) == (2, 2, 0)
        await client.start()
        now = await sessions(http)
        assert (now["total"], now["idle"], now["active"]) == (2, 1, 1)
    await server.is_empty()
    now = await sessions(http)
    assert (now["total"], now["idle"], now["active"]) == (0, 0, 0)
    assert now["ended"] == before["ended"] + 2
    assert 0 < now["avgDuration"] < 1000 * (time.monotonic() - BEGAN)


async def test_each_method_is_answered_as_http_has_it(http: httpx.AsyncClient) -> None:
    answers = [await http.request(method, "/health") for method in ("GET", "HEAD", "POST")]
    assert [answer.status_code for answer in answers] == [200, 200, 405]
    assert (answers[1].content, answers[2].headers["allow"]) == (b"", "GET, HEAD")


@pytest.mark.parametrize("path", ["/nothing", "/healthz", "/api/v2", "/ws", "/../etc/passwd"])
async def test_ht_04_unknown_paths_are_404(http: httpx.AsyncClient, path: str) -> None:
    assert (await http.get(path)).status_code == 404


@pytest.mark.parametrize("path", ["/health", "/ready"])
async def test_ht_03_anybody_may_read_the_health(http: httpx.AsyncClient, path: str) -> None:
    answer = await http.get(path, headers={"origin": "https://status.example"})
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_ht_03_only_our_own_page_may_read_the_rest(http: httpx.AsyncClient) -> None:
    answer = await http.get("/metrics", headers={"origin": "https://evil.example"})
    assert answer.headers["access-control-allow-origin"] == "http://localhost:5173"


async def test_ht_05_metrics_count_without_secrets(server: Served, http: httpx.AsyncClient) -> None:
    async with server.connect() as client:
        await client.asks_aloud()
        await client.hears("audio.output.chunk")
        text = (await http.get("/metrics")).text
        assert "vantum_sessions 1.0" in text
        assert client.session_id not in text
        assert "hello" not in text


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip", "via"])
async def test_metrics_are_for_whoever_asks_from_within_and_led_there_by_no_proxy(
    http: httpx.AsyncClient, header: str
) -> None:
    answer = await http.get("/metrics", headers={header: "203.0.113.5"})
    assert (answer.status_code, answer.content) == (404, b"")
    assert (await http.get("/metrics")).status_code == 200
    assert (await http.get("/health", headers={header: "203.0.113.5"})).status_code == 200


async def test_ht_05_every_end_of_a_call_is_counted_by_its_reason(
    server: Served, http: httpx.AsyncClient
) -> None:
    async def ended(reason: str) -> float:
        text = (await http.get("/metrics")).text
        found = re.search(rf'^vantum_sessions_ended_total{{reason="{reason}"}} (.*)$', text, re.M)
        return float(found[1]) if found else 0.0

    gone, ended_by_caller = await ended("disconnected"), await ended("caller_ended")
    async with server.connect() as client, server.connect() as other, server.connect() as third:
        await client.vanishes()
        await other.leaves()
        await third.asks("user.action.end_call")
        await third.is_closed()
    await server.is_empty()
    assert await ended("disconnected") == gone + 2
    assert await ended("caller_ended") == ended_by_caller + 1


async def test_the_page_is_served_with_a_strict_policy(http: httpx.AsyncClient) -> None:
    answer = await http.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "server" not in answer.headers


async def test_the_page_learns_what_it_may_choose(http: httpx.AsyncClient) -> None:
    choices = (await http.get("/choices")).json()
    assert choices["ready"] is True
    assert choices["agents"]
    assert all(agent["id"] and agent["name"] for agent in choices["agents"])
    assert choices["off"] == {}


async def test_agent_files_are_read_at_the_start_and_broken_neighbours_left_out(
    tmp_path: Path,
) -> None:
    good = SALES.read_text("utf-8")
    (tmp_path / "first.yaml").write_text(good, "utf-8")
    (tmp_path / "second.yaml").write_text(good, "utf-8")
    (tmp_path / "third.yaml").write_text(good.replace("  speed: 1.0", "  speed: 9"), "utf-8")
    (tmp_path / "compose.yaml").write_text("services: {}", "utf-8")  # is nobody's agent
    async with (
        serving(vantum_agent=tmp_path / "first.yaml") as server,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http,
    ):
        (tmp_path / "third.yaml").write_text(good, "utf-8")
        answer = await http.get("/choices")
        assert [agent["id"] for agent in answer.json()["agents"]] == ["first", "second"]
        [broken] = answer.json()["broken"]
        line = good.partition("  speed: 1.0")[0].count("\n") + 1
        assert broken["id"] == "third"
        assert broken["why"] == f"third.yaml:{line}: voice.speed: expected a number <= 1.5"
        assert str(tmp_path) not in answer.text


async def test_the_page_learns_what_is_off_and_does_not_wait_for_it(tmp_path: Path) -> None:
    (tmp_path / "file").touch()  # no folder to run the speech helper in
    async with (
        serving(stt_provider="local", vantum_data_dir=tmp_path / "file") as server,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http,
    ):
        async with asyncio.timeout(DEADLINE_S):
            # Only asking tells: the page, too, asks until it is ready.
            while not (choices := (await http.get("/choices")).json())["ready"]:  # noqa: ASYNC110
                await asyncio.sleep(FAST_POLL_S)
        assert set(choices["off"]) == {"stt"}
        assert "cannot be started" in choices["off"]["stt"]
        health = await http.get("/health")
        assert choices["off"] == health.json()["off"]
        assert str(tmp_path) not in f"{choices}{health.text}"
        assert (await http.get("/ready")).status_code == 503


async def test_who_finds_no_room_may_still_try_to_call() -> None:
    async with (
        serving(max_sessions=1) as server,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http,
        server.connect(),
    ):
        assert (await http.get("/choices")).json()["ready"] is True


async def test_ready_says_whether_a_call_can_be_admitted() -> None:
    async with (
        serving(max_sessions=1) as server,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http,
    ):
        assert (await http.get("/ready")).status_code == 200
        async with server.connect():
            assert (await http.get("/ready")).status_code == 503
        await server.is_empty()
        assert (await http.get("/ready")).status_code == 200
        server.calls.stopping.set()
        assert (await http.get("/ready")).status_code == 503
        assert (await http.get("/health")).json()["websocketServer"]["healthy"] is False


@pytest.mark.parametrize(
    ("chosen", "variable", "ready"),
    [
        ({"tts_provider": "cartesia"}, "CARTESIA_API_KEY", False),
        ({"llm_provider": "openai"}, "OPENAI_API_KEY", True),  # words, if only those of a fallback
    ],
)
async def test_without_its_key_a_part_is_off_and_the_others_work(
    chosen: dict[str, str],
    variable: str,
    ready: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with (
        serving(**chosen) as server,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as http,
        server.connect() as client,
    ):
        assert f"{variable} is not set" in capsys.readouterr().out
        assert (await http.get("/health")).json()["off"] == {
            next(iter(chosen))[:3]: f"{variable} is not set"
        }
        assert (await http.get("/ready")).status_code == (200 if ready else 503)
        await client.asks_aloud()
        await client.hears("transcript.final.result")
        await client.hears("conversation.response.complete")


async def test_many_scrapes_while_calls_come_and_go(
    server: Served, http: httpx.AsyncClient
) -> None:
    for _ in range(5):
        async with server.connect() as client:
            await client.start()
            assert (await http.get("/health")).json()["sessions"]["total"] >= 1
            await client.vanishes()
    await eventually(lambda: not len(server.calls))
