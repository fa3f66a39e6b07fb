"""Fresh databases for tests: SQLite always, PostgreSQL too where its server is installed."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

sys.path.insert(0, str(Path(__file__).parent))

from real_servers import needing, postgres_lacks, postgres_url

KINDS = ["sqlite", needing("postgres", postgres_lacks())]


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[str]:
    """Give the URL of an empty database, gone after the block."""
    if kind == "sqlite":
        yield f"sqlite:///{folder}/lipwright.db"
        return
    server = make_url(postgres_url()).set(drivername="postgresql+psycopg")
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
