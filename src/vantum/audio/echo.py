"""Is what came in only our own sound, come back through the caller's phone?

An echo has the shape of what was played, whatever its level and delay; a caller's voice has not,
also where both sound at once and the voice is the louder one. Browsers remove their echo
themselves; telephones often do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vantum.audio.pcm import MULAW_HZ, decode_mulaw, silence, to_float

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    from vantum import arrays as np

RATE_HZ: Final = MULAW_HZ
STRETCH_S: Final = 0.256  # of what came in: shorter ones resemble anything by chance
KEPT_S: Final = 0.9  # sent up to 0.2 s before it sounds, it is back after 0.05 to 0.4 s
# Measured on the local voice: an echo no louder than the line's noise is alike by 0.67 and more
# for 19 of 20 stretches, speech by 0.49 and less for 99 of 100; at one place by much less.
ALIKE: Final = 0.52
ALIKE_THERE: Final = 0.36  # where it was found before: a line does not change its delay by much
THERE_S: Final = 0.03
LOUDEST: Final = 0.5  # of what was played, -6 dB: what is louder is no echo, whatever its shape
_QUIET: Final = 1e-9  # mean square: nothing was played, or nothing came in


class Played:
    """The newest sound that was sent to a phone, and how late it comes back."""

    def __init__(self) -> None:
        self._sound = bytearray(silence(KEPT_S, RATE_HZ, "mulaw"))
        self._back: int | None = None  # samples from the newest one sent to the newest one heard

    def sent(self, mulaw: bytes) -> None:
        """A frame goes out."""
        self._sound += mulaw
        del self._sound[: len(mulaw)]

    def resembles(self, pcm: bytes) -> bool:
        """Is this sound (s16le, 8 kHz, its newest STRETCH_S count) an echo of it?"""
        heard = to_float(pcm)[-round(STRETCH_S * RATE_HZ) :].astype(np.float64)
        played = to_float(decode_mulaw(bytes(self._sound))).astype(np.float64)
        if heard.size < round(STRETCH_S * RATE_HZ):
            return False
        alike = likeness(heard, played)[::-1]  # by how much later it is heard than sent
        latest = int(alike.argmax())
        if alike[latest] >= ALIKE:
            self._back = latest
            return True
        if self._back is None:
            return False
        near = round(THERE_S * RATE_HZ)
        return bool(alike[max(0, self._back - near) : self._back + near].max() >= ALIKE_THERE)


def likeness(heard: NDArray[np.float64], played: NDArray[np.float64]) -> NDArray[np.float64]:
    """How alike `heard` is to each stretch of `played`, oldest first: 0 to 1, 0 where louder."""
    size = 1 << (played.size - 1).bit_length()  # the ends that wrap around are cut off below
    spectrum = np.fft.rfft(played, size) * np.conj(np.fft.rfft(heard, size))
    products = np.abs(np.fft.irfft(spectrum, size)[: played.size - heard.size + 1])
    energies = np.concatenate(([0.0], np.cumsum(played**2)))
    ours, theirs = energies[heard.size :] - energies[: -heard.size], float(heard @ heard)
    possible = (theirs > _QUIET * heard.size) & (ours * LOUDEST**2 >= theirs)
    return np.where(possible, products / np.sqrt(np.where(possible, ours * theirs, 1.0)), 0.0)
