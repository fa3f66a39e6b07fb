"""The job engine and its quirks: DBOS, quiet, versioned, in our own database.

It runs the attempts at tasks as workflows, whose steps it records and tries again. Which task is
next, and on which worker, is decided by our own queue (`lipwright.jobs.queue`): DBOS's queues know
neither tenants nor workers that differ, and give a workflow only to workers of its own version.

DBOS keeps its tables in the same database as ours. Nothing here, nor in `lipwright.jobs.worker`,
gives it a key or an address to report to: no Conductor, no OTLP.
"""

from __future__ import annotations

import logging

from dbos import DBOS, DBOSClient, EnqueueOptions
from sqlalchemy.orm import Session

from lipwright.store.database import Database

APPLICATION = "lipwright"
APPLICATION_VERSION = "2"
"""Version of the workflows' code. A workflow never outlives the process that started it, so this
only keeps the workflows of the first release, which did, apart: see `lipwright.jobs.adopting`."""

ATTEMPT = "lipsync-attempt"
"""Name of the workflow that is one attempt at a task."""

PART_ATTEMPT = "lipsync-part-attempt"
"""The same of parts of a divided task."""

FIRST = "lipsync"
"""Name of the first release's workflow, which was a whole task, and of the queue it came from."""

PARKED = "lipsync-parked"
"""A queue that nobody serves."""


def tame_dbos_logging() -> None:
    """Let DBOS log through Python's logging, and only what an operator must know."""
    logger = logging.getLogger("dbos")
    # DBOS adds a console handler of its own and stops propagation if it finds no handler.
    if not any(isinstance(handler, logging.NullHandler) for handler in logger.handlers):
        logger.addHandler(logging.NullHandler())
    logger.setLevel(logging.WARNING)


def migrate(database: Database) -> None:
    """Bring DBOS's own tables up to date; safe to call from many processes."""
    tame_dbos_logging()
    DBOS.migrate(database.url)


def open_client(database: Database) -> DBOSClient:
    """Return a client on the database's own engine, for `announce` and inspection."""
    tame_dbos_logging()
    return DBOSClient(
        system_database_engine=database.engine,
        application_name=APPLICATION,
        retry_connection_errors=False,
    )


def announce(client: DBOSClient, session: Session, task_id: str) -> None:
    """Let workers of the first release know of a task, inside the caller's transaction.

    They do nothing with it, but without this they would take a task that waits for a minute for
    lost and fail it, while a fleet is upgraded.
    """
    options: EnqueueOptions = {
        "workflow_name": FIRST,
        "queue_name": PARKED,
        "workflow_id": task_id,
        "app_version": APPLICATION_VERSION,
    }
    client.enqueue_in_transaction(session, options, task_id)
