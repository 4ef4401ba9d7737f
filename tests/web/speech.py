"""What a caller says in a test: sentences of the local voice, laid into silence as a WAV file."""

from __future__ import annotations

import wave
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vantum.audio.resample import resampler
from vantum.providers.local.engine import VOICE_RATE_HZ, Speak, load_voice

RATE_HZ = 48_000

Samples = NDArray[np.int16]


@cache
def _voice() -> Speak:
    return load_voice()


@cache
def sentence(text: str) -> Samples:
    """The sentence at 48 kHz, without the silence around it."""
    to_48k = resampler(VOICE_RATE_HZ, RATE_HZ)
    pcm = b"".join(to_48k.push(part) for part in _voice()(text)) + to_48k.flush()
    sound = np.frombuffer(pcm, np.int16)
    loud = np.flatnonzero(np.abs(sound.astype(np.int32)) > 400)
    return sound[loud[0] : loud[-1] + 1]


def seconds(sound: Samples) -> float:
    return len(sound) / RATE_HZ


def silence(length_s: float) -> Samples:
    """A quiet room, not digital nothing: it has a little noise (-70 dB)."""
    noise = np.random.default_rng(7).normal(0, 10, round(length_s * RATE_HZ))
    return noise.astype(np.int16)


def write_wav(path: Path, *parts: Samples) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(np.concatenate(parts).astype("<i2").tobytes())
    return path
