"""What a recording may be announced as, and which chunks count."""

from __future__ import annotations

import msgspec
import pytest
from served import Client, Served, alone, tone

pytestmark = pytest.mark.anyio

OK = {"success": True}
NAMED = {"stt_provider": "staged", "stt_model": "named"}
both = pytest.mark.parametrize("v2", [False, True], ids=["legacy", "v2"])


async def heard(client: Client) -> str:
    """End the recording; what the recogniser was given."""
    assert (await client.ends()).payload == OK
    return str(client.all("transcript.final.result")[-1].payload["text"])


@both
@pytest.mark.parametrize(
    "rate", [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 16_000.0]
)
async def test_au_01_usual_and_odd_rates_are_accepted(
    server: Served, rate: float, v2: bool
) -> None:
    async with server.connect(v2=v2) as client:
        ack = await client.asks(client.wire_name("audio.input.start"), {"samplingRate": rate})
        assert ack.payload == OK


@both
@pytest.mark.parametrize(
    "rate", [7_999, 48_001, -1, 0, 16_000.5, float("nan"), float("inf"), 2**40, "16000", [16_000]]
)
async def test_au_02_other_rates_are_refused(server: Served, rate: object, v2: bool) -> None:
    async with server.connect(v2=v2) as client:
        error = await client.asks(client.wire_name("audio.input.start"), {"samplingRate": rate})
        assert error.name == ("audio.error.unsupported_rate" if v2 else "voicechat.audio.error")
        assert "8000" in error.payload["message"]
        assert "48000" in error.payload["message"]
        assert (await client.start()).payload == OK


async def test_au_03_no_rate_means_16_khz(server: Served) -> None:
    async with server.connect() as client:
        assert (await client.start(rate=None)).payload == OK
        assert (await client.start(rate=16_000)).payload == OK
        assert (await client.start(rate=48_000)).is_error


async def test_au_03_another_rate_while_recording_is_refused_as_such(server: Served) -> None:
    async with server.connect(v2=True) as client:
        assert (await client.start(rate=16_000)).payload == OK
        error = await client.start(rate=48_000)
        assert error.name == "audio.error.unsupported_rate"
        assert error.payload["code"] == "UNSUPPORTED_RATE"


@both
@pytest.mark.parametrize("payload", [b"\xc0", b"\xa1x", b"\x90", b"\x01", b"\xc4\x00"])
async def test_au_04_a_payload_that_is_no_map_is_refused(
    server: Served, payload: bytes, v2: bool
) -> None:
    async with server.connect(v2=v2) as client:
        for name in ("audio.input.start", "audio.input.stop"):
            wire = client.wire_name(name)
            error = await client.asks(wire, payload=msgspec.Raw(payload))
            assert error.is_error
            assert error.request_type == wire


async def test_au_04_a_missing_payload_is_refused(server: Served) -> None:
    async with server.connect() as client:
        event_id = "01941f29-7c01-7000-8000-000000000002"
        client.will_echo(event_id)
        frame = {
            "eventType": "voicechat.audio.start",
            "eventId": event_id,
            "sessionId": client.session_id,
        }
        await client.socket.send(msgspec.msgpack.encode(frame))
        error = await client.answer_to(event_id)
        assert error.name == "voicechat.audio.error"
        assert "payload" in error.payload["message"]


@both
@pytest.mark.parametrize(
    "fields",
    [{"language": "english"}, {"language": 7}, {"voiceId": 7}, {"voiceId": ["x"]}],
    ids=str,
)
async def test_language_and_voice_are_checked(
    server: Served, fields: dict[str, object], v2: bool
) -> None:
    async with server.connect(v2=v2) as client:
        error = await client.start(**fields)
        assert error.is_error
        assert next(iter(fields)) in error.payload["message"]
        assert (await client.start()).payload == OK


async def test_au_05_an_unknown_voice_is_answered_with_the_default_one(server: Served) -> None:
    async with server.connect() as client:
        await client.asks_aloud(voiceId="nobody-has-this-voice")
        assert await client.hears_answer()


@both
async def test_au_06_another_rate_while_recording_is_refused(server: Served, v2: bool) -> None:
    async with server.connect(v2=v2) as client:
        assert (await client.start(rate=48_000)).payload == OK
        error = await client.start(rate=16_000)
        assert error.is_error
        assert "48000" in error.payload["message"]
        assert (await client.start(rate=48_000)).payload == OK
        assert (await client.ends()).payload == OK
        assert (await client.start(rate=16_000)).payload == OK


@both
@pytest.mark.parametrize(
    "payload", [{"audio": "text"}, {"audio": [1, 2]}, {"audio": 5}, {}, {"audio": None}], ids=str
)
async def test_au_07_a_chunk_without_bytes_is_refused(
    server: Served, payload: dict[str, object], v2: bool
) -> None:
    async with server.connect(v2=v2) as client:
        await client.start()
        wire = client.wire_name("audio.input.chunk")
        error = await client.asks(wire, payload)
        assert error.request_type == wire
        assert error.name == ("audio.error.invalid_format" if v2 else "voicechat.audio.error")


@both
async def test_au_08_chunks_before_the_start_are_dropped_without_an_error(v2: bool) -> None:
    async with alone(v2=v2, **NAMED) as client:
        await client.says(pcm=bytes([9]) * 3_200)
        await client.start(turnDetection="manual")
        await client.says(pcm=bytes([1]) * 3_200)
        assert await heard(client) == "caller 1 with 3200 bytes"
        assert not [frame for frame in client.events if frame.is_error]


@both
async def test_au_08_chunks_between_start_and_its_ack_are_kept(v2: bool) -> None:
    async with alone(v2=v2, **NAMED) as client:
        event_id = await client.send(
            client.wire_name("audio.input.start"), {"turnDetection": "manual"}
        )
        await client.says(pcm=bytes([1]) * 6_400)
        assert (await client.answer_to(event_id)).payload == OK
        assert await heard(client) == "caller 1 with 6400 bytes"


async def test_chunks_after_the_end_belong_to_no_recording() -> None:
    async with alone(**NAMED) as client:
        await client.start()
        await client.says(pcm=bytes([1]) * 3_200)
        assert await heard(client) == "caller 1 with 3200 bytes"
        await client.says(pcm=bytes([9]) * 3_200)
        await client.start()
        await client.says(pcm=bytes([2]) * 3_200)
        assert await heard(client) == "caller 2 with 3200 bytes"


async def test_au_09_an_odd_byte_is_lost_and_an_empty_chunk_ignored() -> None:
    async with alone(**NAMED) as client:
        await client.start()
        for size in (0, 321, 1, 320):
            await client.send("voicechat.audio.chunk", {"audio": bytes([1]) * size})
        assert await heard(client) == "caller 1 with 640 bytes"
        assert not [frame for frame in client.events if frame.is_error]


async def test_au_10_muted_chunks_are_not_heard() -> None:
    async with alone(**NAMED) as client:
        await client.start()
        await client.send("voicechat.audio.chunk", {"audio": bytes([9]) * 320, "isMuted": True})
        await client.send("voicechat.audio.chunk", {"audio": bytes([1]) * 320, "isMuted": False})
        assert await heard(client) == "caller 1 with 320 bytes"


@both
async def test_ev_15_mute_and_unmute_stop_and_resume_forwarding(v2: bool) -> None:
    async with alone(v2=v2, **NAMED) as client:
        await client.start(turnDetection="manual")
        await client.says(pcm=bytes([1]) * 3_200)
        assert (await client.asks("user.action.mute", {"timestamp": 1.0})).payload == OK
        await client.says(pcm=bytes([9]) * 3_200)
        assert (await client.asks("user.action.unmute")).payload == OK
        await client.says(pcm=bytes([2]) * 3_200)
        assert await heard(client) == "caller 1 2 with 6400 bytes"


@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
async def test_a_whole_turn_at_the_callers_own_rate(server: Served, rate: int) -> None:
    async with server.connect() as client:
        await client.start(rate=rate)
        await client.says(pcm=tone(0.3, rate), rate=rate)
        await client.ends()
        final = await client.hears("transcript.final.result")
        assert final.payload["duration"] == 300
        await client.hears("audio.output.start")
