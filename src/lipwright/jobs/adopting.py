"""Brings tasks into the queue that are not in it: the first release's, and any that got lost.

The first release kept its queue inside the job engine, under its own version. Its workers may
still run beside ours while a fleet is upgraded, so a task that one of them works on is left to
it, and one that waits is taken from them before it is put into our queue.
"""

from __future__ import annotations

import logging

from dbos import DBOSClient
from sqlalchemy import select

from lipwright.jobs import engine
from lipwright.jobs.queue import WORKER_PREFIX, NewItem, put
from lipwright.jobs.stores import Stores
from lipwright.jobs.values import FINAL
from lipwright.store.accounts import lock_account
from lipwright.store.clock import now_ms
from lipwright.store.tables import QueueItemRow, TaskRow

log = logging.getLogger(__name__)

_MOST = 200
_QUIET_MS = 60_000
_ENQUEUED = ("ENQUEUED", "DELAYED")


def adopt(stores: Stores, client: DBOSClient) -> int:
    """Put unfinished tasks into the queue that are not there; return how many.

    Only one process at a time may do this.
    """
    with stores.database.read() as transaction:
        found = transaction.execute(
            select(TaskRow.id, TaskRow.updated_at_ms)
            .outerjoin(QueueItemRow, QueueItemRow.task_id == TaskRow.id)
            .where(TaskRow.status.not_in(FINAL), QueueItemRow.id.is_(None))
            .order_by(TaskRow.created_at_ms)
            .limit(_MOST)
        ).all()
    if not found:
        return 0
    live = stores.leases.live(WORKER_PREFIX)
    workflows = {
        workflow.workflow_id: workflow
        for workflow in client.list_workflows(
            workflow_ids=[id for id, _ in found], load_input=False, load_output=False
        )
    }
    adopted = 0
    for id, updated_at_ms in found:
        workflow = workflows.get(id)
        if workflow is not None:
            if workflow.status == "PENDING" and workflow.executor_id in live:
                continue
            if workflow.status in (*_ENQUEUED, "PENDING"):
                if workflow.queue_name != engine.PARKED:
                    # From now on no worker of the first release takes it.
                    client.resume_workflows([id], queue_name=engine.PARKED)
            elif updated_at_ms > now_ms() - _QUIET_MS:
                continue
        adopted += _put(stores, id)
    if adopted:
        log.warning("brought %d task(s) into the queue that were not in it", adopted)
    return adopted


def _put(stores: Stores, id: str) -> bool:
    with stores.database.write() as transaction:
        row = transaction.get(TaskRow, id, with_for_update=True)
        queued = transaction.scalars(select(QueueItemRow.id).where(QueueItemRow.task_id == id))
        if row is None or row.status in FINAL or queued.first() is not None:
            return False
        lock_account(transaction, row.account_id)
        item = NewItem(
            id, id, row.account_id, cost_ms=row.parent_duration_ms, priority=row.priority
        )
        put(transaction, item)
    return True
