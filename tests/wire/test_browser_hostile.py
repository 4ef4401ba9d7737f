"""Row WS-24: whatever bytes arrive, they are a request or a BadFrame, in little memory and time."""

from __future__ import annotations

import tracemalloc

import msgspec
import pytest
from browser_frames import REQUEST, SESSION, UNDEFINED, pack, raw_map, request
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.calibration import cheapest_s
from vantum.wire.browser import BadFrame, Request, decode

GOOD = request("voicechat.audio.start", {"samplingRate": 48_000, "language": "en-US"})
CHUNK = request("audio.input.chunk", {"audio": bytes(range(64)), "isMuted": False})
MIB = 2**20


def answer(frame: bytes) -> Request | BadFrame:
    try:
        return decode(frame)
    except BadFrame as bad:
        return bad


def nested(opening: bytes, depth: int, end: bytes = b"\xc0") -> bytes:
    return opening * depth + end


ONE_KEY = b"\x81\xa1x"
HOSTILE = {
    "array of four billion": b"\xdd\xff\xff\xff\xff",
    "map of four billion": b"\xdf\xff\xff\xff\xff",
    "text of four billion": b"\xdb\xff\xff\xff\xff",
    "bytes of four billion": b"\xc6\xff\xff\xff\xff",
    "extension of four billion": b"\xc9\xff\xff\xff\xff\x00",
    "lists in lists": nested(b"\x91", 100_000),
    "lists in lists, never closed": b"\x91" * 100_000,
    "maps in maps": nested(ONE_KEY, 100_000),
    "huge lists in huge lists": nested(b"\xdd\xff\xff\xff\xff", 1_000),
}


@pytest.mark.parametrize("frame", [GOOD, CHUNK], ids=["start", "chunk"])
def test_ws_24_a_frame_truncated_anywhere_is_refused(frame: bytes) -> None:
    for cut in range(len(frame)):
        with pytest.raises(BadFrame, match="one whole MessagePack value"):
            decode(frame[:cut])


@pytest.mark.parametrize("tail", [b"\x00", b"\xc0", GOOD, b"\xc1", b"\xff" * 100])
def test_ws_24_bytes_after_the_frame_are_refused(tail: bytes) -> None:
    with pytest.raises(BadFrame, match="one whole MessagePack value"):
        decode(GOOD + tail)


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("place", ["frame", "payload", "extra", "rate", "audio", "eventId"])
def test_ws_24_hostile_lengths_and_depths_cost_nothing(place: str, hostile: bytes) -> None:
    frame = {
        "frame": hostile,
        "payload": request("audio.input.start", payload=hostile),
        "extra": request("audio.input.start", extra=hostile),
        "rate": request("audio.input.start", payload=raw_map({"samplingRate": hostile})),
        "audio": request("audio.input.chunk", payload=raw_map({"audio": hostile})),
        "eventId": request("audio.input.start", eventId=hostile),
    }[place]
    assert cheapest_s(lambda: answer(frame)) < 0.5
    tracemalloc.start()
    try:
        assert isinstance(answer(frame), BadFrame)
        assert tracemalloc.get_traced_memory()[1] < 4 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("place", ["payload", "voiceId", "extra"])
def test_ws_24_a_large_value_of_small_things_is_not_unfolded(place: str) -> None:
    # Decoded, each of these empty maps would be a 64-byte object.
    swarm = b"\xdd" + MIB.to_bytes(4, "big") + b"\x80" * MIB
    payload = raw_map({"voiceId": swarm})
    changes = {"payload": swarm, "voiceId": payload, "extra": raw_map({"extra": swarm})}
    frame = request("audio.input.start", payload=changes[place])
    tracemalloc.start()
    try:
        assert isinstance(answer(frame), Request if place == "extra" else BadFrame)
        assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    finally:
        tracemalloc.stop()


def test_ws_04_nine_mebibytes_of_audio_are_read() -> None:
    read = decode(request("audio.input.chunk", {"audio": bytes(9 * MIB)}))
    assert len(msgspec.to_builtins(read.payload, builtin_types=(bytes,))["audio"]) == 9 * MIB


@pytest.mark.parametrize("key", [b"\x01", b"\xc0", b"\x90", b"\xc4\x01x", UNDEFINED])
def test_ws_24_keys_that_are_not_text_are_refused(key: bytes) -> None:
    with pytest.raises(BadFrame):
        decode(b"\x81" + key + b"\xc0")
    bad = answer(request("audio.input.start", payload=b"\x81" + key + b"\xc0"))
    assert isinstance(bad, BadFrame)
    assert bad.request_type == "audio.input.start"


@pytest.mark.parametrize("field", ["eventType", "eventId", "sessionId"])
def test_ws_24_broken_utf8_in_the_envelope_is_refused(field: str) -> None:
    assert isinstance(answer(request("audio.input.start", **{field: b"\xa2\xff\xfe"})), BadFrame)


def test_ws_24_broken_utf8_in_a_value_is_refused_and_elsewhere_ignored() -> None:
    broken = b"\xa2\xff\xfe"
    bad = answer(request("audio.input.start", payload=raw_map({"voiceId": broken})))
    assert isinstance(bad, BadFrame)
    assert "voiceId" in str(bad)
    assert isinstance(answer(request("audio.input.start", extra=broken)), Request)
    key = b"\x81" + broken + b"\xc0"
    assert isinstance(answer(request("audio.input.start", payload=key)), Request)


def test_ws_24_of_a_repeated_key_the_last_counts() -> None:
    twice = b"\x82" + (pack("samplingRate") + pack(5)) + (pack("samplingRate") + pack(48_000))
    read = answer(request("audio.input.start", payload=twice))
    assert isinstance(read, Request)
    assert msgspec.to_builtins(read.payload) == {"samplingRate": 48_000}


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_ws_24_arbitrary_bytes_are_refused_and_nothing_else(frame: bytes) -> None:
    assert isinstance(answer(frame), BadFrame)


@given(
    st.sampled_from([GOOD, CHUNK]),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=4),
)
@settings(max_examples=200, deadline=None)
def test_ws_24_a_good_frame_with_bytes_changed(
    frame: bytes, changes: list[tuple[int, int]]
) -> None:
    damaged = bytearray(frame)
    for at, value in changes:
        damaged[at % len(damaged)] = value
    result = answer(bytes(damaged))
    assert isinstance(result, Request | BadFrame)
    if isinstance(result, BadFrame):
        assert len(str(result)) < 400


@given(st.sampled_from([GOOD, CHUNK]), st.integers(0, 10_000), st.binary(max_size=8))
@settings(max_examples=150, deadline=None)
def test_ws_24_a_good_frame_with_bytes_put_in(frame: bytes, at: int, more: bytes) -> None:
    at %= len(frame)
    assert isinstance(answer(frame[:at] + more + frame[at:]), Request | BadFrame)


LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.sampled_from(["", "en-US", "Ω", b"", b"\xff"])
)
VALUES = LEAVES | st.lists(LEAVES, max_size=2) | st.dictionaries(st.just("a"), LEAVES, max_size=1)
FIELDS = st.sampled_from(
    ["samplingRate", "language", "voiceId", "agent", "audio", "isMuted", "timestamp", "reason"]
)
NAMES = st.sampled_from(["audio.input.start", "voicechat.audio.chunk", "user.action.end_call", "x"])


@given(NAMES, st.dictionaries(FIELDS, VALUES, max_size=3))
@settings(max_examples=100, deadline=None)
def test_ev_06_any_payload_is_read_or_refused_under_its_name(
    name: str, payload: dict[str, object]
) -> None:
    result = answer(request(name, payload))
    if isinstance(result, BadFrame):
        assert (result.request_type, result.event_id) == (name, REQUEST)
    else:
        assert (result.event_type, result.session_id) == (name, SESSION)
