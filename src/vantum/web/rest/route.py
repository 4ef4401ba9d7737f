"""What a route of the API is: stated once, by method, path and role and by the door it leads to.

A door is an async function. Its parameters say what it takes of a request: those that the path
names, `query`, `body`, `file` (a body of any length), `caller`, and `version`, the one that an
edit was made of (If-Match). What it returns is the answer: a Struct, as JSON; one with a `version`
has an ETag; None is no content. Its docstring is what the documentation says of it.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal, get_type_hints

from msgspec import Struct
from starlette.routing import compile_path

from vantum.roles import Role

JSON: Final = "application/json"
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Door = Callable[..., Awaitable[object]]
_BESIDE_THE_PATH: Final = frozenset({"query", "body", "file", "caller", "version"})


class Route(Struct, frozen=True, kw_only=True):
    """One method of one path, and what follows from its door."""

    method: Method
    path: str
    role: Role
    door: Door
    status: int  # where it went well
    refuses: tuple[int, ...]  # beside what every such route may answer
    media: str
    is_secret: bool
    pattern: re.Pattern[str]
    in_path: dict[str, object]  # the types of the parameters that it names
    query: type[Struct] | None
    body: type[Struct] | None
    takes_file: bool
    takes_version: bool
    takes_caller: bool
    takes_long: bool  # minutes, for a million contacts
    answers: Any  # the type

    @property
    def takes_key(self) -> bool:
        """The same request again, under the same key, is not done again."""
        return self.method == "POST" and not self.is_secret

    def refusals(self) -> tuple[int, ...]:
        """Every status of a refusal that it may answer with."""
        found = {401, 403, 429, 503, *self.refuses}
        if self.in_path:
            found |= {404, 422}
        if self.query is not None:
            found.add(422)
        if self.body is not None:
            found |= {400, 408, 413, 422}
        if self.takes_file:
            found |= {408, 413, 415, 422}
        if self.takes_version:
            found |= {412, 422, 428}
        if self.method == "POST":
            found |= {409, 422}
        return tuple(sorted(found))

    def told(self) -> str:
        """What it does."""
        return inspect.getdoc(self.door) or ""


def route(
    method: Method,
    path: str,
    role: Role,
    door: Door,
    status: int = 200,
    *,
    refuses: tuple[int, ...] = (),
    media: str = JSON,
    is_secret: bool = False,
    takes_long: bool = False,
) -> Route:
    """A route. `is_secret`: what is answered must not be kept, so that no key is taken.

    Raises TypeError for a door that does not fit the path.
    """
    takes = get_type_hints(door, include_extras=True)
    answers = takes.pop("return")
    pattern, _, named = compile_path(path)
    if missing := named.keys() ^ (takes.keys() - _BESIDE_THE_PATH):
        raise TypeError(f"{method} {path}: path and door differ about {', '.join(missing)}")
    return Route(
        method=method,
        path=path,
        role=role,
        door=door,
        status=status,
        refuses=refuses,
        media=media,
        is_secret=is_secret,
        pattern=pattern,
        in_path={name: takes[name] for name in named},
        query=takes.get("query"),
        body=takes.get("body"),
        takes_file="file" in takes,
        takes_version="version" in takes,
        takes_caller="caller" in takes,
        takes_long=takes_long or "file" in takes,
        answers=answers,
    )
