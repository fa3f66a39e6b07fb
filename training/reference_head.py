"""The mean face that heads are measured against.

Run ``python -m training.reference_head`` after ``python -m training.extract``. Writes
``src/lipwright/faces/reference_head.npy``: (478, 3) head units, from the first eight frames of one
clip of each GRID speaker at hand, by generalised Procrustes analysis on the points that no
expression moves (Gower, Psychometrika 40(1), 1975).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from lipwright.faces.head import fit_head_to
from training.extract import CACHE

OUT = Path(__file__).parents[1] / "src/lipwright/faces/reference_head.npy"
FRAMES = 8
ROUNDS = 10
RIGHT_EYE, LEFT_EYE = (33, 133), (263, 362)
FOREHEAD, CHIN = 10, 152


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    files = [
        *sorted((CACHE / "talking").glob("grid_*.npz")),
        *sorted((CACHE / "grid_s1").glob("*.npz"))[:1],
    ]
    heads = np.array([np.load(file)["landmarks"][:FRAMES].mean(0) for file in files], np.float64)
    reference = upright(heads[0])
    for _ in range(ROUNDS):
        reference = upright(fit_head_to(heads, reference).to_head(heads).mean(0))
    np.save(arguments.out, chin_below(reference).astype(np.float32))
    print(f"{len(files)} speakers")


def upright(head: np.ndarray) -> np.ndarray:
    """Origin between the eyes, x along them, y down from the forehead, eye distance 1."""
    right, left = head[list(RIGHT_EYE)].mean(0), head[list(LEFT_EYE)].mean(0)
    middle = (right + left) / 2
    x = left - right
    unit = np.linalg.norm(x)
    x /= unit
    up = head[FOREHEAD] - middle
    up -= x * (up @ x)
    y = -up / np.linalg.norm(up)
    return (head - middle) @ np.stack([x, y, np.cross(x, y)], 1) / unit


def chin_below(head: np.ndarray) -> np.ndarray:
    """Tilt the head until the chin is straight below the eyes: then it looks ahead."""
    angle = np.arctan2(-head[CHIN, 2], head[CHIN, 1])
    cos, sin = np.cos(angle), np.sin(angle)
    return head @ np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]]).T


if __name__ == "__main__":
    main()
