"""Which tokens open the API: made once, kept as digests, revoked for good.

Times are seconds since 1970. What is kept opens nothing: a token is 192 random bits, so that its
SHA-256 tells nobody the token, and needs no salt and no slow hash.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import Row, insert, select, update

from vantum.roles import TOKEN_PREFIX, Role
from vantum.store.database import Database
from vantum.store.schema import API_TOKENS
from vantum.transports.ids import Ids

_SECRET_BYTES: Final = 24
USED_EVERY_S: Final = 60.0  # a write for each request would be felt, and tells nobody more


class ApiToken(Struct, frozen=True):
    """A token as it is shown; the secret itself is known to its bearer alone."""

    id: str
    name: str
    role: Role
    created_at: float
    revoked_at: float | None = None
    used_at: float | None = None  # to the minute


class ApiTokens:
    """The tokens of one installation."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids = Ids()

    async def make(self, name: str, role: Role, now: float) -> tuple[ApiToken, str]:
        """A new token, and its secret, which is never shown again."""
        secret = TOKEN_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        token = ApiToken(self._ids.new(), name, role, now)
        async with self._database.writing() as connection:
            await connection.execute(
                insert(API_TOKENS).values(
                    token_id=token.id,
                    name=name,
                    role=role,
                    digest=_digest(secret),
                    created_at=now,
                )
            )
        return token, secret

    async def all(self) -> list[ApiToken]:
        """Those that were revoked, too; oldest first."""
        async with self._database.reading() as connection:
            query = select(API_TOKENS).order_by(API_TOKENS.c.created_at, API_TOKENS.c.token_id)
            return [_token(row) for row in (await connection.execute(query)).all()]

    async def revoke(self, token_id: str, now: float) -> ApiToken | None:
        """From now on it opens nothing; the token as it then is, None where there is none."""
        this = API_TOKENS.c.token_id == token_id
        async with self._database.writing() as connection:
            valid = this & API_TOKENS.c.revoked_at.is_(None)
            await connection.execute(update(API_TOKENS).where(valid).values(revoked_at=now))
            row = (await connection.execute(select(API_TOKENS).where(this))).first()
        return None if row is None else _token(row)

    async def bearer(self, secret: str, now: float) -> ApiToken | None:
        """The token that this is the secret of, unless it is revoked; noted as used."""
        digest = _digest(secret)
        async with self._database.reading() as connection:
            query = select(API_TOKENS).where(API_TOKENS.c.digest == digest)
            row = (await connection.execute(query)).first()
        if row is None or not hmac.compare_digest(row.digest, digest):
            return None
        token = _token(row)
        if token.revoked_at is not None:
            return None
        if token.used_at is None or token.used_at <= now - USED_EVERY_S:
            async with self._database.writing() as connection:
                this = API_TOKENS.c.token_id == token.id
                await connection.execute(update(API_TOKENS).where(this).values(used_at=now))
        return token


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(row: Row[Any]) -> ApiToken:
    return ApiToken(row.token_id, row.name, row.role, row.created_at, row.revoked_at, row.used_at)
