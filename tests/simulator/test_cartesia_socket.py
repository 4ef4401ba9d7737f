"""The simulated Cartesia's rules and faults on the wire, beyond what its own client shows."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from cartesia_voice import DEADLINE_S, simulated_service
from simulated import Simulator, simulating
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK, InvalidStatus

from vantum.simulator.cartesia_socket import Terms
from vantum.simulator.latency import Profile

pytestmark = pytest.mark.anyio

VERSION = {"Cartesia-Version": "2026-08-14"}
KYLE = "c961b81c-a935-4c17-bfb3-ba2239de8c2f"


def opened(simulator: Simulator, query: str = "", **headers: str) -> connect:
    url = f"{simulator.ws_url}/tts/websocket{query}"
    return connect(url, additional_headers=VERSION | headers)


async def ask(socket: ClientConnection, transcript: str, **fields: Any) -> None:
    request = {
        "context_id": "c",
        "model_id": "sonic-3.5",
        "voice": KYLE,
        "output_format": {"container": "raw", "encoding": "pcm_s16le", "sample_rate": 16_000},
        "max_buffer_delay_ms": 0,
        "transcript": transcript,
    }
    await socket.send(msgspec.json.encode(request | fields), text=True)


async def told(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(DEADLINE_S):
        message: dict[str, Any] = msgspec.json.decode(await socket.recv())
    return message


async def until(socket: ClientConnection, kind: str) -> list[dict[str, Any]]:
    messages = [await told(socket)]
    while messages[-1]["type"] != kind:
        messages.append(await told(socket))
    return messages


async def test_a_context_expires_after_its_last_sound_and_takes_no_more() -> None:
    async with (
        simulated_service(Terms(expires_after_s=0.02)) as simulator,
        opened(simulator) as socket,
    ):
        await ask(socket, "Hello.", **{"continue": True})
        kinds = [message["type"] for message in await until(socket, "done")]
        assert kinds[-2:] == ["flush_done", "done"]
        await ask(socket, "Are you there?", **{"continue": True})
        refused = await told(socket)
    assert (refused["type"], refused["error_code"]) == ("error", "context_expired")


async def test_text_without_a_buffer_delay_of_zero_waits_for_the_end_of_a_sentence() -> None:
    async with simulating() as simulator, opened(simulator) as socket:
        await ask(socket, "Hello ", max_buffer_delay_ms=None, **{"continue": True})
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await socket.recv()
        await ask(socket, "there. ", max_buffer_delay_ms=None, **{"continue": True})
        assert (await told(socket))["type"] == "chunk"


async def test_other_fields_than_the_text_may_not_change_within_a_context() -> None:
    async with simulating() as simulator, opened(simulator) as socket:
        await ask(socket, "Hello.", **{"continue": True})
        await ask(socket, "Hello.", language="de", **{"continue": True})
        refused = (await until(socket, "error"))[-1]
    assert (refused["status_code"], refused["context_id"]) == (400, "c")


@pytest.mark.parametrize(
    ("header", "query", "structured"),
    [
        ("2026-08-14", "", True),
        ("2026-03-01", "", True),
        ("2025-04-16", "", False),
        ("2026-08-14", "?cartesia_version=2025-04-16", False),
        ("2025-04-16", "?cartesia_version=2026-08-14", True),
    ],
)
async def test_errors_are_worded_by_version_and_the_query_wins(
    header: str, query: str, structured: bool
) -> None:
    versioned = {"Cartesia-Version": header}
    async with simulating() as simulator, opened(simulator, query, **versioned) as socket:
        await ask(socket, "Hello.", model_id="sonic-2")
        refused = await told(socket)
    assert ("error_code" in refused, "error" in refused) == (structured, not structured)
    assert refused["status_code"] == 400


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("", {"Authorization": "Bearer right"}),
        ("", {"X-API-Key": "right"}),
        ("?api_key=right", {}),
        ("?access_token=right", {}),
        ("?access_token=simulated-access-token", {}),
    ],
)
async def test_a_key_may_come_in_any_of_four_ways(query: str, headers: dict[str, str]) -> None:
    async with (
        simulating(api_key="right") as simulator,
        opened(simulator, query, **headers) as socket,
    ):
        await ask(socket, "Hello.")
        assert (await told(socket))["type"] == "chunk"


async def test_too_many_contexts_at_once_are_refused_by_an_event() -> None:
    slow = Profile(sound_per_s=4.0)
    async with (
        simulated_service(Terms(contexts=1), profile=slow) as simulator,
        opened(simulator) as one,
        opened(simulator) as other,
    ):
        await ask(one, "Hello there.")
        await until(one, "chunk")
        await ask(other, "Hello.")
        refused = await told(other)
        assert (refused["status_code"], refused["error_code"]) == (429, "concurrency_limited")
        await until(one, "done")
        await ask(other, "Hello.")
        await until(other, "done")


async def test_an_idle_socket_is_closed() -> None:
    async with simulated_service(Terms(idle_s=0.03)) as simulator, opened(simulator) as socket:
        with pytest.raises(ConnectionClosedOK) as closed:
            await told(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.reason == "connection idle timeout"


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("unauthorized", 401, "unauthorized"),
        ("payment_required", 402, "quota_exceeded"),
        ("forbidden", 403, "forbidden"),
        ("throttled", 429, "rate_limited"),
        ("unavailable", 503, "unavailable"),
    ],
)
async def test_a_handshake_is_refused_with_a_reason(fault: str, status: int, code: str) -> None:
    async with simulating() as simulator:
        simulator.breaks("cartesia", fault)
        with pytest.raises(InvalidStatus) as refused:
            async with opened(simulator):
                pass
        answer = refused.value.response
        assert answer.status_code == status
        assert msgspec.json.decode(answer.body or b"")["error_code"] == code
        assert ("Retry-After" in answer.headers) == (status in {429, 503})
        async with opened(simulator) as socket:
            await ask(socket, "Hello.")
            await until(socket, "done")


async def test_a_socket_is_broken_off_in_the_middle_of_a_text() -> None:
    async with simulating() as simulator, opened(simulator) as socket:
        simulator.breaks("cartesia", "drop")
        await ask(socket, "Hello there.")
        assert (await told(socket))["type"] == "chunk"
        with pytest.raises(ConnectionClosedError) as closed:
            await told(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1011


@pytest.mark.parametrize("frame", ["no json", "{}", '{"cancel":true}', b"\x00\x01"])
async def test_a_message_that_cannot_be_read_is_refused_and_the_socket_goes_on(
    frame: str | bytes,
) -> None:
    async with simulating() as simulator, opened(simulator) as socket:
        await socket.send(frame)
        assert (await told(socket))["status_code"] == 400
        await ask(socket, "Hello.")
        await until(socket, "done")


async def test_sound_of_a_cancelled_context_comes_late() -> None:
    async with simulating() as simulator, opened(simulator) as socket:
        simulator.breaks("cartesia", "late_chunks")
        await ask(socket, "Hello there.")
        await until(socket, "chunk")
        await socket.send('{"context_id":"c","cancel":true}')
        await until(socket, "done")
        await ask(socket, "Hello.", context_id="d")
        while (await until(socket, "done"))[-1]["context_id"] != "d":
            pass
        late = await told(socket)
    assert (late["type"], late["context_id"]) == ("chunk", "c")


async def test_a_stall_ends_after_the_seconds_it_was_given() -> None:
    async with simulating() as simulator, opened(simulator) as socket:
        simulator.breaks("cartesia", "stall_first", seconds=0.05)
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        await ask(socket, "Hello.")
        await until(socket, "chunk")
        assert loop.time() - asked_at >= 0.045
