"""An agent file with recordings beside it, as an author would write them."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np

from vantum.agents.schema import FILES
from vantum.audio.pcm import from_float

SOURCE = (FILES / "sales.yaml").read_text(encoding="utf-8")
BROKEN_OFF = "Sorry, I lost my thread. Shall I go on?"  # a line of that file
ANNOUNCEMENT = "This call is recorded."


def rustle(length_s: float, rate_hz: int, seed: int = 1) -> bytes:
    """Sound that is like no other, with nothing in it that a telephone would not carry."""
    noise = np.random.default_rng(seed).normal(size=round(length_s * rate_hz))
    spectrum = np.fft.rfft(noise)
    spectrum[round(3_000 * length_s) :] = 0
    voice = np.fft.irfft(spectrum)
    return from_float(0.3 * voice / np.abs(voice).max())


def write_wav(path: Path, pcm: bytes, rate_hz: int, channels: int = 1, width: int = 2) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate_hz)
        file.writeframes(pcm)
    return path


def agent_file(folder: Path, *recordings: tuple[str, str]) -> Path:
    """The agent that comes with Vantum, with these recordings: what each says, and its file."""
    listed = [{"says": says, "file": file} for says, file in recordings]
    path = folder / "mine.yaml"  # YAML takes JSON for what it is
    path.write_text(f"{SOURCE}\nrecordings: {json.dumps(listed)}\n", encoding="utf-8")
    return path
