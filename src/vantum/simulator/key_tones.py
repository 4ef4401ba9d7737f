"""Which keys are heard in a telephone's sound, frame by frame."""

from __future__ import annotations

from typing import Final

import numpy as np

from vantum.audio.dtmf import COLUMNS_HZ, KEYS, ROWS_HZ
from vantum.audio.pcm import MULAW_HZ, decode_mulaw, to_float
from vantum.wire.twilio import FRAME_BYTES

_SHARE: Final = 0.8  # of the sound's power that the two tones of a key hold; speech has under half
_FRAMES: Final = 2  # 40 ms: the least that counts
_AT: Final = np.arange(FRAME_BYTES) / MULAW_HZ
_WAVES: Final = np.exp(-2j * np.pi * np.outer((*ROWS_HZ, *COLUMNS_HZ), _AT)) / FRAME_BYTES


class KeyEar:
    """Hears the keys that are played into one telephone."""

    def __init__(self) -> None:
        self._key = ""
        self._frames = 0

    def hear(self, mulaw: bytes) -> str:
        """Take 20 ms of loud sound, or b"" for any other; gives a key once it is sure of it."""
        key = _key_in(mulaw) if len(mulaw) == FRAME_BYTES else ""
        self._frames = self._frames + 1 if key and key == self._key else 1
        self._key = key
        return key if key and self._frames == _FRAMES else ""


def _key_in(mulaw: bytes) -> str:
    wave = to_float(decode_mulaw(mulaw))
    power = float(np.mean(wave**2))
    tones = 2 * np.abs(_WAVES @ wave) ** 2  # of a sine: half its amplitude squared
    row, column = int(np.argmax(tones[:4])), int(np.argmax(tones[4:]))
    held = tones[row] + tones[4 + column]
    return KEYS[row][column] if power > 0 and held > _SHARE * power else ""
