"""What one worker process counts of its own work, for Prometheus.

Labels hold words of this source only: never an id, a name or an address. Words that others bring
along (the reasons of engines and moderators that are packages of their own) are let in up to a
number and a length; the rest is counted as ``other``.

What the fleet shares (the queue, the leases, the callbacks) lies in the database and is counted
there, by whichever process is asked: `lipwright.jobs.metrics_fleet`.
"""

from __future__ import annotations

import logging
import re
import threading
import time

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)

from lipwright.jobs import spans
from lipwright.jobs.cache_metrics import LOOKUPS
from lipwright.settings import Settings

log = logging.getLogger(__name__)

REGISTRY = CollectorRegistry()
"""The meters of this process; a process has at most one worker."""

STAGES = ("prepare", "faces", "track", "render", "watermark", "publish")
OTHER = "other"

_MOST_WORDS = 64
_WORD = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SECONDS = (0.1, 0.3, 1, 2, 5, 10, 20, 40, 80, 160, 320, 640, 1800)
_FRAMES = (1, 2, 5, 10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 400)

# A time beside every number says nothing that Prometheus would not know.
disable_created_metrics()  # type: ignore[no-untyped-call]
ProcessCollector(registry=REGISTRY)
REGISTRY.register(LOOKUPS)

RUNNING = Gauge(
    "lipwright_worker_tasks_running", "Tasks that this worker works on now.", registry=REGISTRY
)
ENDED = Counter(
    "lipwright_worker_tasks_ended",
    "Tasks that this worker brought to an end, by outcome and, for failures, by reason.",
    ["outcome", "reason"],
    registry=REGISTRY,
)
STAGE_SECONDS = Histogram(
    "lipwright_worker_stage_seconds",
    "How long a stage of a task took.",
    ["stage"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
FRAMES = Counter(
    "lipwright_worker_frames_rendered", "Frames of finished renders.", registry=REGISTRY
)
FRAME_RATE = Histogram(
    "lipwright_worker_render_frames_per_second",
    "Frames of a finished render over the seconds that it took, faces followed and all.",
    buckets=_FRAMES,
    registry=REGISTRY,
)
BANKS = Counter(
    "lipwright_worker_face_banks",
    "Faces of renders, by whether something was known of them beforehand.",
    ["known"],
    registry=REGISTRY,
)
TAKEN_OVER = Counter(
    "lipwright_worker_tasks_taken_over",
    "Tasks of dead workers that this worker put back into the queue.",
    registry=REGISTRY,
)
LEASES_LOST = Counter(
    "lipwright_worker_leases_lost",
    "How often this worker was taken for dead although it lived.",
    registry=REGISTRY,
)
CALLBACKS = Counter(
    "lipwright_worker_callbacks_sent",
    "Callbacks that this worker tried to send, by what came of it.",
    ["outcome"],
    registry=REGISTRY,
)


class Words:
    """Lets a limited number of different words into a label; thread-safe."""

    def __init__(self, most: int = _MOST_WORDS) -> None:
        self._most = most
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    def admit(self, word: str) -> str:
        """Return the word, or ``other`` if it is no word or one too many."""
        if not _WORD.fullmatch(word):
            return OTHER
        with self._lock:
            if word not in self._seen:
                if len(self._seen) >= self._most:
                    return OTHER
                self._seen.add(word)
        return word


_reasons = Words()


def count_end(outcome: str, reason: str = "") -> None:
    """Count a task that ended here; ``reason`` is the stable word of its failure."""
    ENDED.labels(outcome, _reasons.admit(reason) if reason else "").inc()


def count_banks(known: int, unknown: int) -> None:
    """Count the faces of a render."""
    BANKS.labels("yes").inc(known)
    BANKS.labels("no").inc(unknown)


def count_render(frames: int, seconds: float) -> None:
    """Count the frames of a render that is done."""
    FRAMES.inc(frames)
    if frames > 0 and seconds > 0:
        FRAME_RATE.observe(frames / seconds)


class StageClock:
    """Times the stages of one piece of work as their names go by; for one thread.

    Parameters
    ----------
    stage
        The name until another one is heard.
    """

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._began = time.monotonic()

    def enter(self, stage: str) -> bool:
        """Say which stage it is now, and return whether that is new."""
        if stage == self._stage:
            return False
        self.stop()
        self._stage = stage
        return True

    def stop(self) -> None:
        """End the present stage."""
        now = time.monotonic()
        stage = self._stage if self._stage in STAGES else OTHER
        STAGE_SECONDS.labels(stage).observe(now - self._began)
        now_ms = time.time() * 1000
        spans.past(f"stage {stage}", now_ms - (now - self._began) * 1000, now_ms)
        self._began = now


def serve_metrics(settings: Settings) -> int | None:
    """Serve this process's meters over HTTP if the settings name a port; return that port.

    A port that is taken costs the meters, never the work.
    """
    if settings.worker_metrics_port is None:
        return None
    host, port = settings.worker_metrics_host, settings.worker_metrics_port
    try:
        server, _ = start_http_server(port, host, registry=REGISTRY)
    except OSError as error:
        log.error("no metrics: cannot listen on %s:%d: %s", host, port, error.strerror or error)
        return None
    chosen = int(server.server_port)
    log.info("metrics of this worker are on %s:%d", host, chosen)
    return chosen
