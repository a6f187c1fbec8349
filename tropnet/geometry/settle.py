"""Exact signs at single vertices that float64 bounds could not tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tropnet.exact import RationalMatrix
from tropnet.geometry.circuit import Circuit
from tropnet.geometry.exact_rows import ExactRows
from tropnet.geometry.exact_values import ExactValues
from tropnet.geometry.float_certificate import cells_of_vertices
from tropnet.geometry.start import Start, primitive
from tropnet.geometry.subdivision import Subdivision

if TYPE_CHECKING:
    from tropnet.typing import IntArray

#: Vertices at a time; the first wrong one ends it.
_BATCH: Final = 256


def signs_hold(
    circuit: Circuit, start: Start, record: Subdivision, vertices: IntArray,
    out_of_time: Callable[[], bool] = lambda: False,
) -> bool:  # fmt: skip
    """Tell whether the signs of all units at some vertices are those of the cells, exactly.

    Args:
        circuit: the network.
        start: what was cut.
        record: a subdivision made in floats.
        vertices: the vertices in question.
        out_of_time: asked now and then; True means give up, and then they are not known to hold.

    Cost: an exact run of the network a vertex, about a millisecond.
    """
    owner = cells_of_vertices(record.lattice)
    signs = record.signs()
    return all(
        not out_of_time() and _signs_hold(circuit, start, record, some, signs[owner[some]])
        for some in (vertices[k : k + _BATCH] for k in range(0, len(vertices), _BATCH))
    )


def _signs_hold(
    circuit: Circuit, start: Start, record: Subdivision, vertices: IntArray, pattern: Any
) -> bool:
    rows = vertices_exactly(circuit, start, record, vertices, pattern)
    if rows is None:
        return False
    values = ExactValues(circuit).all(rows, len(circuit.blocks))
    joint = np.concatenate(values, axis=1)
    found = (joint > 0).astype(np.int8) - (joint < 0).astype(np.int8)
    units = record.lattice.support[vertices] - start.n_constraints
    carried = np.zeros(found.shape, np.bool_)
    for i, names in enumerate(units):
        carried[i, names[names >= 0]] = True
    # a unit that is zero at the vertex but does not carry it passes through: not a simple position
    return bool(((found == 0) == carried).all() and ((found == pattern) | carried).all())


def vertices_exactly(
    circuit: Circuit, start: Start, record: Subdivision, vertices: IntArray, pattern: Any
) -> Any:
    """Return exact vertices `(k, n + 1)` as primitive integers, or None where one is not a point.

    A vertex is where its d hyperplanes meet, each taken as the linear form that it has on a cell at
    the vertex.
    """
    lattice = record.lattice
    d = lattice.dimension
    forms = hyperplanes(circuit, start, lattice.support[vertices], pattern)
    rows = np.empty((len(vertices), d + 1), object)
    for i, near in enumerate(lattice.points[vertices]):
        kernel = RationalMatrix.from_rows(forms[i].tolist()).kernel()
        found = [int(v) for v in np.array(kernel.numerators.tolist(), dtype=object).ravel()]
        if len(found) != d + 1:
            return None
        row = primitive(found)
        largest = int(np.argmax(np.abs(near)))
        rows[i] = row if (row[largest] > 0) == (near[largest] > 0) else [-v for v in row]
    return rows


def hyperplanes(circuit: Circuit, start: Start, numbers: Any, pattern: Any) -> Any:
    """Return integer forms `(k, c, n + 1)` of hyperplanes `(k, c)` on cells of given signs."""
    forms = np.zeros((*numbers.shape, circuit.n_inputs + 1), object)
    rows = ExactRows(circuit)
    active = (pattern > 0).astype(np.int8)
    for k, constraint in enumerate(start.constraints):
        forms[numbers == k] = constraint
    for b, block in enumerate(circuit.blocks):
        unit = numbers - start.n_constraints - block.start
        i, c = np.nonzero((unit >= 0) & (unit < block.width))
        if len(i):
            forms[i, c] = rows.integers(rows.residues(b, unit[i, c], active[i]), b)
    return forms
