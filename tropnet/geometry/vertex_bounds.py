"""How far the float vertices of a complex are from the exact ones, and the exact ones on demand.

The exact vertex v* is where d hyperplanes meet, taken as the affine forms h that their units have
on one cell at the vertex. With the exact gradients M, h(v) = M (v − v*) at the computed vertex v,
so for any X near M⁻¹: |v − v*| ≤ |X| |h(v)| + |I − X M| |v − v*|. All that is needed are bounds of
the rounding in the forms, and those follow from the weights alone.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tropnet.errors import DomainError
from tropnet.geometry.circuit import Block, Circuit
from tropnet.geometry.float_certificate import cells_of_vertices
from tropnet.geometry.settle import vertices_exactly

if TYPE_CHECKING:
    from tropnet.geometry.polyhedral_complex import PolyhedralComplex
    from tropnet.geometry.start import Start
    from tropnet.geometry.subdivision import Subdivision
    from tropnet.typing import FloatArray, IntArray, SignArray

_U: Final = 2.0**-53
#: Covers the rounding of the bounds themselves.
_SLACK: Final = 1 + 2.0**-20
#: More than underflow can take from any sum of products.
_TINY: Final = 2.0**-900
#: Rows at a time, so that their coefficients stay in the cache.
_ROWS: Final = 2048


def vertex_bounds(complex_: PolyhedralComplex) -> tuple[FloatArray, FloatArray]:
    """Return the vertices in float64 and bounds of their distances from the exact ones.

    Args:
        complex_: a complex all of whose units have cut.

    Returns:
        `(V, n)` points and `(V,)` bounds in the maximum norm, for all generators; directions have
        the bound infinity. Vertices about which floats say nothing are solved exactly.

    Cost: d backward runs of the network a vertex.
    """
    points = np.ascontiguousarray(complex_.generators[:, :-1])
    finite = complex_.generators[:, -1] > 0
    rounding = 4 * _U * np.abs(points).max(axis=1, initial=0.0) + _TINY
    record, _ = record_of(complex_)
    if record.rows is not None:
        return points, np.where(finite, rounding, np.inf)
    bounds = np.full(len(points), np.inf)
    chosen = np.flatnonzero(finite)
    with np.errstate(all="ignore"):  # what overflows is no bound, and solved below
        bounds[chosen] = _displacements(complex_, points, chosen)
    scale = np.abs(points).max(axis=1, initial=0.0)
    hard = chosen[~(bounds[chosen] <= 2.0**-20 * scale[chosen])]
    if len(hard):
        exact = exact_generators(complex_, hard)
        points = points.copy()
        points[hard] = [[_quotient(v, row[-1]) for v in row[:-1]] for row in exact.tolist()]
        largest = np.abs(points[hard]).max(axis=1, initial=0.0)
        bounds[hard] = 4 * _U * largest + _TINY
    return points, bounds


def exact_generators(complex_: PolyhedralComplex, chosen: IntArray) -> Any:
    """Return some generators exactly, object `(k, n + 1)` integers (x, t) with t ≥ 0.

    Cost: about 0.1 ms each, unless the complex was cut in integers.
    """
    record, start = record_of(complex_)
    if record.rows is not None:
        return record.rows[chosen]
    owner = cells_of_vertices(record.lattice)[chosen]
    rows = vertices_exactly(complex_.circuit, start, record, chosen, complex_.signs[owner])
    assert rows is not None, "the hyperplanes of a certified vertex meet in one point"
    return rows


def record_of(complex_: PolyhedralComplex) -> tuple[Subdivision, Start]:
    """Return what a complex was read from, its faces and the domain.

    Raises:
        DomainError: a complex without faces, or one in which not all units have cut.
    """
    if complex_.record is None or complex_.start is None:
        raise DomainError(
            f"a complex of engine={complex_.engine!r} has no vertices, so that nothing can be "
            "measured on it; take engine='subdivision' (at most 6 inputs), or a slice"
        )
    if not complex_.complete:
        raise DomainError(
            f"only {complex_.n_done} of {complex_.circuit.n_units} units have cut this complex, so "
            "that its vertices are not those of the network; raise time_limit"
        )
    return complex_.record, complex_.start


def _quotient(above: int, below: int) -> float:
    try:
        return above / below
    except OverflowError:
        return float("inf") if above > 0 else float("-inf")


def form_bounds(circuit: Circuit) -> tuple[list[FloatArray], list[float]]:
    """Bound the forms of the units of each block on any cell, and their rounding in float64.

    Returns:
        For each block, the output last: `(width, n + 1)` bounds of |coefficient|, and the number of
        relative roundings (of 2^-53) in a coefficient or a value computed in float64, in any order
        of summation.
    """
    n = circuit.n_inputs
    sizes = [np.eye(n + 1)]
    steps = [0.0] * (n + 1)
    found, counts = [], []
    for block in circuit.affines:
        below = np.concatenate(sizes)[block.reads]
        size = _SLACK * (np.abs(block.weights) @ below) + _TINY
        deepest = max((steps[c] for c in block.reads.tolist()), default=0.0)
        count = len(block.reads) + len(circuit.blocks) + 4 + deepest
        found.append(size)
        counts.append(count)
        sizes.append(size)
        steps += [count] * block.width
    return found, counts


def _displacements(complex_: PolyhedralComplex, points: FloatArray, chosen: IntArray) -> FloatArray:
    """Bound the distances of some finite vertices of a simple complex from the exact ones."""
    n = complex_.n_inputs
    lattice = record_of(complex_)[0].lattice
    owner, support = cells_of_vertices(lattice)[chosen], lattice.support[chosen]
    rows, errors = _support_forms(complex_, support, owner)
    scale = 1.0 / (np.abs(rows[:, :, :n]).max(axis=2, initial=0.0) + _TINY)
    rows, errors = rows * scale[..., None], errors * scale[..., None]
    errors += _U * np.abs(rows)
    matrix, at = rows[:, :, :n], points[chosen]
    lengths = np.concatenate([np.abs(at), np.ones((len(at), 1))], axis=1)
    value = np.abs(np.einsum("vkj,vj->vk", matrix, at) + rows[:, :, n])
    residual = value + _SLACK * np.einsum(
        "vkj,vj->vk", errors + (n + 3) * _U * np.abs(rows), lengths
    )
    inverse = _inverses(matrix)
    size = np.abs(inverse)
    unit = np.eye(n)
    away = np.abs(unit - inverse @ matrix) + size @ (
        errors[:, :, :n] + (n + 3) * _U * np.abs(matrix)
    )
    away += _U * unit
    rest = _SLACK * away.sum(axis=2).max(axis=1)
    step = _SLACK * np.einsum("vjk,vk->vj", size, residual).max(axis=1)
    bound: Any = np.where(rest < 0.5, _SLACK * step / (1 - rest) + _TINY, np.inf)
    bound[np.isnan(bound)] = np.inf
    found: FloatArray = bound
    return found


def _inverses(matrices: FloatArray) -> FloatArray:
    """Return nearly inverse matrices; what they are worth is measured afterwards."""
    found: Any = np.zeros_like(matrices)  # zero is inverse to nothing: the bound becomes infinite
    try:
        found = np.linalg.inv(matrices)
    except np.linalg.LinAlgError:  # a singular one among them
        for i, matrix in enumerate(matrices):
            with suppress(np.linalg.LinAlgError):
                found[i] = np.linalg.inv(matrix)
    inverses: FloatArray = found
    return inverses


def _support_forms(
    complex_: PolyhedralComplex, support: Any, owner: IntArray
) -> tuple[FloatArray, FloatArray]:
    """Return the forms `(k, d, n + 1)` of hyperplanes on cells, and bounds of their errors."""
    circuit, (_, start) = complex_.circuit, record_of(complex_)
    rows = np.zeros((*support.shape, circuit.n_inputs + 1))
    errors = np.zeros_like(rows)
    for number, constraint in enumerate(start.constraints):
        largest = max(map(abs, constraint))
        here = support == number
        rows[here] = [v / largest for v in constraint]
        errors[here] = _U * np.abs(rows[here]) + _TINY
    sizes, counts = form_bounds(circuit)
    active = complex_.active
    for b, block in enumerate(circuit.blocks):
        unit = support - start.n_constraints - block.start
        i, k = np.nonzero((unit >= 0) & (unit < block.width))
        for first in range(0, len(i), _ROWS):
            part = slice(first, first + _ROWS)
            rows[i[part], k[part]] = _unit_forms(
                circuit, b, unit[i[part], k[part]], active[owner[i[part]]]
            )
        errors[i, k] = _SLACK * _U * counts[b] * sizes[b][unit[i, k]] + _TINY
    return rows, errors


def _unit_forms(circuit: Circuit, b: int, units: Any, active: SignArray) -> FloatArray:
    """Return the forms `(k, n + 1)` of units of block b in float64, from the units back."""
    total = np.zeros((len(units), circuit.n_inputs + 1))
    waiting: list[Any] = [None] * b
    own = circuit.blocks[b]
    _give(circuit, own, own.weights[units], total, waiting)
    for earlier in range(b - 1, -1, -1):
        factors = waiting[earlier]
        if factors is None:
            continue
        block = circuit.blocks[earlier]
        factors *= active[:, block.start : block.start + block.width]
        _give(circuit, block, factors @ block.weights, total, waiting)
    return total


def _give(
    circuit: Circuit, block: Block, factors: Any, total: FloatArray, waiting: list[Any]
) -> None:
    inside = block.reads <= circuit.n_inputs
    total[:, block.reads[inside]] += factors[:, inside]
    for index in range(len(waiting)):
        other = circuit.blocks[index]
        first = circuit.n_inputs + 1 + other.start
        own = (block.reads >= first) & (block.reads < first + other.width)
        if own.any():
            if waiting[index] is None:
                waiting[index] = np.zeros((len(factors), other.width))
            waiting[index][:, block.reads[own] - first] += factors[:, own]
