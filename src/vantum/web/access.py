"""Who may use `/api`: whoever has the token, and this machine while nobody else can reach it.

An open dialling API is toll fraud, so that everything else is refused. A page of another site that
makes a browser here ask us has another Host or an Origin; a proxy leaves its headers; and an
address in PUBLIC_URL means that strangers do reach this port.
"""

from __future__ import annotations

import fcntl
import hmac
import os
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import msgspec
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

TOKEN_FILE: Final = "api-token"  # in the data folder
TOKEN_NEEDED: Final = "The API token is needed: Authorization: Bearer ..."
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
_LOCAL_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_FORWARDING: Final = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def api_token(data_dir: Path) -> tuple[str, bool]:
    """The token of this installation, and whether it was made just now.

    Raises OSError where it can be neither read nor kept.
    """
    path = data_dir / TOKEN_FILE
    token = secrets.token_urlsafe(24)
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists() and (known := path.read_text("ascii").strip()):  # it may be read-only
        return known, False
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+", encoding="ascii") as file:
        # Processes that start together must agree; one that died here has left an empty file.
        fcntl.flock(file, fcntl.LOCK_EX)
        if known := file.read().strip():
            return known, False
        file.write(token)
    return token, True


def may_use_api(asked: HTTPConnection, token: str, *, public: bool) -> bool:
    """`public`: this port is reached from elsewhere, so that being near proves nothing."""
    scheme, _, given = asked.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token and hmac.compare_digest(given.encode(), token.encode()):
        return True
    return not public and _is_local(asked)


def _is_local(asked: HTTPConnection) -> bool:
    host = asked.headers.get("host", "")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    origin = asked.headers.get("origin")
    return (
        asked.client is not None
        and asked.client.host in _LOOPBACK
        and name in _LOCAL_HOSTS
        and origin in {None, f"http://{host}"}
        and not any(header in asked.headers for header in _FORWARDING)
    )


def problem(status: int, detail: str) -> Response:
    """A refusal, as RFC 9457 words it."""
    body = msgspec.json.encode({"status": status, "detail": detail})
    return Response(body, status, media_type="application/problem+json")


def closed(why: str, token: str, *, public: bool) -> Callable[[Request], Awaitable[Response]]:
    """A door behind which there is nothing; who may know is told why."""

    async def entered(request: Request) -> Response:
        if not may_use_api(request, token, public=public):
            return problem(401, TOKEN_NEEDED)
        return problem(503, why)

    return entered
