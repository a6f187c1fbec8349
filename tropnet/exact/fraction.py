"""One rational number from anything that has exactly one rational value."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from numbers import Integral, Rational, Real
from typing import Any

from tropnet.errors import DomainError

#: A text such as "1e-400000000" would unfold to gigabytes; real formats stay far below this.
_LARGEST_DECIMAL_EXPONENT = 20_000


def as_fraction(value: Any, name: str = "value") -> Fraction:
    """Return the exact rational value of a number.

    A float stands for the dyadic rational it stores; a text stands for the decimal or the ratio it
    spells. Nothing is rounded.

    Args:
        value: an int, a finite float (Python's or numpy's), a Fraction, a Decimal, a flint or sympy
            rational, or a text (`"1/3"`, `"-0.25"`, `"1e-3"`).
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
        return _from_text(str(value), name)
    if isinstance(value, Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    if isinstance(value, Real):
        number = float(value)
        if not math.isfinite(number):
            raise DomainError(
                f"{name} is {number}, which has no rational value; remove NaN and infinities first"
            )
        return Fraction(number)
    # flint's fmpz and fmpq and sympy's Rational carry their parts under one of these names
    for above, below in (("p", "q"), ("numerator", "denominator")):
        if hasattr(value, above) and hasattr(value, below):
            parts = [getattr(value, part) for part in (above, below)]
            return Fraction(*(int(part() if callable(part) else part) for part in parts))
    if type(value).__name__ == "fmpz":
        return Fraction(int(value))
    if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
        return as_fraction(value.item(), name)
    raise DomainError(f"{name} is {value!r} of type {type(value).__name__}, not a rational number")


def as_fractions(values: Iterable[Any], name: str = "value") -> tuple[Fraction, ...]:
    """Return the exact rational values of a vector.

    Args:
        values: an iterable of anything `as_fraction` takes.
        name: how an error message calls the vector.

    Raises:
        DomainError: an entry is NaN, infinite or not a number; the message names its index.

    Example:
        >>> from tropnet.exact import as_fractions
        >>> as_fractions([1, "1/2", 0.25])
        (Fraction(1, 1), Fraction(1, 2), Fraction(1, 4))
    """
    return tuple(as_fraction(value, f"{name}[{index}]") for index, value in enumerate(values))


def _from_text(text: str, name: str) -> Fraction:
    try:
        if "/" in text:
            above, below = text.split("/")
            return _from_text(above, name) / _from_text(below, name)
        decimal = Decimal(text.strip())
        exponent = decimal.as_tuple().exponent
        if not isinstance(exponent, int) or abs(exponent) > _LARGEST_DECIMAL_EXPONENT:
            raise InvalidOperation
        return Fraction(decimal)
    except (InvalidOperation, ValueError, ZeroDivisionError):
        shown = text if len(text) <= 40 else text[:37] + "..."
        raise DomainError(
            f"{name} is the text {shown!r}, not a finite number such as '1/3' or '0.25'"
        ) from None
