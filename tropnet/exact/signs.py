"""Signs of affine forms: float64 where its error bound decides, integers where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tropnet.errors import ShapeError
from tropnet.exact.arithmetic import FLOAT64, Arithmetic, subnormals_are_flushed
from tropnet.exact.matrix import RationalMatrix

if TYPE_CHECKING:
    from tropnet.typing import FloatArray, SignArray

#: More than the absolute error that underflow adds to one float64 product or sum.
UNDERFLOW: Final = 2.0**-1073


def dot_error(terms: int, magnitude: FloatArray, arithmetic: Arithmetic = FLOAT64) -> FloatArray:
    """Bound the rounding error of float dot products, whatever the order of summation.

    A sum of `terms` products computed with unit roundoff v, in any order and with or without fused
    multiply-add, differs from its exact value by at most γ·Σ|xᵢyᵢ| + terms·η with
    γ = kv/(1−kv), k = terms, and η the underflow unit (Higham, *Accuracy and Stability of Numerical
    Algorithms*, 2002, §3.1). The bound returned is larger by a factor that covers the rounding in
    `magnitude` and in itself: with u = 2^-53, Σ|xᵢyᵢ| is at most (magnitude + kη)/(1 − 2ku), and
    (1 − kv)(1 − 2ku) ≥ 1 − kv − 2ku.

    Args:
        terms: number of products in each sum, an added bias counted as one.
        magnitude: Σ|xᵢyᵢ| as computed in float64, any shape.
        arithmetic: that of the sums; the underflow of one that is not float64 is not included.

    Returns:
        An upper bound of the error, same shape; not finite where `magnitude` overflowed, and
        infinite where there are too many terms for this arithmetic.

    Example:
        >>> import numpy as np
        >>> from tropnet.exact.signs import dot_error
        >>> bool(dot_error(3, np.array([1.0]))[0] < 1e-15)
        True
    """
    steps = terms + 2
    growth = steps * arithmetic.unit_roundoff
    spent = growth + (2 * steps + 8) * FLOAT64.unit_roundoff
    if spent > 0.5:
        return np.full_like(magnitude, np.inf, dtype=np.float64)
    return magnitude * (growth / (1 - spent) * (1 + 2.0**-20)) + 4 * steps * UNDERFLOW


def affine_signs(weights: FloatArray, bias: FloatArray, points: FloatArray) -> SignArray:
    """Return the exact signs of `points @ weights.T + bias`.

    The arrays stand for the dyadic rationals that they store. Float64 decides where the value
    exceeds its error bound (`dot_error`); flint decides the rest.

    Args:
        weights: `(k, n)` finite float64.
        bias: `(k,)` finite float64.
        points: `(batch, n)` finite float64.

    Returns:
        `(batch, k)` int8 of −1, 0, 1.

    Raises:
        ShapeError: the shapes do not fit.
        DomainError: an entry that is not finite is met by the exact path.

    Cost: two matrix products of the shapes; each undecided row adds an exact product of its row.

    Example:
        >>> import numpy as np
        >>> from tropnet.exact import affine_signs
        >>> w = np.array([[0.1, 0.2, -0.3]])
        >>> float((np.ones((1, 3)) @ w.T)[0, 0])
        5.551115123125783e-17
        >>> affine_signs(w, np.zeros(1), np.ones((1, 3))).tolist()
        [[1]]
    """
    weights, bias, points = (np.asarray(v, dtype=np.float64) for v in (weights, bias, points))
    if weights.ndim != 2 or points.ndim != 2 or weights.shape[1] != points.shape[1]:
        raise ShapeError(
            f"weights of shape {weights.shape} do not apply to points of shape {points.shape}"
        )
    if bias.shape != (weights.shape[0],):
        raise ShapeError(f"bias has shape {bias.shape}, weights have {weights.shape[0]} rows")
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        values = points @ weights.T + bias
        magnitude = np.abs(points) @ np.abs(weights).T + np.abs(bias)
        error = dot_error(weights.shape[1] + 1, magnitude)
        decided = (np.abs(values) > error) & np.isfinite(values)
    if subnormals_are_flushed():
        decided[...] = False
    signs = np.where(decided, np.sign(values), 0).astype(np.int8)
    for row in np.flatnonzero(~decided.all(axis=1)):
        undecided = np.flatnonzero(~decided[row])
        exact = RationalMatrix.from_floats(
            points[row][None, :], "points"
        ) @ RationalMatrix.from_floats(
            weights[undecided], "weights"
        ).T + RationalMatrix.from_floats(bias[undecided][None, :], "bias")
        signs[row, undecided] = exact.signs()[0]
    return signs
