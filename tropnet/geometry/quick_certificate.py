"""A first proof that floats cut a lattice at the right places, from what was seen on the way.

While cutting, each new vertex v on an edge (a, b) notes how near to zero the values of later units
come there. For each of its hyperplanes it keeps the value of that hyperplane at some vertex w on
all the older ones: what the ends of its edge kept, and these ends themselves for the unit that cut.
In the basis of v and these w the system for the exact vertex v + Σ y w is lower triangular up to
values that should be zero, so that y is bounded row by row. Residuals are those of earlier runs,
and values at w are bounded by the norms of the forms (`form_norms`). That is weaker than
`float_certificate` and costs next to nothing; the few vertices that it leaves open are looked at
again. (`docs/explanation/certified_cells.md` has the argument.)
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tropnet.geometry.circuit import Circuit
from tropnet.geometry.face_lattice import FaceLattice
from tropnet.geometry.start import Start
from tropnet.geometry.subdivision import NEAR, Subdivision

if TYPE_CHECKING:
    from tropnet.typing import IntArray

_U: Final = 2.0**-53
_SLACK: Final = 1 + 2.0**-20


def open_vertices(circuit: Circuit, start: Start, record: Subdivision) -> IntArray:
    """Return the vertices at which the sign of some unit that cut later is not proved.

    Args:
        circuit: the network, without the units that have not cut.
        start: what was cut.
        record: a subdivision made in floats.
    """
    lattice = record.lattice
    d, n = lattice.dimension, lattice.n_vertices
    if not start.bounded:
        # (x, t) may cancel between nearly opposite directions; scaling it up again scales errors
        return np.arange(n)
    error, residual = _errors(circuit, start, record)
    size = max(1.0, float(np.abs(lattice.points[:n]).max(initial=0.0)))
    reach = lattice.reach[:n] - _SLACK * (error + residual)
    total = np.zeros(n)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        for k in range(d):  # in the order in which the hyperplanes came
            y = np.where(reach[:, k] > 0, (2 * residual + size * total) / reach[:, k], np.inf)
            total = _SLACK * (total + y)
        needed = _SLACK * (error + size * total)
    unsure = lattice.near[:n] | ~(lattice.margin[:n] > 2 * error)
    if unsure.any():  # their errors are not bounded, nor what is taken from them
        parents = lattice.parents[:n]
        _compiled()(unsure, parents)
    if not 2 * error < NEAR:
        unsure[:] = True
    found: IntArray = np.flatnonzero(unsure | ~((total < 1) & (lattice.margin[:n] > needed)))
    return found


def _errors(circuit: Circuit, start: Start, record: Subdivision) -> tuple[float, float]:
    """Bound errors of values, and values that should be zero, all over the norms of the units.

    Values of a block at a vertex err by the rounding of a forward run, and since a unit that
    carries the vertex may be on either side of its kink there; in between, interpolation adds four
    roundings for each cut on which a vertex depends. What should be zero was measured wherever a
    forward run was made, which is everywhere but at the vertices that the last block made.
    """
    lattice, forms = record.lattice, record.forms
    assert forms is not None, "a subdivision in floats has its norms"
    d, n = lattice.dimension, lattice.n_vertices
    size = max(1.0, float(np.abs(lattice.points[:n]).max(initial=0.0)))
    unit = _U * size
    worst = 0.0
    residual = _constraint_residual(start, lattice) + (d + 5) * unit
    errors = forms.errors(record.residuals, record.tops, size, d)
    for b, (block, error) in enumerate(zip(circuit.blocks, errors, strict=False)):
        worst = max(worst, error + 4 * unit * block.width)
        if b + 1 < len(circuit.blocks):
            residual = max(residual, _SLACK * (record.residuals.get(b, 0.0) + error))
        else:  # inherited along edges, or made by this block
            inherited = residual + 4 * unit * (block.width + 1)
            made = worst + 4 * unit + d * residual
            residual = _SLACK * max(inherited, made)
    return worst, residual


@cache
def _compiled() -> Any:
    from numba import njit

    return njit(cache=True)(_inherit)


def _inherit(marked: Any, parents: Any) -> None:
    """Mark what was made on edges from marked vertices; parents come before.

    Parents of vertices of the start mean nothing, but then these were not interpolated either.
    """
    for v in range(len(marked)):
        for k in range(2):
            if 0 <= parents[v, k] < v and marked[parents[v, k]]:
                marked[v] = True


def _constraint_residual(start: Start, lattice: FaceLattice) -> float:
    """Return the largest |value| over norm of a constraint at a vertex that it carries."""
    rows = [[v / max(map(abs, row)) for v in row] for row in start.constraints]
    forms = np.array(rows, dtype=np.float64).reshape(len(rows), lattice.dimension + 1)
    heights = lattice.points[: lattice.n_vertices] @ forms.T
    return lattice.residual(heights, slice(None), 0, np.abs(forms).sum(axis=1))
