"""How the API is told to people: one page without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby
from typing import Any, Final

from msgspec import Struct, inspect

from vantum.web.rest.openapi import tag
from vantum.web.rest.route import Route
from vantum.web.rest.uploads import CSV

STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
h3 { font: 600 1rem monospace; margin: 1.5rem 0 0 } td, th { padding: 0 1rem 0 0; text-align: left }
code { font-size: .95em } p { margin: .3rem 0 }
"""
_INTRODUCTION: Final = (
    "<p>Requests carry <code>Authorization: Bearer &lt;token&gt;</code>. A viewer reads, an"
    " operator acts too, an admin may all. Refusals are problems (RFC 9457) whose"
    " <code>detail</code> says what would do. For programs:"
    ' <a href="openapi.json">openapi.json</a>.</p>'
)


def page(routes: Sequence[Route], style: str) -> str:
    """The HTML; `style` is the address of the style sheet."""
    rooms = groupby(routes, tag)
    told = "".join(
        f"<h2>{escape(room)}</h2>" + "".join(map(_told, of_room)) for room, of_room in rooms
    )
    head = f'<title>Vantum API</title><link rel="stylesheet" href="{style}">'
    top = f'<!doctype html><html lang="en"><meta charset="utf-8">{head}<h1>Vantum API</h1>'
    return f"{top}{_INTRODUCTION}{told}</html>"


def _told(route: Route) -> str:
    refusals = ", ".join(map(str, route.refusals()))
    parts = [
        f"<h3>{route.method} {escape(route.path)}</h3><p>{escape(route.told())}</p>",
        f"<p>Role: {route.role}. Answers {route.status}; refuses with {refusals}.</p>",
    ]
    if route.takes_file:
        parts.append(f"<p>The body is a file: {CSV}.</p>")
    for title, kind in (("Query", route.query), ("Body", route.body)):
        if kind is not None:
            parts.append(_fields(title, kind))
    if isinstance(route.answers, type) and issubclass(route.answers, Struct):
        parts.append(_fields("Answer", route.answers))
    return "".join(parts)


def _fields(title: str, kind: type[Struct]) -> str:
    told: Any = inspect.type_info(kind)
    rows = "".join(
        f"<tr><td><code>{field.encode_name}</code></td><td>{escape(_kind(field.type))}</td>"
        f"<td>{'needed' if field.required else ''}</td></tr>"
        for field in told.fields
    )
    return f"<details><summary>{title}</summary><table>{rows}</table></details>"


def _kind(told: Any) -> str:
    """A type in a word or two."""
    if isinstance(told, inspect.Metadata):
        return _kind(told.type)
    if isinstance(told, inspect.UnionType):
        return " or ".join(map(_kind, told.types))
    if isinstance(told, inspect.LiteralType):
        return " or ".join(map(str, told.values))
    if isinstance(told, inspect.StructType):
        return told.cls.__name__
    if isinstance(told, inspect.ListType | inspect.VarTupleType):
        return f"list of {_kind(told.item_type)}"
    names = {"StrType": "text", "BoolType": "true or false", "NoneType": "null"}
    plain = type(told).__name__
    return names.get(plain, "number" if plain in {"IntType", "FloatType"} else "object")
