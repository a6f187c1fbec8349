"""Writing tropical functions as text, LaTeX and HTML; long ones shortened, with their size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Final

from tropnet.exact.fraction import decimal_text, fraction_text

if TYPE_CHECKING:
    from tropnet.algebra.tropical_polynomial import Term, TropicalPolynomial

#: Terms, and variables of a term, that a shortened form shows.
SHOWN_TERMS: Final = 12
_SHOWN_VARIABLES: Final = 16
#: Longer numbers are shortened where a form is shortened at all.
_SHOWN_DIGITS: Final = 24
_SUBSCRIPTS: Final = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def variable_names(n: int) -> list[str]:
    """Return the names x₁, …, xₙ.

    Example:
        >>> from tropnet.algebra.printing import variable_names
        >>> variable_names(2)
        ['x₁', 'x₂']
    """
    return [f"x{index}".translate(_SUBSCRIPTS) for index in range(1, n + 1)]


def polynomial_text(
    polynomial: TropicalPolynomial,
    names: Sequence[str] | None = None,
    shown: int | None = SHOWN_TERMS,
) -> str:
    """Return a polynomial in classical notation: max(2 + x₁, 3*x₂).

    Args:
        polynomial: the polynomial.
        names: the names of the variables; x₁, x₂, … if left out.
        shown: the number of terms to show; None for all, which `parse` reads back.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial
        >>> from tropnet.algebra.printing import polynomial_text
        >>> polynomial_text(TropicalPolynomial([[1, 0], [0, 3]], [2, 0]), ["x", "y"])
        'max(3*y, 2 + x)'
    """
    return _marked(_polynomial_text(polynomial, names, shown))


def _polynomial_text(
    polynomial: TropicalPolynomial, names: Sequence[str] | None, shown: int | None
) -> str:
    if polynomial.is_zero():
        return "-∞"
    names = variable_names(polynomial.n) if names is None else names
    number = fraction_text if shown is None else _short
    terms = [
        _sum_text(term, names, number, "*", shown is not None)
        for term in islice(polynomial.terms(), shown)
    ]
    if len(terms) == 1 == polynomial.k:
        return terms[0]
    if len(terms) < polynomial.k:
        terms.append(f"… ({polynomial.k} terms)")
    return f"max({', '.join(terms)})"


def rational_text(
    numerator: TropicalPolynomial,
    denominator: TropicalPolynomial,
    names: Sequence[str] | None = None,
    shown: int | None = SHOWN_TERMS,
) -> str:
    """Return P ⊘ Q in classical notation; only P where Q is 0.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial
        >>> from tropnet.algebra.printing import rational_text
        >>> x = TropicalPolynomial.variable(0)
        >>> rational_text(0 + x, 1 * x)
        'max(0, x₁) ⊘ (1 + x₁)'
    """
    above, below = (_polynomial_text(p, names, shown) for p in (numerator, denominator))
    if below == "0":
        return _marked(above)
    return _marked(f"{_closed(above)} ⊘ {_closed(below)}")


def polynomial_latex(polynomial: TropicalPolynomial, shown: int | None = SHOWN_TERMS) -> str:
    r"""Return a polynomial in LaTeX, without dollar signs.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial
        >>> from tropnet.algebra.printing import polynomial_latex
        >>> print(polynomial_latex(TropicalPolynomial([[1], [0]], ["1/2", 0])))
        \max\left(0,\; \tfrac{1}{2} + x_{1}\right)
    """
    return _marked(_polynomial_latex(polynomial, shown), r"\approx")


def _polynomial_latex(polynomial: TropicalPolynomial, shown: int | None) -> str:
    if polynomial.is_zero():
        return r"-\infty"
    names = [f"x_{{{index}}}" for index in range(1, polynomial.n + 1)]
    terms = [
        _sum_text(term, names, _latex_number, r"\,", True)
        for term in islice(polynomial.terms(), shown)
    ]
    if len(terms) == 1 == polynomial.k:
        return terms[0]
    if len(terms) < polynomial.k:
        terms.append(rf"\dots\;\text{{({polynomial.k} terms)}}")
    joined = r",\; ".join(terms)
    return rf"\max\left({joined}\right)"


def rational_latex(
    numerator: TropicalPolynomial, denominator: TropicalPolynomial, shown: int | None = SHOWN_TERMS
) -> str:
    r"""Return P ⊘ Q in LaTeX, without dollar signs.

    Example:
        >>> from tropnet.algebra import TropicalPolynomial
        >>> from tropnet.algebra.printing import rational_latex
        >>> x = TropicalPolynomial.variable(0)
        >>> print(rational_latex(x, 2 * x))
        x_{1} \oslash \left(2 + x_{1}\right)
    """
    above, below = _polynomial_latex(numerator, shown), _polynomial_latex(denominator, shown)
    if below == "0":
        return _marked(above, r"\approx")
    closed = [
        part if part.startswith(r"\max") or " " not in part else rf"\left({part}\right)"
        for part in (above, below)
    ]
    return _marked(rf"{closed[0]} \oslash {closed[1]}", r"\approx")


def html_table(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """Return a small HTML table with a caption; all texts are escaped.

    Example:
        >>> from tropnet.algebra.printing import html_table
        >>> html_table("P", [("k", "<3")]).count("&lt;3")
        1
    """
    body = "".join(
        f"<tr><th style='text-align:left'>{escape(name)}</th>"
        f"<td style='text-align:left'>{escape(value)}</td></tr>"
        for name, value in rows
    )
    return (
        f"<table><caption style='text-align:left'><b>{escape(title)}</b></caption>"
        f"<tbody>{body}</tbody></table>"
    )


def _marked(text: str, sign: str = "≈") -> str:
    """Put one sign in front of a text in which numbers are rounded, in place of one at each."""
    return f"{sign} {text.replace('≈', '')}" if "≈" in text else text


def _closed(text: str) -> str:
    """Put parentheses round a text that is neither one max(…) nor one word."""
    return text if text.startswith("max(") or not set(text) & set(" -/*") else f"({text})"


def _sum_text(
    term: Term,
    names: Sequence[str],
    number: Callable[[Fraction], str],
    times: str,
    shorten: bool,
) -> str:
    parts: list[tuple[bool, str]] = []
    for exponent, name in zip(term.exponents, names, strict=True):
        if exponent:
            size = abs(exponent)
            text = name if size == 1 else f"{number(size)}{times}{name}"
            parts.append((exponent < 0, text))
    if shorten and len(parts) > _SHOWN_VARIABLES:
        hidden = len(parts) - _SHOWN_VARIABLES
        parts = [*parts[:_SHOWN_VARIABLES], (False, f"… ({hidden} more)")]
    if term.coefficient or not parts:
        parts.insert(0, (term.coefficient < 0, number(abs(term.coefficient))))
    text = ("-" if parts[0][0] else "") + parts[0][1]
    return text + "".join(f" {'-' if negative else '+'} {part}" for negative, part in parts[1:])


def _short(value: Fraction) -> str:
    """Return the number, or about six digits of it with ≈ where it is long."""
    if value.numerator.bit_length() + value.denominator.bit_length() > 3 * _SHOWN_DIGITS:
        return f"≈{decimal_text(value)}"
    text = str(value)
    return text if len(text) <= _SHOWN_DIGITS // 2 else f"≈{decimal_text(value)}"


def _latex_number(value: Fraction) -> str:
    text = _short(value)
    if text.startswith("≈"):
        mantissa, _, power = text[1:].partition("e")
        scale = rf"\cdot 10^{{{int(power)}}}" if power else ""
        return f"≈{mantissa}{scale}"
    if value.denominator == 1:
        return text
    return rf"\tfrac{{{value.numerator}}}{{{value.denominator}}}"
