"""Tropical polynomials as products of powers of polynomials that are products of nothing else."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, final

from tropnet.algebra import Factored, TropicalPolynomial
from tropnet.errors import BudgetExceeded, CertificateError, DomainError
from tropnet.exact import RationalMatrix
from tropnet.simplification.common_cells import CommonCells
from tropnet.simplification.decomposition import Decompositions
from tropnet.simplification.double_description import extreme_rays

if TYPE_CHECKING:
    from collections.abc import Callable

#: Essential terms beyond which polynomials of several variables are refused.
MAX_TERMS: Final = 400


@final
@dataclass(frozen=True, eq=False)
class Factorisation:
    """A polynomial as a product of powers of irreducible ones.

    A polynomial is irreducible here if it is no product of two others but for powers and affine
    functions: as a convex function it spans an extreme ray of all convex functions that are affine
    on its cells. With rational exponents every polynomial is such a product, mostly in several
    ways.

    Attributes:
        polynomial: what was factored.
        factored: the product, the same function.
        seconds: the time it took.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial
        >>> from tropnet.simplification.factor import factor
        >>> x, y = TropicalPolynomial.variables(2)
        >>> found = factor((0 + x) * (x + y))
        >>> found.irreducible, found.replay()
        (False, None)
    """

    polynomial: TropicalPolynomial
    factored: Factored
    seconds: float

    @property
    def irreducible(self) -> bool:
        """Whether the polynomial itself is a power of one irreducible polynomial."""
        return len(self.factored.factors) <= 1

    def replay(self) -> None:
        """Multiply the factors and compare the functions exactly.

        Raises:
            CertificateError: the product is another function.
        """
        product = self.factored.to_rational(max_terms=10**9).to_polynomial()
        if product.essential() != self.polynomial.essential():
            raise CertificateError("the factors of a polynomial multiply to another function")

    def __str__(self) -> str:
        return self.factored.to_text()


def factor(
    polynomial: TropicalPolynomial,
    *,
    max_terms: int = MAX_TERMS,
    max_rays: int = 20_000,
    time_limit: float | None = None,
) -> Factorisation:
    """Write a tropical polynomial as a product of powers of irreducible ones, as functions.

    In one variable the factors are linear, one for each root: the fundamental theorem of tropical
    algebra. In several, the convex functions that are affine on the polynomial's cells form a
    polyhedral cone: non-negative weights of its facets that balance around every face of dimension
    n − 2. Its extreme rays are the irreducible polynomials, and the polynomial is a sum of rays
    with positive rational factors, found by taking away the largest multiple of one ray after the
    other. Exponents are rational: whether a polynomial with integer exponents is a product of such
    is NP-complete already in two variables, this is not.

    Args:
        polynomial: with at least one term.
        max_terms: refuse more essential terms than this, in several variables.
        max_rays: refuse cones of more extreme rays, or complexes of more vertices.
        time_limit: seconds after which to give up.

    Returns:
        The factorisation; multiplied out it was compared with the polynomial, exactly.

    Raises:
        DomainError: −∞, or a time limit that is not positive.
        BudgetExceeded: too many terms or rays, or the time was up.

    Cost: that of the polynomial's cells, and of the extreme rays of a cone with a variable for each
        class of facets: milliseconds for products of a few binomials, exponential in general.

    Source: Cuninghame-Green and Meijer, "An algebra for piecewise-linear minimax problems" (1980),
        for one variable; McMullen, "Representations of polytopes and polyhedral sets" (1973), for
        the cone; Kim and Roush, "Factorization of polynomials in one variable over the tropical
        semiring" (2005), for integer exponents.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial
        >>> from tropnet.simplification.factor import factor
        >>> x, y = TropicalPolynomial.variables(2)
        >>> print(factor((0 + x) * (x + y) * (0 + x + y)))
        (x₂) ⊙ max(0, x₁) ⊙ max(0, x₁ - x₂) ⊙ max(0, x₂, x₁)
        >>> factor(0 + x + y).irreducible
        True
    """
    start = time.perf_counter()
    if polynomial.is_zero():
        raise DomainError("the tropical zero polynomial −∞ has no factors")
    if time_limit is not None and not time_limit > 0:
        raise DomainError(f"time_limit is {time_limit!r}; give seconds above zero")
    pulse = _clock(start, time_limit)
    p = polynomial.essential()
    if p.k == 1:
        return Factorisation(polynomial, Factored.of(p), time.perf_counter() - start)
    if p.k > max_terms and p.n > 1:
        raise BudgetExceeded(
            "essential terms to be factored", p.k, max_terms, "raise max_terms, or factor parts"
        )
    cells = CommonCells.of(p, TropicalPolynomial.one(p.n), max_rays=max_rays, pulse=pulse)
    ways = Decompositions.of(cells, pulse)
    count = max(ways.classes) + 1
    total = Factored(p.n)
    for shares, multiple in _summands(_rays(ways, count, max_rays, pulse), count):
        scaled = [multiple * v for v in shares]
        total = total * Factored.of(_polynomial(ways, scaled, p.n))
    product = Factored(p.n, factors=total.factors)
    rest = _rest(p, product)
    found = Factorisation(polynomial, product * rest, time.perf_counter() - start)
    found.replay()
    return found


def _rays(
    ways: Decompositions, count: int, max_rays: int, pulse: Callable[[], None]
) -> list[tuple[Fraction, ...]]:
    """Return the extreme rays of the shares of classes that are not negative and balance."""
    if not ways.equations:
        return [tuple(Fraction(int(i == k)) for i in range(count)) for k in range(count)]
    table = [[row.get(k, Fraction(0)) for k in range(count)] for row in ways.equations]
    basis = RationalMatrix.from_rows(table).kernel()
    if len(basis) == 1:
        row = basis.to_fractions()[0]
        sign = 1 if sum(row) > 0 else -1
        return [tuple(sign * v for v in row)]
    columns = basis.T
    rows = sorted({tuple(int(v) for v in r) for r in _integers(columns) if any(r)})
    rays, _ = extreme_rays(rows, max_rays=max_rays, pulse=pulse)
    return [tuple((RationalMatrix.of([list(ray)]) @ basis).to_fractions()[0]) for ray in rays]


def _integers(matrix: RationalMatrix) -> list[list[int]]:
    entries = matrix.numerators.tolist()
    return [[int(v) for v in row] for row in entries]


def _summands(
    rays: Sequence[tuple[Fraction, ...]], count: int
) -> list[tuple[tuple[Fraction, ...], Fraction]]:
    """Write shares that are all 1 as a sum of multiples of rays.

    Taking away the largest multiple of a ray leaves a point of the cone on a smaller face, whose
    rays are those that vanish where it does.
    """
    left = [Fraction(1)] * count
    found = []
    for ray in sorted(rays, key=lambda r: sum(1 for v in r if v)):
        support = [k for k, v in enumerate(ray) if v]
        multiple = min(left[k] / ray[k] for k in support)
        if multiple > 0:
            found.append((ray, multiple))
            left = [v - multiple * w for v, w in zip(left, ray, strict=True)]
    if any(left):
        raise CertificateError("a polynomial is no sum of the rays of its cone; this is a bug")
    return found


def _polynomial(ways: Decompositions, shares: Sequence[Fraction], n: int) -> TropicalPolynomial:
    above, _ = ways.forms(tuple(shares))
    terms = sorted(set(above))
    return TropicalPolynomial.from_terms([(list(t[:n]), t[n]) for t in terms])


def _rest(p: TropicalPolynomial, product: Factored) -> Factored:
    """Return the single term by which a product of all factors differs from p."""
    expanded = product.to_rational(max_terms=10**9).to_polynomial().essential()
    first, own = (min(f.terms(), key=lambda t: t.exponents) for f in (p, expanded))
    exponents = [u - v for u, v in zip(first.exponents, own.exponents, strict=True)]
    return Factored(p.n, first.coefficient - own.coefficient, tuple(exponents))


def _clock(start: float, time_limit: float | None) -> Callable[[], None]:
    def pulse() -> None:
        if time_limit is not None and time.perf_counter() - start > time_limit:
            raise BudgetExceeded(
                "seconds to factor a polynomial", time.perf_counter() - start, time_limit,
                "raise time_limit, or factor parts",
            )  # fmt: skip

    return pulse
