"""Exact equality of tropical functions on a domain, with a point where they differ."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any, Final

from tropnet.algebra.tropical_polynomial import Term, TropicalPolynomial
from tropnet.algebra.tropical_rational import TropicalRational
from tropnet.domains import Box, Polyhedron, require_dimension
from tropnet.exact import RationalMatrix
from tropnet.exact.linear_program import Infeasible, Optimal, interior_point, maximize

if TYPE_CHECKING:
    from tropnet.domains import Domain

#: Points tried before anything is multiplied out.
_PROBES: Final = 24


def difference_point(
    left: Any, right: Any, domain: Domain, max_terms: int
) -> tuple[Fraction, ...] | None:
    """Return a point where two functions differ, or None; see `TropicalFunction.difference_point`.

    1. Formally equal functions are equal. 2. Some points of the domain are tried exactly.
    3. P₁ ⊙ Q₂ and P₂ ⊙ Q₁ are compared as convex functions: equal essential terms are equal
    functions; else a term that only one side has must rise above the other side somewhere, which
    exact linear programs find.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial
        >>> from tropnet.algebra.function_equality import difference_point
        >>> x = TropicalPolynomial.variable(0)
        >>> difference_point(x, x + x, None, 100) is None
        True
    """
    space = getattr(left, "n", None)
    f, g = TropicalRational.of(left, space), TropicalRational.of(right, space)
    require_dimension(domain, f.n)
    if f == g:
        return None
    inside, solid = _inside(domain, f.n)
    if inside is None:
        return None
    probes = [inside, *islice(_probes(domain, f.n), _PROBES)]
    for point, mine, theirs in zip(probes, f.exact(probes), g.exact(probes), strict=True):
        if mine != theirs:
            return point
    # on a flat domain no term is the maximum on an open set: prune there as on all of R^n
    pruning = domain if solid else None
    if f.denominator == g.denominator:
        return _convex_difference(f.numerator, g.numerator, domain, pruning)
    f, g = f.essential(pruning), g.essential(pruning)
    return _convex_difference(
        f.numerator.mul(g.denominator, max_terms=max_terms),
        g.numerator.mul(f.denominator, max_terms=max_terms),
        domain,
        pruning,
    )


def _convex_difference(
    p: TropicalPolynomial, q: TropicalPolynomial, domain: Domain, pruning: Domain
) -> tuple[Fraction, ...] | None:
    p, q = p.essential(pruning), q.essential(pruning)
    mine, theirs = set(p.terms()), set(q.terms())
    # a term of both sides rises above neither; if no other term rises, p ≤ q ≤ p
    for only, other in ((mine - theirs, q), (theirs - mine, p)):
        for term in sorted(only):
            point = _where_it_rises(term, other, domain)
            if point is not None:
                return point
    return None


def _where_it_rises(
    term: Term, other: TropicalPolynomial, domain: Domain
) -> tuple[Fraction, ...] | None:
    """Return a point of the domain where an affine function exceeds a polynomial, or None.

    The linear program max t with t ≤ term − other_j for all j and t ≤ 1 is solved for a few j at a
    time; a largest other term at the solution joins them until the answer holds for all.
    """
    n = other.n
    others = list(other.terms())
    rows = [[*(Fraction(0),) * n, Fraction(1), Fraction(1)]]
    if domain is not None:
        a, b = domain.inequalities()
        rows += [
            [*row, Fraction(0), side[0]] for row, side in zip(a.to_fractions(), b, strict=True)
        ]
    objective = RationalMatrix.of([[0] * n + [1]])
    while True:
        joint = RationalMatrix.from_rows(rows)
        best = maximize(objective, joint.columns(range(n + 1)), joint.columns([n + 1]))
        if isinstance(best, Infeasible):
            return None
        assert isinstance(best, Optimal)  # t ≤ 1 bounds it
        if best.value <= 0:
            return None
        point = best.point.to_fractions()[0][:n]
        rival = others[other.active_terms(point)[0]] if others else None
        if rival is None or _value(term, point) > _value(rival, point):
            return tuple(point)
        slopes = [r - s for r, s in zip(rival.exponents, term.exponents, strict=True)]
        rows.append([*slopes, Fraction(1), term.coefficient - rival.coefficient])


def _value(term: Term, point: list[Fraction]) -> Fraction:
    return term.coefficient + sum(
        (a * x for a, x in zip(term.exponents, point, strict=True)), Fraction(0)
    )


def _inside(domain: Domain, n: int) -> tuple[tuple[Fraction, ...] | None, bool]:
    """Return a point of the relative interior, None if empty, and whether there is an interior."""
    if domain is None:
        return (Fraction(0),) * n, True
    if isinstance(domain, Box):
        sides = zip(domain.lower, domain.upper, strict=True)
        return domain.center, all(low < high for low, high in sides)
    found = interior_point(*domain.inequalities())
    if found is None:
        return None, False
    return tuple(found.point.to_fractions()[0]), not found.interior_is_empty


def _probes(domain: Domain, n: int) -> Iterator[tuple[Fraction, ...]]:
    """Iterate over points of the domain, always the same ones; none for a polyhedron."""
    random = Random(0)
    if isinstance(domain, Polyhedron):
        return
    while True:
        if domain is None:
            scale = Fraction(2) ** random.randint(-3, 6)
            yield tuple(scale * Fraction(random.randint(-64, 64), 64) for _ in range(n))
        else:
            yield tuple(
                low + (high - low) * Fraction(random.randint(0, 64), 64)
                for low, high in zip(domain.lower, domain.upper, strict=True)
            )
