"""One internal format: whole samples, mu-law as G.711 has it, floats in and out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vantum.audio import pcm

EVERY_SAMPLE = np.arange(-32_768, 32_768, dtype="<i2")
EVERY_CODE = bytes(range(256))


def g711_magnitudes() -> list[tuple[int, int]]:
    """(first value of the interval, value it decodes to), from G.711 table 2a, 14-bit scale.

    The table's first column: 1 interval of 1, 15 of 2, then 16 each of 4, 8, 16 ... 256.
    """
    table = [(0, 0)]
    edge = 1
    for count, width in [(15, 2), *[(16, 4 << segment) for segment in range(7)]]:
        for _ in range(count):
            table.append((edge, edge + width // 2))
            edge += width
    assert edge == 8159  # the table's virtual decision value
    return table


def g711_decode(code: int) -> int:
    _, magnitude = g711_magnitudes()[~code & 0x7F]
    return (magnitude if code & 0x80 else -magnitude) * 4


def test_mulaw_decodes_every_code_as_the_table_says() -> None:
    decoded = np.frombuffer(pcm.decode_mulaw(EVERY_CODE), "<i2")
    assert decoded.tolist() == [g711_decode(code) for code in range(256)]


def test_mulaw_encodes_every_sample_as_the_table_says() -> None:
    edges = np.array([first for first, _ in g711_magnitudes()])
    uniform = EVERY_SAMPLE.astype(int) >> 2  # the table is in 14 bits
    interval = np.searchsorted(edges, np.abs(uniform), side="right") - 1
    expected = ~np.where(uniform < 0, interval | 0x80, interval) & 0xFF
    assert list(pcm.encode_mulaw(EVERY_SAMPLE.tobytes())) == expected.tolist()


@pytest.mark.parametrize(
    ("sample", "code"),
    [(0, 0xFF), (32_767, 0x80), (-32_768, 0x00), (8, 0xFE), (-8, 0x7E), (1_000, 0xCE)],
)
def test_mulaw_of_known_samples(sample: int, code: int) -> None:
    assert pcm.encode_mulaw(sample.to_bytes(2, "little", signed=True)) == bytes([code])


def test_mulaw_survives_decoding_and_encoding_again() -> None:
    again = pcm.encode_mulaw(pcm.decode_mulaw(EVERY_CODE))
    minus_zero, plus_zero = 0x7F, 0xFF
    assert again == EVERY_CODE.replace(bytes([minus_zero]), bytes([plus_zero]))


def test_mulaw_errs_by_four_percent_at_most_where_speech_is_loud() -> None:
    loud = EVERY_SAMPLE[np.abs(EVERY_SAMPLE.astype(int)) > 1_000]
    loud = loud[np.abs(loud.astype(int)) <= 32_124]  # louder ones are clipped
    back = np.frombuffer(pcm.decode_mulaw(pcm.encode_mulaw(loud.tobytes())), "<i2")
    error = np.abs(back.astype(int) - loud) / np.abs(loud.astype(int))
    assert error.max() < 0.04


def test_mulaw_of_nothing_is_nothing() -> None:
    assert pcm.encode_mulaw(b"") == pcm.decode_mulaw(b"") == b""


def test_mulaw_drops_half_a_sample() -> None:
    assert pcm.encode_mulaw(b"\x00\x00\x07") == b"\xff"


@pytest.mark.parametrize(
    ("chunk", "whole"),
    [(b"", b""), (b"a", b""), (b"ab", b"ab"), (b"abc", b"ab"), (b"abcd", b"abcd")],
)
def test_an_odd_last_byte_is_dropped(chunk: bytes, whole: bytes) -> None:
    assert pcm.even(chunk) == whole


def test_whole_samples_are_not_copied() -> None:
    chunk = bytes(640)
    assert pcm.even(chunk) is chunk


@pytest.mark.parametrize(
    ("length_s", "rate_hz", "size"),
    [
        (0.02, 8_000, 320),
        (0.1, 16_000, 3_200),
        (0.1, 48_000, 9_600),
        (0.0, 16_000, 0),
        (-1.0, 16_000, 0),
        (0.001, 22_050, 44),
        (0.00099, 22_050, 44),  # 21.8 samples
    ],
)
def test_silence_has_its_length(length_s: float, rate_hz: int, size: int) -> None:
    assert pcm.silence(length_s, rate_hz) == bytes(size)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 24_000, 48_000])
def test_duration_is_that_of_the_silence_made(rate_hz: int) -> None:
    assert pcm.duration_s(pcm.silence(1.5, rate_hz), rate_hz) == 1.5


@pytest.mark.parametrize(
    ("value", "sample"),
    [
        (0.0, 0),
        (0.5, 16_384),
        (-0.5, -16_384),
        (-1.0, -32_768),
        (1.0, 32_767),
        (1.7, 32_767),
        (-1.7, -32_768),
        (float("inf"), 32_767),
        (float("-inf"), -32_768),
        (float("nan"), 0),
        (0.6 / 32_768, 1),
        (-0.6 / 32_768, -1),
        (0.4 / 32_768, 0),
    ],
)
def test_floats_are_rounded_and_clipped(value: float, sample: int) -> None:
    made = pcm.from_float(np.array([value], np.float32))
    assert int.from_bytes(made, "little", signed=True) == sample


def test_every_sample_survives_being_a_float() -> None:
    assert pcm.from_float(pcm.to_float(EVERY_SAMPLE.tobytes())) == EVERY_SAMPLE.tobytes()


@given(st.binary(max_size=64))
def test_no_bytes_are_bad_bytes(chunk: bytes) -> None:
    whole = pcm.even(chunk)
    assert len(pcm.encode_mulaw(chunk)) == pcm.samples(chunk) == len(whole) // 2
    assert pcm.from_float(pcm.to_float(chunk)) == whole


def test_two_channels_take_turns_sample_by_sample() -> None:
    left, right = np.array([1, 2, -32_768], "<i2"), np.array([-3, 32_767, 5], "<i2")
    both = pcm.stereo(left.tobytes(), right.tobytes())
    assert np.frombuffer(both, "<i2").tolist() == [1, -3, 2, 32_767, -32_768, 5]
