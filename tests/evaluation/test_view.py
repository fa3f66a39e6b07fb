from __future__ import annotations

import numpy as np

from lipwright.evaluation.view import viewpoints
from lipwright.faces.head import reference_head

COUNT = 20


def test_the_square_goes_with_the_head() -> None:
    """A picture that moves with the face looks the same from every viewpoint."""
    rows, columns = np.mgrid[0:300, 0:400].astype(np.float64)
    track = np.zeros((COUNT, 478, 3), np.float32)
    frames = []
    for index in range(COUNT):
        x, y = 150.0 + 3.0 * index, 90.0 + index
        track[index] = reference_head() * 50.0 + [x, y, 0.0]
        pattern = 128 + 50 * np.sin((columns - x) / 6) + 50 * np.sin((rows - y) / 9)
        frames.append(pattern.astype(np.uint8))
    there = np.ones(COUNT, bool)
    there[5] = False
    track[5] = np.nan
    views = viewpoints(track, there, np.arange(COUNT) * 0.04)
    patches = [views.patch(frame, at).astype(int) for at, frame in enumerate(frames)]
    assert patches[0].shape == views.size[::-1]
    assert not patches[5].any()
    others = [patch for at, patch in enumerate(patches) if at != 5]
    assert max(np.abs(patch - others[0]).mean() for patch in others) < 3.0
    assert patches[0].std() > 30
    crop = (frames[3][40:280, 60:300], 60, 40)
    assert np.abs(views.cropped_patch(crop, 3) - patches[3]).max() <= 1
    assert not views.cropped_patch(None, 3).any()
    assert not views.patch(frames[0], COUNT + 3).any()
