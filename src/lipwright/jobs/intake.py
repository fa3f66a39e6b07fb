"""How a caller's video or sound becomes a local file: fetched, linked, or sent along."""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from lipwright.errors import BadInputError
from lipwright.jobs.cache_metrics import count_lookup
from lipwright.jobs.links import token_in
from lipwright.jobs.single_flight import How
from lipwright.media.fetch import UnchangedError, Validator, check_url, fetch
from lipwright.settings import Settings
from lipwright.store.objects import MissingObjectError, ObjectStore
from lipwright.store.signing import BadTokenError, Signer

log = logging.getLogger(__name__)

TIMED_OUT = "timeout"
"""The reason with which a source that is too slow is refused."""


@dataclass(frozen=True)
class Origin:
    """Where a video came from, to be asked next time whether it has changed.

    Attributes
    ----------
    note_key
        Object in which that is kept, named by the account and the URL's SHA-256.
    validator
        By what the server says that it is unchanged.
    """

    note_key: str
    validator: Validator

    def note(self, video_key: str) -> bytes:
        """Return what is kept: the validator, and the object with the video's bytes."""
        return json.dumps({**asdict(self.validator), "video_key": video_key}).encode()


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

    def bring_video(
        self, account_id: str, url: str, destination: Path, *, max_bytes: int, timeout_s: float
    ) -> Origin | None:
        """As `bring`, but do not fetch again what the account has here and has not changed.

        The server is asked each time, and only a strong entity tag counts. Nobody is given what
        only another tenant has fetched.

        Returns
        -------
        Where it came from, to be kept with the video; None where there is nothing to keep.
        """
        if self._own_key(url) is not None:
            self.bring(url, destination, max_bytes=max_bytes, timeout_s=timeout_s, field="video")
            count_lookup("fetch", How.KNOWN)
            return None
        name = hashlib.sha256(url.strip().encode()).hexdigest()
        note_key = f"accounts/{account_id}/fetched/{name}.json"
        known, video_key = self._known(account_id, note_key)

        def fetch_it(known: Validator | None) -> Validator | None:
            return fetch(
                url,
                destination,
                max_bytes=max_bytes,
                allow=self._settings.fetch_allow,
                timeout_s=timeout_s,
                field="video",
                known=known,
            )

        try:
            made = fetch_it(known)
        except UnchangedError:
            try:
                self._objects.get(video_key, destination)
                count_lookup("fetch", How.KNOWN)
                return None
            except MissingObjectError:  # it has expired just now
                made = fetch_it(None)
        count_lookup("fetch", How.DONE)
        return None if made is None else Origin(note_key, made)

    def _known(self, account_id: str, note_key: str) -> tuple[Validator | None, str]:
        """What an earlier fetch left, if the video is still here."""
        try:
            note = json.loads(self._objects.read(note_key))
            known = Validator(str(note["url"]), str(note["etag"]))
            video_key = str(note["video_key"])
        except MissingObjectError:
            return None, ""
        except Exception:
            log.warning("what an earlier fetch left is not used: %s", note_key, exc_info=True)
            return None, ""
        mine = video_key.startswith(f"accounts/{account_id}/inputs/")
        return (known, video_key) if mine and self._objects.exists(video_key) else (None, "")

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
