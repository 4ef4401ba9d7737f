"""What an Opus file sounds like, and calls to be recorded."""

from __future__ import annotations

import random
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from vantum.audio.pcm import decode_mulaw, encode_mulaw, from_float, to_float
from vantum.recording.recorder import Recorder

RATE_HZ = 8_000
FRAME = 160
FRAME_S = 0.02
T0 = 5_000.0  # a monotonic clock when the stream begins


def stereo(path: Path) -> NDArray[np.float32]:
    """Shape (2, samples) at 8 kHz."""
    with av.open(str(path)) as file:
        frames = [frame.to_ndarray() for frame in file.decode(audio=0)]
        assert file.streams.audio[0].rate == 48_000  # Opus always is
    whole: NDArray[np.float32] = np.concatenate(frames, axis=1)[:, ::6]
    return whole


def tags(path: Path) -> dict[str, str]:
    with av.open(str(path)) as file:
        return {**file.metadata, **file.streams.audio[0].metadata}


def babble(length_s: float, seed: int) -> bytes:
    """Mu-law noise that comes and goes as words do, and has only what a telephone carries."""
    lots = np.random.default_rng(seed)
    noise = np.convolve(lots.normal(size=round(length_s * RATE_HZ)), np.ones(5) / 5, "same")
    words = np.repeat(lots.random(round(length_s * 5) + 1) > 0.4, RATE_HZ // 5)[: noise.size]
    return encode_mulaw(from_float(0.3 * noise * words))


def wave(mulaw: bytes) -> NDArray[np.float32]:
    return to_float(decode_mulaw(mulaw))


def lag_ms(recorded: NDArray[np.float32], original: NDArray[np.float32]) -> float:
    """How much later than the original the recording is, where they are most alike."""
    size = 1 << (recorded.size + original.size).bit_length()
    product = np.fft.rfft(recorded, size) * np.conj(np.fft.rfft(original, size))
    lag = int(np.argmax(np.fft.irfft(product)))
    return (lag if lag < size // 2 else lag - size) / RATE_HZ * 1000


def level(sound: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(sound**2)))


def frames(sound: bytes) -> list[bytes]:
    return [sound[at : at + FRAME] for at in range(0, len(sound), FRAME)]


def hold_a_call(recorder: Recorder, caller: bytes, agent: bytes) -> None:
    """Both speak all the time, on a line that takes no time; marks come back when they should."""
    for number, (said, answered) in enumerate(zip(frames(caller), frames(agent), strict=True)):
        now = T0 + (number + 1) * FRAME_S
        recorder.plays(answered, now - FRAME_S)
        recorder.marked(str(number), now - FRAME_S)
        recorder.echoed(str(number), now)
        recorder.heard(said, (number + 1) * FRAME, now)


def noise(length_s: float) -> bytes:
    return random.Random(1).randbytes(round(length_s * RATE_HZ))
