"""How a mistake in a file is told to its author: the field first, and what was expected there."""

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

_NO_CHOICE: Final = re.compile(r"^Invalid enum value '(.*)'$")
_BOUNDS: Final = {">=": "of at least", "<=": "of at most", ">": "above", "<": "below"}

QUOTES: Final = "a text that begins with { must be in quotes"
OURS: Final = "ours"  # in a field's `Meta(extra=...)`: no author need know of it
_BEGINS_WITH_BLANK: Final = re.compile(r"\s*(- +|[\w-]+: +)+\{")


def begins_with_blank(text: str, line: int) -> bool:
    """The text in this line of YAML begins with a {blank}, which is a mapping's brace there."""
    lines = text.splitlines()
    return line < len(lines) and _BEGINS_WITH_BLANK.match(lines[line]) is not None


def explained(message: str, tree: object, kind: type) -> tuple[str, str]:
    """msgspec's message in the words of an author: the field, and what is wrong with it."""
    what, _, where = message.partition(" - at `$")
    place = where.removesuffix("`").lstrip(".")
    unknown = re.search(r"unknown field `(.+)`", what)
    if unknown:
        name = unknown.group(1)
        choices = _fields_at(kind, place)
        best = process.extractOne(name, choices, scorer=fuzz.ratio, score_cutoff=60)
        hint = f"; did you mean `{best[0]}`?" if best else f"; known: {', '.join(choices)}"
        return f"{place}.{name}".lstrip("."), f"unknown field{hint}"
    if refused := _NO_CHOICE.search(what):
        return place, _not_among(refused.group(1), _choices_at(kind, place))
    wanted = _wanted_at(kind, place) if "matching regex" in what else ""
    if wanted:
        return place, f"expected {wanted}"
    if not isinstance(tree, dict):
        return place, "expected fields such as `name:` and `greeting:`, found no mapping"
    return place, _in_words(what)


def plainly(message: str, kind: type) -> str:
    """msgspec's message about what an operator or a program asks for: the field, what it may be."""
    what, _, where = message.partition(" - at `$")
    place, told = where.removesuffix("`").lstrip("."), _in_words(what)
    if refused := _NO_CHOICE.search(what):
        told = _not_among(refused.group(1), _choices_at(kind, place))
    for sign, words in _BOUNDS.items():
        told = told.replace(f" {sign} ", f" {words} ")
    return f"{place}: {told}" if place else told


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
    if kind == "str" and got == "object":
        return f"{told}; {QUOTES}"
    # YAML reads `name: 5` and `name: yes` as what they look like.
    return told + (
        "; put it in quotes" if kind == "str" and got in {"int", "float", "bool"} else ""
    )


def _not_among(value: str, choices: list[str]) -> str:
    best = process.extractOne(value, choices, scorer=fuzz.ratio, score_cutoff=60)
    hint = f"; did you mean `{best[0]}`?" if best else ";"
    return f"`{value}` is not allowed{hint} allowed: {', '.join(c for c in choices if c)}"


def _fields_at(kind: type, place: str) -> list[str]:
    """Names allowed at a path such as `playbook.faqs[...].say`."""
    info = _kind_at(kind, place)
    if isinstance(info, msgspec.inspect.StructType):
        return [f.encode_name for f in info.fields if not _is_ours(f.type)]
    return []


def _choices_at(kind: type, place: str) -> list[str]:
    """Words allowed at a path such as `playbook.faqs[3].then`."""
    info = _kind_at(kind, place)
    return [str(v) for v in info.values] if isinstance(info, msgspec.inspect.LiteralType) else []


def _kind_at(kind: type, place: str) -> msgspec.inspect.Type:
    return _bare(_annotated_at(kind, place))


def _wanted_at(kind: type, place: str) -> str:
    """What the schema says of the value at a path, in words; "" for nothing."""
    info = _annotated_at(kind, place)
    known = info.extra_json_schema if isinstance(info, msgspec.inspect.Metadata) else None
    return str((known or {}).get("description", ""))


def _is_ours(info: msgspec.inspect.Type) -> bool:
    return isinstance(info, msgspec.inspect.Metadata) and OURS in (info.extra or {})


def _bare(info: msgspec.inspect.Type) -> msgspec.inspect.Type:
    """Without what is said of it, and that it may be left out."""
    if isinstance(info, msgspec.inspect.Metadata):
        return _bare(info.type)
    if isinstance(info, msgspec.inspect.UnionType):
        kinds = [one for one in info.types if not isinstance(one, msgspec.inspect.NoneType)]
        return _bare(kinds[0])
    return info


def _annotated_at(kind: type, place: str) -> msgspec.inspect.Type:
    info: msgspec.inspect.Type = msgspec.inspect.type_info(kind)
    for step in re.findall(r"[^.\[\]]+|\[[^\]]*\]", place):
        info = _bare(info)
        if isinstance(info, msgspec.inspect.StructType):
            info = next(f.type for f in info.fields if f.encode_name == step)
        elif isinstance(info, msgspec.inspect.VarTupleType):
            info = info.item_type
    return info
