"""The cells of a network by cutting a face lattice, unit by unit, in floats.

Values of a layer are computed at all vertices by one product of matrices; a vertex that a cut makes
on an edge gets its values by interpolation, since the layer is affine on each edge. The result is
right if the signs of the values at the vertices are: `float_certificate` proves that afterwards,
and `exact_subdivision` takes over where floats cannot tell.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.errors import BudgetExceeded
from tropnet.geometry.circuit import Circuit
from tropnet.geometry.evaluation import Evaluation
from tropnet.geometry.face_lattice import FaceLattice, NotSimple
from tropnet.geometry.form_norms import FormNorms
from tropnet.geometry.start import Start

if TYPE_CHECKING:
    from tropnet.typing import FloatArray

#: The units of one word.
WORD: Final = 64

#: Values so near to zero, relative to what their unit could reach, betray special position.
_NEAR: Final = 2.0**-48
#: Where values are that near to zero in a forward run, the first proof does not trust their signs.
NEAR: Final = 2.0**-34
#: With more vertices where that happens, floats give up.
_MOST_NEAR: Final = 256

#: Called with (units done, cells so far) after some units; True means stop.
Watch = Callable[[int, int], bool]


@final
@dataclass(eq=False)
class Subdivision:
    """What cutting along the first `n_done` units left.

    Attributes:
        lattice: the faces.
        positive, negative: `(C, chunks)` words of the signs of the units on each cell.
        chunks: the number of units of each column of words.
        n_done: how many units have cut.
        rows: for exact runs the vertices as integers `(V, n + 1)`, else None.
        residuals: for float runs, by block, the largest |value| over its norm that was seen of a
            unit at a vertex that it carries.
        tops: for float runs, by block, the largest |value| of each unit in a forward run.
        forms: for float runs the norms of the units.
    """

    lattice: FaceLattice
    positive: Any
    negative: Any
    chunks: list[int]
    n_done: int
    rows: Any = None
    residuals: dict[int, float] = field(default_factory=dict)
    tops: dict[int, FloatArray] = field(default_factory=dict)
    forms: FormNorms | None = None

    def note(self, block: int, values: FloatArray, vertices: slice, base: int) -> None:
        """Keep what a forward run shows of a block at some vertices; its units begin at `base`."""
        assert self.forms is not None, "only runs in floats look back"
        norms = self.forms.units[block]
        top = self.tops.setdefault(block, np.zeros(len(norms)))
        found = self.lattice.residual(values, vertices, base, norms, NEAR, top)
        self.residuals[block] = max(self.residuals.get(block, 0.0), found)

    def signs(self) -> Any:
        """Return `(C, n_done)` int8 signs of the units on the cells."""
        return signs_of(self.positive, self.negative, self.chunks)


def signs_of(positive: Any, negative: Any, chunks: Sequence[int]) -> Any:
    """Return `(C, units)` int8 signs from words `(C, chunks)` that hold so many units each."""
    parts = [
        unpacked(positive[:, k], width) - unpacked(negative[:, k], width)
        for k, width in enumerate(chunks)
    ]
    return np.concatenate([np.zeros((len(positive), 0), np.int8), *parts], axis=1)


def unpacked(words: Any, width: int) -> Any:
    """Return `(len(words), width)` int8, the lowest bits of words."""
    octets = np.ascontiguousarray(words).view(np.uint8).reshape(len(words), 8)
    return np.unpackbits(octets, axis=1, count=width, bitorder="little").view(np.int8)


def subdivide(
    circuit: Circuit, start: Start, max_cells: int, watch: Watch | None = None,
    partial: bool = False,
) -> Subdivision:  # fmt: skip
    """Cut the start along all units of a network, in floats.

    Raises:
        BudgetExceeded: more than `max_cells` cells, unless `partial`.
        NotSimple: floats cannot follow, as for degenerate networks.

    Returns:
        The cells; cut by the first units only if `watch` said stop, or if there would be too many
        and `partial`.

    Cost: about 1 µs a cell in two and three dimensions.
    """
    lattice, bounded = start.float_lattice(), start.bounded
    evaluation = Evaluation(circuit)
    start.set_reach(evaluation)
    values: list[FloatArray | None] = []
    none = np.zeros((lattice.n_cells, 0), np.uint64)
    record = Subdivision(lattice, none, none, [], 0, forms=evaluation.forms)
    first_unit = start.n_constraints
    for b, block in enumerate(circuit.blocks):
        for first in range(0, block.width, WORD):
            units = slice(first, min(block.width, first + WORD))
            known = lattice.n_vertices
            points = lattice.points[:known]
            heights = evaluation.block(b, points, values, units)
            width = heights.shape[1]
            lattice.values = np.empty((len(lattice.positive[0]), width))
            lattice.values[:known] = heights
            base = first_unit + block.start + first
            weight = 1.0 / evaluation.norms[b][units]
            lattice.mark(heights, base, weight)
            if lattice.margin[:known].min() == 0:
                raise NotSimple("a value that is zero")
            lattice.begin()
            cut, stop = _cut(
                lattice, base, width, bounded, weight, max_cells, record, watch, partial
            )
            margin = lattice.margin[: lattice.n_vertices]
            # a vertex with the sign 0 of a unit would count on both of its sides
            if margin.min() == 0 or (margin < _NEAR).sum() > _MOST_NEAR:
                raise NotSimple("values that are zero, or many near it")
            remember(record, cut)
            if stop:
                return record
            fresh = lattice.points[known : lattice.n_vertices]
            done = b + 1 == len(circuit.blocks) and units.stop == block.width
            if len(fresh) and not done:  # what earlier blocks are at the new vertices
                late = _forward(evaluation, lattice, slice(known, None), b, first_unit, record)
                values = [
                    None if old is None or evaluation.last_reader[k] < b
                    else np.concatenate([old, late[k]])
                    for k, old in enumerate(values)
                ]  # fmt: skip
        if b + 1 == len(circuit.blocks):
            break
        points = lattice.points[: lattice.n_vertices]
        own = evaluation.block(b, points, values)
        record.note(b, own, slice(None), first_unit + block.start)
        values.append(np.maximum(own, 0.0, out=own))
        values = [None if evaluation.last_reader[k] <= b else held for k, held in enumerate(values)]
    return record


def _cut(
    lattice: FaceLattice, base: int, width: int, bounded: bool, weight: Any, max_cells: int,
    record: Subdivision, watch: Watch | None, partial: bool,
) -> tuple[int, bool]:  # fmt: skip
    """Cut along the units of a word; return how many have cut, and whether to stop."""
    first = 0
    while first < width:
        step = width if watch is None or lattice.n_cells < 2000 else 8
        if partial and lattice.n_cells << min(step, 24) > max_cells:
            step = 1  # a cut doubles the cells at most; the first one that is too much is not made
        last = min(width, first + step)
        try:
            lattice.split(
                first, last, base, numeric=True, bounded=bounded, max_cells=max_cells, weight=weight
            )
        except BudgetExceeded:
            if not partial or lattice.n_cells > max_cells:
                raise
            return first, True
        first = last
        if watch is not None and watch(record.n_done + last, lattice.n_cells):
            return last, True
    return width, False


def _forward(
    evaluation: Evaluation, lattice: FaceLattice, vertices: slice, upto: int, first_unit: int,
    record: Subdivision,
) -> list[Any]:  # fmt: skip
    """Return the values after ReLU of the blocks before `upto` at some vertices."""
    points = lattice.points[: lattice.n_vertices][vertices]
    values: list[FloatArray | None] = []
    for b, block in enumerate(evaluation.circuit.blocks[:upto]):
        own = evaluation.block(b, points, values)
        record.note(b, own, vertices, first_unit + block.start)
        values.append(np.maximum(own, 0.0, out=own))
    return values


def remember(record: Subdivision, width: int) -> None:
    """Keep the signs of the first `width` units of the words on all cells."""
    if width == 0:
        return
    lattice = record.lattice
    cells = slice(0, lattice.n_cells)
    d = lattice.dimension
    origin = lattice.origin[cells]
    seen = np.uint64((1 << width) - 1)
    positive, negative = lattice.positive[d][cells] & seen, lattice.negative[d][cells] & seen
    record.positive = np.column_stack([record.positive[origin], positive])
    record.negative = np.column_stack([record.negative[origin], negative])
    record.chunks.append(width)
    record.n_done += width
