"""How essential terms are decided: floats search, error bounds and integers settle."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Final, final

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
from tropnet.algebra.clues import Clues
from tropnet.algebra.rational_array import RationalArray
from tropnet.algebra.regular_triangulation import DIMENSIONS, RegularTriangulation
from tropnet.algebra.scaled_terms import ScaledTerms
from tropnet.algebra.term_evidence import Domination, Evidence, Witness
from tropnet.algebra.term_proofs import TermProofs
from tropnet.algebra.upper_hull import upper_hull
from tropnet.domains import Domain
from tropnet.errors import DomainError
from tropnet.exact import RationalMatrix
from tropnet.exact.linear_program import interior_point

if TYPE_CHECKING:
    pass

#: Pivots that the float search may take for one term, and the largest margin it looks for.
_LIMITS: Final = np.array([300.0, 4.0])
#: For ranks that a modular computation can vouch for.
_PRIME: Final = (1 << 61) - 1


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
        self.proofs = TermProofs(exponents, coefficients, domain)
        self.inequalities, self.facets = self.proofs.inequalities, self.proofs.facets

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
        found = self._triangulated(pulse or _nothing) if self.inequalities is None else None
        if found is not None:
            return found
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
        clues = part._completed(kept, clues)
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
        every = self.proofs.rows
        first = every[0]
        for rows in (every[::step], every):
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
        clues = part._completed(kept, clues)
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

    def _triangulated(self, pulse: Callable[[], None]) -> tuple[tuple[int, ...], Clues] | None:
        """Decide by a triangulation of the exponents; None where there is none to be had."""
        if self.n not in DIMENSIONS:
            return None
        exponents = RationalArray.from_matrix(self.exponents)
        found = RegularTriangulation.find(
            exponents, RationalArray.from_matrix(self.coefficients).ravel()
        )
        if found is None:
            return None
        pulse()
        sure, unsure = found.essential()
        kept = set(sure.tolist())
        if len(unsure):
            # the others are known to be redundant
            names = sorted({*kept, *unsure.tolist()})
            part = EssentialDecision(
                self.exponents.rows(names), self.coefficients.rows(names), None
            )
            kept = {names[i] for i in part._search(pulse)[0]}
        return tuple(sorted(kept)), Clues(triangulation=found)

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
        if point is not None and self.proofs.is_witness(i, point):
            return point
        if point is None and self.proofs.weights(i, [j for j in basis if j != i]) is not None:
            return None
        best = self.proofs.program(i, [j for j in range(self.k) if j != i], basis)
        return tuple(best.point.to_fractions()[0][:-1]) if best.value > 0 else None

    # ---- evidence ---------------------------------------------------------------------------

    def evidence(self, kept: tuple[int, ...], clues: Clues) -> tuple[Evidence, ...]:
        """Return evidence for every term, in exact rationals."""
        clues = self._completed(kept, clues)
        among = set(kept)
        pieces: dict[int, Evidence] = {i: Witness(clues.witness(i)) for i in kept}
        missing = []
        twins = {tuple(self.proofs.rows[i]): i for i in kept}
        for i in range(self.k):
            if i in among:
                continue
            twin = twins.get(tuple(self.proofs.rows[i]))
            basis = [] if clues.bases is None else [int(j) for j in clues.bases[i] if j >= 0]
            found = None
            if twin is not None:
                found = Domination((twin,), (Fraction(1),))
            elif all(j in among or j >= self.k for j in basis):
                found = self.proofs.domination(i, basis)
            if found is None:
                missing.append(i)
            else:
                pieces[i] = found
        for i, basis in zip(missing, self._bases_among(kept, missing), strict=True):
            pieces[i] = self.proofs.domination(i, basis) or self.proofs.domination_by_program(
                i, list(kept), basis
            )
        return tuple(pieces[i] for i in range(self.k))

    def _completed(self, kept: tuple[int, ...], clues: Clues) -> Clues:
        """Turn a triangulation into bases and proven witnesses."""
        found = clues.triangulation
        if found is None:
            return clues
        bases = np.full((self.k, self.n + 1), -1)
        # redundant terms that are vertices, by a tie, are left to a search
        others = np.flatnonzero(found.owners >= 0).tolist()
        bases[others] = found.above(others)
        points = found.witnesses(kept)
        fine = self.proofs.are_witnesses(kept, points)
        witnesses = dict(zip(kept, points, strict=True))
        for place, i in enumerate(kept):
            if not fine[place]:
                best = self.proofs.program(i, [j for j in kept if j != i], [])
                witnesses[i] = tuple(best.point.to_fractions()[0][:-1])
        return Clues(bases, witnesses)

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


def _nothing() -> None:
    """Beat without effect."""
