"""Run cases: make the outputs, look at them, measure them and their baselines alike."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from lipwright.dubbing.types import Line
from lipwright.errors import LipwrightError
from lipwright.evaluation.cases import Case, Kind
from lipwright.evaluation.catalogue import ROWS
from lipwright.evaluation.container import ContainerCheck, check_container
from lipwright.evaluation.curves import Curves, curves_of
from lipwright.evaluation.cut import Ticker
from lipwright.evaluation.measure import (
    Numbers,
    Question,
    against_curve,
    measure,
    median_of,
    mouth_numbers,
    other_words,
    own_offset,
)
from lipwright.evaluation.sound import silence, write_wave
from lipwright.evaluation.stage import Performance, Stage, mono
from lipwright.evaluation.stillness import silent_frames
from lipwright.evaluation.watch import Picture, Seen


@dataclass(frozen=True, eq=False)
class CaseResult:
    """One measured case.

    Attributes
    ----------
    case
        What was asked.
    rows
        Numbers by row (`lipwright.evaluation.catalogue.ROWS`), then by metric.
    offset_ms
        The clip's own offset that was used, and whether it was given or measured.
    container
        Of the output.
    curves, source_pictures, output_pictures
        For the report.
    """

    case: Case
    rows: dict[str, Numbers]
    offset_ms: float
    offset_given: bool
    container: ContainerCheck
    curves: Curves
    source_pictures: tuple[Picture | None, ...] = ()
    output_pictures: tuple[Picture | None, ...] = ()


@dataclass
class Runner:
    """Runs cases one after another; a clip that comes again is found and followed only once.

    Attributes
    ----------
    folder
        For outputs and intermediate files.
    quick
        Leave out the frozen lips, which cost a rendering of their own.
    pictures
        Keep pictures for a report.
    tick
        Told how far the work is.
    """

    folder: Path
    quick: bool = False
    pictures: bool = False
    tick: Ticker = lambda what, frame: None
    _stages: dict[tuple[object, ...], Stage] = field(default_factory=dict)
    _frozen: dict[tuple[object, ...], tuple[Seen, Performance]] = field(default_factory=dict)
    _own: dict[tuple[object, ...], Numbers] = field(default_factory=dict)

    def run(
        self,
        cases: Sequence[Case],
        told: Callable[[CaseResult], None] = lambda result: None,
        failed: Callable[[Case, LipwrightError], None] | None = None,
    ) -> list[CaseResult]:
        """Measure cases.

        Parameters
        ----------
        cases
            In any order; those of one clip are best kept together.
        told
            Given each result as it comes.
        failed
            Given what cannot be measured, and then the rest goes on; by default it ends the run.

        Raises
        ------
        BadInputError, FailedError
            A case cannot be measured, and nobody was named to be told.
        """
        return list(self._results(cases, told, failed))

    def _results(
        self,
        cases: Sequence[Case],
        told: Callable[[CaseResult], None],
        failed: Callable[[Case, LipwrightError], None] | None,
    ) -> Iterator[CaseResult]:
        for number, case in enumerate(cases):
            try:
                with _settings(case.settings):
                    result = self._run(case, f"{number:03d}-{case.kind}-{_plain(case.name)}")
            except LipwrightError as error:
                if failed is None:
                    raise
                failed(case, error)
                continue
            told(result)
            yield result
            if not any(_place(case) == _place(other) for other in cases[number + 1 :]):
                self._leave(case)

    def _run(self, case: Case, name: str) -> CaseResult:
        stage = self.stage(case)
        line = stage.line(self.speech(case, stage), case.speech_start_ms, case.transcript)
        return self.measure(case, stage, line, stage.perform(line, name, case.engine))

    def measure(self, case: Case, stage: Stage, line: Line, done: Performance) -> CaseResult:
        """Look at an output and measure it and its baselines."""
        seen = stage.watch(done.path)
        question, given = self._question(case, stage, line, done)
        rows = {"output": measure(seen, question) | _change_numbers(done)}
        rows |= self._baselines(case, stage, line, question)
        return CaseResult(
            case,
            {row: rows[row] for row in ROWS if row in rows},
            question.offset_ms,
            given,
            check_container(done.path, stage.source, done.sound),
            curves_of(seen, question, done.sound),
            stage.seen.pictures,
            seen.pictures,
        )

    def stage(self, case: Case) -> Stage:
        """The clip of a case, made ready once."""
        key = _place(case)
        if key not in self._stages:
            self._stages[key] = Stage(
                case.clip,
                self.folder,
                start_ms=case.start_ms,
                end_ms=case.end_ms,
                face=case.face,
                pictures=self.pictures,
                tick=self.tick,
            )
        return self._stages[key]

    def _leave(self, case: Case) -> None:
        """Forget a clip that does not come again: its pictures weigh."""
        key = _place(case)
        self._stages.pop(key, None)
        for known in [k for k in self._frozen if k[: len(key)] == key]:
            del self._frozen[known]

    def speech(self, case: Case, stage: Stage) -> Path:
        """The sound of a case as a file."""
        if case.kind is Kind.REVOICE:
            return stage.own_speech()
        if case.kind is Kind.SPEECH:
            return Path(case.speech)
        path = self.folder / f"{_plain(case.speech)}-{stage.info.duration_ms}.wav"
        if not path.exists():
            write_wave(path, silence(case.speech, stage.info.duration_ms))
        return path

    def _question(
        self, case: Case, stage: Stage, line: Line, done: Performance
    ) -> tuple[Question, bool]:
        source = stage.seen
        question = Question(
            source,
            source if case.kind is Kind.REVOICE else None,
            done.wanted,
            done.weight,
            silent_frames(mono(line), source.times),
        )
        given = case.offset_ms is not None
        if case.kind is not Kind.REVOICE:
            return question, given
        offset = case.offset_ms
        if offset is None:
            offset = own_offset(source, done.wanted, question.asked)
        return replace(question, offset_ms=offset), given

    def _baselines(
        self, case: Case, stage: Stage, line: Line, question: Question
    ) -> dict[str, Numbers]:
        rows: dict[str, Numbers] = {}
        source = stage.seen
        if case.kind is not Kind.SILENCE:
            rows["wanted"] = mouth_numbers(question.wanted.astype(np.float64), question)
        if case.kind is Kind.REVOICE:
            rows["real"] = measure(source, replace(question, offset_ms=0.0))
            rows["nothing"] = median_of([measure(o, question) for o in other_words(source)])
        else:
            if case.kind is Kind.SPEECH and (own := self._own_curve(case, stage)):
                rows["real"] = own
            rows["nothing"] = measure(source, question)
        if not self.quick:
            seen, performance = self._frozen_lips(case, stage, line)
            rows["frozen"] = measure(seen, question) | _change_numbers(performance)
        return rows

    def _frozen_lips(self, case: Case, stage: Stage, line: Line) -> tuple[Seen, Performance]:
        length = line.speech_end_ms - line.speech_start_ms
        key = (*_place(case), case.engine, length, *case.settings.items())
        if key not in self._frozen:
            name = f"frozen-{len(self._frozen):03d}-{_plain(case.clip.stem)}"
            done = stage.perform(line, name, case.engine, frozen=True)
            self._frozen[key] = stage.watch(done.path), done
        return self._frozen[key]

    def _own_curve(self, case: Case, stage: Stage) -> Numbers:
        """The clip's own mouth against the curve of the clip's own sound, if it speaks."""
        if stage.own_sound is None or float(np.abs(stage.own_sound).max(initial=0.0)) < 1e-3:
            return {}
        key = (*_place(case), *case.settings.items())
        if key not in self._own:
            wanted, weight = stage.wanted(stage.line(stage.own_speech()))
            there = (weight > 0.99) & stage.seen.there
            curve = np.where(there, wanted[:, 0], np.nan).astype(np.float64)
            spoken = float(np.nanmax(curve, initial=0.0)) > 0.0
            self._own[key] = (
                against_curve(stage.seen.opening, curve, stage.seen.step) if spoken else {}
            )
        return self._own[key]


def _change_numbers(done: Performance) -> Numbers:
    changes = done.changes
    return {} if changes is None else {"seam": changes.seam, "outside": float(changes.outside)}


def _place(case: Case) -> tuple[object, ...]:
    """What makes two cases share a stage."""
    return (case.clip, case.start_ms, case.end_ms, case.face)


@contextmanager
def _settings(settings: Mapping[str, str]) -> Iterator[None]:
    """Give the core some settings for a while."""
    names = {f"LIPWRIGHT_{name.upper()}": value for name, value in settings.items()}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in name)
