"""What the server sends, byte for byte and name for name (WS-02 to WS-23, EV-09)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec
import pytest
from browser_frames import REQUEST, SESSION, UTTERANCE, pack, request, unpack
from hypothesis import given, settings
from hypothesis import strategies as st

from vantum.errors import RequestError
from vantum.wire import payloads as p
from vantum.wire.browser import BadFrame, decode
from vantum.wire.events import EVENT_INFO, LEGACY_TO_NEW, is_server_event
from vantum.wire.frames import (
    ack,
    encode,
    error_event,
    error_for,
    legacy_error_name,
)

NOW_MS = 1_735_689_600_123.0


def body(payload: msgspec.Struct | Mapping[str, object]) -> dict[str, object]:
    read = unpack(encode("x.y.z", REQUEST, SESSION, payload))["payload"]
    assert isinstance(read, dict)
    return read


def refused(
    request_type: str | None, *, code: str = "INVALID_PAYLOAD", v2: bool = False
) -> dict[str, object]:
    error = RequestError("it cannot be", code=code)
    return unpack(error_for(error, request_type, event_id=REQUEST, session_id=SESSION, v2=v2))


# Encoding


def test_ws_02_a_frame_is_one_map_of_camel_case_keys() -> None:
    frame = encode("audio.output.start", REQUEST, SESSION, p.AudioOutputStart(UTTERANCE, NOW_MS))
    assert unpack(frame) == {
        "eventType": "audio.output.start",
        "eventId": REQUEST,
        "sessionId": SESSION,
        "payload": {"utteranceId": UTTERANCE, "timestamp": NOW_MS},
    }


def test_audio_goes_out_as_bin_and_ids_as_text() -> None:
    chunk = p.AudioOutputChunk(b"\1\2\3\4", UTTERANCE, 48_000)
    frame = encode("audio.output.chunk", REQUEST, SESSION, chunk)
    assert pack("audio") + b"\xc4\x04\1\2\3\4" in frame
    assert pack("utteranceId") + b"\xd9\x24" + UTTERANCE.encode() in frame


def test_what_says_nothing_is_left_out() -> None:
    assert body(p.ResponseStart(NOW_MS)) == {"timestamp": NOW_MS}
    assert body(p.ResponseStart(NOW_MS, UTTERANCE, 412)) == {
        "timestamp": NOW_MS,
        "utteranceId": UTTERANCE,
        "waitedMs": 412,
    }
    assert body(p.Problem("no")) == {"message": "no"}
    assert body(p.InterimResult("hi", 0.5, is_final=False)) == {
        "text": "hi",
        "confidence": 0.5,
        "isFinal": False,
    }
    assert body(p.StateChanged("LISTENING", "THINKING", NOW_MS)) == {
        "from": "LISTENING",
        "to": "THINKING",
        "timestamp": NOW_MS,
    }


@pytest.mark.parametrize(
    ("number", "header"),
    [
        (0, b"\x00"),
        (127, b"\x7f"),
        (-32, b"\xe0"),
        (48_000, b"\xcd"),
        (2**31, b"\xce"),
        (2**32 - 1, b"\xce"),
        (-(2**31), b"\xd2"),
        (2**32, b"\xcb"),
        (-(2**31) - 1, b"\xcb"),
        (1_735_689_600_123, b"\xcb"),
        (2**63, b"\xcb"),
        (2**70, b"\xcb"),
        (NOW_MS, b"\xcb"),
        (0.5, b"\xcb"),
    ],
)
def test_ws_13_numbers_outside_32_bits_go_out_as_float64(number: float, header: bytes) -> None:
    frame = encode("x.y.z", REQUEST, SESSION, {"n": number})
    assert frame[frame.index(b"\xa1n") + 2 :].startswith(header)
    assert body({"n": number}) == {"n": number}


@pytest.mark.parametrize(
    "value", [{"a": [2**40]}, {"a": ({"b": 2**40},)}, {"a": {"b": {"c": 2**40}}}]
)
def test_ws_13_wide_numbers_are_found_at_any_depth(value: dict[str, object]) -> None:
    frame = encode("x.y.z", REQUEST, SESSION, value)
    assert b"\xcb\x42\x70" in frame
    assert b"\xcf" not in frame


def test_ws_13_a_struct_cannot_smuggle_a_wide_integer() -> None:
    assert isinstance(body(p.RateLimitWarning("stt", 2**40))["remainingQuota"], float)
    assert isinstance(body(p.QuotaExceeded("tts", int(NOW_MS)))["resetAt"], float)


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False)
    | st.sampled_from(["", "Ω", b"", b"\xff"])
)
KEYS = st.sampled_from(["a", "b", "Ω"])
BRANCHES = st.lists(LEAVES, max_size=3) | st.dictionaries(KEYS, LEAVES, max_size=2)
ENCODABLE = LEAVES | BRANCHES | st.lists(BRANCHES, max_size=2)


def floated(value: object) -> object:
    if isinstance(value, dict):
        return {key: floated(item) for key, item in value.items()}
    if isinstance(value, list):
        return [floated(item) for item in value]
    if isinstance(value, int) and not -(2**31) <= value < 2**32:
        return float(value)
    return value


@given(st.dictionaries(KEYS, ENCODABLE, max_size=3))
@settings(max_examples=80, deadline=None)
def test_ws_13_any_payload_comes_back_with_wide_integers_as_floats(
    payload: dict[str, object],
) -> None:
    assert body(payload) == floated(payload)


@given(st.binary(max_size=64), st.booleans(), st.none() | st.floats(allow_nan=False))
@settings(max_examples=50, deadline=None)
def test_a_chunk_makes_the_round_trip(audio: bytes, muted: bool, at_ms: float | None) -> None:
    chunk = p.AudioInputChunk(audio, muted, at_ms)
    assert decode(encode("audio.input.chunk", REQUEST, SESSION, chunk)).payload == chunk


@given(
    st.integers(8_000, 48_000),
    st.from_regex(r"[a-z]{2}-[A-Z]{2}", fullmatch=True),
    st.none() | st.text(min_size=1, max_size=20),
    st.sampled_from([None, "manual", "automatic"]),
)
@settings(max_examples=50, deadline=None)
def test_a_start_makes_the_round_trip(
    rate: int, language: str, voice: str | None, detection: p.TurnDetection | None
) -> None:
    start = p.AudioInputStart(rate, language, voice, voice, detection)
    assert decode(encode("voicechat.audio.start", REQUEST, SESSION, start)).payload == start


# Acks


@pytest.mark.parametrize(
    "name", ["voicechat.audio.start", "voicechat.audio.end", "audio.input.start",
             "audio.input.stop", "audio.input.end"]
)  # fmt: skip
def test_ws_09_ev_09_an_ack_echoes_the_request(name: str) -> None:
    assert unpack(ack(decode(request(name)))) == {
        "eventType": name,
        "eventId": REQUEST,
        "sessionId": SESSION,
        "payload": {"success": True},
    }


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("voicechat.audio.start", "audio.input.start"),
        ("voicechat.audio.end", "audio.input.stop"),
        ("audio.input.stop", "audio.input.stop"),
        ("audio.input.end", "audio.input.end"),
    ],
)
def test_a_v2_client_is_acked_in_hierarchical_names(asked: str, answered: str) -> None:
    assert unpack(ack(decode(request(asked)), v2=True))["eventType"] == answered


# Errors


@pytest.mark.parametrize(
    ("request_type", "name"),
    [
        ("voicechat.audio.start", "voicechat.audio.error"),
        ("voicechat.audio.chunk", "voicechat.audio.error"),
        ("voicechat.error", "voicechat.error"),
        ("connection.ack", "connection.error"),
        ("a.b.c", "a.b.error"),
        ("a.b", "a.error"),
        ("a.b.c.d", "a.b.c.error"),
        ("audio.input.bogus", "audio.input.error"),
        ("start", "error.unknown"),
        ("error", "error.unknown"),
    ],
)
def test_ws_19_ws_21_an_error_in_the_original_vocabulary(request_type: str, name: str) -> None:
    assert refused(request_type) == {
        "eventType": name,
        "eventId": REQUEST,
        "sessionId": SESSION,
        "payload": {"message": "it cannot be"},
        "requestType": request_type,
    }


def test_ws_20_an_error_for_undecodable_input_ends_in_error() -> None:
    frame = refused(None)
    assert frame["eventType"] == "error.error"
    assert frame["requestType"] == "error.unknown"
    assert (frame["eventId"], frame["sessionId"]) == (REQUEST, SESSION)


@given(st.text(max_size=20))
@settings(max_examples=100, deadline=None)
def test_ws_19_with_a_dot_the_original_error_name_always_ends_in_error(request_type: str) -> None:
    name = legacy_error_name(request_type)
    assert name.endswith(".error") if "." in request_type else name == "error.unknown"


@pytest.mark.parametrize(
    ("request_type", "code", "name"),
    [
        ("audio.input.start", "UNSUPPORTED_RATE", "audio.error.unsupported_rate"),
        ("audio.input.start", "INVALID_PAYLOAD", "audio.error.invalid_format"),
        ("audio.input.chunk", "INVALID_PAYLOAD", "audio.error.invalid_format"),
        ("audio.input.end", "INVALID_PAYLOAD", "audio.error.invalid_format"),
        ("audio.input.chunk", "BUFFER_OVERFLOW", "audio.error.buffer_overflow"),
        ("audio.input.start", "INVALID_STATE", "error.general.unknown"),
        ("audio.input.start", "STT_INIT_ERROR", "error.service.stt_unavailable"),
        ("audio.input.stop", "STT_ERROR", "transcript.error.stt_failed"),
        ("audio.input.stop", "LLM_ERROR", "conversation.error.llm_failed"),
        ("audio.input.stop", "TTS_ERROR", "error.service.tts_unavailable"),
        ("connection.lifecycle.heartbeat", "INVALID_PAYLOAD", "connection.error.general"),
        ("user.action.mute", "SESSION_ERROR", "connection.error.general"),
        ("user.feedback.sentiment", "INVALID_PAYLOAD", "error.general.unknown"),
        ("audio.output.chunk", "INVALID_PAYLOAD", "error.general.unknown"),
        ("user.action.mute", "INTERNAL_ERROR", "error.general.internal_server_error"),
        ("user.action.mute", "SOMETHING_NEW", "error.general.unknown"),
    ],
)
def test_ws_19_an_error_in_the_hierarchical_vocabulary(
    request_type: str, code: str, name: str
) -> None:
    assert refused(request_type, code=code) == {
        "eventType": name,
        "eventId": REQUEST,
        "sessionId": SESSION,
        "payload": {"message": "it cannot be", "code": code},
        "requestType": request_type,
    }


@pytest.mark.parametrize(
    ("request_type", "name"),
    [
        (None, "error.general.unknown"),
        ("nonsense", "error.general.unknown"),
        ("voicechat.audio.start", "audio.error.invalid_format"),
    ],
)
def test_a_v2_client_gets_hierarchical_errors_for_everything(
    request_type: str | None, name: str
) -> None:
    assert refused(request_type, v2=True)["eventType"] == name


@pytest.mark.parametrize("code", ["INVALID_PAYLOAD", "INVALID_STATE", "STT_ERROR", "ANY"])
def test_ev_02_hierarchical_errors_are_events_of_the_table(code: str) -> None:
    for request_type in (None, "x", *EVENT_INFO, *LEGACY_TO_NEW):
        name = error_event(request_type, code)
        assert is_server_event(name), request_type
        assert "error" in name.split(".")[:2], request_type


def test_ws_23_the_refusal_of_a_frame_can_be_sent_as_it_is() -> None:
    with pytest.raises(BadFrame) as caught:
        decode(request("voicechat.audio.start", {"samplingRate": math.nan}))
    bad = caught.value
    assert bad.event_id is not None
    frame = unpack(error_for(bad, bad.request_type, event_id=bad.event_id, session_id=SESSION))
    assert frame["eventType"] == "voicechat.audio.error"
    assert frame["requestType"] == "voicechat.audio.start"
    assert frame["payload"] == {"message": str(bad)}
