"""What the nodes need of their host beside types: progress bar, Cancel, temporary files."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import comfy.model_management
import comfy.utils
import folder_paths

_STEPS = 1000


def progress_bar() -> Callable[[Any], None]:
    """Return what lipwright tells its progress; the user's Cancel comes out of it as an error."""
    bar = comfy.utils.ProgressBar(_STEPS)

    def told(progress: Any) -> None:
        comfy.model_management.throw_exception_if_processing_interrupted()
        bar.update_absolute(round(_STEPS * progress.fraction))

    return told


@contextmanager
def temporary(suffix: str, *, keep: bool = False) -> Iterator[Path]:
    """Give the path of a file that is removed afterwards, or when ComfyUI next starts."""
    folder = Path(folder_paths.get_temp_directory())
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"lipwright-{secrets.token_hex(8)}{suffix}"
    try:
        yield path
    finally:
        if not keep:
            path.unlink(missing_ok=True)
