from __future__ import annotations

import numpy as np
import pytest

from lipwright.faces.head import reference_head
from lipwright.render.mesh.patchwork import zone, zone_box

SCALE = 60.0
POINTS = reference_head() * SCALE + np.array([100.0, 60.0, 0.0])


@pytest.mark.parametrize("box", [(0, 0, 200, 200), (2, 6, 190, 152), (70, 100, 130, 140)])
def test_outside_of_its_box_a_zone_is_nothing(box):
    near = zone_box(POINTS, SCALE, box)
    whole, part = zone(POINTS, SCALE, box), zone(POINTS, SCALE, near)
    rows, columns = near[1] - box[1], near[0] - box[0]
    assert rows % 4 == columns % 4 == 0
    padded = np.zeros_like(whole)
    padded[rows : rows + part.shape[0], columns : columns + part.shape[1]] = part
    assert part.max() == 1.0
    assert np.array_equal(padded, whole)


def test_lips_elsewhere_have_no_zone_here():
    assert zone_box(POINTS, SCALE, (0, 0, 20, 20)) is None
