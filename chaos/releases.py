"""Other versions of lipwright, for trying what happens when two work side by side."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
_FIRST_CHANGE = "src/lipwright/store/migrations/versions/v0002_queue.py"
"""The commit before the one that brought this file is the last of the first release."""


def first_release(folder: Path) -> Path | None:
    """Lay out the sources from before the queue was our own; None if history does not reach back.

    Returns
    -------
    Path
        What to put on ``PYTHONPATH``.
    """
    # ``--follow`` is left out on purpose: the file must have been added, not moved.
    found = _git("log", "--diff-filter=A", "--format=%H", "-1", "--", _FIRST_CHANGE)
    commit = found.decode().strip() if found else ""
    packed = _git("archive", f"{commit}^", "src") if commit else None
    if not packed:
        return None
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder / "src"


def next_release(folder: Path) -> Path:
    """Lay out the present sources as those of an application version that is yet to come."""
    target = folder / "src" / "lipwright"
    for path in (REPOSITORY / "src" / "lipwright").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            copy = target / path.relative_to(REPOSITORY / "src" / "lipwright")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    engine = target / "jobs" / "engine.py"
    lines = engine.read_text().splitlines(keepends=True)
    [place] = [n for n, line in enumerate(lines) if line.startswith("APPLICATION_VERSION = ")]
    lines[place] = 'APPLICATION_VERSION = "next"\n'
    engine.write_text("".join(lines))
    return folder / "src"


def _git(*arguments: str) -> bytes | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=REPOSITORY, capture_output=True, timeout=60, check=False
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
