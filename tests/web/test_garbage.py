"""Any bytes at all on a live connection: one error for each bad frame, and nothing else happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served import Client, Served

from vantum.transports.ids import Ids
from vantum.wire.browser import BadFrame, decode

pytestmark = pytest.mark.anyio

MEMORY_MB = 60  # the largest frames here are 1 MB; each is held a few times over while it is read
IDS = Ids()


@pytest.fixture(scope="module")
async def victim(server: Served) -> AsyncIterator[Client]:
    """The one connection that takes it all."""
    async with server.connect() as client:
        await client.start()
        yield client


def frame(session_id: str, name: str, payload: object) -> bytes:
    values = {
        "eventType": name,
        "eventId": IDS.new(),
        "sessionId": session_id,
        "payload": payload,
    }
    return msgspec.msgpack.encode(values)


trees = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text()
    | st.binary(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
huge = st.sampled_from(
    [
        b"\xdf\xff\xff\xff\xff",  # a map of 4 billion
        b"\xdd\xff\xff\xff\xff\x01",
        b"\xc6\xff\xff\xff\xff",
        b"\xdb\x7f\xff\xff\xff" + b"x" * 100,
        b"\xc9\xff\xff\xff\xff\x00",
        b"\x91" * 1_000_000,
        b"\x81\xa1a" * 300_000,
        b"\xde\xff\xff" + b"\xa1a\xc0" * 10,
    ]
)
raw = st.binary(max_size=200) | huge | trees.map(msgspec.msgpack.encode)


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[int, int, bytes, object]:
    """How to spoil a good frame: cut at, flip at, append, or another payload."""
    return (
        draw(st.integers(0, 200)),
        draw(st.integers(0, 8 * 200)),
        draw(st.binary(max_size=3)),
        draw(st.sampled_from([{"sentiment": "neutral"}, {"sentiment": 7}, {}, [], None]) | trees),
    )


def spoil(session_id: str, how: tuple[int, int, bytes, object]) -> bytes:
    cut, flip, tail, payload = how
    whole = bytearray(frame(session_id, "user.feedback.sentiment", payload))
    if flip // 8 < len(whole):
        whole[flip // 8] ^= 1 << flip % 8
    return bytes(whole[: cut or None]) + tail if cut < len(whole) else bytes(whole) + tail


def deserves_error(message: bytes | str, client: Client) -> bool:
    if isinstance(message, str):
        return True
    try:
        request = decode(message)
    except BadFrame as bad:
        client.will_echo(bad.event_id)
        return True
    client.will_echo(request.event_id)
    return request.session_id != client.session_id


def pace_warning(text: str) -> bool:
    return text.startswith("More than")


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.lists(raw | spoilt() | st.text(max_size=20), min_size=1, max_size=8))
async def test_every_bad_frame_gets_one_error_and_the_next_good_one_its_answer(
    victim: Client, given_frames: list[bytes | str | tuple[int, int, bytes, object]]
) -> None:
    tasks = len(asyncio.all_tasks())
    before = len(victim.events)
    bad = 0
    for item in given_frames:
        message = spoil(victim.session_id, item) if isinstance(item, tuple) else item
        bad += deserves_error(message, victim)
        await victim.socket.send(message)
    await victim.is_alive()
    errors = [f for f in victim.events[before:] if f.is_error]
    errors = [f for f in errors if not pace_warning(f.payload["message"])]
    assert len(errors) == bad
    for error in errors:
        assert ".error" in f".{error.name}"
        assert error.payload["message"]
        assert len(error.payload["message"]) < 600
    assert len(asyncio.all_tasks()) == tasks


async def test_reordered_and_repeated_requests_are_all_answered(server: Served) -> None:
    async with server.connect() as client:
        names = ["end", "start", "end", "end", "chunk", "start", "start", "chunk", "end", "start"]
        sent = []
        for name in names:
            payload = {"audio": bytes(320)} if name == "chunk" else {}
            event_id = await client.send(f"voicechat.audio.{name}", payload)
            if name != "chunk":
                sent.append(event_id)
        for event_id in sent:
            assert (await client.answer_to(event_id)).payload == {"success": True}


async def test_a_flood_of_huge_frames_takes_bounded_memory(server: Served) -> None:
    process = psutil.Process()
    async with server.connect() as client:
        await client.is_alive()
        before = process.memory_info().rss
        peak = before
        for _ in range(10):
            for nested in (b"\x91" * 1_000_000, b"\x81\xa1a" * 300_000, b"\xdd\xff\xff\xff\xff"):
                await client.socket.send(nested)
            await client.is_alive()
            peak = max(peak, process.memory_info().rss)
        assert (peak - before) / 2**20 < MEMORY_MB
        assert sum(frame.is_error for frame in client.events) == 30
