"""``lipwright batch``: many videos, one after the other, and where it stopped the next time."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lipwright.cli.output import warn
from lipwright.cli.weights import have_weights

OutDir = Annotated[
    Path | None,
    typer.Option(
        "--output-dir",
        metavar="FOLDER",
        help="Where results go.",
        show_default="beside each video",
    ),
]
EngineName = Annotated[
    str | None,
    typer.Option("--engine", metavar="NAME", help="What renders the mouth.", show_default="mesh"),
]
SpeechVolume = Annotated[
    float | None,
    typer.Option("--speech-volume", metavar="X", help="0 to 2.", show_default="1.0"),
]
OriginalVolume = Annotated[
    float | None,
    typer.Option(
        "--original-volume",
        metavar="X",
        help="The videos' own sound, 0 to 2.",
        show_default="1.0",
    ),
]


def batch(
    jobs: Annotated[
        Path,
        typer.Argument(
            metavar="JOBS.csv|FOLDER",
            exists=True,
            help="A table with a row for each job, or a folder of videos and sounds of the same "
            "names.",
        ),
    ],
    output_dir: OutDir = None,
    engine: EngineName = None,
    speech_volume: SpeechVolume = None,
    original_volume: OriginalVolume = None,
    again: Annotated[
        bool, typer.Option("--again", help="Do what is done already once more.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Say a line of JSON for each job.")
    ] = False,
) -> None:
    """Make many videos; what is done and unchanged is skipped the next time.

    The table's columns are video and speech, and if wanted output, face, at_ms, speech_start_ms,
    speech_end_ms, speech_volume, original_volume, transcript and engine. A bad row does not stop
    the others. The exit code is 0 if every job is done, 1 if any failed, and 2 if the table
    itself is no good.
    """
    from lipwright.cli.batch_jobs import read_jobs
    from lipwright.cli.batch_run import Runner, count_states
    from lipwright.cli.batch_states import FAILED, States, state_file

    defaults = chosen_options(engine, speech_volume, original_volume)
    listed = read_jobs(jobs, output_dir, defaults)
    if not listed:
        warn("there is nothing to do")
        return
    path = state_file(jobs)
    if again:
        path.unlink(missing_ok=True)
    have_weights()
    runner = Runner(States(path), as_json=as_json)
    ended = [
        runner.run(job, f"{number}/{len(listed)}")[0] for number, job in enumerate(listed, start=1)
    ]
    warn(count_states(ended))
    if FAILED in ended:
        raise typer.Exit(1)


def chosen_options(
    engine: str | None, speech_volume: float | None, original_volume: float | None
) -> dict[str, Any]:
    """Arguments of `lipwright.sync` for the options that were given."""
    given = {
        "engine": engine,
        "speech_volume": speech_volume,
        "original_volume": original_volume,
    }
    return {name: value for name, value in given.items() if value is not None}
