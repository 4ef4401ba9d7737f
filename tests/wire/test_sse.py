"""Events are found however their bytes were cut, whatever a server sends."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vantum.wire.sse import EVENT_BYTES, EventStream, EventTooLongError

STREAM = (
    "\ufeffdata: first\r\n\r\n"
    ": a comment\n\n"
    "event: message\ndata:second \u2013 caf\u00e9\ndata: line \U0001f600 two\n\n"
    "retry: 10\rdata\r\r"
    "id: 7\n\ndata: third\n\n"
).encode()
EVENTS = [
    b"first",
    "second \u2013 caf\u00e9\nline \U0001f600 two".encode(),
    b"",
    b"third",
]


def events_of(pieces: list[bytes]) -> list[bytes]:
    stream = EventStream()
    return [data for piece in pieces for data in stream.feed(piece)] + stream.end()


def cut(data: bytes, at: list[int]) -> list[bytes]:
    places = [0, *sorted(place % (len(data) + 1) for place in at), len(data)]
    return [data[a:b] for a, b in pairwise(places)]


def test_events_are_found_as_the_standard_says() -> None:
    assert events_of([STREAM]) == EVENTS
    assert events_of([STREAM[n : n + 1] for n in range(len(STREAM))]) == EVENTS


@given(st.lists(st.integers(0, 10_000), max_size=30))
def test_a_stream_cut_anywhere_holds_the_same_events(at: list[int]) -> None:
    assert events_of(cut(STREAM, at)) == EVENTS


@given(st.binary(max_size=300), st.lists(st.integers(0, 10_000), max_size=30))
def test_garbage_cut_anywhere_holds_the_same_events(data: bytes, at: list[int]) -> None:
    assert events_of(cut(data, at)) == events_of([data])


@given(st.text("\r\n:daterr \u00e9", max_size=80), st.lists(st.integers(0, 1_000), max_size=9))
def test_line_ends_cut_anywhere_are_the_same_line_ends(text: str, at: list[int]) -> None:
    assert events_of(cut(text.encode(), at)) == events_of([text.encode()])


def test_an_event_without_its_last_blank_line_counts_when_the_server_closes() -> None:
    assert events_of([b"data: [DONE]"]) == [b"[DONE]"]
    assert events_of([b"data: [DONE]\n"]) == [b"[DONE]"]
    assert events_of([b"", b"data: [DONE]\n\n"]) == [b"[DONE]"]


def test_an_error_in_a_field_of_its_own_is_an_event_too() -> None:
    assert events_of([b'error: {"message": "full"}\n\n']) == [b'{"message": "full"}']


@pytest.mark.parametrize("filler", [b"x" * 4_096, b"data: " + b"x" * 4_090 + b"\n"])
def test_an_event_that_never_ends_is_given_up(filler: bytes) -> None:
    with pytest.raises(EventTooLongError):
        events_of([filler] * (EVENT_BYTES // 4_000))
