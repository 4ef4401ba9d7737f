"""How alembic runs: on the connection that it is given, within that connection's transaction."""

from __future__ import annotations

from alembic import context

from vantum.store.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    # SQLite changes tables within a transaction as PostgreSQL does; alembic is careful by default.
    transactional_ddl=True,
)
context.run_migrations()
