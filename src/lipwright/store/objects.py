"""Files by key, in a local folder or in a cloud's object store, through obstore."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import obstore
from obstore.store import LocalStore, from_url

PIECE_BYTES = 1 << 20


class MissingObjectError(Exception):
    """There is no object with this key."""


class ObjectStore:
    """Immutable files by key; thread-safe.

    Publishing is atomic: a reader sees the whole object or none. Publishing the same key again
    replaces it, which is harmless because a key always stands for the same bytes.

    Parameters
    ----------
    url
        ``file:///FOLDER``, ``s3://BUCKET/PREFIX``, ``gs://…``, ``az://…`` or ``memory:///``.
        Endpoint and credentials come from the environment: ``AWS_ENDPOINT_URL``,
        ``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``, ``AWS_REGION`` and so on.
    """

    def __init__(self, url: str) -> None:
        self.folder: Path | None = None
        if url.startswith("file:"):
            self.folder = Path(url2pathname(urlsplit(url).path))
            self._store: obstore.store.ObjectStore = LocalStore(
                str(self.folder), mkdir=True, automatic_cleanup=True
            )
        else:
            self._store = from_url(url, client_options={"allow_http": _is_plain(url)})

    def put(self, key: str, path: Path) -> None:
        """Publish a copy of a local file."""
        obstore.put(self._store, key, path)

    def put_bytes(self, key: str, data: bytes) -> None:
        """Publish some bytes."""
        obstore.put(self._store, key, data)

    def get(self, key: str, path: Path) -> None:
        """Copy an object into a new local file; raises `MissingObjectError`."""
        with path.open("wb") as file:
            for piece in self.stream(key):
                file.write(piece)

    def read(self, key: str) -> bytes:
        """Return a whole (small) object; raises `MissingObjectError`."""
        try:
            return bytes(obstore.get(self._store, key).bytes())
        except FileNotFoundError as error:
            raise MissingObjectError(key) from error

    def size(self, key: str) -> int:
        """Return an object's length in bytes; raises `MissingObjectError`."""
        try:
            return int(obstore.head(self._store, key)["size"])
        except FileNotFoundError as error:
            raise MissingObjectError(key) from error

    def exists(self, key: str) -> bool:
        """Whether there is an object with this key."""
        try:
            self.size(key)
        except MissingObjectError:
            return False
        return True

    def stream(self, key: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from ``start`` up to, not including, ``end`` in pieces of about 1 MiB.

        Raises
        ------
        MissingObjectError
            At once, not at the first piece.
        """
        size = self.size(key)
        end = size if end is None else min(end, size)
        if start >= end:
            return iter(())
        if start == 0 and end == size:
            result = obstore.get(self._store, key)
        else:
            result = obstore.get(self._store, key, options={"range": (start, end)})
        return (bytes(piece) for piece in result.stream(min_chunk_size=PIECE_BYTES))

    def delete(self, key: str) -> None:
        """Remove an object; removing what is not there is harmless."""
        try:
            obstore.delete(self._store, key)
        except FileNotFoundError:
            return

    def check(self) -> None:
        """Ask the store about an object; raises whatever keeps it from answering."""
        self.exists("nothing/is/here")

    def list_older_than(self, prefix: str, age_s: float) -> Iterator[str]:
        """Yield the keys under ``prefix`` of objects written more than ``age_s`` s ago."""
        limit = datetime.now(UTC) - timedelta(seconds=age_s)
        for batch in obstore.list(self._store, prefix):
            for meta in batch:
                if meta["last_modified"] < limit:
                    yield meta["path"]

    def remove_leftovers(self, age_s: float) -> int:
        """Remove what interrupted writes left in a local folder; return how many files.

        Object stores in a cloud do this by a lifecycle rule for incomplete uploads.
        """
        if self.folder is None:
            return 0
        limit = datetime.now(UTC).timestamp() - age_s
        count = 0
        for path in self.folder.rglob("*#*"):
            # obstore writes KEY#NUMBER and renames it; our own keys never contain a #.
            if path.is_file() and path.stat().st_mtime < limit:
                path.unlink(missing_ok=True)
                count += 1
        return count


def _is_plain(url: str) -> bool:
    """Whether an S3 server of one's own is asked over plain HTTP: who names it so, means it."""
    names = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
    endpoint = next(filter(None, map(os.environ.get, names)), "")
    return url.startswith("s3:") and endpoint.startswith("http://")


def remove_tree(folder: Path) -> None:
    """Remove a folder of temporary files; a file that vanishes meanwhile is no error."""
    shutil.rmtree(folder, ignore_errors=True)
