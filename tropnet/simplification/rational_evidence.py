"""Evidence that two quotients P ⊘ Q are the same function on a domain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias, final

import numpy as np

from tropnet.algebra import TropicalPolynomial, TropicalRational
from tropnet.algebra.essential import EssentialTerms
from tropnet.errors import CertificateError
from tropnet.exact import RationalMatrix
from tropnet.simplification.common_cells import CommonCells

if TYPE_CHECKING:
    from tropnet.domains import Domain

#: Products up to so many terms are compared; with more, the functions are compared cell by cell.
MAX_PRODUCT: Final = 2_000


@final
@dataclass(frozen=True, eq=False)
class EssentialEvidence:
    """The terms that were left out of a polynomial change it nowhere on the domain.

    Attributes:
        terms: all terms of the polynomial before, with evidence for each.
        after: what is left of it.
    """

    terms: EssentialTerms
    after: TropicalPolynomial

    def replay(self) -> None:
        """Check the evidence of each term, and that the others are what is left.

        Raises:
            CertificateError: a term fails.
        """
        self.terms.check()
        kept = TropicalPolynomial.from_arrays(
            self.terms.exponents.rows(self.terms.kept),
            self.terms.coefficients.rows(self.terms.kept),
        )
        if kept != self.after:
            raise CertificateError("essential terms: what is left is not the terms that are kept")


@final
@dataclass(frozen=True, eq=False)
class ProductEvidence:
    """P₁ ⊙ Q₂ and P₂ ⊙ Q₁ are the same convex function on the domain.

    Attributes:
        before: P₁ ⊘ Q₁.
        after: P₂ ⊘ Q₂.
        domain: where they agree.
    """

    before: TropicalRational
    after: TropicalRational
    domain: Domain

    def replay(self) -> None:
        """Compare the essential terms of both products, exactly.

        Raises:
            CertificateError: the functions differ; the message names a point.
        """
        p, q = self.before, self.after
        most = max(p.k[0] * q.k[1], q.k[0] * p.k[1], 1)
        point = p.difference_point(q, self.domain, max_terms=most)
        if point is not None:
            where = ", ".join(map(str, point))
            raise CertificateError(f"P ⊘ Q before and after differ at ({where})")


@final
@dataclass(frozen=True, eq=False)
class CellEvidence:
    """On each cell on which P₁ and Q₁ are affine, P₂ and Q₂ are so too, with the same difference.

    Attributes:
        before: P₁ ⊘ Q₁.
        after: P₂ ⊘ Q₂.
        domain: with interior points, or None for all of R^n.
        matches: for each cell the term of P₁, of Q₁, of P₂ and of Q₂.
        corners: the number of vertices and rays of all cells.
    """

    before: TropicalRational
    after: TropicalRational
    domain: Domain
    matches: tuple[tuple[int, int, int, int], ...]
    corners: int

    @staticmethod
    def of(
        before: TropicalRational,
        after: TropicalRational,
        domain: Domain = None,
        cells: CommonCells | None = None,
        pulse: Callable[[], None] = lambda: None,
    ) -> CellEvidence:
        """Find the terms of P₂ and Q₂ on each cell by an inner point of it.

        Raises:
            BudgetExceeded: there are too many cells.
        """
        if cells is None:
            cells = CommonCells.of(before.numerator, before.denominator, domain, pulse=pulse)
        inner = []
        for members in cells.members:
            total = [sum(v) for v in zip(*(cells.generators[g] for g in members), strict=True)]
            inner.append(total)
        found = [_largest(part, cells.columns, inner) for part in _parts(after)]
        matches = tuple((i, j, k, m) for (i, j), k, m in zip(cells.cells, *found, strict=True))
        return CellEvidence(before, after, domain, matches, len(cells.generators))

    def replay(self) -> None:
        """Find the cells again, and compare the affine functions on each in rational arithmetic.

        The cells are cut in another order than when the evidence was made.

        A convex function that is at most its own term at the vertices of a cell, and along its
        unbounded edges, is that term throughout.

        Raises:
            CertificateError: some cell is missing, or fails.
        """
        cells = CommonCells.of(*_parts(self.before), self.domain, seed=1)
        if len(cells.generators) != self.corners:
            raise CertificateError(
                f"{self.corners} vertices and rays where there are {len(cells.generators)}"
            )
        named = {(i, j): (k, m) for i, j, k, m in self.matches}
        if set(named) != set(cells.cells) or len(named) != len(self.matches):
            raise CertificateError(f"{len(self.matches)} cells where there are {len(cells.cells)}")
        chosen = np.array([[*pair, *named[pair]] for pair in cells.cells])
        forms = [_forms(part) for part in (*_parts(self.before), *_parts(self.after))]
        sizes = [len(part) for part in forms]
        if (chosen < 0).any() or (chosen >= np.array(sizes)).any():
            raise CertificateError("a cell names a term that is none")
        own = [part.rows(chosen[:, k].tolist()) for k, part in enumerate(forms)]
        differs = (own[0] - own[1] - own[2] + own[3]).signs()
        if differs.any():
            cell = int(differs.any(axis=1).argmax())
            raise CertificateError(f"cell {cells.cells[cell]}: another affine function after")
        self._check_lines(cells)
        for name, part, terms in (("P", forms[2], chosen[:, 2]), ("Q", forms[3], chosen[:, 3])):
            self._check_part(cells, name, part, terms)

    def _check_part(self, cells: CommonCells, name: str, part: Any, terms: Any) -> None:
        values = _values(part, cells.columns, cells.generators)
        highest = [max(row) for row in values]
        for number, (members, term) in enumerate(zip(cells.members, terms.tolist(), strict=True)):
            if any(values[g][term] != highest[g] for g in members):
                raise CertificateError(
                    f"cell {cells.cells[number]}: {name} after is not its term {term} there"
                )

    def _check_lines(self, cells: CommonCells) -> None:
        """Refuse P₂ and Q₂ that change along lines along which P₁, Q₁ and the domain do not."""
        rows = [] if self.domain is None else [self.domain.inequalities()[0]]
        parts = [part.exponents for part in (*_parts(self.before), *_parts(self.after))]
        rows += [part - RationalMatrix.stack_rows([part.rows([0])] * len(part)) for part in parts]
        if RationalMatrix.stack_rows(rows).rank() != len(cells.columns):
            raise CertificateError("P or Q after changes along a line along which it did not")


@final
@dataclass(frozen=True, eq=False)
class MonomialEvidence:
    """P and Q were both multiplied by one monomial.

    Attributes:
        before: P ⊘ Q.
        after: the same with the monomial.
        monomial: one term.
    """

    before: TropicalRational
    after: TropicalRational
    monomial: TropicalPolynomial

    def replay(self) -> None:
        """Multiply again.

        Raises:
            CertificateError: something else comes out.
        """
        if not self.monomial.is_monomial():
            raise CertificateError(f"a factor of {self.monomial.k} terms is no monomial")
        found = (self.before.numerator * self.monomial, self.before.denominator * self.monomial)
        if TropicalRational(*found) != self.after:
            raise CertificateError("P and Q times the monomial are others than those after")


Evidence: TypeAlias = MonomialEvidence | EssentialEvidence | ProductEvidence | CellEvidence


def same_function(
    before: TropicalRational,
    after: TropicalRational,
    domain: Domain = None,
    cells: CommonCells | None = None,
    pulse: Callable[[], None] = lambda: None,
) -> ProductEvidence | CellEvidence:
    """Return evidence of the cheaper kind; whether it holds is for `replay` to say.

    Args:
        before: with essential terms.
        after: bends only where `before` does, if it is large.
        domain: with interior points, or None.
        cells: those of `before`, where they are known.
        pulse: called now and then; it may raise.
    """
    size = max(before.k[0] * after.k[1], before.k[1] * after.k[0])
    if size <= MAX_PRODUCT:
        return ProductEvidence(before, after, domain)
    return CellEvidence.of(before, after, domain, cells, pulse)


def _parts(f: TropicalRational) -> tuple[TropicalPolynomial, TropicalPolynomial]:
    return f.numerator, f.denominator


def _forms(part: TropicalPolynomial) -> RationalMatrix:
    return RationalMatrix.stack_columns([part.exponents, part.coefficients])


def _values(part: RationalMatrix, columns: tuple[int, ...], generators: Any) -> list[list[Any]]:
    """Return the values of terms at generators (x, t), up to a common factor."""
    places = RationalMatrix.of([list(row) for row in generators])
    found: list[list[Any]] = (
        places @ part.columns([*columns, part.shape[1] - 1]).T
    ).numerators.tolist()
    return found


def _largest(part: TropicalPolynomial, columns: tuple[int, ...], inner: Any) -> list[int]:
    values = _values(_forms(part), columns, inner)
    return [max(range(len(row)), key=row.__getitem__) for row in values]
