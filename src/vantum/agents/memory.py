"""What an agent knows in the middle of a conversation, and how it finds fresh words."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

from msgspec import Struct, field

from vantum.agents.when import When
from vantum.agents.words import words
from vantum.conversation.utterances import sentences

HEARD_SHARE: Final = 0.6
"""A question counts as heard when this share of its words was: people answer before the end."""

_WORTH_SAYING_AGAIN_WORDS: Final = 7  # shorter lines are courtesies; they are better left out
Does = Literal["", "opt_out", "transfer_call"]
"""What is done besides talking and hanging up."""

_BLANK: Final = re.compile(r"\{(\w+)\}")


class Memory(Struct):
    """Everything that follows from the conversation so far."""

    may_transfer: bool = False  # there is somebody to put the caller through to
    turn: int = 0
    pending: str = ""  # the question the caller has heard and not yet answered
    done: set[str] = field(default_factory=set)  # questions answered or given up
    asked: dict[str, int] = field(default_factory=dict)  # how often each line was used
    missed: dict[str, int] = field(default_factory=dict)  # answers not understood, by question
    facts: dict[str, str] = field(default_factory=dict)  # caller, firm, team, and answers by id
    known: dict[str, str] = field(default_factory=dict)  # columns of the contact list
    spelled: dict[str, str] = field(default_factory=dict)  # dictated answers, as they are read back
    when: When = When()
    refusals: int = 0
    objections: int = 0
    unclear: int = 0  # in a row
    stage: Literal["talk", "demo", "callback", "over"] = "talk"
    previous: frozenset[str] = frozenset()  # the sentences of the last reply


class Step(Struct):
    """What to do next: lines to say, then a question ("" lets the plan choose), or the end."""

    say: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    ask: str = ""
    ends: bool = False
    waits: bool = False
    does: Does = ""


class Draft(Struct):
    """A reply as it was spoken; `question` is the id of what it asks."""

    text: str
    question: str = ""
    question_text: str = ""
    ends: bool = False
    does: Does = ""


def key_of(sentence: str) -> str:
    """Sentences with the same key sound the same."""
    return " ".join(words(sentence))


@lru_cache(maxsize=4096)
def keys_of(text: str) -> frozenset[str]:
    """The keys of all sentences of a text."""
    return frozenset(key for s in sentences(text) if (key := key_of(s)))


def was_heard(question: str, heard: str) -> bool:
    """Had the caller heard enough of the question to be answering it?"""
    wanted = words(question)
    enough = wanted[: max(1, round(len(wanted) * HEARD_SHARE))]
    return f" {' '.join(enough)} " in f" {' '.join(words(heard))} "


def fresh(memory: Memory, name: str, lines: tuple[str, ...], taken: frozenset[str]) -> str:
    """The next wording that repeats no sentence of the last reply, or "" if there is none."""
    used = memory.asked.get(name, 0)
    avoid = memory.previous | taken
    usable: list[str] = []
    for i in range(len(lines)):
        at = (used + i) % len(lines)
        text = filled(memory, lines[at])
        if not text:
            continue
        if not keys_of(text) & avoid:
            memory.asked[name] = used + i + 1
            return text
        usable.append(text)
    memory.asked[name] = used + 1
    for text in usable:  # an author gave too few wordings
        again = f"As I said, {text if text.startswith('I') else text[:1].lower() + text[1:]}"
        if len(words(text)) >= _WORTH_SAYING_AGAIN_WORDS and not keys_of(again) & avoid:
            return again
    return ""


def filled(memory: Memory, line: str) -> str:
    """The line with its blanks filled, or "" when one of them is not known yet."""
    facts, listed = memory.facts, memory.known
    first = facts.get("caller", "").partition(" ")[0] or listed.get("first_name", "")
    told = {name: facts.get(name, "") for name in ("caller", "firm", "team")}
    known = listed | memory.spelled | told | {"when": memory.when.spoken(), "first_name": first}
    for blank in _BLANK.findall(line):
        if not known.get(blank):
            return ""
    text = _BLANK.sub(lambda m: known[m.group(1)], line)
    return text[:1].upper() + text[1:]
