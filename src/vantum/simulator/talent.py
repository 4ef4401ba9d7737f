"""Who hears, thinks and speaks inside the simulated services: fixed texts and tones, or models."""

from __future__ import annotations

from typing import Final, Protocol

from vantum.audio.pcm import silence
from vantum.providers.scripted import CHARS_PER_S, RATE_HZ, TONE

PCM_HZ: Final = RATE_HZ  # of all sound that passes through a talent: s16le mono

CALLER_LINES: Final = (
    "Yes, I have a minute.",
    "We are twelve people in sales.",
    "What does it cost?",
    "That sounds good.",
    "Tuesday at three works for me.",
    "Thank you, goodbye.",
)


class Talent(Protocol):
    """What makes a simulated conversation sound like one."""

    listens: bool  # must be given the sound; preparing it costs half of a simulated recogniser

    async def words(self, pcm: bytes, heard: int) -> str:
        """What was said in this stretch of speech, the `heard`-th (from 0) of its caller."""
        ...

    async def sound(self, text: str) -> bytes:
        """The text, spoken; a word takes its share of the characters."""
        ...


class Canned:
    """Costs next to nothing: the caller says fixed lines, the voice is a tone."""

    listens = False

    def __init__(self, lines: tuple[str, ...] = CALLER_LINES) -> None:
        self._lines = lines

    async def words(self, pcm: bytes, heard: int) -> str:  # noqa: ARG002 - it heeds no sound
        """The caller's next line."""
        return self._lines[heard % len(self._lines)]

    async def sound(self, text: str) -> bytes:
        """A tone with a dip after each word, as long as the text takes to say."""
        return b"".join(_hum(len(word)) for word in text.split())


def _hum(characters: int) -> bytes:
    size = round(characters / CHARS_PER_S * PCM_HZ) * 2
    return (TONE * (size // len(TONE) + 1))[:size] + silence(1 / CHARS_PER_S, PCM_HZ)
