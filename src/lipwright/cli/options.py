"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lipwright.cli.pipes import existing_file

AsJson = Annotated[bool, typer.Option("--json", help="Say it as JSON.")]

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="FOLDER",
        help="Where database and files are.",
        show_default="LIPWRIGHT_DATA_DIR",
    ),
]

Video = Annotated[
    Path,
    typer.Argument(
        metavar="VIDEO",
        callback=existing_file,
        help="The video, mp4 or mov; - is standard input.",
    ),
]

PreviewTo = Annotated[
    Path | None,
    typer.Option(
        "--preview-to",
        metavar="PICTURE",
        help="Draw that picture there, .png or .jpg, and do not open it.",
        show_default=False,
    ),
]

NoCache = Annotated[
    bool,
    typer.Option(
        "--no-cache",
        help="Neither use nor keep what is learned of the video; else the next time is faster.",
    ),
]

MouthWeights = Annotated[
    str | None,
    typer.Option(
        "--mouth-weights",
        metavar="NAME",
        help="best, or clean: made only from material that may be used commercially.",
        show_default="LIPWRIGHT_MOUTH_WEIGHTS, else best",
    ),
]
