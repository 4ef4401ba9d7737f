"""What is known of the answer being given: its text, its pieces, and how much sound they made."""

from __future__ import annotations

from vantum.conversation.events import EndReason
from vantum.conversation.history import VoicedPiece, heard_text
from vantum.conversation.segments import Segmenter, spoken_text


class Reply:
    """One answer: reply `number` of `turn`. Seconds throughout."""

    def __init__(self, turn: int, number: int, *, waited_from: float | None = None) -> None:
        self.turn = turn
        self.number = number
        self.waited_from = waited_from  # clock time of the caller's last word
        self.pieces: list[VoicedPiece] = []
        self.tokens: list[str] = []
        self.announced = 0  # tokens already shown to the client
        self.started = False  # its first sound or text went to the client
        self.written = False  # the model has finished
        self.played = False  # all its sound is queued
        self.ends: EndReason | None = None  # the call is over once this was heard
        self.voiceless = False  # the voice failed; the rest is text alone
        self._segmenter = Segmenter()

    @property
    def text(self) -> str:
        """The whole answer so far as it is spoken, without markers."""
        return spoken_text("".join(self.tokens)).strip()

    @property
    def sound_s(self) -> float:
        """Sound made so far."""
        return sum(piece.sound_s for piece in self.pieces)

    def write(self, token: str) -> list[str]:
        """Take the next token; returns the texts that became speakable."""
        self.tokens.append(token)
        return self._begin(self._segmenter.push(token))

    def finish(self) -> list[str]:
        """The model is done; returns the last speakable texts."""
        self.written = True
        return self._begin(self._segmenter.finish())

    def _begin(self, texts: list[str]) -> list[str]:
        self.pieces.extend(VoicedPiece(text, complete=self.voiceless) for text in texts)
        return [] if self.voiceless else texts

    def lose_voice(self) -> None:
        """No more sound will be made."""
        self.voiceless = True
        for piece in self.pieces:
            piece.complete = True

    def voiced(self, piece: int, sound_s: float) -> None:
        """Sound was made for a piece."""
        self.pieces[piece].sound_s += sound_s

    def voiced_whole(self, piece: int) -> None:
        """All sound of a piece was made."""
        self.pieces[piece].complete = True

    @property
    def is_made(self) -> bool:
        """Nothing more will be said or sounded."""
        return self.written and all(piece.complete for piece in self.pieces)

    def heard(self, heard_s: float) -> str:
        """The words whose sound fell within the first `heard_s` seconds."""
        return heard_text(self.pieces, heard_s)
