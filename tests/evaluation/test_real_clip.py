"""The order of the baselines on a real person, whose mouth no engine of ours has touched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lipwright.evaluation.measure import Question, measure, median_of, other_words, own_offset
from lipwright.evaluation.stage import Stage, mono
from lipwright.evaluation.stillness import silent_frames

CLIP = Path(__file__).parents[3] / "shared" / "media" / "talking" / "grid_sbia1a.mpg"

pytestmark = pytest.mark.skipif(not CLIP.is_file(), reason="the private media are not here")


def test_the_real_mouth_comes_first_and_is_in_step(tmp_path: Path) -> None:
    stage = Stage(CLIP, tmp_path)
    line = stage.line(stage.own_speech())
    wanted, weight = stage.wanted(line)
    silent = silent_frames(mono(line), stage.seen.times)
    question = Question(stage.seen, stage.seen, wanted, weight, silent)
    real = measure(stage.seen, question)
    nothing = median_of([measure(other, question) for other in other_words(stage.seen)])
    assert real["opening_r"] == pytest.approx(1.0)
    assert nothing["opening_r"] < 0.4
    assert real["closure_rate"] == 1.0
    assert nothing["closure_rate"] < 0.9
    assert nothing["m_lmd"] > 2.0
    assert real["follow_r"] > nothing["follow_r"] + 0.3
    assert silent.any()
    # GRID's picture and sound are in step to the sample.
    assert abs(own_offset(stage.seen, wanted, question.asked)) < 40.0
    assert np.isfinite(stage.seen.opening).all()
