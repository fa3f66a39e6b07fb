from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from lipwright.errors import BadInputError, FailedError
from lipwright.library.sheets import Column, check_picture_name, crop, draw_sheet, save_picture

RED = np.full((40, 60, 3), (0, 0, 255), np.uint8)


def test_pictures_lie_side_by_side_under_their_words() -> None:
    blue = np.full((20, 60, 3), (255, 0, 0), np.uint8)
    sheet = draw_sheet([Column("one", "", [RED, blue]), Column("two", "", [blue, RED])], ("a", "b"))
    reds, blues = ((sheet == color).all(2) for color in ((0, 0, 255), (255, 0, 0)))
    assert (reds.sum(), blues.sum()) == (2 * 40 * 60, 2 * 20 * 60)
    # The first column has red above blue, the second blue above red, both begin at one height.
    left = np.argmax(reds.any(0))
    assert reds[:, left].argmax() == blues[:, np.flatnonzero(blues.any(0))[-1]].argmax()
    # Words are ink on the paper above.
    assert sheet[:30].min() < 100


@pytest.mark.parametrize("name", ["a.png", "a.JPG", "a.jpeg"])
def test_writes_what_the_name_says(name: str, tmp_path: Path) -> None:
    path = check_picture_name(tmp_path / name)
    save_picture(path, RED)
    read = cv2.imread(str(path))
    assert read is not None
    assert np.abs(read.astype(int) - RED).max() < 12
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("name", "reason"),
    [("a.gif", "wrong_format"), ("a", "wrong_format"), ("no/a.png", "no_folder")],
)
def test_names_that_cannot_be(name: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(BadInputError) as caught:
        check_picture_name(tmp_path / name)
    assert caught.value.reason == reason


def test_a_picture_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    with pytest.raises(FailedError):
        save_picture(tmp_path / "a.png", RED)
    assert [file.name for file in tmp_path.iterdir()] == ["a.png"]


def test_a_crop_keeps_its_place_and_repeats_the_edge() -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[:, 50:] = 200
    half = crop(picture, (50, 50), (40, 20), 40)
    assert half.shape == (20, 40, 3)
    assert half[:, :19].max() == 0
    assert half[:, 21:].min() == 200
    assert crop(picture, (100, 50), (40, 20), 80)[:, 10:].min() == 200
    assert crop(picture, (50, 50), (100, 100), 25).shape == (25, 25, 3)
