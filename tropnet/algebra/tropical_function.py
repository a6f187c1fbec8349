"""What tropical polynomials and quotients share: operators, calls, comparison, display."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from tropnet.algebra.points import evaluate_call, is_scalar
from tropnet.algebra.printing import SHOWN_TERMS
from tropnet.errors import DomainError
from tropnet.exact import as_fraction

if TYPE_CHECKING:
    from tropnet.algebra.tropical_polynomial import TropicalPolynomial
    from tropnet.algebra.tropical_rational import TropicalRational
    from tropnet.domains import Domain
    from tropnet.typing import FloatArray

#: Terms that one product or power may have unless the caller allows more.
MAX_TERMS: Final = 10_000_000


class TropicalFunction(ABC):
    """A piecewise linear function R^n → R written in max-plus algebra.

    Abstract; `TropicalPolynomial` and `TropicalRational` are its two forms. The operators are
    tropical: `+` is the maximum, `*` the classical sum, `/` the classical difference, `**` the
    formal power. Numbers and polynomials mix in on either side.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial
        >>> x = TropicalPolynomial.variable(0)
        >>> f = 2 * x + 3
        >>> f(5), f(x ** 2)(5)
        (Fraction(7, 1), Fraction(12, 1))
    """

    __slots__ = ()
    #: numpy's numbers and arrays leave `array * f` to this class
    __array_ufunc__ = None

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable; {name} cannot be set")

    @property
    @abstractmethod
    def n(self) -> int:
        """The number of variables."""

    @abstractmethod
    def compose(self, *inner: Any, max_terms: int = MAX_TERMS) -> Any:
        """Return the composition with n functions."""

    @abstractmethod
    def evaluate(self, points: Any) -> FloatArray:
        """Evaluate at a batch of points in float64."""

    @abstractmethod
    def exact(self, points: Any) -> list[Any]:
        """Evaluate at a batch of points exactly."""

    @abstractmethod
    def _parts(self) -> tuple[tuple[int, TropicalPolynomial], ...]:
        """Return signed polynomials whose classical sum is this function."""

    @abstractmethod
    def essential(self, domain: Domain = None) -> Self:
        """Return the same function with essential terms only."""

    @abstractmethod
    def _text(self, names: Sequence[str] | None, shown: int | None) -> str:
        """Return the function in classical notation, shortened to `shown` terms or whole."""

    @abstractmethod
    def _latex(self, shown: int | None) -> str:
        """Return the function in LaTeX, shortened to `shown` terms or whole."""

    @abstractmethod
    def _operand(self, other: Any) -> Self | None:
        """Return what stands on the other side of an operator as one of us, or None."""

    @abstractmethod
    def _add(self, other: Self, max_terms: int) -> Self: ...

    @abstractmethod
    def _mul(self, other: Self, max_terms: int) -> Self: ...

    @abstractmethod
    def _div(self, other: Self, max_terms: int) -> TropicalRational: ...

    @abstractmethod
    def _pow(self, exponent: Fraction, max_terms: int) -> Self: ...

    @abstractmethod
    def _power(self, factor: Fraction) -> Self: ...

    # ---- arithmetic -------------------------------------------------------------------------

    def add(self, other: Any, *, max_terms: int = MAX_TERMS) -> Self:
        """Return the tropical sum f ⊕ g, the maximum of both functions.

        Of quotients it is (P₁ ⊙ Q₂ ⊕ P₂ ⊙ Q₁) ⊘ (Q₁ ⊙ Q₂); a common Q stays as it is.

        Args:
            other: a function of the same kind in the same variables, or a number; a quotient also
                takes polynomials.
            max_terms: refuse when a sum or product could have more terms.

        Raises:
            ShapeError: other variables.
            DomainError: something that is no such function.
            BudgetExceeded: more than `max_terms` terms are possible.

        Example:
            >>> from tropnet.algebra import TropicalPolynomial
            >>> x = TropicalPolynomial.variable(0)
            >>> print(x.add(3), "and", (x / (1 + x)).add(0))
            max(3, x₁) and max(1, x₁) ⊘ max(1, x₁)
        """
        return self._add(self._required(other), max_terms)

    def mul(self, other: Any, *, max_terms: int = MAX_TERMS) -> Self:
        """Return the tropical product f ⊙ g, the classical sum of both functions.

        Args:
            other: as for `add`.
            max_terms: refuse when k₁ · k₂ exceeds this.

        Raises:
            ShapeError: other variables.
            DomainError: something that is no such function.
            BudgetExceeded: more than `max_terms` terms are possible.

        Cost: k₁ · k₂ sums of terms, see `tropnet.algebra.minkowski.multiply_terms`.

        Example:
            >>> from tropnet.algebra import TropicalPolynomial
            >>> x = TropicalPolynomial.variable(0)
            >>> print((x + 3).mul(x + 1))
            max(4, 3 + x₁, 2*x₁)
        """
        return self._mul(self._required(other), max_terms)

    def div(self, other: Any, *, max_terms: int = MAX_TERMS) -> TropicalRational:
        """Return the tropical quotient f ⊘ g, the classical difference of both functions.

        Args:
            other: as for `add`, but not −∞.
            max_terms: refuse when a product could have more terms.

        Raises:
            DomainError: division by −∞, the tropical zero, or something that is no such function.
            ShapeError: other variables.
            BudgetExceeded: more than `max_terms` terms are possible.

        Example:
            >>> from tropnet.algebra import TropicalPolynomial
            >>> x = TropicalPolynomial.variable(0)
            >>> print((x + 3).div(x + 1))
            max(3, x₁) ⊘ max(1, x₁)
        """
        return self._div(self._required(other), max_terms)

    def pow(self, exponent: Any, *, max_terms: int = MAX_TERMS) -> Self:
        """Return the formal power: the product of `exponent` copies, with all its terms.

        As a function it equals `power(exponent)`, which scales every term and has fewer terms: by
        the freshman's dream (p ⊕ q)^n and p^n ⊕ q^n are the same function.

        Args:
            exponent: an integer ≥ 0; for quotients any integer; any rational for a polynomial of
                exactly one term.
            max_terms: refuse when the power could have more terms, or a product on the way to it
                before equal ones are merged.

        Raises:
            DomainError: another exponent.
            BudgetExceeded: more than `max_terms` terms are possible.

        Example:
            >>> from tropnet.algebra import TropicalPolynomial
            >>> x, y = TropicalPolynomial.variables(2)
            >>> p = 0 + x + y ** 2
            >>> (p ** 2).k, p.power(2).k, (p ** 2).equals(p.power(2))
            (6, 3, True)
        """
        return self._pow(as_fraction(exponent, "exponent"), max_terms)

    def power(self, factor: Any) -> Self:
        """Return the function `factor · f` by scaling every term: the power as a function.

        Args:
            factor: a rational, for a polynomial of two or more terms ≥ 0.

        Raises:
            DomainError: a negative factor where the result would not be of this kind: for a
                polynomial that is no single term (`1 / p.power(r)` is it), for −∞ ⊘ Q.

        Example:
            >>> from tropnet.algebra import TropicalPolynomial
            >>> x = TropicalPolynomial.variable(0)
            >>> print((x + 1).power("1/2"), "and", (x / (x + 1)).power(-2))
            max(1/2, 1/2*x₁) and max(2, 2*x₁) ⊘ (2*x₁)
        """
        return self._power(as_fraction(factor, "factor"))

    def _required(self, other: Any) -> Self:
        operand = self._operand(other)
        if operand is None:
            raise DomainError(
                f"a {type(other).__name__} is not a number or a function that goes with a "
                f"{type(self).__name__}; TropicalRational(p) lifts a polynomial p to a quotient"
            )
        return operand

    # ---- operators --------------------------------------------------------------------------

    def __add__(self, other: Any) -> Self:
        operand = self._operand(other)
        return NotImplemented if operand is None else self._add(operand, MAX_TERMS)

    __radd__ = __add__

    def __mul__(self, other: Any) -> Self:
        operand = self._operand(other)
        return NotImplemented if operand is None else self._mul(operand, MAX_TERMS)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> TropicalRational:
        operand = self._operand(other)
        return NotImplemented if operand is None else self._div(operand, MAX_TERMS)

    def __rtruediv__(self, other: Any) -> TropicalRational:
        operand = self._operand(other)
        return NotImplemented if operand is None else operand._div(self, MAX_TERMS)

    def __pow__(self, exponent: Any) -> Self:
        return self.pow(exponent) if is_scalar(exponent) else NotImplemented

    def __bool__(self) -> bool:
        raise TypeError(
            f"a {type(self).__name__} has no truth value; f == g compares terms, f.equals(g) "
            "functions"
        )

    # ---- values -----------------------------------------------------------------------------

    def __call__(self, *arguments: Any) -> Any:
        """Evaluate at a point or a batch, or compose with functions.

        Args:
            *arguments: n numbers, one point, one batch of points, or what `compose` takes.

        Returns:
            Exact values for ints, Fractions and texts; float64 for numpy arrays and where a float
            is among the numbers; a function for functions.

        Example:
            >>> import numpy as np
            >>> from tropnet.algebra import TropicalPolynomial
            >>> p = TropicalPolynomial([[1, 0], [0, 2]], [1, 0])
            >>> p(3, 1), p([3, "5/2"]), p(np.array([[3.0, 1.0], [0.0, 4.0]])).tolist()
            (Fraction(4, 1), Fraction(5, 1), [4.0, 8.0])
        """
        if any(hasattr(argument, "compose") for argument in arguments):
            return self.compose(*arguments)
        return evaluate_call(self, arguments)

    def exact_gradient(
        self, point: Any, *, ties: Literal["first", "refuse"] = "first"
    ) -> tuple[Fraction, ...]:
        """Return the gradient at a point: the exponents of the maximal term, of P minus of Q.

        Args:
            point: n numbers; for n = 1 a number will do.
            ties: where several terms of P or of Q are maximal, "first" takes the one with the
                lexicographically smallest exponents; "refuse" raises, even though ties of P and of
                Q may cancel.

        Raises:
            DomainError: several terms are maximal and ties are refused, or P is −∞.
            ShapeError: another number of coordinates.

        Example:
            >>> from tropnet.algebra import TropicalPolynomial
            >>> p = TropicalPolynomial([[0], [1]], [3, 0])
            >>> p.exact_gradient("7/2"), (0 / p).exact_gradient(4)
            ((Fraction(1, 1),), (Fraction(-1, 1),))
        """
        from tropnet.algebra.gradient import exact_gradient

        slopes = [(sign, exact_gradient(part, point, ties)) for sign, part in self._parts()]
        return tuple(
            sum((sign * slope[j] for sign, slope in slopes), Fraction(0)) for j in range(self.n)
        )

    def gradient(self, points: Any, *, ties: Literal["first", "refuse"] = "first") -> FloatArray:
        """Return the gradient at each point of a batch `(batch, n)`, as `(batch, n)`.

        The maximal terms are chosen exactly, by float64 where its error bound allows; only the
        exponents are rounded. Ties as in `exact_gradient`.

        Raises:
            DomainError: ties are refused and there is one, or P is −∞.
            ShapeError: another shape.

        Cost: two matrix products of the shapes; an exact evaluation for each undecided point.

        Example:
            >>> import numpy as np
            >>> from tropnet.algebra import TropicalPolynomial
            >>> p = TropicalPolynomial([[0], [1]], [3, 0])
            >>> p.gradient(np.array([[4.0], [3.0]])).ravel().tolist()
            [1.0, 0.0]
        """
        from tropnet.algebra.gradient import gradient

        first, *others = [sign * gradient(part, points, ties) for sign, part in self._parts()]
        return sum(others, first)

    # ---- equality as functions ----------------------------------------------------------------

    def equals(self, other: Any, domain: Domain = None, *, max_terms: int = MAX_TERMS) -> bool:
        """Tell exactly whether two functions agree at every point of a domain.

        Args:
            other: a polynomial, a rational or a number.
            domain: a Box, a Polyhedron (on an empty one everything agrees), or None for all of R^n.
            max_terms: refuse when a product on the way could have more terms.

        Raises:
            ShapeError: other variables.
            BudgetExceeded: a product on the way could exceed `max_terms`.

        Cost: that of `difference_point`.

        Example:
            >>> from tropnet.algebra import TropicalPolynomial
            >>> from tropnet.domains import Box
            >>> x = TropicalPolynomial.variable(0)
            >>> p, q = 0 + x + "1/4" * x ** "1/2", 0 + x
            >>> p.equals(q), p.equals(q, Box([1], [2])), p.equals(q + "-1/2" * x ** "1/2")
            (False, True, False)
        """
        return self.difference_point(other, domain, max_terms=max_terms) is None

    def difference_point(
        self, other: Any, domain: Domain = None, *, max_terms: int = MAX_TERMS
    ) -> tuple[Fraction, ...] | None:
        """Return a rational point of the domain where two functions differ, or None.

        None is a proof that they agree: P₁ ⊙ Q₂ and P₂ ⊙ Q₁ have the same essential terms, or no
        term of one rises above the other on the domain (exact linear programs).

        Args:
            other: a polynomial, a rational or a number.
            domain: a Box, a Polyhedron, or None for all of R^n.
            max_terms: refuse when a product on the way could have more terms.

        Raises:
            ShapeError: other variables.
            BudgetExceeded: a product on the way could exceed `max_terms`.

        Cost: a few evaluations where a difference is easily found; else the products of the
            essential terms and their own essential terms.

        Example:
            >>> from tropnet.algebra import TropicalPolynomial
            >>> x = TropicalPolynomial.variable(0)
            >>> point = (0 + x).difference_point(x)
            >>> (0 + x)(point) == x(point)
            False
        """
        from tropnet.algebra.function_equality import difference_point

        return difference_point(self, other, domain, max_terms)

    # ---- display ----------------------------------------------------------------------------

    def to_text(self, names: Sequence[str] | None = None) -> str:
        """Return all terms in classical notation, as `parse` reads them back.

        Args:
            names: the names of the variables; x₁, x₂, … if left out.

        Example:
            >>> from tropnet.algebra import TropicalPolynomial
            >>> TropicalPolynomial([[1, 0], [0, "1/2"]], [-1, 0]).to_text(["a", "b"])
            'max(1/2*b, -1 + a)'
        """
        return self._text(names, None)

    def to_latex(self) -> str:
        r"""Return all terms in LaTeX, without dollar signs.

        Example:
            >>> from tropnet.algebra import TropicalPolynomial
            >>> x = TropicalPolynomial.variable(0)
            >>> print((x / (0 + x)).to_latex())
            x_{1} \oslash \max\left(0,\; x_{1}\right)
        """
        return self._latex(None)

    def to_sympy(self, symbols: Sequence[Any] | None = None) -> Any:
        """Return a sympy expression, unevaluated; see `tropnet.algebra.to_sympy`.

        Example:
            >>> from tropnet.algebra import TropicalPolynomial
            >>> TropicalPolynomial([[1], [0]], [2, 3]).to_sympy(["t"])
            Max(3, t + 2)
        """
        from tropnet.algebra.sympy_form import to_sympy

        return to_sympy(self, symbols)

    def to_json(self) -> dict[str, Any]:
        """Return plain data with a versioned schema; see `tropnet.algebra.to_json`.

        Example:
            >>> from tropnet.algebra import TropicalPolynomial
            >>> TropicalPolynomial([[1]], ["1/2"]).to_json()["schema"]
            'tropnet/tropical-polynomial'
        """
        from tropnet.algebra.json_form import to_json

        return to_json(self)

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Return what `to_json` of this class wrote, after checking every field.

        Raises:
            FormatError: another schema, version or class; missing, extra or garbled fields.

        Example:
            >>> from tropnet.algebra import TropicalPolynomial
            >>> p = TropicalPolynomial([[1]], ["1/2"])
            >>> TropicalPolynomial.from_json(p.to_json()) == p
            True
        """
        from tropnet.algebra.json_form import from_json_as

        return from_json_as(cls, data)

    def __str__(self) -> str:
        return self._text(None, SHOWN_TERMS)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def _repr_latex_(self) -> str:
        return f"${self._latex(SHOWN_TERMS)}$"
