"""What Cartesia and its clients say is read, and what nobody can read is none of our trouble."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vantum.wire import cartesia as wire

REQUEST = wire.GenerationRequest(
    context_id="c",
    model_id="sonic-3.5",
    transcript="Hello.",
    voice="v",
    output_format=wire.OutputFormat("pcm_mulaw", 8_000),
    continue_=True,
    max_buffer_delay_ms=0,
)


def test_a_request_goes_out_under_the_names_of_the_service() -> None:
    assert msgspec.json.decode(wire.encoded(REQUEST)) == {
        "context_id": "c",
        "model_id": "sonic-3.5",
        "transcript": "Hello.",
        "voice": "v",
        "output_format": {"container": "raw", "encoding": "pcm_mulaw", "sample_rate": 8_000},
        "continue": True,
        "max_buffer_delay_ms": 0,
    }
    assert wire.encoded(wire.Cancel("c")) == b'{"context_id":"c","cancel":true}'


@pytest.mark.parametrize("message", [REQUEST, wire.Cancel("c")])
def test_what_a_client_says_is_what_the_service_reads(
    message: wire.GenerationRequest | wire.Cancel,
) -> None:
    assert wire.client_message(wire.encoded(message)) == message


@pytest.mark.parametrize(
    "message",
    [
        wire.Chunk("c", b"\x01\x02\x03", 1, 12.5),
        wire.Timestamps("c", wire.WordTimestamps(("Hello",), (0.0,), (0.4,)), 1),
        wire.FlushDone("c", 2),
        wire.Done("c"),
        wire.Error(context_id="c", status_code=429, error_code="concurrency_limited", done=True),
        wire.Error(status_code=400, error="Invalid model: no such model"),
    ],
)
def test_what_the_service_says_is_what_a_client_reads(message: wire.ServerMessage) -> None:
    assert wire.server_message(wire.encoded(message).decode()) == message


def test_the_examples_of_the_documentation() -> None:
    chunk = wire.server_message(
        '{"type":"chunk","data":"aSDinaTvuI8gbWludGxpZnk=","done":false,"status_code":206,'
        '"step_time":123,"context_id":"50dc"}'
    )
    assert isinstance(chunk, wire.Chunk)
    assert len(chunk.data) == 17
    legacy = wire.server_message(
        '{"type":"error","done":true,"error":"Invalid model: no","status_code":400}'
    )
    assert isinstance(legacy, wire.Error)
    assert (legacy.error, legacy.error_code) == ("Invalid model: no", None)


@pytest.mark.parametrize(
    "frame",
    [
        "<html>502</html>",
        "",
        "[]",
        "null",
        b"\xff\xfe",
        '{"type":"novelty","context_id":"c"}',
        '{"type":"phoneme_timestamps","context_id":"c","phoneme_timestamps":{}}',
        '{"type":"chunk","context_id":"c"}',
        '{"type":"chunk","data":"AAA="}',
        '{"type":"chunk","context_id":"c","data":"not base64"}',
        '{"context_id":"c","data":"AAA="}',
        "[" * 100_000,
    ],
)
def test_what_cannot_be_read_is_nothing(frame: str | bytes) -> None:
    assert wire.server_message(frame) is None


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_nothing_that_arrives_raises(frame: str | bytes) -> None:
    wire.server_message(frame)
    if isinstance(frame, bytes):
        wire.refusal(frame)


@pytest.mark.parametrize(
    "frame",
    [
        "no json",
        "{}",
        '{"cancel":true}',
        '{"context_id":"c","model_id":"m","transcript":"t","voice":"v","output_format":{}}',
    ],
)
def test_a_request_that_cannot_be_read_says_why(frame: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        wire.client_message(frame)


@pytest.mark.parametrize("delay_ms", [-1, 5_001])
def test_a_buffer_delay_beyond_five_seconds_is_refused(delay_ms: int) -> None:
    frame = wire.encoded(msgspec.structs.replace(REQUEST, max_buffer_delay_ms=delay_ms))
    with pytest.raises(ValueError, match="max_buffer_delay_ms"):
        wire.client_message(frame)


def test_a_voice_may_be_named_by_an_object() -> None:
    frame = wire.encoded(REQUEST).replace(b'"v"', b'{"mode":"id","id":"v"}')
    read = wire.client_message(frame)
    assert isinstance(read, wire.GenerationRequest)
    assert read.voice == wire.VoiceRef("v")


def test_why_a_handshake_was_refused_is_read_where_it_is_told() -> None:
    assert wire.refusal(b'{"error_code":"quota","status_code":402}').error_code == "quota"
    assert wire.refusal(b"Payment Required") == wire.Error()
