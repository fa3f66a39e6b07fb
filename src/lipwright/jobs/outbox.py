"""The callbacks of a task: written with each change of its status, in the same transaction.

What is written here is sent by `lipwright.jobs.courier`, so nothing is told that did not happen
and nothing that happened is forgotten, whatever crashes in between.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session as Transaction

from lipwright.jobs.links import file_path
from lipwright.jobs.records import task_value
from lipwright.jobs.values import Task
from lipwright.store.clock import now_ms
from lipwright.store.ids import new_id
from lipwright.store.signing import Signer
from lipwright.store.tables import DeliveryRow, TaskRow

FileUrl = Callable[[str, int, str], str]
"""Makes a URL of an object's key, the time in Unix ms when it ends, and a file name."""

CallbackWriter = Callable[[Task, FileUrl], dict[str, Any]]
"""Writes a task as its callback's JSON object."""


class DeliveryStatus(StrEnum):
    """Life of a delivery: pending -> delivered | undelivered."""

    PENDING = "pending"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"


def tell(transaction: Transaction, signer: Signer, row: TaskRow) -> None:
    """Add a callback about a task's new status, if its maker asked for callbacks."""
    if row.callback_url is None:
        return

    def url(key: str, expires_at_ms: int, name: str) -> str:
        return row.callback_base + file_path(signer.sign(key, expires_at_ms), name)

    body = find_writer(row.callback_writer)(task_value(row), url)
    before = transaction.scalar(
        select(func.count()).select_from(DeliveryRow).where(DeliveryRow.task_id == row.id)
    )
    now = now_ms()
    transaction.add(
        DeliveryRow(
            id=new_id(),
            account_id=row.account_id,
            task_id=row.id,
            number=(before or 0) + 1,
            url=row.callback_url,
            task_status=row.status,
            body=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
            status=DeliveryStatus.PENDING.value,
            attempts=0,
            last_error="",
            next_at_ms=now,
            created_at_ms=now,
            updated_at_ms=now,
        )
    )


def find_writer(name: str) -> CallbackWriter:
    """Return the function that ``module:name`` names."""
    module, _, attribute = name.partition(":")
    writer: CallbackWriter = getattr(importlib.import_module(module), attribute)
    return writer
