"""Writes a migration by comparing `store/schema.py` with a database at the newest one."""

from __future__ import annotations

import sys

from alembic import command
from sqlalchemy import create_engine

from vantum.store.migrating import configuration


def write(revision: str, message: str) -> None:
    with create_engine("sqlite://").connect() as connection:
        config = configuration(connection)
        command.upgrade(config, "head")
        command.revision(config, message, autogenerate=True, rev_id=revision)


if __name__ == "__main__":
    write(*sys.argv[1:])
