from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from lipwright.store.database import SCHEMA_VERSION, VERSION_TABLE, Database
from lipwright.store.tables import Base, LeaseRow, TaskRow


def test_the_migrations_make_exactly_the_tables_of_the_code(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
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
    assert [process.wait(180) for process in processes] == [0, 0, 0]


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


def as_first_release(database: Database) -> None:
    """Make the tables as the first release did, which kept its version under Alembic's own name."""
    config = Config()
    config.set_main_option("script_location", "lipwright.store:migrations")
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text("DROP TABLE schema_version"))
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('0001')"))


def test_the_first_release_goes_on_finding_its_own_version(database_url: str) -> None:
    database = Database(database_url)
    as_first_release(database)
    assert database.version() == "0001"
    database.migrate()
    assert database.version() == SCHEMA_VERSION
    with database.engine.connect() as connection:
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    assert found == "0001"
    database.close()


def test_what_the_first_release_writes_is_taken(database: Database) -> None:
    """It knows nothing of the columns that came later."""
    with database.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO leases (name, holder, expires_at_ms) VALUES ('worker:x', 'x', 1)")
        )
        connection.execute(
            text(
                "INSERT INTO accounts (id, balance_micro_ptc, next_call_at_us, created_at_ms)"
                " VALUES ('alice', 0, 0, 1)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO tasks (id, account_id, session_id, status, message, stage, progress,"
                " attempts, work_order, parent_id, parent_key, parent_duration_ms,"
                " parent_expires_at_ms, kind, watermark, request_id, callback_writer,"
                " callback_base, warnings, price_micro_ptc, created_at_ms, updated_at_ms,"
                " expires_at_ms) VALUES ('t', 'alice', '', 'submitted', '', '', 0, 0, '{}', '', '',"
                " 0, 0, 'advanced', FALSE, '', '', '', '[]', 0, 0, 0, 0)"
            )
        )
    with database.read() as session:
        assert session.get_one(TaskRow, "t").priority == 0


def test_the_tables_of_a_later_release_are_left_alone(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE schema_version SET version_num = '9999'"))
    database.migrate()
    assert database.version() == "9999"
