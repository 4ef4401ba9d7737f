"""What a piece of speech is: a nod, an answer, unfinished, dictated, or our own echo.

Judged by words alone and without a model, in microseconds. In a language without a lexicon nothing
is ever a nod or unfinished, and silence decides.
"""

from __future__ import annotations

import re
from functools import partial
from itertools import takewhile
from typing import Final

from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

from vantum.conversation.asking import Asked, Expected
from vantum.conversation.lexicon import Lexicon, Phrases, lexicon

_NOD_WORDS: Final = 5  # "yeah, yeah, okay, I see"; who says more has something to say
_DICTATED: Final = 2  # letters or digits in a row
_LONG_NUMBER: Final = 3  # digits written together that are dictated: "555", and no "12"
_WHOLE_NUMBER: Final = 10  # digits: few phone numbers have fewer, with their area code
_ECHO_WORDS: Final = 3  # fewer may be the caller's own, who repeats what they heard
_FRESH_WORDS: Final = 10  # they are an echo, too, of what sounds at that moment
_ECHO_SHARE: Final = 0.75  # of its words, in our order; the rest is misheard
_ECHO_CUTOFF: Final = 85  # a recogniser hears an echo worse than a voice
_TIME: Final = re.compile(r"\d+[:.,]\d+|\b[ap]\.?\s?m\b\.?")  # and prices: said in one go
_GOES_ON: Final = (",", "-", "\u2026", "...", "\u2014")
_WORD: Final = re.compile(r"[^\W_]+")
_BETWEEN_SENTENCES: Final = re.compile(r"(?<=[.!?])\s+")
_ADDRESS: Final = re.compile(
    r"\S@\S+\.\w{2,}|\b(?:at|arroba|arobase) .*\b(?:dot|punkt|punto|point) \w{2,}"
)


def words(text: str) -> tuple[str, ...]:
    """Lower-case words; apostrophes vanish and hyphens part: "That's uh-huh" -> thats, uh, huh."""
    return tuple(_WORD.findall(text.casefold().replace("'", "").replace("\u2019", "")))


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text, each with its mark."""
    return tuple(filter(None, _BETWEEN_SENTENCES.split(text.strip())))


def last_sentence(text: str) -> str:
    """What an answer to this text is an answer to; "" for no text."""
    return next(reversed(sentences(text)), "")


def is_nod(text: str, language: str, *, asked: Asked = "", whole: bool = True) -> bool:
    """Is this said to be polite while the other talks?

    Who was asked `just` now answers with it: "mhm" is a yes. Who was asked `before` what they are
    hearing still answers with a "yes", but nods with "mhm". Unless it is `whole`, the beginning of
    a nod is one: "I" may become "I see".
    """
    known, said = lexicon(language), words(text)
    if known is None or asked == "just" or len(said) > _NOD_WORDS:
        return False
    nods = known.nods if asked == "before" else known.nods | known.assents
    return _is_made_of(said, nods, whole=whole)


def is_farewell(text: str, language: str) -> bool:
    """Is this what is said into a goodbye?"""
    known = lexicon(language)
    return known is not None and _is_made_of(
        words(text), known.nods | known.assents | known.farewells
    )


def answers(text: str, expected: Expected, language: str) -> bool:
    """Is the question answered in full?"""
    known = lexicon(language)
    if known is None:
        return False
    if expected == "yes_no":
        said = words(text)
        thinks = len(said) == 1 and said[0] in known.openings and said not in known.assents
        return not thinks and _is_made_of(said, known.nods | known.assents | known.replies)
    if expected == "email":
        return bool(_ADDRESS.search(text.casefold()))
    return False


def is_unfinished(text: str, language: str) -> bool:
    """Does the sentence go on? "I would like to", "it is about my", "well, um"."""
    known = lexicon(language)
    said = words(text)
    if known is None or not said:
        return False
    ends = text.rstrip()
    if trails_off(text):
        return True
    return not ends.endswith("?") and _ends_open(said, known, stops=ends.endswith((".", "!")))


def trails_off(text: str) -> bool:
    """Has the recogniser heard that there is more to come?"""
    return text.rstrip().endswith(_GOES_ON)


def _ends_open(said: tuple[str, ...], known: Lexicon, *, stops: bool) -> bool:
    *before, last = said
    if last in known.hesitations or (last in known.openings and not before):
        return True
    if _is_made_of(said, known.set_phrases) or (stops and last in known.particles):
        return False
    if last in known.prepositions:
        return not known.question_words.intersection(said)
    if last in known.copulas:
        return bool(before) and before[-1] not in known.pronouns
    return last in known.open_ends


def is_dictated(text: str, expected: Expected, language: str) -> bool:
    """Does it end within letters, digits or parts of an address that are said one by one?"""
    known = lexicon(language)
    if known is None or answers(text, expected, language):
        return False
    said = words(_TIME.sub(" o'clock ", text.casefold()))
    if not said:
        return False
    in_address = expected in {"email", "spelling"}
    is_unit = partial(_is_unit, known=known, in_address=in_address)
    run = len(list(takewhile(is_unit, reversed(said))))
    if in_address:
        return run > 0 or (expected == "email" and _may_begin_address(text, language))
    if expected == "digits":
        return run > 0 and _digits(said, known) < _WHOLE_NUMBER
    long = said[-1].isdigit() and len(said[-1]) >= _LONG_NUMBER
    return run >= _DICTATED or (long and expected != "number")


def _may_begin_address(text: str, language: str) -> bool:
    """Any word may, but neither a yes, nor a no, nor a question."""
    return not (text.rstrip().endswith("?") or answers(text, "yes_no", language))


def dictates(text: str, language: str) -> bool:
    """Is this a number, a spelled word or an address, and little more?"""
    known = lexicon(language)
    if known is None:
        return any(map(str.isdigit, text))
    said = words(text)
    units = sum(_is_unit(word, known, in_address=True) for word in said)
    return 2 * units >= len(said) or bool(_ADDRESS.search(text.casefold()))


def is_echo(said: str, playing: str, *, whole: bool = True, exact: bool = False) -> bool:
    """Are these our own words of a moment ago, come back through the caller's microphone?

    Unless it is `whole`, one word may be the beginning of an echo; alone it is a question. Two are
    one as well, if they are asked and we did not ask them. Where it is `exact` none is misheard.
    """
    heard, played = words(said), words(playing)
    if len(heard) < _ECHO_WORDS:
        fresh = f" {' '.join(heard)} " in f" {' '.join(played[-_FRESH_WORDS:])} "
        wonders = said.rstrip().endswith("?") and not playing.rstrip().endswith("?")
        return fresh and not wonders and len(heard) > int(whole)
    if LCSseq.similarity(heard, played) < (1 if exact else _ECHO_SHARE) * len(heard):
        return False
    return fuzz.partial_ratio(" ".join(heard), " ".join(played)) >= _ECHO_CUTOFF


def adds_an_answer(said: str, playing: str, language: str) -> bool:
    """Is there a yes or no in these words that is none of ours?"""
    known = lexicon(language)
    if known is None:
        return False
    own = set(words(said)).difference(words(playing))
    return any((word,) in known.assents or (word,) in known.replies for word in own)


def offers(text: str, language: str) -> bool:
    """Does it leave the other a choice: this one or that one?"""
    known = lexicon(language)
    return known is not None and not known.choices.isdisjoint(words(text))


def is_hello(text: str, language: str, *, asked: bool = False) -> bool:
    """Is this how one greets, and no more? Who was `asked` something says yes to that."""
    known = lexicon(language)
    if known is None or (asked and answers(text, "yes_no", language)):
        return False
    return _is_made_of(words(text), known.hellos)


def _is_unit(word: str, known: Lexicon, *, in_address: bool) -> bool:
    if len(word) == 1 or word.isdigit() or word in known.digits or word in known.repeats:
        return True
    return in_address and word in known.address_words


def _digits(said: tuple[str, ...], known: Lexicon) -> int:
    return sum(len(word) if word.isdigit() else word in known.digits for word in said)


def _is_made_of(said: tuple[str, ...], phrases: Phrases, *, whole: bool = True) -> bool:
    """Do these phrases, one after the other, make up all that was said, and was anything?"""
    if not said:
        return False
    longest = max(map(len, phrases))
    at = 0
    while at < len(said):
        fits = (n for n in range(longest, 0, -1) if said[at : at + n] in phrases)
        step = next(fits, 0)
        if not step:
            rest = said[at:]
            return not whole and any(phrase[: len(rest)] == rest for phrase in phrases)
        at += step
    return True
