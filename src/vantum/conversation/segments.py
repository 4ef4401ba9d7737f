"""Where a growing answer is cut into pieces that a voice can speak.

The first piece leaves at its first clause or sentence end, whatever its length: the caller is
waiting. After `. , :` and dashes that follow a digit, and after the point of an abbreviation, one
more word tells whether it was an end ("3.5", "Dr. Who", "5 p.m. Then").

Later pieces are whole sentences, grouped. A group closes at a sentence end once it has as many
words as were handed over before it: those are being spoken meanwhile, so no voice ever waits for a
group, and pieces grow from a clause to the maximum. A closed group leaves when `MIN_WORDS` more
words are there, so that a short last part can join it. Where rules collide, the 400 characters win
over the five words, and those win over the size of a group.

A marker always ends a piece, save one below `MIN_WORDS`. The cuts depend on the text alone, never
on how it arrived in tokens: characters are taken one by one. A line that is never to be cut
has to be one token.
"""

# ruff: noqa: RUF001, RUF003 - typographic dashes and quotes are what this file is about

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

MARKER: Final = "||BREAK||"  # what the model is told to write between pieces

MIN_WORDS: Final = 5  # row LL-17: shorter parts sound clipped
GROUP_WORDS: Final = 46  # row LL-15 allows 50; the rest is room for a last part below MIN_WORDS
GROUP_CHARS: Final = 270  # row LL-15 allows 300; the same room
PIECE_CHARS: Final = 400  # row LL-16: longer text is cut, at a sentence or between words

MARKERS: Final = re.compile(r"\|\|BREAK\|\|", re.IGNORECASE | re.ASCII)
_UNFINISHED_MARKER: Final = re.compile(r"\|\|(?:B(?:R(?:E(?:A(?:K\|?)?)?)?)?)?\Z", re.I | re.A)

_ENDS: Final = ".!?…"
_CLAUSE_ENDS: Final = ".!?…,;:—–"
_DOUBTFUL_AFTER_DIGIT: Final = ".,:—–"  # 3.5  1,000  10:30  5–10
_CLOSERS: Final = ".!?…,;:\"'”’»)]"  # what may cling to the end of a clause

_NEVER_LAST: Final = frozenset(
    {"mr", "mrs", "ms", "dr", "prof", "st", "vs", "e.g", "i.e", "approx"}
)
_MAYBE_LAST: Final = frozenset(
    re.findall(r"\w+", "etc inc ltd co corp jr sr dept est jan feb mar apr aug sept oct nov dec")
)
_INITIALS: Final = re.compile(r"(?:[a-z]\.)*[a-z]")  # a.m  p.m  u.s  and a lone initial


def spoken_text(text: str) -> str:
    """`text` as the caller hears it: markers, finished or cut off, removed; single spaces."""
    return " ".join(_UNFINISHED_MARKER.sub("", MARKERS.sub(" ", text)).split())


def recited(text: str, lines: Collection[str]) -> list[str]:
    """`text` cut where one of `lines` begins and ends; the parts together are the text again."""
    if not lines:
        return [text]
    longest_first = sorted(lines, key=len, reverse=True)
    known = "|".join(r"\s+".join(map(re.escape, line.split())) for line in longest_first)
    return [part for part in re.split(rf"(?<!\S)({known})(?!\S)", text) if part]


class Segmenter:
    """Takes one answer token by token and returns each piece once it may be spoken."""

    def __init__(self, whole: frozenset[str] = frozenset()) -> None:
        self.whole = whole  # lines that are never cut, nor joined with others
        self._tail = ""  # characters that may be the beginning of a marker
        self._word = ""
        self._sentence: list[str] = []  # whole words of the open sentence
        self._group: list[str] = []  # whole sentences of the open piece
        self._closed: list[str] = []  # a piece that waits for MIN_WORDS more words
        self._handed_words = 0  # words in pieces closed so far
        self._first = True
        self._clinging = False  # just behind the first piece, which has left without its closers
        self._out: list[str] = []

    def push(self, token: str) -> list[str]:
        """Take the next bit of the answer; return the pieces it completes."""
        if self.whole and (line := spoken_text(token)) in self.whole:
            before = self.finish()
            self._sentence, self._first = [], False
            self._handed_words += len(line.split())
            return [*before, line]
        for char in token:
            if not self._tail and char != MARKER[0]:
                self._take(char)
                continue
            self._tail += char
            while self._tail and not MARKER.startswith(self._tail.upper()):
                self._take(self._tail[0])
                self._tail = self._tail[1:]
            if len(self._tail) == len(MARKER):
                self._tail = ""
                self._end_word()
                self._end_part()
        return self._leaving()

    def finish(self) -> list[str]:
        """The answer is written, or broke off: return what is left of it."""
        if len(self._tail) == 1:  # a lone bar is text, more is a marker cut off
            self._take(self._tail)
        self._tail = ""
        self._end_word()
        if self._first:
            self._hand_over_first()
            return self._leaving()
        self._end_sentence()
        rest, self._group = self._group, []
        joined = self._closed + rest
        if len(rest) < MIN_WORDS and _length(joined) <= PIECE_CHARS:
            self._closed = joined if _speakable(joined) else []
        else:
            self._close(rest)
        self._hand_over_closed()
        return self._leaving()

    def _leaving(self) -> list[str]:
        out, self._out = self._out, []
        return out

    def _take(self, char: str) -> None:
        if char.isspace():
            self._end_word()
            if char == "\n":
                self._end_line()
            self._clinging = False
            return
        if not self._word and self._sentence and _ends_sentence(self._sentence[-1], char):
            self._end_line()
        if self._first:
            self._take_first(char)
        elif not (self._clinging and char in _CLOSERS):
            self._clinging = False
            self._word += char
        if len(self._word) == PIECE_CHARS:
            self._end_word()

    def _take_first(self, char: str) -> None:
        """Take a visible character while the first piece is still here."""
        if _is_doubtful(self._word) and not char.isdigit():
            self._hand_over_first()
            if char in _CLOSERS:
                self._clinging = True
                return
        self._word += char
        if _ends_clause(self._word):
            self._hand_over_first()
            self._clinging = not self._word

    def _end_word(self) -> None:
        if not self._word:
            return
        word, self._word = self._word, ""
        # Twice where the open sentence, too, is too long for a long word.
        while (self._group or self._sentence) and self._length_with(word) > PIECE_CHARS:
            self._make_room()
        self._sentence.append(word)
        if self._first:
            if word == "-" or _is_doubtful(word):
                self._hand_over_first()
        elif len(self._group) + len(self._sentence) >= MIN_WORDS:
            self._hand_over_closed()

    def _length_with(self, word: str) -> int:
        return _length(self._group) + _length(self._sentence) + len(word) + 2

    def _make_room(self) -> None:
        """Cut at the last sentence end, else between words."""
        if self._first:
            self._hand_over_first()
            self._sentence = []
        elif len(self._group) >= MIN_WORDS:
            self._close(self._group)
            self._group = []
        else:
            self._close(self._group + self._sentence)
            self._group, self._sentence = [], []

    def _end_line(self) -> None:
        if self._first:
            self._hand_over_first()
        else:
            self._end_sentence()

    def _end_sentence(self) -> None:
        together = self._group + self._sentence
        too_much = len(together) > GROUP_WORDS or _length(together) > GROUP_CHARS
        if too_much and len(self._group) >= MIN_WORDS:
            self._close(self._group)
            together = self._sentence
        self._group, self._sentence = together, []
        if len(together) >= max(MIN_WORDS, min(GROUP_WORDS, self._handed_words)):
            self._close(together)
            self._group = []

    def _end_part(self) -> None:
        self._end_line()
        if len(self._group) >= MIN_WORDS:
            self._close(self._group)
            self._group = []

    def _close(self, words: list[str]) -> None:
        self._hand_over_closed()
        if _speakable(words):
            self._closed = words
            self._handed_words += len(words)

    def _hand_over_closed(self) -> None:
        if self._closed:
            self._out.append(" ".join(self._closed))
            self._closed = []

    def _hand_over_first(self) -> None:
        """Let the first piece go, if there is anything to say in it."""
        words = [*self._sentence, self._word] if self._word else self._sentence
        if _length(words) > PIECE_CHARS and _speakable(self._sentence):
            words = self._sentence  # the open word begins the next piece
        elif _length(words) > PIECE_CHARS:
            words = [self._word]
        if not _speakable(words):
            return
        if words is not self._sentence:
            self._word = ""
        self._out.append(" ".join(words))
        self._handed_words = len(words)
        self._sentence, self._first = [], False


def _length(words: Sequence[str]) -> int:
    return sum(map(len, words)) + max(0, len(words) - 1)


def _speakable(words: Sequence[str]) -> bool:
    return any(char.isalnum() for word in words for char in word)


def _is_doubtful(word: str) -> bool:
    """Does `word` end in a mark after a digit that only the next character can explain?"""
    return len(word) > 1 and word[-1] in _DOUBTFUL_AFTER_DIGIT and word[-2].isdigit()


def _ends_clause(word: str) -> bool:
    """Is the last character of `word` the end of a clause, beyond doubt?"""
    if word.endswith("--"):
        return True
    if word[-1] not in _CLAUSE_ENDS or _is_doubtful(word):
        return False
    return word[-1] != "." or not _is_abbreviation(word)


def _ends_sentence(word: str, following: str) -> bool:
    """Does a sentence end between `word` and a next word that begins with `following`?"""
    bare = word.rstrip("\"'”’»)]")
    if not bare or bare[-1] not in _ENDS:
        return False
    if bare[-1] != "." or not _is_abbreviation(bare):
        return True
    return _stem(bare) not in _NEVER_LAST and following.isupper()


def _is_abbreviation(word: str) -> bool:
    stem = _stem(word)
    if word.endswith("I.") and stem == "i":  # "So do I."
        return False
    return stem in _NEVER_LAST or stem in _MAYBE_LAST or _INITIALS.fullmatch(stem) is not None


def _stem(word: str) -> str:
    return word[:-1].lstrip("\"'“‘«([").lower()
