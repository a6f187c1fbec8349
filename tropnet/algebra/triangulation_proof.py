"""Compiled proof that simplices triangulate a Newton polytope below no term.

What the error bounds of `lifted_simplex` leave open is listed, for exact arithmetic to settle.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple, final

import numpy as np

from tropnet.algebra.lifted_simplex import HELPERS, error_of, extent, measure, plane, wall

if TYPE_CHECKING:
    from tropnet.typing import BoolArray, FloatArray, IntArray

#: Open pairs for each simplex before the proof is given up.
_PATIENCE: Final = 64
#: Values are looked at in blocks of this many.
_BLOCK: Final = 16

#: What a listed form is: the plane through the lifted vertices, else the wall opposite to a vertex.
PLANE: Final = -1


@final
class Proof(NamedTuple):
    """What speaks for simplices, and what is left to be settled.

    Attributes:
        full: `(m,)`, which simplices are not flat; the others do not count.
        outer: `(m, n + 1)`, whether the wall opposite to a vertex is one of the whole polytope.
        ties: `(t, 2)`, pairs of a simplex and a further term exactly on its plane.
        open: `(o, 3)`, a simplex, the place of a vertex (or `PLANE`) and a term that must not lie
            beyond that wall (above that plane); about these nothing is known.
    """

    full: BoolArray
    outer: BoolArray
    ties: IntArray
    open: IntArray


def prove(a: FloatArray, b: FloatArray, simplices: IntArray, neighbors: IntArray) -> Proof | None:
    """Check that simplices cover the convex hull of all exponents, and lie below no term.

    Args:
        a: `(n, k)`, n = 2 or 3: integers, rounded to nearest.
        b: `(k,)`, likewise.
        simplices: `(m, n + 1)`, terms.
        neighbors: `(m, n + 1)`, the simplex opposite to each vertex, −1 where there is none; only
            believed where they do share a ridge.

    Returns:
        None where they surely do not, and where too much is left open.

    Cost: about 1 ns for each pair of a simplex and a term. The first call in a process loads
        compiled code.

    Example:
        >>> import numpy as np
        >>> from tropnet.algebra.triangulation_proof import prove
        >>> square = np.array([[0.0, 1, 0, 1], [0, 0, 1, 1]])
        >>> simplices = np.array([[0, 1, 2], [1, 2, 3]])
        >>> neighbors = np.array([[1, -1, -1], [-1, -1, 0]])
        >>> prove(square, np.array([0.0, 0, 0, -1]), simplices, neighbors).full
        array([ True,  True])
        >>> prove(square, np.array([0.0, 0, 0, 1]), simplices, neighbors)
    """
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return None
    m, room = len(simplices), _PATIENCE * (len(simplices) + 16)
    full, outer = np.zeros(m, np.bool_), np.zeros(simplices.shape, np.bool_)
    ties, open_ = np.empty((room, 2), np.int64), np.empty((room, 3), np.int64)
    counts = np.zeros(2, np.int64)
    if not _compiled()(a, b, simplices, neighbors, full, outer, ties, open_, counts):
        return None
    return Proof(full, outer, ties[: counts[0]], open_[: counts[1]])


@cache
def _compiled() -> Any:
    """Compile the loops below; numba keeps the machine code in its cache on disk."""
    from numba import njit
    from numba.extending import register_jitable

    for helper in (*HELPERS, _across, _evaluate, _is_vertex, _below):
        register_jitable(helper)
    return njit(cache=True, error_model="numpy")(_prove)


def _prove(
    a: Any, b: Any, simplices: Any, neighbors: Any, full: Any, outer: Any, ties: Any,
    open_: Any, counts: Any,
) -> bool:  # fmt: skip
    n, k = a.shape
    m, d = simplices.shape
    room = len(ties)
    widest, highest = extent(a, b)
    normals, sizes = np.zeros((m, d, n)), np.zeros((m, d, n))
    heights, height_sizes = np.zeros(m), np.zeros(m)
    measure(a, simplices, normals, sizes, heights, height_sizes)
    slopes, starts, values = np.zeros(4), np.zeros(4), np.zeros(k)
    for s in range(m):
        full[s] = abs(heights[s]) > error_of(height_sizes[s])
    for s in range(m):
        if not full[s]:
            continue
        first = simplices[s, 0]
        turn = 1.0 if heights[s] > 0 else -1.0
        for j in range(d):
            own = simplices[s, (j + 1) % d]
            apex = _across(simplices, s, j, neighbors[s, j])
            if apex >= 0 and full[neighbors[s, j]]:
                value, size = wall(a, own, normals[s, j], sizes[s, j], apex)
                if not turn * value < -error_of(size):
                    return False
                continue
            outer[s, j] = True
            size = 0.0
            slopes[:], starts[:] = 0.0, 0.0
            for c in range(n):
                size += sizes[s, j, c] * (widest[c] + abs(a[c, own]))
                slopes[c], starts[c] = -turn * normals[s, j, c], a[c, own]
            _evaluate(a, b, slopes, starts, values)
            if not _below(values, error_of(size), simplices[s], s, j, ties, open_, counts, room):
                return False
        size = height_sizes[s] * (highest + abs(b[first]))
        slopes[:], starts[:] = 0.0, 0.0
        slopes[3], starts[3] = turn * heights[s], b[first]
        for c in range(n):
            slope, slope_size = plane(b, simplices[s], normals[s], sizes[s], c)
            size += slope_size * (widest[c] + abs(a[c, first]))
            slopes[c], starts[c] = turn * slope, a[c, first]
        _evaluate(a, b, slopes, starts, values)
        if not _below(values, error_of(size), simplices[s], s, PLANE, ties, open_, counts, room):
            return False
    return True


def _across(simplices: Any, s: int, left_out: int, t: int) -> int:
    """Return the vertex of simplex t that is not on the ridge of s without a vertex; −1 if none."""
    d = simplices.shape[1]
    if t < 0:
        return -1
    apex, shared = -1, 0
    for j in range(d):
        found = False
        for i in range(d):
            if i != left_out and simplices[t, j] == simplices[s, i]:
                found = True
        if found:
            shared += 1
        else:
            apex = simplices[t, j]
    return apex if shared == d - 1 else -1


def _evaluate(a: Any, b: Any, slopes: Any, starts: Any, values: Any) -> None:
    """Set the values of a form at all terms, in one pass; a plane is one in space."""
    x, y, z = a[0], a[1], a[len(a) - 1]
    p, q, r, t = slopes
    u, v, w, o = starts
    if len(a) == 2:
        for i in range(len(b)):
            values[i] = p * (x[i] - u) + q * (y[i] - v) + t * (b[i] - o)
    else:
        for i in range(len(b)):
            values[i] = p * (x[i] - u) + q * (y[i] - v) + r * (z[i] - w) + t * (b[i] - o)


def _below(
    values: Any, error: float, own: Any, s: int, form: int, ties: Any, open_: Any, counts: Any,
    room: int,
) -> bool:  # fmt: skip
    """Tell whether no value is surely positive; list exact zeros on planes, and open values."""
    if not error < np.inf:
        return False
    bound = -error
    for start in range(0, len(values), _BLOCK):
        stop, count = min(start + _BLOCK, len(values)), 0
        for i in range(start, stop):
            # without a branch, so that it is compiled to vector instructions
            count += values[i] >= bound
        if count == 0:
            continue
        for i in range(start, stop):
            if values[i] < bound or _is_vertex(own, i, form):
                continue
            if values[i] > error:
                return False
            if error > 0:
                if counts[1] == room:
                    return False
                open_[counts[1], 0], open_[counts[1], 1], open_[counts[1], 2] = s, form, i
                counts[1] += 1
            elif form == PLANE:
                if counts[0] == room:
                    return False
                ties[counts[0], 0], ties[counts[0], 1] = s, i
                counts[0] += 1
    return True


def _is_vertex(own: Any, term: int, form: int) -> bool:
    """Tell whether a form vanishes at a term by construction."""
    found = False
    for j in range(len(own)):
        found = found or (own[j] == term and j != form)
    return found
