"""Sound at another rate: exact length, no seams, no aliases, no wrap-around, little delay."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vantum.audio.pcm import decode_mulaw, encode_mulaw
from vantum.audio.resample import resampler

Costs = Callable[[Callable[[], object]], float]

STEPS = list(permutations((8_000, 16_000, 24_000, 48_000), 2))
THROUGH_FFMPEG = [(44_100, 16_000), (22_050, 16_000), (16_000, 44_100), (11_025, 8_000)]
ODD_RATES = [(44_101, 16_000), (8_001, 16_000), (16_000, 47_999)]
HOLD_BACK_S = 0.002


def noise(samples: int) -> bytes:
    loud = np.random.default_rng(7).standard_normal(samples) * 9_000
    return loud.clip(-32_768, 32_767).astype("<i2").tobytes()


def tone(hz: float, rate_hz: int, *, level: float = 12_000, length_s: float = 0.5) -> bytes:
    at = np.arange(int(rate_hz * length_s)) / rate_hz
    return np.rint(level * np.sin(2 * np.pi * hz * at)).astype("<i2").tobytes()


def samples(pcm: bytes) -> NDArray[np.int64]:
    return np.frombuffer(pcm, "<i2").astype(np.int64)


def whole(source_hz: int, target_hz: int, pcm: bytes) -> bytes:
    stream = resampler(source_hz, target_hz)
    return stream.push(pcm) + stream.flush()


def chunked(source_hz: int, target_hz: int, pcm: bytes, sizes: list[int]) -> bytes:
    stream, out, at, turn = resampler(source_hz, target_hz), b"", 0, 0
    while at < len(pcm):
        size = 2 * sizes[turn % len(sizes)]
        out += stream.push(pcm[at : at + size])
        at, turn = at + size, turn + 1
    return out + stream.flush()


def level_db(source_hz: int, target_hz: int, hz: float) -> float:
    """Level of a tone after resampling, against before; the ends are left out."""
    heard = samples(whole(source_hz, target_hz, tone(hz, source_hz)))[200:-200]
    return float(20 * np.log10(heard.std() * 2**0.5 / 12_000 + 1e-9))


@pytest.mark.parametrize(("source_hz", "target_hz"), STEPS)
def test_a_stream_has_its_exact_length(source_hz: int, target_hz: int) -> None:
    for length in (1, 2, 5, 6, 7, 320, 1_001):
        out = whole(source_hz, target_hz, noise(length))
        assert len(out) // 2 == length * target_hz // source_hz


@pytest.mark.parametrize(("source_hz", "target_hz"), STEPS)
def test_chunks_and_whole_agree_to_the_bit(source_hz: int, target_hz: int) -> None:
    pcm = noise(source_hz // 10 + 1)
    once = whole(source_hz, target_hz, pcm)
    for sizes in ([source_hz // 50], [1, 7, 160, 3, 1_024], [4_096]):
        assert chunked(source_hz, target_hz, pcm, sizes) == once


@given(
    step=st.sampled_from(STEPS),
    chunks=st.lists(st.binary(max_size=700), max_size=8),
)
@settings(max_examples=60, deadline=None)
def test_any_chunking_of_any_bytes_is_one_stream(
    step: tuple[int, int], chunks: list[bytes]
) -> None:
    source_hz, target_hz = step
    stream = resampler(source_hz, target_hz)
    out = b"".join(stream.push(chunk) for chunk in chunks) + stream.flush()
    kept = b"".join(chunk[: len(chunk) // 2 * 2] for chunk in chunks)
    assert out == whole(source_hz, target_hz, kept)
    assert len(out) // 2 == len(kept) // 2 * target_hz // source_hz


@pytest.mark.parametrize(("source_hz", "target_hz"), STEPS)
def test_little_is_held_back(source_hz: int, target_hz: int) -> None:
    stream, given_in, given_out = resampler(source_hz, target_hz), 0, 0
    for size in (source_hz // 50, 1, 37, source_hz // 10, 2, 160):
        given_out += len(stream.push(noise(size))) // 2
        given_in += size
        assert given_in / source_hz - given_out / target_hz <= HOLD_BACK_S


@pytest.mark.parametrize(("source_hz", "target_hz"), STEPS)
def test_what_fits_both_rates_keeps_its_level(source_hz: int, target_hz: int) -> None:
    slower_hz = min(source_hz, target_hz)
    for share in (0.05, 0.2, 0.4):
        assert abs(level_db(source_hz, target_hz, share * slower_hz)) < 0.1


@pytest.mark.parametrize(("source_hz", "target_hz"), [step for step in STEPS if step[0] > step[1]])
def test_what_does_not_fit_is_filtered(source_hz: int, target_hz: int) -> None:
    nyquist = target_hz / 2
    top = source_hz / 2 * 0.99
    for hz in np.linspace(nyquist * 1.001, top, 5):
        assert level_db(source_hz, target_hz, hz) < -40


@pytest.mark.parametrize(("source_hz", "target_hz"), [step for step in STEPS if step[0] < step[1]])
def test_no_image_of_the_old_rate_remains(source_hz: int, target_hz: int) -> None:
    heard = samples(whole(source_hz, target_hz, tone(1_000, source_hz)))[400:-400]
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    hz = np.fft.rfftfreq(len(heard), 1 / target_hz)
    images = spectrum[hz > source_hz / 2]
    assert 20 * np.log10(images.max() / spectrum.max()) < -40


@pytest.mark.parametrize(("source_hz", "target_hz"), STEPS)
def test_sound_is_not_shifted_in_time(source_hz: int, target_hz: int) -> None:
    hz = 440
    heard = samples(whole(source_hz, target_hz, tone(hz, source_hz)))
    expected = samples(tone(hz, target_hz))
    inner = slice(target_hz // 100, -target_hz // 100)
    assert np.abs(heard[inner] - expected[: len(heard)][inner]).max() < 60  # 0.5 %


@pytest.mark.parametrize(("source_hz", "target_hz"), STEPS)
def test_a_constant_stays_the_same_constant(source_hz: int, target_hz: int) -> None:
    for level in (-32_768, -1, 1, 1_000, 32_767):
        heard = samples(whole(source_hz, target_hz, np.full(1_500, level, "<i2").tobytes()))
        inner = target_hz // 250
        assert set(heard[inner:-inner].tolist()) == {level}


@pytest.mark.parametrize(("source_hz", "target_hz"), STEPS)
def test_full_scale_is_clipped_and_never_wraps(source_hz: int, target_hz: int) -> None:
    square = np.where(np.arange(source_hz // 10) // (source_hz // 400) % 2, 32_767, -32_768)
    heard = samples(whole(source_hz, target_hz, square.astype("<i2").tobytes()))
    peaks = np.abs(heard) >= 32_767
    assert peaks.any(), "the filter overshoots at the edges: that must clip"
    # a wrapped sample would jump to the other sign and back within two samples
    sign = np.sign(heard)
    assert not np.any((sign[:-2] == sign[2:]) & (sign[1:-1] == -sign[:-2]))


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_equal_rates_give_the_same_bytes(rate_hz: int) -> None:
    stream, pcm = resampler(rate_hz, rate_hz), noise(160)
    assert stream.push(pcm) is pcm
    assert stream.flush() == b""


@pytest.mark.parametrize(
    ("source_hz", "target_hz"), [(16_000, 16_000), *STEPS, *THROUGH_FFMPEG, *ODD_RATES]
)
def test_nothing_in_nothing_out(source_hz: int, target_hz: int) -> None:
    stream = resampler(source_hz, target_hz)
    assert stream.push(b"") + stream.push(b"x") + stream.flush() + stream.flush() == b""


@pytest.mark.parametrize(
    ("source_hz", "target_hz"), [(16_000, 16_000), (48_000, 16_000), (44_100, 16_000)]
)
def test_an_odd_byte_is_dropped(source_hz: int, target_hz: int) -> None:
    pcm = noise(960)
    stream = resampler(source_hz, target_hz)
    out = stream.push(pcm[:960] + b"!") + stream.push(pcm[960:] + b"!") + stream.flush()
    assert out == whole(source_hz, target_hz, pcm)


@pytest.mark.parametrize(
    ("source_hz", "target_hz"), [(48_000, 16_000), (8_000, 16_000), (44_100, 16_000)]
)
def test_after_the_end_a_new_stream_begins(source_hz: int, target_hz: int) -> None:
    stream, pcm = resampler(source_hz, target_hz), noise(4_410)
    first = stream.push(pcm) + stream.flush()
    assert stream.push(pcm) + stream.flush() == first


@pytest.mark.parametrize(("source_hz", "target_hz"), [(0, 16_000), (16_000, 0), (-8_000, 8_000)])
def test_rates_are_positive(source_hz: int, target_hz: int) -> None:
    with pytest.raises(ValueError, match="positive"):
        resampler(source_hz, target_hz)


def test_two_seconds_from_48_khz_lose_nothing() -> None:
    pcm = noise(96_000)
    for size in (4_096, 960, 441):
        assert len(chunked(48_000, 16_000, pcm, [size])) == 64_000


@pytest.mark.parametrize(("source_hz", "target_hz"), [*THROUGH_FFMPEG, *ODD_RATES])
def test_any_other_ratio_is_one_stream_too(source_hz: int, target_hz: int) -> None:
    pcm = noise(source_hz // 4)
    once = whole(source_hz, target_hz, pcm)
    assert abs(len(once) // 2 - len(pcm) // 2 * target_hz // source_hz) <= 1
    assert chunked(source_hz, target_hz, pcm, [441, 1, 7, 2_000, 160]) == once


@pytest.mark.parametrize(("source_hz", "target_hz"), [*THROUGH_FFMPEG, *ODD_RATES])
def test_any_other_ratio_keeps_the_level_of_speech(source_hz: int, target_hz: int) -> None:
    for hz in (200, 1_000, 2_500):
        assert abs(level_db(source_hz, target_hz, hz)) < 0.5


@pytest.mark.parametrize(("source_hz", "target_hz"), THROUGH_FFMPEG)
def test_any_other_ratio_holds_little_back(source_hz: int, target_hz: int) -> None:
    out = resampler(source_hz, target_hz).push(noise(source_hz // 10))
    assert 0.1 - len(out) / 2 / target_hz <= 0.003


@pytest.mark.parametrize(
    ("source_hz", "target_hz"),
    [(48_000, 16_000), (16_000, 48_000), (8_000, 16_000), (24_000, 8_000), (44_100, 16_000)],
)
def test_a_chunk_of_100_ms_costs_under_a_millisecond(
    source_hz: int, target_hz: int, costs: Costs
) -> None:
    chunk = noise(source_hz // 10)
    stream = resampler(source_hz, target_hz)
    stream.push(chunk)  # filters are made and FFmpeg is loaded once
    assert costs(lambda: [stream.push(chunk) for _ in range(10)]) / 10 < 0.001


def test_a_thousand_calls_are_resampled_within_a_second(costs: Costs) -> None:
    chunk = noise(4_800)
    streams = [resampler(48_000, 16_000) for _ in range(1_000)]
    assert costs(lambda: [stream.push(chunk) for stream in streams]) < 1.0
    assert len({len(stream.push(chunk)) for stream in streams}) == 1


def test_lengths_never_drift_over_ten_minutes() -> None:
    stream, chunk = resampler(24_000, 16_000), noise(24_000)
    made = [len(stream.push(chunk)) // 2 for _ in range(600)]
    assert {later - earlier for earlier, later in pairwise(made[1:])} == {0}
    assert sum(made) + len(stream.flush()) // 2 == 600 * 16_000


@pytest.mark.parametrize(("source_hz", "target_hz"), [(8_000, 16_000), (16_000, 8_000)])
def test_mu_law_may_stand_at_either_end(source_hz: int, target_hz: int) -> None:
    spoken = tone(440, source_hz)
    linear = resampler(source_hz, target_hz)
    into = resampler(source_hz, target_hz, target="mulaw")
    out_of = resampler(source_hz, target_hz, "mulaw")
    assert into.push(spoken) + into.flush() == encode_mulaw(linear.push(spoken) + linear.flush())
    linear = resampler(source_hz, target_hz)
    quantised = decode_mulaw(encode_mulaw(spoken))
    heard = out_of.push(encode_mulaw(spoken)) + out_of.flush()
    assert heard == linear.push(quantised) + linear.flush()


def test_mu_law_that_stays_as_it_is_is_not_touched() -> None:
    sound = bytes(range(256))
    assert resampler(8_000, 8_000, "mulaw", "mulaw").push(sound) is sound
