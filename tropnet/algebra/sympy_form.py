"""Translation from and to sympy expressions."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tropnet.algebra.term_expression import Expression, Reading, negate, total, unite
from tropnet.algebra.tropical_polynomial import TropicalPolynomial
from tropnet.algebra.tropical_rational import TropicalRational
from tropnet.errors import FormatError, ShapeError
from tropnet.exact import as_fraction

if TYPE_CHECKING:
    from tropnet.algebra.tropical_function import TropicalFunction


def to_sympy(function: TropicalFunction, symbols: Sequence[Any] | None = None) -> Any:
    """Return a function as a sympy expression: Max of affine forms, or a difference of two.

    Nothing is evaluated: sympy's Max compares all arguments pairwise otherwise, which took ten
    seconds for 72 terms.

    Args:
        function: a TropicalPolynomial or a TropicalRational.
        symbols: n sympy symbols or names; x1, …, xn if left out.

    Raises:
        ShapeError: another number of symbols.

    Cost: about 20 µs an exponent.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial, to_sympy
        >>> to_sympy(TropicalPolynomial([[1], [0]], ["1/2", 0]), ["t"])
        Max(0, t + 1/2)
    """
    import sympy

    names = [f"x{i + 1}" for i in range(function.n)] if symbols is None else list(symbols)
    if len(names) != function.n:
        raise ShapeError(f"{len(names)} symbols for {function.n} variables")
    letters = [sympy.Symbol(s, real=True) if isinstance(s, str) else s for s in names]
    parts = [_polynomial_to_sympy(p, letters) for _, p in function._parts()]
    if len(parts) == 1 or parts[1] == 0:
        return parts[0]
    return sympy.Add(parts[0], sympy.Mul(-1, parts[1], evaluate=False), evaluate=False)


def from_sympy(
    expression: Any, symbols: Sequence[Any] | None = None
) -> TropicalPolynomial | TropicalRational:
    """Return a piecewise linear sympy expression as a tropical polynomial or quotient.

    Args:
        expression: built from rational numbers, symbols, +, −, products and quotients by numbers,
            Max, Min and Abs. Floats stand for the exact rationals they store.
        symbols: the variables in order, as symbols or names; left out, the free symbols in
            sympy's order (x2 before x10).

    Returns:
        A TropicalPolynomial where no maximum is subtracted, else a TropicalRational.

    Raises:
        FormatError: another operation, or a symbol that is not listed.

    Example:
        >>> import sympy
        >>> from tropnet.algebra import from_sympy
        >>> x, y = sympy.symbols("x y")
        >>> print(from_sympy(sympy.Max(x + 1, 2 * y) - 3))
        max(-3 + 2*x₂, -2 + x₁)
    """
    import sympy

    tree = sympy.sympify(expression) if isinstance(expression, int | float) else expression
    if not isinstance(tree, sympy.Expr):
        raise FormatError(
            f"a {type(expression).__name__} is not a sympy expression; texts are read by parse"
        )
    if symbols is None:
        letters = sorted(tree.free_symbols, key=sympy.default_sort_key)
        names = _natural_order([str(letter) for letter in letters])
    else:
        names = [str(symbol) for symbol in symbols]
    missing = sorted({str(symbol) for symbol in tree.free_symbols} - set(names))
    if missing:
        raise FormatError(f"the expression uses {missing}, the symbols are {names}")
    reading = Reading(len(names))
    return reading.function(_read(tree, reading, {name: i for i, name in enumerate(names)}))


def _natural_order(names: list[str]) -> list[str]:
    import re

    return sorted(
        names,
        key=lambda name: [
            (int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)
        ],
    )


def _polynomial_to_sympy(polynomial: TropicalPolynomial, letters: Sequence[Any]) -> Any:
    import sympy

    if polynomial.is_zero():
        return -sympy.oo
    terms = []
    for term in polynomial.terms():
        parts = [
            sympy.Mul(_rational(exponent), letter)
            for exponent, letter in zip(term.exponents, letters, strict=True)
            if exponent
        ]
        terms.append(sympy.Add(_rational(term.coefficient), *parts))
    return terms[0] if len(terms) == 1 else sympy.Max(*terms, evaluate=False)


def _rational(value: Fraction) -> Any:
    import sympy

    return sympy.Rational(value.numerator, value.denominator)


def _read(tree: Any, reading: Reading, place: dict[str, int]) -> Expression:
    import sympy

    if tree is sympy.S.NegativeInfinity:
        return reading.function_of(TropicalPolynomial.zero(max(reading.n, 1)))
    if tree.is_Symbol:
        return reading.variable(place[str(tree)])
    if tree.is_Rational or tree.is_Float:
        return reading.constant(as_fraction(sympy.Rational(tree)))
    parts = [_read(argument, reading, place) for argument in tree.args]
    if isinstance(tree, sympy.Add):
        result = reading.constant(Fraction(0))
        for part in parts:
            result = total(reading, result, part)
        return result
    if isinstance(tree, sympy.Max):
        return unite(reading, parts)
    if isinstance(tree, sympy.Min):
        return negate(reading, unite(reading, [negate(reading, part) for part in parts]))
    if isinstance(tree, sympy.Abs):
        return unite(reading, [parts[0], negate(reading, parts[0])])
    if isinstance(tree, sympy.Mul):
        return _product(tree, parts, reading)
    raise FormatError(
        f"{type(tree).__name__} in {str(tree)[:60]!r} is not piecewise linear; known are +, "
        "multiples by rational numbers, Max, Min and Abs"
    )


def _product(tree: Any, parts: Sequence[Expression], reading: Reading) -> Expression:
    factor, others = Fraction(1), []
    for part in parts:
        if part.affine is not None and part.is_constant():
            factor *= part.affine.constant
        else:
            others.append(part)
    if len(others) > 1:
        raise FormatError(f"{str(tree)[:60]!r} is a product of functions: not piecewise linear")
    return reading.scaled(others[0], factor) if others else reading.constant(factor)
