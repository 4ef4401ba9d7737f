"""How the keys of a telephone sound: two tones each, as ITU-T Q.23 names them. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from vantum.audio.pcm import MULAW_HZ, encode_mulaw, from_float, silence

if TYPE_CHECKING:
    import numpy as np
else:
    from vantum import arrays as np

ROWS_HZ: Final = (697, 770, 852, 941)
COLUMNS_HZ: Final = (1209, 1336, 1477)
KEYS: Final = ("123", "456", "789", "*0#")
_TONE_S, _PAUSE_S, WAIT_S = 0.1, 0.1, 0.5  # ITU-T Q.24: 40 ms are the least; menus miss short ones
_LEVEL: Final = 0.25  # of full scale, each tone: -12 dB, loud and not clipped


def keyed(digits: str) -> bytes:
    """The sound of these keys, 8 kHz mu-law; `w` is half a second's pause, all else is nothing."""
    return b"".join(_sound(digit) for digit in digits)


@lru_cache
def _sound(digit: str) -> bytes:
    if digit == "w":
        return encode_mulaw(silence(WAIT_S, MULAW_HZ))
    for row_hz, keys in zip(ROWS_HZ, KEYS, strict=True):
        if digit in keys:
            at = np.arange(round(_TONE_S * MULAW_HZ)) / MULAW_HZ
            column_hz = COLUMNS_HZ[keys.index(digit)]
            tones = np.sin(2 * np.pi * row_hz * at) + np.sin(2 * np.pi * column_hz * at)
            return encode_mulaw(from_float(_LEVEL * tones) + silence(_PAUSE_S, MULAW_HZ))
    return b""
