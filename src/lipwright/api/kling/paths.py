"""Where the facade is served: the vendor's own paths and the prefixes that gateways put before."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

DOCUMENTED_PREFIX = "/klingai/v1/videos"
GATEWAYS = ("/klingai", "/kling", "/proxy/kling", "")
"""What gateways put before the vendor's own paths; the last is the vendor's own way."""

DOCUMENTED_GATEWAY = "/klingai"
PREFIXES = tuple(f"{gateway}/v1/videos" for gateway in GATEWAYS)

_IDENTIFY = re.compile(r"(/klingai|/kling|/proxy/kling)?/v1/videos/identify-face", re.IGNORECASE)


class AnyCaseIdentify:
    """The vendor's older pages print ``Identify-face``, so every letter case is served."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under the lower-case path."""
        if scope["type"] == "http" and _IDENTIFY.fullmatch(scope["path"]):
            path = scope["path"].lower()
            scope = {**scope, "path": path, "raw_path": path.encode("ascii")}
        await self.app(scope, receive, send)
