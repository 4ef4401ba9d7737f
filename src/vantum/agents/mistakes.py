"""How a mistake in an agent file is told to its author: in no programmer's words."""

from __future__ import annotations

import re
from typing import Final

import msgspec
from rapidfuzz import fuzz, process

# What msgspec calls the kinds of value, and what authors do.
_KINDS: Final = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "fields of its own",
    "null": "nothing",
}


def explained(message: str, tree: object, of: type) -> str:
    """msgspec's message about a tree that should be a struct `of`; the field comes first."""
    what, _, where = message.partition(" - at `$")
    place = where.removesuffix("`").lstrip(".") or "the file"
    unknown = re.search(r"unknown field `(.+)`", what)
    if unknown:
        name = unknown.group(1)
        choices = _fields_at(place if where else "", of)
        best = process.extractOne(name, choices, scorer=fuzz.ratio, score_cutoff=60)
        hint = f"; did you mean `{best[0]}`?" if best else f"; known: {', '.join(choices)}"
        return f"{place}: unknown field `{name}`{hint}"
    refused = re.search(r"^Invalid enum value '(.*)'$", what)
    if refused:
        return f"{place}: {_not_among(refused.group(1), _choices_at(place, of))}"
    if not isinstance(tree, dict):
        return "expected fields such as `name:` and `greeting:`, found no mapping"
    return f"{place}: {_in_words(what)}"


def _in_words(what: str) -> str:
    """What was expected and found, in no programmer's words."""
    found = re.fullmatch(r"Expected `(\w+)`(, got `(\w+)`)?( of length >= (\d+))?(.*)", what)
    if found is None:
        return f"{what[:1].lower()}{what[1:]}"
    kind, got, at_least, rest = found.group(1, 3, 5, 6)
    told = f"expected {_KINDS.get(kind, kind)}{rest}"
    if at_least:
        told += f" of at least {at_least} entries" if kind == "array" else " that is not empty"
    if got:
        told += f", found {_KINDS.get(got, got)}"
    # YAML reads `name: 5` and `name: yes` as what they look like.
    return told + (
        "; put it in quotes" if kind == "str" and got in {"int", "float", "bool"} else ""
    )


def _not_among(value: str, choices: list[str]) -> str:
    best = process.extractOne(value, choices, scorer=fuzz.ratio, score_cutoff=60)
    hint = f"; did you mean `{best[0]}`?" if best else ";"
    return f"`{value}` is not allowed{hint} allowed: {', '.join(c for c in choices if c)}"


def _fields_at(place: str, of: type) -> list[str]:
    """Names allowed at a path such as `playbook.faqs[...].say`."""
    info = _kind_at(place, of)
    if isinstance(info, msgspec.inspect.StructType):
        return [f.encode_name for f in info.fields]
    return []


def _choices_at(place: str, of: type) -> list[str]:
    """Words allowed at a path such as `playbook.faqs[3].then`."""
    info = _kind_at(place, of)
    return [str(v) for v in info.values] if isinstance(info, msgspec.inspect.LiteralType) else []


def _kind_at(place: str, of: type) -> msgspec.inspect.Type:
    info: msgspec.inspect.Type = msgspec.inspect.type_info(of)
    for step in re.findall(r"[^.\[\]]+|\[[^\]]*\]", place):
        if isinstance(info, msgspec.inspect.StructType):
            info = next(f.type for f in info.fields if f.encode_name == step)
        elif isinstance(info, msgspec.inspect.VarTupleType):
            info = info.item_type
    return info
