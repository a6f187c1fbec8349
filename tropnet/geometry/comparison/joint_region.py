"""Where two networks are one affine map each, and how far apart they are there."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, final

import numpy as np

from tropnet.exact import RationalMatrix
from tropnet.geometry.comparison.extremum import decimal
from tropnet.geometry.comparison.gap_values import GapValues
from tropnet.geometry.comparison.integral import Amount, CellIntegrals, total
from tropnet.geometry.linear_region import connected
from tropnet.geometry.volume import exact_volumes
from tropnet.network import AffineMap

if TYPE_CHECKING:
    from tropnet.typing import IntArray


@final
@dataclass(frozen=True, eq=False, repr=False)
class JointRegion:
    """A joint linear region of f and g: one row of the table of their differences.

    Attributes:
        gaps: the joint complex.
        index: its number.
        cells: `(k,)` the joint cells of which it consists.
        volume: its volume.
        largest: the supremum of max_i |f_i − g_i| on it.
    """

    gaps: GapValues = field(repr=False)
    index: int
    cells: IntArray
    volume: Amount
    largest: Amount

    @property
    def first(self) -> AffineMap:
        """The exact map of f."""
        return self._map(0)

    @property
    def second(self) -> AffineMap:
        """The exact map of g."""
        return self._map(1)

    def _map(self, which: int) -> AffineMap:
        m = self.gaps.joint.size
        both = self.gaps.complex.exact_map(int(self.cells[0]))
        chosen = range(which * m, (which + 1) * m)
        return AffineMap(both.matrix.rows(chosen), both.offset.rows(chosen))

    def __repr__(self) -> str:
        return (
            f"JointRegion({self.index}: volume {self.volume!r}, |f-g| up to {self.largest!r}, "
            f"f = {_map_text(self.first)}, g = {_map_text(self.second)})"
        )


def _map_text(map_: AffineMap) -> str:
    def text(matrix: RationalMatrix) -> str:
        rows = matrix.to_fractions()
        return "[" + "; ".join(" ".join(decimal(v) for v in row) for row in rows) + "]"

    return f"{text(map_.matrix)} x + {text(map_.offset)}"


def joint_regions(
    gaps: GapValues, forms: Any, integrals: CellIntegrals, *, exact: bool = False
) -> list[JointRegion]:
    """Return the joint linear regions, those with the largest difference first.

    Args:
        gaps: the joint complex.
        forms: the maps of f and g on its cells, modulo primes.
        integrals: the volumes of its cells.
        exact: volumes and differences as rationals.
    """
    complex_ = gaps.complex
    pairs = complex_.facet_cells[complex_.facet_cells[:, 1] >= 0]
    flat = forms.reshape(complex_.n_cells, -1)
    same = (flat[pairs[:, 0]] == flat[pairs[:, 1]]).all(axis=1)
    ids = connected(complex_.n_cells, pairs[same])
    order = np.argsort(ids, kind="stable")
    bounds = np.searchsorted(ids[order], np.arange(int(ids.max()) + 2))
    parts = [order[a:b] for a, b in pairwise(bounds.tolist())]
    sizes = exact_volumes(complex_) if exact else None
    tops = _tops(gaps, exact)
    rows = []
    for cells in parts:
        largest = max((tops[c] for c in cells.tolist()), key=lambda top: top.upper)
        if exact:
            largest = max((tops[c] for c in cells.tolist()), key=_exactly)
        if not complex_.bounded[cells].all():
            volume = Amount(math.inf)
        elif sizes is not None:
            volume = Amount.of(sum((sizes[c] or Fraction(0) for c in cells.tolist()), Fraction(0)))
        else:
            volume = total(integrals.volume[cells], integrals.volume_error[cells])
        rows.append((cells, volume, largest))
    rows.sort(key=lambda row: -row[2].value)
    return [JointRegion(gaps, k, *row) for k, row in enumerate(rows)]


def _exactly(top: Amount) -> Any:
    return math.inf if top.exact is None else top.exact


def _tops(gaps: GapValues, exact: bool) -> list[Amount]:
    """Return the supremum of the maximum norm of f − g on each cell."""
    indptr, members = gaps.complex.cell_vertices
    directions = np.flatnonzero(~gaps.finite)
    rising = np.zeros(len(gaps.finite), np.bool_)
    for v, slope in zip(directions.tolist(), gaps.exact(directions)[1], strict=True):
        rising[v] = any(slope)
    endless = np.logical_or.reduceat(rising[members], indptr[:-1]).tolist()
    if exact:
        values = gaps.exact(np.arange(len(gaps.finite)))[1]
        heights = [
            max(abs(v) for v in gap) if finite else Fraction(0)
            for gap, finite in zip(values, gaps.finite.tolist(), strict=True)
        ]
        corners = np.split(members, indptr[1:-1])
        return [
            Amount(math.inf) if far else Amount.of(max(heights[v] for v in own.tolist()))
            for far, own in zip(endless, corners, strict=True)
        ]
    floats, errors = gaps.floats
    finite = gaps.finite
    # the largest value is off by no more than the largest error
    size = np.where(finite, np.abs(floats).max(axis=1), 0.0)
    error = np.where(finite, errors.max(axis=1), 0.0)
    size, error = (np.maximum.reduceat(v[members], indptr[:-1]) for v in (size, error))
    return [
        Amount(math.inf) if far else Amount(float(v), float(e))
        for far, v, e in zip(endless, size, error, strict=True)
    ]
