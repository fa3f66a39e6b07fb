"""A worker: runs the workflows of its database until it is told to stop.

A worker lives as long as it renews its lease. Workflows of a worker whose lease has lapsed are
taken over by any other; a worker that is stopped hands its own back at once.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time

from dbos import DBOS, DBOSConfig
from sqlalchemy import delete

from lipwright.jobs import engine, metrics
from lipwright.jobs.courier import run_courier
from lipwright.jobs.runner import TaskRunner
from lipwright.jobs.stores import Stores
from lipwright.jobs.sweep import sweep
from lipwright.jobs.work import ChildFunctions
from lipwright.jobs.workflow import use_runner
from lipwright.settings import Settings
from lipwright.store.clock import now_ms
from lipwright.store.tables import LeaseRow

log = logging.getLogger(__name__)

WORKER_PREFIX = "worker:"
_TAKE_OVER = "take-over"
_SWEEP = "sweep"
_STOP_WAIT_S = 5.0
_MUTEX_S = 60.0
_QUIET_S = 60.0
_ALIVE = ("ENQUEUED", "DELAYED", "PENDING")


class LostLeaseError(Exception):
    """Others think this worker dead and have taken its work over: it must end."""


def run_worker(
    settings: Settings,
    stop: threading.Event,
    *,
    functions: ChildFunctions | None = None,
    ready: threading.Event | None = None,
) -> None:
    """Work until ``stop`` is set; at most one worker in a process.

    Parameters
    ----------
    settings
        Where the database and the files are, and what a child may use.
    stop
        Ends the worker within seconds: renders are killed and handed back.
    functions
        What children run; for tests.
    ready
        Set when the worker takes tasks.

    Raises
    ------
    LostLeaseError
        The process was out cold for longer than its lease and its work is taken over. Start
        another worker.
    """
    with Stores(settings) as stores:
        worker = _Worker(settings, stores, functions or ChildFunctions())
        try:
            worker.start()
            if ready is not None:
                ready.set()
            worker.watch(stop)
        finally:
            worker.stop()


class _Worker:
    def __init__(self, settings: Settings, stores: Stores, functions: ChildFunctions) -> None:
        self._settings = settings
        self._stores = stores
        self._runner = TaskRunner(settings, stores, functions)
        self.id = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._lease = WORKER_PREFIX + self.id
        self._over = threading.Event()

    def start(self) -> None:
        """Take a lease, then take tasks."""
        self._stores.leases.acquire(self._lease, self.id, self._settings.lease_s)
        engine.tame_dbos_logging()
        config: DBOSConfig = {
            "name": engine.APPLICATION,
            "system_database_url": self._stores.database.url,
            "system_database_engine": self._stores.database.engine,
            "application_version": engine.APPLICATION_VERSION,
            "executor_id": self.id,
            "enable_otlp": False,
            "log_level": "WARNING",
            "run_migrations": False,
            # How long a stopping worker waits for a thread that only ever sleeps.
            "notification_listener_polling_interval_sec": 0.2,
        }
        client = engine.open_client(self._stores.database)
        try:
            # Before the launch: the engine looks for new queues only once a second.
            client.register_queue(
                engine.LIPSYNC,
                worker_concurrency=self._settings.worker_concurrency,
                polling_interval_sec=self._settings.poll_s,
                on_conflict="always_update",
            )
        finally:
            client.destroy()
        use_runner(self._runner)
        DBOS(config=config)
        DBOS.launch()
        log.info("worker %s takes tasks", self.id)

    def watch(self, stop: threading.Event) -> None:
        """Renew the lease until told to stop; beside it look after the others' work."""
        lease_s = self._settings.lease_s
        caretaker = threading.Thread(target=self._care, args=(stop,), name="caretaker")
        courier = threading.Thread(
            target=run_courier,
            args=(self._settings, self._stores, stop, self._over),
            name="courier",
        )
        caretaker.start()
        courier.start()
        try:
            while not stop.wait(lease_s / 4):
                # A lease that lapsed but was not taken (the machine slept) is simply renewed.
                if not self._stores.leases.renew(self._lease, self.id, lease_s):
                    metrics.LEASES_LOST.inc()
                    raise LostLeaseError(f"worker {self.id} was taken for dead")
        finally:
            self._over.set()
            caretaker.join()
            courier.join()

    def _care(self, stop: threading.Event) -> None:
        """Take over from the dead and sweep, now and then."""
        next_sweep = time.monotonic()
        while not (stop.is_set() or self._over.is_set()):
            try:
                self._take_over()
                if time.monotonic() >= next_sweep:
                    next_sweep = time.monotonic() + self._settings.sweep_interval_s
                    self._sweep()
            except Exception:
                log.exception("worker %s could not look after the others' work", self.id)
            self._over.wait(self._settings.lease_s / 4)

    def _take_over(self) -> None:
        """Enqueue again the running workflows of workers that live no more.

        One worker at a time does this, so a workflow that was enqueued again and is already
        running elsewhere is never enqueued twice.
        """
        dead = self._dead()
        leases = self._stores.leases
        if not dead or not leases.acquire(_TAKE_OVER, self.id, _MUTEX_S):
            return
        try:
            for executor in self._dead():
                if not self._bury(executor):
                    continue
                pending = DBOS.list_workflows(
                    status="PENDING",
                    name=engine.LIPSYNC,
                    executor_id=executor,
                    load_input=False,
                    load_output=False,
                )
                ids = [workflow.workflow_id for workflow in pending]
                if ids:
                    log.warning("taking over %d task(s) of worker %s", len(ids), executor)
                    DBOS.resume_workflows(ids, queue_name=engine.LIPSYNC)
                    metrics.TAKEN_OVER.inc(len(ids))
        finally:
            leases.release(_TAKE_OVER, self.id)

    def _dead(self) -> set[str]:
        running = DBOS.list_workflows(
            status="PENDING", name=engine.LIPSYNC, load_input=False, load_output=False
        )
        executors = {workflow.executor_id for workflow in running if workflow.executor_id}
        return executors - self._stores.leases.live(WORKER_PREFIX)

    def _bury(self, executor: str) -> bool:
        """Remove a lapsed lease for good; False if its holder has come back to life."""
        with self._stores.database.write() as session:
            session.execute(
                delete(LeaseRow).where(
                    LeaseRow.name == WORKER_PREFIX + executor, LeaseRow.expires_at_ms <= now_ms()
                )
            )
            return session.get(LeaseRow, WORKER_PREFIX + executor) is None

    def _sweep(self) -> None:
        if self._stores.leases.acquire(_SWEEP, self.id, _MUTEX_S):
            try:
                self._close_lost_tasks()
                sweep(self._settings, self._stores, forget_workflows=DBOS.delete_workflows)
            finally:
                self._stores.leases.release(_SWEEP, self.id)

    def _close_lost_tasks(self) -> None:
        """Fail tasks whose workflow has ended without a word, so that nobody waits for ever.

        It takes a database that is away just when a workflow wants to tell its failure, or
        somebody who cancels workflows behind our back.
        """
        for task_id in self._runner.attempts.quiet_tasks(_QUIET_S):
            found = DBOS.list_workflows(workflow_ids=[task_id], load_input=False, load_output=False)
            if not found or found[0].status not in _ALIVE:
                self._runner.attempts.fail_lost(task_id)

    def stop(self) -> None:
        """Kill the renders, hand their tasks back, give the lease back."""
        if not self._runner.stop(_STOP_WAIT_S):
            log.warning("worker %s ends although a task would not stop", self.id)
        DBOS.destroy()
        use_runner(None)
        try:
            self._hand_back()
        finally:
            self._stores.leases.release(self._lease, self.id)
        log.info("worker %s has stopped", self.id)

    def _hand_back(self) -> None:
        client = engine.open_client(self._stores.database)
        try:
            mine = client.list_workflows(
                status="PENDING",
                name=engine.LIPSYNC,
                executor_id=self.id,
                load_input=False,
                load_output=False,
            )
            if mine:
                ids = [workflow.workflow_id for workflow in mine]
                client.resume_workflows(ids, queue_name=engine.LIPSYNC)
        finally:
            client.destroy()
