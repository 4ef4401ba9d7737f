"""Who may use `/api`: whoever has a token, and this machine while nobody else can reach it.

An open dialling API is toll fraud, so that everything else is refused. A page of another site that
makes a browser here ask us has another Host or an Origin; a proxy leaves its headers; and an
address in PUBLIC_URL means that strangers do reach this port.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path
from typing import Final

from starlette.requests import HTTPConnection

TOKEN_FILE: Final = "api-token"  # in the data folder
TOKEN_NEEDED: Final = "An API token is needed: Authorization: Bearer ..."
TOKEN_UNKNOWN: Final = "The API token is not one of ours, or not any more"
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


def given_token(asked: HTTPConnection) -> str | None:
    """What was given as a token; None for nothing, which is not the same as a wrong one."""
    scheme, _, given = asked.headers.get("authorization", "").partition(" ")
    return given if scheme.lower() == "bearer" else None


def is_local(asked: HTTPConnection) -> bool:
    """It comes from this machine and from no other by way of it."""
    origin = asked.headers.get("origin")
    return (
        _is_here(asked)
        and _name_asked(asked) in _LOCAL_HOSTS
        and origin in {None, f"http://{asked.headers.get('host', '')}"}
    )


def is_rebound(asked: HTTPConnection) -> bool:
    """A browser here asks by a stranger's name, which leads to this machine (DNS rebinding).

    To the browser the stranger's page and ours are one origin. No proxy has passed it on, which
    would have a reason for such a name.
    """
    return _is_here(asked) and _name_asked(asked) not in _LOCAL_HOSTS


def is_forwarded(asked: HTTPConnection) -> bool:
    """A proxy has passed it on."""
    return any(header in asked.headers for header in _FORWARDING)


def _is_here(asked: HTTPConnection) -> bool:
    here = asked.client is not None and asked.client.host in _LOOPBACK
    return here and not is_forwarded(asked)


def _name_asked(asked: HTTPConnection) -> str:
    """The Host without its port."""
    host = asked.headers.get("host", "")
    return host if host.endswith("]") else host.rpartition(":")[0] or host
