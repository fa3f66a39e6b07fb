"""From sightings to faces that a user can choose: join what is one, drop what is too short."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lipwright.faces.continuity import looks_the_same
from lipwright.faces.scan import Sighting
from lipwright.faces.types import Box, IdentifiedFace

MAX_GAP_MS: Final = 1_000
"""The same face after a longer absence is a new face, as the API documents."""

_MIN_INTERVAL_MS: Final = 400
_MAX_JUMP: Final = 1.0
_MAX_GROWTH: Final = 1.6


def faces_of(sightings: list[Sighting], *, min_ms: int = _MIN_INTERVAL_MS) -> list[IdentifiedFace]:
    """Join sightings into faces.

    Parameters
    ----------
    sightings
        In order of appearance, as `lipwright.faces.scan.scan` returns them.
    min_ms
        Faces whose interval is shorter are left out.

    Returns
    -------
    Faces with ids ``"0"``, ``"1"``, … in order of appearance.
    """
    joined: list[Sighting] = []
    for found in sightings:
        sighting = replace(found, samples=list(found.samples))
        before = next((j for j in reversed(joined) if _continues(j, sighting)), None)
        if before is None:
            joined.append(sighting)
            continue
        before.samples += sighting.samples
        before.end_ms = max(before.end_ms, sighting.end_ms)
        before.shot, before.last_patch = sighting.shot, sighting.last_patch
        if sighting.portrait_score > before.portrait_score:
            before.portrait, before.portrait_score = sighting.portrait, sighting.portrait_score
    kept = [s for s in joined if s.end_ms - s.start_ms >= min_ms]
    return [
        IdentifiedFace(str(number), s.start_ms, s.end_ms, s.portrait, tuple(s.samples))
        for number, s in enumerate(kept)
    ]


def _continues(earlier: Sighting, later: Sighting) -> bool:
    """Whether a sighting is the same face again after a short absence.

    Across a cut (something shown in between) it must also look the same.
    """
    gap = later.start_ms - earlier.end_ms
    if not -MAX_GAP_MS / 4 <= gap <= MAX_GAP_MS:
        return False
    if earlier.shot != later.shot and not (
        earlier.last_patch is not None
        and later.first_patch is not None
        and looks_the_same(earlier.last_patch, later.first_patch)
    ):
        return False
    a, b = earlier.samples[-1].box, later.samples[0].box
    size = max(_side(a), _side(b))
    growth = size / max(1.0, min(_side(a), _side(b)))
    jump = max(abs((a.x0 + a.x1) - (b.x0 + b.x1)) / 2.0, abs((a.y0 + a.y1) - (b.y0 + b.y1)) / 2.0)
    return growth <= _MAX_GROWTH and jump <= _MAX_JUMP * size


def _side(box: Box) -> float:
    return max(box.width, box.height)
