"""``lipwright eval``: measure finished files against real mouths and against cheap ways out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lipwright.cli.measuring import NumbersTo, check_folders, work_folder
from lipwright.cli.output import warn
from lipwright.cli.quiet import native_chatter_hidden
from lipwright.cli.weights import have_weights

if TYPE_CHECKING:
    from lipwright.errors import LipwrightError
    from lipwright.evaluation.cases import Case
    from lipwright.evaluation.cut import Ticker
    from lipwright.evaluation.run import CaseResult


def evaluate(
    clip: Annotated[
        Path | None,
        typer.Argument(
            metavar="CLIP", exists=True, dir_okay=False, help="The video that was lip-synced."
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Argument(metavar="OUTPUT", exists=True, dir_okay=False, help="What came of it."),
    ] = None,
    speech: Annotated[
        Path | None,
        typer.Option(
            "--speech",
            metavar="AUDIO",
            exists=True,
            dir_okay=False,
            help="What OUTPUT says from its beginning.",
            show_default="CLIP's own sound",
        ),
    ] = None,
    cases: Annotated[
        str | None,
        typer.Option(
            "--cases",
            metavar="FILE.toml|development",
            help="Render and measure a set of cases instead.",
            show_default=False,
        ),
    ] = None,
    media: Annotated[
        Path | None,
        typer.Option(
            "--media",
            metavar="FOLDER",
            exists=True,
            file_okay=False,
            help="Where the cases' files lie.",
            show_default="beside the cases",
        ),
    ] = None,
    only: Annotated[
        str,
        typer.Option(
            "--only",
            metavar="WORD",
            help="Only cases whose kind or name has this in it.",
            show_default=False,
        ),
    ] = "",
    engine: Annotated[
        str, typer.Option("--engine", metavar="NAME", help="Render all cases with this engine.")
    ] = "",
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out the baseline of frozen lips.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report", metavar="REPORT.html", help="Write a page with plots and film strips."
        ),
    ] = None,
    as_json: NumbersTo = None,
    keep: Annotated[
        Path | None,
        typer.Option("--keep", metavar="FOLDER", file_okay=False, help="Keep the outputs there."),
    ] = None,
) -> None:
    """Measure how good outputs are, beside the real clip and what costs nothing.

    Either one finished OUTPUT beside its CLIP, or a set of cases that are rendered first.

    The report says what each number means.
    """
    if (cases is None) == (clip is None) or (clip is None) != (output is None):
        raise typer.BadParameter("give either CLIP and OUTPUT, or --cases")
    check_folders(report, as_json)
    have_weights()
    from lipwright.evaluation.cases import read_cases
    from lipwright.evaluation.finished import measure_finished
    from lipwright.evaluation.report import write_report
    from lipwright.evaluation.results import write_json
    from lipwright.evaluation.run import Runner
    from lipwright.evaluation.tables import case_table, median_tables

    def told(result: CaseResult) -> None:
        typer.echo(case_table(result))

    def failed(case: Case, error: LipwrightError) -> None:
        warn(f"{case.kind} {case.name} is left out: {error}")

    with native_chatter_hidden(), work_folder(keep) as folder, _shown_ticks() as tick:
        if clip is not None and output is not None:
            results = [
                measure_finished(
                    clip, output, speech, folder, pictures=report is not None, tick=tick
                )
            ]
            told(results[0])
        else:
            chosen = [
                case
                for case in read_cases(cases or "", media, engine=engine)
                if only in f"{case.kind} {case.name}"
            ]
            if not chosen:
                raise typer.BadParameter(f"no case has {only!r} in it", param_hint="'--only'")
            results = Runner(folder, quick, report is not None, tick).run(chosen, told, failed)
    if not results:
        raise typer.Exit(1)
    if len(results) > 1:
        typer.echo(median_tables(results))
    if as_json is not None:
        write_json(results, as_json)
    if report is not None:
        write_report(results, report)
        typer.echo(report)


@contextmanager
def _shown_ticks() -> Iterator[Ticker]:
    """Give something that shows a line of progress on a terminal and nothing elsewhere."""
    import sys

    if not sys.stderr.isatty():
        yield lambda what, frame: None
        return

    def show(what: str, frame: int) -> None:
        if frame % 10 == 0:
            sys.stderr.write(f"\r\x1b[K{what}: frame {frame}")
            sys.stderr.flush()

    try:
        yield show
    finally:
        sys.stderr.write("\r\x1b[K")
