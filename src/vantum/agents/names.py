"""Which name of a person or of a company somebody tells."""

from __future__ import annotations

from typing import Final

from vantum.agents.english import Words, polarity
from vantum.agents.words import words

_NAME_LEADS: Final = (
    ("my", "name", "is"), ("the", "name", "is"), ("name", "is"), ("this", "is"), ("i", "am"),
    ("spelled",), ("it", "is"), ("call", "me"), ("speaking", "with"), ("that", "is"),
    ("you", "are", "talking", "to"),
)  # fmt: skip
_FIRM_LEADS: Final = (
    ("company", "is"), ("we", "are", "called"), ("it", "is", "called"), ("i", "work", "at"),
    ("i", "work", "for"), ("i", "am", "with"), ("i", "am", "at"), ("i", "am", "from"), ("from",),
    ("called",), ("we", "are"), ("it", "is"), ("with",), ("at",),
)  # fmt: skip
_NOT_NAMES: Final = frozenset(
    words(
        "a an the not no yes yeah yep sure ok okay fine good great busy in at on with just very so "
        "here there sorry calling driving interested happy done going looking only right wrong "
        "well what who how why when where which it that this is are was i you we they he she my "
        "your our me him them us do does did have has had can could will would should be been "
        "being to for of and or but if because about from up out now today tomorrow monday tuesday "
        "wednesday thursday friday please thanks thank hello hi hey um uh oh nobody nothing "
        "something really too also maybe one two three four five six seven eight nine ten name "
        "company work working go tell give let want need know think mean said say all any some "
        "more correct exactly perfect nope rather later afternoon morning evening back ready "
        "actually skip pass private none make spelled"
    )
)
_NAME_WORDS: Final = 3  # first, middle and last name
_FIRM_WORDS: Final = 4
_WITHIN_FIRMS: Final = frozenset({"and", "of"})  # Smith and Sons, Bank of America
_OF_FIRM: Final = frozenset(words("from at with of"))
_BEFORE_NAMES: Final = frozenset(words("yes yeah sure oh um uh okay no"))
_DECLINING: Final = frozenset(words("skip pass private none self freelance freelancer"))
_SHORT_WORDS: Final = 4


def person(said: Words, *, asked: bool) -> str:
    """The caller's name, or empty; unasked, only "my name is …" counts."""
    leads = _NAME_LEADS if asked else _NAME_LEADS[:3]
    return _named(said, leads, bare=asked, most=_NAME_WORDS)


def firm(said: Words, *, asked: bool) -> str:
    """The caller's company, or empty; unasked, only "I work at …" counts."""
    leads = _FIRM_LEADS if asked else _FIRM_LEADS[3:5]
    if asked and said[:1] == ("the",):
        said = said[1:]  # The Home Depot
    return _named(said, leads, bare=asked, most=_FIRM_WORDS)


def firm_behind(name: str, said: Words) -> str:
    """The company that follows the caller's name: "Tom Baker from Globex"."""
    sought = words(name)
    for i in range(len(said) - len(sought)):
        end = i + len(sought)
        if said[i:end] == sought and said[end] in _OF_FIRM:
            return _name_from(said[end + 1 :], _FIRM_WORDS)
    return ""


def declines(said: Words) -> bool:
    """Does the caller not want to say?"""
    return polarity(said) == "no" or (len(said) <= _SHORT_WORDS and bool(_DECLINING & set(said)))


def _named(said: Words, leads: tuple[Words, ...], *, bare: bool, most: int) -> str:
    for lead in leads:
        for i in range(len(said) - len(lead)):
            if said[i : i + len(lead)] == lead:
                name = _name_from(said[i + len(lead) :], most)
                if name:
                    return name
    return _bare_name(said, most) if bare else ""


def _bare_name(said: Words, most: int) -> str:
    core = tuple(w for w in said if w not in _BEFORE_NAMES)
    behind = next((i for i, w in enumerate(core) if w in _OF_FIRM), len(core))
    spelled = all(len(w) == 1 for w in core)
    return _name_from(core, most) if behind <= most or spelled else ""


def _name_from(rest: Words, most: int) -> str:
    letters = rest[:12]
    if len(letters) >= 3 and all(len(w) == 1 and w.isalpha() for w in letters):
        return "".join(letters).capitalize()  # spelled out
    name: list[str] = []
    for word, following in zip(rest[:most], (*rest[1:], "the"), strict=False):
        joins = most == _FIRM_WORDS and name and word in _WITHIN_FIRMS
        if joins and following not in _NOT_NAMES:
            name.append(word)
        elif word in _NOT_NAMES or word.isdigit():
            break
        else:
            name.append(word.capitalize())
    return " ".join(name)
