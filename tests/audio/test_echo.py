"""What only comes back of our own sound is told apart from a caller, at any level and delay."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from vantum.audio.echo import RATE_HZ, Played
from vantum.audio.pcm import encode_mulaw, from_float

FRAME = RATE_HZ // 50
SECOND = RATE_HZ


def voice(seed: int, seconds: float = 1.0) -> NDArray[np.float64]:
    """Like a voice: a tone whose pitch wanders, with its overtones, and syllables."""
    dice = np.random.default_rng(seed)
    count = round(seconds * RATE_HZ)
    knots = np.linspace(0, count, 9)
    pitch = np.interp(np.arange(count), knots, dice.uniform(90, 250, 9))
    phase = 2 * np.pi * np.cumsum(pitch) / RATE_HZ
    tones = sum(np.sin(n * phase + dice.uniform(0, 6)) / n for n in range(1, 12))
    loud = np.interp(np.arange(count), knots, dice.uniform(0.3, 1.0, 9))
    wave: NDArray[np.float64] = 0.1 * tones * loud
    return wave


def noise(level: float) -> NDArray[np.float64]:
    return level * np.random.default_rng(99).standard_normal(SECOND)


def playing(wave: NDArray[np.float64]) -> Played:
    played = Played()
    mulaw = encode_mulaw(from_float(wave))
    for at in range(0, len(mulaw), FRAME):
        played.sent(mulaw[at : at + FRAME])
    return played


def back(wave: NDArray[np.float64], delay_s: float, gain: float = 0.1) -> NDArray[np.float64]:
    """The echo that is heard while the newest sound goes out."""
    late = round(delay_s * RATE_HZ)
    return gain * wave[: wave.size - late]


@pytest.mark.parametrize("delay_s", [0.02, 0.05, 0.2, 0.4])
@pytest.mark.parametrize("gain", [0.02, 0.1, 0.4])
def test_an_echo_is_known_at_any_level_and_delay(delay_s: float, gain: float) -> None:
    ours = voice(1)
    assert playing(ours).resembles(from_float(back(ours, delay_s, gain)))


def test_a_caller_is_none_alone_or_over_the_echo() -> None:
    for seed in range(2, 12):
        ours, theirs = voice(1), voice(seed)
        assert not playing(ours).resembles(from_float(theirs))
        echo = back(ours, 0.1)
        assert not playing(ours).resembles(from_float(theirs[-echo.size :] + echo))


def test_nothing_resembles_silence() -> None:
    assert not Played().resembles(from_float(voice(1)))
    assert not playing(voice(1)).resembles(bytes(2 * SECOND))
    assert not playing(voice(1)).resembles(from_float(noise(0.01)))


def test_an_echo_found_once_is_known_there_in_more_noise() -> None:
    ours = voice(1)
    loud = back(ours, 0.1) + noise(0.012)[: back(ours, 0.1).size]
    played = playing(ours)
    assert not played.resembles(from_float(loud))
    assert played.resembles(from_float(back(ours, 0.1)))
    assert played.resembles(from_float(loud))


def test_too_little_sound_is_not_judged() -> None:
    ours = voice(1)
    assert not playing(ours).resembles(from_float(back(ours, 0.1)[-FRAME:]))
