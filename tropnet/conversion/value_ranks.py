"""The order of the values of many affine functions at many points, exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tropnet.conversion.exact_ties import exact_ties
from tropnet.exact.signs import dot_error

if TYPE_CHECKING:
    from tropnet.typing import BoolArray, FloatArray, IntArray

#: More than what entries below the normal floats add to a product, relative to the other factor.
_TINY: Final = 2.0**-1000
#: Values sorted at a time.
_VALUES: Final = 2**20


def value_ranks(forms: Any, vectors: Any) -> IntArray:
    """Return for each vector the ranks of the forms by their values there; equal values tie.

    Floats sort; neighbours nearer than their error bound are sorted again by integers. With the
    ranks at the generators of a cell, an inequality of affine functions on the cell is a comparison
    of small integers.

    Args:
        forms: object `(k, d)` of integers, linear forms.
        vectors: object `(v, d)` of integers, not zero.

    Returns:
        int16 or int32 `(v, k)`: rank[v, i] < rank[v, j] iff form i is less than form j at vector v.

    Cost: about 0.1 µs for each form and vector, and 1–2 µs for each value that is nearly tied.

    Example:
        >>> import numpy as np
        >>> from tropnet.conversion.value_ranks import value_ranks
        >>> forms = np.array([[10**30, 0], [10**30, 1], [0, 5]], dtype=object)
        >>> value_ranks(forms, np.array([[1, 0], [0, 1]], dtype=object)).tolist()
        [[1, 1, 0], [0, 1, 2]]
    """
    count = len(forms)
    ranks = np.zeros((len(vectors), count), np.int16 if count < 2**15 else np.int32)
    if not count:
        return ranks
    rows = _scaled(forms, together=True)
    step = max(1, _VALUES // count)
    for begin in range(0, len(vectors), step):
        some = slice(begin, begin + step)
        order, above = _sorted(forms, rows, vectors[some])
        steps = np.cumsum(above, axis=1, dtype=ranks.dtype)
        np.put_along_axis(ranks[some], order, steps, axis=1)
    return ranks


def _sorted(forms: Any, rows: FloatArray, vectors: Any) -> tuple[IntArray, BoolArray]:
    """Sort the forms at each vector, and tell which rise above the one before."""
    size = forms.shape[1]
    columns = _scaled(vectors, together=False)
    with np.errstate(under="ignore"):
        values = columns @ rows.T
        magnitude = (np.abs(columns) @ np.abs(rows).T).max(axis=1)
        # each factor is rounded once more than a dot product of floats expects
        error = dot_error(size + 4, magnitude) + _TINY * (1 + magnitude) * 4 * size
    order = np.argsort(values, axis=1, kind="stable")
    placed = np.take_along_axis(values, order, axis=1)
    above = np.zeros(order.shape, np.bool_)
    # twice the bounds of both, to cover the rounding of the difference
    above[:, 1:] = np.diff(placed, axis=1) > 4 * error[:, None]
    _settle(forms, vectors, order, above)
    return order, above


def _settle(forms: Any, vectors: Any, order: IntArray, above: BoolArray) -> None:
    """Sort each run of values not surely apart, and tell which rise above the one before."""
    index, place = np.nonzero(~above[:, 1:])
    tied = exact_ties(forms, vectors, order[index, place], order[index, place + 1], index)
    # most runs are ties throughout: pieces meet along whole hyperplanes
    for k, places in _grouped(index[~tied], place[~tied]):
        vector, after = vectors[k], np.flatnonzero(above[k])
        starts = [0, *after[after > 0].tolist(), order.shape[1]]
        for first, end in pairwise(starts):
            if not ((places >= first) & (places < end - 1)).any():
                continue
            members = order[k, first:end]
            exact = forms[members].dot(vector).tolist()
            new = sorted(range(end - first), key=exact.__getitem__)
            order[k, first:end] = members[new]
            for position, (a, b) in enumerate(pairwise(new), start=first + 1):
                above[k, position] = exact[a] < exact[b]


def _grouped(index: IntArray, place: IntArray) -> Iterator[tuple[int, IntArray]]:
    """Return the distinct values of a sorted array, each with its entries of the other."""
    begin = np.flatnonzero(np.append(True, index[1:] != index[:-1])[: len(index)])
    return zip(index[begin].tolist(), np.split(place, begin[1:]), strict=False)


def _scaled(integers: Any, together: bool) -> FloatArray:
    """Return integer rows as floats after a positive scaling, of all together or of each row.

    The largest entries come out near 1; entries that fall below the normal floats are off by less
    than 2^-1000.
    """
    table = integers.tolist()
    bits = [max(abs(v).bit_length() for v in row) for row in table]
    if together:
        bits = [max(bits)] * len(bits)
    scaled = [[_float(v, shift) for v in row] for row, shift in zip(table, bits, strict=True)]
    return np.array(scaled, dtype=np.float64).reshape(integers.shape)


def _float(value: int, shift: int) -> float:
    return value / (1 << shift)  # CPython rounds int / int correctly


def integer_rows(rows: Sequence[Sequence[int]]) -> Any:
    """Return rows of integers of any size as an object array, also where there is none."""
    table = np.empty((len(rows), len(rows[0]) if rows else 0), dtype=object)
    for index, row in enumerate(rows):
        table[index] = row
    return table
