"""Frames of the carrier in whatever way they come, and what is heard of them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vantum.audio.arrivals import FRAME_SAMPLES, Arrivals
from vantum.audio.pcm import MULAW_SILENCE

FRAME_MS = 20


def frame(number: int) -> bytes:
    return bytes([number % 255]) * FRAME_SAMPLES  # 255 would be silence


def heard(*numbers: int) -> list[int | str]:
    """Frames are pushed with the timestamps they were sent with; "…" is a frame of silence."""
    arrivals = Arrivals()
    sound = b"".join(arrivals.push(number * FRAME_MS, frame(number)) for number in numbers)
    assert len(sound) % FRAME_SAMPLES == 0
    starts = range(0, len(sound), FRAME_SAMPLES)
    return ["…" if sound[at] == MULAW_SILENCE[0] else sound[at] for at in starts]


def test_frames_in_order_are_heard_as_they_are() -> None:
    assert heard(0, 1, 2, 3) == [0, 1, 2, 3]


def test_what_was_lost_is_silence() -> None:
    assert heard(0, 1, 4, 5) == [0, 1, "…", "…", 4, 5]


def test_a_beginning_that_was_lost_is_silence_too() -> None:
    assert heard(2, 3) == ["…", "…", 2, 3]


@pytest.mark.parametrize("numbers", [(0, 1, 1, 2), (0, 1, 0, 1, 2), (0, 1, 2, 1)])
def test_nothing_is_heard_twice(numbers: tuple[int, ...]) -> None:
    assert heard(*numbers) == [0, 1, 2]


def test_timestamps_that_waver_skip_and_double_nothing() -> None:
    arrivals = Arrivals()
    stamps = [5, 31, 40, 66, 84, 110, 119]
    sound = b"".join(arrivals.push(stamp, frame(n)) for n, stamp in enumerate(stamps))
    assert sound == MULAW_SILENCE * 40 + b"".join(map(frame, range(len(stamps))))


def test_a_long_gap_counts_whole_and_is_heard_as_one_second() -> None:
    arrivals = Arrivals()
    arrivals.push(0, frame(0))
    assert arrivals.push(5_020, frame(1)) == MULAW_SILENCE * 8_000 + frame(1)
    assert arrivals.position == FRAME_SAMPLES + 5 * 8_000 + FRAME_SAMPLES


@pytest.mark.parametrize("stamp_ms", [0, 3_600_000, -5])
def test_timestamps_that_begin_anew_do_not_make_us_deaf(stamp_ms: int) -> None:
    arrivals = Arrivals()
    for number in range(100):
        arrivals.push(number * FRAME_MS, frame(number))
    assert arrivals.push(stamp_ms, frame(100)) == frame(100)
    assert arrivals.push(stamp_ms + FRAME_MS, frame(101)) == frame(101)
    assert arrivals.position == 102 * FRAME_SAMPLES


def test_a_carrier_whose_timestamps_run_fast_is_followed() -> None:
    arrivals = Arrivals()
    for number in range(30_000):  # ten minutes, 0.1 % fast
        arrivals.push(round(number * FRAME_MS * 1.001), frame(number))
    assert arrivals.position == pytest.approx(600 * 8_000 * 1.001, abs=FRAME_SAMPLES)


@given(st.lists(st.integers(0, 254), max_size=60))
def test_whatever_the_order_it_is_heard_in_order_and_in_its_place(numbers: list[int]) -> None:
    arrivals = Arrivals()
    sound = b""
    for number in numbers:
        # Not further back than a burst can bring it: that would be a new beginning.
        late = number * FRAME_SAMPLES < arrivals.position - 8_000
        sound += b"" if late else arrivals.push(number * FRAME_MS, frame(number))
    runs = re.findall(rb"([^\xff])\1*", sound)
    assert sorted(set(runs)) == runs
    assert len(sound) <= arrivals.position
    assert all(sound.count(run) == FRAME_SAMPLES for run in runs)


@given(st.lists(st.sampled_from(range(40)), min_size=1, max_size=60))
def test_without_long_gaps_the_sound_is_as_long_as_the_clock_says(numbers: list[int]) -> None:
    arrivals = Arrivals()
    sound = b"".join(arrivals.push(number * FRAME_MS, frame(number)) for number in numbers)
    assert len(sound) == arrivals.position == (max(numbers) + 1) * FRAME_SAMPLES
    for number in set(sound) - {MULAW_SILENCE[0]}:
        assert sound[number * FRAME_SAMPLES : (number + 1) * FRAME_SAMPLES] == frame(number)
