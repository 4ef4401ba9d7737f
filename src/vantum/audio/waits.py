"""How long a caller waited for an answer, as the sound of a call's two channels has it."""

from __future__ import annotations

import audioop
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from vantum.audio.pcm import BYTES_PER_SAMPLE, MULAW_HZ, Encoding, decode_mulaw, sample_bytes
from vantum.limits import SHORTEST_SPEECH_S

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Levels = NDArray[np.uint16]
    """RMS of every 10 ms, on the scale of 16 bits."""
else:
    from vantum import arrays as np

WINDOW_S: Final = 0.01  # so exact is what is found
_WINDOW: Final = round(WINDOW_S * MULAW_HZ)
LOUD: Final = 300.0  # RMS of 16 bits: a quiet voice has 1,000, a quiet room 50
_ABOVE_NOISE: Final = 3.0  # 10 dB: a voice stands out of the room it speaks in
_NOISE_SHARE: Final = 0.1  # of a call nobody speaks at least
_JOINED: Final = 20  # windows: the closure of a consonant, the pause between words
_MEANT: Final = round(SHORTEST_SPEECH_S / WINDOW_S / 2)  # windows: shorter sounds are clicks
_LOOK_BACK: Final = 6_000  # windows, a minute: nobody waits for longer


@cache
def _squares() -> NDArray[np.float32]:
    """What a byte of mu-law is, squared."""
    linear = np.frombuffer(decode_mulaw(bytes(range(256))), "<i2").astype(np.float32)
    return linear * linear


class Wait(Struct, frozen=True):
    """Where the caller was heard last and the agent first, in seconds of the recording."""

    from_s: float
    sent_s: float  # where what the agent says would begin, if nothing took time on the way
    to_s: float

    @property
    def lasted_s(self) -> float:
        """How long it was."""
        return round(self.to_s - self.from_s, 3)


def quiet_before(sound: bytes, rate_hz: int, encoding: Encoding) -> float:
    """Seconds of silence that sound begins with; all of its length where there is no other."""
    width = sample_bytes(encoding)
    step = round(WINDOW_S * rate_hz) * width
    for at in range(0, len(sound), step):
        part = sound[at : at + step]
        pcm = decode_mulaw(part) if encoding == "mulaw" else part
        if audioop.rms(pcm, BYTES_PER_SAMPLE) > LOUD:
            return at / width / rate_hz
    return len(sound) / width / rate_hz


def levels(mulaw: bytes) -> Levels:
    """Of whole windows of mu-law at 8 kHz."""
    squares = _squares()[np.frombuffer(mulaw, np.uint8)]
    rms: Levels = np.sqrt(squares.reshape(-1, _WINDOW).mean(axis=1)).astype(np.uint16)
    return rms


class Loudness:
    """Both channels of a call as they become final; 1.4 MB an hour."""

    def __init__(self) -> None:
        self._caller: list[Levels] = []
        self._agent: list[Levels] = []
        self._rest = (b"", b"")  # less than a window

    def push(self, caller: bytes, agent: bytes) -> None:
        """More of both, mu-law at 8 kHz, as long as each other."""
        caller, agent = self._rest[0] + caller, self._rest[1] + agent
        whole = len(caller) // _WINDOW * _WINDOW
        self._rest = (caller[whole:], agent[whole:])
        if whole:
            self._caller.append(levels(caller[:whole]))
            self._agent.append(levels(agent[:whole]))

    def waits(self, begun: Sequence[int]) -> list[Wait | None]:
        """For each answer that begins here or a bit later, in samples; they are in order."""
        if not (self._caller and begun):
            return [None] * len(begun)
        caller, agent = np.concatenate(self._caller), np.concatenate(self._agent)
        ends = [*begun[1:], agent.size * _WINDOW]
        return [_wait(caller, agent, *span) for span in zip(begun, ends, strict=True)]


def _wait(caller: Levels, agent: Levels, sent: int, until: int) -> Wait | None:
    """How long the caller waited for what the agent says between these samples.

    None where the agent says nothing there, or the caller had said nothing before.
    """
    begin, end = sent // _WINDOW, until // _WINDOW
    loud = np.flatnonzero(agent[begin:end] > LOUD)
    if not loud.size:
        return None
    answered = begin + int(loud[0])
    first = max(0, answered - _LOOK_BACK)
    spoken = _last_speech(caller[first:answered])
    if spoken is None:
        return None
    return Wait((first + spoken) * WINDOW_S, sent / MULAW_HZ, answered * WINDOW_S)


def _last_speech(caller: Levels) -> int | None:
    """The window behind the last speech; clicks are none."""
    if not caller.size:
        return None
    rank = int(_NOISE_SHARE * caller.size)
    noise = float(np.partition(caller, rank)[rank])
    loud = np.flatnonzero(caller > max(LOUD, _ABOVE_NOISE * noise))
    for run in reversed(np.split(loud, np.flatnonzero(np.diff(loud) > _JOINED) + 1)):
        if run.size >= _MEANT:
            return int(run[-1]) + 1
    return None
