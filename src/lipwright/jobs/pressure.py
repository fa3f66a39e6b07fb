"""Refuse what could not be finished: a queue that is too long, a disk or memory nearly full.

Asked before any work is put into a call and before anything is charged. The queue's limit is
soft: calls that arrive in the same moment may all still get in.
"""

from __future__ import annotations

import shutil

import psutil
from prometheus_client import CollectorRegistry, Counter
from sqlalchemy import func, select
from sqlalchemy.orm import Session as Transaction

from lipwright.errors import LipwrightError
from lipwright.jobs.cache_metrics import LOOKUPS
from lipwright.jobs.values import TaskStatus
from lipwright.settings import Settings
from lipwright.store.tables import TaskRow

QUEUE_RETRY_S = 30.0
DISK_RETRY_S = 60.0
MEMORY_RETRY_S = 30.0

_MB = 1_000_000

REGISTRY = CollectorRegistry()
REFUSED = Counter(
    "lipwright_overload_refusals",
    "Calls that this process refused because of the queue or the machine.",
    ["reason"],
    registry=REGISTRY,
)
REGISTRY.register(LOOKUPS)


class OverloadedError(LipwrightError):
    """The service has more to do, or less room, than is good for one more.

    Parameters
    ----------
    reason
        ``queue_full``, ``no_space`` or ``no_memory``.
    detail
        A sentence for the caller.
    retry_after_s
        When it makes sense to try again.
    """

    def __init__(self, reason: str, detail: str, retry_after_s: float) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.retry_after_s = retry_after_s
        REFUSED.labels(reason).inc()


def check_queue(transaction: Transaction, settings: Settings) -> None:
    """Raise `OverloadedError` if as many tasks wait as may."""
    most = settings.max_waiting
    if most <= 0:
        return
    # Not counted any further than needed: a long queue must not make refusing it slow.
    first = (
        select(TaskRow.id).where(TaskRow.status == TaskStatus.SUBMITTED.value).limit(most)
    ).subquery()
    if (transaction.scalar(select(func.count()).select_from(first)) or 0) >= most:
        raise OverloadedError(
            "queue_full", "Too many tasks wait already; try again later", QUEUE_RETRY_S
        )


def check_machine(settings: Settings) -> None:
    """Raise `OverloadedError` if this machine has less disk or memory left than it must.

    Memory is the whole machine's: a container's limit is not looked at.
    """
    least = settings.min_free_disk_mb * _MB
    if least > 0 and shutil.disk_usage(settings.data_dir).free < least:
        raise OverloadedError(
            "no_space", "The service is short of disk space; try again later", DISK_RETRY_S
        )
    least = settings.min_free_memory_mb * _MB
    if least > 0 and psutil.virtual_memory().available < least:
        raise OverloadedError(
            "no_memory", "The service is short of memory; try again later", MEMORY_RETRY_S
        )
