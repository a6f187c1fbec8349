"""A first proof that floats cut a lattice at the right places, from what was seen on the way.

While cutting, each new vertex v on an edge (a, b) notes how near to zero the values of later units
come there, and for each of its hyperplanes the value of that hyperplane at some vertex w on all the
others. In the basis of v, one end of the edge and these w, the exact vertex is v + Σ y w with small
y, as in `float_certificate`; but here residuals are bounded beforehand, and values at w by the sums
of |weights| over all paths. That is weaker and costs next to nothing; the few vertices that it
leaves open are looked at again. (`docs/explanation/certified_cells.md` has the argument.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tropnet.geometry.circuit import Circuit
from tropnet.geometry.subdivision import Subdivision

if TYPE_CHECKING:
    from tropnet.typing import IntArray

_U: Final = 2.0**-53
_SLACK: Final = 1 + 2.0**-20


def open_vertices(circuit: Circuit, record: Subdivision) -> IntArray:
    """Return the vertices at which the sign of some unit that cut later is not proved.

    Args:
        circuit: the network, without the units that have not cut.
        record: a subdivision made in floats.
    """
    lattice = record.lattice
    d, n = lattice.dimension, lattice.n_vertices
    error, residual = _relative_errors(circuit, d)
    size = max(1.0, float(np.abs(lattice.points[:n]).max(initial=0.0)))
    reach = lattice.reach[:n] - _SLACK * (error + residual) * size
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(reach > 0, residual * size / reach, np.inf)
        # the hyperplane that made the vertex comes last; its row of the system has large entries
        own = np.where(reach[:, -1] > 0, size / reach[:, -1], np.inf)
        others = 3 * _SLACK * ratio[:, :-1].sum(axis=1)
        last = _SLACK * (residual + others) * own
        solvable = (16 * d * ratio.max(axis=1) * np.maximum(own, 1.0) < 1) & (others + last < 1)
        needed = _SLACK * size * (error + others + last)
    found: IntArray = np.flatnonzero(~(solvable & (lattice.margin[:n] > needed)))
    return found


def _relative_errors(circuit: Circuit, d: int) -> tuple[float, float]:
    """Bound errors of values, and values that should be zero, relative to norm and size."""
    rounding = error = residual = 0.0
    for block in circuit.blocks:
        rounding = _SLACK * (rounding + (len(block.reads) + 5) * _U)
        # a unit that carries a vertex may be on either side of its kink there
        error = _SLACK * (rounding + d * residual + 4 * _U * block.width)
        residual = _SLACK * (d * residual + error + 4 * _U * (block.width + 1))
    # those of the start: exact vertices, rounded
    return error, max(residual, 4 * _U * (d + 1))
