"""Sends the callbacks that `lipwright.jobs.outbox` wrote: at least once, in order per task.

Several workers may do this at once. Before a callback is sent, its row is claimed for a little
longer than sending can take; if the worker dies, another one sends it again after that.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from sqlalchemy import and_, exists, select, update
from sqlalchemy.orm import aliased

from lipwright.errors import BadInputError
from lipwright.jobs import metrics, spans
from lipwright.jobs.outbox import DeliveryStatus
from lipwright.jobs.stores import Stores
from lipwright.jobs.trace import about
from lipwright.media.post import ANSWER_S, CONNECT_S, post
from lipwright.settings import Settings
from lipwright.store.clock import now_ms
from lipwright.store.tables import DeliveryRow, TaskRow
from lipwright.store.webhooks import signature

log = logging.getLogger(__name__)

POLL_S = 0.25
AT_ONCE = 8
"""How many callbacks one worker sends at the same time."""

GIVE_UP_MS = 24 * 3_600_000
FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 3600.0
_PATIENCE_S = 1.0
_CLAIM_MS = round(1000 * (2 * CONNECT_S + 2 * ANSWER_S))


def pause_s(attempts: int, chance: Callable[[], float] = random.random) -> float:
    """Return how long to wait after so many failed attempts.

    It doubles each time up to an hour; chance takes away up to half, so that the callbacks which
    an outage held up do not all come back at once.
    """
    full: float = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(attempts - 1, 30))
    return full * (1 - chance() / 2)


class Courier:
    """Sends what is due until told to stop; one thread calls `run`."""

    def __init__(self, settings: Settings, stores: Stores) -> None:
        self._settings = settings
        self._stores = stores

    def run(self, stop: Callable[[], bool], pause: Callable[[float], object]) -> None:
        """Send callbacks until ``stop``; ``pause`` waits so many s or until that happens."""
        pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="courier")
        sending: set[Future[None]] = set()
        try:
            while not stop():
                sending = {job for job in sending if not job.done()}
                try:
                    claimed = self.claim(AT_ONCE - len(sending))
                    sending |= {pool.submit(self.deliver, row) for row in claimed}
                except Exception:
                    log.exception("callbacks could not be looked up")
                if len(sending) == AT_ONCE:
                    wait(sending, timeout=POLL_S, return_when="FIRST_COMPLETED")
                else:
                    pause(POLL_S)
        finally:
            # A receiver that takes its time must not hold up the end; it will be told again.
            wait(sending, timeout=_PATIENCE_S)
            pool.shutdown(wait=False, cancel_futures=True)

    def claim(self, count: int) -> list[DeliveryRow]:
        """Take up to so many callbacks that are due and whose forerunners are dealt with."""
        if count < 1:
            return []
        earlier = aliased(DeliveryRow)
        now = now_ms()
        due = (
            select(DeliveryRow)
            .where(
                DeliveryRow.status == DeliveryStatus.PENDING.value,
                DeliveryRow.next_at_ms <= now,
                ~exists().where(
                    and_(
                        earlier.task_id == DeliveryRow.task_id,
                        earlier.number < DeliveryRow.number,
                        earlier.status == DeliveryStatus.PENDING.value,
                    )
                ),
            )
            .order_by(DeliveryRow.next_at_ms)
            .limit(count)
        )
        # Most looks find nothing: they must not take the lock of the whole database.
        with self._stores.database.read() as session:
            found = session.scalars(due).all()
        mine = []
        for row in found:
            with self._stores.database.write() as session:
                # Whoever moves the time on has the callback until then.
                got = session.execute(
                    update(DeliveryRow)
                    .where(
                        DeliveryRow.id == row.id,
                        DeliveryRow.status == DeliveryStatus.PENDING.value,
                        DeliveryRow.next_at_ms == row.next_at_ms,
                    )
                    .values(next_at_ms=now_ms() + _CLAIM_MS)
                    .returning(DeliveryRow.id)
                ).all()
            if got:
                mine.append(row)
        return mine

    def deliver(self, row: DeliveryRow) -> None:
        """Send one claimed callback and write down what came of it."""
        request, trace = self._origin(row.task_id)
        with (
            about(request, task=row.task_id),
            spans.resumed(trace),
            spans.span("callback", task_status=row.task_status, attempt=row.attempts + 1),
        ):
            self._deliver(row)

    def _origin(self, task_id: str) -> tuple[str, str]:
        """The request that made a task and the place in a trace where; empty where unknown."""
        try:
            with self._stores.database.read() as session:
                found = session.execute(
                    select(TaskRow.request_id, TaskRow.order).where(TaskRow.id == task_id)
                ).one_or_none()
        except Exception:
            log.warning("it is not known whose callback this is", exc_info=True)
            return "", ""
        return ("", "") if found is None else (found[0], str(found[1].get("trace", "")))

    def _deliver(self, row: DeliveryRow) -> None:
        try:
            error = self._send(row)
        except Exception:
            log.exception("callback %s could not be sent", row.id)
            error = "an internal error"
        now = now_ms()
        attempts = row.attempts + 1
        values: dict[str, object] = {"attempts": attempts, "updated_at_ms": now}
        if error is None:
            values |= {"status": DeliveryStatus.DELIVERED.value, "last_error": ""}
            log.info("callback %s of task %s is delivered", row.id, row.task_id)
        else:
            next_at = now + round(1000 * pause_s(attempts))
            log.info("callback %s of task %s was not taken: %s", row.id, row.task_id, error)
            values |= {"last_error": error, "next_at_ms": next_at}
            if next_at > row.created_at_ms + GIVE_UP_MS:
                values["status"] = DeliveryStatus.UNDELIVERED.value
                log.warning("callback %s of task %s is given up", row.id, row.task_id)
        with self._stores.database.write() as session:
            session.execute(
                update(DeliveryRow)
                .where(DeliveryRow.id == row.id, DeliveryRow.status == DeliveryStatus.PENDING.value)
                .values(**values)
            )
        metrics.CALLBACKS.labels(values.get("status", "failed")).inc()

    def _send(self, row: DeliveryRow) -> str | None:
        """Return None if the receiver took it, else why not."""
        body = row.body.encode()
        headers = {"Content-Type": "application/json"}
        secrets = self._stores.webhooks.live(row.account_id)
        if secrets:
            now_s = int(time.time())
            headers |= {
                "webhook-id": row.id,
                "webhook-timestamp": str(now_s),
                "webhook-signature": " ".join(
                    signature(secret, row.id, now_s, body) for secret in secrets
                ),
            }
        try:
            status = post(row.url, body, headers, allow=self._settings.fetch_allow)
        except BadInputError as error:
            return error.detail
        return None if 200 <= status < 300 else f"the receiver answered with HTTP {status}"


def run_courier(
    settings: Settings, stores: Stores, stop: threading.Event, over: threading.Event
) -> None:
    """Send callbacks until one of the events is set."""
    Courier(settings, stores).run(lambda: stop.is_set() or over.is_set(), over.wait)
