"""Numbers as CSV."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def csv_table(names: Sequence[str], columns: NDArray[np.floating]) -> str:
    """Write a table: a line of names, then one per row; times come first, with four decimals.

    Parameters
    ----------
    names
        Of the columns.
    columns
        (rows, columns).
    """
    text = io.StringIO()
    text.write(",".join(names) + "\n")
    formats = ["%.4f"] + ["%.5f"] * (len(names) - 1)
    # Adding 0 turns the negative zeros of rounding into plain ones.
    np.savetxt(text, np.round(columns.astype(np.float64), 5) + 0.0, fmt=formats, delimiter=",")
    return text.getvalue()
