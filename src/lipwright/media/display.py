"""How a player turns the stored picture, and the same for planes (FFmpeg's display matrix)."""

from __future__ import annotations

import math
import struct

import cv2
import numpy as np

from lipwright.media.types import U8

_ONE = 1 << 16
_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


def read_matrix(matrix: bytes) -> tuple[int, bool]:
    """Decompose a display matrix.

    Parameters
    ----------
    matrix
        Nine native 32-bit integers, rows (a, b, u), (c, d, v), (x, y, w); a point (p, q) of the
        stored picture shows at (a p + c q, b p + d q).

    Returns
    -------
    tuple of int and bool
        Clockwise turn in degrees, to the next quarter, and whether the stored picture is
        flipped left to right before it.
    """
    if len(matrix) < 36:
        return 0, False
    a, b, _, c, d, *_ = struct.unpack("=9i", matrix[:36])
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    return round(math.degrees(math.atan2(b, a)) / 90) % 4 * 90, mirrored


def write_matrix(rotation: int, mirrored: bool) -> tuple[int, ...]:
    """Build the display matrix that `read_matrix` takes apart."""
    sin, cos = {0: (0, 1), 90: (1, 0), 180: (0, -1), 270: (-1, 0)}[rotation]
    flip = -1 if mirrored else 1
    return (flip * cos * _ONE, flip * sin * _ONE, 0, -sin * _ONE, cos * _ONE, 0, 0, 0, 1 << 30)


def upright(plane: U8, rotation: int, mirrored: bool) -> U8:
    """Turn a stored plane as a player shows it; the same array where there is nothing to do."""
    if mirrored:
        plane = np.asarray(cv2.flip(plane, 1), dtype=np.uint8)
    if rotation:
        plane = np.asarray(cv2.rotate(plane, _TURNS[rotation]), dtype=np.uint8)
    return plane


def stored(plane: U8, rotation: int, mirrored: bool) -> U8:
    """Undo `upright`."""
    if rotation:
        plane = np.asarray(cv2.rotate(plane, _TURNS[360 - rotation]), dtype=np.uint8)
    if mirrored:
        plane = np.asarray(cv2.flip(plane, 1), dtype=np.uint8)
    return plane
