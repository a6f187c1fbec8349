"""How far apart two outputs are, in a norm, between rational bounds."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Final, Literal

from tropnet.errors import DomainError

#: The norms on R^m in which |f − g| is measured.
Norm = Literal["inf", "1", "2"]

NORMS: Final = ("inf", "1", "2")

#: Fractional bits kept of an irrational square root, relative to the last bit of its square.
_BITS: Final = 128


def norm_below(values: Iterable[Fraction], norm: str) -> Fraction:
    """Return a rational lower bound of the norm of a vector, exact unless a square root is not.

    Args:
        values: the entries.
        norm: `"inf"`, `"1"` or `"2"`.

    Raises:
        DomainError: an unknown norm.

    Example:
        >>> from fractions import Fraction
        >>> from tropnet.checker.gap import norm_below
        >>> [str(norm_below([Fraction(3), Fraction(-4)], norm)) for norm in ("inf", "1", "2")]
        ['4', '7', '5']
    """
    sizes = [abs(v) for v in values]
    match norm:
        case "inf":
            return max(sizes, default=Fraction(0))
        case "1":
            return sum(sizes, Fraction(0))
        case "2":
            return _root(sum((v * v for v in sizes), Fraction(0)), up=False)
        case _:
            raise DomainError(f"unknown norm {norm!r}; known: {', '.join(NORMS)}")


def norm_above(values: Iterable[Fraction], norm: str) -> Fraction:
    """Return a rational upper bound of the norm of a vector, exact unless a square root is not.

    Raises:
        DomainError: an unknown norm.
    """
    if norm != "2":
        return norm_below(values, norm)
    return _root(sum((v * v for v in values), Fraction(0)), up=True)


def _root(square: Fraction, *, up: bool) -> Fraction:
    # √(p/q) = √(p·q)/q, so that rational roots come out exactly
    radicand = square.numerator * square.denominator << (2 * _BITS)
    root = math.isqrt(radicand)
    if up and root * root < radicand:
        root += 1
    return Fraction(root, square.denominator << _BITS)
