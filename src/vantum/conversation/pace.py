"""How long the caller may pause within their turn: by their words, our question, their habit."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal

from msgspec import Struct

from vantum.conversation.asking import Expected, expected_by
from vantum.conversation.policy import Policy
from vantum.conversation.utterances import answers, is_dictated, is_unfinished, last_sentence

Ending = Literal["answer", "whole", "unfinished", "dictated"]

_SHORTEST_PAUSE_S: Final = 0.3  # shorter ones are part of speaking
_REMEMBERED: Final = 4  # pauses; a person's tempo changes within a call
_MARGIN: Final = 1.2  # the next pause may be a bit longer than the longest so far


@lru_cache(maxsize=4096)
def ending(text: str, expected: Expected, language: str) -> Ending:
    """How these words end: do they answer the question, or call for more?"""
    if is_dictated(text, expected, language):
        return "dictated"
    if is_unfinished(text, language):
        return "unfinished"
    return "answer" if answers(text, expected, language) else "whole"


class Pace(Struct):
    """What is known of how this caller speaks, and what they were last asked."""

    expected: Expected = "open"
    pauses: list[float] = []  # within their turns, seconds
    gap_s: float = 0.0  # the latest, which may be one of them

    def asked(self, text: str, policy: Policy) -> None:
        """The agent has said this; its last sentence may be a question."""
        last = last_sentence(text)
        asks = last.endswith("?")
        by_words = expected_by(last, policy.language) if asks else "open"
        self.expected = policy.questions.get(last) or by_words

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
