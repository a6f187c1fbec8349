"""Convex cones given by integer generators, cut by hyperplanes with exact incidences.

This is the double-description step of Motzkin, Raiffa, Thompson and Thrall (1953), in the form of
Fukuda and Prodon, *Double description method revisited* (1996). No number is ever rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias, final

import flint

#: Integers: the coordinates of a generator, then the values there of forms linear on the cone.
Row: TypeAlias = list[Any]

#: An extreme ray, and as bits the hyperplanes on which it lies.
Ray: TypeAlias = tuple[Row, int]


@final
@dataclass(frozen=True, slots=True)
class Cone:
    """All non-negative combinations of rays plus all combinations of lines.

    Attributes:
        size: the number of coordinates at the start of each row.
        lines: independent rows.
        rays: one for each extreme ray modulo the lines, with those of the `bounds` that it lies on.
        bounds: hyperplanes, as bits 1, 2, 4, …; the cone is what lies on one side of each of them,
            so that its lines lie on all of them.
    """

    size: int
    lines: list[Row]
    rays: list[Ray]
    bounds: int

    @staticmethod
    def half_space(size: int) -> Cone:
        """Return {x : x_last ≥ 0}.

        Example:
            >>> from tropnet.checker.cone import Cone
            >>> Cone.half_space(2)
            Cone(size=2, lines=[[1, 0]], rays=[([0, 1], 0)], bounds=1)
        """
        *lines, last = ([int(i == j) for j in range(size)] for i in range(size))
        return Cone(size, lines, [(last, 0)], 1)

    def rows(self) -> list[Row]:
        """Return the lines and then the rays."""
        return [*self.lines, *(row for row, _ in self.rays)]

    def with_rows(self, rows: list[Row]) -> Cone:
        """Return the same cone with other values behind the coordinates of its generators."""
        split = len(self.lines)
        rays = [(row, zeros) for row, (_, zeros) in zip(rows[split:], self.rays, strict=True)]
        return Cone(self.size, rows[:split], rays, self.bounds)

    def is_cut(self, column: int) -> bool:
        """Tell whether the form in a column of the rows takes both signs on the cone."""
        if any(row[column] for row in self.lines):
            return True
        heights = [row[column] for row, _ in self.rays]
        return bool(heights) and min(heights) < 0 < max(heights)

    def parts(self, column: int, watch: Callable[[], None] | None = None) -> tuple[Cone, Cone]:
        """Return the parts where the form in a column is not negative, and where not positive.

        Args:
            column: of the rows, where the values of the form stand.
            watch: called now and then; raises to stop.

        Cost: (rays above) x (rays below) intersections of bit sets, and for each pair that shares
        enough hyperplanes a pass over all rays.

        Example:
            >>> from tropnet.checker.cone import Cone
            >>> quadrant = Cone(2, [], [([1, 0, -1], 1), ([0, 1, 2], 2)], 3)
            >>> above, below = quadrant.parts(2)  # the form 2 y - x
            >>> [list(map(int, row)) for row, _ in above.rays]
            [[0, 1, 2], [2, 1, 0]]
        """
        for k, line in enumerate(self.lines):
            if line[column]:
                return self._parts_across(k, column)
        bit = self.bounds + 1
        above = [ray for ray in self.rays if ray[0][column] > 0]
        below = [ray for ray in self.rays if ray[0][column] < 0]
        on = [(row, zeros | bit) for row, zeros in self.rays if row[column] == 0]
        # an extreme ray of the part of a cone in a hyperplane lies in it, or between two neighbours
        for (row, zeros), (other, others) in self._neighbours(above, below, watch):
            on.append((self._level(row, other, column), zeros & others | bit))
        bounds = self.bounds | bit
        return (
            Cone(self.size, self.lines, above + on, bounds),
            Cone(self.size, self.lines, below + on, bounds),
        )

    def _parts_across(self, k: int, column: int) -> tuple[Cone, Cone]:
        """Return the parts where the form takes all values along a line of the cone.

        Everything else moves along the line into the hyperplane; half the line is left on a side.
        """
        bit = self.bounds + 1
        up = self.lines[k] if self.lines[k][column] > 0 else [-v for v in self.lines[k]]
        down = [-v for v in up]
        lines = [self._into(row, up, down, column) for i, row in enumerate(self.lines) if i != k]
        rays = [(self._into(row, up, down, column), zeros | bit) for row, zeros in self.rays]
        bounds = self.bounds | bit
        return (
            Cone(self.size, lines, [*rays, (up, self.bounds)], bounds),
            Cone(self.size, lines, [*rays, (down, self.bounds)], bounds),
        )

    def _neighbours(
        self, above: list[Ray], below: list[Ray], watch: Callable[[], None] | None
    ) -> Iterator[tuple[Ray, Ray]]:
        """Iterate over the pairs that span a two-dimensional face of the cone modulo its lines.

        The smallest face with two rays in it is what lies on all hyperplanes that both lie on.
        They alone span it exactly if it holds no third ray; then it has dimension two, so that
        these hyperplanes must be `size` - 2 - (lines) independent ones, or more.
        """
        least = self.size - 2 - len(self.lines)
        everything = [zeros for _, zeros in self.rays]
        for ray in above:
            if watch is not None:
                watch()
            for other in below:
                shared = ray[1] & other[1]
                if shared.bit_count() >= least and _is_in_two(shared, everything):
                    yield ray, other

    def _into(self, row: Row, up: Row, down: Row, column: int) -> Row:
        """Return a row moved along a line into the hyperplane."""
        if row[column] == 0:
            return row
        return self._level(row, down if row[column] > 0 else up, column)

    def _level(self, row: Row, other: Row, column: int) -> Row:
        """Return the positive combination of rows on both sides that lies on the hyperplane."""
        own, theirs = abs(other[column]), abs(row[column])
        mixed = [own * u + theirs * v for u, v in zip(row, other, strict=True)]
        divisor = flint.fmpz(math.gcd(*map(int, mixed[: self.size])))
        # the values are those of forms with integer coefficients: the division is exact
        return [v // divisor for v in mixed]


def _is_in_two(shared: int, everything: list[int]) -> bool:
    """Tell whether just two of the sets contain a set that two of them contain."""
    count = 0
    for zeros in everything:
        if zeros & shared == shared:
            count += 1
            if count > 2:
                return False
    return True
