"""A first sieve for the upper hull: terms below two others on a line along an axis."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from tropnet.typing import FloatArray, IntArray


def sieve(a: FloatArray, b: FloatArray) -> IntArray:
    """Return the terms that are not seen, by floats, below two others on a line along an axis.

    Of an integer polynomial with many terms few are left; where no two exponents agree in all
    coordinates but one, all are. Nothing is proven.

    Args:
        a: `(n, k)`, n ≥ 2, distinct columns.
        b: `(k,)`.

    Returns:
        Indices, increasing.

    Cost: a sort for each axis; about .1 µs a term.

    Example:
        >>> import numpy as np
        >>> from tropnet.algebra.below_chords import sieve
        >>> sieve(np.array([[0.0, 0, 0, 1], [0, 1, 2, 0]]), np.array([0.0, -1, 0, 0]))
        array([0, 2, 3])
    """
    kept: IntArray = _compiled()(a, b)
    return kept


@cache
def _compiled() -> Any:
    """Compile the loops below; numba keeps the machine code in its cache on disk."""
    from numba import njit
    from numba.extending import register_jitable

    for helper in (_key, _stable, _upper):
        register_jitable(helper)
    return njit(cache=True, error_model="numpy")(sieve_terms)


def sieve_terms(a: Any, b: Any) -> Any:
    """Do what `sieve` says, for compiled code."""
    alive = np.ones(len(b), np.bool_)
    every = np.arange(len(b))
    key = _key(a, every, len(a) - 1)
    is_sorted = (key[1:] > key[:-1]).all()
    for axis in range(len(a) - 1, -1, -1):
        order = np.flatnonzero(alive)
        if is_sorted:
            # in lexicographic order, only the later coordinates have to come first
            for c in range(axis + 1, len(a)):
                order = _stable(a[c], order)
        else:
            order = order[np.argsort(_key(a, order, axis))]
        kept = _upper(a, b, order, axis)
        alive[:] = False
        alive[kept] = True
        if 8 * len(kept) > 7 * len(order):
            break
    return np.flatnonzero(alive)


def _key(a: Any, terms: Any, axis: int) -> Any:
    """Return keys that sort by all coordinates, one of them last; floats may confuse them."""
    key = np.zeros(len(terms))
    for place in range(len(a)):
        # the axis changes places with the last coordinate
        row = a[axis] if place == len(a) - 1 else a[len(a) - 1 if place == axis else place]
        span = 2 * (row.max() - row.min()) + 1
        for i in range(len(terms)):
            key[i] = key[i] * span + row[terms[i]]
    return key


def _stable(row: Any, terms: Any) -> Any:
    """Sort terms by a coordinate; equal ones stay in order, and ones less than 1 apart may."""
    low, high = row[terms[0]], row[terms[0]]
    for i in terms:
        low, high = min(low, row[i]), max(high, row[i])
    if not high - low < 8 * len(terms):
        return terms[np.argsort(row[terms], kind="mergesort")]
    counts = np.zeros(int(high - low) + 2, np.int64)
    for i in terms:
        counts[int(row[i] - low) + 1] += 1
    counts = np.cumsum(counts)
    order = np.empty_like(terms)
    for i in terms:
        bucket = int(row[i] - low)
        order[counts[bucket]] = i
        counts[bucket] += 1
    return order


def _upper(a: Any, b: Any, order: Any, axis: int) -> Any:
    """Return what is left of terms when increasing runs along an axis keep their upper hulls."""
    kept, count, first = np.empty_like(order), 0, 0
    for i in order:
        if count > first:
            last = kept[count - 1]
            if not a[axis, last] < a[axis, i]:
                first = count
            for c in range(len(a)):
                if c != axis and a[c, i] != a[c, last]:
                    first = count
        while count - first > 1:
            j, k = kept[count - 1], kept[count - 2]
            whole, part = a[axis, i] - a[axis, k], a[axis, j] - a[axis, k]
            if (b[j] - b[k]) * whole > (b[i] - b[k]) * part:
                break
            count -= 1
        kept[count] = i
        count += 1
    return kept[:count]


#: What a caller of `sieve_terms` has to register with numba.
HELPERS: Final = (_key, _stable, _upper, sieve_terms)
