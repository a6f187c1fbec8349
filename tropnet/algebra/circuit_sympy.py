"""Translation of a circuit, one line a unit, to sympy expressions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, TypeAlias

#: Name, terms (name, coefficient), constant, and whether ReLU follows.
Line: TypeAlias = tuple[str, Sequence[tuple[str, Fraction]], Fraction, bool]


def circuit_to_sympy(
    inputs: Sequence[str],
    lines: Iterable[Line],
    outputs: Sequence[str],
    nested: bool = False,
) -> list[tuple[Any, Any]]:
    """Return a circuit as sympy's pairs (Symbol, expression), as `sympy.cse` gives them.

    No Max is evaluated: sympy compares all arguments pairwise otherwise.

    Args:
        inputs: the names of the inputs; all symbols are real.
        lines: name, terms `(name, coefficient)` in earlier names, constant, relu; in order.
        outputs: the names whose lines are wanted when nested.
        nested: substitute every line into those that read it, and return the outputs alone, as
            sums that are not evaluated either. The expressions share their parts in memory; a text
            of them does not, and most of what sympy does with them takes time as a text does.

    Returns:
        One pair a line, or one an output.

    Cost: about 20 µs a term.

    Example:
        >>> from fractions import Fraction
        >>> from tropnet.algebra.circuit_sympy import circuit_to_sympy
        >>> half = Fraction(1, 2)
        >>> lines = [("u", [("x", half)], Fraction(-1), True), ("y", [("u", half)], half, False)]
        >>> circuit_to_sympy(["x"], lines, ["y"])
        [(u, Max(0, x/2 - 1)), (y, u/2 + 1/2)]
        >>> circuit_to_sympy(["x"], lines, ["y"], nested=True)
        [(y, Max(0, x/2 - 1)/2 + 1/2)]
    """
    import sympy

    symbols = {name: sympy.Symbol(name, real=True) for name in inputs}
    values: dict[str, Any] = dict(symbols)
    pairs = []
    for name, terms, constant, relu in lines:
        expression = _expression(sympy, values, terms, constant, relu, not nested)
        symbol = symbols[name] = sympy.Symbol(name, real=True)
        values[name] = expression if nested else symbol
        pairs.append((symbol, expression))
    if not nested:
        return pairs
    return [(symbols[name], values[name]) for name in outputs]


def _expression(
    sympy: Any,
    values: dict[str, Any],
    terms: Sequence[tuple[str, Fraction]],
    constant: Fraction,
    relu: bool,
    evaluate: bool,
) -> Any:
    parts = [
        values[name]
        if factor == 1
        else sympy.Mul(_rational(sympy, factor), values[name], evaluate=evaluate)
        for name, factor in terms
    ]
    if constant or not parts:
        parts.append(_rational(sympy, constant))
    # an evaluated sum is sorted, by comparing nested expressions down to their leaves
    total = parts[0] if len(parts) == 1 else sympy.Add(*parts, evaluate=evaluate)
    if not relu:
        return total
    # Max(0, 0) without evaluation would be a maximum of one thing
    if total.is_Rational:
        return total if total > 0 else sympy.Integer(0)
    return sympy.Max(0, total, evaluate=False)


def _rational(sympy: Any, value: Fraction) -> Any:
    return sympy.Rational(value.numerator, value.denominator)
