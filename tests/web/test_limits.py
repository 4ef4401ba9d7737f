"""How much clients may have and how long: room, pace, expiry, and peers that are gone."""

from __future__ import annotations

import asyncio
import base64
import os
import socket
import time

import pytest
from served import DEADLINE_S, Served, alone, eventually, serving

from vantum.providers.base import ListenOptions

pytestmark = pytest.mark.anyio

LISTEN = ListenOptions()


# -- room ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("v2", [False, True])
async def test_ws_28_ev_18_above_the_limit_a_client_is_refused_with_a_reason(v2: bool) -> None:
    async with (
        serving(max_sessions=2) as server,
        server.connect() as first,
        server.connect(v2=True) as second,
    ):
        async with server.connect(v2=v2) as third:
            assert await third.is_closed() == 1013
            assert third.names() == ["system.status.busy"]
            busy = third.events[0].payload
            assert (busy["activeSessions"], busy["maxSessions"]) == (2, 2)
            assert busy["message"]
        await first.is_alive()
        await second.is_alive()
        await first.leaves()
        await eventually(lambda: len(server.calls) == 1)
        async with server.connect() as fourth:
            await fourth.is_alive()


# -- pace ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("v2", [False, True])
async def test_ws_27_more_than_100_messages_a_second_are_reported_and_none_is_lost(
    v2: bool,
) -> None:
    async with alone(v2=v2) as client:
        began = time.monotonic()
        sent = [
            await client.send("user.feedback.sentiment", {"sentiment": "neutral"})
            for _ in range(250)
        ]
        for event_id in sent:
            await client.answer_to(event_id)
        took_s = time.monotonic() - began
        assert took_s > 1.4
        warnings = [frame for frame in client.events if frame.is_error]
        assert 1 <= len(warnings) <= 1 + took_s  # at most one a second
        assert "100" in warnings[0].payload["message"]


async def test_ws_27_the_allowed_pace_is_never_reported(server: Served) -> None:
    async with server.connect() as client:
        for _ in range(98):
            await client.send("voicechat.audio.chunk", {"audio": bytes(640)})
        await client.is_alive()
        assert not [frame for frame in client.events if frame.is_error]


# -- age -------------------------------------------------------------------------------------------


HOUR_S = 3_600.0


def grow_old(server: Served, *, age_s: float = 0, idle_s: float = 0) -> None:
    """The only session began, or last gave a sign of life, so much longer ago."""
    session = next(iter(server.calls)).session
    session.created_at -= age_s
    session.last_activity -= idle_s


@pytest.mark.parametrize("limit", ["session_idle_s", "session_age_s"])
@pytest.mark.parametrize("v2", [False, True])
async def test_se_04_05_an_expired_session_is_told_and_closed(limit: str, v2: bool) -> None:
    async with serving(session_sweep_s=0.02, **{limit: 0.1}) as server:
        async with server.connect(v2=v2) as client:
            assert await client.is_closed() == 1000
            assert client.names()[-2:] == [
                "connection.error.timeout",
                "connection.lifecycle.disconnect",
            ]
            assert client.events[-1].payload["reason"] == "expired"
        await server.is_empty()


async def test_se_04_a_session_expires_in_the_middle_of_an_answer() -> None:
    talkative = {"llm_provider": "staged", "llm_model": "talkative"}
    async with serving(session_sweep_s=0.02, **talkative) as server:
        async with server.connect() as client:
            await client.asks_aloud()
            await client.hears("audio.output.chunk")
            grow_old(server, age_s=2 * HOUR_S)
            assert await client.is_closed() == 1000
            assert "voicechat.response.stop" in client.names()
        await server.is_empty()


async def test_se_03_signs_of_life_keep_a_session() -> None:
    async with serving(session_sweep_s=0.01) as server, server.connect(v2=True) as client:
        for _ in range(3):
            grow_old(server, idle_s=0.4 * HOUR_S)
            await client.send("connection.lifecycle.heartbeat", {"timestamp": 1.0})
            await client.hears("connection.lifecycle.heartbeat")
            await asyncio.sleep(0.03)  # some sweeps
        assert len(server.calls) == 1


# -- peers that are gone ---------------------------------------------------------------------------


async def handshake(server: Served, *, receive_bytes: int = 0) -> socket.socket:
    """A peer that speaks WebSocket only as far as the upgrade, and answers no ping."""
    peer = socket.socket()
    if receive_bytes:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    peer.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(peer, ("127.0.0.1", server.port))
    key = base64.b64encode(os.urandom(16)).decode()
    await loop.sock_sendall(
        peer,
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode(),
    )
    await eventually(lambda: len(server.calls) == 1)
    return peer


async def test_ws_31_a_peer_that_answers_no_ping_is_found_and_cleaned_up() -> None:
    async with serving(ping_interval_s=0.1) as server:
        peer = await handshake(server)
        received = b""
        async with asyncio.timeout(DEADLINE_S):
            while data := await asyncio.get_running_loop().sock_recv(peer, 65_536):
                received += data
        assert b"has not replied to ping" in received
        await server.is_empty()
        peer.close()


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux does it")
async def test_ws_31_a_peer_that_reads_nothing_is_cleaned_up_though_data_waits() -> None:
    settings = {"llm_provider": "staged", "llm_model": "talkative"}
    async with serving(ping_interval_s=0.3, send_buffer_bytes=4_096, **settings) as server:
        peer = await handshake(server, receive_bytes=2_048)
        live = next(iter(server.calls))
        live.call.open_input(LISTEN, automatic=False, greets=False)
        await live.call.hear(b"\x01\x00" * 1_600)
        live.call.close_input()
        await server.is_empty()
        peer.close()
