"""How far apart two recordings of the same call lie, by comparing their sound. Pure.

A recording is an array of shape (2, samples): the caller, the agent. Offsets are seconds by which
ours is behind theirs. They need not begin together; what counts is whether an offset changes, and
whether that of the agent is the caller's.
"""

from __future__ import annotations

import io
import wave
from typing import Final

import av
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

RATE_HZ: Final = 8_000
FRAME: Final = 160  # 20 ms
WINDOW: Final = RATE_HZ  # long enough to be mistaken for nothing else
SEARCH: Final = RATE_HZ // 2  # round where the whole recordings fit
SPOKEN_SHARE: Final = 0.8  # of a window
ALIKE: Final = 0.9  # 1: the same wave; a window across a cut has two offsets and is left out
LOUD: Final = 0.01  # of full scale; codecs leave 40 dB less in silence
NEAR: Final = 2  # frames: what is nearer to a sound belongs to it
ENDS: Final = 3  # windows whose median is the offset at the start, and at the end

Sound = NDArray[np.float32]


class Place(Struct, frozen=True):
    """Where a second of sound is, and by how much ours has it later."""

    at_s: float
    offset_s: float


class Compared(Struct, frozen=True):
    """What two recordings have to do with each other."""

    length_s: float  # of ours
    caller: list[Place]
    agent: list[Place]
    only_ours_s: float  # the agent's sound that the other recording does not have
    only_theirs_s: float

    @property
    def drift(self) -> float:
        """By which share the clocks of a channel differ; the worse channel."""
        return max(abs(_drift(self.caller)), abs(_drift(self.agent)))

    @property
    def apart_s(self) -> tuple[float, float]:
        """How much later the agent is than it should be beside the caller: least and most."""
        beside = float(np.median([place.offset_s for place in self.caller]))
        later = [place.offset_s - beside for place in self.agent]
        return min(later), max(later)


def compare(ours: Sound, theirs: Sound) -> Compared:
    """Lay our recording beside another one."""
    caller, agent = (_places(us, them) for us, them in zip(ours, theirs, strict=True))
    # By the caller's clock, which the agent's sound is to be right by.
    shift = round(float(np.median([place.offset_s for place in caller])) * RATE_HZ)
    us, them = _spoken(_shifted(ours[1], shift)), _spoken(theirs[1])
    size = min(us.size, them.size)
    us, them = us[:size], them[:size]
    return Compared(
        ours.shape[1] / RATE_HZ,
        caller,
        agent,
        only_ours_s=float((us & ~_widened(them)).sum()) * FRAME / RATE_HZ,
        only_theirs_s=float((them & ~_widened(us)).sum()) * FRAME / RATE_HZ,
    )


def read_opus(data: bytes) -> Sound:
    """A recording of ours, at 8 kHz."""
    with av.open(io.BytesIO(data), "r") as file:
        frames = [frame.to_ndarray().astype(np.float32) for frame in file.decode(audio=0)]
        step = file.streams.audio[0].rate // RATE_HZ
    sound: Sound = np.concatenate(frames, axis=1)[:, ::step]
    return sound


def read_wav(data: bytes) -> Sound:
    """One of the simulated carrier's."""
    with wave.open(io.BytesIO(data)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    return (samples.reshape(-1, 2).T / 32_768).astype(np.float32)


def _places(ours: Sound, theirs: Sound) -> list[Place]:
    """Seconds of their channel that are in ours too."""
    overall = _lag(ours, theirs)
    found = []
    for at in range(0, theirs.size - WINDOW, WINDOW // 2):
        window = theirs[at : at + WINDOW]
        begin = at + overall - SEARCH
        around = ours[max(0, begin) : begin + WINDOW + 2 * SEARCH]
        if _spoken(window).mean() < SPOKEN_SHARE or around.size < WINDOW:
            continue
        alike = _likeness(around, window)
        best = int(np.argmax(alike))
        if alike[best] > ALIKE:
            found.append(Place(at / RATE_HZ, (max(0, begin) + best - at) / RATE_HZ))
    return found


def _lag(ours: Sound, theirs: Sound) -> int:
    size = 1 << (ours.size + theirs.size).bit_length()
    product = np.fft.rfft(ours, size) * np.conj(np.fft.rfft(theirs, size))
    lag = int(np.argmax(np.fft.irfft(product, size)))
    return lag if lag < size // 2 else lag - size


def _likeness(around: Sound, window: Sound) -> NDArray[np.float64]:
    """How like the window is what begins at each sample: -1 to 1."""
    squares = np.concatenate(([0.0], np.cumsum(around.astype(np.float64) ** 2)))
    power = squares[window.size :] - squares[: -window.size]
    product = np.correlate(around, window, "valid").astype(np.float64)
    likeness: NDArray[np.float64] = product / np.sqrt(power * np.sum(window**2) + 1e-9)
    return likeness


def _spoken(sound: Sound) -> NDArray[np.bool_]:
    """Whether there is sound, for each 20 ms."""
    frames = sound[: sound.size // FRAME * FRAME].reshape(-1, FRAME)
    loud: NDArray[np.bool_] = np.sqrt((frames**2).mean(axis=1)) > LOUD
    return loud


def _widened(spoken: NDArray[np.bool_]) -> NDArray[np.bool_]:
    near = np.convolve(spoken, np.ones(2 * NEAR + 1), "same")
    return near > 0


def _shifted(sound: Sound, by: int) -> Sound:
    """Begin so many samples later; silence comes before it where that is less than none."""
    return sound[by:] if by >= 0 else np.concatenate((np.zeros(-by, np.float32), sound))


def _drift(places: list[Place]) -> float:
    first, last = places[:ENDS], places[-ENDS:]
    moved = _median(last, "offset_s") - _median(first, "offset_s")
    return moved / (_median(last, "at_s") - _median(first, "at_s"))


def _median(places: list[Place], name: str) -> float:
    return float(np.median([getattr(place, name) for place in places]))
