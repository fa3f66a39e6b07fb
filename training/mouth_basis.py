"""Learn how a face's lower half moves with the mouth's six numbers, from real talking faces.

Run ``python -m training.mouth_basis`` after ``python -m training.extract``. Writes
``src/lipwright/render/mesh/mouth_basis.npz``:

``channels`` (6, 478, 3)
    Displacement in head units per unit of each channel of `lipwright.speech.types.CHANNELS`.
``modes`` (M, 478, 3)
    Orthonormal modes of all mouth motion seen, largest first.
``opening_direction`` (6,)
    What every channel does on average per unit of opening.
``triangles`` (K, 3)
    Mesh of landmarks and ring points (478 and up) with a hole where the mouth opens.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.spatial import Delaunay

from lipwright.faces.head import fit_head, reference_head
from lipwright.faces.mouth_shape import (
    INNER_CORNERS,
    INNER_LOWER,
    INNER_UPPER,
    mouth_values_of_head,
)
from lipwright.render.mesh.topology import LANDMARKS, lower_face_weight, with_ring
from training.extract import CACHE

OUT = Path(__file__).parents[1] / "src/lipwright/render/mesh/mouth_basis.npz"
MODES = 14
RIDGE = 0.02
CLOSED = 0.02
MAX_YAW = 20.0


def main() -> None:
    moves, values = gather()
    mirror = mirror_map()
    moves = np.concatenate([moves, flip(moves, mirror)])
    values = np.concatenate([values, values])
    weight = lower_face_weight(reference_head())[:, None]
    flat = (moves * weight).reshape(len(moves), -1)
    scale = values.std(0)
    design = values / scale
    gram = design.T @ design / len(design) + RIDGE * np.eye(6)
    channels = np.linalg.solve(gram, design.T @ flat / len(design)) / scale[:, None]
    explained = 1 - ((flat - values @ channels) ** 2).sum() / (flat**2).sum()
    opening = values[:, 0]
    direction = values.T @ opening / (opening @ opening)
    print("per unit of opening:", direction.round(3))
    _, sizes, modes = np.linalg.svd(flat.T @ flat / len(flat))
    modes = modes[:MODES]
    left = flat - flat @ modes.T @ modes
    print(
        f"{len(moves)} frames; channels explain {explained:.3f}, "
        f"{MODES} modes {1 - (left**2).sum() / (flat**2).sum():.3f}, sizes {sizes[:MODES]}"
    )
    channels = channels.reshape(6, LANDMARKS, 3)
    np.savez_compressed(
        OUT,
        channels=channels.astype(np.float32),
        modes=modes.reshape(MODES, LANDMARKS, 3).astype(np.float32),
        opening_direction=direction.astype(np.float32),
        triangles=triangulate(channels).astype(np.int16),
    )


def gather() -> tuple[np.ndarray, np.ndarray]:
    """Displacements from the person's closed rest (F, 478, 3) and channel changes (F, 6)."""
    moves, values = [], []
    rng = np.random.default_rng(0)
    for folder, stride in (("grid_s1", 6), ("anchors_ar", 2)):
        for file in sorted((CACHE / folder).glob("*.npz")):
            data = np.load(file)
            points = data["landmarks"][data["score"] > 0.9].astype(np.float64)
            if len(points) < 15 or not np.isfinite(points).all():
                continue
            pose = fit_head(points)
            points = points[np.abs(pose.angles()[:, 0]) < MAX_YAW]
            if len(points) < 15:
                continue
            head = fit_head(points).to_head(points)
            mouth = mouth_values_of_head(head)
            closed = mouth[:, 0] <= max(CLOSED, np.quantile(mouth[:, 0], 0.1))
            if mouth[closed, 0].mean() > 2 * CLOSED:
                continue
            keep = rng.permutation(len(head))[::stride]
            moves.append((head - head[closed].mean(0))[keep])
            values.append((mouth - mouth[closed].mean(0))[keep])
    return np.concatenate(moves), np.concatenate(values).astype(np.float64)


def mirror_map() -> np.ndarray:
    """(478,) index of each landmark's partner on the other side of the face."""
    reference = reference_head()
    flipped = reference * np.array([-1.0, 1.0, 1.0])
    distance = np.linalg.norm(reference[:, None] - flipped[None], axis=2)
    return distance.argmin(0)


def flip(moves: np.ndarray, mirror: np.ndarray) -> np.ndarray:
    return moves[:, mirror] * np.array([-1.0, 1.0, 1.0])


def triangulate(channels: np.ndarray) -> np.ndarray:
    """Delaunay mesh of the opened reference face and its ring, without the mouth's inside."""
    opened = reference_head() + np.tensordot([0.3, 0.0, 0.25, 0.03, 0.3, 0.0], channels, 1)
    points = with_ring(opened)[:, :2]
    irises = np.arange(468, 478)
    usable = np.setdiff1d(np.arange(len(points)), irises)
    corners = usable[Delaunay(points[usable]).simplices]
    inside = np.isin(corners, [*INNER_CORNERS, *INNER_UPPER, *INNER_LOWER]).all(1)
    corners = corners[~inside]
    weight = np.append(lower_face_weight(reference_head()), np.zeros(len(points) - LANDMARKS))
    moving = (weight[corners] > 0).any(1)
    return corners[moving]


if __name__ == "__main__":
    main()
