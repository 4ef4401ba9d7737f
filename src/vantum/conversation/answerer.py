"""Who has answered the phone? A judgement from words, the carrier's verdict, and a beep.

Words that only a machine or only a person says outweigh the carrier, whose detection is wrong often
enough; where words say nothing, its verdict counts.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from msgspec import Struct, field
from rapidfuzz import fuzz, process

from vantum.conversation.activity import Activity
from vantum.conversation.events import (
    Kind,
    SpeechStarted,
    SpeechStopped,
    SpeechSustained,
    Transcript,
    Verdict,
)
from vantum.conversation.wordings import WORDINGS
from vantum.limits import COVER_S, SHORTEST_SPEECH_S

SURE: Final = 0.9
LIKELY: Final = 0.7
HINTED: Final = 0.5

# A person answers with "hello", or "good morning, Acme Plumbing, Jane speaking".
HELLO_WORDS: Final = 8
_HELLO_S: Final = 4.0
_TEXT_CHARS: Final = 600  # the last half minute of talk; older words tell nothing new
# Recognisers on a telephone write "massage" and "leaf" for "message" and "leave".
_MISHEARD_CUTOFF: Final = 80
_SHORTEST_MISHEARD: Final = 5
MACHINES: Final[tuple[Kind, ...]] = ("screening", "voicemail", "ivr", "hold")
"""Which are listened to and not talked with; of two that fit equally well the first is meant."""
NOBODY: Final = frozenset({*MACHINES, "fax"})
"""What answers a phone and is no person."""


class Heard(Struct, frozen=True):
    """What is known when the question is asked; seconds of audio."""

    text: str = ""  # the words since the answer, or since something was done about them
    unbroken_s: float = 0.0  # the longest speech without a pause
    verdict: Verdict | None = None
    beeped: bool = False


class Opinion(Struct, frozen=True):
    """Who it seems to be, and how surely, from 0 to 1."""

    kind: Kind
    confidence: float


def classify(heard: Heard, language: str = "en") -> Opinion | None:
    """Who has answered, as far as this tells; None while anything may be true."""
    if heard.verdict == "fax":
        return Opinion("fax", SURE)
    by_words = _by_words(heard.text, heard.unbroken_s, language)
    if by_words is not None and by_words.confidence > HINTED:
        return by_words
    by_carrier = _by_carrier(heard)
    if by_words is not None and by_carrier is not None and by_words.kind in MACHINES:
        agrees = by_carrier.kind != "person"
        return Opinion(by_words.kind, LIKELY) if agrees else None
    return by_carrier or by_words


def _by_carrier(heard: Heard) -> Opinion | None:
    if heard.verdict == "human":
        return Opinion("person", LIKELY)
    if heard.verdict is not None and heard.verdict.startswith("machine"):
        return Opinion("voicemail", LIKELY)
    return Opinion("voicemail", LIKELY) if heard.beeped else None


def takes_no_message(text: str, language: str = "en") -> bool:
    """The mailbox says that it is full, or was never set up."""
    known = _known(language)
    return known is not None and bool(known.full.search(_plain(text, known)))


def objects(text: str, language: str = "en") -> bool:
    """Picking up, somebody says at once what no greeting answers: that they want no call."""
    known = _known(language)
    return known is not None and bool(known.objections.search(_plain(text, known)))


def says(text: str, phrase: str, language: str = "en") -> bool:
    """Are these words among what was said, however either is written?"""
    known = _known(language)
    if known is None:
        return phrase.casefold() in text.casefold()
    return f" {_plain(phrase, known)} " in f" {_plain(text, known)} "


def alike(text: str, other: str) -> bool:
    """Two hearings of the same announcement; a recogniser never writes one twice alike."""
    return fuzz.token_sort_ratio(text.casefold(), other.casefold()) >= _MISHEARD_CUTOFF


def echoes(text: str, said: str, language: str = "en") -> bool:
    """Every word of this is one that we are saying ourselves."""
    known = _known(language)
    heard, ours = (_plain(one, known) if known else one.casefold() for one in (text, said))
    return set(heard.split()) <= set(ours.split())


def _by_words(text: str, unbroken_s: float, language: str) -> Opinion | None:
    known = _known(language)
    if known is None:
        return None
    plain = _plain(text, known)
    rest, people = known.sure["person"].subn(" | ", plain)
    scores = {
        kind: 2 * _hits(known.sure[kind], rest) + _hits(known.hints[kind], rest)
        for kind in MACHINES
    }
    machine = max(MACHINES, key=scores.__getitem__)
    best = scores[machine]
    person = 2 * people + _hits(known.hints["person"], plain)
    if best and best >= person and (best > 1 or person == 0):
        return Opinion(machine, SURE if best > 1 else HINTED)
    if people:
        return Opinion("person", SURE)
    greets = person > 0 or known.hellos.match(plain) is not None
    return Opinion("person", LIKELY) if greets and _is_short(plain, unbroken_s) else None


def _is_short(plain: str, unbroken_s: float) -> bool:
    return len(plain.split()) <= HELLO_WORDS and unbroken_s <= _HELLO_S


def _hits(wordings: re.Pattern[str], text: str) -> int:
    return len({found.group() for found in wordings.finditer(text)})


class _Known(Struct, frozen=True):
    """A language's wordings, ready to be looked for."""

    sure: dict[str, re.Pattern[str]]
    hints: dict[str, re.Pattern[str]]
    hellos: re.Pattern[str]
    objections: re.Pattern[str]
    full: re.Pattern[str]
    spelled: tuple[tuple[str, str], ...]
    words: frozenset[str]  # those long enough to be misheard


@lru_cache(maxsize=8)
def _known(language: str) -> _Known | None:
    wordings = WORDINGS.get(language.partition("-")[0].casefold())
    if wordings is None:
        return None
    groups = [*wordings.sure.values(), *wordings.hints.values(), wordings.full]
    words = {word for group in groups for word in re.findall(r"\w+", " ".join(group))}
    sure = {**wordings.sure, "voicemail": (*wordings.sure["voicemail"], *wordings.full)}
    return _Known(
        {kind: _pattern(group) for kind, group in sure.items()},
        {kind: _pattern(group) for kind, group in wordings.hints.items()},
        _pattern(wordings.hellos),
        _pattern(wordings.objections),
        _pattern(wordings.full),
        tuple(wordings.spelled.items()),
        frozenset(word for word in words if len(word) >= _SHORTEST_MISHEARD),
    )


def _pattern(wordings: tuple[str, ...]) -> re.Pattern[str]:
    written = "|".join(wordings).replace("… ", r"(?:\w+ ){0,6}?")
    any_word = re.sub(r"(?<!\w)_(?!\w)", r"\\w+", written)
    return re.compile(rf"\b(?:{any_word})\b")


def _plain(text: str, known: _Known) -> str:
    """Lower-case words with contractions opened, and what was plainly misheard put right."""
    plain = text.casefold().replace("\u2019", "'")
    for written, meant in known.spelled:
        plain = plain.replace(written, meant)
    return " ".join(_put_right(word, known.words) for word in re.findall(r"[^\W_]+", plain))


@lru_cache(maxsize=4096)
def _put_right(word: str, words: frozenset[str]) -> str:
    if len(word) < _SHORTEST_MISHEARD or word in words:
        return word
    best = process.extractOne(word, words, scorer=fuzz.ratio, score_cutoff=_MISHEARD_CUTOFF)
    return str(best[0]) if best is not None else word


class Overheard(Struct):
    """What the other side has done since it answered; audio in seconds, silence by the clock."""

    activity: Activity = field(default_factory=Activity)
    until_s: float = 0.0  # audio time up to which it was heard
    unbroken_s: float = 0.0  # the longest speech since its words were last forgotten
    ever: bool = False  # words came at least once
    _said: str = ""
    _interim: str = ""
    _final_s: float = 0.0  # audio time up to which words are final

    @property
    def speaking(self) -> bool:
        """It speaks at this moment."""
        return self.activity.speaking

    @property
    def quiet_since(self) -> float | None:
        """Clock time; None while it speaks, and before it first did."""
        return self.activity.quiet_since

    @property
    def text(self) -> str:
        """The words since they were last forgotten."""
        return f"{self._said} {self._interim}".strip()

    @property
    def settled(self) -> bool:
        """No word of it will change."""
        return not self._interim

    @property
    def owes_words(self) -> bool:
        """Speech was heard whose final words are still to come."""
        return bool(self._interim) or self.activity.spoken_s > self._final_s + COVER_S

    @property
    def may_go_on(self) -> bool:
        """Only words tell that it speaks, and they come in bursts."""
        return bool(self._interim) and not self.activity.seen

    @property
    def has_spoken(self) -> bool:
        """More was heard than a click on the line."""
        return self.ever or self.unbroken_s >= SHORTEST_SPEECH_S

    def started(self, event: SpeechStarted | SpeechSustained) -> None:
        """It speaks."""
        self.activity.started(event)

    def stopped(self, event: SpeechStopped, now: float) -> None:
        """It pauses."""
        self.unbroken_s = max(self.unbroken_s, event.speech_s)
        if self.activity.stopped(event, now):
            self.until_s = max(self.until_s, event.at_s)

    def wrote(self, event: Transcript, now: float) -> None:
        """Words arrive."""
        text = event.text.strip()
        if event.final:
            self._said = f"{self._said} {text}".strip()[-_TEXT_CHARS:]
            self._final_s = max(self._final_s, event.end_s or self.activity.spoken_s)
        self._interim = "" if event.final else text
        if not text:
            return
        self.ever = True
        self.until_s = max(self.until_s, event.end_s)
        if self.speaking:
            self.unbroken_s = max(self.unbroken_s, event.end_s - self.activity.began_s)
        elif not self.activity.seen:
            self.activity.quiet_since = now

    def forget(self) -> None:
        """What was said is dealt with."""
        self._said = self._interim = ""
        self.unbroken_s = 0.0
