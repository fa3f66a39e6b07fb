"""Finished observers come back as they were, and several know the best of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from lipwright.faces.landmarker import FaceLandmarks
from lipwright.render.engine import KeepingEngine
from lipwright.render.mesh.engine import MeshEngine
from lipwright.render.packing import PackingError

ENGINE = MeshEngine()


def looked(studio: Any, frames: slice) -> Any:
    observer = ENGINE.observer()
    for frame, points in list(zip(studio.frames, studio.track.landmarks, strict=True))[frames]:
        observer.add(frame, FaceLandmarks(points, 1.0))
    return observer


def same(one: Any, other: Any) -> bool:
    one, other = dict(ENGINE.pack(one)), dict(ENGINE.pack(other))
    return one.keys() == other.keys() and all(
        array.dtype == other[name].dtype and np.array_equal(array, other[name])
        for name, array in one.items()
    )


@pytest.fixture(scope="module")
def observer(studio: Any) -> Any:
    return looked(studio, slice(None))


def test_all_that_an_observer_remembers_can_be_kept() -> None:
    assert isinstance(ENGINE, KeepingEngine)
    assert ENGINE.observer_version, "an observer remembers what keeping.py does not know of"


def test_an_observer_comes_back(observer: Any) -> None:
    back = ENGINE.unpack(ENGINE.pack(observer))
    assert same(back, observer)
    assert len(back.patches.patches()) == len(observer.patches.patches()) > 0
    assert back.cheeks() == observer.cheeks()


def test_a_bank_is_the_same_from_kept_observers(studio: Any) -> None:
    halves = [looked(studio, slice(0, 8)), looked(studio, slice(8, None))]
    seen = ENGINE.merge(halves)
    kept = ENGINE.merge([ENGINE.unpack(ENGINE.pack(half)) for half in halves])
    assert same(seen, kept)
    plan = studio.plan([0.12, 0, 0.1, 0, 0.1, 0])
    one, other = (
        ENGINE.render(ENGINE.prepare(studio.track, o), plan, studio.frames[8]) for o in (seen, kept)
    )
    assert np.array_equal(one.y, other.y)
    assert not np.array_equal(one.y, studio.frames[8].y)


def test_merging_changes_nothing_in_what_is_merged(studio: Any) -> None:
    halves = [looked(studio, slice(0, 8)), looked(studio, slice(8, None))]
    before = [dict(ENGINE.pack(half)) for half in halves]
    ENGINE.merge(halves)
    for half, arrays in zip(halves, before, strict=True):
        assert same(half, ENGINE.unpack(arrays))


def test_the_best_of_all_is_kept_and_not_more_than_one_would_keep(
    studio: Any, observer: Any
) -> None:
    parts = [looked(studio, slice(at, at + 4)) for at in range(0, len(studio.frames), 4)]
    merged = ENGINE.merge(parts)
    pooled = [p.sharpness for part in parts for p in part.patches.patches()]
    frames = [p.frame_index for p in merged.patches.patches()]
    assert frames == sorted(set(frames))
    assert 0 < len(frames) <= len(pooled)
    best = [part.teeth._best.score for part in parts if part.teeth._best is not None]
    assert merged.teeth._best.score == max(best) >= observer.teeth._best.score


def test_nobody_has_seen_anything() -> None:
    new = ENGINE.observer()
    assert same(ENGINE.unpack(ENGINE.pack(new)), new)
    assert same(ENGINE.merge([new, new]), new)


def test_whatever_is_wrong_is_refused(observer: Any) -> None:
    right = dict(ENGINE.pack(observer))
    assert len(right) > 20
    for name, array in right.items():
        if is_mark(name):
            continue
        for wrong in (None, array[..., None], array.astype("complex128")):
            arrays = {n: a for n, a in {**right, name: wrong}.items() if a is not None}
            with pytest.raises(PackingError):
                ENGINE.unpack(arrays)
        if array.dtype.kind == "f" and array.size:
            with pytest.raises(PackingError):
                ENGINE.unpack({**right, name: np.full_like(array, np.nan)})


def is_mark(name: str) -> bool:
    """Whether it only says that there is something, whose own arrays then say what."""
    last = name.rsplit(".", 1)[-1]
    return name == "teeth" or last == "patch" or last.isdigit()


def test_merging_asks_for_one_observer_after_the_other(studio: Any) -> None:
    halves = [looked(studio, slice(0, 8)), looked(studio, slice(8, None))]
    packed = [ENGINE.pack(half) for half in halves]

    class Anew(Sequence[Any]):
        def __len__(self) -> int:
            return len(packed)

        def __getitem__(self, at: Any) -> Any:
            return ENGINE.unpack(packed[at])

    assert same(ENGINE.merge(Anew()), ENGINE.merge(halves))
