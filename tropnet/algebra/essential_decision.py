"""How essential terms are decided: floats search, error bounds and integers settle."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, final

import flint
import numpy as np

from tropnet.algebra.cell_search import (
    ESSENTIAL,
    MAYBE_ESSENTIAL,
    REDUNDANT,
    UNDECIDED,
    scan_choices,
    scan_terms,
)
from tropnet.algebra.scaled_terms import ScaledTerms
from tropnet.algebra.term_evidence import Domination, Evidence, Witness
from tropnet.algebra.upper_hull import upper_hull
from tropnet.domains import Domain
from tropnet.errors import DomainError
from tropnet.exact import RationalMatrix
from tropnet.exact.linear_program import Optimal, interior_point, maximize

if TYPE_CHECKING:
    from tropnet.typing import FloatArray, IntArray

#: Pivots that the float search may take for one term, and the largest margin it looks for.
_LIMITS: Final = np.array([300.0, 4.0])
#: For ranks that a modular computation can vouch for.
_PRIME: Final = (1 << 61) - 1


@final
@dataclass(frozen=True, eq=False)
class Clues:
    """What a decision leaves behind for the evidence.

    Args:
        bases: for each term the terms (and, from k on, the rows of the domain) of a basis, −1 where
            there is none.
        witnesses: exact witness points of some essential terms.
        points: scaled float witness points of the others, `(k, n)`.
        scaled: the scale of these points.
    """

    bases: IntArray | None = None
    witnesses: dict[int, tuple[Fraction, ...]] = field(default_factory=dict)
    points: FloatArray | None = None
    scaled: ScaledTerms | None = None

    def witness(self, i: int) -> tuple[Fraction, ...]:
        """Return the exact witness of an essential term."""
        if i in self.witnesses:
            return self.witnesses[i]
        assert self.scaled is not None
        assert self.points is not None
        return self.scaled.point(self.points[i])


@final
class EssentialDecision:
    """The essential terms of one polynomial on one domain, and the evidence for them.

    Args:
        exponents: `(k, n)`.
        coefficients: `(k, 1)`.
        domain: as for `essential_terms`.
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

    # ---- the decision -----------------------------------------------------------------------

    def decide(self, pulse: Callable[[], None] | None = None) -> tuple[tuple[int, ...], Clues]:
        """Return the indices of the essential terms, increasing, and what helps to prove them.

        Args:
            pulse: called now and then; it may raise to end a long run.
        """
        inside = self._inside()
        first = self._first_of_equal_exponents()
        if len(first) <= 1:
            return tuple(first), Clues(witnesses=dict.fromkeys(first, inside))
        if len(first) < self.k:
            return self._restricted(first, pulse)
        columns = self._independent_columns()
        if len(columns) < self.n:
            return self._projected(columns, pulse)
        if self.n == 1 and self.inequalities is None:
            return self._hull()
        return self._search(pulse or _nothing)

    def _inside(self) -> tuple[Fraction, ...]:
        if self.domain is None:
            return (Fraction(0),) * self.n
        found = interior_point(*self.domain.inequalities())
        if found is None or found.interior_is_empty:
            state = "is empty" if found is None else "is flat: it has no interior points"
            raise DomainError(f"the domain {self.domain!r} {state}; take a fuller one")
        return tuple(found.point.to_fractions()[0])

    def _first_of_equal_exponents(self) -> list[int]:
        """Return, for each exponent, the first term of the largest coefficient."""
        floats = self.exponents.to_floats()
        order = np.lexsort(floats.T[::-1])
        same = (floats[order][1:] == floats[order][:-1]).all(axis=1)
        if not same.any():
            return list(range(self.k))
        entries, n = self.exponents.numerators.entries(), self.n
        best: dict[tuple[int, ...], int] = {}
        values = self.coefficients.numerators.entries()
        for i in range(self.k):
            row = tuple(int(v) for v in entries[i * n : (i + 1) * n])
            if row not in best or values[i] > values[best[row]]:
                best[row] = i
        return sorted(best.values())

    def _restricted(
        self, rows: list[int], pulse: Callable[[], None] | None
    ) -> tuple[tuple[int, ...], Clues]:
        part = EssentialDecision(
            self.exponents.rows(rows), self.coefficients.rows(rows), self.domain
        )
        kept, clues = part.decide(pulse)
        bases = None
        if clues.bases is not None:
            names = np.array([*rows, *range(self.k, self.k + len(part.facets))])
            bases = np.full((self.k, clues.bases.shape[1]), -1, dtype=np.int64)
            bases[rows] = np.where(clues.bases >= 0, names[clues.bases], -1)
        witnesses = {rows[i]: clues.witness(i) for i in kept}
        return tuple(rows[i] for i in kept), Clues(bases, witnesses)

    def _independent_columns(self) -> list[int]:
        """Return coordinates that determine the others on the exponents' affine hull."""
        if self.inequalities is not None:
            return list(range(self.n))
        step = max(1, self.k // (4 * self.n))
        first = self._rows[0]
        for rows in (self._rows[::step], self._rows):
            # a rank modulo a prime is never too large
            flat = [(v - w) % _PRIME for row in rows for v, w in zip(row, first, strict=True)]
            if flint.nmod_mat(len(rows), self.n, flat, _PRIME).rank() == self.n:
                return list(range(self.n))
        spread = (self.exponents - self.exponents.rows([0])).numerators
        table = spread.rref()[0].tolist()[: spread.rank()]
        return [next(j for j, v in enumerate(row) if v != 0) for row in table]

    def _projected(
        self, columns: list[int], pulse: Callable[[], None] | None
    ) -> tuple[tuple[int, ...], Clues]:
        part = EssentialDecision(self.exponents.columns(columns), self.coefficients, None)
        kept, clues = part.decide(pulse)
        witnesses = {}
        for i in kept:
            full = dict(zip(columns, clues.witness(i), strict=True))
            witnesses[i] = tuple(full.get(column, Fraction(0)) for column in range(self.n))
        return kept, Clues(clues.bases, witnesses)

    def _hull(self) -> tuple[tuple[int, ...], Clues]:
        a = [int(v) for v in self.exponents.numerators.entries()]
        b = [int(v) for v in self.coefficients.numerators.entries()]
        hull = upper_hull(a, b)
        unit = Fraction(self.exponents.denominator, self.coefficients.denominator)
        pairs = list(pairwise(hull))
        kinks = [Fraction(b[i] - b[j], a[j] - a[i]) * unit for i, j in pairs]
        edges = [kinks[0] - 2, *kinks, kinks[-1] + 2]
        means = [(left + right) / 2 for left, right in pairwise(edges)]
        witnesses: dict[int, tuple[Fraction, ...]] = {
            i: (x,) for i, x in zip(hull, means, strict=True)
        }
        ends = [a[i] for i in hull]
        places = [min(max(bisect_left(ends, v), 1), len(hull) - 1) for v in a]
        bases = np.array([[hull[place - 1], hull[place]] for place in places])
        return tuple(sorted(hull)), Clues(bases, witnesses)

    def _search(self, pulse: Callable[[], None]) -> tuple[tuple[int, ...], Clues]:
        scaled = ScaledTerms.of([(self.exponents, self.coefficients)], self.inequalities)
        status = np.full(self.k, UNDECIDED)
        points, bases = np.zeros((self.k, self.n)), np.full((self.k, self.n + 1), -1)
        if scaled.usable:
            status, points, bases = scan_terms(scaled.a, scaled.b, _LIMITS, self.k, pulse)
        essential = status == ESSENTIAL
        witnesses: dict[int, tuple[Fraction, ...]] = {}
        for i in np.flatnonzero(~essential & (status != REDUNDANT)).tolist():
            pulse()
            hopeful = status[i] == MAYBE_ESSENTIAL and bool(np.isfinite(points[i]).all())
            point = scaled.point(points[i]) if hopeful else None
            found = self._settle(i, point, [int(j) for j in bases[i] if j >= 0])
            if found is not None:
                essential[i], witnesses[i] = True, found
        kept = tuple(np.flatnonzero(essential).tolist())
        return kept, Clues(bases, witnesses, points, scaled)

    def _settle(
        self, i: int, point: tuple[Fraction, ...] | None, basis: list[int]
    ) -> tuple[Fraction, ...] | None:
        """Decide one term exactly: return a witness, or None where it is redundant."""
        if point is not None and self._is_witness(i, point):
            return point
        if point is None and self._weights(i, [j for j in basis if j != i]) is not None:
            return None
        best = self._program(i, [j for j in range(self.k) if j != i], basis)
        return tuple(best.point.to_fractions()[0][:-1]) if best.value > 0 else None

    def _is_witness(self, i: int, point: tuple[Fraction, ...]) -> bool:
        column = RationalMatrix.of([[v] for v in point])
        if self.inequalities is not None:
            a, b = self.inequalities
            if (b - a @ column).signs().min(initial=0) < 0:
                return False
        values = (self.exponents @ column + self.coefficients).numerators.entries()
        own = values[i]
        return sum(v >= own for v in values) == 1

    def _program(self, i: int, others: list[int], start: Sequence[int]) -> Optimal:
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

    # ---- evidence ---------------------------------------------------------------------------

    def evidence(self, kept: tuple[int, ...], clues: Clues) -> tuple[Evidence, ...]:
        """Return evidence for every term, in exact rationals."""
        among = set(kept)
        pieces: dict[int, Evidence] = {i: Witness(clues.witness(i)) for i in kept}
        missing = []
        twins = {tuple(self._rows[i]): i for i in kept}
        for i in range(self.k):
            if i in among:
                continue
            twin = twins.get(tuple(self._rows[i]))
            basis = [] if clues.bases is None else [int(j) for j in clues.bases[i] if j >= 0]
            found = None
            if twin is not None:
                found = Domination((twin,), (Fraction(1),))
            elif all(j in among or j >= self.k for j in basis):
                found = self.domination(i, basis)
            if found is None:
                missing.append(i)
            else:
                pieces[i] = found
        for i, basis in zip(missing, self._bases_among(kept, missing), strict=True):
            pieces[i] = self.domination(i, basis) or self._exact_domination(i, list(kept), basis)
        return tuple(pieces[i] for i in range(self.k))

    def _bases_among(self, kept: tuple[int, ...], terms: list[int]) -> list[list[int]]:
        """Search bases of kept terms alone, for terms whose basis holds a redundant one."""
        if not terms:
            return []
        scaled = ScaledTerms.of([(self.exponents, self.coefficients)], self.inequalities)
        if not scaled.usable:
            return [[] for _ in terms]
        names = np.array([*kept, *range(self.k, self.k + len(self.facets)), *terms])
        inner, outer = len(kept), len(kept) + len(self.facets)
        # the last column is the term 0, which stands for the inside of the domain
        a = np.concatenate([scaled.a[:, names], np.zeros((self.n, 1))], axis=1)
        b = np.concatenate([scaled.b[names], np.zeros(1)])
        choices = np.full((len(terms), 2), len(names))
        choices[:, 0] = outer + np.arange(len(terms))
        start = np.array([0, inner, outer])
        _, _, bases = scan_choices(a, b, start, choices, _LIMITS)
        return [[int(names[j]) for j in basis if j >= 0] for basis in bases]

    def _exact_domination(self, i: int, kept: list[int], basis: list[int]) -> Domination:
        weights = self._program(i, kept, basis).multipliers.to_fractions()[0]
        total = sum(weights[: len(kept)], Fraction(0))
        names = [*kept, *range(self.k, self.k + len(self.facets))]
        pairs = [(j, w / total) for j, w in zip(names, weights, strict=False) if w]
        return self._domination(pairs)

    def domination(self, i: int, basis: Sequence[int]) -> Domination | None:
        """Solve exactly for the weights of a basis; None where they prove nothing."""
        names = [j for j in basis if j != i]
        weights = self._weights(i, names)
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

    def _weights(self, i: int, names: list[int]) -> tuple[list[int], int] | None:
        """Solve Σλ_j (a_j, 1) + Σμ_r (A_r, 0) = (a_i, 1); None unless this dominates term i.

        Returns:
            The numerators of λ and μ, and their positive denominator.
        """
        if not names:
            return None
        one, size = self.exponents.denominator, self.n + 1
        target = [*self._rows[i], one]
        rows: list[list[Any]] = [
            [*self._rows[j], one] if j < self.k else [*self._sides[j - self.k], 0] for j in names
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
        return self._values[j] if j < self.k else -self._bounds[j - self.k]

    @cached_property
    def _rows(self) -> list[list[int]]:
        entries = [int(v) for v in self.exponents.numerators.entries()]
        return [entries[i * self.n : (i + 1) * self.n] for i in range(self.k)]

    @cached_property
    def _values(self) -> list[int]:
        return [int(v) for v in self.coefficients.numerators.entries()]

    @cached_property
    def _sides(self) -> list[list[Fraction]]:
        """A, times the denominator of the exponents, whose numerators `_rows` holds."""
        assert self.inequalities is not None
        return (self.inequalities[0] * self.exponents.denominator).to_fractions()

    @cached_property
    def _bounds(self) -> list[Fraction]:
        """b, times the denominator of the coefficients, whose numerators `_values` holds."""
        assert self.inequalities is not None
        scaled = self.inequalities[1] * self.coefficients.denominator
        return [row[0] for row in scaled.to_fractions()]


def _nothing() -> None:
    """Beat without effect."""


def _matrix(rows: list[list[Any]]) -> RationalMatrix:
    flat = [v for row in rows for v in row]
    if all(isinstance(v, int) for v in flat):
        return RationalMatrix(flint.fmpz_mat(len(rows), len(rows[0]), flat))
    return RationalMatrix.of(rows)
