"""Which WAV files are taken: 16 bits a sample at a rate that calls have; channels become one."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from vantum.errors import SettingsError
from vantum.limits import RATE_MAX_HZ, RATE_MIN_HZ

if TYPE_CHECKING:
    import numpy as np
else:
    from vantum import arrays as np


class Sound(Struct, frozen=True):
    """s16le mono at `rate_hz`."""

    pcm: bytes = b""
    rate_hz: int = RATE_MIN_HZ

    @property
    def lasts_s(self) -> float:
        """Its length in seconds."""
        return len(self.pcm) / 2 / self.rate_hz


def read_wav(path: Path) -> Sound:
    """Read a WAV file. Raises SettingsError for what is none."""
    try:
        with wave.open(str(path), "rb") as file:
            width, channels, rate_hz = file.getsampwidth(), file.getnchannels(), file.getframerate()
            pcm = file.readframes(file.getnframes())
    except FileNotFoundError as error:
        raise SettingsError(f"{path}: there is no such file") from error
    except (OSError, wave.Error, EOFError, RuntimeError) as error:  # the last: a chunk too long
        why = str(error) or "it is empty or breaks off"
        raise SettingsError(f"{path}: not a WAV file that can be read: {why}") from error
    if not pcm:
        raise SettingsError(f"{path}: holds no sound")
    if width != 2 or not RATE_MIN_HZ <= rate_hz <= RATE_MAX_HZ:
        raise SettingsError(
            f"{path}: 16-bit samples at {RATE_MIN_HZ} to {RATE_MAX_HZ} Hz are needed,"
            f" this has {8 * width}-bit samples at {rate_hz} Hz"
        )
    if channels > 1:
        whole = len(pcm) - len(pcm) % (2 * channels)  # a file that was cut off
        frames = np.frombuffer(pcm[:whole], dtype="<i2").reshape(-1, channels)
        pcm = frames.mean(axis=1).astype("<i2").tobytes()
    return Sound(pcm, rate_hz)
