"""What was answered to requests that named a key, so that the same again is not done again.

Times are seconds since 1970. Processes that are asked at once agree by the key's row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from vantum.errors import RecordsError
from vantum.store.database import Database
from vantum.store.schema import ANSWERS

_HEADERS: Final = msgspec.json.Decoder(dict[str, str])
KEPT_S: Final = 24 * 60 * 60.0  # a program that has not asked again by then has given up


class Earlier(Struct, frozen=True):
    """What is known of an earlier request with the same key."""

    request: str  # a digest
    status: int | None  # None while it is being done, or was when its process died
    headers: dict[str, str]
    body: str
    at: float


class Answers:
    """The answers of one installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, key: str, request: str, now: float) -> Earlier | None:
        """Take a key; what is known of an earlier request with it, else None: go ahead."""
        this = ANSWERS.c.key == key
        try:
            async with self._database.writing() as connection:
                await connection.execute(delete(ANSWERS).where(this, ANSWERS.c.at < now - KEPT_S))
                row = {"key": key, "request": request, "headers": "{}", "body": "", "at": now}
                await connection.execute(insert(ANSWERS).values(row))
        except IntegrityError:
            return await self._earlier(key)
        return None

    async def _earlier(self, key: str) -> Earlier:
        async with self._database.reading() as connection:
            query = select(ANSWERS).where(ANSWERS.c.key == key)
            row = (await connection.execute(query)).first()
        if row is None:  # given free since; asking again will do
            raise RecordsError("the request with this key was given up just now; ask again")
        return Earlier(row.request, row.status, _HEADERS.decode(row.headers), row.body, row.at)

    async def keep(self, key: str, status: int, headers: Mapping[str, str], body: str) -> None:
        """The answer to the request that has taken the key."""
        async with self._database.writing() as connection:
            this = ANSWERS.c.key == key
            values = {"headers": msgspec.json.encode(headers).decode(), "body": body}
            await connection.execute(update(ANSWERS).where(this).values(status=status, **values))

    async def forget(self, key: str) -> None:
        """Nothing was done: the key may be used again."""
        async with self._database.writing() as connection:
            await connection.execute(delete(ANSWERS).where(ANSWERS.c.key == key))

    async def tidy(self, now: float) -> None:
        """Forget what nobody will ask for again."""
        async with self._database.writing() as connection:
            await connection.execute(delete(ANSWERS).where(ANSWERS.c.at < now - KEPT_S))
