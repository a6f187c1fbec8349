"""Rational numbers as the decimals that VNN-LIB knows: digits and a point, no exponent."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, final

#: Digits behind the point that an exact decimal may have; floats of usual sizes have fewer.
_MOST_DIGITS: Final = 100
#: Digits that count of a number which is rounded.
_DIGITS: Final = 20


@final
@dataclass(slots=True)
class Decimals:
    """Writes numbers for one file, and counts what had to be rounded.

    Attributes:
        rounded: how many were no decimals of at most 100 digits behind the point.

    Example:
        >>> from fractions import Fraction
        >>> from tropnet.io.query_decimal import Decimals
        >>> write = Decimals()
        >>> write.exact(5), write.towards(Fraction(-1, 8), 1), write.towards(Fraction(1, 3), 1)
        ('5.0', '-0.125', '0.333333333333333333334')
        >>> write.rounded
        1
    """

    rounded: int = 0

    def exact(self, value: int) -> str:
        """Return an integer."""
        return f"{value}.0"

    def towards(self, value: Fraction, direction: Literal[-1, 1]) -> str:
        """Return a number, rounded down (-1) or up (1) if it is no short decimal."""
        digits = _finite_digits(value.denominator)
        if digits is None:
            self.rounded += 1
            digits = max(1, _DIGITS - _magnitude(value))
        scaled, rest = divmod(value.numerator * 10**digits, value.denominator)
        if rest and direction > 0:
            scaled += 1
        whole, behind = divmod(abs(scaled), 10**digits)
        sign = "-" if scaled < 0 else ""
        return f"{sign}{whole}.{behind:0{digits}d}"


def _finite_digits(denominator: int) -> int | None:
    """Return the digits behind the point of a fraction in lowest terms; None: too many."""
    twos = (denominator & -denominator).bit_length() - 1
    odd, fives = denominator >> twos, 0
    while odd % 5 == 0 and fives <= _MOST_DIGITS:
        odd, fives = odd // 5, fives + 1
    digits = max(twos, fives, 1)
    return digits if odd == 1 and digits <= _MOST_DIGITS else None


def _magnitude(value: Fraction) -> int:
    """Return k with |value| about 10^k."""
    bits = value.numerator.bit_length() - value.denominator.bit_length()
    return bits * 30103 // 100_000
