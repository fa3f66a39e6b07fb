"""What finished observers know: taken apart to be kept, and put together from several.

Only what counts in the end is kept; what an observer needs while it looks is not.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lipwright.render.mesh.layers import canvas_size
from lipwright.render.mesh.observer import MeshObserver
from lipwright.render.mesh.occlusion import SkinWatcher, watched_landmarks
from lipwright.render.mesh.own_teeth import TeethHunter, _Candidate
from lipwright.render.mesh.patches import (
    _MAX_BYTES,
    _NEAR_FRAMES,
    _PER_KIND,
    MouthPatch,
    PatchHunter,
)
from lipwright.render.packing import PackingError, pack, unpack

_VERSION: Final = "mesh 3"
_STATE: Final = {
    MeshObserver: {"_cheeks", "_full_range", "teeth", "patches", "skin"},
    SkinWatcher: {"_colors", "_indices"},
    TeethHunter: {"_best", "_seen"},
    PatchHunter: {"_kept", "_usual_width", "_last", "_bytes"},
}
"""All that these remember. An observer that remembers more is not kept rather than cut short."""

_Kind = tuple[int, bool]


@dataclass(frozen=True, eq=False)
class _KeptPatch:
    opening: int
    wide: bool
    score: float
    patch: MouthPatch


@dataclass(frozen=True, eq=False)
class _Kept:
    """A finished observer: (n, 3) spots of the cheeks, the best teeth, the best mouths, and
    (m,) frames with (m, S, 3) colours of the lower face.
    """

    cheeks: NDArray[np.float64]
    full_range: bool
    teeth: _Candidate | None
    patches: list[_KeptPatch]
    skin_frames: NDArray[np.int64]
    skin_colors: NDArray[np.float32]


class MeshKeeping:
    """Makes an engine with `MeshObserver`s a `lipwright.render.engine.KeepingEngine`."""

    @cached_property
    def observer_version(self) -> str:
        """Empty where observers remember what this does not know how to keep."""
        new = MeshObserver()
        known = all(
            set(vars(part)) == _STATE[type(part)]
            for part in (new, new.teeth, new.patches, new.skin)
        )
        return _VERSION if known else ""

    def pack(self, observer: MeshObserver) -> dict[str, NDArray[Any]]:
        """Take an observer apart."""
        return pack(_kept(observer))

    def unpack(self, arrays: Mapping[str, NDArray[Any]]) -> MeshObserver:
        """Put an observer together; raises `PackingError`."""
        kept = unpack(_Kept, arrays)
        if kept.cheeks.ndim != 2 or kept.cheeks.shape[1] != 3 or not np.isfinite(kept.cheeks).all():
            raise PackingError("wrong cheeks")
        if (
            kept.skin_colors.shape != (len(kept.skin_frames), len(watched_landmarks()), 3)
            or kept.skin_frames.ndim != 1
            or not np.isfinite(kept.skin_colors).all()
        ):
            raise PackingError("wrong skin")
        if kept.teeth is not None:
            _check_teeth(kept.teeth)
        for one in kept.patches:
            _check_patch(one.patch)
            if not math.isfinite(one.score):
                raise PackingError("wrong score")
        return _observer(kept)

    def merge(self, observers: Sequence[MeshObserver]) -> MeshObserver:
        """One observer that knows the best of what these saw; no two are asked for at once."""
        cheeks, skin_frames, skin_colors = [], [], []
        full_range = False
        teeth: _Candidate | None = None
        offers: list[_Offer] = []
        for at, observer in enumerate(observers):
            kept = _kept(observer)
            cheeks.append(kept.cheeks)
            skin_frames.append(kept.skin_frames)
            skin_colors.append(kept.skin_colors)
            full_range |= kept.full_range
            if kept.teeth is not None and (teeth is None or kept.teeth.score > teeth.score):
                teeth = kept.teeth
            offers += [_Offer.of(one, at, place) for place, one in enumerate(kept.patches)]
        return _observer(
            _Kept(
                np.concatenate(cheeks),
                full_range,
                teeth,
                _taken(_best(offers), observers),
                np.concatenate(skin_frames),
                np.concatenate(skin_colors),
            )
        )


def _kept(observer: MeshObserver) -> _Kept:
    skin_frames, skin_colors = observer.skin.seen()
    return _Kept(
        np.concatenate([np.zeros((0, 3)), *observer._cheeks]),
        observer._full_range,
        observer.teeth._best,
        [
            _KeptPatch(int(opening), bool(wide), float(score), patch)
            for (opening, wide), patches in observer.patches._kept.items()
            for score, patch in patches
        ],
        skin_frames,
        skin_colors,
    )


def _observer(kept: _Kept) -> MeshObserver:
    teeth, patches = TeethHunter(), PatchHunter()
    teeth._best = kept.teeth
    by_kind: defaultdict[_Kind, list[tuple[float, MouthPatch]]] = defaultdict(list)
    for one in kept.patches:
        by_kind[one.opening, one.wide].append((one.score, one.patch))
    patches._kept = dict(by_kind)
    cheeks = [kept.cheeks] if len(kept.cheeks) else []
    skin = SkinWatcher.of(kept.skin_frames, kept.skin_colors)
    return MeshObserver(cheeks, kept.full_range, teeth, patches, skin)


@dataclass(frozen=True)
class _Offer:
    """A kept mouth without its picture: what decides whether it is taken, and where it is."""

    opening: int
    wide: bool
    score: float
    frame_index: int
    size: int
    observer: int
    place: int

    @classmethod
    def of(cls, kept: _KeptPatch, observer: int, place: int) -> _Offer:
        frame, size = kept.patch.frame_index, kept.patch.y.size
        return cls(kept.opening, kept.wide, kept.score, frame, size, observer, place)


def _best(offers: list[_Offer]) -> list[_Offer]:
    """As many as one observer keeps: the best of each kind, but not neighbours."""
    chosen: list[_Offer] = []
    size = 0
    for one in sorted(offers, key=lambda offer: (-offer.score, offer.frame_index)):
        alike = [c for c in chosen if (c.opening, c.wide) == (one.opening, one.wide)]
        away = [abs(c.frame_index - one.frame_index) for c in alike]
        if len(alike) >= _PER_KIND or min(away, default=math.inf) <= _NEAR_FRAMES:
            continue
        if not alike or size <= _MAX_BYTES:
            chosen.append(one)
            size += one.size
    return chosen


def _taken(offers: Sequence[_Offer], observers: Sequence[MeshObserver]) -> list[_KeptPatch]:
    """The offered mouths, pictures and all."""
    found: dict[_Offer, _KeptPatch] = {}
    for at in sorted({offer.observer for offer in offers}):
        patches = _kept(observers[at]).patches
        found |= {offer: patches[offer.place] for offer in offers if offer.observer == at}
    return [found[offer] for offer in offers]


def _check_teeth(teeth: _Candidate) -> None:
    width, height = canvas_size()
    if (
        teeth.yuv.shape != (height, width, 3)
        or teeth.inside.shape != (height, width)
        or not math.isfinite(teeth.score)
    ):
        raise PackingError("wrong teeth")


def _check_patch(patch: MouthPatch) -> None:
    height, width = patch.y.shape if patch.y.ndim == 2 else (0, 0)
    half = (height // 2, width // 2)
    if (
        not all((height, width))
        or height % 2
        or width % 2
        or patch.u.shape != half
        or patch.v.shape != half
        or patch.points.shape != (478, 3)
        or not np.isfinite(patch.points).all()
        or min(patch.frame_index, patch.x0, patch.y0) < 0
        or not math.isfinite(patch.sharpness)
    ):
        raise PackingError("wrong patch")
