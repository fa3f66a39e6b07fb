"""A worker: runs the workflows of its database until it is told to stop.

A worker lives as long as it renews its lease. The work of a worker whose lease has lapsed is
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
from sqlalchemy.exc import DBAPIError

from lipwright.jobs import engine, metrics
from lipwright.jobs.adopting import adopt
from lipwright.jobs.courier import run_courier
from lipwright.jobs.dispatch import Dispatcher
from lipwright.jobs.queue import CPU, FORMAT, GPU, WORKER_PREFIX, Queue
from lipwright.jobs.runner import TaskRunner
from lipwright.jobs.stores import Stores
from lipwright.jobs.sweep import sweep
from lipwright.jobs.work import ChildFunctions
from lipwright.jobs.workflow import use_runner
from lipwright.settings import Settings

log = logging.getLogger(__name__)

_TAKE_OVER = "take-over"
_SWEEP = "sweep"
_STOP_WAIT_S = 5.0
_MUTEX_S = 60.0
_ADOPT_S = 3.0


class LostLeaseError(Exception):
    """Others think this worker dead and have taken its work over: it must end."""


def run_worker(
    settings: Settings,
    stop: threading.Event,
    *,
    functions: ChildFunctions | None = None,
    ready: threading.Event | None = None,
    understands: int = FORMAT,
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
    understands
        The newest format of work that it takes; for tests of releases side by side.

    Raises
    ------
    LostLeaseError
        The process was out cold for longer than its lease and its work is taken over. Start
        another worker.
    """
    with Stores(settings) as stores:
        worker = _Worker(settings, stores, functions or ChildFunctions(), understands)
        try:
            worker.start()
            if ready is not None:
                ready.set()
            worker.watch(stop)
        finally:
            worker.stop()


class _Worker:
    def __init__(
        self, settings: Settings, stores: Stores, functions: ChildFunctions, understands: int
    ) -> None:
        self._settings = settings
        self._stores = stores
        self._runner = TaskRunner(settings, stores, functions)
        host = socket.gethostname()[:40]
        self.id = f"{host}-{os.getpid()}-{secrets.token_hex(4)}"
        self._lease = WORKER_PREFIX + self.id
        self._gpu = f"gpu:{host}:{os.environ.get('CUDA_VISIBLE_DEVICES', '')[:40]}"
        self._queues: tuple[str, ...] = ()
        self._over = threading.Event()
        self._queue = Queue(settings, stores.database, stores.leases, understands=understands)
        self._dispatcher = Dispatcher(
            self._queue,
            self.id,
            lambda: self._queues,
            settings.worker_concurrency,
            settings.poll_s,
        )

    def start(self) -> None:
        """Take a lease, then take tasks."""
        self._stores.leases.acquire(self._lease, self.id, self._settings.lease_s)
        self._offer()
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
        use_runner(self._runner)
        DBOS(config=config)
        DBOS.listen_queues([])
        DBOS.launch()
        self._dispatcher.start()
        log.info(
            "worker %s takes %d task(s) at once from %s",
            self.id,
            self._settings.worker_concurrency,
            " and ".join(self._queues) or "no queue yet: another worker has the GPU",
        )

    def _offer(self) -> None:
        """Say what this worker takes: from the queue for GPUs only while the GPU is its own."""
        wanted = self._settings.worker_queues
        has_gpu = GPU in wanted and self._stores.leases.acquire(
            self._gpu, self.id, self._settings.lease_s
        )
        queues = tuple(name for name in (GPU, CPU) if name in wanted and (name != GPU or has_gpu))
        if queues != self._queues:
            slots = self._settings.worker_concurrency if CPU in queues else len(queues)
            self._stores.leases.offer(self._lease, self.id, slots, queues)
            self._queues = queues

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
                try:
                    renewed = self._stores.leases.renew(self._lease, self.id, lease_s)
                    self._offer()
                except DBAPIError as error:
                    # Whether others have taken over is seen when the database is back.
                    log.warning("worker %s cannot renew its lease: %s", self.id, error)
                    continue
                # A lease that lapsed but was not taken (the machine slept) is simply renewed.
                if not renewed:
                    metrics.LEASES_LOST.inc()
                    raise LostLeaseError(f"worker {self.id} was taken for dead")
        finally:
            self._over.set()
            caretaker.join()
            courier.join()

    def _care(self, stop: threading.Event) -> None:
        """Take over from the dead, bring strays into the queue and sweep, now and then."""
        next_sweep = next_adoption = time.monotonic()
        while not (stop.is_set() or self._over.is_set()):
            try:
                self._take_over()
                self._dispatcher.reconcile()
                if time.monotonic() >= next_adoption:
                    next_adoption = time.monotonic() + _ADOPT_S
                    self._adopt()
                if time.monotonic() >= next_sweep:
                    next_sweep = time.monotonic() + self._settings.sweep_interval_s
                    self._sweep()
            except Exception:
                log.exception("worker %s could not look after the others' work", self.id)
            self._over.wait(self._settings.lease_s / 4)

    def _take_over(self) -> None:
        """Let the work of workers that live no more wait again."""
        for worker in self._queue.dead():
            ids = self._queue.bury(worker)
            if ids:
                log.warning("taking over %d task(s) of worker %s", len(ids), worker)
                metrics.TAKEN_OVER.inc(len(ids))
            left = DBOS.list_workflows(
                status="PENDING",
                name=engine.ATTEMPT,
                executor_id=worker,
                load_input=False,
                load_output=False,
            )
            if ids and left:
                DBOS.delete_workflows([workflow.workflow_id for workflow in left])

    def _adopt(self) -> None:
        if not self._stores.leases.acquire(_TAKE_OVER, self.id, _MUTEX_S):
            return
        client = engine.open_client(self._stores.database)
        try:
            adopt(self._stores, client)
        finally:
            client.destroy()
            self._stores.leases.release(_TAKE_OVER, self.id)

    def _sweep(self) -> None:
        if self._stores.leases.acquire(_SWEEP, self.id, _MUTEX_S):
            try:
                sweep(self._settings, self._stores, forget_workflows=DBOS.delete_workflows)
            finally:
                self._stores.leases.release(_SWEEP, self.id)

    def stop(self) -> None:
        """Kill the renders, hand their tasks back, give the lease back."""
        self._dispatcher.stop()
        if not self._runner.stop(_STOP_WAIT_S):
            log.warning("worker %s ends although a task would not stop", self.id)
        self._dispatcher.settle(_STOP_WAIT_S)
        DBOS.destroy()
        use_runner(None)
        try:
            self._queue.release_all(self.id)
        finally:
            self._stores.leases.release(self._lease, self.id)
            self._stores.leases.release(self._gpu, self.id)
        log.info("worker %s has stopped", self.id)
