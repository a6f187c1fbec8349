"""The cells of a network on a domain of any dimension, by a search over the signs of its units."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, final

import numpy as np

from tropnet.exact import RationalMatrix
from tropnet.geometry.tree import kernels
from tropnet.geometry.tree.certificate import ExactCells, Leaf, Point, value
from tropnet.geometry.tree.facets import FacetSearch
from tropnet.geometry.tree.kernels import Layers, State
from tropnet.geometry.tree.probe import (
    BASIS,
    DOUBT,
    ERROR,
    FOUND,
    HIGH,
    INVERSE,
    LOW,
    POINT,
    SIDE,
    SIZE,
    probes_between_looks,
)
from tropnet.geometry.tree.problem import TreeProblem, nearest_nonzero

if TYPE_CHECKING:
    from tropnet.domains import Domain
    from tropnet.geometry.circuit import Circuit
    from tropnet.typing import FloatArray, IntArray, SignArray

_U: Final = 2.0**-53


@final
@dataclass(frozen=True, eq=False)
class TreeCells:
    """Cells of a network: C patterns of N units, and the facets between them.

    Attributes:
        signs: `(C, N)`: −1, 0 or 1, the sign of each unit on the open cell; 0 only where the unit
            vanishes on the whole cell.
        interior_points: `(C, n)`, strictly inside, but for the cells in `exact_points`.
        exact_points: for cells that hold no float64 point that was found, a rational one.
        facets: `(F, 3)`: two cells and the unit whose zero set carries the facet between them; or
            a cell, −1, and −1 − k for inequality k of the domain. None unless complete.
        complete: whether all cells are there. If not, their number is a lower bound.
        certified: in a sentence, what was proven and how.
        decided_exactly: how many decisions were left to rational arithmetic.
    """

    signs: SignArray
    interior_points: FloatArray
    exact_points: dict[int, Point]
    facets: IntArray
    complete: bool
    certified: str
    decided_exactly: int

    @property
    def n_cells(self) -> int:
        """C."""
        return len(self.signs)


def tree_cells(
    circuit: Circuit,
    domain: Domain,
    *,
    max_cells: int = 1_000_000,
    time_limit: float | None = None,
    watch: Callable[[int], None] | None = None,
    facets: bool = True,
) -> TreeCells:
    """Enumerate the full-dimensional cells of a network.

    A cell is the interior of the set of points with one pattern of signs. Each cell comes with a
    point whose signs are proven, and each sign that was not followed up with multipliers that prove
    that it does not occur: in float64 with error bounds where these suffice, else in rationals, so
    that zero biases, proportional units and slivers of any width are counted as they are.

    Args:
        circuit: the network.
        domain: a box, a polyhedron, or None for all of R^n; with an interior.
        max_cells: stop with the cells found so far beyond this number.
        time_limit: seconds after which to do the same.
        watch: called now and then with the number of cells; what it raises ends the search.
        facets: whether to look for facets too.

    Returns:
        The cells, all of them unless `complete` is false.

    Raises:
        DomainError: the domain is empty or flat.
        ShapeError: it has another dimension.

    Cost: one linear program a node, of 1–10 µs; a facet costs another. Decisions in rationals take
    0.1–10 ms each.

    Source: M. Rada and M. Černý, "A new algorithm for enumeration of cells of hyperplane
    arrangements and a comparison with Avis and Fukuda's reverse search", SIAM Journal on Discrete
    Mathematics 32 (2018), layer by layer; the dual simplex of Lemke (1954).

    Example:
        >>> from tropnet import Network
        >>> from tropnet.domains import Box
        >>> from tropnet.geometry.circuit import Circuit
        >>> from tropnet.geometry.tree.search import tree_cells
        >>> kinks = Network.from_dense([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [0]])
        >>> found = tree_cells(Circuit.of(kinks), Box.cube(2))
        >>> found.n_cells, found.complete, len(found.facets)
        (4, True, 12)
    """
    search = TreeSearch(TreeProblem.of(circuit, domain), max_cells, time_limit, watch)
    search.run()
    return search.result(facets)


class OutOfRoom(Exception):  # noqa: N818 - ends the search, never seen by a user
    """The budget of cells or of time is spent."""


class TreeSearch:
    """A search under way: compiled loops that ask for exact decisions where they are in doubt."""

    def __init__(
        self,
        problem: TreeProblem,
        max_cells: int,
        time_limit: float | None,
        watch: Callable[[int], None] | None,
    ) -> None:
        self.problem, self.max_cells, self.watch = problem, max_cells, watch
        self.deadline = None if time_limit is None else time.monotonic() + time_limit
        self.exact = ExactCells(problem, self.tick)
        self.layers, self.state = prepared(problem)
        self.leaves: list[Leaf] = []
        self.complete, self.decided = True, 0
        self.reason = ""
        self.signs = np.zeros((0, problem.n_units), np.int8)
        self.points = np.zeros((0, problem.frame.dimension))
        self.ties = np.zeros(0, np.bool_)

    @property
    def n_cells(self) -> int:
        """The number of cells so far."""
        return int(self.state.control[kernels.LEAVES]) + len(self.leaves)

    def tick(self) -> None:
        """Obey the budgets."""
        if self.n_cells > self.max_cells:
            raise OutOfRoom(f"stopped at {self.max_cells} cells")
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise OutOfRoom("stopped by the time limit")

    def run(self) -> None:
        """Search until all is found or the budget is spent."""
        loop = kernels.compiled()["search"]
        size, fuel = 1 << 10, probes_between_looks(self.problem.frame.dimension)
        self._grow(size)
        try:
            if not self._begin():
                return
            while True:
                status = loop(
                    self.layers, self.state, fuel, self.signs, self.points, self.ties, size
                )
                if self.watch is not None:
                    self.watch(self.n_cells)
                self.tick()
                if status == kernels.DONE:
                    return
                if status == kernels.FULL:
                    size = min(2 * size, self.max_cells + 1)
                    self._grow(size)
                elif status == kernels.ASK:
                    self._answer()
        except OutOfRoom as stop:
            self.complete, self.reason = False, str(stop)

    def _grow(self, size: int) -> None:
        for name in ("signs", "points", "ties"):
            old = getattr(self, name)
            new = np.zeros((size, *old.shape[1:]), old.dtype)
            new[: len(old)] = old
            setattr(self, name, new)

    def _begin(self) -> bool:
        """Take the first inner point; where no float will do, search in rationals altogether."""
        state, start = self.state, self.problem.frame.start
        near = np.array([float(v) for v in start])
        state.work[POINT, : len(near)] = near
        if self._inside(near, int(state.units[0, kernels.ROWS])):
            return True
        self._explore((), start, False)
        return False

    # ---- doubts -----------------------------------------------------------------------------

    def _answer(self) -> None:
        """Decide in rationals which signs the unit takes, and how the search goes on."""
        state, control = self.state, self.state.control
        unit = int(control[kernels.UNIT])
        known = tuple(state.units[:unit, kernels.SIGN].tolist())
        row = self.exact.row(unit, known)
        control[kernels.TODO] = kernels.ANSWERED
        control[kernels.TIE] = control[kernels.ZERO] = control[kernels.SPLIT] = 0
        self.decided += 1
        if not any(row):
            control[kernels.ZERO] = control[kernels.TIE] = 1
            return
        rows = self.exact.rows(known)
        inside = self._floats(POINT)
        points: list[Point | None] = []
        for side, turn in enumerate((1, -1)):
            status = int(control[kernels.PLUS + side])
            if status == FOUND:
                points.append(self._floats(SIDE + side))
                continue
            start = self.exact.hint(self._basis(side), len(rows)) if status == DOUBT else []
            found = self.exact.beyond(rows, [turn * v for v in row], inside, start)
            points.append(found.point)
            if found.point is None and found.touches:
                control[kernels.TIE] = 1
        self._follow(unit, known, points)

    def _follow(self, unit: int, known: tuple[int, ...], points: list[Point | None]) -> None:
        """Let the loop go on where a float point is inside; search the rest in rationals."""
        state, control = self.state, self.state.control
        both = all(point is not None for point in points)
        control[kernels.SPLIT] = int(both)
        m, sides = int(state.units[unit, kernels.ROWS]), 0
        tie = bool(state.units[unit, kernels.TIES]) or bool(control[kernels.TIE])
        for side, point in enumerate(points):
            if point is None:
                continue
            near = RationalMatrix.from_rows([point]).to_floats()[0]
            sign = 1 - 2 * side
            if self._inside(near, m, unit if both else -1, sign):
                sides |= 1 << side
                state.work[SIDE + side, : len(near)] = near
            else:
                self._explore((*known, sign * (2 if both else 1)), point, tie)
        control[kernels.SIDES] = sides

    def _inside(self, point: FloatArray, m: int, unit: int = -1, sign: int = 1) -> bool:
        """Tell whether floats prove that a point is in the cell, and on one side of a unit."""
        state, d = self.state, len(point)
        if not np.isfinite(point).all():
            return False
        rows, one = state.rows[:m], np.append(point, 1.0)
        sure = bool((rows[:, : d + 1] @ one > rows[:, d + ERROR]).all())
        if unit >= 0:
            form = state.forms[unit]
            sure = sure and bool(sign * (form[: d + 1] @ one) > form[d + ERROR])
        if self.layers.cone:
            return sure and bool(point[-1] > 2.0**-200) and bool(np.abs(point).max() <= 1.0)
        return sure and bool(np.abs(point).max() < 1.0 - self.layers.delta)

    def _floats(self, which: int) -> Point:
        d = self.problem.frame.dimension
        return tuple(Fraction(v) for v in self.state.work[which, :d].tolist())

    def _basis(self, side: int) -> list[int]:
        d = self.problem.frame.dimension
        first = BASIS + (1 + side) * d
        return [int(v) for v in self.state.control[first : first + d]]

    def _explore(self, signs: tuple[int, ...], point: Point, tie: bool) -> None:
        for leaf in self.exact.explore(signs, point, tie):
            self.decided += 1
            self.leaves.append(leaf)
            self.tick()

    # ---- the result -------------------------------------------------------------------------

    def result(self, facets: bool) -> TreeCells:
        """Put everything together."""
        count, frame = int(self.state.control[kernels.LEAVES]), self.problem.frame
        own = [leaf.signs for leaf in self.leaves]
        signs = np.concatenate(
            [self.signs[:count], np.array(own, np.int8).reshape(len(own), self.problem.n_units)]
        )
        points = frame.points(self.points[:count])
        exact_points: dict[int, Point] = {}
        extra = np.zeros((len(own), points.shape[1]))
        for k, leaf in enumerate(self.leaves):
            x = frame.point(leaf.point)
            extra[k] = RationalMatrix.from_rows([x]).to_floats()[0]
            if not (np.isfinite(extra[k]).all() and self._holds(leaf, extra[k])):
                exact_points[count + k] = x
        borders = self._facets(signs, count) if facets and self.complete else None
        kept = slice(0, min(len(signs), self.max_cells))
        return TreeCells(
            self.problem.signs(signs[kept]),
            np.concatenate([points, extra])[kept],
            {k: x for k, x in exact_points.items() if k < self.max_cells},
            np.zeros((0, 3), np.int64) if borders is None else borders,
            self.complete,
            self._text(),
            self.decided,
        )

    def _facets(self, signs: SignArray, count: int) -> IntArray | None:
        ties = [leaf.tie for leaf in self.leaves]
        loose = np.concatenate([self.ties[:count], np.array(ties, np.bool_)])
        places = [leaf.point for leaf in self.leaves]
        prepared = self.layers, self.state
        search = FacetSearch(
            self.problem, prepared, self.exact, signs, self.points[:count], loose, places, self.tick
        )
        try:
            return search.run()
        except OutOfRoom as stop:
            self.complete, self.reason = False, f"{stop} among the facets"
            return None
        finally:
            self.decided += search.decided

    def _holds(self, leaf: Leaf, x: FloatArray) -> bool:
        """Tell exactly whether a float point lies in the open cell."""
        frame = self.problem.frame
        exact = [Fraction(v) for v in x.tolist()]
        if frame.cone:
            y: Point = (*exact, Fraction(1))
        else:
            triples = zip(exact, frame.shift, frame.scale, strict=True)
            y = tuple((v - a) / b for v, a, b in triples)
        return all(value(row, y) > 0 for row in self.exact.rows(leaf.signs))

    def _text(self) -> str:
        how = "float64 with error bounds"
        if self.decided:
            how += f", {self.decided} decisions in rationals"
        if self.complete:
            return f"each cell has a proven point, each other pattern is refuted: {how}"
        return f"{self.reason}: each cell has a proven point, others may exist; {how}"


def prepared(problem: TreeProblem) -> tuple[Layers, State]:
    """Return the units in floats and a search at its start."""
    frame, units = problem.frame, problem.n_units
    d, count = frame.dimension, len(problem.layers)
    widest = max((len(layer.reads) for layer in problem.layers), default=0)
    base, weights = np.zeros((units, d + 1)), np.zeros((units, widest))
    wires, info = np.zeros((count, widest), np.int64), np.zeros((count + 1, 2), np.int64)
    info[count, 0], layer_of = units, np.zeros(units, np.int64)
    for k, layer in enumerate(problem.layers):
        members, r = slice(layer.start, layer.start + len(layer.base)), len(layer.reads)
        base[members] = nearest_nonzero(layer.base)
        weights[members, :r] = nearest_nonzero(layer.weights)
        wires[k, :r] = (1 + layer.reads) * layer.polarity
        info[k], layer_of[members] = (layer.start, r), k
    delta = frame.displacement
    layers = Layers(base, weights, wires, info, layer_of, delta, frame.cone)
    return layers, _state(nearest_nonzero(frame.rows), units, frame.cone, delta)


def _state(outer: FloatArray, units: int, cone: bool, delta: float) -> State:
    p, d = len(outer), outer.shape[1] - 1
    rows, work = np.zeros((p + units, d + 4)), np.zeros((INVERSE + d, d + 4))
    rows[:p, : d + 1] = outer
    rows[:p, d + SIZE] = np.abs(outer).sum(axis=1) * (1 + (d + 3) * _U)
    rows[:p, d + ERROR] = 1.01 * (delta + (2 * d + 8) * _U) * rows[:p, d + SIZE] + 2.0**-900
    work[LOW, :d], work[HIGH, :d] = -1.0, 1.0
    if cone:
        work[LOW, d - 1] = 0.0
    table = np.zeros((units + 1, 4), np.int64)
    table[0, kernels.ROWS] = p
    control = np.zeros(BASIS + 3 * d, np.int64)
    return State(control, table, rows, np.zeros((units, d + 4)), np.zeros((units, d)), work)


__all__ = ["TreeCells", "TreeSearch", "prepared", "tree_cells"]
