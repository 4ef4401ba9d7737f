"""What an agent may know of whom it calls: cells of a contact list, as data and never as orders."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

VALUE_CHARS: Final = 200  # a cell is a name or a word or two; longer ones are cut
_OURS: Final = {"name": "caller", "company": "firm"}  # {company} is the agent's own
_NAMES: Final = re.compile(r"[a-z0-9_]{1,100}")
# Braces are blanks, bars and angle brackets are marks that a voice acts on.
_MARKS: Final = re.compile(r"[{}<>|`\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_CELLS: Final = msgspec.json.Decoder(dict[str, str])


def facts_of(name: str, company: str, variables: str) -> str:
    """A contact as JSON for the record of a call; `variables` is JSON of its other columns."""
    try:
        cells = _CELLS.decode(variables or "{}")
    except msgspec.DecodeError:  # ValidationError is one, too
        cells = {}
    named = {"name": name, "company": company}
    return msgspec.json.encode(cells | {key: said for key, said in named.items() if said}).decode()


def known_of(facts: str) -> Mapping[str, str]:
    """What blanks may stand for: caller, firm, and the columns by name; nothing for bad JSON."""
    try:
        cells = _CELLS.decode(facts or "{}")
    except msgspec.DecodeError:
        return {}
    clean = {_OURS.get(key, key): plain(said) for key, said in cells.items() if _NAMES.match(key)}
    return {key: said for key, said in clean.items() if said}


def plain(value: str) -> str:
    """A cell as it may stand within a sentence: one line, short, without marks."""
    return " ".join(_MARKS.sub(" ", value).split())[:VALUE_CHARS].strip()
