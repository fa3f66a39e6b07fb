from __future__ import annotations

from pathlib import Path

import numpy as np

from lipwright.media.decode import VideoReader
from lipwright.media.watermark import burn, mark_of, watermark


def test_the_copy_differs_in_its_lower_right_corner_only(
    portrait_clip: Path, tmp_path: Path
) -> None:
    output = tmp_path / "marked.mp4"
    watermark(portrait_clip, output)
    with VideoReader(portrait_clip) as before, VideoReader(output) as after:
        assert after.info.duration_ms == before.info.duration_ms
        pairs = [
            (a.y.astype(int), b.y.astype(int), a.pts, b.pts)
            for a, b in zip(before, after, strict=True)
        ]
    assert [a for *_, a, _ in pairs] == [b for *_, b in pairs]
    change = np.mean([np.abs(a - b) for a, b, _, _ in pairs], axis=0)
    height, width = change.shape
    cover, _ = mark_of(width, height)
    assert change[cover > 0.5].mean() > 25
    assert change[: height // 2].mean() < 2
    rows, columns = np.nonzero(cover)
    assert rows.min() > 0.85 * height
    assert columns.min() > 0.4 * width
    assert columns.max() < width - 5


def test_letters_are_legible_on_white_and_on_black() -> None:
    cover, bright = mark_of(1280, 720)
    for grey in (16, 128, 235):
        marked = burn(np.full((720, 1280), grey, np.uint8), cover, bright)
        inside = marked[(bright > 0.9)]
        outline = marked[(cover > 0.7) & (bright < 0.1)]
        assert inside.mean() - outline.mean() > 120
    assert marked[0, 0] == 235
