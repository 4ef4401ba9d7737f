"""Who hears and speaks inside the simulated services: chords and fixed texts, or models."""

from __future__ import annotations

from typing import Final, Protocol

from vantum.simulator.tones import heard_in, spoken

PCM_HZ: Final = 16_000  # of all sound that a talent makes: s16le mono

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

    async def words(self, pcm: bytes, rate_hz: int, heard: int) -> str:
        """What was said in this stretch of speech, the `heard`-th (from 0) of its caller."""
        ...

    async def sound(self, text: str) -> bytes:
        """The text, spoken; a word takes its share of the characters."""
        ...


class Canned:
    """Costs next to nothing: it reads the words that its own voice has put into the sound.

    In any other sound it hears that the caller says the next of its lines.
    """

    def __init__(self, lines: tuple[str, ...] = CALLER_LINES) -> None:
        self._lines = lines

    async def words(self, pcm: bytes, rate_hz: int, heard: int) -> str:
        """What the sound holds, or the caller's next line."""
        words = heard_in(pcm, rate_hz)
        return self._lines[heard % len(self._lines)] if words is None else words

    async def sound(self, text: str) -> bytes:
        """Chords with a pause after each word, as long as the text takes to say."""
        return spoken(text, PCM_HZ)
