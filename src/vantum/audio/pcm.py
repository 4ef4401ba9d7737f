"""What sound is inside Vantum: mono bytes at a known rate, s16le or, to spare work, mu-law."""

from __future__ import annotations

import audioop
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    from vantum import arrays as np

Encoding = Literal["s16le", "mulaw"]
"""How samples are coded; mulaw is G.711, which telephones take, always at 8000 Hz."""

MULAW_HZ: Final = 8_000
MULAW_SILENCE: Final = b"\xff"  # G.711: the byte for zero

BYTES_PER_SAMPLE: Final = 2  # 16 bits: what recognisers take and voices give
FULL_SCALE: Final = 32_768  # |most negative int16|: int16 -> float -> int16 then loses nothing


def even(pcm: bytes) -> bytes:
    """Whole samples only: the same object, or without its odd last byte."""
    return pcm if len(pcm) % BYTES_PER_SAMPLE == 0 else pcm[:-1]


def samples(pcm: bytes) -> int:
    """How many whole samples `pcm` holds."""
    return len(pcm) // BYTES_PER_SAMPLE


def duration_s(pcm: bytes, rate_hz: int) -> float:
    """How long `pcm` sounds."""
    return samples(pcm) / rate_hz


def sample_bytes(encoding: Encoding) -> int:
    """How many bytes one sample takes."""
    return 1 if encoding == "mulaw" else BYTES_PER_SAMPLE


def silence(length_s: float, rate_hz: int, encoding: Encoding = "s16le") -> bytes:
    """Digital silence of `length_s`, to the nearest sample; nothing for a negative length."""
    count = max(0, round(length_s * rate_hz))
    return MULAW_SILENCE * count if encoding == "mulaw" else bytes(BYTES_PER_SAMPLE * count)


def encode_mulaw(pcm: bytes) -> bytes:
    """s16le to G.711 mu-law, one byte a sample."""
    return audioop.lin2ulaw(even(pcm), BYTES_PER_SAMPLE)


def decode_mulaw(mulaw: bytes) -> bytes:
    """G.711 mu-law to s16le."""
    return audioop.ulaw2lin(mulaw, BYTES_PER_SAMPLE)


def stereo(left: bytes, right: bytes) -> bytes:
    """Two s16le channels of the same length as one, sample by sample in turn."""
    left_alone = audioop.tostereo(left, BYTES_PER_SAMPLE, 1, 0)
    return audioop.add(left_alone, audioop.tostereo(right, BYTES_PER_SAMPLE, 0, 1), 2)


def from_float(wave: NDArray[np.floating]) -> bytes:
    """Floats in -1..1 to s16le: rounded, louder ones clipped, not-a-number is silence."""
    within = np.clip(np.nan_to_num(wave, nan=0.0), -1.0, 1.0)
    scaled = np.rint(within * FULL_SCALE).clip(max=FULL_SCALE - 1)
    return bytes(scaled.astype("<i2").tobytes())


def to_float(pcm: bytes) -> NDArray[np.float32]:
    """s16le to float32 in -1..1, shape (samples,)."""
    return np.frombuffer(even(pcm), "<i2").astype(np.float32) / np.float32(FULL_SCALE)
