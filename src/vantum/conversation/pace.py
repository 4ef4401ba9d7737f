"""How long the caller may pause within their turn: by their words, our question, their habit."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

from msgspec import Struct

from vantum.conversation.asking import Asked, Expected, asks_for
from vantum.conversation.policy import Policy
from vantum.conversation.utterances import (
    answers,
    is_dictated,
    is_unfinished,
    sentences,
    trails_off,
    words,
)

Ending = Literal["answer", "whole", "unfinished", "dictated"]

_SHORTEST_PAUSE_S: Final = 0.3  # shorter ones are part of speaking
_REMEMBERED: Final = 4  # pauses; a person's tempo changes within a call
_QUESTION_HEARD: Final = 0.6  # of its words: people answer before the end
_QUESTION_BEGUN: Final = 0.4  # of its words: a nod to what came before is no answer to it ...
_BEGUN_WORDS: Final = 4  # ... nor is one that comes so soon
_ON_WORDS: Final = 5  # said behind a question before its answer comes: people take a second
_MARGIN: Final = 1.2  # the next pause may be a bit longer than the longest so far


@lru_cache(maxsize=4096)
def ending(text: str, expected: Expected, language: str) -> Ending:
    """How these words end: do they answer the question, or call for more?"""
    if answers(text, expected, language) and not trails_off(text):
        return "answer"
    if is_dictated(text, expected, language):
        return "dictated"
    return "unfinished" if is_unfinished(text, language) else "whole"


def asked_so_far(text: str, heard: str, policy: Policy) -> Asked:
    """What a caller who has heard so much of a text has been asked in it."""
    left = len(words(heard))
    before = False
    for sentence in sentences(text):
        length, asks = len(words(sentence)), _asks_for(sentence, policy) is not None
        if left > length:
            left, before = left - length, asks
        elif asks and left >= _QUESTION_HEARD * length:
            return "just"
        elif before:
            return "just" if left <= _ON_WORDS else "before"
        else:
            begun = asks and left >= max(_BEGUN_WORDS, _QUESTION_BEGUN * length)
            return "begun" if begun else ""
    return "just" if before else ""


def _asks_for(sentence: str, policy: Policy) -> Expected | None:
    return asks_for(sentence, policy.language, policy.questions)


class Pace(Struct):
    """What is known of how this caller speaks, and what they were last asked."""

    expected: Expected = "open"
    pauses: list[float] = []  # within their turns, seconds
    gap_s: float = 0.0  # the latest, which may be one of them

    def asked(self, text: str, policy: Policy) -> None:
        """The agent has said this; it may end with a question, or with a word on one."""
        asked = (_asks_for(one, policy) for one in reversed(sentences(text)[-2:]))
        self.expected = next(filter(None, asked), "open")

    def went_on(self) -> None:
        """The latest pause was one within their turn."""
        if self.gap_s >= _SHORTEST_PAUSE_S:
            self.pauses = [*self.pauses, self.gap_s][-_REMEMBERED:]

    def ending(self, text: str, policy: Policy) -> Ending:
        """How these words end."""
        return ending(text, self.expected, policy.language)

    def silence_s(self, text: str, policy: Policy) -> float:
        """How long it must be quiet behind these words until the turn is over."""
        silences = policy.silences
        match self.ending(text, policy):
            case "dictated":
                return max(policy.end_silence_s, silences.dictated_s)
            case "unfinished":
                return max(policy.end_silence_s, silences.unfinished_s)
            case "answer":
                return min(policy.end_silence_s, silences.answer_s)
        habit_s = min(max(self.pauses, default=0.0) * _MARGIN, silences.longest_s)
        return max(policy.end_silence_s, habit_s)
