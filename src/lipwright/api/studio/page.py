"""Serve the studio: one page and the files it is made of, all from the package.

The page holds nothing of anybody's: it calls the same HTTP API as every other client, with the
visitor's own key, so it may be fetched by anyone who can reach the service.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import PurePosixPath

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from lipwright.api.problems import Problem, ProblemKind
from lipwright.api.ranges import is_unchanged

router = APIRouter(include_in_schema=False)

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

# Nothing inline, nothing evaluated, nothing from anywhere else. Local files that the visitor chose
# are played from blob: URLs before, and while, they are sent.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), display-capture=()",
}


@dataclass(frozen=True)
class Asset:
    """One file of the page, as it is and compressed."""

    content: bytes
    packed: bytes
    media_type: str
    etag: str


@cache
def assets() -> dict[str, Asset]:
    """Return every file of the page by its path below ``assets``."""
    found: dict[str, Asset] = {}
    folders = [(PurePosixPath(), resources.files("lipwright.api.studio") / "assets")]
    while folders:
        path, folder = folders.pop()
        for entry in folder.iterdir():
            name = path / entry.name
            if entry.is_dir():
                folders.append((name, entry))
            elif name.suffix in _TYPES:
                content = entry.read_bytes()
                found[str(name)] = Asset(
                    content,
                    gzip.compress(content, mtime=0),
                    _TYPES[name.suffix],
                    f'"{hashlib.sha256(content).hexdigest()[:32]}"',
                )
    return found


@router.head("/")
@router.get("/")
async def front(request: Request) -> Response:
    """Show the studio."""
    return _answer(request, "index.html")


@router.head("/studio/{path:path}")
@router.get("/studio/{path:path}")
async def asset(request: Request, path: str) -> Response:
    """Serve a file of the page."""
    return _answer(request, path)


def _answer(request: Request, path: str) -> Response:
    found = assets().get(path)
    if found is None:
        raise Problem(ProblemKind.UNKNOWN_ROUTE, f"Nothing is served at {request.url.path[:200]}")
    headers = {
        **HEADERS,
        # Another version of lipwright has other files: the browser asks, and mostly gets a 304.
        "Cache-Control": "no-cache",
        "Vary": "Accept-Encoding",
    }
    packed = "gzip" in request.headers.get("accept-encoding", "")
    headers["ETag"] = f'{found.etag[:-1]}-gz"' if packed else found.etag
    if is_unchanged(request.headers.get("if-none-match"), headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(
        found.packed if packed else found.content, headers=headers, media_type=found.media_type
    )
