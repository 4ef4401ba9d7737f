"""What a simulated recogniser makes of sound: how loud it is, and when each word was said.

Pure, and in audio time only. A recogniser is a generator of steps: a message to be sent, the end of
the connection, or a stretch of speech whose words it asks for and waits to be told.
"""

from __future__ import annotations

import audioop
from collections.abc import Generator, Iterator
from typing import Final, Protocol

from msgspec import Struct

from vantum.audio.pcm import decode_mulaw
from vantum.audio.vad import VadParams
from vantum.providers.scripted import CHARS_PER_S, LOUD
from vantum.wire import deepgram as nova
from vantum.wire import deepgram_flux as flux

WINDOW_S: Final = 0.02
ONSET_S: Final = 0.06  # shorter sounds are clicks
WORDED: Final = 2 * LOUD  # RMS: between the two it is a noise that energy takes for a voice
RUN_UP_S: Final = 0.3  # a soft first consonant lies before the first loud window
_SHORT: Final = 2 / 3  # of a word, heard when it is still being said


class Speech(Struct, frozen=True):
    """Sound (s16le mono) whose words are asked for; `number` counts a connection's utterances.

    `whole`: it will not grow any more.
    """

    pcm: bytes
    rate_hz: int
    number: int
    whole: bool


class Closing(Struct, frozen=True):
    """The server ends the connection."""

    code: int = 1000
    reason: str = ""


Step = nova.ServerMessage | flux.ServerMessage | Speech | Closing
Steps = Generator[Step, str, None]  # each Speech is answered with its words


class Recogniser(Protocol):
    """One connection as its server sees it."""

    def greet(self) -> Steps:
        """The connection is open."""
        ...

    def hear(self, audio: bytes) -> Steps:
        """Sound came; none at all closes the stream."""
        ...

    def obey(self, text: str) -> Steps:
        """A text came."""
        ...

    def failure(self) -> nova.Failure | flux.Failure:
        """What is said when the server itself has failed."""
        ...

    @property
    def now_s(self) -> float:
        """How much sound came."""
        ...


class Sound:
    """The sound of one connection, window by window; what may still be asked for is kept."""

    def __init__(self, encoding: nova.Encoding, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._mulaw = encoding == "mulaw"
        self._window = 2 * round(rate_hz * WINDOW_S)
        self._kept = bytearray()
        self._forgotten = 0  # bytes before the kept ones
        self._judged = 0  # bytes, of all

    @property
    def now_s(self) -> float:
        """Audio time that was judged."""
        return self._judged / 2 / self.rate_hz

    def windows(self, audio: bytes) -> Iterator[int]:
        """The loudness (RMS) of each window that is complete now."""
        self._kept += decode_mulaw(audio) if self._mulaw else audio
        while (end := self._judged - self._forgotten + self._window) <= len(self._kept):
            self._judged += self._window
            yield audioop.rms(self._kept[end - self._window : end], 2)

    def between(self, from_s: float, to_s: float) -> bytes:
        """Sound that was kept, s16le."""
        return bytes(self._kept[self._kept_at(from_s) : self._kept_at(to_s)])

    def forget(self, before_s: float) -> None:
        """What was before will not be asked for, but for what leads up to speech."""
        gone = self._kept_at(before_s - RUN_UP_S)
        del self._kept[:gone]
        self._forgotten += gone

    def _kept_at(self, at_s: float) -> int:
        return max(0, 2 * round(at_s * self.rate_hz) - self._forgotten)


def loudness_params(stop_s: float) -> VadParams:
    """Voice activity by loudness, which knows loud (1.0) and not loud (0.0)."""
    return VadParams(window_s=WINDOW_S, start_s=ONSET_S, stop_s=stop_s)


MUMBLED: Final = 0.3  # how sure anybody is of a word that ends in an ellipsis


class Timed(Struct, frozen=True):
    """A word and when it was said."""

    text: str
    start_s: float
    end_s: float
    confidence: float


def timed(text: str, from_s: float, to_s: float) -> list[Timed]:
    """The words over their stretch of speech, each by its share of the characters."""
    words = text.split()
    per_character_s = (to_s - from_s) / max(1, sum(len(word) + 1 for word in words))
    found, at_s = [], from_s
    for number, word in enumerate(words):
        end_s = at_s + (len(word) + 1) * per_character_s
        # Sure, but not of all words alike; four in a hundred are no news to anybody.
        confidence = MUMBLED if word.endswith("…") else 0.99 - 0.01 * (number % 5)
        found.append(Timed(word, round(at_s, 3), round(end_s, 3), confidence))
        at_s = end_s
    return found


def so_far(text: str, spoken_s: float) -> str:
    """What an unfinished utterance is taken for; the word that is being said will be revised."""
    room = round(spoken_s * CHARS_PER_S)
    if len(text) <= room:
        return text
    kept = []
    for word in text.split():
        room -= len(word) + 1
        if room < 0:
            kept.append(word[: max(1, int(len(word) * _SHORT))] + "-")
            break
        kept.append(word)
    return " ".join(kept)


def plain(word: str) -> str:
    """Without capitals and marks."""
    return word.strip(".,;:!?\"'").lower()
