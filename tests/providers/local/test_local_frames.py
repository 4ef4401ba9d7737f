"""What server and helper say to each other survives the socket."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vantum.providers.local import frames

REQUESTS = [
    frames.Recognise(1, 2, b"\x00\x01", True),
    frames.Recognise(2**31, 0, b"", False),
    frames.Speak(3, "Grüß Gott 🙂"),
    frames.Cancel(4),
]
ANSWERS = [
    frames.Status(1, 1, ""),
    frames.Status(0, 0, "local speech needs hibari-tts"),
    frames.Recognised(1, "Book a room."),
    frames.Recognised(1, None),
    frames.Sound(2, b"\x01\x02", False),
    frames.Sound(2, b"", True),
    frames.Failed(3, "too much"),
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_request_arrives_as_sent(request_: frames.Request) -> None:
    [body] = frames.Deframer().push(frames.encode(request_))
    assert frames.decode_request(body) == request_


@pytest.mark.parametrize("answer", ANSWERS)
def test_answer_arrives_as_sent(answer: frames.Answer) -> None:
    [body] = frames.Deframer().push(frames.encode(answer))
    assert frames.decode_answer(body) == answer


@given(st.lists(st.sampled_from(ANSWERS), max_size=6), st.lists(st.integers(1, 9)))
def test_frames_are_found_however_the_stream_is_cut(
    answers: list[frames.Answer], sizes: list[int]
) -> None:
    stream = b"".join(frames.encode(answer) for answer in answers)
    deframer, found = frames.Deframer(), []
    for size in [*sizes, len(stream)]:
        found += deframer.push(stream[:size])
        stream = stream[size:]
    assert [frames.decode_answer(body) for body in found] == answers


def test_an_endless_frame_is_refused_before_it_is_kept() -> None:
    with pytest.raises(ValueError, match="at most"):
        frames.Deframer().push(b"\xff\xff\xff\xff")


@pytest.mark.parametrize("body", [b"", b"\xc1", b"\x90", b"\x92\xa5sound\x01", b"\x91\xa3foo"])
def test_nonsense_is_no_request(body: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        frames.decode_request(body)


def test_the_longest_utterance_fits() -> None:
    whole = frames.encode(frames.Recognise(1, 1, bytes(12 * 16_000 * 2), False))
    assert len(frames.Deframer().push(whole)) == 1
