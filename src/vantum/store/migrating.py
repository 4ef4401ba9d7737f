"""Which state the tables are in, and how they are brought to the one that this program knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, text

from vantum.errors import SettingsError

if TYPE_CHECKING:
    from alembic.config import Config

NEWEST: Final = "0001"  # the last of `migrations/versions`

_ALONE: Final = int.from_bytes(b"VANT")  # what PostgreSQL locks while one migrates


def migrate(connection: Connection) -> None:
    """Bring the tables up to date, within the connection's transaction.

    Raises SettingsError for tables of a newer program, SQLAlchemyError for tables of another one.
    """
    if connection.dialect.name == "postgresql":  # SQLite's writers are alone anyway
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ALONE})
    if version_of(connection) == NEWEST:
        return
    # Half a second of imports that only a first start needs.
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
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(
        text("SELECT version_num FROM alembic_version")
    ).scalar()
    return version


def configuration(connection: Connection) -> Config:
    """Alembic's, for these tables."""
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", "vantum.store:migrations")
    config.attributes["connection"] = connection
    return config
