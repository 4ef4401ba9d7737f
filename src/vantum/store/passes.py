"""What processes must agree on about session tokens: the key that seals them, and which are used.

Times are seconds since 1970.
"""

from __future__ import annotations

import secrets
from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from vantum.limits import USED_TOKENS_S
from vantum.store.database import Database, or_nothing
from vantum.store.schema import API_TOKENS, KEYS, USED_TOKENS

_NAME: Final = "session tokens"
_KEY_BYTES: Final = 32


class Passes:
    """Those of one installation. Every method raises RecordsError."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._key: bytes | None = None  # it never changes

    def now(self) -> float:
        """The time by which they expire."""
        return self._database.now()

    async def key(self) -> bytes:
        """What they are sealed with, made when it is first needed."""
        if self._key is None:
            fresh = {"name": _NAME, "key": secrets.token_hex(_KEY_BYTES)}
            async with self._database.writing() as connection:
                await connection.execute(or_nothing(connection, KEYS).values(fresh))
                query = select(KEYS.c.key).where(KEYS.c.name == _NAME)
                self._key = bytes.fromhex((await connection.execute(query)).scalar_one())
        return self._key

    async def spend(self, nonce: str, api_token: str, now: float) -> bool:
        """Use a token up; False where it was used, or who asked for it may do so no more.

        `api_token` is the id of theirs; "" is the installation's own.
        """
        theirs = (API_TOKENS.c.token_id == api_token) & API_TOKENS.c.revoked_at.is_(None)
        try:
            async with self._database.writing() as connection:
                old = USED_TOKENS.c.used_at < now - USED_TOKENS_S
                await connection.execute(delete(USED_TOKENS).where(old))
                if api_token:
                    found = await connection.execute(select(API_TOKENS.c.token_id).where(theirs))
                    if found.first() is None:
                        return False
                await connection.execute(insert(USED_TOKENS).values(nonce=nonce, used_at=now))
                return True
        except IntegrityError:
            return False

    async def give_back(self, nonce: str) -> None:
        """A token that was used up has not been, after all."""
        async with self._database.writing() as connection:
            await connection.execute(delete(USED_TOKENS).where(USED_TOKENS.c.nonce == nonce))
