"""Which things an agent file wants noted after each call: `fields:`, a name and what it is."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from vantum.agents.source import Source

MOST: Final = 20  # a model's schema and a table's columns; more is a second conversation
_WHAT_CHARS: Final = 200  # it is a line of the model's instructions
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_HOW: Final = (
    "write `fields:` as names, each with what it is, such as `budget: what they may spend`"
)


class Wanted(Struct, frozen=True):
    """One of them."""

    name: str
    what: str


def with_fields_listed(tree: object, source: Source) -> object:
    """The file's tree with `fields:` as a list of `Wanted`. Raises SettingsError."""
    if not isinstance(tree, dict) or tree.get("fields") is None:
        return tree
    given = tree["fields"]
    if not isinstance(given, dict):
        raise source.mistake("fields", _HOW)
    if len(given) > MOST:
        raise source.mistake("fields", f"{len(given)} names; {MOST} are the most")
    listed = [{"name": name, "what": _checked(name, what, source)} for name, what in given.items()]
    return {**tree, "fields": listed}


def _checked(name: object, what: object, source: Source) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        what = "allowed are a-z, 0-9 and _, a letter first, at most 40 characters"
        raise source.mistake("fields", f"`{name}` is no name; {what}")
    if not isinstance(what, str) or not what.strip():
        raise source.mistake(f"fields.{name}", f"does not say what it is; {_HOW}")
    if len(what) > _WHAT_CHARS:
        raise source.mistake(f"fields.{name}", f"longer than {_WHAT_CHARS} characters")
    return " ".join(what.split())
