"""Show a picture to whoever sits in front of the machine, if anybody does."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import typer

from lipwright.cli.output import warn


def has_display() -> bool:
    """Whether somebody looks at this terminal and a picture can be shown there."""
    if not sys.stderr.isatty() or os.environ.get("SSH_CONNECTION"):
        return False
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def show(picture: Path) -> None:
    """Open a picture where there is a display; say where it lies in any case."""
    warn(f"preview: {picture}")
    if has_display():
        typer.launch(str(picture))
