"""The last thing that is done to a result before it is published: it is signed."""

from __future__ import annotations

from pathlib import Path

from lipwright.jobs.intake import sha256_of
from lipwright.media.manifest import can_sign, sign
from lipwright.settings import Settings
from lipwright.store.certificates import signing_certificate


def seal(settings: Settings, result: Path, source: Path, title: str) -> None:
    """Put the signed manifest into a result, if the extra ``c2pa`` is installed and used.

    Happens in the worker: the key never comes near the process that reads strangers' media.

    Parameters
    ----------
    settings
        Name the certificate and its key.
    result
        Finished mp4 of ours; changed in place.
    source
        The video that it was made from, named in the manifest by its hash.
    title
        What the result is called.

    Raises
    ------
    FailedError
        ``c2pa``.
    """
    if not settings.c2pa_sign or not can_sign():
        return
    certificate = signing_certificate(settings)
    sign(
        result,
        certificate.chain,
        certificate.key,
        source_sha256=sha256_of(source),
        title=title,
    )
