"""Convex P and Q with P − Q = f that bend only where a given pair does: the least such pairs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Final, final

import flint
import numpy as np

from tropnet.exact import RationalMatrix
from tropnet.simplification.common_cells import CommonCells

#: Ranks are first taken modulo this prime.
_PRIME: Final = 2147483629

#: An equation Σ factor · share(class) = 0.
Equation = dict[int, Fraction]

#: The share of P at each class.
Shares = tuple[Fraction, ...]


@final
@dataclass(frozen=True, eq=False)
class Decompositions:
    """All ways to write f = P − Q with convex P and Q that are affine on the given cells.

    At each facet the first pair bends by b = bend of P + bend of Q. Another P bends there by
    share · b, and Q = P − f is convex too just when share ≥ 2ρ − 1, for the share ρ of the first P
    itself; share ≥ 0 makes P convex. As P + Q is affine on the cells, shares that are all 1 balance
    around every face of dimension n − 2, so that facets which balance in pairs have equal shares:
    they make one *class*. What then remains are equations between three classes or more.

    Attributes:
        cells: the complex.
        classes: the class of each facet.
        equations: what the shares of classes have to satisfy.

    Source: the decomposition polyhedron of Brandenburg, Grillo, Hertrich, "Decomposition polyhedra
        of piecewise linear functions" (2024).
    """

    cells: CommonCells
    classes: tuple[int, ...]
    equations: tuple[Equation, ...]

    @staticmethod
    def of(cells: CommonCells, pulse: Callable[[], None] = lambda: None) -> Decompositions:
        """Find the classes and the equations.

        Cost: some 20 µs a face of dimension n − 2, exact.
        """
        names = _Names(len(cells.facets))
        bends = [facet.bend_p + facet.bend_q for facet in cells.facets]
        rows = [
            tuple((k, alpha * bends[k], beta * bends[k]) for k, alpha, beta in ridge.rows)
            for ridge in cells.ridges
        ]
        while True:
            before = names.joined
            left = []
            for number, ridge in enumerate(rows):
                if number % 256 == 0:
                    pulse()
                if not names.absorb(ridge):
                    left.append(ridge)
            rows = left
            if names.joined == before:
                break
        roots = [names.root(k) for k in range(len(cells.facets))]
        place = {root: k for k, root in enumerate(dict.fromkeys(roots))}
        equations = [
            {place[name]: factor for name, factor in equation.items()}
            for ridge in rows
            for equation in names.equations(ridge)
        ]
        return Decompositions(cells, tuple(place[root] for root in roots), tuple(equations))

    @cached_property
    def own(self) -> tuple[Fraction, ...]:
        """The share ρ of the first P at each class."""
        found = [Fraction(0)] * (max(self.classes, default=-1) + 1)
        for facet, name in zip(self.cells.facets, self.classes, strict=True):
            found[name] = facet.bend_p / (facet.bend_p + facet.bend_q)
        return tuple(found)

    @property
    def least(self) -> tuple[Fraction, ...]:
        """The least share of P at each class with which P and Q are convex across its facets."""
        return tuple(max(Fraction(0), 2 * rho - 1) for rho in self.own)

    def vertex(self, weights: Sequence[float], *, within: bool) -> tuple[Fraction, ...] | None:
        """Return shares from which nothing convex can be subtracted any more, or None.

        A linear program in floats minimises the weighted sum and so proposes the classes at which
        P or Q does not bend; the equations then have to determine the shares of all others. As
        they do, no other function that bends at these classes only exists, and so none that could
        be subtracted from both P and Q. All of this is decided in rational arithmetic; None where
        the proposal is no good.

        Args:
            weights: positive, one a class.
            within: leave P affine where the first P is, and Q where the first Q is, so that neither
                gets more terms.

        Cost: the program, and one exact pass over the equations.
        """
        if not self.equations:
            return self.least
        slack = self._proposal(weights, within)
        if slack is None:
            return None
        found = _Solution(self.equations, self.least, slack).run()
        if found is None or any(v < low for v, low in zip(found, self.least, strict=True)):
            return None
        return found

    def _proposal(self, weights: Sequence[float], within: bool) -> list[float] | None:
        """Return by how much shares exceed the least ones in a float solution."""
        from scipy.optimize import linprog
        from scipy.sparse import csr_array

        count = len(self.own)
        rows = [_light(row) for row in self.equations]
        places = [k for row in rows for k in row]
        data = [v for row in rows for v in row.values()]
        ends = np.cumsum([0, *(len(row) for row in rows)])
        table: Any = csr_array((data, places, ends), (len(rows), count))
        least = np.array([float(v) for v in self.least])
        fixed = [within and v in (0, 1) for v in self.own]
        bounds = [(0.0, 0.0 if own else None) for own in fixed]
        answer = linprog(
            np.asarray(weights, float), A_eq=table, b_eq=-(table @ least), bounds=bounds,
            method="highs-ds",
        )  # fmt: skip
        return None if answer.status != 0 else [float(v) for v in np.asarray(answer.x)]

    def purified(self, pulse: Callable[[], None] = lambda: None) -> tuple[Fraction, ...]:
        """Return such shares starting from the first pair, in rational arithmetic throughout.

        As long as some function bends only at classes at which both P and Q do, a multiple of it is
        added, the largest that leaves both convex; then one of the classes is lost.

        Args:
            pulse: called before each step; it may raise.

        Cost: one exact kernel of the equations for each class that is lost.
        """
        shares, least = list(self.own), self.least
        while True:
            pulse()
            common = [k for k, low in enumerate(least) if shares[k] > low]
            step = self._kernel_vector(common)
            if step is None:
                return tuple(shares)
            if min(step.values()) >= 0:
                step = {k: -v for k, v in step.items()}
            length = min((shares[k] - least[k]) / -v for k, v in step.items() if v < 0)
            for k, v in step.items():
                shares[k] += length * v

    def _kernel_vector(self, classes: list[int]) -> Equation | None:
        if not classes:
            return None
        rows = [[row.get(k, Fraction(0)) for k in classes] for row in self.equations]
        kernel = RationalMatrix.from_rows(rows or [[Fraction(0)] * len(classes)]).kernel()
        if not len(kernel):
            return None
        return {k: v for k, v in zip(classes, kernel.rows([0]).to_fractions()[0], strict=True) if v}

    def irreducible(self, shares: Sequence[Fraction]) -> bool:
        """Tell whether it is proved that no function at all bends only where both P and Q do.

        A rank modulo a prime proves it. False may mean that the prime divides some minor; no more
        than one in 2^31 does by chance.
        """
        common = [k for k, low in enumerate(self.least) if shares[k] > low]
        if not common:
            return True
        place = {k: position for position, k in enumerate(common)}
        rows = [{place[k]: v for k, v in row.items() if k in place} for row in self.equations]
        scaled = [0] * (len(rows) * len(common))
        for number, row in enumerate(rows):
            for k, v in zip(row, _primitive(list(row.values())), strict=True):
                scaled[number * len(common) + k] = v % _PRIME
        residues = flint.nmod_mat(len(rows), len(common), scaled, _PRIME)
        return bool(residues.rank() == len(common))

    def forms(self, shares: Sequence[Fraction]) -> tuple[list[Any], list[Any]]:
        """Return P and Q on each cell, as tuples of n + 1 rationals; P is kept on the first cell.

        Raises:
            AssertionError: the shares do not balance, so that there is no such function.
        """
        cells = self.cells
        around: list[list[tuple[int, int, int]]] = [[] for _ in cells.cells]
        for index, facet in enumerate(cells.facets):
            a, b = facet.cells
            around[a].append((b, index, -1))
            around[b].append((a, index, 1))
        above: list[Any] = [None] * len(cells.cells)
        above[0] = self._terms(cells.p, cells.cells[0][0])
        queue = [0]
        for cell in queue:
            for other, index, sign in around[cell]:
                facet = cells.facets[index]
                bend = sign * shares[self.classes[index]] * (facet.bend_p + facet.bend_q)
                form = above[cell]
                if bend:
                    form = tuple(u + bend * v for u, v in zip(form, facet.form, strict=True))
                if above[other] is None:
                    above[other] = form
                    queue.append(other)
                assert above[other] == form, "bends that do not balance"
        assert len(queue) == len(above), "cells that are not connected"
        below = [
            tuple(
                w - u + v
                for u, v, w in zip(
                    self._terms(cells.p, i), self._terms(cells.q, j), form, strict=True
                )
            )
            for (i, j), form in zip(cells.cells, above, strict=True)
        ]
        return above, below

    def _terms(self, rows: Any, index: int) -> tuple[Fraction, ...]:
        return tuple(Fraction(v, self.cells.denominator) for v in rows[index])


@final
class _Solution:
    """The shares that the equations give where P or Q is not to bend at some classes."""

    def __init__(
        self, equations: Sequence[Equation], least: Sequence[Fraction], slack: Sequence[float]
    ) -> None:
        self.equations, self.least, self.slack = equations, least, slack
        self.shares: list[Fraction | None] = [None] * len(least)
        self.reading: dict[int, list[int]] = {}
        for index, row in enumerate(equations):
            for k in row:
                self.reading.setdefault(k, []).append(index)
        self.open = [len(row) for row in equations]
        self.ready: list[int] = []

    def run(self) -> tuple[Fraction, ...] | None:
        """Return the shares, or None where the equations contradict them."""
        for k in sorted(range(len(self.least)), key=self.slack.__getitem__):
            # where the equations leave a choice, the class that was nearest to its bound gives way
            if self.shares[k] is None:
                self._set(k, self.least[k])
                if not self._propagate():
                    return None
        return tuple(v for v in self.shares if v is not None)

    def _set(self, name: int, value: Fraction) -> None:
        self.shares[name] = value
        for index in self.reading.get(name, ()):
            self.open[index] -= 1
            if self.open[index] <= 1:
                self.ready.append(index)

    def _propagate(self) -> bool:
        while self.ready:
            row = self.equations[self.ready.pop()]
            total, left = Fraction(0), None
            for k, factor in row.items():
                value = self.shares[k]
                if value is None:
                    left = k
                elif value:
                    total += factor * value
            if left is not None:
                self._set(left, -total / row[left])
            elif total:
                return False
        return True


@final
class _Names:
    """Facets that are known to have equal shares."""

    def __init__(self, count: int) -> None:
        self.names = list(range(count))
        self.joined = 0

    def root(self, facet: int) -> int:
        """Return the name of the class of a facet."""
        names = self.names
        while names[facet] != facet:
            names[facet] = names[names[facet]]
            facet = names[facet]
        return facet

    def absorb(self, ridge: Sequence[tuple[int, Fraction, Fraction]]) -> bool:
        """Join what balances in pairs; tell whether nothing else is left of a ridge."""
        if len({self.root(k) for k, _, _ in ridge}) == 1:
            return True
        directions = {_direction(alpha, beta): (alpha, beta) for _, alpha, beta in ridge}
        rest = False
        for alpha, beta in directions.values():
            # the one equation, up to a factor, that leaves out all facets in this hyperplane
            row = self._collected((k, a * beta - b * alpha) for k, a, b in ridge)
            if len(row) == 2:
                one, other = row
                assert row[one] == -row[other], "P + Q itself has equal shares everywhere"
                self.names[self.root(one)] = self.root(other)
                self.joined += 1
            elif row:
                rest = True
        return not rest

    def equations(self, ridge: Sequence[tuple[int, Fraction, Fraction]]) -> list[Equation]:
        """Return what is left of a ridge as one or two independent equations."""
        one = self._collected((k, a) for k, a, _ in ridge)
        other = self._collected((k, b) for k, _, b in ridge)
        if one and other:
            pivot = next(iter(one))
            factor = other.get(pivot, Fraction(0)) / one[pivot]
            reduced = {
                k: other.get(k, Fraction(0)) - factor * one.get(k, Fraction(0))
                for k in {**one, **other}
            }
            other = {k: v for k, v in reduced.items() if v}
        return [row for row in (one, other) if row]

    def _collected(self, pairs: Any) -> Equation:
        row: Equation = {}
        for facet, factor in pairs:
            if factor:
                name = self.root(facet)
                row[name] = row.get(name, Fraction(0)) + factor
        return {name: factor for name, factor in row.items() if factor}


def _primitive(row: Sequence[Fraction]) -> list[int]:
    """Return integers in the ratios of some rationals, so that none of them is long."""
    scale = math.lcm(*(v.denominator for v in row))
    numbers = [int(v * scale) for v in row]
    divisor = math.gcd(*numbers) or 1
    return [v // divisor for v in numbers]


def _light(row: Equation) -> dict[int, float]:
    """Return an equation in floats, over its largest factor, which may be far from any float."""
    largest = max(map(abs, row.values()))
    return {k: float(v / largest) for k, v in row.items()}


def _direction(alpha: Fraction, beta: Fraction) -> tuple[Fraction, Fraction]:
    return (alpha / beta, Fraction(1)) if beta else (Fraction(1), Fraction(0))
