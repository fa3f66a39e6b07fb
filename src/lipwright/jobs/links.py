"""Links to our own files: ``/v1/files/{token}/{name}``; the token alone opens the file."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

FILES_PATH = "/v1/files/"


def file_path(token: str, name: str) -> str:
    """Return the path of the link; ``name`` is only there for people and file suffixes."""
    return f"{FILES_PATH}{token}/{quote(name, safe='')}"


def token_in(url: str) -> str | None:
    """Return the token of a link that looks like one of ours, whatever its host is."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in ("", "http", "https"):
        return None
    _, found, rest = parts.path.rpartition(FILES_PATH)
    token, _, name = rest.partition("/")
    return token if found and token and name and "/" not in name else None
