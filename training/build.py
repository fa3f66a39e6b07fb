"""Build the mouth network's weights from the clips on, every step in its order.

``python -m training.build best DATA --media MEDIA`` or ``… clean …`` takes about 45 minutes on two
cores; ``--dry-run`` only says what it would do, ``--from N`` goes on at step N of an earlier run.
"""

from __future__ import annotations

import argparse
import shlex
import subprocess
import sys
from pathlib import Path

from training.targets import CACHE, SHIFTS
from training.train import WEIGHTS

CLEAN_WEIGHTS = WEIGHTS.with_name("mouth_network_clean.npz")

Step = tuple[str, ...]
"""A module of this folder and its arguments."""


def steps_of(name: str, data: Path, media: Path) -> list[Step]:
    """What makes a set of weights, from the clips to the file in the package."""
    extract: Step = ("extract", str(data), "--media", str(media))
    return [extract, *(best_steps() if name == "best" else clean_steps())]


def best_steps() -> list[Step]:
    """A first network from GRID finds the other clips' offsets, a second finds them better."""
    first, second = str(CACHE / "first.npz"), str(CACHE / "second.npz")
    rough = ("--members", "1", "--dropout", "0.2")
    return [
        ("features", "4"),
        ("train", "--steps", "200", *rough, "--out", first),
        ("align", "--weights", first),
        ("features", "5"),
        ("train", *rough, "--out", second),
        ("align", "--weights", second),
        ("features", "8"),
        ("train",),
    ]


def clean_steps() -> list[Step]:
    """One network from GRID and one from GRID and synthetic speech, averaged."""
    one, many = str(CACHE / "one.npz"), str(CACHE / "many.npz")
    rough = ("--members", "1", "--dropout", "0.2")
    mixed = ("--steps", "300", *rough, "--trust", "0.3", "--like", one)
    return [
        ("synthetic",),
        ("words",),
        ("trajectories",),
        ("features", "3", "--of", "grid"),
        ("train", "--data", str(CACHE / "grid"), "--steps", "200", *rough, "--out", one),
        ("features", "2", "--of", "clean"),
        ("train", "--data", str(CACHE / "clean"), *mixed, "--out", many),
        ("join", str(CLEAN_WEIGHTS), one, many),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", choices=["best", "clean"])
    parser.add_argument("data", type=Path)
    parser.add_argument("--media", type=Path, required=True)
    parser.add_argument("--from", dest="first", type=int, default=1, metavar="N")
    parser.add_argument("--dry-run", action="store_true")
    arguments = parser.parse_args()
    steps = steps_of(arguments.weights, arguments.data, arguments.media)
    if arguments.weights == "best" and arguments.first == 1 and not arguments.dry_run:
        # Offsets that an earlier run found would let the first network see the broadcast clips.
        SHIFTS.unlink(missing_ok=True)
        for old in (CACHE / "passes").glob("*.npz"):
            old.unlink()
    for number, (module, *rest) in enumerate(steps, 1):
        if number < arguments.first:
            continue
        command = [sys.executable, "-m", f"training.{module}", *rest]
        print(f"{number}/{len(steps)}: {shlex.join(command[1:])}", flush=True)
        if not arguments.dry_run:
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
