"""How a caller's video or sound becomes a local file: fetched, linked, or sent along."""

from __future__ import annotations

import hashlib
from pathlib import Path

from lipwright.errors import BadInputError
from lipwright.jobs.links import token_in
from lipwright.media.fetch import check_url, fetch
from lipwright.settings import Settings
from lipwright.store.objects import MissingObjectError, ObjectStore
from lipwright.store.signing import BadTokenError, Signer

TIMED_OUT = "timeout"
"""The reason with which a source that is too slow is refused."""


class Intake:
    """Brings files in from URLs, our own links included; thread-safe.

    A link to one of our own files is recognised by its signature, whatever host it names, and
    read from the object store: it works behind any proxy and never leaves the machine.
    """

    def __init__(self, settings: Settings, objects: ObjectStore, signer: Signer) -> None:
        self._settings = settings
        self._objects = objects
        self._signer = signer

    def bring(
        self, url: str, destination: Path, *, max_bytes: int, timeout_s: float, field: str
    ) -> None:
        """Write what the URL names to a new file; raises `BadInputError` for the field."""
        key = self._own_key(url)
        if key is None:
            fetch(
                url,
                destination,
                max_bytes=max_bytes,
                allow=self._settings.fetch_allow,
                timeout_s=timeout_s,
                field=field,
            )
            return
        self.bring_own(key, destination, max_bytes=max_bytes, field=field)

    def bring_own(self, key: str, destination: Path, *, max_bytes: int, field: str) -> None:
        """Write an object of ours to a new file; raises `BadInputError` for the field."""
        try:
            if self._objects.size(key) > max_bytes:
                raise too_large(field, max_bytes)
            self._objects.get(key, destination)
        except MissingObjectError:
            raise BadInputError(field, "expired_file", "the file is not kept any more") from None

    def check(self, url: str, field: str) -> None:
        """Refuse at once what can never be brought in; raises `BadInputError` for the field."""
        if self._own_key(url) is None:
            check_url(url, field=field, allow=self._settings.fetch_allow)

    def _own_key(self, url: str) -> str | None:
        token = token_in(url)
        if token is None:
            return None
        try:
            return self._signer.verify(token)
        except BadTokenError:
            return None


def too_large(field: str, max_bytes: int) -> BadInputError:
    """Return the error for a file over its limit."""
    return BadInputError(field, "too_large", f"must be at most {max_bytes / 1e6:g} MB")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
