"""Sign results as C2PA says, where the user has a certificate of his own for it."""

from __future__ import annotations

from pathlib import Path


def sign(result: Path, video: Path) -> None:
    """Sign a finished file if the settings name a certificate; else leave it as it is."""
    from lipwright.cli.configuration import read_settings
    from lipwright.jobs.sealing import seal

    settings = read_settings()
    if settings.c2pa_cert is not None:
        seal(settings, result, video, result.name)
