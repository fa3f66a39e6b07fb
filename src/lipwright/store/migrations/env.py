"""Alembic's entry: runs the scripts on the connection that `Database.migrate` hands over."""

from __future__ import annotations

from alembic import context

from lipwright.store.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
