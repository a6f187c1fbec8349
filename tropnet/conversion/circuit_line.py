"""One line of a written-out network, as text and as LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Final, NamedTuple, TypeAlias

from tropnet.exact.fraction import decimal_text, fraction_text

#: Terms of a line that a notebook shows, and digits of a number.
SHOWN_TERMS: Final = 8
_SHOWN_DIGITS: Final = 6
#: Numbers of more characters than this are shortened in a notebook.
_SHOWN_NUMBER: Final = 12

#: Writes a number that is not negative, and tells whether the text is exact.
Writer: TypeAlias = Callable[[Fraction], tuple[str, bool]]


class CircuitLine(NamedTuple):
    """One line: name = constant + Σ coefficient · earlier name, or the maximum of that and 0.

    Attributes:
        name: what the line defines.
        terms: `(earlier name, coefficient)`, none of them zero.
        constant: the constant.
        relu: whether the line is max(0, …).
    """

    name: str
    terms: tuple[tuple[str, Fraction], ...]
    constant: Fraction
    relu: bool


def line_text(line: CircuitLine, written: dict[str, str]) -> str:
    """Return what stands right of the equals sign, in classical notation."""
    text = sum_text(line, written)
    return f"max(0, {text})" if line.relu else text


def sum_text(line: CircuitLine, written: dict[str, str]) -> str:
    """Return constant + Σ terms; names in `written` are replaced by their texts."""
    parts = []
    for name, factor in line.terms:
        value = written.get(name, name)
        size = abs(factor)
        parts.append((factor < 0, value if size == 1 else f"{fraction_text(size)}*{value}"))
    if line.constant or not parts:
        parts.append((line.constant < 0, fraction_text(abs(line.constant))))
    return _signed(parts)


def _signed(parts: Sequence[tuple[bool, str]]) -> str:
    first = ("-" if parts[0][0] else "") + parts[0][1]
    return first + "".join(f" {'-' if minus else '+'} {text}" for minus, text in parts[1:])


def aligned(lines: Sequence[str]) -> str:
    r"""Return lines of LaTeX as an `aligned` environment."""
    return "\n".join([r"\begin{aligned}", " \\\\\n".join(lines), r"\end{aligned}"])


def latex_line(line: CircuitLine, most: int | None, number: Writer) -> str:
    """Return `name &= …` in LaTeX, after `most` terms cut off, numbers as `number` writes them."""
    terms = [(_latex_name(name), factor) for name, factor in line.terms]
    text, exact = latex_sum(terms, line.constant, most, number)
    if line.relu:
        text = rf"\max\left(0,\; {text}\right)"
    relation = "=" if exact else r"\approx"
    return rf"{_latex_name(line.name)} &{relation} {text}"


def latex_sum(
    terms: Sequence[tuple[str, Fraction]], constant: Fraction, most: int | None, number: Writer
) -> tuple[str, bool]:
    """Return Σ factor · name + constant in LaTeX, and whether all its numbers are exact."""
    parts = []
    exact = True
    for name, factor in terms[:most]:
        size, kept = number(abs(factor))
        exact &= kept
        parts.append((factor < 0, name if abs(factor) == 1 else rf"{size}\,{name}"))
    if most is not None and len(terms) > most:
        parts.append((False, rf"\dots\;\text{{({len(terms) - most} more terms)}}"))
    if constant or not parts:
        size, kept = number(abs(constant))
        exact &= kept
        parts.append((constant < 0, size))
    return _signed(parts), exact


def _latex_name(name: str) -> str:
    return f"{name[0]}_{{{name[1:].replace('_', ',')}}}"


def exact_latex(value: Fraction) -> tuple[str, bool]:
    """Return a number that is not negative in LaTeX, exactly."""
    above, _, below = fraction_text(value).partition("/")
    return (rf"\tfrac{{{above}}}{{{below}}}" if below else above), True


def short_latex(value: Fraction) -> tuple[str, bool]:
    """Return a number that is not negative in LaTeX, a long one rounded to six digits."""
    bits = value.numerator.bit_length() + value.denominator.bit_length()
    if bits < 4 * _SHOWN_NUMBER and len(fraction_text(value)) <= _SHOWN_NUMBER:
        return exact_latex(value)
    mantissa, _, power = decimal_text(value, _SHOWN_DIGITS).partition("e")
    return (rf"{mantissa}\cdot 10^{{{int(power)}}}" if power else mantissa), False
