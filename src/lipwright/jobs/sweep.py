"""Removes what has expired and what a crash orphaned: rows, objects, temporary files."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy import delete, select

from lipwright.jobs.scratch import remove_orphans
from lipwright.jobs.stores import Stores
from lipwright.jobs.values import FINAL
from lipwright.settings import Settings
from lipwright.store.clock import now_ms
from lipwright.store.idempotency import IdempotencyKeys
from lipwright.store.tables import DeliveryRow, FaceRow, SessionRow, TaskRow, UploadRow

log = logging.getLogger(__name__)

ORPHAN_AGE_S = 3600.0
"""An object without a row must be this old: its writer may be about to make the row."""

REMEMBER_MS = 7 * 86_400_000
"""How long an expired session or task is still told from one that never was."""


def sweep(
    settings: Settings,
    stores: Stores,
    *,
    forget_workflows: Callable[[list[str]], None] = lambda ids: None,
    now: int | None = None,
) -> dict[str, int]:
    """Remove everything whose time is over; return how much of what.

    Parameters
    ----------
    settings, stores
        What to sweep.
    forget_workflows
        Told the ids of the tasks that are no more.
    now
        Unix time in ms to take for now; for tests.
    """
    now = now_ms() if now is None else now
    removed = {
        "artifacts": stores.artifacts.remove_expired(now),
        "orphans": stores.artifacts.remove_orphans("accounts", ORPHAN_AGE_S),
        "leftovers": stores.objects.remove_leftovers(ORPHAN_AGE_S),
        "folders": remove_orphans(settings.temp_dir),
    }
    with stores.database.write() as session:
        old = select(SessionRow.id).where(SessionRow.expires_at_ms <= now - REMEMBER_MS)
        session.execute(delete(FaceRow).where(FaceRow.session_id.in_(old)))
        removed["sessions"] = len(
            session.execute(
                delete(SessionRow).where(SessionRow.id.in_(old)).returning(SessionRow.id)
            ).all()
        )
        tasks = session.scalars(
            delete(TaskRow)
            .where(
                TaskRow.expires_at_ms <= now - REMEMBER_MS,
                TaskRow.status.in_(FINAL),
            )
            .returning(TaskRow.id)
        ).all()
        removed["tasks"] = len(tasks)
        session.execute(delete(DeliveryRow).where(DeliveryRow.task_id.in_(tasks)))
        removed["uploads"] = len(
            session.execute(
                delete(UploadRow).where(UploadRow.expires_at_ms <= now).returning(UploadRow.id)
            ).all()
        )
    removed["idempotency keys"] = IdempotencyKeys(stores.database).remove_expired(now)
    if tasks:
        forget_workflows(list(tasks))
    stores.leases.forget_lapsed(86_400.0)
    if any(removed.values()):
        log.info("swept: %s", ", ".join(f"{count} {what}" for what, count in removed.items()))
    return removed
