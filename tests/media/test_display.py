from __future__ import annotations

import struct

import numpy as np
import pytest

from lipwright.media.display import read_matrix, stored, upright, write_matrix

ORIENTATIONS = [(turn, flip) for turn in (0, 90, 180, 270) for flip in (False, True)]


@pytest.mark.parametrize(("rotation", "mirrored"), ORIENTATIONS)
def test_a_matrix_is_read_as_it_was_written(rotation, mirrored):
    matrix = struct.pack("=9i", *write_matrix(rotation, mirrored))
    assert read_matrix(matrix) == (rotation, mirrored)


@pytest.mark.parametrize(("rotation", "mirrored"), ORIENTATIONS)
def test_planes_move_as_the_matrix_says(rotation, mirrored):
    a, b, _, c, d, *_ = (value // 65536 for value in write_matrix(rotation, mirrored))
    plane = np.arange(24, dtype=np.uint8).reshape(4, 6)
    shown = upright(plane, rotation, mirrored)
    moved = {(a * x + c * y, b * x + d * y): int(plane[y, x]) for y in range(4) for x in range(6)}
    left, top = min(p for p, _ in moved), min(q for _, q in moved)
    for (p, q), value in moved.items():
        assert shown[q - top, p - left] == value
    assert np.array_equal(stored(shown, rotation, mirrored), plane)


def test_odd_matrices_go_to_the_next_quarter():
    tilted = struct.pack("=9i", 60_000, 20_000, 0, -20_000, 60_000, 0, 0, 0, 1 << 30)
    assert read_matrix(tilted) == (0, False)
    assert read_matrix(b"") == (0, False)
    assert read_matrix(b"\x00" * 36) == (0, False)
