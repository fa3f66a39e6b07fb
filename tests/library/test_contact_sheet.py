from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

import lipwright
from lipwright.library.contact_sheet import moments_of, telling_moments


def curve_of(opening: list[float], width: list[float] | None = None) -> lipwright.MouthCurve:
    count = len(opening)
    values = np.zeros((count, 6), np.float32)
    values[:, 0] = opening
    values[:, 1] = width or [0.0] * count
    return lipwright.MouthCurve(np.arange(count) / 25, values, np.ones(count, np.float32))


def test_the_telling_moments_of_a_curve() -> None:
    opening = [0.06] * 50
    opening[5], opening[20:25], opening[40] = 0.2, [0.0] * 5, 0.19
    width = [0.0] * 50
    width[30], width[35] = -0.06, 0.05
    found = {what: time for time, what in moments_of(curve_of(opening, width))}
    assert found["wide open"] == pytest.approx(5 / 25)
    assert found["lips closed"] == pytest.approx(22 / 25, abs=0.05)
    assert found["rounded"] == pytest.approx(30 / 25)
    assert found["spread"] == pytest.approx(35 / 25)
    assert found["open again"] == pytest.approx(40 / 25)
    assert "silence" not in found


def test_silence_is_a_moment_too() -> None:
    curve = curve_of([0.0] * 30)
    curve.speaking[:] = 0
    assert [what for _, what in moments_of(curve)] == ["silence"]


def test_a_sound_that_is_gone_is_looked_at_evenly() -> None:
    line = lipwright.Line("0", Path("/nowhere.wav"), 1000, 3000, 500)
    assert [moment.time for moment in telling_moments([line])] == [1.0, 1.5, 2.0]
    several = telling_moments([line] * 20)
    assert len(several) == 8


def test_source_result_and_mouth_below_each_other(
    portrait_clip: Path, spoken_line: Path, tmp_path: Path
) -> None:
    result = lipwright.sync(portrait_clip, spoken_line, tmp_path / "out.mp4")
    path = lipwright.contact_sheet(portrait_clip, result, tmp_path / "sheet.png")
    sheet = cv2.imread(str(path))
    assert sheet is not None
    columns = (sheet.shape[1] - 66) // 238
    assert 4 <= columns <= 8
    # The head of a column: 44 pixels, then 230 of the source, 8 of paper, 230 of the result.
    apart = []
    for column in range(columns):
        x = 66 + 238 * column
        source = sheet[44:274, x : x + 230].astype(float)
        shown = sheet[282:512, x : x + 230].astype(float)
        upper, mouth = slice(0, 90), slice(110, 200)
        assert np.abs(source[upper] - shown[upper]).mean() < 4
        apart.append(np.abs(source[mouth, 60:170] - shown[mouth, 60:170]).mean())
        assert sheet[520:690, x : x + 230].std() > 10
    assert max(apart) > 6


def test_a_bad_name_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(lipwright.BadInputError, match="must end in"):
        lipwright.contact_sheet("none.mp4", None, tmp_path / "a.bmp")  # type: ignore[arg-type]
