"""How the tokens of the API are listed, made and revoked over the API itself."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from vantum.errors import RequestError
from vantum.roles import Role
from vantum.store.api_tokens import ApiToken, ApiTokens
from vantum.web.rest.house import House
from vantum.web.rest.route import Route, route

ROOT: Final = "/api/v1/tokens"


class NewToken(Struct, frozen=True, forbid_unknown_fields=True):
    """A token to be made."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    role: Role


class MadeToken(Struct, frozen=True):
    """A token, and what its bearer sends; that is shown this once."""

    token: ApiToken
    secret: str


class Tokens(Struct, frozen=True):
    """The tokens, the oldest first; those that were revoked, too."""

    items: list[ApiToken]


class TokenDoors:
    """The doors."""

    def __init__(self, house: House) -> None:
        self._tokens = ApiTokens(house.database)
        self._now = house.now

    async def list(self) -> Tokens:
        """The tokens of this installation, without that in the data folder."""
        return Tokens(await self._tokens.all())

    async def make(self, body: NewToken) -> MadeToken:
        """Make a token: a `viewer` reads, an `operator` acts too, an `admin` may all."""
        return MadeToken(*await self._tokens.make(body.name, body.role, self._now()))

    async def revoke(self, token_id: str) -> ApiToken:
        """Revoke a token for good; asking again changes nothing."""
        token = await self._tokens.revoke(token_id, self._now())
        if token is None:
            raise RequestError("There is no token with this id", code="NOT_FOUND")
        return token


def routes(house: House) -> tuple[Route, ...]:
    """The routes about tokens."""
    doors = TokenDoors(house)
    return (
        route("GET", ROOT, "admin", doors.list),
        route("POST", ROOT, "admin", doors.make, 201, is_secret=True),
        route("DELETE", f"{ROOT}/{{token_id}}", "admin", doors.revoke),
    )
