from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lipwright.errors import BadInputError
from lipwright.evaluation.finished import measure_finished
from lipwright.evaluation.sound import write_wave


def test_a_clip_beside_itself_is_perfect_and_tells_no_seam(talker: Path, tmp_path: Path) -> None:
    result = measure_finished(talker, talker, None, tmp_path)
    assert result.case.kind == "revoice"
    output = result.rows["output"]
    assert output["opening_r_raw"] == pytest.approx(1.0)
    assert output["sharpness"] == pytest.approx(1.0)
    assert "seam" not in output
    assert "outside" not in output
    assert list(result.rows) == ["output", "wanted", "real", "nothing"]


def test_a_sound_that_is_silent_makes_it_a_test_of_rest(
    portrait_clip: Path, talker: Path, tmp_path: Path
) -> None:
    silence = tmp_path / "silence.wav"
    write_wave(silence, np.zeros((96_000, 2), np.float32))
    result = measure_finished(portrait_clip, talker, silence, tmp_path)
    assert result.case.kind == "silence"
    assert result.rows["output"]["silence_motion"] > 0.3
    assert not result.container.holds or np.isnan(result.container.sound_off_ms)


def test_another_size_is_refused(talker: Path, faceless_clip: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="512x384"):
        measure_finished(talker, faceless_clip, None, tmp_path)
