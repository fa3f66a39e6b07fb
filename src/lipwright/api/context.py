"""What every route works with: the settings, the service, and the threads for it."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from lipwright.api.lookups import TaskLookups, Wanted
from lipwright.api.threads import Lanes
from lipwright.jobs.service import LipsyncService
from lipwright.jobs.values import Task
from lipwright.settings import Settings

_HOST = re.compile(r"([a-z0-9._-]{1,253}|\[[0-9a-f:.]+\])(:\d{1,5})?", re.ASCII)


@dataclass(frozen=True)
class Context:
    """One running service, as its routes see it."""

    settings: Settings
    service: LipsyncService
    lanes: Lanes
    closing: threading.Event = field(default_factory=threading.Event)
    """Set when the service winds down: answers that could go on for long must end."""
    tasks: TaskLookups = field(init=False)
    """Looks tasks up, those of many requests together."""

    def __post_init__(self) -> None:
        # The documents of the API are written without a service: it is asked for only when used.
        def find(wanted: Sequence[Wanted]) -> Sequence[Task | None]:
            return self.service.find_tasks(wanted)

        lookups = TaskLookups(find, self.lanes.quick)
        object.__setattr__(self, "tasks", lookups)

    def file_url(self, request: Request, key: str, expires_at_ms: int, name: str) -> str:
        """Return the signed URL of one of our files, under the address that the caller used.

        Parameters
        ----------
        request
            Tells that address, unless the settings name a public one.
        key
            The object's key.
        expires_at_ms
            When the link stops working, Unix time in ms.
        name
            File name at the end of the URL.
        """
        return self.base_url(request) + self.service.link(key, expires_at_ms, name)

    def base_url(self, request: Request) -> str:
        """Return the scheme and host under which the caller reaches us."""
        return self.settings.public_url or f"{request.scope['scheme']}://{address_of(request)}"


def address_of(request: Request) -> str:
    """Return the host and port that the caller used, or our own where he names nonsense."""
    host = request.headers.get("host", "").lower()
    if _HOST.fullmatch(host):
        return host
    address, port = request.scope["server"]
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


WithContext = Annotated[Context, Depends(_context)]
