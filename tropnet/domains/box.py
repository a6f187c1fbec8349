"""Axis-parallel boxes with rational corners."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.errors import DomainError, ShapeError
from tropnet.exact import RationalMatrix, as_fraction, as_fractions
from tropnet.exact.fraction import fraction_text, shortened

if TYPE_CHECKING:
    from tropnet.typing import FloatArray

#: Sides that a box shows when it has more.
_SHOWN: Final = 8
#: Characters of a fraction from and up to which it is shown as a decimal if that is shorter.
_LONG: Final = (9, 99)


@final
@dataclass(frozen=True, slots=True, init=False)
class Box:
    """The box {x : lower ≤ x ≤ upper}, with exact rational sides.

    Sides of width zero are allowed; an empty box is not.

    Args:
        lower: n numbers; floats stand for their exact values, texts for the decimals they spell.
        upper: n numbers.

    Raises:
        DomainError: a bound is not finite, or lower exceeds upper.
        ShapeError: different lengths, or no coordinate at all.

    Example:
        >>> from tropnet.domains import Box
        >>> box = Box([0, "-0.1"], [1, "0.1"])
        >>> box.contains([0.5, "0.1"])
        True
        >>> box.upper[1]
        Fraction(1, 10)
    """

    lower: tuple[Fraction, ...]
    upper: tuple[Fraction, ...]

    def __init__(self, lower: Iterable[Any], upper: Iterable[Any]) -> None:
        low, high = as_fractions(lower, "lower"), as_fractions(upper, "upper")
        if len(low) != len(high):
            raise ShapeError(
                f"a box with {len(low)} lower and {len(high)} upper bounds; give as many"
            )
        if not low:
            raise ShapeError("a box needs at least one coordinate")
        for index, (a, b) in enumerate(zip(low, high, strict=True)):
            if a > b:
                raise DomainError(
                    f"the box is empty: lower[{index}] = {_shown(a)} exceeds "
                    f"upper[{index}] = {_shown(b)}; swap them or widen the side"
                )
        object.__setattr__(self, "lower", low)
        object.__setattr__(self, "upper", high)

    @staticmethod
    def cube(dimension: int, lower: Any = -1, upper: Any = 1) -> Box:
        """Return the box with the same interval in every coordinate.

        Example:
            >>> Box.cube(3, 0, 1).dimension
            3
        """
        return Box([lower] * dimension, [upper] * dimension)

    @staticmethod
    def ball(center: Iterable[Any], radius: Any) -> Box:
        """Return the points within a distance of a center in the maximum norm.

        Args:
            center: n numbers.
            radius: a number that is not negative; `"0.01"` is 1/100, 0.01 the float nearest to it.

        Raises:
            DomainError: a negative radius, or what is no finite number.

        Example:
            >>> Box.ball([0, 1], "0.1")
            Box(['-1/10', '9/10'], ['1/10', '11/10'])
        """
        middle, size = as_fractions(center, "center"), as_fraction(radius, "radius")
        if size < 0:
            raise DomainError(f"radius is {radius}; a radius is zero or positive")
        return Box([v - size for v in middle], [v + size for v in middle])

    @property
    def dimension(self) -> int:
        """The number n of coordinates."""
        return len(self.lower)

    @property
    def center(self) -> tuple[Fraction, ...]:
        """The midpoint."""
        return tuple((a + b) / 2 for a, b in zip(self.lower, self.upper, strict=True))

    def contains(self, point: Iterable[Any]) -> bool:
        """Tell exactly whether a point lies in the box.

        Raises:
            ShapeError: the point has another dimension.
        """
        x = as_fractions(point, "point")
        if len(x) != self.dimension:
            raise ShapeError(f"a point of {len(x)} coordinates, a box of {self.dimension}")
        return all(a <= v <= b for a, v, b in zip(self.lower, x, self.upper, strict=True))

    def inequalities(self) -> tuple[RationalMatrix, RationalMatrix]:
        """Return (A, b) with the box = {x : A x ≤ b}; A is `(2n, n)`, b is `(2n, 1)`.

        Example:
            >>> a, b = Box([0], [2]).inequalities()
            >>> a.to_floats().ravel().tolist(), b.to_floats().ravel().tolist()
            ([1.0, -1.0], [2.0, 0.0])
        """
        unit = RationalMatrix.identity(self.dimension)
        bounds = [*self.upper, *(-v for v in self.lower)]
        return RationalMatrix.stack_rows([unit, -unit]), RationalMatrix.of([[v] for v in bounds])

    def corners(self) -> Iterator[tuple[Fraction, ...]]:
        """Iterate over the corners, each once; there are up to 2^n."""
        sides = (sorted({a, b}) for a, b in zip(self.lower, self.upper, strict=True))
        return product(*sides)

    def outer_floats(self) -> tuple[FloatArray, FloatArray]:
        """Return float64 bounds (lower, upper), rounded outward: they enclose the box."""
        return (
            np.array([_float_below(v) for v in self.lower]),
            np.array([-_float_below(-v) for v in self.upper]),
        )

    def __repr__(self) -> str:
        low, high = ([_brief(v) for v in side] for side in (self.lower, self.upper))
        if self.dimension > 1 and len({*low}) == len({*high}) == 1:
            return f"Box.cube({self.dimension}, '{low[0]}', '{high[0]}')"
        if self.dimension > _SHOWN:
            few = zip(low[:_SHOWN], high[:_SHOWN], strict=True)
            sides = " x ".join(f"[{a}, {b}]" for a, b in few)
            return f"Box({self.dimension} sides: {sides} x …)"
        return f"Box({low}, {high})"


def _brief(value: Fraction) -> str:
    """Return the exact text, a long fraction as a decimal where that ends and is shorter."""
    text = fraction_text(value)
    if value.denominator == 1 or not _LONG[0] <= len(text) <= _LONG[1]:
        return text
    twos = (value.denominator & -value.denominator).bit_length() - 1
    fives, rest = 0, value.denominator >> twos
    while rest % 5 == 0:
        fives, rest = fives + 1, rest // 5
    if rest != 1:
        return text
    places = max(twos, fives)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    point = len(digits) - places
    decimal = f"{'-' * (value < 0)}{digits[:point]}.{digits[point:]}"
    return min(decimal, text, key=len)


def _shown(value: Fraction) -> str:
    return shortened(fraction_text(value))


def _float_below(value: Fraction) -> float:
    try:
        near = float(value)
    except OverflowError:
        return -math.inf if value < 0 else float(np.finfo(np.float64).max)
    return near if Fraction(near) <= value else math.nextafter(near, -math.inf)
