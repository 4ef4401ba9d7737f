"""What a recognised sentence is made of: plain lower-case words, however it was punctuated."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

# Recognisers differ in apostrophes; both "don't" and "dont" must become the same two words.
_CONTRACTIONS: Final = (
    (r"\bwon'?t\b", "will not"),
    (r"\bcan'?t\b|\bcannot\b", "can not"),
    (r"\b(do|does|did|is|are|was|have|has|would|could|should)n'?t\b", r"\1 not"),
    (r"\b(what|who|where|how|that|it|he|she|there|here|when|name)'?s\b", r"\1 is"),
    (r"\b(i)'?m\b", r"\1 am"),
    (r"\b(you|we|they)'re\b|\b(you|they)re\b", r"\1\2 are"),
    (r"\b(i|you|we|they)'?ve\b", r"\1 have"),
    (r"\b(i|you|we|they|it|that)'(?:ll)\b|\b(you|they|it|that)ll\b", r"\1\2 will"),
    (r"\b(i|you|we|they|it|that)'d\b", r"\1 would"),
    (r"\blet'?s\b", "let us"),
    (r"\bgonna\b", "going to"),
    (r"\bwanna\b", "want to"),
    (r"\bgotta\b", "got to"),
    (r"\bo'?\s?clock\b", "oclock"),
    (r"\bgood[\s-]?bye?\b(?! (?:me|us)\b)", "goodbye"),  # a small recogniser writes "Good-by,"
    (r"\ba[.\s]\s?i\b\.?", "ai"),
)
_CLOCK: Final = (
    (r"\b([ap])\s?\.?\s?m\b\.?", r"\1m"),  # p.m., p m
    (r"(\d)([ap]m)\b", r"\1 \2"),
    (r"\b(\d{1,2})[.:](\d{2})\b", r"\1:\2"),
    (r"(\d),(\d{3})\b", r"\1\2"),
)
_RULES: Final = tuple((re.compile(p), r) for p, r in (*_CLOCK, *_CONTRACTIONS))
_WORD: Final = re.compile(r"[^\W_]+(?::\d{2})?", re.UNICODE)


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[str, ...]:
    """Lower-case words with contractions opened: "What's 3pm?" -> what, is, 3, pm."""
    plain = text.lower().replace("\u2019", "'").replace("\u02bc", "'")
    for pattern, replacement in _RULES:
        plain = pattern.sub(replacement, plain)
    return tuple(_WORD.findall(plain.replace("'", "")))


FILLERS: Final = frozenset(words("a an the um uh er hmm so well just please really oh ah and very"))
"""Words that carry nothing a phrase would be recognised by."""
