"""How rows are read a page at a time: from behind a place, so that nothing new shifts the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple
from sqlalchemy import ColumnElement, Select, tuple_


def page(
    query: Select[Any],
    place: Sequence[ColumnElement[Any]],
    after: Struct | None,
    most: int,
    *,
    newest_first: bool = False,
) -> Select[Any]:
    """At most so many rows, in the order of these columns, from behind what `after` says of them.

    The columns together name a row; the fields of `after` are theirs, in order.
    """
    if after is not None:
        here, there = tuple_(*place), tuple_(*astuple(after))
        query = query.where(here < there if newest_first else here > there)
    order = [column.desc() for column in place] if newest_first else place
    return query.order_by(*order).limit(most)
