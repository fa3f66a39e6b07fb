"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

MouthWeights = Annotated[
    str | None,
    typer.Option(
        "--mouth-weights",
        metavar="NAME",
        help="best, or clean: made only from material that may be used commercially.",
        show_default="LIPWRIGHT_MOUTH_WEIGHTS, else best",
    ),
]
