"""``-`` for a file: standard input is kept in a temporary one, a result goes to standard output."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

STANDARD = "-"


def existing_file(path: Path | None) -> Path | None:
    """Refuse what is not there, as typer does, but let ``-`` pass, which typer does not."""
    if path is None or str(path) == STANDARD:
        return path
    if not path.exists():
        raise typer.BadParameter(f"file '{path}' does not exist.")
    if path.is_dir():
        raise typer.BadParameter(f"file '{path}' is a directory.")
    return path


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder that is gone after the block."""
    with tempfile.TemporaryDirectory(prefix="lipwright-") as folder:
        yield Path(folder)


def kept_input(path: Path, folder: Path) -> Path:
    """The file itself, or, for ``-``, a file that holds what standard input says.

    Videos and sounds are read more than once and by seeking, which pipes cannot.
    """
    if str(path) != STANDARD:
        return path
    kept = folder / "standard-input"
    with kept.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    return kept


def check_pipes(inputs: list[Path], output: Path | None, as_json: bool) -> None:
    """Refuse what one standard input or output cannot do.

    Raises
    ------
    typer.BadParameter
        Two inputs from it, two outputs to it, or a video to a terminal.
    """
    if sum(str(path) == STANDARD for path in inputs) > 1:
        raise typer.BadParameter("only one input can be - (standard input)")
    if output is None or str(output) != STANDARD:
        return
    if as_json:
        raise typer.BadParameter(
            "the video and the JSON cannot both go to standard output", param_hint="'--json'"
        )
    if sys.stdout.isatty():
        raise typer.BadParameter(
            "a terminal cannot show an mp4; pipe it on or name a file", param_hint="'--output'"
        )


def pour_out(path: Path) -> None:
    """Copy a finished file to standard output."""
    with path.open("rb") as file:
        shutil.copyfileobj(file, sys.stdout.buffer)
    sys.stdout.buffer.flush()
