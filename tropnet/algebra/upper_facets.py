"""The upper facets of lifted exponents, as qhull sees them; nothing here is proven."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tropnet.algebra.below_chords import HELPERS, sieve_terms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tropnet.typing import FloatArray, IntArray

#: How far below a point is put, where all others lie between −1 and 1.
_FAR_BELOW: Final = 100.0


def upper_facets(a: FloatArray, b: FloatArray) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield the upper facets of the hull of lifted points, in up to two attempts.

    Args:
        a: `(n, k)`, distinct columns.
        b: `(k,)`.

    Yields:
        Facets, `(m, n + 1)` indices of terms; and for each vertex the facet opposite to it,
        `(m, n + 1)`, −1 where that is no upper one. None at all where exponents are flat.

    Cost: qhull on what a sieve leaves of k points; .3 ms for 1,000 random terms.

    Source: Barber, Dobkin, Huhdanpaa, "The Quickhull algorithm for convex hulls" (1996).

    Example:
        >>> import numpy as np
        >>> from tropnet.algebra.upper_facets import upper_facets
        >>> facets, _ = next(upper_facets(np.array([[0.0, 4, 0, 1], [0, 0, 4, 1]]), -np.eye(4)[3]))
        >>> sorted(facets[0].tolist())
        [0, 1, 2]
    """
    from scipy.spatial import ConvexHull, QhullError

    # without merging (Q0) qhull is faster, and fails where points are nearly on a common facet
    for options, thin in (("Q0 Pp", True), ("Qt Pp", False)):
        chosen, points = _compiled()["points"](a, b, thin)
        if not len(points):
            return
        try:
            hull = ConvexHull(points, qhull_options=options)
        except QhullError:
            continue
        yield _compiled()["upper"](hull.equations, hull.simplices, hull.neighbors, chosen)


@cache
def _compiled() -> dict[str, Any]:
    """Compile the loops below; numba keeps the machine code in its cache on disk."""
    from numba import njit
    from numba.extending import register_jitable

    for helper in HELPERS:
        register_jitable(helper)
    return {
        "points": njit(cache=True, error_model="numpy")(_points),
        "upper": njit(cache=True, error_model="numpy")(_upper),
    }


def _points(a: Any, b: Any, thin: bool) -> Any:
    """Return terms, and their points between −1 and 1 with one far below; no points if flat."""
    n = len(a)
    chosen = sieve_terms(a, b) if thin else np.arange(len(b))
    k = len(chosen)
    points = np.zeros((k + 1, n + 1))
    for c in range(n + 1):
        row = b if c == n else a[c]
        low, high = row[chosen[0]], row[chosen[0]]
        for i in chosen:
            low, high = min(low, row[i]), max(high, row[i])
        middle, half = low / 2 + high / 2, high / 2 - low / 2
        if half == 0 and c == n:
            half = 1.0
        if not 0 < half < np.inf:
            return chosen, np.zeros((0, n + 1))
        for i in range(k):
            points[i, c] = (row[chosen[i]] - middle) / half
    # the last point saves qhull the lower hull
    points[k, n] = -_FAR_BELOW
    return chosen, points


def _upper(equations: Any, simplices: Any, neighbors: Any, chosen: Any) -> Any:
    """Return the facets whose normal points upwards, without those at the last point."""
    m, d = simplices.shape
    names, count = np.full(m, -1), 0
    for s in range(m):
        fine = equations[s, d - 1] > 0
        for j in range(d):
            fine = fine and simplices[s, j] < len(chosen)
        if fine:
            names[s] = count
            count += 1
    facets, across = np.empty((count, d), np.int64), np.empty((count, d), np.int64)
    for s in range(m):
        if names[s] >= 0:
            for j in range(d):
                facets[names[s], j] = chosen[simplices[s, j]]
                across[names[s], j] = names[neighbors[s, j]]
    return facets, across
