"""What the first release left in the job engine's own queue, and what got lost on the way."""

from __future__ import annotations

from dbos import DBOSClient
from workshop import line, wait_for, working

from lipwright.jobs import engine
from lipwright.jobs.adopting import adopt
from lipwright.jobs.queue import WORKER_PREFIX
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.values import Session, Task, TaskStatus
from lipwright.store.tables import QueueItemRow


def made_by_the_first_release(service: LipsyncService, session: Session) -> Task:
    """A task that is enqueued in the job engine, under the version of then."""
    task = service.create("alice", session.id, [line()])
    opened = service._open
    with opened.stores.database.write() as transaction:
        transaction.delete(transaction.get_one(QueueItemRow, task.id))
    opened.client.delete_workflows([task.id])
    opened.client.enqueue(
        {
            "workflow_name": "lipsync",
            "queue_name": "lipsync",
            "workflow_id": task.id,
            "app_version": "1",
        },
        task.id,
    )
    return task


def run_by(service: LipsyncService, task: Task, worker: str) -> None:
    database = service._open.stores.database
    schema = "" if database.is_sqlite else "dbos."
    with database.engine.begin() as connection:
        connection.exec_driver_sql(
            f"UPDATE {schema}workflow_status SET status = 'PENDING', executor_id = '{worker}'"
            f" WHERE workflow_uuid = '{task.id}'"
        )


def state_of(client: DBOSClient, task: Task) -> tuple[str, str | None]:
    [workflow] = client.list_workflows(workflow_ids=[task.id])
    return workflow.status, workflow.queue_name


def test_a_waiting_task_is_taken_from_the_first_release(
    service: LipsyncService, session: Session
) -> None:
    task = made_by_the_first_release(service, session)
    stores, client = service._open.stores, service._open.client
    assert adopt(stores, client) == 1
    # Still there, so that nobody takes it for lost, but where no worker of then gets it.
    assert state_of(client, task) == ("ENQUEUED", engine.PARKED)
    assert adopt(stores, client) == 0
    with working(service.settings):
        assert wait_for(service, task).status is TaskStatus.SUCCEED


def test_a_task_is_left_to_a_worker_of_the_first_release_while_that_lives(
    service: LipsyncService, session: Session
) -> None:
    task = made_by_the_first_release(service, session)
    stores, client = service._open.stores, service._open.client
    run_by(service, task, "old")
    stores.leases.acquire(WORKER_PREFIX + "old", "old", 1000)
    assert adopt(stores, client) == 0
    assert state_of(client, task) == ("PENDING", "lipsync")
    stores.leases.release(WORKER_PREFIX + "old", "old")
    assert adopt(stores, client) == 1
    assert state_of(client, task) == ("ENQUEUED", engine.PARKED)
    with working(service.settings):
        assert wait_for(service, task).status is TaskStatus.SUCCEED


def test_workers_of_the_first_release_see_every_waiting_task_as_alive(
    service: LipsyncService, session: Session
) -> None:
    """They fail a task whose workflow, by the task's own id, is not there or has ended."""
    task = service.create("alice", session.id, [line()])
    assert state_of(service._open.client, task) == ("ENQUEUED", engine.PARKED)


def test_a_task_that_is_over_is_not_adopted(service: LipsyncService, session: Session) -> None:
    task = made_by_the_first_release(service, session)
    service.cancel("alice", task.id)
    assert adopt(service._open.stores, service._open.client) == 0
