"""What must be understood however it is put: leave me alone, goodbye, are you a machine.

Such sentences come in more wordings than an agent file can list, and a miss is unforgivable. They
are therefore known by their build: a verb, a denial, whom it is about.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

from rapidfuzz import fuzz, process

from vantum.agents.words import words

Words = tuple[str, ...]
Sense = Literal["opt_out", "goodbye", "machine", ""]
"""Ids of the replies in the agent file that answer it."""

_GOODBYE_WORDS: Final = 12  # a goodbye at the end of a longer sentence belongs to a story

# "They never call me back" is about others; the last word before a match tells.
_TELLERS: Final = frozenset(
    words(
        "we i they he she it who nobody everybody people customers prospects leads clients buyers "
        "reps sellers team agent agents ai system that which does did one guys most says"
    )
)
_AUXILIARIES: Final = frozenset(words("do does should would can will could"))
_CALL: Final = (
    r"(?:call|calls|calling|contact|contacting|phone|phoning|ring|ringing|dial|dialing|text|texting"
    r"|bother|bothering|disturb|disturbing|harass|harassing|pester|pestering|spam|spamming)"
)
_CALLED: Final = r"(?:called|contacted|phoned|bothered|disturbed|harassed)"
_STOP: Final = r"(?:not(?: to)?|never|stop|quit|cease)(?: ever| please| even| you| from)*"
_ME: Final = r"(?:me|us|(?:my|our|this|the)(?: \w+)? (?:number|phone|office|house|company))"
_ANOTHER_TIME: Final = (
    r"(?! (?:now|today|tonight|tomorrow|before|after|at|until|during|on (?!this|my|our)))"
)
_ORDERS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_STOP} {_CALL}(?: \w+)? {_ME}\b{_ANOTHER_TIME}",
        rf"{_STOP} {_CALL}(?: \w+)?(?: again| here| any ?more| ever)\b",
        rf"{_STOP} {_CALL}(?: please)?$",
        r"(?:stop|quit) (?:bothering|harassing|pestering|spamming|annoying)\b",
        r"(?:leave|let) (?:me|us) (?:\w+ )?(?:alone|be|in peace)\b",
        rf"(?:take|cross|strike|scratch|remove|delete|erase) {_ME} (?:off|of|out|from)\b",
        rf"(?:remove|delete|erase) {_ME}\b",
    )
)
_WISHES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\bnot (?:want|wish|need|like)\b.* (?:be|get|being) (?:\w+ )?{_CALLED}",
        rf"\b(?:not|never) (?:want|wish|need|like)(?: \w+)? you (?:\w+ )?(?:to )?{_CALL}",
        r"\bnot (?:want|wish|need|like)\b.* (?:any|more|further|these|your|such)(?: \w+)? calls\b",
        r"\b(?:not|never) (?:want|wish|need)(?: to)? (?:ever )?hear(?:ing)? from you",
        r"^(?:please )?no more (?:\w+ )?calls\b",
        r"\b(?:taken|removed|deleted) (?:off|of|out of|from) (?:the|your|this) \w+",
        r"\b(?:i am|we are|been|number is|me|us) (?:\w+ ){0,3}do not call (?:list|regist)",
        rf"\bi (?:\w+ )?(?:ask|asked|said|prefer|like|want)\b.* not (?:to )?be {_CALLED}",
        rf"\brather (?:you )?(?:did )?not (?:be )?(?:{_CALL}|{_CALLED})",
        rf"\byou (?:\w+ ){{0,2}}keep (?:on )?{_CALL} (?:me|us)\b",
        r"\b(?:want|like|wish|need|me|us)(?: to)? opt(?: me| us)? out\b|^(?:please )?opt me out",
    )
)

_GOODBYE: Final = re.compile(
    r"\b(?:goodbye|bye)(?: \w+){0,2}$|\b(?:ok|okay|thanks|you|well|right|so|bye) by$"
    r"|\bby by$|^(?:ok|okay|thanks) buy$"
    r"|^(?:please |just |ok |okay )?hang up\b"  # elsewhere it tells what customers do
)

_FILL: Final = (  # what may stand between "you" or "this" and the thing
    r"(?:(?:a|an|the|like|just|not|really|actually|actual|some|kind|sort|type|form|of|so|very|real"
    r"|live|alive|life|true|only|still|more|another|one|these|those|even|to|be|in|fact|genuine"
    r"|computer|generated|pre|recorded|talking|are|is|am|sound|sounds|seem|feel|look|must|might"
    r"|could|was|were|all) )"
)
_PERSON: Final = r"(?:humans?\b(?! resources)|person\b(?! (?:who|that|in|from|i|we|responsible)))"
_THING: Final = (
    r"(?:robots?|bots?|chatbot|machine|computer|program|software|synthetic|artificial|automated"
    r"|automatic|(?<=a )recording|ai|gpt|chat ?gpt|siri|alexa|fake)"
)
_KIND: Final = rf"(?:{_PERSON}|{_THING}\b)"
_MACHINE: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\byou {_FILL}*(?:{_KIND}|alive$|real$)",
        rf"\b(?:is|was) (?:this|that|it) (?:{_KIND}(?:$| or | talking| speaking)|{_FILL}+{_KIND})",
        rf"(?:\b(?:this|that)|^(?:\w+ )?it) (?:is|was|sounds|feels|seems|must be) {_FILL}*{_KIND}",
        rf"\b(?:is|are) there {_FILL}*{_PERSON}(?!.* (?:talk|speak|call)\b)",
        rf"\bam i {_FILL}*(?:talking|speaking|chatting) (?:to|with) {_FILL}*{_KIND}",
    )
)

_KEYWORDS: Final = words(
    "contact bother bothering calling remove delete database registry anymore alone goodbye "
    "person human robot machine computer program synthetic artificial automated recording"
)
_KEYWORD_CUTOFF: Final = 80  # "husan" for "human" is 80, "along" for "alone" too
_KEYWORD_LETTERS: Final = 5  # a wrong letter in a shorter word makes another word


@lru_cache(maxsize=4096)
def meant(said: Words) -> Sense:
    """Which of the three it is, the most binding first; "" for all else."""
    text = " ".join(map(_repaired, said))
    if any(p.search(text) for p in _WISHES) or any(_is_order(p, text) for p in _ORDERS):
        return "opt_out"
    if len(said) <= _GOODBYE_WORDS and _GOODBYE.search(text):
        return "goodbye"
    return "machine" if any(p.search(text) for p in _MACHINE) else ""


@lru_cache(maxsize=4096)
def _repaired(word: str) -> str:
    """The keyword that a misheard word was probably meant to be; "personal" is no "person"."""
    if len(word) < _KEYWORD_LETTERS or word in _KEYWORDS:
        return word
    best = process.extractOne(word, _KEYWORDS, scorer=fuzz.ratio, score_cutoff=_KEYWORD_CUTOFF)
    return word if best is None or abs(len(best[0]) - len(word)) > 1 else str(best[0])


def _is_order(pattern: re.Pattern[str], text: str) -> bool:
    """Is it said to us, and not told about others?"""
    for found in pattern.finditer(text):
        before = text[: found.start()].split()
        while before and before[-1] in _AUXILIARIES:
            before.pop()
        if not before or before[-1] not in _TELLERS:
            return True
    return False
