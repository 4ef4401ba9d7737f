"""How commands reach the records that the settings name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import typer

if TYPE_CHECKING:
    from vantum.settings import Settings
    from vantum.store.database import Database

_T = TypeVar("_T")


class Surroundings(NamedTuple):
    """Where a command runs: what was set, and what the settings were read from."""

    settings: Callable[[], Settings]
    environ: Callable[[], dict[str, str]]


def with_records(context: typer.Context, work: Callable[[Database], Awaitable[_T]]) -> _T:
    """Do something with the records. Raises SettingsError where they cannot be opened."""
    from vantum.store.database import Database  # noqa: PLC0415 - other commands need none

    address: str = context.obj.settings().database

    async def opened() -> _T:
        database = Database(address)
        try:
            await database.set_up()
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(opened())


def new_id() -> str:
    """For something new."""
    from vantum.transports.ids import Ids  # noqa: PLC0415 - see above

    return Ids().new()
