"""Which service it is, and so what it can do beyond what all of them can.

Kling and its resellers identify, create, query and list. lipwright's own server also takes
uploads and idempotency keys, tells progress as events, cancels, and fits sounds that do not fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit, urlunsplit

from lipwright.client.errors import UnusableError
from lipwright.client.steps import Answer

Service = Literal["auto", "lipwright", "kling"]

_GATEWAYS = ("/proxy/kling", "/klingai", "/kling")
_KNOWN_HOSTS = ("klingai.com", "302.ai", "302.ai.cn")
"""Services that need not be asked what they are, and their subdomains."""


@dataclass(frozen=True)
class Address:
    """Where a service is.

    Attributes
    ----------
    api
        Before ``/v1/videos/…``, the gateway's prefix included.
    root
        Before lipwright's own paths, which no prefix stands before.
    """

    api: str
    root: str

    def videos(self, path: str) -> str:
        """Return the URL of an operation that all services have."""
        return f"{self.api}/v1/videos/{path}"

    def own(self, path: str) -> str:
        """Return the URL of an operation that only lipwright has."""
        return f"{self.root}/{path}"


def address_from(base_url: str) -> Address:
    """Read a base URL, with or without a gateway's prefix and a trailing ``/v1``.

    Raises
    ------
    UnusableError
        It is no http or https URL, or it has credentials, a query or a fragment.
    """
    try:
        parts = urlsplit(base_url.strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or parts.username is not None:
        raise UnusableError(f"the base URL must be like https://host/prefix; got {base_url!r}")
    path = parts.path.rstrip("/").removesuffix("/v1")
    root = path
    for gateway in _GATEWAYS:
        if path.endswith(gateway):
            root = path.removesuffix(gateway)
            break
    origin = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
    return Address(origin + path, origin + root)


def known_service(address: Address) -> Service:
    """Return ``kling`` for the hosts that are known to be that, else ``auto``."""
    host = urlsplit(address.api).hostname or ""
    known = any(host == name or host.endswith("." + name) for name in _KNOWN_HOSTS)
    return "kling" if known else "auto"


def service_that_says(answer: Answer) -> Service:
    """Return which service answers ``/healthz`` like this.

    lipwright's says how many workers live; if it cannot, its error carries a ``reason``.
    """
    body: Any = answer.json()
    if not isinstance(body, Mapping):
        return "kling"
    data = body.get("data")
    if isinstance(data, Mapping) and "workers" in data:
        return "lipwright"
    return "lipwright" if body.get("reason") == "unavailable" else "kling"
