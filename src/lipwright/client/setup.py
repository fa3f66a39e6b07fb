"""Put together what both clients are made of."""

from __future__ import annotations

from lipwright.client.credentials import credentials_from
from lipwright.client.errors import UnusableError
from lipwright.client.flows import Flows
from lipwright.client.offers import Service, address_from, known_service
from lipwright.client.retrying import Retries


def flows_for(
    base_url: str,
    key: str,
    access_key: str,
    secret_key: str,
    service: Service,
    retries: Retries | None,
) -> Flows:
    """Return the operations of a service; raises `UnusableError` for what cannot be used."""
    if service not in ("auto", "lipwright", "kling"):
        raise UnusableError(f"service must be auto, lipwright or kling; got {service!r}")
    address = address_from(base_url)
    return Flows(
        address,
        credentials_from(key, access_key, secret_key),
        retries or Retries(),
        known_service(address) if service == "auto" else service,
    )
