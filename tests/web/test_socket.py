"""The socket itself: who may open it, what its first and last frames are, what errors look like."""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import suppress

import msgspec
import pytest
from served import UUID7, Client, Frame, Served, serving, soon
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from vantum.transports.ids import Ids

pytestmark = pytest.mark.anyio

pack = msgspec.msgpack.encode


def raw_map(fields: dict[str, bytes]) -> bytes:
    body = b"".join(pack(key) + value for key, value in fields.items())
    return b"\xde" + len(fields).to_bytes(2, "big") + body


def envelope(client: Client, name: str, payload: bytes, **changes: bytes) -> bytes:
    fields = {
        "eventType": pack(name),
        "eventId": pack(Ids().new()),
        "sessionId": pack(client.session_id),
        "payload": payload,
    }
    return raw_map(fields | changes)


async def error_after(client: Client, frame: bytes | str) -> Frame:
    """Send something bad; exactly one error comes, and the connection still answers."""
    before = len(client.events)
    await client.socket.send(frame)
    await client.is_alive()
    errors = [f for f in client.events[before:] if f.is_error]
    assert len(errors) == 1, client.names()[before:]
    return errors[0]


# -- opening ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/wss", "/ws/", "/ws/x", "/socket", "/api/v1/ws"])
async def test_ws_01_any_other_path_is_refused_at_the_upgrade(server: Served, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://127.0.0.1:{server.port}{path}")
    assert refused.value.response.status_code in {403, 404}


async def test_ws_03_compression_is_not_negotiated_even_when_offered(server: Served) -> None:
    async with server.connect(compression="deflate") as client:
        assert client.socket.response is not None
        assert "Sec-WebSocket-Extensions" not in client.socket.response.headers
        await client.is_alive()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_a_page_of_another_origin_is_refused(server: Served, origin: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with server.connect(origin=origin):
            pass
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("origin", ["http://127.0.0.1:{port}", "http://localhost:5173", None])
async def test_our_own_page_and_programs_are_let_in(server: Served, origin: str | None) -> None:
    own = None if origin is None else origin.format(port=server.port)
    async with server.connect(origin=own) as client:
        await client.is_alive()


@pytest.mark.parametrize(
    ("v2", "name"), [(False, "connection.ack"), (True, "connection.lifecycle.ack")]
)
async def test_ws_05_the_first_frame_is_the_connection_ack(
    server: Served, v2: bool, name: str
) -> None:
    async with server.connect(v2=v2) as client:
        first = client.events[0]
        assert first.name == name
        assert first.payload["success"] is True
        assert UUID7.match(first.event_id)
        assert UUID7.match(first.session_id)
        assert client.socket.subprotocol == ("vantum.v2" if v2 else None)


async def test_ws_06_the_ack_waits_for_no_provider() -> None:
    down = {f"{service}_provider": "staged" for service in ("stt", "llm", "tts")}
    down |= {f"{service}_model": "down" for service in ("stt", "llm", "tts")}
    async with serving(**down) as server:

        async def median_wait_s() -> float:
            waits = []
            for _ in range(20):
                began = time.monotonic()
                async with server.connect():
                    waits.append(time.monotonic() - began)
            return statistics.median(waits)

        await soon(median_wait_s, under_s=0.1)


async def test_ws_07_a_message_sent_before_the_ack_is_answered(server: Served) -> None:
    async with server.connect(greeted=False) as client:
        event_id = await client.send("user.feedback.sentiment", {"sentiment": "positive"})
        answer = await client.answer_to(event_id)
        assert client.events[0].name == "connection.ack"
        assert answer.is_error  # it cannot know its session yet


async def test_ws_08_session_ids_are_unique_and_ordered_in_time(server: Served) -> None:
    ids = []
    for _ in range(5):
        async with server.connect() as client:
            ids.append(client.session_id)
        await asyncio.sleep(0.002)  # UUIDv7 orders by the millisecond
    assert ids == sorted(set(ids))


async def test_se_02_lookup_by_connection_and_by_session_agree(server: Served) -> None:
    async with server.connect() as client:
        live = server.calls.by_session(client.session_id)
        assert live is not None
        assert server.calls.by_connection(live.session.connection_id) is live
        connection_id = live.session.connection_id
    await server.is_empty()
    assert server.calls.by_session(client.session_id) is None
    assert server.calls.by_connection(connection_id) is None


async def test_a_v2_client_hears_that_the_session_is_ready(server: Served) -> None:
    async with server.connect(v2=True) as client:
        change = await client.hears("conversation.state.changed")
        assert (change.payload["from"], change.payload["to"]) == ("INITIALIZING", "LISTENING")
        await client.hears("system.status.ready")


# -- acks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("v2", [False, True])
async def test_ws_09_an_ack_echoes_type_and_ids(server: Served, v2: bool) -> None:
    async with server.connect(v2=v2) as client:
        event_id = Ids().new()
        ack = await client.asks(client.wire_name("audio.input.start"), {}, event_id=event_id)
        assert ack.event_id == event_id
        assert ack.name == client.wire_name("audio.input.start")
        assert ack.payload == {"success": True}


async def test_ws_11_a_chunk_gets_no_ack(server: Served) -> None:
    async with server.connect() as client:
        await client.start()
        event_id = await client.send("voicechat.audio.chunk", {"audio": bytes(3200)})
        await client.is_alive()
        assert event_id not in {frame.event_id for frame in client.events}


async def test_ws_17_duplicate_event_ids_are_accepted(server: Served) -> None:
    async with server.connect() as client:
        event_id = Ids().new()
        for _ in range(3):
            await client.send(
                "user.feedback.sentiment", {"sentiment": "negative"}, event_id=event_id
            )
        await client.is_alive()
        assert [f.event_id for f in client.events].count(event_id) == 3


async def test_ws_30_a_heartbeat_is_answered_with_a_timestamp(server: Served) -> None:
    async with server.connect(v2=True) as client:
        await client.send("connection.lifecycle.heartbeat", {"timestamp": 1.0})
        beat = await client.hears("connection.lifecycle.heartbeat")
        assert abs(beat.payload["timestamp"] / 1000 - time.time()) < 60


# -- JavaScript's oddities -------------------------------------------------------------------------

UNDEFINED = b"\xd4\x00\x00"


@pytest.mark.parametrize(
    "payload",
    [
        raw_map({"samplingRate": b"\xcb" + bytes.fromhex("40cf400000000000")}),  # 16000.0
        raw_map({"samplingRate": b"\xd3" + (16_000).to_bytes(8, "big")}),  # int64
        raw_map({"samplingRate": b"\xcf" + (16_000).to_bytes(8, "big")}),  # uint64
        raw_map({"samplingRate": UNDEFINED, "language": UNDEFINED, "voiceId": UNDEFINED}),
        raw_map({"samplingRate": pack(16_000), "colour": pack("blue"), "deep": pack([[1]])}),
        raw_map({"samplingRate": pack(16_000), "when": b"\xd6\xff\x67\x74\x85\x80"}),  # a Date
    ],
    ids=["float64", "int64", "uint64", "undefined", "extra fields", "a Date"],
)
async def test_ws_14_15_16_what_javascript_writes_is_understood(
    server: Served, payload: bytes
) -> None:
    async with server.connect() as client:
        extra = {"timestamp": b"\xd6\xff\x67\x74\x85\x80", "nothing": UNDEFINED}
        await client.socket.send(envelope(client, "voicechat.audio.start", payload, **extra))
        ack = await client.hears("audio.input.start")
        assert ack.payload == {"success": True}
        again = await client.asks("voicechat.audio.start", {"samplingRate": 16_000})
        assert again.payload == {"success": True}  # it was understood as 16 kHz


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["session", "made up"])
async def test_ws_18_another_connections_session_is_refused_without_effect_on_it(
    server: Served, what: str
) -> None:
    async with server.connect() as victim, server.connect() as client:
        session = victim.session_id if what == "session" else Ids().new()
        error = await client.asks(
            "voicechat.audio.start", {"samplingRate": 8_000}, sessionId=session
        )
        assert error.is_error
        assert error.session_id == client.session_id
        end = await client.asks("user.action.end_call", {}, sessionId=session)
        assert end.is_error
        await victim.is_alive()
        assert (await victim.start(rate=16_000)).payload == {"success": True}


@pytest.mark.parametrize(
    ("v2", "request_type", "error_name"),
    [
        (False, "voicechat.audio.start", "voicechat.audio.error"),
        (False, "a.b.c", "a.b.error"),
        (False, "nonsense", "error.unknown"),  # WS-21
        (True, "audio.input.start", "audio.error.unsupported_rate"),
        (True, "a.b.c", "error.general.unknown"),
    ],
)
async def test_ws_19_an_error_names_its_request(
    server: Served, v2: bool, request_type: str, error_name: str
) -> None:
    async with server.connect(v2=v2) as client:
        event_id = Ids().new()
        error = await client.asks(request_type, {"samplingRate": 1}, event_id=event_id)
        assert error.name == error_name
        assert error.event_id == event_id
        assert error.request_type == request_type
        assert request_type in error.payload["message"]
        assert set(error.payload) == ({"message", "code"} if v2 else {"message"})


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\xc1",
        b"\x93\x01\x02",
        pack([1, 2, 3]),
        pack("voicechat.audio.start"),
        pack(None),
        b"\xdf\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\x91" * 200_000,
        b"\x81" * 200_000,
    ],
    ids=[
        "empty",
        "never used",
        "cut list",
        "a list",
        "text",
        "null",
        "huge map",
        "huge bytes",
        "deep lists",
        "deep maps",
    ],
)
async def test_ws_20_24_undecodable_input_gets_one_error(server: Served, frame: bytes) -> None:
    async with server.connect() as client:
        error = await error_after(client, frame)
        assert error.name.endswith(".error")
        assert error.request_type == "error.unknown"
        assert error.payload["message"]


@pytest.mark.parametrize("tail", [b"\x00", b"\xc0" * 40, b"\x81"])
async def test_ws_24_trailing_bytes_get_one_error(server: Served, tail: bytes) -> None:
    async with server.connect() as client:
        good = envelope(client, "voicechat.audio.start", b"\x80")
        assert (await error_after(client, good + tail)).name.endswith(".error")
        assert (await error_after(client, good[:-3])).name.endswith(".error")


@pytest.mark.parametrize("field", ["eventType", "eventId", "sessionId"])
@pytest.mark.parametrize("value", [7, None, ["x"], True, b"bytes", ""])
async def test_ws_22_ids_and_types_that_are_no_text_get_an_error(
    server: Served, field: str, value: object
) -> None:
    async with server.connect() as client:
        frame = envelope(client, "voicechat.audio.start", b"\x80", **{field: pack(value)})
        error = await error_after(client, frame)
        assert field in error.payload["message"]


async def test_ws_23_a_missing_event_id_changes_no_state(server: Served) -> None:
    async with server.connect() as client:
        frame = {
            "eventType": "voicechat.audio.start",
            "sessionId": client.session_id,
            "payload": {"samplingRate": 8_000},
        }
        error = await error_after(client, pack(frame))
        assert error.name == "voicechat.audio.error"
        assert error.request_type == "voicechat.audio.start"
        assert UUID7.match(error.event_id)
        assert (await client.start(rate=48_000)).payload == {"success": True}


@pytest.mark.parametrize("v2", [False, True])
async def test_ws_25_a_text_frame_gets_an_error_and_breaks_nothing(
    server: Served, v2: bool
) -> None:
    async with server.connect(v2=v2) as client:
        error = await error_after(client, '{"eventType": "voicechat.audio.start"}')
        assert error.name == ("error.general.unknown" if v2 else "error.error")


async def test_ev_12_an_event_of_the_server_is_refused(server: Served) -> None:
    async with server.connect(v2=True) as client:
        error = await client.asks("audio.output.start", {"utteranceId": Ids().new()})
        assert error.is_error
        assert "server" in error.payload["message"]


# -- size ------------------------------------------------------------------------------------------


async def test_ws_04_nine_mebibytes_are_accepted(server: Served) -> None:
    async with server.connect() as client:
        await client.start(rate=48_000)
        await client.send("voicechat.audio.chunk", {"audio": bytes(9 * 1024 * 1024)})
        await client.is_alive()
        assert not [frame for frame in client.events if frame.is_error]


async def test_ws_04_more_than_ten_mebibytes_close_with_1009(server: Served) -> None:
    async with server.connect() as client:
        with suppress(ConnectionClosed):  # it may come before all is sent
            await client.socket.send(bytes(10 * 1024 * 1024 + 1))
        assert await client.is_closed() == 1009
    await server.is_empty()


# -- the end ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("v2", [False, True])
async def test_ev_16_ws_29_end_call_is_acked_and_closes_with_1000(server: Served, v2: bool) -> None:
    async with server.connect(v2=v2) as client:
        ack = await client.asks("user.action.end_call", {"reason": "done"})
        assert ack.payload == {"success": True}
        bye = await client.hears("connection.lifecycle.disconnect")
        assert bye.payload == {"reason": "caller_ended", "code": 1000}
        assert await client.is_closed() == 1000
        assert client.events[-1] is bye
    await server.is_empty()


async def test_the_disconnect_event_ends_the_call_too(server: Served) -> None:
    async with server.connect(v2=True) as client:
        await client.asks("connection.lifecycle.disconnect", {"reason": "tab closed"})
        assert await client.is_closed() == 1000
    await server.is_empty()


async def test_a_client_that_closes_is_answered_with_its_code(server: Served) -> None:
    async with server.connect() as client:
        await client.socket.close(1000, "Client disconnect")
        assert await client.is_closed() == 1000
    await server.is_empty()
