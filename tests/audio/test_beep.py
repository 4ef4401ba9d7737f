"""A voicemail's beep is told from everything else that comes down a telephone line."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vantum.audio.arrivals import FRAME_SAMPLES as FRAME
from vantum.audio.beep import BeepEar
from vantum.audio.dtmf import keyed
from vantum.audio.pcm import MULAW_HZ, MULAW_SILENCE, encode_mulaw, from_float
from vantum.simulator.tones import music, pure_tone, spoken

Wave = NDArray[np.float64]


def beeps(sound: bytes, *, offset: int = 0) -> list[float]:
    """When beeps were found to have ended, in seconds."""
    ear = BeepEar()
    line = MULAW_SILENCE * (4 * FRAME + offset) + sound + MULAW_SILENCE * 10 * FRAME
    frames = range(0, len(line) - FRAME + 1, FRAME)
    return [(at + FRAME) / MULAW_HZ for at in frames if ear.hear(line[at : at + FRAME])]


def tones(
    *hz: float, seconds: float = 0.5, level_db: float = -15.0, noise_db: float = -99.0
) -> bytes:
    """Sines of one level, relative to full scale, and noise over all."""
    at = np.arange(round(seconds * MULAW_HZ)) / MULAW_HZ
    wave: Wave = sum((np.sin(2 * np.pi * one * at) for one in hz), np.zeros(len(at)))
    noise = np.random.default_rng(7).normal(0, 10 ** (noise_db / 20), len(at))
    return encode_mulaw(from_float(10 ** (level_db / 20) * wave + noise))


@pytest.mark.parametrize("seconds", [0.1, 0.2, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("offset", [0, 40, 80, 120])
def test_a_beep_is_known_a_moment_after_its_end(seconds: float, offset: int) -> None:
    [found_s] = beeps(pure_tone(1_000, seconds), offset=offset)
    end_s = (4 * FRAME + offset) / MULAW_HZ + seconds
    assert 0.04 <= found_s - end_s <= 0.1


@pytest.mark.parametrize("hz", [360, 425, 440, 800, 1_000, 1_004, 1_400, 2_000, 2_490])
@pytest.mark.parametrize("level_db", [-3, -15, -30, -40])
def test_it_may_be_high_or_low_and_loud_or_soft(hz: float, level_db: float) -> None:
    assert len(beeps(tones(hz, level_db=level_db))) == 1


@pytest.mark.parametrize("hz", [440, 1_000, 1_400])
def test_a_poor_line_does_not_hide_it(hz: float) -> None:
    assert len(beeps(tones(hz, level_db=-15, noise_db=-38))) == 1


def test_each_of_several_is_told() -> None:
    two = pure_tone(1_000, 0.3) + MULAW_SILENCE * 4_000 + pure_tone(1_400, 0.3)
    assert len(beeps(two)) == 2


ALPHABET = "The quick brown fox jumps over the lazy dog, 0123456789!"
NOT_BEEPS: dict[str, Callable[[], bytes]] = {
    "words": lambda: encode_mulaw(spoken(ALPHABET, MULAW_HZ)),
    "music on hold": lambda: music(5.0),
    "keys": lambda: keyed("0123456789*#"),
    "dial tone": lambda: tones(350, 440, seconds=1.0),
    "ringback": lambda: tones(440, 480, seconds=1.9),
    "ringback in Britain": lambda: tones(400, 450, seconds=0.4),
    "busy": lambda: tones(480, 620, seconds=0.5),
    "noise": lambda: tones(noise_db=-20),
    "a hum": lambda: tones(50, seconds=1.0),
    "a whistle": lambda: tones(3_000),
    "a click": lambda: pure_tone(1_000, 0.04),
    "a tone that goes on": lambda: pure_tone(1_000, 3.0),
    "a whisper of a tone": lambda: tones(1_000, level_db=-55),
    "a melody that goes on": lambda: b"".join(
        tones(hz, seconds=0.3) for hz in (523, 587, 659, 3_000)
    ),
    "a siren": lambda: b"".join(tones(hz, seconds=0.04) for hz in range(500, 1_500, 50)),
    "a tone with words right behind it": lambda: (
        pure_tone(1_000, 0.3) + encode_mulaw(spoken("hello there", MULAW_HZ))
    ),
}


@pytest.mark.parametrize("name", NOT_BEEPS)
def test_nothing_else_is_one(name: str) -> None:
    for offset in (0, 53, 107):
        assert beeps(NOT_BEEPS[name](), offset=offset) == []


def test_the_frame_in_which_the_stream_breaks_is_no_matter() -> None:
    ear = BeepEar()
    assert not any(ear.hear(part) for part in (b"", b"\x00", bytes(161)))


@given(st.lists(st.binary(max_size=400) | st.binary(min_size=FRAME, max_size=FRAME)))
def test_whatever_comes_it_goes_on(frames: list[bytes]) -> None:
    ear = BeepEar()
    for frame in frames:
        assert ear.hear(frame) in {True, False}
    sound = MULAW_SILENCE * 4 * FRAME + pure_tone(1_000, 0.5) + MULAW_SILENCE * 5 * FRAME
    heard = [ear.hear(sound[at : at + FRAME]) for at in range(0, len(sound), FRAME)]
    assert sum(heard) == 1
