"""How long lists are given: a page at a time, each with the place where the next one begins.

A place is the key by which the list is ordered, not a count, so that what is added or removed
meanwhile neither repeats nor hides anything.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from vantum.errors import RequestError
from vantum.wire.fields import UNREADABLE

PAGE_MOST: Final = 500
Place = TypeVar("Place")
Item = TypeVar("Item")


class Paged(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which page of a list."""

    limit: Annotated[int, Meta(ge=1, le=PAGE_MOST, description="The most items.")] = 100
    after: Annotated[str, Meta(description="`next` of the page before.")] | None = None


class Line(Struct, frozen=True, array_like=True):
    """The place of what has a number: a line of a file, a link of a chain."""

    number: Annotated[int, Meta(ge=0, lt=2**31)]  # as far as a database counts


def cursor(place: object) -> str:
    """A place, in a word that means nothing to anybody else."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).rstrip(b"=").decode()


def place(query: Paged, kind: type[Place]) -> Place | None:
    """The place behind which the page begins; None for the first. Raises RequestError."""
    if query.after is None:
        return None
    try:
        return msgspec.json.decode(_text(query.after), type=kind)
    except UNREADABLE:  # of base64, of JSON, of characters that are not ours
        raise RequestError("after: take `next` of the page before, as it is") from None


def _text(cursor: str) -> bytes:
    padded = cursor.encode() + b"=" * (-len(cursor) % 4)
    text = base64.b64decode(padded, b"-_", validate=True)
    if b"\\u0000" in text:  # which PostgreSQL does not take
        raise ValueError(cursor)
    return text


def cut(
    found: Sequence[Item], query: Paged, place_of: Callable[[Item], object]
) -> tuple[list[Item], str | None]:
    """A page and `next`; of what was found, one item more than the page holds."""
    page = list(found[: query.limit])
    return page, cursor(place_of(page[-1])) if len(found) > len(page) else None
