"""What a caller puts right of that which was noted for a meeting."""

from __future__ import annotations

from typing import Final

from rapidfuzz import fuzz

from vantum.agents import names
from vantum.agents.memory import Memory
from vantum.agents.when import moment
from vantum.agents.words import words

Words = tuple[str, ...]

_SOUNDS_LIKE: Final = 60  # "acme" and "acne" are 75, "maria" and "marta" 80, "bob" and "mario" 25
_SAYS_FIRM: Final = frozenset(
    words(
        "company incorporated inc limited ltd corp corporation group llc gmbh consulting partners "
        "solutions systems industries"
    )
)
_AROUND_NAMES: Final = frozenset(words("no nope wrong actually change sorry oh but it is my name"))
_CHANGING: Final = frozenset(
    words("actually better rather instead make change wait sorry no move prefer oh could can")
)
_BARE_MOMENT_WORDS: Final = 3  # "Tuesday at four"
NAMED_FIELDS: Final = (
    ("company", "firm"), ("firm", "firm"), ("name", "caller"), ("day", "day"), ("date", "day"),
    ("time", "hour"), ("hour", "hour"),
)  # fmt: skip


def says_firm(said: Words) -> bool:
    """Is there a word that companies have in their names?"""
    return bool(_SAYS_FIRM & set(said))


def named_field(said: Words) -> str:
    """What the caller says is wrong ("the company name"): caller, firm, day, hour or ""."""
    return next((field for word, field in NAMED_FIELDS if word in said), "")


def corrected(memory: Memory, said: Words, *, denied: bool) -> bool:
    """Take over what the caller corrects; False when nothing was."""
    heard = moment(said, asked=denied)
    when = memory.when.merged(heard)
    if when != memory.when:
        memory.when = when
        return True
    if heard.known():
        return False
    right, wrong = _contrast(said)
    if wrong and _resembles(memory, right, wrong):
        return True
    return denied and _renamed(memory, said)


def other_moment(memory: Memory, said: Words) -> bool:
    """Take over another day or hour that is named while a name is asked for; False without one."""
    heard = moment(said, asked=False)
    last = (heard.day or heard.hour).rpartition(" ")[2].lower()
    if not last or (heard.day and last not in said):  # "Sundar" resembles a Sunday, but is a name
        return False
    if len(said) > _BARE_MOMENT_WORDS and not _CHANGING & set(said):
        return False
    memory.when = memory.when.merged(heard)
    return True


def _contrast(said: Words) -> tuple[str, str]:
    """What is right and what is wrong in "Acme, not Acne" and in "not Acne but Acme"."""
    if "not" not in said:
        return "", ""
    at = said.index("not")
    right, wrong = _core(said[:at]), _core(said[at + 1 :])
    if not right:
        wrong, right = wrong[:1], wrong[1:]
    return names.firm(right, asked=True), names.firm(wrong, asked=True)


def _core(said: Words) -> Words:
    return tuple(w for w in said if w not in _AROUND_NAMES)


def _renamed(memory: Memory, said: Words) -> bool:
    if says_firm(said):
        firm = names.firm(said, asked=True)
        memory.facts.update({"firm": firm} if firm else {})
        return bool(firm)
    rest = _core(said)
    name = names.person(rest, asked=True) if rest else ""
    if name and not _resembles(memory, name, name):
        memory.facts["caller"] = name
    return bool(name)


def _resembles(memory: Memory, right: str, wrong: str) -> bool:
    """Put `right` where something that sounds like `wrong` was noted; False when nothing does."""
    noted = [(f, w) for f in ("caller", "firm") for w in memory.facts.get(f, "").split()]
    first = words(wrong)[0]
    alike = [(fuzz.ratio(first, word.lower()), field, word) for field, word in noted]
    if not right or not alike:
        return False
    score, field, word = max(alike)
    if score < _SOUNDS_LIKE:
        return False
    whole = memory.facts[field]
    memory.facts[field] = right if " " in right else whole.replace(word, right)
    return True
