"""Cells too thin to matter, merged into their neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tropnet.errors import DomainError
from tropnet.geometry.linear_region import connected
from tropnet.geometry.polyhedral_complex import PolyhedralComplex, require_complex

if TYPE_CHECKING:
    from tropnet.typing import FloatArray, IntArray


def cell_thickness(complex: PolyhedralComplex) -> tuple[FloatArray, IntArray]:  # noqa: A002
    """Return how thin each cell is, and across which facet.

    The thickness of a cell is the least, over its facets, of the largest distance of its vertices
    from the facet's hyperplane; it is at least the width of the cell. Unbounded directions count
    as infinitely far.

    Returns:
        `(C,)` float64 thickness, and `(C,)` the facet from which it is measured.

    Cost: an exact form for each facet, and a product for each vertex of each cell and facet.
    """
    owners = complex.facet_cells
    rows = _unit_normals(complex)
    indptr, members = complex.cell_vertices
    best = np.full(complex.n_cells, np.inf)
    facet_of = np.full(complex.n_cells, -1, np.int64)
    for side in (0, 1):
        facets = np.flatnonzero(owners[:, side] >= 0)
        cells = owners[facets, side]
        lengths = np.diff(indptr)[cells]
        ends = np.cumsum(lengths)
        place = np.arange(ends[-1] if len(ends) else 0)
        place += np.repeat(indptr[:-1][cells] - (ends - lengths), lengths)
        heights = np.abs(
            np.einsum(
                "ij,ij->i",
                complex.generators[members[place]],
                np.repeat(rows[facets], lengths, axis=0),
            )
        )
        heights = np.where(
            (complex.generators[members[place], -1] == 0) & (heights > 0), np.inf, heights
        )
        extent = np.maximum.reduceat(heights, ends - lengths) if len(ends) else heights
        order = np.lexsort((extent, cells))
        first = order[np.unique(cells[order], return_index=True)[1]]
        better = first[extent[first] < best[cells[first]]]
        best[cells[better]] = extent[better]
        facet_of[cells[better]] = facets[better]
    return best, facet_of


def merge_thin_cells(complex: PolyhedralComplex, below: float) -> IntArray:  # noqa: A002
    """Return group numbers of cells when those thinner than `below` join a neighbour.

    A copy of a network whose units are rescaled by floats differs from it by roundings, so that
    the joint complex has true cells of width 1e-17. They are counted, since they are there. This
    answers the other question: how many are there to anyone who does not see so close?

    Args:
        complex: the complex.
        below: cells of smaller thickness join the cell across the facet they are flat on.

    Returns:
        `(C,)` numbers from 0; equal ones are one cell.

    Raises:
        DomainError: not a complex, or `below` is not positive.

    Example:
        >>> import tropnet
        >>> from tropnet.geometry import enumerate_cells, merge_thin_cells
        >>> steps = tropnet.Network.from_dense([[[1], [1]], [[1, 1]]], [[0, 2.0**-40], [0]])
        >>> sliver = enumerate_cells(steps, tropnet.Box([-1], [1]))
        >>> sliver.n_cells, len(set(merge_thin_cells(sliver, 1e-9).tolist()))
        (3, 2)
    """
    require_complex(complex, "merge_thin_cells")
    if not below > 0:
        raise DomainError(f"below={below!r}; give a positive length")
    thickness, facets = cell_thickness(complex)
    thin = np.flatnonzero((thickness < below) & (facets >= 0))
    pairs = complex.facet_cells[facets[thin]]
    return connected(complex.n_cells, pairs[pairs[:, 1] >= 0])


def _unit_normals(complex: PolyhedralComplex) -> FloatArray:  # noqa: A002
    """Return forms (a, b) in float64 with |a| = 1 that vanish on the facets."""
    rows = np.empty((len(complex.facet_cells), complex.n_inputs + 1))
    units = complex.facet_unit.astype(np.int64)
    inner = np.flatnonzero(units >= 0)
    numerators, _ = complex.unit_rows(complex.facet_cells[inner, 0], units[inner])
    outer = np.flatnonzero(units < 0)
    outside = [] if complex.start is None else complex.start.constraints
    forms = [*numerators.tolist(), *(outside[-1 - int(units[k])] for k in outer)]
    for k, form in zip([*inner, *outer], forms, strict=True):
        largest = max(map(abs, form[:-1])) or 1
        scaled = np.array([v / largest for v in form])
        rows[k] = scaled / np.linalg.norm(scaled[:-1])
    return rows
