from __future__ import annotations

import numpy as np

from lipwright.library.tables import csv_table


def test_a_table() -> None:
    columns = np.array([[0.0, -1e-9, 1.0], [1 / 3, 0.123456789, -2.0]])
    assert csv_table(("time", "a", "b"), columns) == (
        "time,a,b\n0.0000,0.00000,1.00000\n0.3333,0.12346,-2.00000\n"
    )
