"""Which texts an agent file holds, and which of them the agent says as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct
from rapidfuzz import fuzz, process

from vantum.agents.source import Source
from vantum.conversation.segments import spoken_text

Texts = Iterable[tuple[str, str]]
"""Each with its place."""

BLANK: Final = re.compile(r"\{.*?\}")
# A model is told these, and may say them; nobody else does.
_FOR_A_MODEL: Final = re.compile(r"(product|goal|facts|rules|examples)\b")
# A company's name would be found inside of lines.
_NEVER_SAID: Final = re.compile(
    r"(name|company|role|language|voice|vocabulary|recordings|must_hear|columns|fields|phone\.keys"
    r"|phone\.transfer\.number)\b"
    r"|.*\.(heard|hints|settles|good_signs|bad_signs)\["
    r"|.*\.(id|answer|then|tells|purpose|if_no)$"
)


def texts_of(value: object, place: str = "") -> Iterator[tuple[str, str]]:
    """All texts of a file, or of a part of it."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from texts_of(item, f"{place}[{number}]")
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from texts_of(getattr(value, name), f"{place}.{name}".lstrip("."))


def said_lines(texts: Texts) -> dict[str, str]:
    """The lines that the agent says, as they are heard, with their places."""
    return {
        spoken_text(text): place
        for place, text in texts
        if text and not (_NEVER_SAID.match(place) or _FOR_A_MODEL.match(place))
    }


def nearest(line: str, lines: dict[str, str]) -> str:
    """Where the author may have meant to take it from; "" for nowhere."""
    best = process.extractOne(line, lines.keys(), scorer=fuzz.ratio, score_cutoff=60)
    return f"; the nearest is {lines[best[0]]}: {best[0]}" if best else ""


def check_must_hear(must_hear: tuple[str, ...], texts: Texts, source: Source) -> None:
    """Each must be in a line that is said, in the same words. Raises SettingsError.

    What only a model is told is let through: see `doubts`.
    """
    texts = list(texts)
    lines = said_lines(texts)
    for number, wanted in enumerate(must_hear):
        place, line = f"must_hear[{number}]", spoken_text(wanted)
        if not line:
            raise source.mistake(place, "expected words that are said, found none")
        if blank := BLANK.search(line):
            what = f"what {blank.group()} stands for is not the same in every call"
            raise source.mistake(place, f"{what}; take the words before it or behind it: {line}")
        if not is_in(line, lines) and not for_a_model(line, texts):
            what = f"no line of this file that is said holds it: {line}"
            raise source.mistake(place, f"{what}{nearest(line, lines)}")


def is_in(line: str, lines: Iterable[str]) -> bool:
    """Is it part of one of them?"""
    return any(line in said for said in lines)


def for_a_model(line: str, texts: Texts) -> bool:
    """Is it part of what a model is told, and may say?"""
    return any(line in spoken_text(text) for place, text in texts if _FOR_A_MODEL.match(place))
