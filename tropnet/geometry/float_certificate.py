"""Proof that floats cut a lattice at the right places.

A subdivision is right if at every vertex the sign of every unit is: by induction over the units,
each cut then separates the vertices of each cell as the exact unit does. The exact vertex v* is
where its d hyperplanes meet. In the basis of the computed vertex v and its neighbours w_1 … w_d in
one cell, each of which leaves one of the hyperplanes, v* = v + Σ y_k w_k, and the system for y is
nearly diagonal: its diagonal are the values of hyperplane k at w_k, all else are values that should
be zero. So |y| is bounded by residuals over those values, and the value of any unit at v* is its
computed value up to rounding and |y| times its largest value. Only values at vertices are needed,
which is one more run of the network; no gradients, no condition numbers. (The argument is told at
length in `docs/explanation/certified_cells.md`.)
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tropnet.geometry.circuit import Circuit
from tropnet.geometry.evaluation import Evaluation
from tropnet.geometry.face_lattice import FaceLattice, NotSimple
from tropnet.geometry.start import Start
from tropnet.geometry.subdivision import WORD, Subdivision

if TYPE_CHECKING:
    from tropnet.typing import FloatArray, IntArray

_U: Final = 2.0**-53
#: Covers the rounding of the bounds themselves.
_SLACK: Final = 1 + 2.0**-20
#: More than underflow can take from any sum of products.
_TINY: Final = 2.0**-900
#: Vertices at a time, so that their values stay in the cache.
_VERTICES: Final = 1024
_NONE: Final = np.zeros((1, 1), np.uint64)


def doubtful_vertices(
    circuit: Circuit, start: Start, record: Subdivision, vertices: IntArray
) -> IntArray:
    """Return those of some vertices at which float64 bounds do not prove the sign of every unit.

    Args:
        circuit: the network, without the units that have not cut.
        start: what was cut.
        record: a subdivision made in floats.
        vertices: the vertices to look at.

    Raises:
        NotSimple: a computed sign contradicts the cells.

    Cost: one forward run of the network at the vertices, and three passes over their values.
    """
    lattice = record.lattice
    d = lattice.dimension
    edges, chosen = _neighbourhood(lattice, vertices)
    n = len(chosen)
    points, support = lattice.points[chosen], lattice.support[chosen]
    owner = cells_of_vertices(lattice)[chosen]
    first, at = np.zeros(n + 1, np.int64), np.empty(2 * len(edges), np.int32)
    slot = np.empty(2 * len(edges), np.int8)
    loops = _compiled()
    if not loops["leave"](edges, support, first, at, slot):
        raise NotSimple("an edge whose ends share all hyperplanes")
    look = loops["look"]
    seen = _Seen(circuit, start, n, d)
    evaluation = Evaluation(circuit)
    for low in range(0, n, _VERTICES):
        part = slice(low, min(n, low + _VERTICES))
        heights = points[part] @ seen.constraints.T
        look(heights, 0, low, support, owner, _NONE, _NONE, -1, first, at, slot, *seen.arrays)
        values: list[FloatArray | None] = []
        column = 0
        for b, block in enumerate(circuit.blocks):
            heights = evaluation.block(b, points[part], values)
            base = start.n_constraints + block.start
            if low == 0:
                seen.scale[base : base + block.width] = 1.0 / (np.abs(heights).max(axis=0) + _TINY)
            if not look(
                heights, base, low, support, owner, record.positive, record.negative, column,
                first, at, slot, *seen.arrays,
            ):  # fmt: skip
                raise NotSimple("a sign that contradicts the cells")
            column += -(-block.width // WORD)
            values.append(heights)
            values = [None if evaluation.last_reader[k] <= b else v for k, v in enumerate(values)]
    error = seen.errors(points)
    leeway, far = _SLACK * (seen.residual + error), np.take(error, support)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(
            seen.reach > far, leeway[support] / (seen.reach - far), np.inf
        ).max(axis=1)  # fmt: skip
        shift = np.where(d * ratio < 0.5, 2 * d * ratio, np.inf)
        units = slice(start.n_constraints, None)
        relative = (error * seen.scale)[units].max(initial=0.0)
        largest = ((seen.top + error) * seen.scale)[units].max(initial=0.0)
        needed = _SLACK * (relative + shift * largest)
    doubt: IntArray = chosen[~(seen.margin > needed)]
    return np.intersect1d(doubt, vertices)


def _neighbourhood(lattice: FaceLattice, vertices: IntArray) -> tuple[Any, IntArray]:
    """Return the edges at some vertices, and all their ends; ends are numbered among these."""
    begin = lattice.start[1][: int(lattice.count[1])]
    edges = np.column_stack([lattice.pool[1][begin], lattice.pool[1][begin + 1]])
    wanted = np.zeros(lattice.n_vertices, np.bool_)
    wanted[vertices] = True
    edges = edges[wanted[edges].any(axis=1)]
    wanted[edges] = True
    chosen = np.flatnonzero(wanted)
    place = np.cumsum(wanted, dtype=np.int32) - 1
    return place[edges], chosen


def cells_of_vertices(lattice: FaceLattice) -> Any:
    """Return for each vertex one of the cells that it belongs to."""
    owner = np.arange(lattice.n_cells, dtype=np.int32)
    for k in range(lattice.dimension, 0, -1):
        indptr, children = lattice.table(k)
        below = np.zeros(int(lattice.count[k - 1]), np.int32)
        below[children] = np.repeat(owner, np.diff(indptr))
        owner = below
    return owner


class _Seen:
    """What a run of the network at all vertices has shown.

    Attributes:
        top: for each constraint and unit the largest |value|.
        residual: the largest |value| at a vertex that it carries.
        scale: about 1 / top.
        margin: for each vertex the least |value| times scale of the other units.
        reach: for each vertex the value of each of its hyperplanes at the far end of an edge that
            leaves the hyperplane, the larger one of two edges.
    """

    def __init__(self, circuit: Circuit, start: Start, n_vertices: int, d: int) -> None:
        self.circuit, self.n_constraints = circuit, start.n_constraints
        total = start.n_constraints + circuit.n_units
        rows = [[v / max(map(abs, row)) for v in row] for row in start.constraints]
        self.constraints = np.array(rows, dtype=np.float64).reshape(len(rows), d + 1)
        self.top, self.residual, self.scale = np.zeros(total), np.zeros(total), np.ones(total)
        self.margin = np.full(n_vertices, np.inf)
        self.reach = np.zeros((n_vertices, d))
        self.d = d

    @property
    def arrays(self) -> tuple[Any, ...]:
        """The arrays that `look` fills."""
        return self.scale, self.reach, self.residual, self.margin, self.top

    def errors(self, points: FloatArray) -> FloatArray:
        """Return for each constraint and unit a bound of |computed − exact| at all vertices.

        A unit that carries a vertex is there nearly zero instead of zero, on either side of its
        kink; `gain` bounds what that adds to later units.
        """
        n, first = self.d, self.n_constraints
        count = n + 1 + self.circuit.n_units
        largest, rounding, gain = np.zeros(count), np.zeros(count), np.zeros(count)
        largest[: n + 1] = np.abs(points).max(axis=0, initial=0.0)
        largest[n + 1 :] = self.top[first:]
        size = np.abs(self.constraints) @ largest[: n + 1]
        error = [(n + 5) * _U * size + _TINY]
        for block in self.circuit.blocks:
            weights, reads = np.abs(block.weights), block.reads
            summed = weights @ largest[reads]
            own = slice(n + 1 + block.start, n + 1 + block.start + block.width)
            rounding[own] = _SLACK * (
                weights @ rounding[reads] + (len(reads) + 4) * _U * summed + _TINY
            )
            direct = np.where(reads > n, weights, 0.0).max(axis=1, initial=0.0)
            gain[own] = _SLACK * (weights @ gain[reads] + direct)
        error.append(rounding[n + 1 :])
        bound = np.concatenate(error)
        kink = self.d * (self.residual + bound).max(initial=0.0)
        gains = np.concatenate([np.zeros(first), gain[n + 1 :]])
        result: FloatArray = _SLACK * (bound + kink * gains)
        return result


@cache
def _compiled() -> dict[str, Any]:
    from numba import njit
    from numba.extending import register_jitable

    register_jitable(_restore)
    return {
        "leave": njit(cache=True, error_model="numpy")(_leave),
        "look": njit(cache=True, error_model="numpy")(_look),
    }


def _leave(edges: Any, support: Any, first: Any, at: Any, slot: Any) -> bool:
    """List for each vertex w the edges (v, w): v, and the hyperplane of v that the edge leaves."""
    d = support.shape[1]
    for e in range(len(edges)):
        for side in range(2):
            first[edges[e, side] + 1] += 1
    for v in range(len(support)):
        first[v + 1] += first[v]
    place = first.copy()
    for e in range(len(edges)):
        for side in range(2):
            v, w = edges[e, side], edges[e, 1 - side]
            left = -1
            for i in range(d):
                shared = False
                for k in range(d):
                    if support[v, i] == support[w, k]:
                        shared = True
                if not shared:
                    if left >= 0:
                        return False
                    left = i
            if left < 0:
                return False
            at[place[w]] = v
            slot[place[w]] = left
            place[w] += 1
    return True


def _look(
    heights: Any, base: int, low: int, support: Any, owner: Any, positive: Any, negative: Any,
    column: int, first: Any, at: Any, slot: Any, scale: Any, reach: Any, residual: Any,
    margin: Any, top: Any,
) -> bool:  # fmt: skip
    """Note what some units show at some vertices, and apply ReLU; tell whether signs fit cells."""
    rows, width = heights.shape
    d = support.shape[1]
    held = np.empty(d)
    for row in range(rows):
        w = low + row
        for i in range(first[w], first[w + 1]):
            v, k = at[i], slot[i]
            j = support[v, k] - base
            if 0 <= j < width:
                reach[v, k] = max(reach[v, k], abs(heights[row, j]))
        for k in range(d):
            j = support[w, k] - base
            if 0 <= j < width:
                held[k] = heights[row, j]
                residual[base + j] = max(residual[base + j], abs(held[k]))
                heights[row, j] = 1.0 / scale[base + j]  # out of the way
        least = margin[w]
        for j in range(width):
            x = abs(heights[row, j])
            top[base + j] = max(top[base + j], x)
            least = min(least, x * scale[base + j])
        margin[w] = least
        if column >= 0:
            cell = owner[w]
            for start in range(0, width, 64):
                plus = np.uint64(0)
                minus = np.uint64(0)
                last = min(width, start + 64)
                for j in range(start, last):
                    x = heights[row, j]
                    plus |= np.uint64(x > 0.0) << np.uint64(j - start)
                    minus |= np.uint64(x < 0.0) << np.uint64(j - start)
                    heights[row, j] = max(x, 0.0)
                skip = np.uint64(0)
                for k in range(d):
                    j = support[w, k] - base
                    if start <= j < last:
                        skip |= np.uint64(1) << np.uint64(j - start)
                wrong = (plus ^ positive[cell, column + start // 64]) | (
                    minus ^ negative[cell, column + start // 64]
                )
                if wrong & ~skip:
                    return False
        _restore(heights, row, base, support, w, held)
    return True


def _restore(heights: Any, row: int, base: int, support: Any, w: int, held: Any) -> None:
    for k in range(support.shape[1]):
        j = support[w, k] - base
        if 0 <= j < heights.shape[1]:
            heights[row, j] = max(held[k], 0.0)
