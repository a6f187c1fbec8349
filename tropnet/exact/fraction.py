"""One rational number from anything that has exactly one rational value."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Set
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, InvalidOperation
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any, Final

import flint

from tropnet.errors import DomainError, ShapeError

#: A text such as "1e-400000000" would unfold to gigabytes; real formats stay far below this.
_LARGEST_DECIMAL_EXPONENT: Final = 20_000
#: The same for floats of arbitrary precision; those of 128 bits stay below it.
_LARGEST_BINARY_EXPONENT: Final = 70_000


def as_fraction(value: Any, name: str = "value") -> Fraction:
    """Return the exact rational value of a number.

    A float stands for the dyadic rational it stores; a text stands for the decimal or the ratio it
    spells. Nothing is rounded.

    Args:
        value: an int, a finite float (Python's, numpy's, sympy's), a Fraction, a Decimal, a flint
            or sympy rational, or a text (`"1/3"`, `"-0.25"`, `"1e-3"`).
        name: how an error message calls the value.

    Returns:
        The value, in lowest terms.

    Raises:
        DomainError: the value is NaN or infinite, or not a number.

    Example:
        >>> from tropnet.exact import as_fraction
        >>> as_fraction(0.1) == as_fraction("0.1")
        False
        >>> as_fraction("0.1")
        Fraction(1, 10)
    """
    if isinstance(value, Fraction):
        return value
    if isinstance(value, bool):
        raise DomainError(f"{name} is the boolean {value}, not a number; pass 0 or 1 if meant")
    if isinstance(value, Integral):
        return Fraction(int(value))
    if isinstance(value, str):
        return _from_text(value, name)
    if isinstance(value, Decimal):
        return _from_decimal(value, name, str(value))
    if isinstance(value, Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    if isinstance(value, Real):
        return _from_real(value, name)
    # flint's fmpz and fmpq and sympy's Rational carry their parts under one of these names
    for above, below in (("p", "q"), ("numerator", "denominator")):
        if hasattr(value, above) and hasattr(value, below):
            parts = [getattr(value, part) for part in (above, below)]
            return Fraction(*(int(part() if callable(part) else part) for part in parts))
    if type(value).__name__ == "fmpz":
        return Fraction(int(value))
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        item = value.item()
        if type(item) is not type(value):  # a complex long double returns itself
            return as_fraction(item, name)
    raise DomainError(
        f"{name} is {shortened(repr(value))} of type {type(value).__name__}, not a rational number"
    )


def as_fractions(values: Iterable[Any], name: str = "value") -> tuple[Fraction, ...]:
    """Return the exact rational values of a vector.

    Args:
        values: an iterable of anything `as_fraction` takes.
        name: how an error message calls the vector.

    Raises:
        DomainError: an entry is NaN, infinite or not a number; the message names its index.
        ShapeError: not a sequence, or a single text.

    Example:
        >>> from tropnet.exact import as_fractions
        >>> as_fractions([1, "1/2", 0.25])
        (Fraction(1, 1), Fraction(1, 2), Fraction(1, 4))
    """
    require_sequence(values, name)
    return tuple(as_fraction(value, f"{name}[{index}]") for index, value in enumerate(values))


def require_sequence(values: Any, name: str) -> None:
    """Refuse what is no sequence of numbers, or one by accident: a text is not its digits.

    Raises:
        ShapeError: a single number, a text, or a collection without order.
    """
    if not isinstance(values, Iterable) or isinstance(values, str | bytes | Mapping | Set):
        raise ShapeError(
            f"{name} is {shortened(repr(values))} of type {type(values).__name__}, "
            "not a sequence of numbers; put them in a list"
        )


def fraction_text(value: Fraction) -> str:
    """Return the text that `as_fraction` reads back, however large the number is.

    Python's own `str` refuses integers of more than 4300 digits.

    Example:
        >>> from fractions import Fraction
        >>> from tropnet.exact.fraction import fraction_text
        >>> fraction_text(Fraction(-1, 3)), len(fraction_text(Fraction(10**5000)))
        ('-1/3', 5001)
    """
    above = str(flint.fmpz(value.numerator))
    return above if value.denominator == 1 else f"{above}/{flint.fmpz(value.denominator)}"


def decimal_text(value: Fraction, digits: int = 6) -> str:
    """Return a short decimal near a rational, for reading; numbers no float can hold as well.

    Example:
        >>> from fractions import Fraction
        >>> from tropnet.exact.fraction import decimal_text
        >>> decimal_text(Fraction(1, 3)), decimal_text(Fraction(10) ** 400 / 3)
        ('0.333333', '3.33333e+399')
    """
    try:
        near = float(value)
    except OverflowError:
        near = 0.0
    if near or not value:
        return f"{near:.{digits}g}"
    context = Context(prec=digits, Emax=MAX_EMAX, Emin=MIN_EMIN)
    quotient = context.divide(Decimal(value.numerator), Decimal(value.denominator))
    return str(quotient).lower()


def shortened(text: str, most: int = 40) -> str:
    """Return the text on one line and cut to `most` characters, for an error message."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 3] + "..."


def _from_text(text: str, name: str) -> Fraction:
    above, slash, below = text.partition("/")
    try:
        number = _from_decimal(Decimal(above), name, text)
        return number / _from_decimal(Decimal(below), name, text) if slash else number
    except (InvalidOperation, ZeroDivisionError):
        raise DomainError(
            f"{name} is the text {shortened(text)!r}, not a finite number such as '1/3' or '0.25'"
        ) from None


def _from_decimal(number: Decimal, name: str, shown: str) -> Fraction:
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int):
        raise DomainError(f"{name} is {shortened(shown)!r}, which has no rational value")
    if abs(exponent) > _LARGEST_DECIMAL_EXPONENT:
        raise DomainError(
            f"{name} is {shortened(shown)!r}, whose exponent is beyond "
            f"{_LARGEST_DECIMAL_EXPONENT}; it is probably garbled"
        )
    return Fraction(number)


def _from_real(value: Any, name: str) -> Fraction:
    """Return the exact value of a float of any precision."""
    if hasattr(value, "_mpf_"):  # sympy's and mpmath's floats: ±mantissa · 2^exponent
        sign, mantissa, exponent, _ = (int(part) for part in value._mpf_)
        if (mantissa or not exponent) and abs(exponent) <= _LARGEST_BINARY_EXPONENT:
            return (-mantissa if sign else mantissa) * Fraction(2) ** exponent
    else:
        try:
            if hasattr(value, "as_integer_ratio"):
                return Fraction(*value.as_integer_ratio())
            if float(value) == value:
                return Fraction(float(value))
        except (OverflowError, ValueError):
            pass
    raise DomainError(
        f"{name} is {shortened(str(value))}, which has no rational value; "
        "remove NaN and infinities first"
    )


def finite_float(value: Fraction) -> float:
    """Return the nearest float, or the largest one of that sign beyond all floats.

    Example:
        >>> from fractions import Fraction
        >>> from tropnet.exact.fraction import finite_float
        >>> finite_float(Fraction(1, 4)), finite_float(-(Fraction(10) ** 400))
        (0.25, -1.7976931348623157e+308)
    """
    largest = sys.float_info.max
    if abs(value) < largest:
        return float(value)
    return largest if value > 0 else -largest
