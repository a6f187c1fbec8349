"""Cells in the plane as polygons, and their facets as segments, inside a window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

from tropnet.geometry import PolyhedralComplex
from tropnet.plotting.window import window_of

if TYPE_CHECKING:
    from tropnet.typing import BoolArray, FloatArray, IntArray


@final
@dataclass(frozen=True, eq=False)
class FlatCells:
    """The polygons of the cells of a complex with n = 2 that meet a window.

    Bounded cells are whole, even where they reach beyond the window, unless they are to be cut off
    at it as unbounded ones are. Coordinates are float64: they are for drawing.

    Attributes:
        complex: the complex.
        window: `(2, 2)`, the ends of each axis.
        cells: `(K,)` the cell of each polygon; one that contains a line has several.
        starts: `(K + 1,)` where the corners of each begin.
        corners: `(P, 2)` corners, around each cell.
    """

    complex: PolyhedralComplex
    window: FloatArray
    cells: IntArray
    starts: IntArray
    corners: FloatArray

    @staticmethod
    def of(complex_: PolyhedralComplex, window: Any = None, *, cut: bool = False) -> FlatCells:
        """Return the polygons of a complex; with `cut` none reaches beyond the window.

        Example:
            >>> from tropnet import Network
            >>> from tropnet.geometry import enumerate_cells
            >>> from tropnet.plotting.flat_cells import FlatCells
            >>> corner = Network.from_dense([[[1, 0], [0, 1]], [[1, 1]]])
            >>> flat = FlatCells.of(enumerate_cells(corner), window=(-1, 1))
            >>> flat.starts.tolist()
            [0, 4, 8, 12, 16]
        """
        ends = window_of(complex_, window)
        pieces = complex_.pieces
        indptr, members = pieces.cell_vertices
        owner = np.repeat(np.arange(pieces.n_cells), np.diff(indptr))
        kept = pieces.bounded[owner]
        owner, points = owner[kept], pieces.generators[members[kept], :2]
        order = _around(owner, points, pieces.interior_points)
        owner, points = owner[order], points[order]
        ids, first = np.unique(owner, return_index=True)
        starts = np.append(first, len(owner))
        seen: Any = np.ones(len(ids), bool)
        over: Any = np.zeros(len(ids), bool)
        if len(ids):
            low = np.minimum.reduceat(points, first, axis=0)
            high = np.maximum.reduceat(points, first, axis=0)
            seen = ((high > ends[:, 0]) & (low < ends[:, 1])).all(axis=1)
            over = ((low < ends[:, 0]) | (high > ends[:, 1])).any(axis=1)
        polygons = [points[a:b] for a, b in zip(first[seen], starts[1:][seen], strict=True)]
        cells = ids[seen].tolist()
        if cut:
            for k in np.flatnonzero(over[seen]):
                polygons[k] = _inside(polygons[k], ends)
            cells = [c for c, polygon in zip(cells, polygons, strict=True) if len(polygon) > 2]
            polygons = [polygon for polygon in polygons if len(polygon) > 2]
        for cell, polygon in _clipped(pieces, ends):
            cells.append(cell)
            polygons.append(polygon)
        sizes = [len(polygon) for polygon in polygons]
        return FlatCells(
            complex_, ends, complex_.piece_cells[np.array(cells, np.int64)],
            np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            np.concatenate([np.zeros((0, 2)), *polygons]),
        )  # fmt: skip

    def polygons(self) -> list[FloatArray]:
        """Return the corners of each polygon, `(k, 2)`."""
        return np.split(self.corners, self.starts[1:-1]) if len(self.cells) else []

    def triangles(self) -> tuple[IntArray, IntArray]:
        """Return triangles `(T, 3)` of corners that fill the polygons, and the polygon of each."""
        corner = np.arange(len(self.corners))
        owner = self.owners()
        first, last = self.starts[owner], self.starts[owner + 1] - 1
        apex = (corner > first) & (corner < last)
        fan = np.column_stack([first[apex], corner[apex], corner[apex] + 1])
        return fan, owner[apex]

    def owners(self) -> IntArray:
        """Return for each corner the polygon that it belongs to, `(P,)`."""
        return np.repeat(np.arange(len(self.cells)), np.diff(self.starts))

    def values(self, maps: FloatArray) -> FloatArray:
        """Return the values `(P, m)` at the corners, given maps `(C, m, 3)` of all cells."""
        own = maps[self.cells[self.owners()]]
        result: FloatArray = np.einsum("pmk,pk->pm", own[:, :, :2], self.corners) + own[:, :, 2]
        return result


def _inside(polygon: FloatArray, window: FloatArray) -> FloatArray:
    """Cut a polygon off at the window."""
    for axis in (0, 1):
        for sign, end in ((1, window[axis, 0]), (-1, window[axis, 1])):
            heights = sign * (polygon[:, axis] - end)
            if len(polygon) and heights.min() < 0:
                polygon = clipped(polygon, heights)
    return polygon


def segments_of(complex_: PolyhedralComplex, window: FloatArray) -> FloatArray:
    """Return facets of `complex_.pieces` as segments `(F, 2, 2)`; rays reach beyond the window.

    Example:
        >>> import numpy as np
        >>> from tropnet import Network
        >>> from tropnet.geometry import enumerate_cells
        >>> from tropnet.plotting.flat_cells import segments_of
        >>> corner = Network.from_dense([[[1, 0], [0, 1]], [[1, 1]]])
        >>> segments_of(enumerate_cells(corner), np.array([[-1.0, 1], [-1, 1]])).shape
        (4, 2, 2)
    """
    ends = complex_.pieces.generators[complex_.pieces.edges]
    finite = ends[:, :, 2] > 0
    ends, finite = ends[finite.any(axis=1)], finite[finite.any(axis=1)]
    result: FloatArray = ends[:, :, :2].copy()
    for side in (0, 1):
        away = ~finite[:, side]
        base, direction = result[away, 1 - side], ends[away, side, :2]
        direction = direction / np.linalg.norm(direction, axis=1, keepdims=True)
        middle, reach = window.mean(axis=1), np.linalg.norm(window[:, 1] - window[:, 0])
        length = np.linalg.norm(base - middle, axis=1) + 2 * reach
        result[away, side] = base + direction * length[:, None]
    return result


def within(segments: FloatArray, window: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return the parts `(K, 2, 2)` of segments in a window, and which `(F,)` have one.

    Example:
        >>> import numpy as np
        >>> from tropnet.plotting.flat_cells import within
        >>> segments = np.array([[[0.0, 0], [4, 2]], [[5, 0], [5, 1]]])
        >>> parts, inside = within(segments, np.array([[0.0, 2], [0, 2]]))
        >>> parts.tolist(), inside.tolist()
        ([[[0.0, 0.0], [2.0, 1.0]]], [True, False])
    """
    base, step = segments[:, 0], segments[:, 1] - segments[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = (window.T[:, None] - base) / step  # where the four lines of the frame are met
    level = step == 0
    outside = level & ((base < window[:, 0]) | (base > window[:, 1]))
    shares = np.where(level, np.array([0.0, 1.0])[:, None, None], np.sort(shares, axis=0))
    enter, leave = shares[0].max(axis=1).clip(0), shares[1].min(axis=1).clip(max=1)
    inside: BoolArray = (enter < leave) & ~outside.any(axis=1)
    ends = np.stack([enter, leave], axis=1)[inside]
    parts: FloatArray = base[inside, None] + ends[:, :, None] * step[inside, None]
    return parts, inside


def _around(owner: IntArray, points: FloatArray, centres: FloatArray) -> IntArray:
    """Order points around the centre of their cell, cell by cell."""
    offset = points - centres[owner]
    order: IntArray = np.lexsort((np.arctan2(offset[:, 1], offset[:, 0]), owner))
    return order


def _clipped(complex_: PolyhedralComplex, window: FloatArray) -> list[tuple[int, FloatArray]]:
    """Cut the window down to each unbounded cell; cells outside of it are left out."""
    open_cells = np.flatnonzero(~complex_.bounded)
    if not len(open_cells):
        return []
    segments = segments_of(complex_, window)
    (x0, x1), (y0, y1) = window
    frame = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    owners = complex_.facet_cells
    wanted = np.isin(owners, open_cells)
    facet, side = np.nonzero(wanted)
    by_cell: dict[int, list[int]] = {int(cell): [] for cell in open_cells}
    for f, s in zip(facet.tolist(), side.tolist(), strict=True):
        by_cell[int(owners[f, s])].append(f)
    found = []
    for cell, facets in by_cell.items():
        polygon, inside = frame, complex_.interior_points[cell]
        for a, b in segments[facets]:
            normal = np.array([a[1] - b[1], b[0] - a[0]])
            if normal @ (inside - a) < 0:
                normal = -normal
            polygon = clipped(polygon, (polygon - a) @ normal)
            if len(polygon) < 3:
                break
        if len(polygon) >= 3:
            found.append((cell, polygon))
    return found


def clipped(polygon: FloatArray, heights: FloatArray) -> FloatArray:
    """Return the part of a convex polygon where an affine function is not negative.

    Args:
        polygon: `(k, 2)` corners in order.
        heights: `(k,)` the function at the corners.

    Example:
        >>> import numpy as np
        >>> from tropnet.plotting.flat_cells import clipped
        >>> square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
        >>> clipped(square, square[:, 0] - 0.5).tolist()
        [[0.5, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 1.0]]
    """
    kept = []
    for k in range(len(polygon)):
        here, there = heights[k - 1], heights[k]
        if (here < 0) != (there < 0):
            share = here / (here - there)
            kept.append(polygon[k - 1] + share * (polygon[k] - polygon[k - 1]))
        if there >= 0:
            kept.append(polygon[k])
    return np.array(kept).reshape(-1, 2)
