"""The supremum of a gap over joint linear cells, cell by cell."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final, TypeAlias, final

from tropnet.checker.cone import Cone, Row
from tropnet.checker.gap import norm_above, norm_below
from tropnet.checker.relation import Relation

Point: TypeAlias = tuple[Fraction, ...]

#: Called with a point.
Better: TypeAlias = Callable[[Point], object]

#: How near to a supremum that is not attained the point of the lower bound is.
_NEAR: Final = Fraction(1, 2**64)


@final
@dataclass(frozen=True, slots=True)
class Supremum:
    """The supremum of a gap over a domain.

    Attributes:
        lower: a rational lower bound, attained at `point`; equal to `upper` unless a norm is
            irrational or the supremum is not attained. None: the gap is unbounded.
        upper: an upper bound; None: unbounded.
        point: where the lower bound is attained; of no meaning where the gap is unbounded.
        ray: a direction along which the gap grows without bound, or None.
        base: a point of the domain from which the ray starts, or None.
        cells: the number of joint cells. For one or two inputs, polyhedra and R^n are cut along the
            coordinate axes too.
        other: the second point of a gap that takes two, or None.
        limit: where the supremum is not attained, points p and q: it is the limit of the gap on the
            way from q to p.
    """

    lower: Fraction | None
    upper: Fraction | None
    point: Point | None
    ray: Point | None
    base: Point | None
    cells: int
    other: Point | None = None
    limit: tuple[Point, Point] | None = None


class CellVisitor(ABC):
    """Learns the supremum of a gap from one joint cell after the other.

    Args:
        relation: tells the gap.
        inputs: the number n of inputs.
        outputs: the number m of outputs.
        denominators: what the outputs of both networks are multiples of one over.
        better: called with points at which the gap is larger than before.
    """

    def __init__(
        self,
        relation: Relation,
        inputs: int,
        outputs: int,
        denominators: tuple[int, int],
        better: Better | None,
    ) -> None:
        self.relation = relation
        self.inputs = inputs
        self.outputs = outputs
        self.denominators = denominators
        self.better = better
        self.best, self.worst = Fraction(-1), Fraction(0)
        self.point: Point | None = None
        self.ray: Point | None = None
        self.base: Point | None = None

    @abstractmethod
    def visit(self, cone: Cone, watch: Callable[[], None]) -> None:
        """Look at a cell: the cone over it, its rows (x, w, outputs of f, outputs of g)."""

    def found(self, cells: int) -> Supremum:
        """Return the supremum over so many cells."""
        if self.ray is not None:
            return Supremum(None, None, self.point, self.ray, self.base, cells)
        return Supremum(self.best, self.worst, self.point, None, None, cells)

    def differences(self, cone: Cone) -> Iterator[tuple[Row, list[int], int]]:
        """Iterate over generators, with f − g of the homogeneous networks times a scale there."""
        scale = math.lcm(*self.denominators)
        first, second = (scale // v for v in self.denominators)
        width, size = self.inputs + 1, self.outputs
        for row in both_ways(cone):
            f, g = row[width : width + size], row[width + size :]
            yield row, [int(u * first - v * second) for u, v in zip(f, g, strict=True)], scale

    def _infinite(self, row: Row, cone: Cone) -> None:
        if self.ray is None:
            self.ray = self._divided(row, 1)
            base = next(row for row, _ in cone.rays if row[self.inputs] > 0)
            self.base = self._divided(base, base[self.inputs])

    def _divided(self, row: Row, weight: int) -> Point:
        return tuple(Fraction(int(v), int(weight)) for v in row[: self.inputs])

    def _offer(self, point: Point) -> None:
        if self.better is not None:
            self.better(point)


@final
class Distance(CellVisitor):
    """sup|f − g| in a norm, outputs scaled or not; or the largest f − g."""

    def visit(self, cone: Cone, watch: Callable[[], None]) -> None:
        """Look at the generators of a cell."""
        one_sided = self.relation.kind == "at_most"
        scales, norm = self.relation.scales, self.relation.norm
        for row, values, scale in self.differences(cone):
            weight = int(row[self.inputs])
            if weight == 0:
                if any(v > 0 for v in values) if one_sided else any(values):
                    self._infinite(row, cone)
                continue
            # no norm is larger than the sum of the sizes
            if (scales is None and
                    sum(map(abs, values)) * self.best.denominator
                    <= self.best.numerator * scale * weight):  # fmt: skip
                continue
            gaps = [Fraction(v, scale * weight) for v in values]
            if one_sided:
                below = above = max([*gaps, Fraction(0)])
            else:
                if scales is not None:
                    gaps = [s * v for s, v in zip(scales, gaps, strict=True)]
                below, above = norm_below(gaps, norm), norm_above(gaps, norm)
            self.worst = max(self.worst, above)
            if below > self.best:
                self.best, self.point = below, self._divided(row, weight)
                if below > 0:
                    self._offer(self.point)


@final
class Oscillation(CellVisitor):
    """Half the largest oscillation of an output of f − g."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        #: for each output the least f − g, its place, the largest, its place
        self.ends: list[tuple[Fraction, Point, Fraction, Point]] = []

    def visit(self, cone: Cone, watch: Callable[[], None]) -> None:
        """Look at the generators of a cell."""
        ends = self.ends
        for row, values, scale in self.differences(cone):
            weight = int(row[self.inputs])
            if weight == 0:
                if any(values):
                    self._infinite(row, cone)
                continue
            gaps = [Fraction(v, scale * weight) for v in values]
            place = self._divided(row, weight)
            if not ends:
                ends.extend((gap, place, gap, place) for gap in gaps)
            for i, (gap, (low, p, high, q)) in enumerate(zip(gaps, ends, strict=True)):
                if not low <= gap <= high:
                    self._offer(place)
                    ends[i] = (gap, place, high, q) if gap < low else (low, p, gap, place)

    def found(self, cells: int) -> Supremum:
        """Return the supremum over so many cells."""
        if self.ray is not None:
            return Supremum(None, None, self.base, self.ray, self.base, cells)
        low, point, high, other = max(self.ends, key=lambda end: end[2] - end[0])
        half = (high - low) / 2
        return Supremum(half, half, point, None, None, cells, other)


@final
class Lead(CellVisitor):
    """The largest lead of f's best output where it is not among the best of g.

    The part of a cell where f prefers i to j and all others to neither is convex, and the lead
    f_i − f_j linear on it. If g prefers some k to i at one of its points, then so it does on all of
    the way from there to each point at which k is at least as good, that one maybe left out: the
    supremum over the former is the maximum over the latter.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        #: of a supremum that is not attained: where it is approached, from where, the lead there
        self.limit: tuple[Point, Point] | None = None
        self.inside = Fraction(0)

    def visit(self, cone: Cone, watch: Callable[[], None]) -> None:
        """Cut a cell where the order of outputs changes, as far as it matters."""
        for i in range(self.outputs):
            part = self._led_by(i, cone, watch)
            if part is not None:
                self._visit_led(i, part, watch)

    def found(self, cells: int) -> Supremum:
        """Return the supremum over so many cells."""
        if self.ray is not None or self.limit is None:
            return replace(super().found(cells), lower=None if self.ray else self.worst)
        p, q = self.limit
        near = tuple(u + _NEAR * (v - u) for u, v in zip(p, q, strict=True))
        # the lead is linear on the way
        below = self.worst - _NEAR * (self.worst - self.inside)
        return Supremum(below, self.worst, near, None, None, cells, None, self.limit)

    def _led_by(self, i: int, cone: Cone, watch: Callable[[], None]) -> Cone | None:
        """Return where f prefers output i, if g does not there: rows (x, w, f_i − f, g − g_i)."""
        width, size = self.inputs + 1, self.outputs
        sign = 1 if self.relation.kind == "argmax" else -1
        rows = [
            row[:width]
            + [sign * (row[width + i] - v) for v in row[width : width + size]]
            + [sign * (v - row[width + size + i]) for v in row[width + size :]]
            for row in cone.rows()
        ]
        part: Cone | None = cone.with_rows(rows)
        for j in range(size):
            if part is not None and j != i:
                part = _above(part, width + j, watch)
        if part is None or not any(
            _takes_positive(part, width + size + k) for k in range(size) if k != i
        ):
            return None
        return part

    def _visit_led(self, i: int, part: Cone, watch: Callable[[], None]) -> None:
        width, size = self.inputs + 1, self.outputs
        others = [j for j in range(size) if j != i]
        for j in others:  # the second best
            lead = width + j
            if not self._may_improve(part, lead):
                continue
            rows = [
                row[:width]
                + [v - row[lead] for v in row[width : width + size]]
                + row[width + size :]
                + [row[lead]]
                for row in part.rows()
            ]
            second: Cone | None = part.with_rows(rows)
            for k in others:
                if second is not None and k != j:
                    second = _above(second, width + k, watch, strict=False)
            if second is None:
                continue
            for k in others:
                if _takes_positive(second, width + size + k):
                    whole = _above(second, width + size + k, watch)
                    if whole is not None:
                        self._look(whole, width + size + k, width + 2 * size)

    def _may_improve(self, cone: Cone, lead: int) -> bool:
        """Tell whether a form is larger somewhere on a cell than the best lead so far."""
        if any(row[lead] for row in cone.lines):
            return True
        return any(
            row[lead] > 0 and (row[self.inputs] == 0 or self._lead(row, lead) > self.worst)
            for row, _ in cone.rays
        )

    def _lead(self, row: Row, lead: int) -> Fraction:
        return Fraction(int(row[lead]), int(row[self.inputs]) * self.denominators[0])

    def _look(self, cone: Cone, doubt: int, lead: int) -> None:
        """Look at a cell on which g prefers another output, on part of its border maybe not."""
        inside = _middle(cone)  # g prefers another one here
        for row in both_ways(cone):
            if row[self.inputs] == 0:
                if row[lead] > 0 and self.ray is None:
                    self.ray = self._divided(row, 1)
                    self.base = self._divided(inside, inside[self.inputs])
                continue
            value = self._lead(row, lead)
            if value <= self.worst:
                continue
            self.worst = value
            place = self._divided(row, row[self.inputs])
            if row[doubt] > 0:
                self.point, self.limit = place, None
                self._offer(place)
            else:
                middle = self._divided(inside, inside[self.inputs])
                self.limit = place, middle
                self.inside = self._lead(inside, lead)
                near = zip(place, middle, strict=True)
                self._offer(tuple(u + _NEAR * (v - u) for u, v in near))


def visitor_of(
    relation: Relation,
    inputs: int,
    outputs: int,
    denominators: tuple[int, int],
    better: Better | None,
) -> CellVisitor:
    """Return what learns the supremum of a relation's gap."""
    kind: type[Distance | Oscillation | Lead] = Distance
    if relation.takes_two_points:
        kind = Oscillation
    elif relation.kind in ("argmax", "argmin"):
        kind = Lead
    return kind(relation, inputs, outputs, denominators, better)


def _above(
    cone: Cone, column: int, watch: Callable[[], None], *, strict: bool = True
) -> Cone | None:
    """Return the part where a form is not negative; None if that is less than full.

    Args:
        cone: the cone over a cell.
        column: of the form.
        watch: called now and then; raises to stop.
        strict: return None also where the form is zero everywhere.
    """
    if cone.is_cut(column):
        return cone.parts(column, watch)[0]
    if any(row[column] < 0 for row, _ in cone.rays):
        return None
    return None if strict and not _takes_positive(cone, column) else cone


def both_ways(cone: Cone) -> list[Row]:
    """Return generators of a cone under non-negative combinations alone."""
    return cone.rows() + [[-v for v in line] for line in cone.lines]


def _takes_positive(cone: Cone, column: int) -> bool:
    return any(row[column] for row in cone.lines) or any(row[column] > 0 for row, _ in cone.rays)


def _middle(cone: Cone) -> Row:
    """Return a row of the relative interior, where no form that is not negative vanishes idly."""
    rows = [row for row, _ in cone.rays]
    return [sum(column) for column in zip(*rows, strict=True)]
