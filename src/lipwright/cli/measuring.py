"""What the commands that measure have in common: eval and bench."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

NumbersTo = Annotated[
    Path | None, typer.Option("--json", metavar="FILE.json", help="Write all numbers.")
]


def check_folders(*files: Path | None) -> None:
    """Say that a result cannot be written before minutes of work."""
    for path in files:
        if path is not None and not path.absolute().parent.is_dir():
            raise typer.BadParameter(f"there is no folder {path.parent}")


@contextmanager
def work_folder(keep: Path | None) -> Iterator[Path]:
    """Give the folder to keep things in, or one that is gone after the block."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="lipwright-measured-") as folder:
        yield Path(folder)
