"""Exact questions about single terms of a tropical polynomial."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import Any, final

import flint
import numpy as np

from tropnet.algebra.term_evidence import Domination
from tropnet.domains import Domain
from tropnet.exact import RationalMatrix
from tropnet.exact.linear_program import Optimal, maximize


@final
class TermProofs:
    """What exact arithmetic says about the terms of one polynomial on one domain.

    Args:
        exponents: `(k, n)`.
        coefficients: `(k, 1)`.
        domain: a box or polyhedron, or None for R^n.
    """

    def __init__(
        self, exponents: RationalMatrix, coefficients: RationalMatrix, domain: Domain
    ) -> None:
        self.exponents, self.coefficients = exponents, coefficients
        self.k, self.n = exponents.shape
        self.domain = domain
        self.inequalities: tuple[RationalMatrix, RationalMatrix] | None = None
        #: indices, in the domain, of the inequalities that are not 0 ≤ b
        self.facets: list[int] = []
        if domain is not None:
            a, b = domain.inequalities()
            self.facets = np.flatnonzero(a.signs().any(axis=1)).tolist()
            if self.facets:
                self.inequalities = (a.rows(self.facets), b.rows(self.facets))

    def is_witness(self, i: int, point: tuple[Fraction, ...]) -> bool:
        """Tell whether a term is the largest alone at a point of the domain."""
        column = RationalMatrix.of([[v] for v in point])
        if self.inequalities is not None:
            a, b = self.inequalities
            if (b - a @ column).signs().min(initial=0) < 0:
                return False
        values = (self.exponents @ column + self.coefficients).numerators.entries()
        own = values[i]
        return sum(v >= own for v in values) == 1

    def are_witnesses(
        self, kept: Sequence[int], points: Sequence[tuple[Fraction, ...]]
    ) -> list[bool]:
        """Tell for each of the kept terms whether it is the largest of them alone at its point."""
        rows = RationalMatrix.of(points)
        exponents, coefficients = self.exponents.rows(kept), self.coefficients.rows(kept)
        values = (rows @ exponents.T + coefficients.T).numerators.tolist()
        return [sum(v >= row[place] for v in row) == 1 for place, row in enumerate(values)]

    def program(self, i: int, others: list[int], start: Sequence[int]) -> Optimal:
        """Maximise t ≤ 1 with (a_j − a_i)x + t ≤ b_i − b_j for the others, A x + t ≤ b."""
        own = RationalMatrix.stack_columns([self.exponents, self.coefficients]).rows([i])
        rows = RationalMatrix.stack_columns([self.exponents, self.coefficients]).rows(others)
        parts = [rows - own, RationalMatrix.of([[0] * (self.n + 1)])]
        if self.inequalities is not None:
            parts.insert(
                1, RationalMatrix.stack_columns([self.inequalities[0], -self.inequalities[1]])
            )
        joint = RationalMatrix.stack_rows(parts)
        cap = len(joint) - 1
        sides = -joint.columns([self.n]) + RationalMatrix.of([[0]] * cap + [[1]])
        ones = RationalMatrix.of([[1]] * len(joint))
        program = RationalMatrix.stack_columns([joint.columns(range(self.n)), ones])
        places = {j: place for place, j in enumerate(others)}
        places |= {self.k + r: len(others) + r for r in range(len(self.facets))}
        hints = [places[j] for j in start if j in places]
        best = maximize(
            RationalMatrix.of([[0] * self.n + [1]]), program, sides, start=hints or None
        )
        # t may be as low as it likes and is capped, so that there is an optimum
        assert isinstance(best, Optimal)
        return best

    def domination_by_program(self, i: int, kept: list[int], basis: list[int]) -> Domination:
        """Find weights of kept terms that dominate a term, by an exact linear program."""
        weights = self.program(i, kept, basis).multipliers.to_fractions()[0]
        total = sum(weights[: len(kept)], Fraction(0))
        names = [*kept, *range(self.k, self.k + len(self.facets))]
        pairs = [(j, w / total) for j, w in zip(names, weights, strict=False) if w]
        return self._domination(pairs)

    def domination(self, i: int, basis: Sequence[int]) -> Domination | None:
        """Solve exactly for the weights of a basis; None where they prove nothing."""
        names = [j for j in basis if j != i]
        weights = self.weights(i, names)
        if weights is None:
            return None
        numerators, denominator = weights
        return self._domination(
            [(j, Fraction(w, denominator)) for j, w in zip(names, numerators, strict=True) if w]
        )

    def _domination(self, pairs: list[tuple[int, Fraction]]) -> Domination:
        terms = [(j, w) for j, w in pairs if j < self.k]
        sides = [(self.facets[j - self.k], w) for j, w in pairs if j >= self.k]
        return Domination(
            tuple(j for j, _ in terms),
            tuple(w for _, w in terms),
            tuple(r for r, _ in sides),
            tuple(w for _, w in sides),
        )

    def weights(self, i: int, names: list[int]) -> tuple[list[int], int] | None:
        """Solve Σλ_j (a_j, 1) + Σμ_r (A_r, 0) = (a_i, 1); None unless this dominates term i.

        Returns:
            The numerators of λ and μ, and their positive denominator.
        """
        if not names:
            return None
        one, size = self.exponents.denominator, self.n + 1
        target = [*self.rows[i], one]
        rows: list[list[Any]] = [
            [*self.rows[j], one] if j < self.k else [*self._sides[j - self.k], 0] for j in names
        ]
        solution: Any
        if len(names) == size and max(names) < self.k:
            flat: list[Any] = [row[k] for k in range(size) for row in rows]
            try:
                solution = flint.fmpz_mat(size, size, flat).solve(flint.fmpz_mat(size, 1, target))
            except ZeroDivisionError:
                return None
            matrix, scale = solution.numer_denom()
        else:
            right = RationalMatrix(flint.fmpz_mat(size, 1, target))
            found = _matrix(rows).T.solve(right)
            if found is None:
                return None
            matrix, scale = found.numerators, found.denominator
        weights, denominator = [int(v) for v in matrix.entries()], int(scale)
        reached = sum(w * self._side(j) for j, w in zip(names, weights, strict=True))
        if min(weights) < 0 or reached < denominator * self._side(i):
            return None
        return weights, denominator

    def _side(self, j: int) -> Any:
        """Return a coefficient, or −b of the domain, times the denominator of the coefficients."""
        return self.values[j] if j < self.k else -self._bounds[j - self.k]

    @cached_property
    def rows(self) -> list[list[int]]:
        """The numerators of the exponents."""
        entries = [int(v) for v in self.exponents.numerators.entries()]
        return [entries[i * self.n : (i + 1) * self.n] for i in range(self.k)]

    @cached_property
    def values(self) -> list[int]:
        """The numerators of the coefficients."""
        return [int(v) for v in self.coefficients.numerators.entries()]

    @cached_property
    def _sides(self) -> list[list[Fraction]]:
        """A, times the denominator of the exponents, whose numerators `rows` holds."""
        assert self.inequalities is not None
        return (self.inequalities[0] * self.exponents.denominator).to_fractions()

    @cached_property
    def _bounds(self) -> list[Fraction]:
        """b, times the denominator of the coefficients, whose numerators `values` holds."""
        assert self.inequalities is not None
        scaled = self.inequalities[1] * self.coefficients.denominator
        return [row[0] for row in scaled.to_fractions()]


def _matrix(rows: list[list[Any]]) -> RationalMatrix:
    flat = [v for row in rows for v in row]
    if all(isinstance(v, int) for v in flat):
        return RationalMatrix(flint.fmpz_mat(len(rows), len(rows[0]), flat))
    return RationalMatrix.of(rows)
