"""Measure a file that is already there, whoever made it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lipwright.evaluation.cases import Case, Kind
from lipwright.evaluation.cut import Ticker
from lipwright.evaluation.run import CaseResult, Runner
from lipwright.evaluation.stage import mono
from lipwright.evaluation.stillness import silent_frames


def measure_finished(
    clip: Path,
    output: Path,
    speech: Path | None,
    folder: Path,
    *,
    pictures: bool = False,
    tick: Ticker = lambda what, frame: None,
) -> CaseResult:
    """Measure one output beside its clip.

    Parameters
    ----------
    clip
        The video as it was.
    output
        The video as it is now, frame for frame.
    speech
        What it says from its beginning; ``None`` for the clip's own sound.
    folder
        For intermediate files.
    pictures
        Keep pictures for a report.
    tick
        Told how far the work is.

    Returns
    -------
    As for a case, without what only the engine itself can tell (seam, change outside) and without
    the frozen lips, which would be another engine's.

    Raises
    ------
    BadInputError
        A file cannot be used.
    """
    runner = Runner(folder, quick=True, pictures=pictures, tick=tick)
    kind = Kind.REVOICE if speech is None else Kind.SPEECH
    case = Case(kind, clip, "" if speech is None else str(speech))
    stage = runner.stage(case)
    line = stage.line(runner.speech(case, stage))
    if kind is Kind.SPEECH and silent_frames(mono(line), stage.seen.times).all():
        case = replace(case, kind=Kind.SILENCE, speech=speech.stem if speech else "")
    return runner.measure(case, stage, line, stage.given(output, line))
