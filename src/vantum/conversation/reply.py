"""What is known of the answer being given: its text, its pieces, and how much sound they made."""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct

from vantum.conversation import effects as do
from vantum.conversation.events import EndReason, Event, SpokenWord
from vantum.conversation.history import VoicedPiece, heard_text
from vantum.conversation.segments import MARKER, MARKERS, Segmenter, recited, spoken_text


class ShownText:
    """An answer's text as a client may show it: token by token, without markers."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self._told = 0
        self._tail = ""  # may be the beginning of a marker

    def push(self, token: str) -> None:
        """Take the model's next token."""
        text = MARKERS.sub(" ", self._tail + token)
        ends = (text.upper().endswith(MARKER[:n]) for n in range(len(MARKER) - 1, 0, -1))
        held_back = next((len(MARKER) - n for n, held in enumerate(ends, start=1) if held), 0)
        self._show(text[: len(text) - held_back])
        self._tail = text[len(text) - held_back :]

    def finish(self) -> None:
        """No token follows: a lone bar is text, more is a marker cut off."""
        self._show(self._tail if len(self._tail) == 1 else "")
        self._tail = ""

    def _show(self, text: str) -> None:
        if text:
            self.tokens.append(text)

    def untold(self) -> list[tuple[int, str]]:
        """Tokens and their numbers from 0, each handed out once."""
        first, self._told = self._told, len(self.tokens)
        return list(enumerate(self.tokens[first:], first))


class Then(Struct):
    """What hangs on an answer's being heard to its end; `ends` comes last."""

    deeds: list[do.PressKeys | do.Transfer] = []
    ends: EndReason | None = None
    unheard: EndReason | None = None  # in place of `ends` where the voice failed
    firm: bool = False  # it must be heard: nothing the caller does holds it or cuts it off

    @property
    def is_nothing(self) -> bool:
        """The talk just goes on."""
        return not self.deeds and self.ends is None


class _Silence(Struct):
    """While an answer is held."""

    since: float | None = None  # clock time
    before_s: float = 0.0  # in all, of earlier ones


class Reply:
    """One answer: reply `number` of `turn`. Seconds throughout."""

    def __init__(
        self,
        turn: int,
        number: int,
        *,
        waited_from: float | None = None,
        prerecorded: frozenset[str] = frozenset(),
    ) -> None:
        self.turn = turn
        self.number = number
        self.waited_from = waited_from  # clock time of the caller's last word
        self.pieces: list[VoicedPiece] = []
        self.shown = ShownText()
        # Clock time at which its first sound or text went to the client.
        self.started_at: float | None = None
        self.written = False  # the model has finished
        self._silence = _Silence()
        self.played = False  # all its sound is queued
        self.then = Then()
        self.voiceless = False  # the voice failed; the rest is text alone
        self._segmenter = Segmenter(prerecorded)

    @property
    def text(self) -> str:
        """The whole answer so far as it is spoken, without markers."""
        return spoken_text("".join(self.shown.tokens))

    @property
    def sound_s(self) -> float:
        """Sound made so far."""
        return sum(piece.sound_s for piece in self.pieces)

    def write(self, token: str) -> list[str]:
        """Take the next token; returns the texts that became speakable."""
        self.shown.push(token)
        return self._begin(self._segmenter.push(token))

    def finish(self) -> list[str]:
        """The model is done; returns the last speakable texts."""
        self.written = True
        self.shown.finish()
        return self._begin(self._segmenter.finish())

    def say(self, text: str) -> list[str]:
        """Take a whole text of our own; returns all that is to be spoken of it."""
        parts = recited(text, self._segmenter.whole)
        return [*(piece for part in parts for piece in self.write(part)), *self.finish()]

    @property
    def is_empty(self) -> bool:
        """Nothing was said that answers anything."""
        return all(piece.filler for piece in self.pieces)

    @property
    def may_be_filled(self) -> bool:
        """A filler can still come before the answer."""
        return self.is_empty and len(self.shown.tokens) == len(self.pieces) and not self.written

    def fill(self, text: str) -> list[str]:
        """Say something before the answer, which keeps the caller waiting."""
        self.shown.push(f"{text} ")
        texts = self._begin([text])
        self.pieces[-1].filler = True
        return texts

    def append(self, text: str) -> list[str]:
        """Add a sentence of our own to a finished answer."""
        self._segmenter = Segmenter(self._segmenter.whole)
        return self.say(f" {text}")

    def _begin(self, texts: list[str]) -> list[str]:
        self.pieces.extend(VoicedPiece(text) for text in texts)
        return [] if self.voiceless else texts

    def lose_voice(self) -> None:
        """No more sound will be made."""
        self.voiceless = True

    def awaits_sound(self, piece: int) -> bool:
        """Sound for this piece is still being made."""
        known = 0 <= piece < len(self.pieces)
        return known and not self.voiceless and not self.pieces[piece].complete

    def voiced(
        self, piece: int, sound_s: float, words: Iterable[SpokenWord] = (), now: float | None = None
    ) -> None:
        """Sound was made for a piece; `now` is a clock time."""
        if now is not None and self.started_at is not None:
            until = now if self._silence.since is None else self._silence.since
            ran_dry_s = until - self.started_at - self._silence.before_s - self.sound_s
            self._silence.before_s += max(0.0, ran_dry_s)
        self.pieces[piece].sound_s += sound_s
        self.pieces[piece].words.extend(words)

    def voiced_whole(self, piece: int) -> None:
        """All sound of a piece was made."""
        self.pieces[piece].complete = True

    @property
    def is_made(self) -> bool:
        """Nothing more will be said or sounded."""
        return self.written and (self.voiceless or all(piece.complete for piece in self.pieces))

    @property
    def held(self) -> bool:
        """Its sound is silenced for the moment: somebody may be speaking."""
        return self._silence.since is not None

    def hold(self, now: float) -> None:
        """Its sound stops."""
        self._silence.since = now

    def resume(self, now: float) -> None:
        """It goes on."""
        silence = self._silence
        if silence.since is not None:
            silence.before_s += now - silence.since
            silence.since = None

    def heard_s(self, now: float) -> float:
        """How much of its sound the caller has heard, by our clock; its own tells it exactly."""
        if self.started_at is None:
            return 0.0
        until = now if self._silence.since is None else self._silence.since
        return max(0.0, min(self.sound_s, until - self.started_at - self._silence.before_s))

    def heard(self, heard_s: float) -> str:
        """The words whose sound fell within the first `heard_s` seconds."""
        return heard_text(self.pieces, heard_s)

    def has_answered(self, heard_s: float) -> bool:
        """Was a word of the answer heard by then? Fillers come before it and answer nothing."""
        fillers_s = sum(piece.sound_s for piece in self.pieces if piece.filler)
        answer = [piece for piece in self.pieces if not piece.filler]
        return bool(heard_text(answer, heard_s - fillers_s))


class Guess(Struct):
    """An answer to words that the caller may not have finished."""

    reply: Reply
    words: list[str]
    kept: list[Event] = []  # bounded by the shell, which lets a voice run 10 s ahead


def same_words(text: str) -> list[str]:
    """What must agree for a guess to be right: words, not their case or punctuation."""
    return re.findall(r"\w+", text.casefold())
