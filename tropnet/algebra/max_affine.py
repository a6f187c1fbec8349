"""Maxima of many affine forms at many points, in float64 with a proven error bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tropnet.exact.arithmetic import subnormals_are_flushed
from tropnet.exact.signs import dot_error

if TYPE_CHECKING:
    from tropnet.typing import BoolArray, FloatArray, IntArray

#: Values handled at a time, and forms among them: they shall stay in a core's second-level cache,
#: and powers of two would fall on each other there (measured by tests/bench/bench_evaluate.py).
_CELLS: Final = 57_600
_COLUMNS: Final = 600


class NearestMaxima(NamedTuple):
    """The largest form at each point, and whether float64 is sure of it.

    Attributes:
        indices: `(batch,)` the first form with the largest computed value.
        sure: `(batch,)` True where every other form is smaller beyond all rounding.
    """

    indices: IntArray
    sure: BoolArray


def row_maxima(points: FloatArray, forms: FloatArray) -> FloatArray:
    """Return max over forms of (weights · point + bias).

    Args:
        points: `(batch, n)`.
        forms: `(n + 1, k)`, k ≥ 1: weights of each form in a column, its bias in the last row.

    Returns:
        `(batch,)`; NaN or infinite where float64 overflowed.

    Cost: one matrix product of the shapes plus one pass; nothing of size batch × k is stored.

    Example:
        >>> import numpy as np
        >>> from tropnet.algebra.max_affine import row_maxima
        >>> row_maxima(np.array([[3.0]]), np.array([[1.0, -1.0], [0.0, 5.0]])).tolist()
        [3.0]
    """
    batch, count = len(points), forms.shape[1]
    extended = np.ones((batch, forms.shape[0]))
    extended[:, :-1] = points
    blocks = [
        np.ascontiguousarray(forms[:, start : start + _COLUMNS])
        for start in range(0, count, _COLUMNS)
    ]
    result = np.full(batch, -np.inf)
    values = np.empty(_CELLS)
    at_once = _CELLS // min(count, _COLUMNS)
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, batch, at_once):
            rows, best = extended[start : start + at_once], result[start : start + at_once]
            for block in blocks:
                part = values[: len(rows) * block.shape[1]].reshape(len(rows), -1)
                np.matmul(rows, block, out=part)
                np.maximum(best, part.max(axis=1), out=best)
    return result


def nearest_maxima(points: FloatArray, forms: FloatArray) -> NearestMaxima:
    """Return the index of the largest form at each point, and where that is certain.

    The forms are the rationals whose nearest float64 values are given; the bound covers that
    rounding too. A form whose nonzero entries were rounded to zero must not be passed.

    Args:
        points: `(batch, n)`, finite.
        forms: `(n + 1, k)` as in `row_maxima`.

    Example:
        >>> import numpy as np
        >>> from tropnet.algebra.max_affine import nearest_maxima
        >>> found = nearest_maxima(np.array([[3.0], [2.5]]), np.array([[1.0, -1.0], [0.0, 5.0]]))
        >>> found.indices.tolist(), found.sure.tolist()
        ([0, 0], [True, False])
    """
    batch, (size, count) = len(points), forms.shape
    extended = np.ones((batch, size))
    extended[:, :-1] = points
    indices = np.zeros(batch, dtype=np.int64)
    sure = np.zeros(batch, dtype=np.bool_)
    rows_at_once = max(1, (1 << 20) // count)
    # a nonzero rational may have been rounded to zero or to a subnormal number, or to infinity
    sound = not subnormals_are_flushed() and bool(
        np.isfinite(forms).all() and (np.abs(forms[forms != 0]) >= np.finfo(np.float64).tiny).all()
    )
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        for start in range(0, batch, rows_at_once):
            part = slice(start, start + rows_at_once)
            values = extended[part] @ forms
            magnitude = np.abs(extended[part]) @ np.abs(forms)
            # one step more for the rounded weights, one for the comparison below
            error = dot_error(size + 2, magnitude)
            winner = values.argmax(axis=1)
            at = np.arange(len(winner))
            floor = values[at, winner] - error[at, winner]
            rivals = values + error >= floor[:, None]
            indices[part] = winner
            # NaN compares false, so a sum that overflowed must be ruled out by itself
            sure[part] = (rivals.sum(axis=1) == 1) & np.isfinite(magnitude).all(axis=1) & sound
    return NearestMaxima(indices, sure)
