"""The jobs of a batch: rows of a CSV file, or pairs of files in a folder."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from lipwright.errors import BadInputError

VIDEOS: Final = (".mp4", ".mov", ".m4v")
SOUNDS: Final = (".wav", ".mp3", ".m4a", ".aac")
DONE_ENDING: Final = "-synced"

_FILES: Final = ("video", "speech")
_WHOLE: Final = ("at_ms", "speech_start_ms", "speech_end_ms")
_FACTORS: Final = ("speech_volume", "original_volume")
_WORDS: Final = ("face", "engine", "transcript")
COLUMNS: Final = (*_FILES, "output", *_WHOLE, *_FACTORS, *_WORDS)


@dataclass(frozen=True)
class Job:
    """One video to be made.

    Attributes
    ----------
    name
        What it is called in messages.
    video, speech, output
        Files.
    options
        Further arguments of `lipwright.sync`, by name.
    problem
        Why it cannot even be tried; empty if it can.
    """

    name: str
    video: Path
    speech: Path
    output: Path
    options: dict[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def inputs(self) -> tuple[Path, Path]:
        """What it reads."""
        return self.video, self.speech


def read_jobs(path: Path, out: Path | None, defaults: dict[str, Any]) -> list[Job]:
    """List the jobs of a CSV file or a folder.

    Parameters
    ----------
    path
        The file or the folder.
    out
        Folder for results that name none; by default they lie beside their videos.
    defaults
        Options of every job that does not say otherwise.

    Raises
    ------
    BadInputError
        Field ``jobs``: it is no list of jobs. A single bad row is a `Job` with a ``problem``.
    """
    jobs = pairs_in(path, out) if path.is_dir() else _rows_of(path, out)
    jobs = [replace(job, options=defaults | job.options) for job in jobs]
    return list(_told_apart(jobs))


def pairs_in(folder: Path, out: Path | None = None) -> list[Job]:
    """Pair videos with the sounds of the same name, and with a transcript in ``.txt`` if any."""
    by_stem: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in (*VIDEOS, *SOUNDS) and not path.name.startswith("."):
            by_stem[path.stem].append(path)
    jobs = []
    for stem, files in sorted(by_stem.items()):
        videos = [path for path in files if path.suffix.lower() in VIDEOS]
        sounds = [path for path in files if path.suffix.lower() in SOUNDS]
        if stem.endswith(DONE_ENDING) or not videos or not sounds:
            continue
        problem = ""
        if len(videos) > 1 or len(sounds) > 1:
            problem = f"more than one file could be meant: {', '.join(f.name for f in files)}"
        options: dict[str, Any] = {}
        words = folder / f"{stem}.txt"
        if words.is_file():
            options["transcript"] = words.read_text(encoding="utf-8", errors="replace")
        output = (out or folder) / f"{stem}{DONE_ENDING}.mp4"
        jobs.append(Job(stem, videos[0], sounds[0], output, options, problem))
    return jobs


def _rows_of(path: Path, out: Path | None) -> list[Job]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _no_list(f"{path} cannot be read: {error}") from error
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.DictReader(text.splitlines(), delimiter=delimiter, skipinitialspace=True)
    names = [name.strip().lower() for name in reader.fieldnames or ()]
    reader.fieldnames = names
    if unknown := [name for name in names if name not in COLUMNS]:
        raise _no_list(f"unknown column {unknown[0]!r}; there are {', '.join(COLUMNS)}")
    if missing := [name for name in _FILES if name not in names]:
        raise _no_list(f"there is no column {missing[0]!r}")
    jobs = []
    for row in reader:
        extra = row.pop(None, None)
        cells = {name: (cell or "").strip() for name, cell in row.items() if name}
        if any(cells.values()):
            jobs.append(_job(cells, f"line {reader.line_num}", path.parent, out, bool(extra)))
    return jobs


def _job(cells: dict[str, str], name: str, home: Path, out: Path | None, extra: bool) -> Job:
    problem = "it has more cells than there are columns" if extra else ""
    for column in _FILES:
        if not cells[column]:
            problem = problem or f"{column} is empty"
    video, speech = home / cells["video"], home / cells["speech"]
    output = (out or video.parent) / f"{video.stem}{DONE_ENDING}.mp4"
    if cells.get("output"):
        output = (out or home) / cells["output"]
    options: dict[str, Any] = {}
    try:
        options |= {name: int(cells[name]) for name in _WHOLE if cells.get(name)}
        options |= {name: float(cells[name]) for name in _FACTORS if cells.get(name)}
        options |= {name: cells[name] for name in _WORDS if cells.get(name)}
        if options.get("transcript", "").startswith("@"):
            file = home / options["transcript"][1:]
            options["transcript"] = file.read_text(encoding="utf-8", errors="replace")
    except (ValueError, OSError) as error:
        problem = problem or str(error)
    return Job(name, video, speech, output, options, problem)


def _told_apart(jobs: Iterable[Job]) -> Iterable[Job]:
    """Refuse to write one file twice, or over what a job reads."""
    read = {path.absolute() for job in jobs for path in job.inputs}
    written: dict[Path, str] = {}
    for job in jobs:
        output = job.output.absolute()
        problem = job.problem
        if output in written:
            problem = problem or f"its result {job.output.name} is that of {written[output]}, too"
        elif output in read:
            problem = problem or f"its result {job.output.name} would overwrite an input"
        written.setdefault(output, job.name)
        yield replace(job, problem=problem)


def _no_list(detail: str) -> BadInputError:
    return BadInputError("jobs", "bad_list", detail)
