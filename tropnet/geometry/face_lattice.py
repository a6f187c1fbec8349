"""The faces of a polyhedral complex and which contains which, in arrays that grow."""

from __future__ import annotations

from typing import Any, Final, final

import numpy as np

from tropnet.errors import BudgetExceeded
from tropnet.geometry.splitting import LEVELS, NOT_SIMPLE, TOO_MANY, compiled

#: Room for faces of each dimension to begin with.
_FIRST_ROOM: Final = 1024
_NO_WEIGHT: Final = np.zeros(0)


class NotSimple(Exception):  # noqa: N818 - caught by the engine, never seen by a user
    """The floats met a position that they cannot decide."""


@final
class FaceLattice:
    """The faces of dimensions 0 … d of a complex that is being cut.

    Faces of dimension k are numbered from 0; for k ≥ 1 `pool[k][start[k][f] : start[k][f] +
    length[k][f]]` are the faces of dimension k − 1 of face f. Those of dimension d are the cells.

    Attributes:
        dimension: d, from 1 to 6.
        count: the number of faces of each dimension.
        positive, negative: for each face the words of the units that are being cut (see
            `splitting`).
        unit: for each facet (face of dimension d − 1) the unit or constraint that carries it.
        support: for each vertex the d hyperplanes on which it lies; used in simple complexes only.
        parents: for each vertex the ends of the edge on which it was made.
        margin, reach, near: what `quick_certificate` wants to know of each vertex.
        origin: for each cell the one it was part of when `begin` was called.
    """

    def __init__(self, dimension: int, vertices: int) -> None:
        self.dimension = d = dimension
        sizes = [max(_FIRST_ROOM, 2 * vertices) if k <= d else 0 for k in range(LEVELS)]
        self.count = np.zeros(LEVELS, np.int64)
        self.used = np.zeros(LEVELS, np.int64)
        self.positive = tuple(np.zeros(n, np.uint64) for n in sizes)
        self.negative = tuple(np.zeros(n, np.uint64) for n in sizes)
        self.start = tuple(np.zeros(n, np.int32) for n in sizes)
        self.length = tuple(np.zeros(n, np.int32) for n in sizes)
        self.pool = tuple(np.zeros(4 * n, np.int32) for n in sizes)
        self.stamp = tuple(np.zeros(n, np.int32) for n in sizes)
        self.neg = tuple(np.zeros(n, np.int32) for n in sizes)
        self.zer = tuple(np.zeros(n, np.int32) for n in sizes)
        self.splits = tuple(np.zeros(n, np.int32) for n in sizes)
        self.unit = np.zeros(sizes[d - 1], np.int32)
        self.origin = np.zeros(sizes[d], np.int32)
        self.support = np.zeros((sizes[0], d), np.int32)
        self.parents = np.full((sizes[0], 2), -1, np.int32)
        self.points = np.zeros((sizes[0], d + 1))
        self.values = np.zeros((sizes[0], 1))
        self.need = np.zeros((3, LEVELS), np.int64)
        self.margin = np.full(sizes[0], np.inf)
        self.near = np.zeros(sizes[0], np.bool_)
        self.reach = np.zeros((sizes[0], d))
        #: vertices with a zero sign need the slower rule for what lies in a hyperplane
        self.zeros = False

    @property
    def n_cells(self) -> int:
        """The number of cells so far."""
        return int(self.count[self.dimension])

    @property
    def n_vertices(self) -> int:
        """The number of vertices so far."""
        return int(self.count[0])

    def children(self, k: int, face: int) -> list[int]:
        """Return the faces of dimension k − 1 of a face of dimension k."""
        begin = int(self.start[k][face])
        found: list[int] = self.pool[k][begin : begin + int(self.length[k][face])].tolist()
        return found

    def append(self, k: int, faces: list[int]) -> int:
        """Add a face of dimension k ≥ 1 with these faces; return its number."""
        self._grow(k, 1, len(faces))
        face, begin = int(self.count[k]), int(self.used[k])
        self.start[k][face], self.length[k][face] = begin, len(faces)
        self.pool[k][begin : begin + len(faces)] = faces
        self.count[k] += 1
        self.used[k] += len(faces)
        return face

    def table(self, k: int) -> tuple[Any, Any]:
        """Return (indptr, indices) of the faces of dimension k − 1 of each face of dimension k."""
        count = int(self.count[k])
        start, length = self.start[k][:count], self.length[k][:count]
        indptr = np.concatenate([[0], np.cumsum(length)]).astype(np.int32)
        index = np.arange(indptr[-1], dtype=np.int32)
        index += np.repeat(start - indptr[:-1], length)
        return indptr, self.pool[k][index]

    def cells_of_facets(self) -> Any:
        """Return `(F, 2)` the cells on both sides of each facet, −1 for the outside."""
        d = self.dimension
        owners = np.empty((int(self.count[d - 1]), 2), np.int32)
        cells = slice(0, self.n_cells)
        if not compiled()["owners"](
            self.start[d][cells], self.length[d][cells], self.pool[d], owners
        ):
            raise NotSimple("a facet of three cells")
        return owners

    def begin(self) -> None:
        """Let each cell be its own origin."""
        n = self.n_cells
        self.origin[:n] = np.arange(n, dtype=np.int32)

    def mark(self, values: Any, base: int, weight: Any) -> None:
        """Set the words of all faces from the values of up to 64 units at the vertices.

        Args:
            values: `(V, width)`.
            base: the number of the first unit.
            weight: `(width,)` what makes the values of the units comparable.
        """
        n = self.n_vertices
        compiled()["masks"](
            values, self.positive[0], self.negative[0], self.support[:n], base, weight, self.margin
        )
        self.spread()

    def residual(
        self, values: Any, vertices: slice, base: int, norms: Any, near: float = 0.0,
        top: Any = None,
    ) -> float:  # fmt: skip
        """Return the largest |value| over norm of a unit at a vertex that it carries.

        Args:
            values: `(k, width)` of the units from number `base` on at some vertices.
            vertices: which ones.
            base: the number of the first unit.
            norms: `(width,)`.
            top: `(width,)` is raised to the largest |value| of each unit.
            near: vertices where another unit is not above that, over its norm, are kept in `near`.
        """
        n = self.n_vertices
        support, marks = self.support[:n][vertices], self.near[:n][vertices]
        top = np.zeros(len(norms)) if top is None else top
        return float(compiled()["residual"](values, support, base, norms, marks, near * norms, top))

    def spread(self) -> None:
        """Set the words of all faces from those of the vertices."""
        union = compiled()["spread"]
        for k in range(1, self.dimension + 1):
            n = int(self.count[k])
            union(
                self.positive[k - 1], self.negative[k - 1], self.positive[k], self.negative[k],
                self.start[k][:n], self.length[k], self.pool[k],
            )  # fmt: skip

    def split(
        self, first: int, last: int, base: int, *, numeric: bool, bounded: bool, max_cells: int,
        weight: Any = _NO_WEIGHT,
    ) -> None:  # fmt: skip
        """Cut along units `first` … `last` − 1 of the words; unit j is numbered base + j.

        Raises:
            BudgetExceeded: more than `max_cells` cells; the cuts before stay.
            NotSimple: the floats do not make a simple arrangement.
        """
        kernel = compiled()["split"]
        while first < last:
            first = kernel(
                self.dimension, first, last, base, numeric, self.zeros, bounded, max_cells,
                weight, self.margin, self.reach, self.points, self.values, self.positive,
                self.negative, self.start, self.length, self.pool, self.stamp, self.neg,
                self.zer, self.splits, self.unit, self.origin,
                self.support, self.parents, self.count, self.used, self.need,
            )  # fmt: skip
            if first == TOO_MANY:
                raise BudgetExceeded(
                    "cells of the complex",
                    self.n_cells + int(self.need[2, self.dimension]),
                    max_cells,
                    "raise max_cells, or take a smaller domain",
                    found=True,
                )
            if first == NOT_SIMPLE:
                raise NotSimple("vertices on more hyperplanes than dimensions")
            if first < last:
                self._make_room()

    def split_edges(self, bit: int) -> Any:
        """Return the edges with both signs in a bit, as `split` will cut them."""
        n = int(self.count[1])
        word = np.uint64(1) << np.uint64(bit)
        return np.flatnonzero(self.positive[1][:n] & self.negative[1][:n] & word)

    def keep(self, cells: Any) -> Any:
        """Drop all faces but those of some cells; return the numbers of the vertices kept."""
        d = self.dimension
        chosen = np.asarray(cells)
        kept = [chosen]
        for k in range(d, 0, -1):
            chosen = np.unique(np.concatenate([self.children(k, int(f)) for f in chosen]))
            kept.insert(0, chosen)
        below: Any = None
        for k in range(d + 1):
            place = np.full(int(self.count[k]), -1, np.int32)
            place[kept[k]] = np.arange(len(kept[k]), dtype=np.int32)
            n = len(kept[k])
            for array in (self.positive[k], self.negative[k], self.stamp[k]):
                array[:n] = array[kept[k]]
            if k:
                lists = [below[self.children(k, int(f))] for f in kept[k]]
                self.length[k][:n] = [len(entries) for entries in lists]
                self.start[k][:n] = np.cumsum([0, *(len(e) for e in lists[:-1])])
                joined = np.concatenate(lists)
                self.pool[k][: len(joined)] = joined
                self.used[k] = len(joined)
            below = place
            self.count[k] = n
        self.unit[: len(kept[d - 1])] = self.unit[kept[d - 1]]
        for rows in (self.support, self.points):
            rows[: len(kept[0])] = rows[kept[0]]
        return kept[0]

    def reserve(self, vertices: int) -> None:
        """Make room for more vertices."""
        self._grow(0, vertices, 0)

    def _make_room(self) -> None:
        for k in range(self.dimension + 1):
            self._grow(k, int(self.need[0, k]), int(self.need[1, k]))

    def _grow(self, k: int, faces: int, entries: int) -> None:
        have = len(self.positive[k])
        if self.count[k] + faces > have:
            size = 2 * (int(self.count[k]) + faces)
            for name in (
                "positive", "negative", "start", "length", "stamp", "neg", "zer", "splits"
            ):  # fmt: skip
                self._replace(name, k, size)
            if k == self.dimension - 1:
                self.unit = _longer(self.unit, size)
            if k == self.dimension:
                self.origin = _longer(self.origin, size)
            if k == 0:
                self.support = _longer(self.support, size)
                self.parents = _longer(self.parents, size)
                self.points = _longer(self.points, size)
                self.values = _longer(self.values, size)
                self.margin = _longer(self.margin, size)
                self.near = np.concatenate([self.near, np.zeros(size - have, np.bool_)])
                self.reach = _longer(self.reach, size)
        if k and self.used[k] + entries > len(self.pool[k]):
            self._replace("pool", k, 2 * (int(self.used[k]) + entries))

    def _replace(self, name: str, k: int, size: int) -> None:
        arrays = list(getattr(self, name))
        arrays[k] = _longer(arrays[k], size)
        setattr(self, name, tuple(arrays))


def _longer(array: Any, size: int) -> Any:
    longer = np.empty((size, *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer
