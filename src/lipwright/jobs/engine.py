"""The job engine's client side and its quirks: DBOS, quiet, versioned, in our own database.

DBOS keeps its tables in the same database as ours, so one transaction can hold our rows and the
enqueueing of a workflow. Nothing here, nor in `lipwright.jobs.worker`, gives DBOS a key or an
address to report to: no Conductor, no OTLP.
"""

from __future__ import annotations

import logging

from dbos import DBOS, DBOSClient, EnqueueOptions
from sqlalchemy.orm import Session

from lipwright.store.database import Database

APPLICATION = "lipwright"
APPLICATION_VERSION = "1"
"""Version of the workflow's code. Raise it when a running workflow could not go on with new
code; workers only run workflows of their own version."""

LIPSYNC = "lipsync"
"""Name of the one workflow and of its queue."""


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
    """Return a client on the database's own engine, for `enqueue_lipsync` and inspection."""
    tame_dbos_logging()
    return DBOSClient(
        system_database_engine=database.engine,
        application_name=APPLICATION,
        retry_connection_errors=False,
    )


def enqueue_lipsync(client: DBOSClient, session: Session, task_id: str) -> None:
    """Enqueue a task's workflow inside the caller's transaction: committed together or not."""
    options: EnqueueOptions = {
        "workflow_name": LIPSYNC,
        "queue_name": LIPSYNC,
        "workflow_id": task_id,
        "app_version": APPLICATION_VERSION,
    }
    client.enqueue_in_transaction(session, options, task_id)
