"""Volumes of cells: in float64 with proven error bounds, and as exact rationals."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import flint
import numpy as np

from tropnet.geometry.triangulation import simplices
from tropnet.geometry.vertex_bounds import vertex_bounds

if TYPE_CHECKING:
    from tropnet.geometry.polyhedral_complex import PolyhedralComplex
    from tropnet.typing import FloatArray, IntArray

_U: Final = 2.0**-53
_SLACK: Final = 1 + 2.0**-20
_TINY: Final = 2.0**-900


def cell_volumes(complex_: PolyhedralComplex) -> tuple[FloatArray, FloatArray]:
    """Return the volumes of all cells in float64 with proven bounds of their errors.

    Args:
        complex_: a complex all of whose units have cut.

    Returns:
        `(C,)` volumes and `(C,)` bounds of |computed − exact|; unbounded cells have the volume
        infinity, and no error.

    Cost: about 1 µs a simplex, after `vertex_bounds`.

    Example:
        >>> from tropnet import Box, Network
        >>> from tropnet.geometry import enumerate_cells
        >>> from tropnet.geometry.volume import cell_volumes
        >>> relu = Network.from_dense([[[3]], [[1]]], [[-1], [0]])
        >>> volumes, errors = cell_volumes(enumerate_cells(relu, Box([0], [1])))
        >>> sorted(volumes.round(3).tolist()), bool(errors.max() < 1e-14)
        ([0.333, 0.667], True)
    """
    if complex_.parts is not None:
        return _joined(*cell_volumes(complex_.pieces), complex_)
    bounded = complex_.bounded
    values = np.where(bounded, 0.0, np.inf)
    errors = np.zeros(complex_.n_cells)
    counts = np.zeros(complex_.n_cells, np.int64)
    for cells, _, sizes, spread in weighed(complex_, vertex_bounds(complex_)):
        values += np.bincount(cells, sizes, complex_.n_cells)
        errors += np.bincount(cells, spread, complex_.n_cells)
        counts += np.bincount(cells, minlength=complex_.n_cells)
    rounding = np.where(bounded, (counts + 4) * _U * values, 0.0)
    return values, _SLACK * (errors + rounding)


def weighed(
    complex_: PolyhedralComplex, vertices: tuple[FloatArray, FloatArray]
) -> Iterator[tuple[IntArray, IntArray, FloatArray, FloatArray]]:
    """Yield the simplices of the bounded cells with their volumes.

    The determinant is that of the edges from one vertex, by Laplace's expansion. By Hadamard's
    inequality in the 1-norm it changes by at most Π(|a_i| + e_i) − Π|a_i| where the edges a_i are
    off by e_i, and rounding takes a small multiple of Π|a_i|.

    Yields:
        `(s,)` cells, `(s, n + 1)` vertices, `(s,)` volumes and `(s,)` bounds of their errors.
    """
    points, bounds = vertices
    for cells, corners in simplices(complex_, np.flatnonzero(complex_.bounded)):
        sizes, spread = np.empty(len(cells)), np.empty(len(cells))
        _compiled()(points, bounds, corners, sizes, spread)
        yield cells, corners, sizes, spread


def exact_volumes(complex_: PolyhedralComplex) -> list[Fraction | None]:
    """Return the volumes of all cells exactly; None stands for infinity.

    Cost: about 20 µs a simplex, after the exact vertices.

    Example:
        >>> from tropnet import Box, Network
        >>> from tropnet.geometry import enumerate_cells
        >>> from tropnet.geometry.volume import exact_volumes
        >>> relu = Network.from_dense([[[3]], [[1]]], [[-1], [0]])
        >>> sorted(map(str, exact_volumes(enumerate_cells(relu, Box([0], [1])))))
        ['1/3', '2/3']
    """
    if complex_.parts is not None:
        return _joined_exactly(exact_volumes(complex_.pieces), complex_.piece_cells.tolist())
    found: list[Any] = [flint.fmpq(0) if b else None for b in complex_.bounded.tolist()]
    for cell, _, size in exact_simplices(complex_):
        found[cell] += size
    return [None if v is None else Fraction(int(v.p), int(v.q)) for v in found]


def _joined(
    values: FloatArray, errors: FloatArray, complex_: PolyhedralComplex
) -> tuple[FloatArray, FloatArray]:
    """Return the volumes of cells from those of their pieces."""
    owner, count = complex_.piece_cells, complex_.n_cells
    total: Any = np.bincount(owner, values, count)
    lost: Any = np.bincount(owner, errors, count)
    pieces: Any = np.bincount(owner, minlength=count)
    rounding = np.where(np.isfinite(total), pieces * _U * total, 0.0)
    return total, _SLACK * (lost + rounding)


def _joined_exactly(pieces: list[Fraction | None], cells: list[int]) -> list[Fraction | None]:
    found: list[Fraction | None] = [Fraction(0)] * (max(cells) + 1)
    for cell, size in zip(cells, pieces, strict=True):
        before = found[cell]
        found[cell] = None if size is None or before is None else before + size
    return found


def exact_simplices(complex_: PolyhedralComplex) -> Iterator[tuple[int, list[int], Any]]:
    """Yield for each simplex of the bounded cells the cell, the vertices and the volume (fmpq)."""
    n = complex_.n_inputs
    rows = complex_.exact_vertices()
    integers = [[int(v) for v in row] for row in rows.tolist()]
    for cells, corners in simplices(complex_, np.flatnonzero(complex_.bounded)):
        for cell, simplex in zip(cells.tolist(), corners.tolist(), strict=True):
            chosen = [integers[v] for v in simplex]
            below = math.factorial(n) * math.prod(row[-1] for row in chosen)
            yield cell, simplex, flint.fmpq(abs(_determinant(chosen)), below)


def balanced_sum(values: Sequence[Any]) -> Any:
    """Return the sum of many big rationals (fmpq), by halves: numbers of one size are added.

    Cost: that of a few multiplications of numbers as long as the result, for any number of terms.
    """
    parts = list(values)
    if not parts:
        return flint.fmpq(0)
    while len(parts) > 1:
        pairs = [a + b for a, b in zip(parts[::2], parts[1::2], strict=False)]
        parts = [*pairs, parts[-1]] if len(parts) % 2 else pairs
    return parts[0]


def _determinant(rows: list[list[int]]) -> int:
    if len(rows) == 2:
        (a, b), (c, d) = rows
        return a * d - b * c
    if len(rows) == 3:
        (a, b, c), (d, e, f), (g, h, i) = rows
        return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return int(flint.fmpz_mat(rows).det())


@cache
def _compiled() -> Any:
    from numba import njit

    return njit(cache=True, error_model="numpy")(_weigh)


def _weigh(points: Any, bounds: Any, corners: Any, sizes: Any, spread: Any) -> None:
    """Fill in the volumes of simplices, and bounds of their errors."""
    n = points.shape[1]
    edges = np.empty((n, n))
    minors = np.empty(1 << n)
    factorial = 1.0
    for k in range(2, n + 1):
        factorial *= k
    for s in range(len(corners)):
        origin = corners[s, 0]
        product = 1.0
        wider = 1.0
        for i in range(n):
            corner = corners[s, i + 1]
            length = 0.0
            coordinates = 0.0
            for j in range(n):
                edges[i, j] = points[corner, j] - points[origin, j]
                length += abs(edges[i, j])
            # a difference of floats is rounded once
            coordinates = n * (bounds[corner] + bounds[origin]) + 1.2e-16 * length
            product *= length
            wider *= length + coordinates
        minors[0] = 1.0
        for mask in range(1, 1 << n):
            row = -1
            for j in range(n):
                row += (mask >> j) & 1
            total = 0.0
            sign = 1.0
            for j in range(n - 1, -1, -1):
                if (mask >> j) & 1:
                    total += sign * edges[row, j] * minors[mask ^ (1 << j)]
                    sign = -sign
            minors[mask] = total
        sizes[s] = abs(minors[(1 << n) - 1]) / factorial
        lost = (wider - product) + 16.0 * (n + 1) * 1.2e-16 * wider + 2.0**-900
        if not (lost < np.inf and sizes[s] < np.inf):  # an overflow
            lost = np.inf
            sizes[s] = 0.0
        spread[s] = 1.001 * lost / factorial
