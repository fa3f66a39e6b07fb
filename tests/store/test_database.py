from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from lipwright.store.database import SCHEMA_VERSION, Database
from lipwright.store.tables import Base, LeaseRow


def test_the_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert context.get_current_revision() == SCHEMA_VERSION
        differences = compare_metadata(context, Base.metadata)
    assert differences == []


def test_the_code_expects_the_newest_version() -> None:
    config = Config()
    config.set_main_option("script_location", "lipwright.store:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA_VERSION


def test_many_processes_may_migrate_at_once(database_url: str) -> None:
    program = (
        "import sys; from lipwright.store.database import Database\n"
        "database = Database(sys.argv[1]); database.migrate(); database.close()"
    )
    processes = [subprocess.Popen([sys.executable, "-c", program, database_url]) for _ in range(3)]
    assert [process.wait(30) for process in processes] == [0, 0, 0]


def test_sqlite_runs_in_wal_mode(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/new/folder/lipwright.db")
    with database.engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    database.close()


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.write() as session:
            session.add(LeaseRow(name="a", holder="b", expires_at_ms=1))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.read() as session:
        assert session.get(LeaseRow, "a") is None


def test_writers_that_read_first_wait_for_each_other(database: Database) -> None:
    with database.write() as session:
        session.add(LeaseRow(name="count", holder="", expires_at_ms=0))

    def add() -> None:
        for _ in range(20):
            with database.write() as session:
                row = session.get_one(LeaseRow, "count", with_for_update=True)
                row.expires_at_ms = row.expires_at_ms + 1

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert session.get_one(LeaseRow, "count").expires_at_ms == 80
