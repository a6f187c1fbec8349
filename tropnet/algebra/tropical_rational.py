"""Tropical rational functions P ⊘ Q: differences of two maxima of affine functions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, final

import numpy as np

from tropnet.algebra.points import is_scalar
from tropnet.algebra.printing import html_table, rational_latex, rational_text
from tropnet.algebra.tropical_function import MAX_TERMS, TropicalFunction
from tropnet.algebra.tropical_polynomial import TropicalPolynomial
from tropnet.errors import DomainError, ShapeError

if TYPE_CHECKING:
    from tropnet.domains import Domain
    from tropnet.typing import FloatArray


@final
class TropicalRational(TropicalFunction):
    """The function P ⊘ Q: x ↦ P(x) − Q(x) with tropical polynomials P and Q on R^n.

    Every piecewise linear function with finitely many rational pieces is of this form. P and Q are
    kept as given; `==` compares them term by term, `equals` compares functions. Operators are
    tropical and accept polynomials and numbers.

    Args:
        numerator: P, a polynomial.
        denominator: Q, a polynomial in the same variables with at least one term; 0 if left out.

    Raises:
        DomainError: Q is −∞ (it has no terms).
        ShapeError: different variables.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial, TropicalRational
        >>> x = TropicalPolynomial.variable(0)
        >>> f = TropicalRational(0 + x, 1 + x)
        >>> print(f, "at 1/2:", f("1/2"))
        max(0, x₁) ⊘ max(1, x₁) at 1/2: -1/2
    """

    __slots__ = ("denominator", "numerator")

    numerator: TropicalPolynomial
    denominator: TropicalPolynomial

    def __init__(
        self, numerator: TropicalPolynomial, denominator: TropicalPolynomial | None = None
    ) -> None:
        if denominator is None:
            denominator = TropicalPolynomial.one(numerator.n)
        if numerator.n != denominator.n:
            raise ShapeError(
                f"P has {numerator.n} variables, Q has {denominator.n}; they must have the same"
            )
        if denominator.is_zero():
            raise DomainError("division by the tropical zero: Q has no terms, it is −∞ everywhere")
        object.__setattr__(self, "numerator", numerator)
        object.__setattr__(self, "denominator", denominator)

    # ---- making one -------------------------------------------------------------------------

    @staticmethod
    def of(value: Any, n: int | None = None) -> TropicalRational:
        """Return a rational, a polynomial, or a number on R^n as a TropicalRational.

        Raises:
            DomainError: none of these.
            ShapeError: it lives on another space than R^n.

        Example:
            >>> TropicalRational.of("1/2", n=3).n
            3
        """
        if isinstance(value, TropicalPolynomial):
            value = TropicalRational(value)
        elif is_scalar(value):
            value = TropicalRational(TropicalPolynomial.constant(value, 1 if n is None else n))
        if not isinstance(value, TropicalRational):
            raise DomainError(
                f"a {type(value).__name__} is not a tropical rational function, a tropical "
                "polynomial or a number"
            )
        if n is not None and value.n != n:
            raise ShapeError(f"a function of {value.n} variables where {n} are expected")
        return value

    @staticmethod
    def from_min_plus(exponents: Any, coefficients: Any, n: int | None = None) -> TropicalRational:
        """Return the function of a min-plus polynomial: x ↦ min_i (c_i + a_i · x) = 0 ⊘ P.

        Args:
            exponents: `(k, n)` as for a polynomial.
            coefficients: k numbers, at least one of them finite, others may be +∞.
            n: the number of variables, where it cannot be seen.

        Raises:
            DomainError: no finite coefficient: the function is +∞.

        Example:
            >>> f = TropicalRational.from_min_plus([[0], [1]], [5, 3])
            >>> print(f, "at 1:", f(1))
            0 ⊘ max(-3 - x₁, -5) at 1: 4
        """
        dual = TropicalPolynomial.from_min_plus(exponents, coefficients, n)
        mirrored = TropicalPolynomial.from_arrays(-dual.exponents, dual.coefficients)
        return TropicalRational(TropicalPolynomial.one(dual.n), mirrored)

    # ---- looking at it ----------------------------------------------------------------------

    @property
    def n(self) -> int:
        """The number of variables."""
        return self.numerator.n

    @property
    def k(self) -> tuple[int, int]:
        """The numbers of terms of P and Q."""
        return self.numerator.k, self.denominator.k

    def is_polynomial(self) -> bool:
        """Tell whether Q is a single term, so that P ⊘ Q is a tropical polynomial."""
        return self.denominator.is_monomial()

    def to_polynomial(self) -> TropicalPolynomial:
        """Return the polynomial P ⊘ Q where Q is a single term.

        Raises:
            DomainError: Q has two or more terms.

        Example:
            >>> x = TropicalPolynomial.variable(0)
            >>> print(TropicalRational(x + x ** 2, x).to_polynomial())
            max(0, x₁)
        """
        if not self.is_polynomial():
            raise DomainError(
                f"the denominator has {self.denominator.k} terms; only with one is P ⊘ Q plainly a "
                "polynomial"
            )
        return self.numerator.mul(self.denominator.power(-1))

    # ---- arithmetic -------------------------------------------------------------------------

    def _operand(self, other: Any) -> TropicalRational | None:
        if isinstance(other, TropicalRational | TropicalPolynomial) or is_scalar(other):
            return TropicalRational.of(other, self.n)
        return None

    def inverse(self) -> TropicalRational:
        """Return Q ⊘ P, the classical negative.

        Raises:
            DomainError: P is −∞.

        Example:
            >>> x = TropicalPolynomial.variable(0)
            >>> TropicalRational(x, 1 + x).inverse()(5)
            Fraction(0, 1)
        """
        return TropicalRational(self.denominator, self.numerator)

    def _add(self, other: TropicalRational, max_terms: int) -> TropicalRational:
        p, q, r, s = self.numerator, self.denominator, other.numerator, other.denominator
        if q == s:
            return TropicalRational(p.add(r, max_terms=max_terms), q)
        top = p.mul(s, max_terms=max_terms).add(r.mul(q, max_terms=max_terms), max_terms=max_terms)
        return TropicalRational(top, q.mul(s, max_terms=max_terms))

    def _mul(self, other: TropicalRational, max_terms: int) -> TropicalRational:
        return TropicalRational(
            self.numerator.mul(other.numerator, max_terms=max_terms),
            self.denominator.mul(other.denominator, max_terms=max_terms),
        )

    def _div(self, other: TropicalRational, max_terms: int) -> TropicalRational:
        return self._mul(other.inverse(), max_terms)

    def _pow(self, exponent: Fraction, max_terms: int) -> TropicalRational:
        if exponent.denominator != 1:
            raise DomainError(
                f"the formal power {exponent} does not exist; f.power(r) scales the function by r"
            )
        if exponent < 0:
            return self.inverse()._pow(-exponent, max_terms)
        return TropicalRational(
            self.numerator.pow(exponent, max_terms=max_terms),
            self.denominator.pow(exponent, max_terms=max_terms),
        )

    def _power(self, factor: Fraction) -> TropicalRational:
        if factor < 0:
            return self.inverse()._power(-factor)
        return TropicalRational(self.numerator.power(factor), self.denominator.power(factor))

    # ---- values -----------------------------------------------------------------------------

    def evaluate(self, points: Any) -> FloatArray:
        """Evaluate at a batch of points `(batch, n)` in float64; returns `(batch,)`.

        P and Q are rounded apart, so that cancellation loses relative accuracy; `exact` does not.

        Raises:
            ShapeError: another shape.
            DomainError: NaN or infinite coordinates.

        Example:
            >>> import numpy as np
            >>> x = TropicalPolynomial.variable(0)
            >>> (0 / (0 + x)).evaluate(np.array([[2.0], [-1.0]])).tolist()
            [-2.0, 0.0]
        """
        return self._difference(
            points, self.numerator.evaluate(points), self.denominator.evaluate(points)
        )

    def _difference(self, points: Any, top: FloatArray, bottom: FloatArray) -> FloatArray:
        """Return top − bottom, P and Q at the points; computed exactly where that overflows."""
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.asarray(top - bottom)
        lost = np.flatnonzero(~np.isfinite(values))
        if lost.size and not self.numerator.is_zero():
            array = np.asarray(points, dtype=np.float64)
            values[lost] = [_nearest(value) for value in self.exact(array[lost])]
        return values

    def exact(self, points: Any) -> list[Any]:
        """Evaluate exactly at a batch of points; one Fraction a point (−inf where P is −∞).

        Raises:
            ShapeError: another shape.
            DomainError: an entry is not a finite number.

        Example:
            >>> x = TropicalPolynomial.variable(0)
            >>> (0 / (0 + x)).exact([["1/3"]])
            [Fraction(-1, 3)]
        """
        top, bottom = self.numerator.exact(points), self.denominator.exact(points)
        return [p - q for p, q in zip(top, bottom, strict=True)]

    def _parts(self) -> tuple[tuple[int, TropicalPolynomial], ...]:
        return (1, self.numerator), (-1, self.denominator)

    # ---- functions --------------------------------------------------------------------------

    def compose(self, *inner: Any, max_terms: int = MAX_TERMS) -> TropicalRational:
        """Return the composition: this function of n functions in common variables.

        Args:
            *inner: n polynomials, rationals or numbers, or one `TropicalMap` with n outputs.
            max_terms: refuse when a product on the way could have more terms.

        Raises:
            ShapeError: the numbers of functions or variables do not fit.
            BudgetExceeded: a product on the way could exceed `max_terms`.

        Example:
            >>> x, y = TropicalPolynomial.variables(2)
            >>> t = TropicalPolynomial.variable(0)
            >>> (x / y).compose(t ** 3, t + 0)(-1)
            Fraction(-3, 1)
        """
        from tropnet.algebra.composition import compose_rational

        return compose_rational(self, inner, max_terms)

    def essential(self, domain: Domain = None) -> TropicalRational:
        """Return the quotient of the essential terms of P and of Q, the same function there.

        Raises:
            ShapeError: the domain lives in another space.

        Example:
            >>> p = TropicalPolynomial([[0], [1], [2]], [0, -5, 0])
            >>> TropicalRational(p, p).essential().k
            (2, 2)
        """
        return TropicalRational(
            self.numerator.essential(domain), self.denominator.essential(domain)
        )

    # ---- display ----------------------------------------------------------------------------

    def _text(self, names: Sequence[str] | None, shown: int | None) -> str:
        return rational_text(self.numerator, self.denominator, names, shown)

    def _latex(self, shown: int | None) -> str:
        return rational_latex(self.numerator, self.denominator, shown)

    def _repr_html_(self) -> str:
        above, below = self.k
        rows = [
            ("P", str(self.numerator)),
            ("Q", str(self.denominator)),
            ("terms", f"{above} in P, {below} in Q"),
            ("variables", str(self.n)),
        ]
        return html_table("Tropical rational function P ⊘ Q", rows)

    # ---- identity ---------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TropicalRational):
            return NotImplemented
        return self.numerator == other.numerator and self.denominator == other.denominator

    def __hash__(self) -> int:
        return hash((self.numerator, self.denominator))

    def __reduce__(self) -> tuple[Any, ...]:
        return TropicalRational, (self.numerator, self.denominator)


def _nearest(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
