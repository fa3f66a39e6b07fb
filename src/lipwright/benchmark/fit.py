"""Does a cost grow in proportion? Two fits that say so with their own uncertainty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_CLEAR: float = 2.0
"""Standard errors beyond which something is not taken for noise."""

_MATTERS: float = 0.05
"""Part of the largest cost below which a bend does not matter, however clear."""


@dataclass(frozen=True)
class Fit:
    """How a cost grows with a size.

    Attributes
    ----------
    exponent, exponent_error
        p of cost ~ size^p, from a straight line through the logarithms, and its standard error.
        Below 1 where a fixed part, such as loading models, still counts.
    fixed, each
        Of cost = fixed + each * size.
    bend, bend_error
        The quadratic term of cost = a + b * size + c * size^2 at the largest size, as a part of
        the cost there, and its standard error: 0 is a straight line, negative one that flattens.
        NaN where there are fewer than three sizes; the error is NaN where there are only three
        values.
    """

    exponent: float
    exponent_error: float
    fixed: float
    each: float
    bend: float
    bend_error: float

    @property
    def verdict(self) -> str:
        """What it comes to, in words."""
        if not np.isfinite(self.bend):
            return "two sizes cannot tell"
        if not np.isfinite(self.bend_error):
            return "one round cannot tell"
        if self.bend > max(_MATTERS, _CLEAR * self.bend_error):
            return "grows faster than in proportion"
        if _CLEAR * self.bend_error > 2 * _MATTERS and abs(self.bend) < _CLEAR * self.bend_error:
            return "straight as far as the noise lets see"
        return "straight" if self.bend > -_MATTERS else "grows more slowly than in proportion"


def fit(sizes: Sequence[float], costs: Sequence[float]) -> Fit:
    """Fit a cost's growth by least squares on relative errors.

    Parameters
    ----------
    sizes
        (n,) positive, with at least two different ones; a size comes once for each round.
    costs
        (n,) positive.
    """
    x, y = np.asarray(sizes, np.float64), np.asarray(costs, np.float64)
    power, power_error = _least_squares(np.log(x), np.log(y), np.ones_like(y), 1)
    line, _ = _least_squares(x, y, 1.0 / y, 1)
    bend = bend_error = float("nan")
    if len(np.unique(x)) > 2:
        largest = float(x.max())
        curve, error = _least_squares(x / largest, y, 1.0 / y, 2)
        top = float(curve.sum())
        bend, bend_error = float(curve[2]) / top, float(error[2]) / top
    return Fit(
        float(power[1]), float(power_error[1]), float(line[0]), float(line[1]), bend, bend_error
    )


def _least_squares(
    x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64], degree: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coefficients from the constant upwards, and their standard errors from the residuals."""
    terms = np.stack([x**power for power in range(degree + 1)], axis=1) * weight[:, None]
    found = np.asarray(np.linalg.lstsq(terms, y * weight, rcond=None)[0], np.float64)
    free = len(x) - degree - 1
    if free <= 0:
        return found, np.full(degree + 1, np.nan)
    left = terms @ found - y * weight
    covariance = np.linalg.inv(terms.T @ terms) * float(left @ left) / free
    return found, np.asarray(np.sqrt(np.diag(covariance)), np.float64)
