"""Compiled search for the simplices that hold exponents, and lie above their coefficients.

The error bounds of `lifted_simplex` tell what is proven.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from tropnet.algebra.lifted_simplex import HELPERS, error_of, extent, measure, plane

if TYPE_CHECKING:
    from tropnet.typing import BoolArray, FloatArray, IntArray


def locate(
    a: FloatArray,
    b: FloatArray,
    simplices: IntArray,
    neighbors: IntArray,
    terms: IntArray,
) -> tuple[IntArray, BoolArray] | None:
    """Find for terms a simplex that holds the exponent, and check that it lies no lower.

    Args:
        a: `(n, k)`, n = 2 or 3: integers, rounded to nearest, finite.
        b: `(k,)`, likewise.
        simplices: `(m, n + 1)`, terms.
        neighbors: `(m, n + 1)`, the simplex opposite to each vertex, −1 where there is none.
        terms: which to find, `(t,)`; the closer each is to the one before, the faster.

    Returns:
        A simplex for each, and whether that is proven; else it is what floats propose. None where a
        term surely is above the simplex that holds it.

    Cost: a few steps from simplex to simplex for each term, 20 ns each.

    Source: Devillers, Pion, Teillaud, "Walking in a triangulation" (2002).

    Example:
        >>> import numpy as np
        >>> from tropnet.algebra.term_location import locate
        >>> a, b = np.array([[0.0, 4, 0, 1], [0, 0, 4, 1]]), np.array([0.0, 0, 0, -1])
        >>> locate(a, b, np.array([[0, 1, 2]]), np.array([[-1, -1, -1]]), np.array([3]))
        (array([0]), array([ True]))
        >>> locate(a, -b, np.array([[0, 1, 2]]), np.array([[-1, -1, -1]]), np.array([3]))
    """
    owners, proven = np.zeros(len(terms), np.int64), np.zeros(len(terms), np.bool_)
    fine = _compiled()(a, b, simplices, neighbors, terms, owners, proven)
    return (owners, proven) if fine else None


@cache
def _compiled() -> Any:
    """Compile the loops below; numba keeps the machine code in its cache on disk."""
    from numba import njit
    from numba.extending import register_jitable

    for helper in (*HELPERS, _form_walls, _form_plane):
        register_jitable(helper)
    return njit(cache=True, error_model="numpy")(_locate)


def _locate(
    a: Any, b: Any, simplices: Any, neighbors: Any, terms: Any, owners: Any, proven: Any
) -> bool:
    n = len(a)
    m, d = simplices.shape
    normals, sizes = np.zeros((m, d, n)), np.zeros((m, d, n))
    heights, height_sizes = np.zeros(m), np.zeros(m)
    measure(a, simplices, normals, sizes, heights, height_sizes)
    starts, errors = np.zeros((m, d)), np.zeros((m, d))
    planes, plane_errors = np.zeros((m, n + 2)), np.zeros(m)
    widest, highest = extent(a, b)
    for s in range(m):
        _form_walls(a, simplices[s], normals[s], sizes[s], heights[s], starts[s], errors[s], widest)
        height, size = abs(heights[s]), height_sizes[s]
        plane_errors[s] = np.inf
        if height > error_of(size):
            plane_errors[s] = _form_plane(
                a, b, simplices[s], normals[s], sizes[s], height, size, planes[s], widest, highest
            )
    s, start, values = 0, 0, np.zeros(d)
    for place in range(len(terms)):
        term = terms[place]
        # in lexicographic order, a new column starts near where the last one did
        fresh = place == 0 or a[n - 1, term] < a[n - 1, terms[place - 1]]
        s = start if fresh else s
        for _ in range(m):
            lowest, across = 0.0, -1
            for j in range(d):
                value = starts[s, j]
                for c in range(n):
                    value += normals[s, j, c] * a[c, term]
                values[j] = value
                if value < lowest:
                    lowest, across = value, j
            if across < 0 or neighbors[s, across] < 0:
                break
            s = neighbors[s, across]
        owners[place] = s
        start = s if fresh else start
        sure = True
        for j in range(d):
            sure = sure and errors[s, j] < np.inf and values[j] >= errors[s, j]
        value = planes[s, n] * b[term] + planes[s, n + 1]
        for c in range(n):
            value += planes[s, c] * a[c, term]
        if sure and value > plane_errors[s]:
            return False
        proven[place] = sure and plane_errors[s] < np.inf and value <= -plane_errors[s]
    return True


def _form_walls(
    a: Any, simplex: Any, normals: Any, sizes: Any, height: float, starts: Any, errors: Any,
    widest: Any,
) -> None:  # fmt: skip
    """Turn walls so that they are positive inside; set their constants and their errors."""
    d = len(simplex)
    for j in range(d):
        own, size = simplex[(j + 1) % d], 0.0
        for c in range(d - 1):
            normals[j, c] *= 1.0 if height > 0 else -1.0
            starts[j] -= normals[j, c] * a[c, own]
            size += sizes[j, c] * (widest[c] + abs(a[c, own]))
        errors[j] = error_of(size)


def _form_plane(
    a: Any, b: Any, simplex: Any, normals: Any, sizes: Any, height: float, size: float, form: Any,
    widest: Any, highest: float,
) -> float:  # fmt: skip
    """Set the form that is positive above the plane; return its error."""
    n, first = len(a), simplex[0]
    form[n], form[n + 1] = height, -height * b[first]
    total = size * (highest + abs(b[first]))
    for c in range(n):
        form[c], slope_size = plane(b, simplex, normals, sizes, c)
        form[n + 1] -= form[c] * a[c, first]
        total += slope_size * (widest[c] + abs(a[c, first]))
    return error_of(total)
