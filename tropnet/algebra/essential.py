"""Which terms of a tropical polynomial matter, decided exactly, each with evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import final

from tropnet.algebra.clues import Clues
from tropnet.algebra.essential_decision import EssentialDecision
from tropnet.algebra.rational_array import RationalArray
from tropnet.algebra.regular_triangulation import RegularTriangulation
from tropnet.algebra.term_evidence import Domination, Evidence, Witness, check_domination, fail
from tropnet.domains import Domain, require_dimension
from tropnet.errors import CertificateError, ShapeError
from tropnet.exact import RationalMatrix


@final
@dataclass(frozen=True, eq=False)
class EssentialTerms:
    """The essential terms of a tropical polynomial, with evidence for every term.

    A term is essential when the polynomial without it is a different function (on the domain).
    Which terms are kept is proven before this object exists; the evidence is made at first use.

    Args:
        exponents: `(k, n)` of the whole polynomial.
        coefficients: `(k, 1)`.
        domain: a box or polyhedron with interior points, or None for R^n.
        kept: indices of the essential terms, increasing.
        given: evidence for all k terms, to be checked; None to have it made.

    Example:
        >>> from tropnet.algebra.essential import essential_terms
        >>> from tropnet.exact import RationalMatrix
        >>> line = RationalMatrix.of([[0], [1], [2]])
        >>> found = essential_terms(line, RationalMatrix.of([[0], [-1], [0]]))
        >>> found.kept
        (0, 2)
        >>> found.evidence[1].weights
        (Fraction(1, 2), Fraction(1, 2))
        >>> found.check()
    """

    exponents: RationalMatrix
    coefficients: RationalMatrix
    domain: Domain
    kept: tuple[int, ...]
    given: tuple[Evidence, ...] | None = None
    _clues: Clues | None = field(default=None, repr=False)

    @cached_property
    def evidence(self) -> tuple[Evidence, ...]:
        """For each term a `Witness` or a `Domination`.

        Cost: made at first use, about 50 µs a term.
        """
        if self.given is not None:
            return self.given
        decision = EssentialDecision(self.exponents, self.coefficients, self.domain)
        return decision.evidence(self.kept, self._clues or Clues())

    def check(self) -> None:
        """Replay all evidence in exact arithmetic.

        A witness is compared with the kept terms alone: a redundant term, below a mean of kept
        ones, cannot reach the strict maximum.

        Raises:
            CertificateError: the evidence of a term fails; the message names the term.

        Cost: one exact product of the witnesses with the kept terms, and O(n²) a redundant term.
        """
        k, kept = len(self.exponents), set(self.kept)
        if len(self.evidence) != k or not kept <= set(range(k)):
            raise CertificateError(f"essential terms: {len(self.evidence)} pieces for {k} terms")
        for index, piece in enumerate(self.evidence):
            if isinstance(piece, Witness) != (index in kept):
                fail(index, "the evidence is not of the kind the claim needs")
        _check_witnesses(self)
        exponents = RationalMatrix.stack_columns([self.exponents, self.coefficients]).to_fractions()
        rows: list[list[Fraction]] = []
        if self.domain is not None:
            rows = RationalMatrix.stack_columns(list(self.domain.inequalities())).to_fractions()
        for index, piece in enumerate(self.evidence):
            if isinstance(piece, Domination):
                check_domination(index, piece, kept, exponents, rows)

    def __repr__(self) -> str:
        return f"EssentialTerms({len(self.kept)} of {len(self.exponents)} terms)"


def essential_terms(
    exponents: RationalMatrix, coefficients: RationalMatrix, domain: Domain = None
) -> EssentialTerms:
    """Find the terms without which the polynomial would be another function.

    Float64 searches and proves most terms by error bounds (`cell_search`); ties and near-ties are
    settled in integers, by one solve where a basis is at hand, else by an exact linear program. In
    one variable the upper hull is computed in integers throughout.

    Args:
        exponents: `(k, n)`. Among terms of equal exponents the first of the largest coefficient
            can be essential.
        coefficients: `(k, 1)`.
        domain: a box or polyhedron with interior points, or None for R^n: terms that are needed
            only outside it are redundant.

    Returns:
        The kept indices, with evidence on demand.

    Raises:
        ShapeError: the shapes do not fit.
        DomainError: the domain has no interior points.

    Cost: 10–100 µs a term for n ≤ 5 and 10³ terms, the more the more terms are essential; a
        near-tie adds about 50 µs. The first call in a process loads compiled code.

    Source: Clarkson, "More output-sensitive geometric algorithms" (1994), with error bounds of our
        own (`cell_search`).

    Example:
        >>> from tropnet.algebra.essential import essential_terms
        >>> from tropnet.exact import RationalMatrix
        >>> square = RationalMatrix.of([[0, 0], [1, 0], [0, 1], [1, 1]])
        >>> essential_terms(square, RationalMatrix.of([[0], [0], [0], [0]])).kept
        (0, 1, 2, 3)
        >>> essential_terms(square, RationalMatrix.of([[0], [-1], [-1], [0]])).kept
        (0, 1, 2, 3)
    """
    if coefficients.shape != (len(exponents), 1):
        raise ShapeError(
            f"coefficients have shape {coefficients.shape} for {len(exponents)} rows of exponents; "
            "give (k, 1)"
        )
    if exponents.shape[1] == 0 and len(exponents):
        raise ShapeError("exponents have no columns; a polynomial has at least one variable")
    require_dimension(domain, exponents.shape[1])
    kept, clues = EssentialDecision(exponents, coefficients, domain).decide()
    return EssentialTerms(exponents, coefficients, domain, kept, None, clues)


def essential_rows(
    exponents: RationalArray, coefficients: RationalArray, domain: Domain = None
) -> list[int]:
    """Find the essential terms of a polynomial whose exponents are distinct.

    As `essential_terms`, without what evidence would need.

    Args:
        exponents: `(k, n)`, distinct rows, k ≥ 1.
        coefficients: `(k,)`.
        domain: as for `essential_terms`.

    Returns:
        Indices, increasing.

    Raises:
        ShapeError: the domain lives in another space.
        DomainError: the domain has no interior points.

    Cost: for n = 2 and 3 on R^n about 1 µs a term, and 1 ns for each pair of a term and a vertex of
        the hypersurface; else as `essential_terms`.

    Example:
        >>> from tropnet.algebra.essential import essential_rows
        >>> from tropnet.algebra.rational_array import RationalArray
        >>> line = RationalArray.of([[0, 0], [1, 1], [0, 3], [3, 0]])
        >>> essential_rows(line, RationalArray.from_fractions([0, -1, 0, 0]))
        [0, 2, 3]
    """
    found = None if domain is not None else RegularTriangulation.find(exponents, coefficients)
    if found is not None:
        sure, unsure = found.essential()
        if not len(unsure):
            indices: list[int] = sure.tolist()
            return indices
    return list(essential_terms(exponents.to_matrix(), coefficients.to_matrix(), domain).kept)


def _check_witnesses(claim: EssentialTerms) -> None:
    points = [piece.point for piece in claim.evidence if isinstance(piece, Witness)]
    if not points:
        return
    if any(len(point) != claim.exponents.shape[1] for point in points):
        raise CertificateError("essential terms: a witness has another number of coordinates")
    rows = RationalMatrix.of(points)
    outside = [False] * len(points)
    if claim.domain is not None:
        a, b = claim.domain.inequalities()
        outside = [bool(row.max(initial=0) > 0) for row in (rows @ a.T - b.T).signs()]
    exponents, coefficients = claim.exponents.rows(claim.kept), claim.coefficients.rows(claim.kept)
    values = (rows @ exponents.T + coefficients.T).numerators.tolist()
    for place, (index, row) in enumerate(zip(claim.kept, values, strict=True)):
        if outside[place]:
            fail(index, "the witness lies outside the domain")
        if sum(v >= row[place] for v in row) != 1:
            fail(index, "the term is not the strict maximum at its witness")
