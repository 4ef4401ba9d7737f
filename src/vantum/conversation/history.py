"""What was said and what was heard of it: the one truth that context and transcripts are read from.

An answer enters only as far as its sound reached the caller. A word's time is the voice's own where
it tells it, else its share of the piece's characters (errors stay under a word for even speech).
"""

from __future__ import annotations

import re
from itertools import takewhile

from msgspec import Struct

from vantum.conversation.effects import Line
from vantum.conversation.events import SpokenWord

_WORD = re.compile(r"\S+\s*")
# A word that lacks only its last breath was heard; frames are 20 ms and marks come every 400 ms.
_WORD_GRACE_S = 0.08


class VoicedPiece(Struct):
    """A piece of an answer and how much sound was made of it so far."""

    text: str
    sound_s: float = 0.0
    complete: bool = False
    filler: bool = False  # said to keep the caller company; answers nothing
    words: list[SpokenWord] = []  # timings, from voices that tell them


def heard_text(pieces: list[VoicedPiece], heard_s: float) -> str:
    """The words of `pieces` that end within the first `heard_s` seconds of their sound."""
    words: list[str] = []
    begin_s = 0.0
    for piece in pieces:
        if heard_s <= begin_s:
            break
        if piece.complete and heard_s >= begin_s + piece.sound_s - _WORD_GRACE_S:
            words.append(piece.text)
        else:
            words.append(_heard_words(piece, heard_s - begin_s))
        begin_s += piece.sound_s
    return " ".join(word for word in words if word)


def _heard_words(piece: VoicedPiece, heard_s: float) -> str:
    if piece.sound_s <= 0 or not piece.text:
        return ""
    if piece.words:
        return _timed_words(piece, heard_s)
    # An unfinished piece has an unknown length; a slow speaker's 12 characters a second bounds it.
    length_s = piece.sound_s if piece.complete else max(piece.sound_s, len(piece.text) / 12)
    end = 0
    for word in _WORD.finditer(piece.text):
        stripped_end = word.start() + len(word.group().rstrip())
        if stripped_end / len(piece.text) * length_s > heard_s + _WORD_GRACE_S:
            break
        end = stripped_end
    return piece.text[:end]


def _timed_words(piece: VoicedPiece, heard_s: float) -> str:
    """By the voice's own timings. Letters are counted: it may split words as the text does not."""
    heard = [word.text for word in piece.words if word.end_s <= heard_s + _WORD_GRACE_S]
    reach, end = sum(map(_letters, heard)), 0
    for word in _WORD.finditer(piece.text):
        reach -= _letters(word.group())
        if reach < 0:
            break
        end = word.start() + len(word.group().rstrip())
    return piece.text[:end]


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


class History:
    """The conversation so far, oldest line first."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        # Of each of the agent's lines: clock times at which its sound began and was last heard.
        self.spans: list[tuple[float | None, float | None]] = []

    @property
    def lines(self) -> tuple[Line, ...]:
        """Everything said and heard."""
        return tuple(self._lines)

    def caller_said(self, text: str) -> None:
        """Add the caller's words; with nothing heard in between they continue the last line."""
        self._lines = self._continued(text)

    def with_caller(self, text: str, most: int) -> tuple[Line, ...]:
        """What `recent` would give if the caller had said this."""
        lines = self._continued(text)
        return tuple(lines[-most:]) if most else tuple(lines)

    def _continued(self, text: str) -> list[Line]:
        text = text.strip()
        if not text:
            return self._lines
        lines = self._lines
        if lines and lines[-1].role == "user":
            lines, text = lines[:-1], f"{lines[-1].text} {text}"
        return [*lines, Line(role="user", text=text)]

    def caller_heard(
        self,
        text: str,
        *,
        interrupted: bool = False,
        began: float | None = None,
        until: float | None = None,
    ) -> None:
        """Add the part of an answer that the caller heard; nothing heard leaves no line.

        `began` and `until` are the clock times between which it was, where they are known.
        """
        text = text.strip()
        if text:
            self._lines.append(Line(role="assistant", text=text, interrupted=interrupted))
            self.spans.append((began, until))

    def recent(self, most: int) -> tuple[Line, ...]:
        """The newest lines for the model, at most `most` (0 = all), up to the caller's last.

        Behind that one they can have heard no more than a filler.
        """
        behind = len(list(takewhile(lambda line: line.role == "assistant", reversed(self._lines))))
        lines = self._lines[: len(self._lines) - behind]
        return tuple(lines[-most:]) if most else tuple(lines)
