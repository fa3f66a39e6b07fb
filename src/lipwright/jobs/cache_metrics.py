"""How often what was wanted was there already: counted by whichever process looked, API or worker.

A process shows this beside its other meters, so the collector belongs to no registry of its own.
"""

from __future__ import annotations

from typing import Literal

from prometheus_client import Counter

from lipwright.jobs.single_flight import How

Cache = Literal["fetch", "identification", "bank"]

LOOKUPS = Counter(
    "lipwright_cache_lookups",
    "How often a fetched file, a video's faces, or what is known of a face was there (hit), was "
    "waited for while another task made it (waited), or had to be made (miss).",
    ["cache", "outcome"],
    registry=None,
)


def count_lookup(cache: Cache, how: How) -> None:
    """Count one look."""
    LOOKUPS.labels(cache, how.value).inc()
