"""What a browser may send, and how everything else is refused (rows WS, EV, AU)."""

from __future__ import annotations

import math

import msgspec
import pytest
from browser_frames import (
    DATE,
    DATE_64,
    DATE_96,
    DATE_MS,
    INT64,
    OTHER_EXT,
    REQUEST,
    SESSION,
    UINT64,
    UNDEFINED,
    pack,
    raw_map,
    request,
)

from vantum.errors import RequestError
from vantum.wire import payloads as p
from vantum.wire.browser import BadFrame, Request, decode
from vantum.wire.events import EVENT_INFO, EXTENSION_EVENTS, LEGACY_TO_NEW, is_client_event

START_NAMES = ("voicechat.audio.start", "audio.input.start")
CHUNK_NAMES = ("voicechat.audio.chunk", "audio.input.chunk")
END_NAMES = ("voicechat.audio.end", "audio.input.stop", "audio.input.end")

MINIMAL: dict[str, dict[str, object]] = {
    "audio.input.chunk": {"audio": b"\0\0"},
    "audio.output.progress": {"utteranceId": REQUEST, "playedMs": 200},
    "user.feedback.sentiment": {"sentiment": "positive"},
}


def start(**payload: object) -> p.AudioInputStart:
    read = decode(request("audio.input.start", payload)).payload
    assert isinstance(read, p.AudioInputStart)
    return read


def refusal(frame: bytes) -> BadFrame:
    with pytest.raises(BadFrame) as caught:
        decode(frame)
    return caught.value


# What is accepted


@pytest.mark.parametrize("name", sorted(n for n in EVENT_INFO if is_client_event(n)))
def test_every_client_event_is_read(name: str) -> None:
    read = decode(request(name, MINIMAL.get(name)))
    assert (read.name, read.event_type, read.legacy) == (name, name, False)
    assert (read.event_id, read.session_id) == (REQUEST, SESSION)
    assert type(read.payload) is EVENT_INFO[name].payload


@pytest.mark.parametrize(
    ("sent", "meant"), [(old, new) for old, new in LEGACY_TO_NEW.items() if ".audio." in old]
)
def test_ev_11_original_names_are_read_as_what_they_stand_for(sent: str, meant: str) -> None:
    read = decode(request(sent, MINIMAL.get(meant)))
    assert (read.name, read.event_type, read.legacy) == (meant, sent, True)


def test_ev_10_end_is_another_name_for_stop() -> None:
    read = decode(request("audio.input.end"))
    assert (read.name, read.event_type, read.legacy) == (
        "audio.input.stop",
        "audio.input.end",
        False,
    )


def test_ws_17_a_repeated_event_id_is_nobodys_business_here() -> None:
    frame = request("audio.input.start")
    assert decode(frame) == decode(frame)


def test_ws_02_a_small_map_may_be_written_as_map16() -> None:
    payload = raw_map({"samplingRate": pack(48_000)}, wide=True)
    fields = {"eventType": "audio.input.start", "eventId": REQUEST, "sessionId": SESSION}
    encoded = {key: pack(value) for key, value in fields.items()}
    read = decode(raw_map({**encoded, "payload": payload}, wide=True))
    assert read.payload == p.AudioInputStart(sampling_rate=48_000)


@pytest.mark.parametrize("rate", [8000, 8001, 16000, 22050, 24000, 32000, 44100, 47999, 48000])
def test_au_01_rates_within_the_bounds_are_taken(rate: int) -> None:
    assert start(samplingRate=rate).sampling_rate == rate


@pytest.mark.parametrize("rate", [8000.0, 16000.0, 44100.0, 48000.0])
def test_ws_15_a_whole_number_may_come_as_float64(rate: float) -> None:
    read = start(samplingRate=rate).sampling_rate
    assert read == rate
    assert isinstance(read, int)


def test_ws_15_a_whole_number_may_come_as_float32() -> None:
    payload = raw_map({"samplingRate": b"\xca\x46\x7a\x00\x00"})
    assert decode(request("audio.input.start", payload=payload)).payload == p.AudioInputStart(16000)


@pytest.mark.parametrize("payload", [{}, {"samplingRate": None}])
def test_au_03_without_a_rate_it_is_16000(payload: dict[str, object]) -> None:
    assert start(**payload).sampling_rate == 16_000


def test_start_carries_language_voice_agent_and_turn_detection() -> None:
    read = start(language="de-DE", voiceId="kyle", agent="sales", turnDetection="manual")
    assert read == p.AudioInputStart(16_000, "de-DE", "kyle", "sales", "manual")
    assert start() == p.AudioInputStart(16_000, None, None, None, None)


@pytest.mark.parametrize("voice", ["no-such-voice", "Ω", "x" * 128])
def test_au_05_any_text_is_a_voice_until_the_provider_knows_better(voice: str) -> None:
    assert start(voiceId=voice).voice_id == voice


@pytest.mark.parametrize("audio", [b"", b"\0", b"\0\0", bytes(9600)])
def test_au_09_chunks_of_any_length_are_read_as_they_are(audio: bytes) -> None:
    read = decode(request("audio.input.chunk", {"audio": audio})).payload
    assert read == p.AudioInputChunk(audio)


def test_au_10_a_muted_chunk_says_so() -> None:
    read = decode(request("voicechat.audio.chunk", {"audio": b"ab", "isMuted": True})).payload
    assert read == p.AudioInputChunk(b"ab", is_muted=True)


@pytest.mark.parametrize("sentiment", ["positive", "neutral", "negative"])
def test_ev_17_the_three_sentiments_are_read(sentiment: str) -> None:
    read = decode(request("user.feedback.sentiment", {"sentiment": sentiment})).payload
    assert isinstance(read, p.Feedback)
    assert read.sentiment == sentiment


# JavaScript's oddities


@pytest.mark.parametrize("field", ["samplingRate", "language", "voiceId", "agent", "turnDetection"])
@pytest.mark.parametrize("nothing", [UNDEFINED, b"\xc0", OTHER_EXT])
def test_ws_14_undefined_in_start_counts_as_absent(field: str, nothing: bytes) -> None:
    payload = raw_map({field: nothing})
    assert decode(request("audio.input.start", payload=payload)).payload == p.AudioInputStart()


def test_ws_14_undefined_in_a_chunk_counts_as_absent() -> None:
    payload = raw_map({"audio": pack(b"ab"), "isMuted": UNDEFINED, "timestamp": UNDEFINED})
    read = decode(request("voicechat.audio.chunk", payload=payload)).payload
    assert read == p.AudioInputChunk(b"ab")


@pytest.mark.parametrize("field", ["eventId", "sessionId"])
def test_ws_14_an_undefined_envelope_field_is_missing(field: str) -> None:
    bad = refusal(request("audio.input.start", **{field: UNDEFINED}))
    assert f"{field} is missing" in str(bad)
    assert bad.request_type == "audio.input.start"


def test_ws_14_an_undefined_type_is_missing() -> None:
    bad = refusal(request("x", eventType=UNDEFINED))
    assert "eventType is missing" in str(bad)
    assert (bad.request_type, bad.event_id) == (None, REQUEST)


@pytest.mark.parametrize("value", [UNDEFINED, DATE, DATE_96, OTHER_EXT, INT64, UINT64, b"\xc0"])
def test_ws_16_extra_envelope_fields_do_no_harm(value: bytes) -> None:
    read = decode(request("audio.input.start", timestamp=value, anything=value))
    assert read.payload == p.AudioInputStart()


@pytest.mark.parametrize("value", [UNDEFINED, DATE, DATE_64, OTHER_EXT, INT64, UINT64, b"\x90"])
def test_ws_16_extra_payload_fields_do_no_harm(value: bytes) -> None:
    payload = raw_map({"samplingRate": pack(24_000), "extra": value, "samplingrate": value})
    assert decode(request("audio.input.start", payload=payload)).payload == p.AudioInputStart(24000)


@pytest.mark.parametrize("value", [DATE, DATE_64, DATE_96, pack(DATE_MS), pack(int(DATE_MS))])
@pytest.mark.parametrize("name", ["user.action.interrupt", "connection.lifecycle.heartbeat"])
def test_ws_16_a_moment_may_be_a_date_or_a_number(name: str, value: bytes) -> None:
    read = decode(request(name, payload=raw_map({"timestamp": value}))).payload
    assert read == p.Moment(DATE_MS)


@pytest.mark.parametrize("value", [INT64, UINT64])
def test_ws_16_a_moment_may_be_a_64_bit_integer(value: bytes) -> None:
    read = decode(request("user.action.mute", payload=raw_map({"timestamp": value}))).payload
    assert read == p.Moment(float(msgspec.msgpack.decode(value)))


def test_ws_16_a_date_outside_the_calendar_counts_as_absent() -> None:
    endless = b"\xc7\x0c\xff" + bytes(4) + b"\x7f" + b"\xff" * 7
    read = decode(request("user.action.mute", payload=raw_map({"timestamp": endless}))).payload
    assert read == p.Moment()


def test_ws_16_a_64_bit_rate_is_taken_by_its_value() -> None:
    payload = raw_map({"samplingRate": b"\xcf" + (16_000).to_bytes(8, "big")})
    assert decode(request("audio.input.start", payload=payload)).payload == p.AudioInputStart(16000)


# What is refused


def test_a_bad_frame_is_the_clients_fault() -> None:
    bad = refusal(b"")
    assert isinstance(bad, RequestError)


@pytest.mark.parametrize(
    "rate",
    [7999, 48001, -1, 0, 16000.5, 7999.0, math.nan, math.inf, 1e300, 2**63, "16000", True, [], {}],
)
@pytest.mark.parametrize("name", START_NAMES)
def test_au_02_other_rates_are_refused_with_the_bounds(name: str, rate: object) -> None:
    bad = refusal(request(name, {"samplingRate": rate}))
    assert bad.wire_code == "UNSUPPORTED_RATE"
    assert bad.request_type == name
    assert bad.event_id == REQUEST
    for part in (name, "samplingRate", "8000", "48000"):
        assert part in str(bad)


@pytest.mark.parametrize(("rate", "shown"), [(7999, "7999"), (48001.5, "48001.5"), ("x", "text")])
def test_au_02_the_refusal_names_what_came(rate: object, shown: str) -> None:
    assert str(refusal(request("audio.input.start", {"samplingRate": rate}))).endswith(
        f"got {shown}"
    )


@pytest.mark.parametrize("payload", [b"\xc0", UNDEFINED, pack("x"), b"\x90", b"\x01", DATE, None])
@pytest.mark.parametrize("name", [*START_NAMES, *END_NAMES, *CHUNK_NAMES])
def test_au_04_a_payload_must_be_a_map(name: str, payload: bytes | None) -> None:
    bad = refusal(request(name, payload=payload))
    assert (bad.request_type, bad.event_id) == (name, REQUEST)
    assert "map" in str(bad)


@pytest.mark.parametrize(
    "payload",
    [{}, {"audio": "text"}, {"audio": [0, 0]}, {"audio": None}, {"audio": 5}, {"audio": {"0": 1}}],
)
@pytest.mark.parametrize("name", CHUNK_NAMES)
def test_au_07_a_chunk_without_bytes_is_refused(name: str, payload: dict[str, object]) -> None:
    bad = refusal(request(name, payload))
    assert bad.request_type == name
    assert "audio" in str(bad)
    assert "bytes" in str(bad)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("language", "english"),
        ("language", "en"),
        ("language", "EN-us"),
        ("language", "en-US-x"),
        ("language", 5),
        ("voiceId", 5),
        ("voiceId", ""),
        ("voiceId", ["kyle"]),
        ("voiceId", "x" * 129),
        ("agent", False),
        ("turnDetection", "sometimes"),
        ("turnDetection", 1),
    ],
)
def test_ev_06_each_field_of_start_is_checked_and_named(field: str, value: object) -> None:
    bad = refusal(request("audio.input.start", {field: value}))
    assert f"{field} must be " in str(bad)
    assert bad.wire_code == "INVALID_PAYLOAD"


@pytest.mark.parametrize(
    ("name", "payload", "field"),
    [
        ("audio.input.chunk", {"audio": b"", "isMuted": "no"}, "isMuted"),
        ("audio.input.chunk", {"audio": b"", "timestamp": "now"}, "timestamp"),
        ("audio.input.stop", {"reason": 5}, "reason"),
        ("user.action.end_call", {"reason": "x" * 1001}, "reason"),
        ("user.action.interrupt", {"timestamp": []}, "timestamp"),
        ("user.feedback.sentiment", {"sentiment": "glad"}, "sentiment"),
        ("user.feedback.sentiment", {}, "sentiment"),
        ("connection.lifecycle.disconnect", {"code": 7}, "code"),
        ("audio.output.progress", {"playedMs": 5}, "utteranceId"),
        ("audio.output.progress", {"utteranceId": REQUEST, "playedMs": -1}, "playedMs"),
        ("audio.output.progress", {"utteranceId": REQUEST, "playedMs": math.nan}, "playedMs"),
        ("audio.output.progress", {"utteranceId": REQUEST, "playedMs": math.inf}, "playedMs"),
    ],
)
def test_ev_06_ev_17_payloads_of_other_events_are_checked(
    name: str, payload: dict[str, object], field: str
) -> None:
    assert f"{field} " in str(refusal(request(name, payload)))


@pytest.mark.parametrize(
    "name",
    [n for n in (*EVENT_INFO, *LEGACY_TO_NEW) if not is_client_event(LEGACY_TO_NEW.get(n, n))],
)
def test_ev_12_what_only_the_server_sends_is_refused(name: str) -> None:
    bad = refusal(request(name))
    assert "server only" in str(bad)
    assert (bad.request_type, bad.event_id) == (name, REQUEST)


@pytest.mark.parametrize("name", ["start", "foo.bar", "voicechat.audio.pause", "audio.input", "."])
def test_ws_21_an_unknown_type_is_refused_by_name(name: str) -> None:
    bad = refusal(request(name))
    assert name in str(bad)
    assert (bad.request_type, bad.event_id) == (name, REQUEST)


@pytest.mark.parametrize("value", [b"\x05", b"\xc0", b"\x90", b"\x80", pack(b"x"), pack(""), DATE])
@pytest.mark.parametrize("field", ["eventType", "eventId", "sessionId"])
def test_ws_22_an_envelope_field_that_is_not_text_is_refused(field: str, value: bytes) -> None:
    bad = refusal(request("audio.input.start", **{field: value}))
    assert field in str(bad)
    assert bad.request_type == (None if field == "eventType" else "audio.input.start")
    assert bad.event_id == (None if field == "eventId" else REQUEST)


@pytest.mark.parametrize("field", ["eventId", "sessionId", "payload"])
def test_ws_23_a_missing_envelope_field_is_named(field: str) -> None:
    bad = refusal(request("voicechat.audio.start", **{field: None}))
    assert f"{field} is missing" in str(bad)
    assert bad.request_type == "voicechat.audio.start"


@pytest.mark.parametrize("value", [5, None, "text", [1], True, 1.5, b"bytes", []])
def test_ws_24_a_value_that_is_no_map_is_misshapen(value: object) -> None:
    bad = refusal(pack(value))
    assert "must be a map with" in str(bad)
    assert (bad.request_type, bad.event_id) == (None, None)


def test_ws_24_undecodable_and_misshapen_read_differently() -> None:
    assert str(refusal(b"\xc1")) != str(refusal(pack([])))


def test_request_types_too_long_to_echo_are_not_echoed() -> None:
    bad = refusal(request("x." * 5_000))
    assert bad.request_type is None
    assert len(str(bad)) < 200


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\xc1",
        b'{"eventType":"audio.input.start"}',
        request("audio.input.start", {"samplingRate": "/etc/passwd"}),
        request("audio.input.start", {"voiceId": 5}),
        request("audio.input.chunk", {"audio": "sk-secret"}),
        request("audio.input.start", sessionId=b"\x05"),
    ],
)
def test_ws_26_messages_are_short_and_show_no_insides(frame: bytes) -> None:
    bad = refusal(frame)
    assert len(str(bad)) < 200
    for inside in ("Traceback", "/", "\\", ".py", "`", "$", "secret", "msgspec", "Decoder"):
        assert inside not in str(bad)
    assert bad.__cause__ is None


def test_extensions_sent_by_the_server_are_not_taken_from_a_client() -> None:
    assert [n for n in EXTENSION_EVENTS if is_client_event(n)] == ["audio.output.progress"]
    assert "server only" in str(refusal(request("audio.output.pause", {"utteranceId": REQUEST})))


def test_a_request_keeps_nothing_of_the_frame_but_its_values() -> None:
    frame = bytearray(request("audio.input.chunk", {"audio": b"abcd"}))
    read = decode(bytes(frame))
    frame[:] = b"\0" * len(frame)
    assert read == Request(
        "audio.input.chunk",
        "audio.input.chunk",
        REQUEST,
        SESSION,
        p.AudioInputChunk(b"abcd"),
        legacy=False,
    )
