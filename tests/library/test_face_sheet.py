from __future__ import annotations

from pathlib import Path

import cv2
import pytest

import lipwright


def test_every_face_is_boxed_at_its_time(portrait_clip: Path, tmp_path: Path) -> None:
    found = lipwright.identify(portrait_clip)
    path = lipwright.face_sheet(portrait_clip, found, tmp_path / "faces.png")
    sheet = cv2.imread(str(path))
    assert sheet is not None
    assert sheet.shape[:2] == (44 + 320 + 8, 8 + 320 + 8)
    box = found.faces[0].samples[0].box
    green = (abs(sheet.astype(int) - (90, 220, 90)).max(2) < 10).any(0).nonzero()[0] - 8
    assert green.min() == pytest.approx(box.x0 * 320 / 480, abs=12)
    assert green.max() == pytest.approx(box.x1 * 320 / 480, abs=12)


def test_nobody_is_no_picture(faceless_clip: Path, tmp_path: Path) -> None:
    found = lipwright.identify(faceless_clip)
    with pytest.raises(lipwright.BadInputError, match="no face"):
        lipwright.face_sheet(faceless_clip, found, tmp_path / "faces.png")
    assert list(tmp_path.iterdir()) == []
