"""Products of powers of tropical polynomials, kept as such: what is common cancels unexpanded."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, final

from tropnet.algebra.tropical_polynomial import TropicalPolynomial
from tropnet.algebra.tropical_rational import TropicalRational
from tropnet.errors import BudgetExceeded, DomainError, ShapeError
from tropnet.exact import RationalMatrix, as_fraction

#: Products of more terms are refused unless a larger number is given.
MAX_TERMS: Final = 100_000


@final
@dataclass(frozen=True, eq=False)
class Factored:
    """The function c ⊙ x^a ⊙ Π fᵢ^eᵢ, that is c + a · x + Σ eᵢ fᵢ(x), with rational eᵢ.

    Factors are kept in a normal form, so that equal ones are recognised however they were written:
    their essential terms, less the first of them, over the common divisor of their exponents.
    max(3, 1 + 2x) becomes 3 ⊙ max(0, −2 + 2x), and that 3 ⊙ max(0, −1 + x)². Factors of exponent 0
    vanish; negative exponents are those of a denominator. A hidden layer of a network is a product
    of two-term factors, and what two layers have in common cancels here before anything is
    multiplied out.

    Args:
        n: the number of variables.
        coefficient: c.
        exponents: a, n numbers.
        factors: in normal form, with exponents that are not 0; use `of` and the operators.

    Example:
        >>> from tropnet.algebra import Factored, TropicalPolynomial
        >>> x, y = TropicalPolynomial.variables(2)
        >>> product = Factored.of(0 + x) * Factored.of(x + y) * Factored.of(1 + y)
        >>> print(product / Factored.of((x + y) * 2))
        -1 ⊙ max(0, x₁) ⊙ max(0, -1 + x₂)
    """

    n: int
    coefficient: Fraction = Fraction(0)
    exponents: tuple[Fraction, ...] = ()
    factors: Mapping[TropicalPolynomial, Fraction] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ShapeError("a product needs at least one variable")
        if not self.exponents:
            object.__setattr__(self, "exponents", (Fraction(0),) * self.n)
        if len(self.exponents) != self.n or any(f.n != self.n for f in self.factors):
            raise ShapeError(f"the factors of a product are not all in {self.n} variables")

    @staticmethod
    def of(value: Any, n: int | None = None) -> Factored:
        """Return a polynomial, a quotient or a number as a product.

        Args:
            value: a TropicalPolynomial, a TropicalRational, a Factored or a rational number.
            n: the number of variables, for a number.

        Raises:
            DomainError: −∞, which has no factors.
            ShapeError: another number of variables than n.
        """
        if isinstance(value, Factored):
            return value
        if isinstance(value, TropicalRational):
            return Factored.of(value.numerator) / Factored.of(value.denominator)
        if not isinstance(value, TropicalPolynomial):
            return Factored(1 if n is None else n, as_fraction(value, "factor"))
        if value.is_zero():
            raise DomainError("the tropical zero −∞ has no factors")
        terms = sorted(value.essential().terms(), key=lambda t: t.exponents)
        first = terms[0]
        rows = [
            (*(u - v for u, v in zip(t.exponents, first.exponents, strict=True)),
             t.coefficient - first.coefficient)
            for t in terms
        ]  # fmt: skip
        entries = [v for row in rows for v in row[:-1] if v]
        own = Factored(value.n, first.coefficient, tuple(first.exponents))
        if not entries:
            return own
        # primitive integers as exponents: their common divisor becomes that of the factor
        size = Fraction(
            math.gcd(*(v.numerator for v in entries)), math.lcm(*(v.denominator for v in entries))
        )
        scaled = RationalMatrix.from_rows([[v / size for v in row] for row in rows])
        least = TropicalPolynomial.from_arrays(
            scaled.columns(range(value.n)), scaled.columns([value.n])
        )
        return Factored(own.n, own.coefficient, own.exponents, {least: size})

    @staticmethod
    def product(values: Iterable[Any], n: int = 1) -> Factored:
        """Return the product of some polynomials, quotients, numbers or products.

        Args:
            values: the factors.
            n: the number of variables, where none of the values tells.
        """
        found = [Factored.of(v, n) for v in values]
        total = Factored(max([f.n for f in found if f.factors], default=n))
        for one in found:
            total = total * one
        return total

    def __mul__(self, other: Any) -> Factored:
        theirs = Factored.of(other, self.n)
        if theirs.n != self.n:
            raise ShapeError(f"a product in {self.n} variables times one in {theirs.n}")
        factors = dict(self.factors)
        for factor, exponent in theirs.factors.items():
            factors[factor] = factors.get(factor, Fraction(0)) + exponent
        return Factored(
            self.n,
            self.coefficient + theirs.coefficient,
            tuple(u + v for u, v in zip(self.exponents, theirs.exponents, strict=True)),
            {f: e for f, e in factors.items() if e},
        )

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Factored:
        return self * Factored.of(other, self.n).power(-1)

    def power(self, exponent: Any) -> Factored:
        """Return the function times a rational number, which may be negative."""
        e = as_fraction(exponent, "exponent")
        factors = {f: e * own for f, own in self.factors.items() if e}
        scaled = tuple(e * v for v in self.exponents)
        return Factored(self.n, e * self.coefficient, scaled, factors)

    def __eq__(self, other: object) -> bool:
        """Tell whether two products have the same factors; different ones may be one function."""
        if not isinstance(other, Factored):
            return NotImplemented
        mine = (self.n, self.coefficient, self.exponents, dict(self.factors))
        return mine == (other.n, other.coefficient, other.exponents, dict(other.factors))

    def __hash__(self) -> int:
        return hash((self.n, self.coefficient, self.exponents, frozenset(self.factors.items())))

    def exact(self, points: Any) -> list[Fraction]:
        """Return the exact values at rational points, `(batch, n)`."""
        rows = RationalMatrix.of(points, "points")
        if rows.shape[1] != self.n:
            raise ShapeError(f"points of {rows.shape[1]} coordinates for {self.n} variables")
        column = RationalMatrix.from_rows([[v] for v in self.exponents])
        total = [self.coefficient + v for (v,) in (rows @ column).to_fractions()]
        for factor, exponent in self.factors.items():
            values = factor.exact(rows.to_fractions())
            total = [t + exponent * v for t, v in zip(total, values, strict=True)]
        return total

    def predicted_terms(self) -> tuple[int, int]:
        """Return how many products of terms P and Q have before terms that do not matter go."""
        sizes = [1, 1]
        for factor, exponent in self.factors.items():
            sizes[exponent < 0] *= factor.k
        return sizes[0], sizes[1]

    def to_rational(self, max_terms: int = MAX_TERMS) -> TropicalRational:
        """Multiply out P ⊘ Q, keeping the terms that matter after each factor.

        Args:
            max_terms: refuse products of more terms on the way.

        Raises:
            BudgetExceeded: more terms.

        Cost: for each factor the essential terms of a product of two polynomials.
        """
        parts = [TropicalPolynomial.one(self.n), TropicalPolynomial.one(self.n)]
        smallest_first = sorted(self.factors.items(), key=lambda item: item[0].k)
        for factor, exponent in smallest_first:
            side = int(exponent < 0)
            count = parts[side].k * factor.k
            if count > max_terms:
                raise BudgetExceeded(
                    "terms of a product", count, max_terms, "raise max_terms, or keep the factors"
                )
            grown = parts[side].mul(factor.power(abs(exponent)), max_terms=max_terms)
            parts[side] = grown.essential()
        monomial = TropicalPolynomial([list(self.exponents)], [self.coefficient])
        return TropicalRational(parts[0].mul(monomial), parts[1])

    def to_text(self) -> str:
        """Return the product in the notation of the tropical semiring."""
        words: list[str] = []
        alone = TropicalPolynomial([list(self.exponents)], [self.coefficient])
        if any(self.exponents):
            words.append(f"({alone.to_text()})")
        elif self.coefficient or not self.factors:
            words.append(alone.to_text())
        for factor, exponent in self.factors.items():
            power = "" if exponent == 1 else f"^({exponent})" if exponent < 0 else f"^{exponent}"
            if exponent.denominator != 1 and exponent > 0:
                power = f"^({exponent})"
            words.append(factor.to_text() + power)
        return " ⊙ ".join(words)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return f"Factored({len(self.factors)} factors in {self.n} variables)"

    def _repr_html_(self) -> str:
        from html import escape

        return f"<pre>{escape(self.to_text())}</pre>"
