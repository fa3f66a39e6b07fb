"""Fresh databases for tests: SQLite always, PostgreSQL too where a server is at hand."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

SERVER_VARIABLE = "LIPWRIGHT_TEST_POSTGRES_URL"
"""URL of a PostgreSQL server on which tests may create and drop databases."""

KINDS = ["sqlite", "postgres"] if os.environ.get(SERVER_VARIABLE) else ["sqlite"]


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[str]:
    """Give the URL of an empty database, gone after the block."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/lipwright.db"
        return
    server = make_url(os.environ[SERVER_VARIABLE]).set(drivername="postgresql+psycopg")
    name = f"lipwright_test_{secrets.token_hex(6)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()
