"""What a session token lets a page do: open one call at `/ws`, once, within minutes.

A site's own server asks for it with its API token, which then need not be in the page. The page
offers it as a subprotocol: a query would be written down by every proxy on the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct
from starlette.websockets import WebSocket

from vantum.sealing import sealed, unsealed
from vantum.web.records import Records

if TYPE_CHECKING:
    from vantum.store.passes import Passes

PREFIX: Final = "vantum.token."  # of the subprotocol
LONGEST_CHARS: Final = 1_000  # nothing that we have made comes near


class Pass(Struct, frozen=True, array_like=True, kw_only=True):
    """What a token says; "" and 0 are no limit."""

    nonce: str
    expires_at: int  # seconds since 1970
    api_token: str  # the id of that of who has asked for it
    origin: str = ""  # of the page that may use it, and no other
    agent: str = ""
    longest_s: int = 0


NO_LIMIT: Final = Pass(nonce="", expires_at=0, api_token="")  # of who needs no token
_PASS: Final = msgspec.json.Decoder(Pass)


def token_of(made: Pass, key: bytes) -> str:
    """The pass as it travels."""
    return sealed(msgspec.json.encode(made), key)


def pass_of(token: str, key: bytes) -> Pass | None:
    """The pass, if we made it; it may have expired."""
    body = unsealed(token, key) if len(token) <= LONGEST_CHARS else None
    if body is None:
        return None
    try:
        return _PASS.decode(body)
    except msgspec.DecodeError:  # of another version
        return None


def offered(socket: WebSocket) -> str | None:
    """The token that a client offers, whatever it is worth; None for no token."""
    protocols: list[str] = socket.scope.get("subprotocols", [])
    found = [one for one in protocols if one.startswith(PREFIX)]
    return found[0].removeprefix(PREFIX) if found else None


class Turnstile:
    """Lets each token through once, in whichever process."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._passes: Passes | None = None

    async def admitted(self, token: str, origin: str | None, *, known: bool) -> Pass | str:
        """What a token allows, used up with this; why not, where it is not good for this page.

        `known`: the page may connect anyway. Raises VantumError while nobody can tell.
        """
        passes = await self._opened()
        now = passes.now()
        found = pass_of(token, await passes.key())
        if found is None:
            return "a token that is not ours"
        if now > found.expires_at:
            return "an expired token"
        if not (found.origin == origin if found.origin else known):
            return "a token of another page"
        if not await passes.spend(found.nonce, found.api_token, now):
            return "a token that was used or revoked"
        return found

    async def give_back(self, entry: Pass) -> None:
        """It has opened no call, and is good again. Raises VantumError while nobody can tell.

        Used first and given back: two that come with one token never both find room.
        """
        if entry.nonce:
            await (await self._opened()).give_back(entry.nonce)

    async def _opened(self) -> Passes:
        if self._passes is None:
            database = await self._records.opened()
            from vantum.store.passes import Passes  # noqa: PLC0415 - loaded with the records

            self._passes = Passes(database)
        return self._passes
