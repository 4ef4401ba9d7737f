"""Is this the beep of a voicemail? One steady tone with silence behind it. Pure.

Words, music and the network's own tones differ from it: they hold several notes, or change, or go
on. What is looked at is a window of three frames, since dial and ringback tones are two notes down
to 40 Hz apart, which a single frame cannot tell from one.
"""

from __future__ import annotations

import audioop
from functools import cache
from typing import TYPE_CHECKING, Final

from vantum.audio.arrivals import FRAME_SAMPLES
from vantum.audio.pcm import BYTES_PER_SAMPLE, MULAW_HZ, decode_mulaw

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    from vantum import arrays as np

LOWEST_HZ: Final = 350
HIGHEST_HZ: Final = 2_500

_FRAMES: Final = 3  # of the window
_BIN_HZ: Final = MULAW_HZ / (_FRAMES * FRAME_SAMPLES)  # 16.7
_SHORTEST: Final = 4  # frames: a tone of 0.1 s fills so many, wherever in one it begins
_LONGEST: Final = 101  # 2 s
_BEHIND: Final = 4  # frames, the first is the one in which it ends; a next note comes sooner
_LOUD: Final = 160  # RMS of 16 bits: -46 dB; beeps come at -10 to -35 dB
_PEAKED: Final = 1.75  # times its RMS: 1.4 for a tone, 1.7 in noise 20 dB below, 2 for two tones
_PURE: Final = 0.9  # of the power in three bins: at least 0.97 of a tone, half of two
_STEADY: Final = 1.4  # times louder or softer than where it began: 3 dB
_SILENT: Final = 0.2  # times as loud: 14 dB below


class BeepEar:
    """Listens for the beep in the frames of one call."""

    def __init__(self) -> None:
        self._window = bytes(_FRAMES * FRAME_SAMPLES * BYTES_PER_SAMPLE)
        # Of the tone that lasts or has just ended: its place in the spectrum, its loudness at the
        # beginning, the frames that it fills, and those since.
        self._bin = self._rms = self._lasts = self._behind = 0

    def hear(self, mulaw: bytes) -> bool:
        """Take the next 20 ms; True when a beep has ended. Frames of another size are skipped."""
        if len(mulaw) != FRAME_SAMPLES:
            return False
        pcm = decode_mulaw(mulaw)
        self._window = self._window[len(pcm) :] + pcm
        rms = audioop.rms(pcm, BYTES_PER_SAMPLE)
        found = _tone(self._window, audioop.max(pcm, BYTES_PER_SAMPLE), rms)
        if self._lasts and not self._behind and self._is_same(found, rms):
            self._lasts += 1
            return False
        if self._lasts:
            self._behind += 1
            if self._behind == 1 or rms <= _SILENT * self._rms:
                return self._behind == _BEHIND and self._was_beep()
        self._bin, self._rms, self._lasts, self._behind = found, rms, _FRAMES if found else 0, 0
        return False

    def _is_same(self, found: int, rms: int) -> bool:
        steady = self._rms / _STEADY <= rms <= self._rms * _STEADY
        return bool(found) and abs(found - self._bin) <= 1 and steady

    def _was_beep(self) -> bool:
        lasted, self._lasts = self._lasts, 0
        return _SHORTEST <= lasted <= _LONGEST


@cache
def _hann() -> NDArray[np.float32]:
    return np.hanning(_FRAMES * FRAME_SAMPLES + 1)[:-1].astype(np.float32)


def _tone(window: bytes, peak: int, rms: int) -> int:
    """Where in the spectrum the only tone of the window is; 0 where it is no such thing."""
    if rms < _LOUD or peak > _PEAKED * rms:  # most of speech already
        return 0
    spectrum = np.fft.rfft(np.frombuffer(window, "<i2") * _hann())
    power = spectrum.real**2 + spectrum.imag**2
    top = int(power.argmax())
    if not LOWEST_HZ <= top * _BIN_HZ <= HIGHEST_HZ:
        return 0
    return top if float(power[top - 1 : top + 2].sum()) >= _PURE * float(power.sum()) else 0
