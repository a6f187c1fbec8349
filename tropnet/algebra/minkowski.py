"""Merging and multiplying terms: integer exponent rows with integer coefficients."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from tropnet.algebra.rational_array import SAFE

if TYPE_CHECKING:
    from tropnet.typing import AnyArray, BoolArray, IntArray

#: A product fills a dense table when that has at most this many cells for each pair of terms.
_DENSE_CELLS_PER_PAIR: Final = 4
#: No sum of two safe integers lies this low.
_ABSENT: Final = np.iinfo(np.int64).min


def merge_terms(exponents: AnyArray, coefficients: AnyArray) -> tuple[AnyArray, AnyArray]:
    """Return the terms sorted by exponent, equal exponents merged to the largest coefficient.

    Args:
        exponents: `(k, n)` integers, int64 or object.
        coefficients: `(k,)` integers, int64 or object.

    Returns:
        Both arrays for the distinct exponents, in lexicographic order.

    Cost: one sort; about 0.1 µs a term in int64, 0.3–3 µs a term beyond.

    Example:
        >>> import numpy as np
        >>> from tropnet.algebra.minkowski import merge_terms
        >>> e, c = merge_terms(np.array([[1], [0], [1]]), np.array([2, 5, 3]))
        >>> e.tolist(), c.tolist()
        ([[0], [1]], [5, 3])
    """
    if len(coefficients) < 2:
        return exponents, coefficients
    packing = None
    if exponents.dtype != object:
        low, high = _extent(exponents)
        packing = _packing(low, high)
    if exponents.dtype == object:
        order, fresh = _lexicographic(exponents)
    elif packing is not None:
        keys = (exponents - low) @ packing
        order = np.argsort(keys)
        keys = keys[order]
        fresh = keys[1:] != keys[:-1]
    else:
        order = np.lexsort(exponents.T[::-1])
        rows = exponents[order]
        fresh = (rows[1:] != rows[:-1]).any(axis=1)
    if fresh.all():
        return exponents[order], coefficients[order]
    starts = np.flatnonzero(np.concatenate(([True], fresh)))
    return exponents[order[starts]], np.maximum.reduceat(coefficients[order], starts)


def multiply_terms(
    left: tuple[AnyArray, AnyArray], right: tuple[AnyArray, AnyArray]
) -> tuple[AnyArray, AnyArray]:
    """Return the merged terms of a tropical product: all sums of a left and a right term.

    The exponents of the product are the Minkowski sum of the exponents.

    Args:
        left: exponents `(k, n)` and coefficients `(k,)`, distinct exponents, over denominators
            shared with the right side and of its dtypes.
        right: likewise.

    Returns:
        Exponents and coefficients as `merge_terms` gives them.

    Cost: k₁·k₂ sums; a dense table of the exponent range when that is small, else one sort.

    Example:
        >>> import numpy as np
        >>> from tropnet.algebra.minkowski import multiply_terms
        >>> p = np.array([[0], [1]]), np.array([0, 2])
        >>> e, c = multiply_terms(p, p)
        >>> e.tolist(), c.tolist()
        ([[0], [1], [2]], [0, 2, 4])
    """
    if len(left[1]) < len(right[1]):
        left, right = right, left
    if len(right[1]) == 0:
        return right
    if len(right[1]) == 1:
        # a translation keeps the order and the distinctness
        return left[0] + right[0], left[1] + right[1]
    if left[0].dtype != object and left[1].dtype != object:
        dense = _multiply_dense(left, right)
        if dense is not None:
            return dense
    columns = left[0].shape[1]
    exponents = (left[0][:, None, :] + right[0][None, :, :]).reshape(-1, columns)
    coefficients = (left[1][:, None] + right[1][None, :]).ravel()
    return merge_terms(exponents, coefficients)


def _extent(exponents: IntArray) -> tuple[IntArray, IntArray]:
    """Return the least and the largest entry of each column."""
    # one by one, which numpy does much faster than by rows of two or three
    low = np.array([column.min() for column in exponents.T], np.int64)
    return low, np.array([column.max() for column in exponents.T], np.int64)


def _packing(low: IntArray, high: IntArray) -> IntArray | None:
    """Return strides that pack exponent rows into one safe integer, in lexicographic order."""
    spans = [int(b) - int(a) + 1 for a, b in zip(low.tolist(), high.tolist(), strict=True)]
    if math.prod(spans) >= SAFE:
        return None
    strides = [math.prod(spans[j + 1 :]) for j in range(len(spans))]
    return np.array(strides, dtype=np.int64)


def _multiply_dense(
    left: tuple[IntArray, IntArray], right: tuple[IntArray, IntArray]
) -> tuple[IntArray, IntArray] | None:
    (left_low, left_high), (right_low, right_high) = _extent(left[0]), _extent(right[0])
    low, high = left_low + right_low, left_high + right_high
    packing = _packing(low, high)
    if packing is None:
        return None
    cells = math.prod(int(v) + 1 for v in (high - low).tolist())
    if cells > _DENSE_CELLS_PER_PAIR * len(left[1]) * len(right[1]) + 1024:
        return None
    table = np.full(cells, _ABSENT, dtype=np.int64)
    left_keys = (left[0] - left_low) @ packing
    right_keys = (right[0] - right_low) @ packing
    left_coefficients = left[1]
    for key, coefficient in zip(right_keys.tolist(), right[1].tolist(), strict=True):
        # the left keys are distinct, so that no cell is written twice in one step
        places = left_keys + key
        table[places] = np.maximum(table[places], left_coefficients + coefficient)
    keys = np.flatnonzero(table != _ABSENT)
    exponents = np.empty((len(keys), left[0].shape[1]), dtype=np.int64)
    rest = keys
    for column, stride in enumerate(packing.tolist()):
        exponents[:, column], rest = np.divmod(rest, stride)
    return exponents + low, table[keys]


def _lexicographic(rows: AnyArray) -> tuple[IntArray, BoolArray]:
    """Sort rows of Python integers; return the order and where a row differs from the one before.

    Rounding to float64 is monotone, so that the first column in floats parts the rows into groups
    that are in order; only within a group are integers compared.
    """
    try:
        first = rows[:, 0].astype(np.float64)
    except OverflowError:
        first = np.zeros(len(rows))
    order = np.argsort(first, kind="stable")
    fresh = np.diff(first[order]) != 0
    starts = np.flatnonzero(np.concatenate(([True], fresh)))
    sizes = np.diff(np.append(starts, len(rows)))
    for start, size in zip(starts[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
        members = order[start : start + size]
        keys = list(map(tuple, rows[members].tolist()))
        inner = sorted(range(size), key=keys.__getitem__)
        order[start : start + size] = members[inner]
        differs = [keys[i] != keys[j] for i, j in pairwise(inner)]
        fresh[start : start + size - 1] = differs
    return order, fresh
