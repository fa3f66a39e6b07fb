"""``GET /metrics``: the fleet and this process, as Prometheus reads it.

The numbers are of all tenants together, so no tenant's key opens them. Without a token in the
settings they are shown on a machine of one's own only: listening on loopback, before any key.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response

from lipwright.api.auth import is_keyless_local
from lipwright.api.context import Context, WithContext
from lipwright.api.problems import Problem, ProblemKind
from lipwright.jobs import pressure
from lipwright.jobs.metrics_fleet import Fleet

router = APIRouter()

_CHALLENGE = {"WWW-Authenticate": "Bearer"}


class FleetMetrics(Collector):
    """A fleet's numbers under their names."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Give all of them."""
        fleet = self._fleet
        yield GaugeMetricFamily(
            "lipwright_queue_depth", "Tasks that wait for a worker.", fleet.tasks["submitted"]
        )
        yield GaugeMetricFamily(
            "lipwright_queue_oldest_seconds",
            "For how long the task that waits longest has waited.",
            fleet.oldest_waiting_s,
        )
        items = GaugeMetricFamily(
            "lipwright_queue_items",
            "Work in the queue, parts of long renders included.",
            labels=["queue", "state"],
        )
        for (queue, state), count in fleet.items.items():
            items.add_metric([queue, state], count)
        yield items
        yield _by("lipwright_tasks", "Tasks that are kept, by status.", "status", fleet.tasks)
        yield GaugeMetricFamily(
            "lipwright_tasks_started_again",
            "Tasks in work that were started more than once.",
            fleet.started_again,
        )
        yield _by("lipwright_leases", "Leases that are held now, by kind.", "kind", fleet.leases)
        yield GaugeMetricFamily(
            "lipwright_workers", "Workers that live.", fleet.leases.get("worker", 0)
        )
        yield _by(
            "lipwright_callbacks", "Callbacks that are kept, by status.", "status", fleet.deliveries
        )
        yield GaugeMetricFamily(
            "lipwright_callbacks_oldest_seconds",
            "Age of the oldest callback that is still to be sent.",
            fleet.oldest_delivery_s,
        )
        if fleet.work_per_video_s is not None:
            yield GaugeMetricFamily(
                "lipwright_work_seconds_per_video_second",
                "Seconds of work for a second of video, median of the last tasks that succeeded.",
                fleet.work_per_video_s,
            )


def _by(name: str, words: str, label: str, counts: Mapping[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request, context: WithContext) -> Response:
    """Show the numbers to whoever may see them."""
    await _check_watcher(request, context)
    try:
        fleet = await context.lanes.quick.run(context.service.fleet)
    except Exception as error:
        raise Problem(ProblemKind.UNAVAILABLE, "The database cannot be reached") from error
    registry = CollectorRegistry()
    registry.register(FleetMetrics(fleet))
    ProcessCollector(registry=registry)
    return Response(
        generate_latest(registry) + generate_latest(pressure.REGISTRY),
        headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"},
    )


async def _check_watcher(request: Request, context: Context) -> None:
    """Let in who shows the token, or anybody where everybody is the owner."""
    token = context.settings.metrics_token
    if token is None:
        if not await is_keyless_local(request, context):
            raise Problem(
                ProblemKind.FORBIDDEN, "set LIPWRIGHT_METRICS_TOKEN and send it as a bearer token"
            )
        return
    scheme, _, shown = request.headers.get("authorization", "").strip().partition(" ")
    if not scheme:
        raise Problem(ProblemKind.NO_CREDENTIALS, "Authorization is empty", _CHALLENGE)
    right = token.get_secret_value().encode()
    if scheme.lower() != "bearer" or not hmac.compare_digest(shown.strip().encode(), right):
        raise Problem(ProblemKind.BAD_CREDENTIALS, "Authorization is invalid", _CHALLENGE)
