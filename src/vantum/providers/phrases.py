"""Which sentences of an agent are kept as sound, to be said at once and even without a voice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from vantum.conversation.segments import Segmenter, spoken_text
from vantum.providers.base import Spoken, VoiceOptions

VOICES: Final = 16  # whose sound is kept: of a dozen sentences each 2 MB; the oldest makes room


class Phrases:
    """Sound of the sentences that an agent says in every call, by voice."""

    def __init__(self, texts: Iterable[str], fillers: Iterable[str]) -> None:
        self._fillers = tuple(fillers)
        # A filler reaches the voice whole, all else in pieces.
        pieces = (piece for text in texts for piece in pieces_of(text))
        self._wanted = tuple(dict.fromkeys((*self._fillers, *pieces)))
        self._kept: dict[VoiceOptions, dict[str, tuple[Spoken, ...]]] = {}

    def are_new(self, options: VoiceOptions) -> bool:
        """Nothing was learnt in this voice yet; True only once."""
        if options in self._kept:
            return False
        self._kept[options] = {}
        if len(self._kept) > VOICES:
            del self._kept[next(iter(self._kept))]
        return True

    def forget(self, options: VoiceOptions) -> None:
        """Learn this voice anew."""
        self._kept.pop(options, None)

    def missing(self, options: VoiceOptions) -> list[str]:
        """The pieces still to be learnt, fillers first."""
        kept = self._kept.get(options, {})
        return [text for text in self._wanted if text not in kept]

    def find(self, text: str, options: VoiceOptions) -> tuple[Spoken, ...]:
        """The sound of this piece, or nothing."""
        return self._kept.get(options, {}).get(text, ())

    def fillers(self, options: VoiceOptions) -> list[tuple[Spoken, ...]]:
        """The sounds that keep a waiting caller company, as far as they are known."""
        known = (self.find(text, options) for text in self._fillers)
        return [tuple(sound for sound in filler if sound.pcm) for filler in known if filler]

    def keep(self, text: str, options: VoiceOptions, sound: Iterable[Spoken]) -> None:
        """Remember the whole sound of a piece, if it is one worth keeping."""
        if text in self._wanted and options in self._kept:
            self._kept[options][text] = tuple(sound)


def pieces_of(text: str) -> list[str]:
    """The pieces in which a sentence of our own reaches the voice."""
    segmenter = Segmenter()
    return [spoken_text(piece) for piece in (*segmenter.push(text), *segmenter.finish())]
