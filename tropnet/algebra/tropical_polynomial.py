"""Tropical polynomials: maxima of finitely many affine functions with rational coefficients."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np

from tropnet.algebra.max_affine import row_maxima
from tropnet.algebra.minkowski import merge_terms, multiply_terms
from tropnet.algebra.points import exact_point, exact_points, float_points, is_scalar
from tropnet.algebra.printing import html_table, polynomial_latex, polynomial_text
from tropnet.algebra.rational_array import RationalArray, over_common_denominator
from tropnet.algebra.reading_terms import (
    is_minus_infinity,
    plain_number,
    positive_dimension,
    read_exponents,
)
from tropnet.algebra.tropical_function import MAX_TERMS, TropicalFunction
from tropnet.errors import BudgetExceeded, DomainError, ShapeError
from tropnet.exact import RationalMatrix, as_fraction, as_fractions

if TYPE_CHECKING:
    from tropnet.algebra.tropical_rational import TropicalRational
    from tropnet.domains import Domain
    from tropnet.typing import FloatArray


class Term(NamedTuple):
    """One term: the affine function `coefficient + Σ exponents[j] · x_j`."""

    exponents: tuple[Fraction, ...]
    coefficient: Fraction


@final
class TropicalPolynomial(TropicalFunction):
    """A tropical polynomial: x ↦ max_i (coefficients[i] + exponents[i] · x), with k terms on R^n.

    Exponents and coefficients are exact rationals; exponents may be negative or fractional. Terms
    with equal exponents are merged (the larger coefficient stays), terms with coefficient −∞ are
    dropped, the rest is sorted lexicographically by exponents. Without terms it is the constant
    −∞, the zero of ⊕.

    Operators are tropical: `p + q` is the maximum, `p * q` the classical sum, `p / q` the quotient
    P ⊘ Q (a `TropicalRational`), `p ** 3` the formal product of three copies. Numbers mix in:
    `2 * p` adds 2. Mind that Python's `sum` starts from the number 0, which is tropically one; use
    `TropicalPolynomial.sum_of`. `==` compares terms; `equals` compares functions.

    Args:
        exponents: `(k, n)` numbers; for n = 1 a flat list will do. Floats stand for the exact
            rationals they store, texts for what they spell.
        coefficients: k numbers, each finite or −∞, or a RationalMatrix of k entries.
        n: the number of variables; needed only where there are no terms.

    Raises:
        DomainError: NaN, +∞, or something that is not a number.
        ShapeError: exponents and coefficients do not fit together.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial
        >>> p = TropicalPolynomial([[1, 0], [0, 1], [1, 1]], [1, 2, 3])
        >>> p(2, 3)
        Fraction(8, 1)
        >>> x, y = TropicalPolynomial.variables(2)
        >>> p == 1 * x + 2 * y + 3 * x * y
        True
        >>> print(2 * x + "1/2" * y ** 2)
        max(1/2 + 2*x₂, 2 + x₁)
    """

    __slots__ = ("_coefficients", "_exponents", "_forms")

    _exponents: RationalArray
    _coefficients: RationalArray
    _forms: tuple[FloatArray, bool] | None

    def __init__(self, exponents: Any, coefficients: Any, n: int | None = None) -> None:
        if isinstance(coefficients, RationalMatrix):
            coefficients = RationalArray.from_matrix(coefficients).fractions()
        values = list(coefficients)
        finite = [i for i, value in enumerate(values) if not is_minus_infinity(value)]
        rows = read_exponents(exponents, len(values), n)
        numbers = as_fractions([values[i] for i in finite], "coefficients")
        column = RationalArray.from_fractions(numbers)
        merged = merge_terms(rows.numerators[finite], column.numerators)
        self._store(
            RationalArray(merged[0], rows.denominator), RationalArray(merged[1], column.denominator)
        )

    def _store(self, exponents: RationalArray, coefficients: RationalArray) -> None:
        object.__setattr__(self, "_exponents", exponents)
        object.__setattr__(self, "_coefficients", coefficients)
        object.__setattr__(self, "_forms", None)

    # ---- making one -------------------------------------------------------------------------

    @staticmethod
    def _sorted(exponents: RationalArray, coefficients: RationalArray) -> TropicalPolynomial:
        """Wrap terms that are canonical already."""
        polynomial = object.__new__(TropicalPolynomial)
        polynomial._store(exponents, coefficients)
        return polynomial

    @staticmethod
    def from_terms(
        terms: Mapping[Any, Any] | Iterable[tuple[Any, Any]], n: int | None = None
    ) -> TropicalPolynomial:
        """Return the polynomial of (exponents, coefficient) pairs, or of such a mapping.

        Example:
            >>> TropicalPolynomial.from_terms({(1, 0): 2, (0, 1): "1/2"})
            TropicalPolynomial('max(1/2 + x₂, 2 + x₁)')
        """
        pairs = list(terms.items() if isinstance(terms, Mapping) else terms)
        return TropicalPolynomial([pair[0] for pair in pairs], [pair[1] for pair in pairs], n)

    @staticmethod
    def zero(n: int = 1) -> TropicalPolynomial:
        """Return the polynomial without terms: the constant −∞, neutral for ⊕.

        Example:
            >>> TropicalPolynomial.zero(2).k
            0
        """
        return TropicalPolynomial([], [], n)

    @staticmethod
    def one(n: int = 1) -> TropicalPolynomial:
        """Return the constant 0, neutral for ⊙.

        Example:
            >>> print(TropicalPolynomial.one(2))
            0
        """
        return TropicalPolynomial.constant(0, n)

    @staticmethod
    def constant(value: Any, n: int = 1) -> TropicalPolynomial:
        """Return a constant on R^n; −∞ gives the polynomial without terms.

        Example:
            >>> TropicalPolynomial.constant("1/3", 2)(5, 7)
            Fraction(1, 3)
        """
        return TropicalPolynomial([[0] * positive_dimension(n)], [plain_number(value)], n)

    @staticmethod
    def variable(index: int, n: int = 1) -> TropicalPolynomial:
        """Return the coordinate function x_index on R^n; the first has index 0.

        Raises:
            ShapeError: there is no such coordinate.

        Example:
            >>> print(TropicalPolynomial.variable(1, 3))
            x₂
        """
        if not 0 <= index < positive_dimension(n):
            raise ShapeError(f"variable {index} of {n}; the first has index 0, the last {n - 1}")
        return TropicalPolynomial([[int(j == index) for j in range(n)]], [0], n)

    @staticmethod
    def variables(n: int) -> tuple[TropicalPolynomial, ...]:
        """Return the coordinate functions of R^n.

        Example:
            >>> x, y = TropicalPolynomial.variables(2)
            >>> (x + y)(3, 4)
            Fraction(4, 1)
        """
        return tuple(TropicalPolynomial.variable(index, n) for index in range(n))

    @staticmethod
    def affine(weights: Iterable[Any], bias: Any = 0) -> TropicalPolynomial:
        """Return the single term bias + weights · x.

        Example:
            >>> print(TropicalPolynomial.affine([2, "-1/2"], 3))
            3 + 2*x₁ - 1/2*x₂
        """
        return TropicalPolynomial([list(weights)], [bias])

    @staticmethod
    def from_arrays(exponents: RationalMatrix, coefficients: RationalMatrix) -> TropicalPolynomial:
        """Return the polynomial of exponents `(k, n)` and coefficients `(k, 1)`, the fast way.

        Raises:
            ShapeError: the shapes do not fit.

        Example:
            >>> from tropnet.exact import RationalMatrix
            >>> rows, column = RationalMatrix.of([[1], [0]]), RationalMatrix.of([[2], [3]])
            >>> print(TropicalPolynomial.from_arrays(rows, column))
            max(3, 2 + x₁)
        """
        if coefficients.shape != (exponents.shape[0], 1):
            raise ShapeError(
                f"exponents have shape {exponents.shape}, coefficients {coefficients.shape}; "
                f"expected ({exponents.shape[0]}, 1)"
            )
        rows, column = RationalArray.from_matrix(exponents), RationalArray.from_matrix(coefficients)
        merged = merge_terms(rows.numerators, column.numerators.ravel())
        return TropicalPolynomial._sorted(
            RationalArray(merged[0], rows.denominator), RationalArray(merged[1], column.denominator)
        )

    @staticmethod
    def from_min_plus(
        exponents: Any, coefficients: Any, n: int | None = None
    ) -> TropicalPolynomial:
        """Return the image of a min-plus polynomial under negation of all numbers.

        The min-plus polynomial m(x) = min_i (c_i + a_i · x) becomes p(x) = max_i (−c_i + a_i · x);
        then m(x) = −p(−x). Sums, products, powers and roots correspond. For the function m itself
        in max-plus, see `TropicalRational.from_min_plus`.

        Args:
            exponents: `(k, n)` as for the class.
            coefficients: k numbers, each finite or +∞.
            n: the number of variables; needed only where there are no terms.

        Example:
            >>> p = TropicalPolynomial.from_min_plus([[0], [1]], [5, 3])
            >>> print(p, "at -1:", -p(1), "in min-plus")
            max(-5, -3 + x₁) at -1: 2 in min-plus
        """
        negated = [-math.inf if _is_infinity(c) else -as_fraction(c) for c in coefficients]
        return TropicalPolynomial(exponents, negated, n)

    @staticmethod
    def sum_of(polynomials: Iterable[TropicalPolynomial]) -> TropicalPolynomial:
        """Return the tropical sum (the maximum) of one or more polynomials, merged once.

        Raises:
            ShapeError: there is none, or they live on different spaces.

        Example:
            >>> print(TropicalPolynomial.sum_of(TropicalPolynomial.variables(3)))
            max(x₃, x₂, x₁)
        """
        parts = list(polynomials)
        if len({part.n for part in parts}) != 1:
            raise ShapeError(
                f"a sum of polynomials in {sorted({part.n for part in parts})} variables; "
                "give at least one, all in the same variables"
            )
        rows, row_denominator = over_common_denominator([part._exponents for part in parts])
        columns, denominator = over_common_denominator([part._coefficients for part in parts])
        merged = merge_terms(np.concatenate(rows), np.concatenate(columns))
        return TropicalPolynomial._sorted(
            RationalArray(merged[0], row_denominator), RationalArray(merged[1], denominator)
        )

    # ---- looking at it ----------------------------------------------------------------------

    @property
    def n(self) -> int:
        """The number of variables."""
        return self._exponents.shape[1]

    @property
    def k(self) -> int:
        """The number of terms."""
        return self._exponents.shape[0]

    @property
    def exponents(self) -> RationalMatrix:
        """The exponents, exact, `(k, n)`."""
        return self._exponents.to_matrix()

    @property
    def coefficients(self) -> RationalMatrix:
        """The coefficients, exact, `(k, 1)`."""
        return self._coefficients.to_matrix()

    @property
    def float_exponents(self) -> FloatArray:
        """The exponents rounded to float64, `(k, n)`, read-only."""
        return self.float_forms()[0][:-1].T

    @property
    def float_coefficients(self) -> FloatArray:
        """The coefficients rounded to float64, `(k,)`, read-only."""
        column: FloatArray = self.float_forms()[0][-1]
        return column

    def float_forms(self) -> tuple[FloatArray, bool]:
        """Return the rounded terms as `(n + 1, k)` columns, coefficients in the last row.

        Returns:
            The read-only array, and whether no entry was rounded to infinity or from nonzero to 0.

        Example:
            >>> TropicalPolynomial([[1], [2]], [3, 4]).float_forms()[0].tolist()
            [[1.0, 2.0], [3.0, 4.0]]
        """
        if self._forms is None:
            forms = np.empty((self.n + 1, self.k))
            forms[:-1], forms[-1] = self._exponents.to_floats().T, self._coefficients.to_floats()
            forms.flags.writeable = False
            zeros = int((self._exponents.numerators == 0).sum())
            zeros += int((self._coefficients.numerators == 0).sum())
            sound = bool(np.isfinite(forms).all()) and int((forms == 0).sum()) == zeros
            object.__setattr__(self, "_forms", (forms, sound))
        assert self._forms is not None
        return self._forms

    def terms(self) -> Iterator[Term]:
        """Iterate over the terms in their order.

        Example:
            >>> [str(t.coefficient) for t in TropicalPolynomial([[1], [0]], ["1/2", 3]).terms()]
            ['3', '1/2']
        """
        rows = self._exponents.fractions()
        for index, coefficient in enumerate(self._coefficients.fractions()):
            yield Term(tuple(rows[index * self.n : (index + 1) * self.n]), coefficient)

    @property
    def support(self) -> frozenset[tuple[Fraction, ...]]:
        """The set of exponents."""
        return frozenset(term.exponents for term in self.terms())

    @property
    def degree(self) -> Fraction:
        """The largest sum of the exponents of a term.

        Raises:
            DomainError: the polynomial has no terms.

        Example:
            >>> x, y = TropicalPolynomial.variables(2)
            >>> (x ** 2 * y + 7).degree
            Fraction(3, 1)
        """
        if not self.k:
            raise DomainError("the tropical zero polynomial (−∞) has no degree")
        sums = self._exponents.numerators.astype(object).sum(axis=1)
        return Fraction(int(max(sums)), self._exponents.denominator)

    def to_min_plus(self) -> tuple[RationalMatrix, RationalMatrix]:
        """Return exponents `(k, n)` and negated coefficients `(k, 1)`: undoes `from_min_plus`.

        Example:
            >>> TropicalPolynomial.from_min_plus([[1]], [3]).to_min_plus()[1]
            RationalMatrix([['3']])
        """
        return self.exponents, -self.coefficients

    def is_zero(self) -> bool:
        """Tell whether this is the constant −∞, the polynomial without terms."""
        return self.k == 0

    def is_monomial(self) -> bool:
        """Tell whether there is exactly one term: an affine function."""
        return self.k == 1

    # ---- arithmetic -------------------------------------------------------------------------

    def _operand(self, other: Any) -> TropicalPolynomial | None:
        if isinstance(other, TropicalPolynomial):
            if other.n != self.n:
                raise ShapeError(f"polynomials in {self.n} and in {other.n} variables do not mix")
            return other
        return TropicalPolynomial.constant(other, self.n) if is_scalar(other) else None

    def _add(self, other: TropicalPolynomial, max_terms: int) -> TropicalPolynomial:
        if self.k + other.k > max_terms:
            raise BudgetExceeded(
                f"terms of a sum of {self.k} and {other.k} terms",
                self.k + other.k,
                max_terms,
                "take the essential() terms of both first, or raise max_terms",
            )
        return TropicalPolynomial.sum_of([self, other])

    def _mul(self, other: TropicalPolynomial, max_terms: int) -> TropicalPolynomial:
        if self.k * other.k > max_terms:
            raise BudgetExceeded(
                f"terms of a product of {self.k} by {other.k} terms",
                self.k * other.k,
                max_terms,
                "take the essential() terms of the factors first, or raise max_terms",
            )
        rows, row_denominator = over_common_denominator([self._exponents, other._exponents])
        columns, denominator = over_common_denominator([self._coefficients, other._coefficients])
        exponents, coefficients = multiply_terms((rows[0], columns[0]), (rows[1], columns[1]))
        return TropicalPolynomial._sorted(
            RationalArray(exponents, row_denominator), RationalArray(coefficients, denominator)
        )

    def _div(self, other: TropicalPolynomial, max_terms: int) -> TropicalRational:
        from tropnet.algebra.tropical_rational import TropicalRational

        return TropicalRational(self, other)

    def _pow(self, exponent: Fraction, max_terms: int) -> TropicalPolynomial:
        if self.k == 1 or exponent in (0, 1):
            return self._power(exponent)
        if exponent < 0 or exponent.denominator != 1:
            raise DomainError(
                f"the formal power {exponent} of a polynomial of {self.k} terms does not exist; "
                "p.power(r) scales the function by r ≥ 0, 1 / p is its tropical inverse"
            )
        number = int(exponent)
        predicted = math.comb(self.k + number - 1, number) if self.k else 0
        if predicted > max_terms:
            raise BudgetExceeded(
                f"terms of the power {number} of {self.k} terms",
                predicted,
                max_terms,
                "use p.power(n), the same function with as many terms as p, or raise max_terms",
            )
        result, square, rest = TropicalPolynomial.one(self.n), self, number
        while rest:
            if rest & 1:
                result = result._mul(square, max_terms)
            rest >>= 1
            if rest:
                square = square._mul(square, max_terms)
        return result

    def _power(self, factor: Fraction) -> TropicalPolynomial:
        if factor < 0 and self.k != 1:
            raise DomainError(
                f"a polynomial of {self.k} terms to the power {factor} is not a polynomial; "
                "use 1 / p.power(r) with r > 0"
            )
        if factor == 0:
            return TropicalPolynomial.one(self.n)
        return TropicalPolynomial._sorted(
            self._exponents.scaled(factor), self._coefficients.scaled(factor)
        )

    # ---- values -----------------------------------------------------------------------------

    def evaluate(self, points: Any) -> FloatArray:
        """Evaluate at a batch of points in float64.

        Each value is rounded: it errs by at most about (n + 3) · 2^-53 · max_i (|c_i| + |a_i|·|x|).
        Where float64 overflows, the exact value is taken and rounded.

        Args:
            points: `(batch, n)`, finite.

        Returns:
            `(batch,)`; −inf everywhere where there are no terms.

        Raises:
            ShapeError: another shape.
            DomainError: NaN or infinite coordinates.

        Cost: a matrix product of the shapes and one pass over it, in cache-sized pieces.

        Example:
            >>> import numpy as np
            >>> TropicalPolynomial([[1], [-1]], [0, 0]).evaluate(np.array([[2.0], [-3.0]])).tolist()
            [2.0, 3.0]
        """
        batch = float_points(points, self.n)
        if not self.k:
            return np.full(len(batch), -np.inf)
        values = row_maxima(batch, self.float_forms()[0])
        lost = np.flatnonzero(~np.isfinite(values))
        if lost.size:
            exact = RationalArray.from_fractions([Fraction(v) for v in self.exact(batch[lost])])
            values[lost] = exact.to_floats()
        return values

    def exact(self, points: Any) -> list[Any]:
        """Evaluate exactly at a batch of points.

        Args:
            points: rows of n numbers, an array, or a RationalMatrix `(batch, n)`; floats stand for
                the rationals they store.

        Returns:
            One Fraction a point; the float −inf where there are no terms.

        Raises:
            ShapeError: another shape.
            DomainError: an entry is not a finite number.

        Cost: one integer matrix product in flint, about 0.1 µs a point and term.

        Example:
            >>> TropicalPolynomial([[1], [-1]], [0, "1/3"]).exact([[2], [0.5]])
            [Fraction(2, 1), Fraction(1, 2)]
        """
        matrix = exact_points(points, self.n)
        if not self.k:
            return [-math.inf] * matrix.shape[0]
        values = self._values(matrix)
        numerators = values.numerators.entries()
        return [
            Fraction(int(max(numerators[i * self.k : (i + 1) * self.k])), values.denominator)
            for i in range(matrix.shape[0])
        ]

    def _values(self, points: RationalMatrix) -> RationalMatrix:
        """Return the exact value of every term at every point, `(batch, k)`."""
        return points @ self.exponents.T + self.coefficients.T

    def active_terms(self, point: Any) -> tuple[int, ...]:
        """Return the indices of the terms that are maximal at a point, exactly.

        Two or more mean that the function has a kink there (or repeats a value at its edge).

        Args:
            point: n numbers; for n = 1 a number will do.

        Raises:
            ShapeError: another number of coordinates.

        Example:
            >>> p = TropicalPolynomial([[0], [1]], [3, 0])
            >>> p.active_terms(3), p.active_terms(4)
            ((0, 1), (1,))
        """
        values = self._values(RationalMatrix.of([list(exact_point(point, self.n))]))
        numerators = values.numerators.entries()
        largest = max(numerators, default=None)
        return tuple(index for index, value in enumerate(numerators) if value == largest)

    def _parts(self) -> tuple[tuple[int, TropicalPolynomial], ...]:
        return ((1, self),)

    # ---- functions --------------------------------------------------------------------------

    def compose(self, *inner: Any, max_terms: int = MAX_TERMS) -> Any:
        """Return the composition: this polynomial of n functions.

        Args:
            *inner: n tropical polynomials, rationals or numbers in common variables, or one
                `TropicalMap` with n outputs.
            max_terms: refuse when a product on the way could have more terms.

        Returns:
            A TropicalPolynomial where all inner functions are polynomials and no exponent is
            negative, else a TropicalRational.

        Raises:
            ShapeError: the numbers of functions or variables do not fit.
            BudgetExceeded: a product on the way could exceed `max_terms`.

        Example:
            >>> x, y = TropicalPolynomial.variables(2)
            >>> print((1 * x + 2 * y).compose(x * y, 3))
            max(5, 1 + x₁ + x₂)
        """
        from tropnet.algebra.composition import compose_polynomial

        return compose_polynomial(self, inner, max_terms)

    def essential(self, domain: Domain = None) -> TropicalPolynomial:
        """Return the polynomial of the essential terms: those that are the maximum somewhere alone.

        It is the same function on the domain, and the only such polynomial without superfluous
        terms where the domain has interior points.

        Args:
            domain: a Box, a Polyhedron, or None for all of R^n.

        Raises:
            ShapeError: the domain lives in another space.

        Cost: see `tropnet.algebra.essential_terms`.

        Example:
            >>> print(TropicalPolynomial([[0], [1], [2]], [0, -5, 0]).essential())
            max(0, 2*x₁)
        """
        from tropnet.algebra.essential import essential_rows

        if self.k < 2:
            return self
        kept = essential_rows(self._exponents, self._coefficients, domain)
        if len(kept) == self.k:
            return self
        return TropicalPolynomial._sorted(self._exponents.take(kept), self._coefficients.take(kept))

    # ---- display ----------------------------------------------------------------------------

    def _text(self, names: Sequence[str] | None, shown: int | None) -> str:
        return polynomial_text(self, names, shown)

    def _latex(self, shown: int | None) -> str:
        return polynomial_latex(self, shown)

    def _repr_html_(self) -> str:
        rows = [("function", str(self)), ("terms", str(self.k)), ("variables", str(self.n))]
        return html_table("Tropical polynomial", rows)

    # ---- identity ---------------------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TropicalPolynomial):
            return NotImplemented
        return self._exponents == other._exponents and self._coefficients == other._coefficients

    def __hash__(self) -> int:
        return hash((self._exponents, self._coefficients))

    def __reduce__(self) -> tuple[Any, ...]:
        return TropicalPolynomial._sorted, (self._exponents, self._coefficients)


def _is_infinity(value: Any) -> bool:
    return isinstance(value, float) and value == math.inf
