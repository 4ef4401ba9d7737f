"""How `.env` is read, and which of its lines were probably meant otherwise."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

from dotenv.parser import parse_stream
from msgspec import Struct
from rapidfuzz.distance import Levenshtein

from vantum.errors import SettingsError

_LETTERS: Final = 2  # PROT for PORT are two; three make STT_MODEL of TTS_MODEL's neighbours


class Doubt(Struct, frozen=True):
    """A line that does not do what its author wanted; never its value, which may be a key."""

    line: int
    why: str


def values(path: Path) -> dict[str, str]:
    """Names and values; none where there is no file. Raises SettingsError."""
    # Without interpolation: a `$` in a key stays what it is, and os.environ is not read.
    return {name: value for _, name, value in _lines(path) if name and value is not None}


def doubts(path: Path, known: Collection[str]) -> list[Doubt]:
    """Lines without a value, and names that are nearly `known` ones. Raises SettingsError."""
    found = []
    for line, name, value in _lines(path):
        if name is None or value is None:
            found.append(Doubt(line, "NAME=value is expected"))
        elif name not in known and (meant := _nearest(name, known)):
            found.append(Doubt(line, f"{name} is no setting; did you mean {meant}?"))
    return found


def _lines(path: Path) -> list[tuple[int, str | None, str | None]]:
    """Number, name and value of every line that says something; no name where it is no line."""
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8") as stream:
            bindings = list(parse_stream(stream))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    found = []
    for binding in bindings:
        text = binding.original.string
        blank = text[: len(text) - len(text.lstrip())]
        if binding.error or binding.key is not None:
            number = binding.original.line + blank.count("\n")
            found.append((number, binding.key, binding.value))
    return found


def _nearest(name: str, known: Collection[str]) -> str | None:
    near = {one: Levenshtein.distance(name.upper(), one) for one in known}
    best = min(near, key=near.__getitem__)
    return best if near[best] <= _LETTERS else None
