"""Alembic's entry: runs the scripts on the connection that `Database.migrate` hands over."""

from __future__ import annotations

from alembic import context

from lipwright.store.database import VERSION_TABLE
from lipwright.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
)
context.run_migrations()
