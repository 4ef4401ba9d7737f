"""What English words mean as an answer: yes or no, a number of people."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal

from msgspec import Struct

from vantum.agents.words import words

Polarity = Literal["yes", "no", ""]
Words = tuple[str, ...]

_YES: Final = frozenset(
    words(
        "yes yeah yep yup yah yea sure ok okay absolutely definitely certainly correct exactly "
        "right fine great perfect alright gladly indeed shore totally mhm aye ya"
    )
)
_NO: Final = frozenset(words("no nope nah never negative neither wrong incorrect naw"))
_YES_PHRASES: Final = (
    "no problem", "no worries", "why not", "not bad", "not a problem", "do not mind", "not mind",
    "i do not mind",
    "go ahead", "go on", "of course", "please do", "sounds good", "sounds great", "works for me",
    "that works", "i guess", "i suppose", "i am listening", "tell me more",
    "that is right", "that is it", "you got it", "i would like", "i would love", "uh huh", "mm hmm",
    "let us do",
)  # fmt: skip
_MILD_YES_PHRASES: Final = ("a minute", "a little", "sometimes", "a bit", "quick", "good time")
_HABITS: Final = ("we do", "i do")  # "we do a bit of everything"
_NO_PHRASES: Final = (
    "yeah no", "not really", "do not think so", "not now", "not today", "not at all", "we do not",
    "i do not", "it does not", "not yet", "can not", "not right", "not correct", "bad time",
    "not a good time", "not good", "that is not", "is not", "rather not", "hardly", "none",
    "not for me", "not for us", "not quite", "nothing", "we are not",
)  # fmt: skip
_QUESTION: Final = frozenset(
    words("what who whom whose where when why how which is are do does did can could will would")
)
_AUXILIARIES: Final = _QUESTION & frozenset(words("is are do does did can could will would"))
_SUBJECTS: Final = frozenset({("you",), ("they",), ("we",), ("i",), ("it",), ("that",), ("this",)})
_BEFORE_QUESTION: Final = frozenset(words("so and but well um uh then okay ok"))
_ORDERS: Final = frozenset(
    words(
        "give book order play set turn go stop start open close show find mend buy sing bring take "
        "put make read write send switch run move drive cancel search translate remind navigate"
    )
)
_FLAT_NO: Final = frozenset(
    words("no nope nah naw never thanks thank you sorry really just please not i said oh it is")
)
_NO_REASONS: Final = (
    "said no",
    "means no",
    "told you",
    "your business",
    "have to explain",
    "rather not",
)
_LEADING_WORDS: Final = 4  # a yes or no deeper in a long sentence belongs to something else


def is_question(said: Words) -> bool:
    """Does the sentence begin as a question does?

    "Do not", "is fine" (a lost "it") and "how to" do not; "when nobody answers" tells something.
    """
    start = next((i for i, w in enumerate(said) if w not in _BEFORE_QUESTION), len(said))
    first, second = (*said[start : start + 2], "", "")[:2]
    if first not in _QUESTION or second in _YES or second == "to":
        return False
    if first == "when":
        return not second or second in _AUXILIARIES
    return second != "not" or said[start + 2 : start + 3] in _SUBJECTS


def is_command(said: Words) -> bool:
    """Is the sentence an order to do something, as one gives it to a device?"""
    return len(said) > 1 and said[0] in _ORDERS


def is_flat_no(said: Words) -> bool:
    """Is it a no and nothing else, not even a reason?"""
    text = " ".join(said)
    bare = bool(said) and set(said) <= _FLAT_NO and polarity(said) == "no"
    return bare or any(phrase in text for phrase in _NO_REASONS)


@lru_cache(maxsize=4096)
def polarity(said: Words) -> Polarity:
    """Whether an answer means yes or no; the earliest sign decides, doubt is neither."""
    return _sign(said, (*_YES_PHRASES, *_MILD_YES_PHRASES, *_HABITS))


def decision(said: Words) -> Polarity:
    """The same for a question that decides something: "we do a bit" is no yes to a meeting."""
    return _sign(said, _YES_PHRASES)


def _sign(said: Words, yes_phrases: tuple[str, ...]) -> Polarity:
    text = f" {' '.join(said)} "
    if " do not know " in text or " not sure " in text:
        return ""
    if is_question(said) and " why not " not in text:
        return ""
    signs = (
        *_phrase_signs(text, yes_phrases, "yes"),
        *_phrase_signs(text, _NO_PHRASES, "no"),
        *_word_signs(said),
    )
    return min(signs)[2] if signs else ""


def _phrase_signs(
    text: str, phrases: tuple[str, ...], sign: Polarity
) -> Iterator[tuple[int, int, Polarity]]:
    """Where a phrase of agreement or denial begins; at the same place the longer one counts."""
    for phrase in phrases:
        if (at := text.find(f" {phrase} ")) >= 0:
            yield at, -len(phrase), sign


def _word_signs(said: Words) -> Iterator[tuple[int, int, Polarity]]:
    reach = len(said) if len(said) <= _LEADING_WORDS + 2 else _LEADING_WORDS
    at = 0
    for i, word in enumerate(said[:reach]):
        if word in _YES and said[i : i + 2] != ("right", "now"):
            yield at, -len(word), "yes"
        elif word in _NO:
            yield at, -len(word), "no"
        at += len(word) + 1


# Numbers

_ONES: Final = {
    w: i
    for i, w in enumerate(
        words(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
            "fifteen sixteen seventeen eighteen nineteen"
        )
    )
}
_TENS: Final = {
    w: 10 * i
    for i, w in enumerate(words("twenty thirty forty fifty sixty seventy eighty ninety"), start=2)
}
_SOUNDS_LIKE: Final = {"won": 1, "to": 2, "too": 2, "tree": 3, "for": 4, "fore": 4, "ate": 8,
                       "tin": 10, "then": 10, "sex": 6, "sick": 6, "twelves": 12, "tan": 10,
                       "forty": 40, "fourty": 40, "tirty": 30, "fivety": 50}  # fmt: skip
_PEOPLE: Final = frozenset(
    words(
        "people persons person reps rep sellers seller employees agents callers salespeople folks "
        "sdrs staff members guys colleagues of"
    )
)


_ALONE: Final = frozenset(words("myself nobody none"))
_ONLY: Final = frozenset({("just", "me"), ("only", "me"), ("is", "me"), ("be", "me")})


class Number(Struct, frozen=True):
    """A number found in words [start, end)."""

    start: int
    end: int
    value: int


def numbers(said: Words) -> tuple[Number, ...]:
    """Every number in the words: "twenty five" is one, "one two three" is three."""
    found: list[Number] = []
    i = 0
    while i < len(said):
        number = _number_at(said, i)
        if number is None:
            i += 1
        else:
            found.append(number)
            i = number.end
    return tuple(found)


def _number_at(said: Words, start: int) -> Number | None:
    word = said[start]
    end = start + 1
    if word.isascii() and word.isdigit():
        value = int(word[:9])
    elif word in _ONES:
        value = _ONES[word]
    elif word in _TENS:
        value = _TENS[word]
        if said[end : end + 1] and 0 < _ONES.get(said[end], 0) < 10:
            value += _ONES[said[end]]
            end += 1
    elif word in {"dozen", "hundred", "thousand"}:
        value = 1
        end = start
    elif word == "couple":
        return Number(start, end, 2)
    else:
        return None
    return _scaled(said, start, end, value)


def _scaled(said: Words, start: int, end: int, value: int) -> Number:
    scales = {"dozen": 12, "hundred": 100, "thousand": 1000}
    while end < len(said) and said[end] in scales:
        value *= scales[said[end]]
        end += 1
    if value >= 100 and said[end : end + 1] == ("and",) and end + 1 < len(said):
        rest = _number_at(said, end + 1)
        if rest is not None and rest.value < 100:
            return Number(start, rest.end, value + rest.value)
    return Number(start, end, value)


def _is_clock(said: Words, number: Number) -> bool:
    """Is it an hour, as in "at eleven"?"""
    return said[max(0, number.start - 1) : number.start] == ("at",)


def headcount(said: Words, *, asked: bool) -> int | None:
    """How many people; unasked, only a number that names people counts."""
    found = numbers(said)
    named = [n.value for n in found if said[n.end : n.end + 1] and said[n.end] in _PEOPLE]
    if named or not asked or is_question(said) or is_command(said):
        return max(named, default=None)
    counts = [n.value for n in found if not _is_clock(said, n)]
    return max(counts, default=None) if found else _bare_headcount(said)


def _bare_headcount(said: Words) -> int | None:
    """How many people, in words that are no numbers."""
    if _ALONE & set(said) or _ONLY & set(pairwise(said)) or said == ("me",):
        return 1
    if len(said) > 2:
        return None
    # "for." is how a small recogniser writes a lone "four"
    return next((_SOUNDS_LIKE[w] for w in said if w in _SOUNDS_LIKE), None)
