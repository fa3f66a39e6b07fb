"""A clip of somebody who talks, made by our own engine so that what the mouth does is known."""

from __future__ import annotations

from pathlib import Path

import pytest

import lipwright
from lipwright.evaluation.cases import Case, Kind
from lipwright.evaluation.run import CaseResult, Runner


@pytest.fixture(scope="session")
def talker(
    portrait_clip: Path, spoken_line: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Two seconds of a face that says the demo's line, with the sound."""
    path = tmp_path_factory.mktemp("talker") / "talker.mp4"
    lipwright.sync(portrait_clip, spoken_line, path, speech_end_ms=2000)
    return path


@pytest.fixture(scope="session")
def results(
    talker: Path, spoken_line: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, CaseResult]:
    """One case of each kind on that clip, with all baselines."""
    folder = tmp_path_factory.mktemp("evaluation")
    cases = [
        Case(Kind.REVOICE, talker),
        Case(Kind.SPEECH, talker, str(spoken_line), speech_start_ms=1200),
        Case(Kind.SILENCE, talker, "digital"),
    ]
    return {result.case.kind: result for result in Runner(folder, pictures=True).run(cases)}
