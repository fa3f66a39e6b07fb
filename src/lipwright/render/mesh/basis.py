"""The learned linear model of mouth motion; made by ``training/mouth_basis.py``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class MouthBasis:
    """How a face moves with its mouth, in head units.

    Attributes
    ----------
    channels
        (6, 478, 3): displacement per unit of each channel of a mouth curve.
    modes
        (M, 478, 3): orthonormal modes of everything that mouths do, largest first.
    triangles
        (K, 3) int: the mesh over landmarks and ring points; open where the mouth opens.
    opening_direction
        (6,): what the other channels do, on average, per unit of opening.
    """

    channels: NDArray[np.float64]
    modes: NDArray[np.float64]
    triangles: NDArray[np.int64]
    opening_direction: NDArray[np.float64]


@cache
def mouth_basis() -> MouthBasis:
    """The basis that ships with the package."""
    with (
        resources.files("lipwright.render.mesh").joinpath("mouth_basis.npz").open("rb") as file,
        np.load(file) as data,
    ):
        return MouthBasis(
            data["channels"].astype(np.float64),
            data["modes"].astype(np.float64),
            data["triangles"].astype(np.int64),
            data["opening_direction"].astype(np.float64),
        )


def shape_of(channels: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N, 6) channel values, relative to rest, as (N, 478, 3) displacements in head units."""
    return np.tensordot(channels.astype(np.float64), mouth_basis().channels, axes=1)
