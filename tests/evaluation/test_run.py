from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from lipwright.errors import BadInputError, LipwrightError
from lipwright.evaluation.cases import Case, Kind
from lipwright.evaluation.run import CaseResult, Runner

Results = dict[str, CaseResult]


def test_every_case_has_its_baselines(results: Results) -> None:
    assert list(results) == ["revoice", "speech", "silence"]
    assert list(results["revoice"].rows) == ["output", "wanted", "real", "nothing", "frozen"]
    assert list(results["speech"].rows) == ["output", "wanted", "real", "nothing", "frozen"]
    assert list(results["silence"].rows) == ["output", "nothing", "frozen"]


def test_the_real_clip_is_perfect(results: Results) -> None:
    real = results["revoice"].rows["real"]
    for key in ("opening_r", "width_r", "articulation", "contrast", "sharpness", "flicker"):
        assert real[key] == pytest.approx(1.0), key
    assert real["m_lmd"] == pytest.approx(0.0)
    assert real["lag_ms"] == pytest.approx(0.0, abs=1e-6)


def test_an_output_that_says_the_clips_own_words_is_near_it(results: Results) -> None:
    # The clip was made by the same engine from the same sound.
    rows = results["revoice"].rows
    assert rows["output"]["opening_r"] > 0.9
    assert abs(rows["output"]["lag_ms"]) < 20.0
    assert 0.7 < rows["output"]["articulation"] < 1.4
    assert rows["output"]["follow_r"] > 0.9
    assert rows["output"]["m_lmd"] < rows["nothing"]["m_lmd"]


def test_frozen_lips_do_nothing(results: Results) -> None:
    frozen = results["revoice"].rows["frozen"]
    assert frozen["articulation"] < 0.2
    assert abs(frozen["contrast"]) < 0.2
    assert results["silence"].rows["frozen"]["silence_motion"] == 0.0


def test_a_mouth_that_goes_on_in_silence_is_seen(results: Results) -> None:
    rows = results["silence"].rows
    assert rows["output"]["silence_motion"] < 0.05
    assert rows["nothing"]["silence_motion"] > 0.3


def test_another_sound_is_followed(results: Results) -> None:
    rows = results["speech"].rows
    assert rows["output"]["follow_r"] > 0.9
    assert rows["nothing"]["follow_r"] < 0.6
    assert rows["real"]["follow_r"] > 0.9
    assert "opening_r" not in rows["output"]


def test_nothing_changes_outside_the_face_and_the_files_are_right(results: Results) -> None:
    for result in results.values():
        assert result.rows["output"]["outside"] == 0.0
        assert result.rows["output"]["seam"] == pytest.approx(1.0, abs=0.25)
        assert result.container.holds, result.container


def test_the_curves_are_there_to_be_drawn(results: Results) -> None:
    curves = results["revoice"].curves
    assert len(curves.times) == len(curves.wanted) == len(curves.rendered) == 50
    assert curves.true is not None
    assert np.nanmax(curves.wanted) > 0.05
    assert len(curves.loudness) == 100
    assert all(
        p is not None and p.jpeg[:2] == b"\xff\xd8" for p in results["revoice"].output_pictures
    )
    assert results["speech"].curves.true is None


def test_a_part_of_a_clip_is_cut_out(talker: Path, tmp_path: Path) -> None:
    told: list[CaseResult] = []
    case = Case(Kind.SILENCE, talker, "room tone", start_ms=400, end_ms=1200)
    [result] = Runner(tmp_path, quick=True).run([case], told.append)
    assert told == [result]
    assert result.container.frames == 20
    assert result.container.holds
    assert list(result.rows) == ["output", "nothing"]


def test_a_case_has_settings_of_its_own(talker: Path, tmp_path: Path) -> None:
    settings = {"mouth_weights": "none", "neural_device": "cpu"}
    case = Case(Kind.REVOICE, talker, end_ms=600, settings=settings)
    before = {name: os.environ.get(f"LIPWRIGHT_{name.upper()}") for name in settings}
    with pytest.raises(BadInputError, match="must be one of"):
        Runner(tmp_path, quick=True).run([case])
    assert before == {name: os.environ.get(f"LIPWRIGHT_{name.upper()}") for name in settings}


def test_what_cannot_be_measured_is_told_and_the_rest_goes_on(
    faceless_clip: Path, portrait_clip: Path, tmp_path: Path
) -> None:
    failures: list[tuple[Path, str]] = []

    def failed(case: Case, error: LipwrightError) -> None:
        failures.append((case.clip, str(error)))

    cases = [Case(Kind.SILENCE, faceless_clip, "digital"), Case(Kind.REVOICE, portrait_clip)]
    assert Runner(tmp_path).run(cases, failed=failed) == []
    assert [clip for clip, _ in failures] == [faceless_clip, portrait_clip]
    assert "no face" in failures[0][1]
    assert "no sound of its own" in failures[1][1]
    with pytest.raises(BadInputError):
        Runner(tmp_path).run(cases)
