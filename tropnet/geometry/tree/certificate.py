"""Decisions about cells in rational arithmetic, where floats are in doubt."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, TypeAlias, final

import flint
import numpy as np

from tropnet.exact import RationalMatrix
from tropnet.exact.linear_program import Optimal, maximize
from tropnet.geometry.tree.problem import TreeProblem, rational_rows

if TYPE_CHECKING:
    from tropnet.typing import SignArray

#: A row·(y, 1) of integers; a point y of rationals.
Row: TypeAlias = list[int]
Point: TypeAlias = tuple[Fraction, ...]

#: Remembered layers of forms.
_KEPT: Final = 512


@final
@dataclass(frozen=True)
class Leaf:
    """A cell found in rationals: signs of the units left, ±2 where a choice, and a point inside."""

    signs: tuple[int, ...]
    point: Point
    tie: bool


@final
@dataclass(frozen=True)
class Side:
    """What lies on one side of a hyperplane in a cell.

    Attributes:
        point: a point of the open cell on that side, None where there is none.
        touches: where there is none, whether the hyperplane may touch the closed cell.
    """

    point: Point | None
    touches: bool = False


class ExactCells:
    """Cells of a problem as integer rows.

    Args:
        problem: what is searched.
        watch: called before each pivot; what it raises ends the search.
    """

    def __init__(self, problem: TreeProblem, watch: Callable[[], None] | None = None) -> None:
        frame = problem.frame
        self.problem, self.watch, self.one = problem, watch, frame.one
        self.dimension = d = frame.dimension
        self.domain: list[Row] = _integers(frame.rows)
        self.cone = frame.cone
        self.walls: list[Row] = []
        for k in range(d):
            for turn in (1, -1):
                wall = [turn if j == k else 0 for j in range(d)] + [1]
                if not frame.cone:
                    self.walls.append(wall)
        if frame.cone:
            self.walls.append([*(int(j == d - 1) for j in range(d)), 0])
        self.starts = [layer.start for layer in problem.layers] + [problem.n_units]
        self._forms: dict[tuple[int, bytes], tuple[RationalMatrix, list[Row]]] = {}

    # ---- rows -------------------------------------------------------------------------------

    def row(self, unit: int, signs: Sequence[int]) -> Row:
        """Return what a unit is, up to a positive factor, on the cell of the signs before it."""
        layer = self.layer(unit)
        return self._layer(layer, signs)[1][unit - self.starts[layer]]

    def layer(self, unit: int) -> int:
        """Return the layer of a unit."""
        layer = 0
        while self.starts[layer + 1] <= unit:
            layer += 1
        return layer

    def path(self, signs: Sequence[int]) -> list[tuple[int, Row]]:
        """Return the choices among signs: the units, and their rows turned to be positive."""
        found = []
        for unit, sign in enumerate(signs):
            if abs(sign) == 2:
                row = self.row(unit, signs)
                found.append((unit, row if sign > 0 else [-v for v in row]))
        return found

    def rows(self, signs: Sequence[int]) -> list[Row]:
        """Return all rows that bound the cell of the signs: the domain's, the path's, the walls."""
        return [*self.domain, *(row for _, row in self.path(signs)), *self.walls]

    def _layer(self, index: int, signs: Sequence[int]) -> tuple[RationalMatrix, list[Row]]:
        layer = self.problem.layers[index]
        known = np.sign(np.array(signs[: layer.start], np.int8))
        key = index, known.tobytes()
        if key in self._forms:
            return self._forms[key]
        active: list[int] = []
        if layer.start:
            active = np.flatnonzero(known[layer.reads] * layer.polarity > 0).tolist()
        forms = layer.base
        if active:
            parts = []
            for column in active:
                rep, turn = int(layer.reads[column]), int(layer.polarity[column])
                source = self.layer(rep)
                part = self._layer(source, signs)[0].rows([rep - self.starts[source]])
                parts.append(part if turn > 0 else -part)
            weights = layer.weights.columns(active)
            forms = (forms + weights @ RationalMatrix.stack_rows(parts)).reduced()
        if len(self._forms) >= _KEPT:
            self._forms.clear()
        self._forms[key] = forms, _integers(forms)
        return self._forms[key]

    # ---- decisions --------------------------------------------------------------------------

    def beyond(
        self, rows: list[Row], target: Row, inside: Point, start: Sequence[int] = ()
    ) -> Side:
        """Look in an open cell for a point where target·(y, 1) > 0.

        Args:
            rows: those that are positive on the cell.
            target: the row.
            inside: a point of the open cell.
            start: indices of rows believed to prove that there is none.
        """
        here = value(target, inside)
        if here > 0:
            return Side(inside)
        if here == 0:
            return Side(self._moved(rows, target, inside))
        if not self.cone and target[-1] + sum(abs(v) for v in target[:-1]) < 0:
            return Side(None)
        if len(start) == self.dimension and (proof := self._multipliers(rows, target, start)):
            return Side(None, proof == "touches")
        joint = rational_rows([*rows, [-v for v in target]])
        cap = max(abs(v) for v in target)
        left, right = -joint.columns(range(self.dimension)), joint.columns([self.dimension])
        sides = RationalMatrix.stack_rows(
            [right.rows(range(len(rows))), RationalMatrix.of([[cap - target[-1]]])]
        )
        objective = rational_rows([target]).columns(range(self.dimension))
        hints = [i for i in start if i >= 0]
        best = maximize(objective, left, sides, start=hints or None, watch=self.watch)
        # it is at most `cap`, and the point inside shows that it is feasible
        assert isinstance(best, Optimal)
        top = best.value + target[-1]
        if top <= 0:
            return Side(None, top == 0)
        end = best.point.to_fractions()[0]
        tau = (1 + here / (here - top)) / 2
        middle = tuple(a + tau * (b - a) for a, b in zip(inside, end, strict=True))
        return Side(_simple(middle, [*rows, target]))

    def _moved(self, rows: list[Row], target: Row, inside: Point) -> Point:
        """Move a point of an open cell off a hyperplane."""
        step = Fraction(1)
        for row in rows:
            rate = sum(a * b for a, b in zip(row[:-1], target[:-1], strict=True))
            if rate < 0:
                step = min(step, value(row, inside) / -rate)
        moved = tuple(v + step / 2 * g for v, g in zip(inside, target[:-1], strict=True))
        return _simple(moved, [*rows, target])

    def _multipliers(self, rows: list[Row], target: Row, start: Sequence[int]) -> str:
        """Try to prove target ≤ 0 by multipliers of D rows; "" where they do not."""
        d = self.dimension
        chosen = [rows[i] if i >= 0 else self._artificial(i) for i in start]
        if not self.cone:
            chosen.append([0] * d + [1])
        size = len(chosen)
        flat: list[Any] = [row[k] for k in range(size) for row in chosen]
        goal: list[Any] = [-v for v in target[:size]]
        try:
            matrix: Any = flint.fmpz_mat(size, size, flat)
            solved = matrix.solve(flint.fmpz_mat(size, 1, goal)).numer_denom()[0].entries()
        except ZeroDivisionError:
            return ""
        if any(v < 0 or (v and k < d and start[k] < 0) for k, v in enumerate(solved)):
            return ""
        if not self.cone:
            return "apart" if solved[-1] > 0 else "touches"
        # target and all rows that carry it vanish together; apart if that forces t = 0
        used = [row for row, v in zip(chosen, solved, strict=True) if v > 0]
        time = [int(k == d - 1) for k in range(d + 1)]
        apart = rational_rows([*used, time]).rank() == len(used)
        return "apart" if apart else "touches"

    def _artificial(self, name: int) -> Row:
        return [int(k == -name - 1) for k in range(self.dimension + 1)]

    def hint(self, basis: Sequence[int], count: int) -> list[int]:
        """Translate the basis of a float probe into indices of `rows`.

        Negative ones, −1 − k, are walls around a cone that are not really there.
        """
        found = []
        for name in basis:
            if name >= 0:
                found.append(int(name))
            elif not self.cone:
                found.append(count - len(self.walls) + int(-name - 1))
            elif name == 1 - 2 * self.dimension:
                found.append(count - 1)
            else:
                found.append(-1 - int(-name - 1) // 2)
        return found

    # ---- subtrees and neighbours ------------------------------------------------------------

    def explore(self, signs: Sequence[int], point: Point, tie: bool) -> Iterator[Leaf]:
        """Iterate over the cells below a node.

        Args:
            signs: of the units so far.
            point: a point of the open cell.
            tie: whether a unit so far may vanish on its boundary.
        """
        stack = [(tuple(signs), point, tie)]
        while stack:
            known, place, tied = stack.pop()
            unit = len(known)
            if unit == self.problem.n_units:
                yield Leaf(known, place, tied)
                continue
            target = self.row(unit, known)
            if not any(target):
                stack.append(((*known, 0), place, True))
                continue
            rows = self.rows(known)
            own = 1 if value(target, place) >= 0 else -1
            ahead = self.beyond(rows, [own * v for v in target], place)
            other = [-own * v for v in target]
            behind = self.beyond(rows, other, place)
            assert ahead.point is not None
            if behind.point is None:
                stack.append(((*known, own), place, tied or behind.touches))
            else:
                stack.append(((*known, -2 * own), behind.point, tied))
                stack.append(((*known, 2 * own), ahead.point, tied))

    def across(self, signs: Sequence[int], row: Row, inside: Point, outside: Point) -> SignArray:
        """Return the signs behind a facet, `(U,)`, 0 where a unit vanishes there altogether.

        Args:
            signs: those of the cell.
            row: positive inside, zero on the facet.
            inside: a point of the open cell.
            outside: a point beyond the facet; the segment between meets no other facet.
        """
        here, there = value(row, inside), value(row, outside)
        tau = here / (here - there)
        along = [b - a for a, b in zip(inside, outside, strict=True)]
        place = [a + tau * b for a, b in zip(inside, along, strict=True)]
        at, on = _whole([*place, Fraction(1)]), _whole([*along, Fraction(0)])
        found: list[int] = []
        for unit in range(self.problem.n_units):
            # values are continuous: on the facet, those of either cell
            size = _dot(self.row(unit, signs), at) or _dot(self.row(unit, found), on)
            found.append((size > 0) - (size < 0))
        return np.array(found, np.int8)


def _dot(row: Row, vector: list[int]) -> int:
    return sum(a * b for a, b in zip(row, vector, strict=True))


def _whole(vector: list[Fraction]) -> list[int]:
    """Return a positive multiple in integers."""
    common = math.lcm(*(v.denominator for v in vector))
    return [v.numerator * (common // v.denominator) for v in vector]


def value(row: Row, point: Point) -> Fraction:
    """Return row·(y, 1)."""
    return sum((a * b for a, b in zip(row[:-1], point, strict=True)), Fraction(row[-1]))


def _simple(point: Point, rows: list[Row]) -> Point:
    """Return a point with short coordinates near a point where all rows are positive."""
    for bits in (12, 30, 52, 120, 250, 500):
        scale = 1 << bits
        near = tuple(Fraction(round(v * scale), scale) for v in point)
        if all(value(row, near) > 0 for row in rows):
            return near
    return point


def _integers(matrix: RationalMatrix) -> list[Row]:
    """Return the rows of a matrix, each over its own common factor."""
    found = []
    for row in matrix.numerators.tolist():
        entries = [int(v) for v in row]
        common = math.gcd(*entries) or 1
        found.append([v // common for v in entries])
    return found
