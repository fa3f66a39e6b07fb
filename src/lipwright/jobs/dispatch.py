"""A worker's slots: each takes the next item from the queue and carries it out in a thread."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from dbos import DBOS, SetWorkflowID

from lipwright.jobs.queue import GPU, Item, Queue
from lipwright.jobs.supervision import WorkHeldError, WorkLeftError
from lipwright.jobs.workflow import WORKFLOWS
from lipwright.store.outages import OUTAGES

log = logging.getLogger(__name__)

_LONGEST_PAUSE_S = 1.0
_AGAIN_S = 0.5


class Dispatcher:
    """Keeps the slots of one worker filled; thread-safe.

    Parameters
    ----------
    queue, holder
        What to take from, and as whom.
    queues
        Tells from which queues this worker takes at the moment.
    slots
        How many items it carries out at once; on a GPU never more than one.
    poll_s
        How often an idle worker looks.
    """

    def __init__(
        self,
        queue: Queue,
        holder: str,
        queues: Callable[[], tuple[str, ...]],
        slots: int,
        poll_s: float,
    ) -> None:
        self._queue = queue
        self._holder = holder
        self._queues = queues
        self._slots = slots
        self._poll_s = poll_s
        self._lock = threading.Lock()
        self._running: dict[str, Item] = {}
        # Taken, but it must be done alone and something else is still running.
        self._next: Item | None = None
        self._over = threading.Event()
        self._freed = threading.Event()
        self._thread = threading.Thread(target=self._fill, name="dispatcher")

    def start(self) -> None:
        """Begin to take items."""
        self._thread.start()

    def stop(self) -> None:
        """Take nothing more; what runs goes on."""
        self._over.set()
        self._freed.set()
        if self._thread.is_alive():
            self._thread.join()

    def settle(self, within_s: float) -> None:
        """Wait, after `stop`, until the queue has been told of all that ran."""
        deadline = time.monotonic() + within_s
        while self._running and time.monotonic() < deadline:
            time.sleep(0.02)

    def reconcile(self) -> None:
        """Give back what the database says we have and we do not: a lost answer, most likely."""
        with self._lock:
            mine = [*self._running, *([self._next.id] if self._next else [])]
            if self._queue.release_all(self._holder, but=mine):
                log.warning("worker %s gave back tasks that it knew nothing of", self._holder)

    def _fill(self) -> None:
        pause = self._poll_s
        while not self._over.is_set():
            self._freed.clear()
            try:
                took = self._take()
            except Exception:
                log.exception("worker %s could not look for work", self._holder)
                took = False
            if took:
                pause = self._poll_s
                continue
            full = self._is_full()
            self._freed.wait(None if full else pause)
            # Many idle workers must not keep the queue's lock from those that find work.
            pause = self._poll_s if full else min(1.5 * pause, max(_LONGEST_PAUSE_S, self._poll_s))

    def _is_full(self) -> bool:
        with self._lock:
            alone = any(item.alone for item in self._running.values())
            return self._next is not None or alone or len(self._running) >= self._slots

    def _take(self) -> bool:
        """Fill one slot; False if there is no free one or nothing for it."""
        with self._lock:
            if self._next is not None and not self._running:
                item, self._next = self._next, None
                if not self._queue.begun(item, self._holder):
                    return True
            elif self._next is not None or not self._room():
                return False
            else:
                queues = self._queues()
                if any(item.queue == GPU for item in self._running.values()):
                    queues = tuple(name for name in queues if name != GPU)
                found = self._queue.claim(self._holder, queues, idle=not self._running)
                if found is None:
                    return False
                if found.alone and self._running:
                    self._next = found
                    return True
                item = found
            self._running[item.id] = item
        # Not one of the engine's threads: a child dies with the thread that started it.
        threading.Thread(target=self._carry_out, args=(item,), name=item.id, daemon=True).start()
        return True

    def _room(self) -> bool:
        alone = any(item.alone for item in self._running.values())
        return not alone and len(self._running) < self._slots

    def _carry_out(self, item: Item) -> None:
        workflow_id = f"{item.id}-{secrets.token_hex(4)}"
        settle: Callable[[Item, str], object] = self._queue.done
        try:
            with SetWorkflowID(workflow_id):
                WORKFLOWS[item.kind](item.task_id, item.deaths, item.arguments)
        except WorkLeftError:
            settle = self._queue.release
        except WorkHeldError:
            settle = self._queue.hold
        except Exception:
            # Nobody knows what the database knows of it: another attempt will find out.
            log.exception("worker %s could not carry out %s", self._holder, item.id)
            settle = self._queue.release
        finally:
            self._settle(item, settle)
            # Our own rows say all that is worth knowing; what cannot be removed is swept later.
            with suppress(*OUTAGES):
                over = settle == self._queue.done
                DBOS.delete_workflows([workflow_id, *([item.id] if over else [])])
            with self._lock:
                self._running.pop(item.id, None)
            self._freed.set()

    def _settle(self, item: Item, settle: Callable[[Item, str], object]) -> None:
        """Tell the queue, however long the database is away."""
        while True:
            try:
                settle(item, self._holder)
                return
            except Exception as error:
                # A worker that stops leaves it to the others, who see its lease lapse.
                if self._over.wait(_AGAIN_S):
                    return
                log.warning("worker %s cannot tell of %s: %s", self._holder, item.id, error)
