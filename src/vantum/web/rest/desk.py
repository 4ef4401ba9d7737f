"""How a request comes to its door and what the door returns becomes an answer."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response

from vantum.agents.mistakes import plainly
from vantum.bodies import body_of
from vantum.errors import RequestError, VantumError
from vantum.roles import Caller
from vantum.web.problems import problem, refusal
from vantum.web.rest.once import SLOWEST_LONG_S, SLOWEST_S, Once
from vantum.web.rest.route import Route
from vantum.web.rest.uploads import Uploads
from vantum.wire.fields import UNREADABLE

BODY_BYTES: Final = 64 * 1024
_TAG: Final = re.compile(r'(?:W/)?"(\d{1,9})"')  # a proxy that compresses makes them weak
_NUL: Final = "A text must not contain the character NUL"


class Desk:
    """Where those who may enter are served."""

    def __init__(
        self,
        routes: Sequence[Route],
        caller: Callable[[str], Awaitable[Caller | None]],
        once: Once,
        folder: Path | None = None,
    ) -> None:
        """`caller` tells who the bearer of a token is; `folder` is where files wait."""
        self.routes = routes
        self.caller = caller
        self._once = once
        self._uploads = Uploads(folder)

    async def answer(self, request: Request, caller: Caller) -> Response:
        """Do what is asked, or refuse it."""
        path = request.scope["path"]
        found = [(one, match) for one in self.routes if (match := one.pattern.fullmatch(path))]
        if not found or "\0" in path:
            return problem(404, f"There is nothing at {path}")
        for route, match in found:
            if route.method == request.method:
                return await self._served(route, match.groupdict(), request, caller)
        allowed = ", ".join(route.method for route, _ in found)
        why = f"{request.method} is not for this path; allowed: {allowed}"
        return problem(405, why, Allow=allowed)

    async def _served(
        self, route: Route, in_path: dict[str, str], request: Request, caller: Caller
    ) -> Response:
        if not caller.may(route.role):
            why = f"This needs the role {route.role}; that of the token is {caller.role}"
            return problem(403, why)
        try:
            key = _key(route, request)
            body = await body_of(request, BODY_BYTES) if route.body is not None else b""
            given = _understood(route, in_path, request, body)
            if route.takes_caller:
                given["caller"] = caller
            async with AsyncExitStack() as stack:
                if route.takes_file:
                    file = await stack.enter_async_context(self._uploads.received(request))
                    given["file"], body = file, file.digest.encode()

                async def work() -> Response:
                    return _answer(route, await route.door(**given))

                if key is None:
                    return await work()
                asked = (route.method, request.url.path, request.url.query)
                digest = hashlib.sha256("\n".join(asked).encode() + b"\n" + body).hexdigest()
                wait_s = SLOWEST_LONG_S if route.takes_long else SLOWEST_S
                return await self._once.answer(f"{caller.token_id} {key}", digest, work, wait_s)
        except (VantumError, msgspec.DecodeError) as error:
            return refusal(error)


def _understood(
    route: Route, in_path: dict[str, str], request: Request, body: bytes
) -> dict[str, object]:
    """What the door takes. Raises RequestError, DecodeError."""
    given: dict[str, object] = {
        name: msgspec.convert(in_path[name], kind, strict=False)
        for name, kind in route.in_path.items()
    }
    if route.query is not None:
        given["query"] = _query(request, route.query)
    if route.body is not None:
        given["body"] = decoded(body, route.body)
    if route.takes_version:
        given["version"] = _version(request)
    return given


def _key(route: Route, request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is None or route.method != "POST":  # other methods may be asked again anyway
        return None
    if not route.takes_key:
        raise RequestError("Idempotency-Key is not for this path: its answer is never kept")
    if not 0 < len(key) <= 255:
        raise RequestError("Idempotency-Key has 1 to 255 characters")
    return key


def _version(request: Request) -> int | None:
    """The version that an edit was made of; None for whichever there is."""
    given = request.headers.get("if-match")
    if given is None:
        why = "If-Match is needed: the ETag of what was read before it was edited, or *"
        raise RequestError(why, code="NO_VERSION")
    if given.strip() == "*":
        return None
    tag = _TAG.fullmatch(given.strip())
    if tag is None:
        raise RequestError("If-Match: this is no ETag of ours; read it again", code="CHANGED")
    return int(tag[1])


def _query(request: Request, kind: type[Struct]) -> Struct:
    given = request.query_params.multi_items()
    if len(dict(given)) < len(given):
        raise RequestError("The query names a parameter twice")
    if any("\0" in text for pair in given for text in pair):
        raise RequestError(_NUL)
    try:
        return msgspec.convert(dict(given), kind, strict=False)
    except msgspec.ValidationError as error:
        known = ", ".join(kind.__struct_fields__)
        raise msgspec.ValidationError(
            f"{plainly(str(error), kind)}; known parameters: {known}"
        ) from None


def decoded(body: bytes, kind: type[Struct]) -> Struct:
    """A body. Raises DecodeError for one that is empty, no JSON, or not of this kind."""
    known = "known fields: " + ", ".join(kind.__struct_fields__)
    if not body:
        raise msgspec.DecodeError(f"The body is empty; {known}")
    if b"\\u0000" in body:  # which PostgreSQL cannot keep
        raise RequestError(_NUL)
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise msgspec.ValidationError(f"{plainly(str(error), kind)}; {known}") from None
    except UNREADABLE as error:
        raise msgspec.DecodeError(f"The body is no JSON: {error}; {known}") from None


def _answer(route: Route, returned: Any) -> Response:
    if isinstance(returned, Response):
        return returned
    if returned is None:
        return Response(status_code=204)
    version = getattr(returned, "version", None)
    tag = {} if version is None else {"ETag": f'"{version}"'}
    return Response(msgspec.json.encode(returned), route.status, tag, media_type=route.media)
