"""Which of an agent's replies a recognised sentence calls for, in spite of recognition errors."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from msgspec import Struct
from rapidfuzz import fuzz, process

from vantum.agents.schema import Agent, Reply
from vantum.agents.words import FILLERS, words

# The cutoffs separate the two tables in tests/agents/test_hearing.py: garbled requests that must be
# understood, and unrelated sentences that must not be.
_WORD_CUTOFF: Final = 80  # "prize" for "price" is 80; "room" for "from" is 75
_SHORTEST_FUZZY_WORD: Final = 5  # a wrong letter in a shorter word makes another word
_SHORTEST_FUZZY_ALONE: Final = 7  # letters of a whole phrase: a "birch" is no swear word
_PHRASE_CUTOFF: Final = 86  # "who gave you my member" is 91, "book a room" for "book a demo" 73
_SHORTEST_FUZZY_PHRASE: Final = 13  # letters; below, single words decide
_LIKELY_WORD: Final = 60  # "member" for "number" is 67, "want" for "know" 25
_DENIALS: Final = frozenset({"not", "no", "never"})
_LONG_PAIR: Final = 9  # letters of two words: "they hang up on us" is no "hang on"
_SLACK_WORDS: Final = 2  # "how much would that then cost" still means "how much does it cost"


class _Phrase(Struct, frozen=True):
    """One thing to listen for."""

    reply: Reply
    text: str
    tokens: tuple[str, ...]


class _Ear(Struct, frozen=True):
    """Everything an agent listens for, prepared once."""

    phrases: tuple[_Phrase, ...]
    long_texts: tuple[str, ...]
    long_phrases: tuple[_Phrase, ...]
    vocabulary: frozenset[str]
    fuzzy_words: tuple[str, ...]


class Match(Struct, frozen=True):
    """A reply and how much of what was said spoke for it."""

    reply: Reply
    score: float


@lru_cache(maxsize=32)
def _ear(agent: Agent) -> _Ear:
    phrases = tuple(
        _Phrase(reply, " ".join(tokens), tokens)
        for reply in agent.playbook.replies()
        for text in reply.heard
        if (tokens := _content(words(text)))
    )
    long = tuple(p for p in phrases if len(p.text) >= _SHORTEST_FUZZY_PHRASE)
    vocabulary = frozenset(t for p in phrases for t in p.tokens)
    return _Ear(
        phrases=phrases,
        long_texts=tuple(p.text for p in long),
        long_phrases=long,
        vocabulary=vocabulary,
        fuzzy_words=tuple(sorted(w for w in vocabulary if len(w) >= _SHORTEST_FUZZY_WORD)),
    )


@lru_cache(maxsize=4096)
def best_reply(agent: Agent, text: str) -> Match | None:
    """The reply that fits what was said best, or None.

    Replies are listed in order of urgency (manners, objections, questions); the longest agreement
    wins, the earlier reply at a tie.
    """
    ear = _ear(agent)
    said = words(text)
    if not said:
        return None
    tokens = tuple(_nearest(agent, t) for t in said)
    best: Match | None = None
    for phrase in ear.phrases:
        most = phrase.reply.at_most_words
        if most and len(said) > most:
            continue
        heard = said if len(phrase.text) < _SHORTEST_FUZZY_ALONE else tokens
        longer = best is None or len(phrase.text) > best.score
        if longer and (_covers(heard, phrase.tokens) or _covers(_bare(heard), phrase.tokens)):
            best = Match(phrase.reply, float(len(phrase.text)))
    content = _bare(said)
    return _better(best, _alike(ear, " ".join(content), len(said)))


def _better(exact: Match | None, alike: Match | None) -> Match | None:
    if exact is None or alike is None:
        return exact or alike
    return alike if alike.score > exact.score else exact


def _alike(ear: _Ear, said: str, length: int) -> Match | None:
    """The phrase whose letters, taken as a whole, are nearly in what was said."""
    best: Match | None = None
    found = process.extract(
        said, ear.long_texts, scorer=fuzz.partial_ratio, score_cutoff=_PHRASE_CUTOFF, limit=5
    )
    for text, ratio, index in found:
        phrase = ear.long_phrases[index]
        most = phrase.reply.at_most_words
        too_short = len(said) < len(text) - 3  # then it is the text that lies within the phrase
        if too_short or (most and length > most) or not _plausible(phrase.tokens, said.split()):
            continue
        score = len(text) * ratio / 100
        if best is None or score > best.score:
            best = Match(phrase.reply, score)
    return best


def _plausible(phrase: tuple[str, ...], said: list[str]) -> bool:
    """Letters agree; do the words? A denial must really be there: "reaching the right person" is
    not "not the right person", and "I do not know" is not "I do not want".
    """
    for token in phrase:
        if token in _DENIALS and token not in said:
            return False
        if len(token) > 3 and not any(fuzz.ratio(token, w) >= _LIKELY_WORD for w in said):
            return False
    return True


def _bare(said: tuple[str, ...]) -> tuple[str, ...]:
    if said[:2] == ("no", "the"):
        said = said[1:]  # "No, the time is wrong" does not say "no time"
    return tuple(w for w in said if w not in FILLERS)


def _content(said: tuple[str, ...]) -> tuple[str, ...]:
    """What a phrase is recognised by; "just a minute" would be nothing but "minute"."""
    content = _bare(said)
    return content if len(content) > 1 else said


@lru_cache(maxsize=8192)
def _nearest(agent: Agent, word: str) -> str:
    """The word itself, or the word listened for that it was probably meant to be."""
    ear = _ear(agent)
    if word in ear.vocabulary or len(word) < _SHORTEST_FUZZY_WORD:
        return word
    best = process.extractOne(word, ear.fuzzy_words, scorer=fuzz.ratio, score_cutoff=_WORD_CUTOFF)
    return word if best is None else str(best[0])


def _covers(said: tuple[str, ...], phrase: tuple[str, ...]) -> bool:
    """Are the words of the phrase all there, in order and close together?"""
    if len(phrase) > len(said) or phrase[0] not in said:
        return False
    slack = _SLACK_WORDS if len(phrase) > 2 else int(len("".join(phrase)) >= _LONG_PAIR)
    for start, word in enumerate(said):
        if word != phrase[0]:
            continue
        window = iter(said[start + 1 : start + len(phrase) + slack])
        if all(token in window for token in phrase[1:]):
            return True
    return False
