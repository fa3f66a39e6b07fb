"""``lipwright watch``: a folder in which videos and sounds of one name become results."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lipwright.cli.batch import EngineName, OriginalVolume, OutDir, SpeechVolume, chosen_options
from lipwright.cli.output import warn
from lipwright.cli.weights import have_weights

if TYPE_CHECKING:
    from lipwright.cli.batch_jobs import Job
    from lipwright.cli.batch_run import Runner
    from lipwright.cli.batch_states import States

_POLL_S = 0.5

Stamp = tuple[object, ...]
"""What a pair's files are like: equal as long as nothing has changed."""


def watch(
    folder: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", exists=True, file_okay=False, help="What is watched."),
    ],
    output_dir: OutDir = None,
    settle: Annotated[
        float,
        typer.Option(
            "--settle", metavar="S", min=0.0, help="Seconds for which files must not grow."
        ),
    ] = 2.0,
    engine: EngineName = None,
    speech_volume: SpeechVolume = None,
    original_volume: OriginalVolume = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Say a line of JSON for each job.")
    ] = False,
) -> None:
    """Watch a folder and make every video in it say the sound of the same name.

    take.mp4 and take.wav become take-synced.mp4; take.txt, if there is one, is the transcript.
    What goes wrong is written into take-error.txt and tried again when one of the files changes.
    Ctrl-C ends it and leaves no half-made file behind.
    """
    from lipwright.cli.batch_run import Runner
    from lipwright.cli.batch_states import States, state_file

    have_weights()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    states = States(state_file(folder))
    options = chosen_options(engine, speech_volume, original_volume)
    watcher = Watcher(folder, output_dir, settle, options, states)
    runner = Runner(states, as_json=as_json)
    warn(f"watching {folder}; Ctrl-C ends it")
    while True:
        for job in watcher.ready(time.monotonic()):
            _do(job, runner, output_dir or folder)
        time.sleep(_POLL_S)


class Watcher:
    """Knows which pairs of files are new and have stopped growing.

    Parameters
    ----------
    folder
        Where they appear.
    out
        Where results go; by default the same folder.
    settle
        Seconds for which they must not have changed.
    options
        Further arguments of `lipwright.sync`.
    states
        What was done or failed before; that is not tried again.
    """

    def __init__(
        self,
        folder: Path,
        out: Path | None,
        settle: float,
        options: dict[str, Any],
        states: States,
    ) -> None:
        self._folder, self._out, self._settle = folder, out, settle
        self._options, self._states = options, states
        self._seen: dict[str, tuple[Stamp, float]] = {}
        self._handed_out: dict[str, Stamp] = {}
        self._there = True

    def ready(self, now: float) -> list[Job]:
        """Look into the folder; ``now`` is any clock's time in seconds."""
        from dataclasses import replace

        from lipwright.cli.batch_jobs import pairs_in

        try:
            pairs = pairs_in(self._folder, self._out)
        except OSError as error:
            # Network drives come back; say it once and go on looking.
            if self._there:
                warn(f"{self._folder} cannot be read: {error.strerror}")
            self._there = False
            return []
        self._there = True
        ready = []
        for job in pairs:
            job = replace(job, options=self._options | job.options)
            stamp = _stamp(job)
            before = self._seen.get(job.name)
            if stamp is None or before is None or before[0] != stamp:
                self._seen[job.name] = (stamp or (), now)
                continue
            if now - before[1] < self._settle or self._handed_out.get(job.name) == stamp:
                continue
            self._handed_out[job.name] = stamp
            if not self._states.is_done(job) and not self._states.has_failed(job):
                ready.append(job)
        return ready


def _stamp(job: Job) -> Stamp | None:
    try:
        stats = [path.stat() for path in job.inputs]
    except OSError:
        return None
    if not all(stat.st_size for stat in stats):
        return None
    sizes = tuple((stat.st_size, stat.st_mtime_ns) for stat in stats)
    return (*sizes, job.options.get("transcript"))


def _do(job: Job, runner: Runner, notes: Path) -> None:
    note = notes / f"{job.name}-error.txt"
    _, why = runner.run(job)
    try:
        if why:
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text(f"{why}\n", encoding="utf-8")
        else:
            note.unlink(missing_ok=True)
    except OSError as error:
        warn(f"{note} cannot be written: {error.strerror}")
