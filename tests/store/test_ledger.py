from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from lipwright.store.database import Database
from lipwright.store.ledger import Movement, balance, record


def test_a_task_is_charged_once(database: Database) -> None:
    with database.write() as session:
        record(session, "alice", Movement.LIPSYNC, "1", -70_000)
    with pytest.raises(IntegrityError), database.write() as session:
        record(session, "alice", Movement.LIPSYNC, "1", -70_000)
    with database.write() as session:
        record(session, "alice", Movement.REFUND, "1", 70_000)
        record(session, "bob", Movement.IDENTIFY, "2", -7_000)
    with database.read() as session:
        assert balance(session, "alice") == 0
        assert balance(session, "bob") == -7_000
        assert balance(session, "carol") == 0
