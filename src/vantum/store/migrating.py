"""Which state the tables are in, and how they are brought to the one that this program knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Column, Connection, MetaData, String, Table, insert, inspect, select, text

from vantum.errors import SettingsError
from vantum.store.schema import METADATA

if TYPE_CHECKING:
    from alembic.config import Config

NEWEST: Final = "0001"  # the last of `migrations/versions`

_VERSION: Final = Table(  # as alembic makes it
    "alembic_version", MetaData(), Column("version_num", String(32), primary_key=True)
)
_ALONE: Final = int.from_bytes(b"VANT")  # what PostgreSQL locks while one migrates


def migrate(connection: Connection) -> None:
    """Bring the tables up to date, within the connection's transaction.

    Raises SettingsError for tables of a newer program, SQLAlchemyError for tables of another one.
    """
    if connection.dialect.name == "postgresql":  # SQLite's writers are alone anyway
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ALONE})
    version = version_of(connection)
    if version == NEWEST:
        return
    if version is None:
        METADATA.create_all(connection, checkfirst=False)
        _VERSION.create(connection, checkfirst=False)
        connection.execute(insert(_VERSION).values(version_num=NEWEST))
        return
    # Half a second of imports and 6 MB that only a step between versions needs.
    from alembic import command  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    try:
        command.upgrade(configuration(connection), "head")
    except CommandError as error:
        raise SettingsError(
            f"DATABASE_URL: the records were made by a newer version of Vantum ({error})"
        ) from error


def version_of(connection: Connection) -> str | None:
    """The migration that the tables are at; None where there are none yet."""
    if not inspect(connection).has_table(_VERSION.name):
        return None
    version: str | None = connection.execute(select(_VERSION.c.version_num)).scalar()
    return version


def configuration(connection: Connection) -> Config:
    """Alembic's, for these tables."""
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", "vantum.store:migrations")
    config.attributes["connection"] = connection
    return config
