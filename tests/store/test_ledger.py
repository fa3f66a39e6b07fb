from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from lipwright.store.clock import now_ms
from lipwright.store.database import Database
from lipwright.store.ledger import Movement, Total, balance, record, totals
from lipwright.store.tables import AccountRow


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
        assert session.get_one(AccountRow, "alice").balance_micro_ptc == 0
        assert session.get_one(AccountRow, "bob").balance_micro_ptc == -7_000


def test_movements_are_summed_by_kind_and_time(database: Database) -> None:
    start = now_ms()
    with database.write() as session:
        for number in range(3):
            record(session, "alice", Movement.LIPSYNC, str(number), -70_000)
        record(session, "alice", Movement.REFUND, "0", 70_000)
        record(session, "bob", Movement.REFUND, "9", 1)
    with database.read() as session:
        assert totals(session, "alice", start, now_ms()) == [
            Total("lipsync", 3, -210_000),
            Total("refund", 1, 70_000),
        ]
        assert totals(session, "alice", 0, start - 1) == []
