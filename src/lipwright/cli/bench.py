"""``lipwright bench``: what lipwright costs on this machine, beside the plainest work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lipwright.cli.measuring import NumbersTo, check_folders, work_folder
from lipwright.cli.output import warn
from lipwright.cli.weights import have_weights


def bench(
    videos: Annotated[
        Path | None,
        typer.Option(
            "--videos",
            metavar="FOLDER",
            exists=True,
            file_okay=False,
            help="Measure the mp4 and mov files in there.",
            show_default="a video that is made on the spot",
        ),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="SECTION",
            help="ratios, line, stages, length, resolution, faces, lines, startup or engines; may "
            "be given several times.",
            show_default="all",
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Smaller and fewer: a few minutes, and rough.")
    ] = False,
    rounds: Annotated[
        int | None,
        typer.Option(
            "--rounds",
            min=1,
            max=99,
            metavar="N",
            help="How often everything is measured, all in turn.",
            show_default="2 or 3",
        ),
    ] = None,
    threads: Annotated[
        int,
        typer.Option(
            "--threads",
            min=1,
            metavar="N",
            help="Processor cores that the work may use (on Linux), and the neural network's "
            "threads.",
        ),
    ] = 2,
    as_json: NumbersTo = None,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE.md",
            help="Write a page with tables, and its plots into images/ beside it.",
        ),
    ] = None,
    keep: Annotated[
        Path | None,
        typer.Option(
            "--keep",
            metavar="FOLDER",
            file_okay=False,
            help="Keep the videos that are made there, and take them from there the next time.",
        ),
    ] = None,
) -> None:
    """Measure speed and memory on this machine, beside plain decoding and encoding.

    Every job runs in a process of its own and all of them in turn, so that whatever else the
    machine does meets them alike. A ratio is worked out round by round; shown are its median, and
    in brackets its least and greatest.
    """
    check_folders(as_json, report)
    have_weights()
    from lipwright.benchmark.measure import Bench
    from lipwright.benchmark.plan import FULL, QUICK, with_rounds
    from lipwright.benchmark.results import SECTIONS, measure, write_json
    from lipwright.benchmark.tables import section_tables

    unknown = [name for name in only or () if name not in SECTIONS]
    if unknown:
        known = ", ".join(SECTIONS)
        raise typer.BadParameter(f"{unknown[0]} is none of {known}", param_hint="'--only'")
    plan = QUICK if quick else FULL
    if rounds is not None:
        plan = with_rounds(plan, rounds)

    def told(name: str, found: dict[str, Any]) -> None:
        typer.echo(f"\n## {name}\n\n{section_tables(name, found)}")

    with work_folder(keep) as folder:
        result = measure(
            Bench(folder, threads, warn),
            plan,
            only=only or (),
            videos=_films_in(videos),
            told=told,
        )
    if as_json is not None:
        write_json(result, as_json)
    if report is not None:
        from lipwright.benchmark.report import write_report

        write_report(result, report)
        typer.echo(report)
    if not result["sections"]:
        raise typer.Exit(1)


def _films_in(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    films = sorted(p for p in folder.iterdir() if p.suffix.lower() in (".mp4", ".mov"))
    if not films:
        raise typer.BadParameter(f"there is no mp4 or mov file in {folder}")
    return films
