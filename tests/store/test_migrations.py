"""The migrations lead to the tables that the program knows, in either database."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from vantum.errors import SettingsError
from vantum.store.database import Database
from vantum.store.migrating import NEWEST, configuration, migrate, version_of
from vantum.store.schema import METADATA

pytestmark = pytest.mark.anyio


def differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), METADATA))


def step_by_step(connection: Connection) -> None:
    """As tables of the first version would be brought up to date."""
    command.upgrade(configuration(connection), "head")


def all_at_once(connection: Connection) -> None:
    """As a first start makes them."""
    migrate(connection)


@pytest.mark.parametrize("made", [step_by_step, all_at_once])
async def test_the_migrations_make_exactly_the_tables_of_the_schema(
    database_url: str, made: Callable[[Connection], None]
) -> None:
    database = Database(database_url)
    async with database.writing() as connection:
        await connection.run_sync(made)
    async with database.reading() as connection:
        assert await connection.run_sync(version_of) == NEWEST
        assert await connection.run_sync(differences) == []
        script = ScriptDirectory.from_config(await connection.run_sync(configuration))
        assert script.get_heads() == [NEWEST]
    await database.set_up()  # a second start changes nothing
    async with database.reading() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()


async def test_records_of_a_newer_program_are_left_alone(database_url: str) -> None:
    database = Database(database_url)
    await database.set_up()
    async with database.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SettingsError, match="newer version of Vantum"):
        await database.set_up()
    await database.close()
