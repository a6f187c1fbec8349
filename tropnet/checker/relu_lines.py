"""Lines below and above ReLU on an interval."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from tropnet.exact.interval import End

if TYPE_CHECKING:
    from tropnet.typing import BoolArray

#: Slopes are multiples of 2^-16.
SLOPE_BITS: Final = 16
_ONE: Final = 1 << SLOPE_BITS
_ZERO: Final = Fraction(0)


def relu_lines(
    relu: Sequence[bool] | BoolArray,
    ends: Sequence[tuple[End, End]],
    chosen: Sequence[int] | None = None,
) -> tuple[list[Fraction], list[Fraction], list[Fraction], BoolArray]:
    """Return lines around max(t, 0) for each unit, where t is between its ends.

    Below lies α t with any α in [0, 1]; above s t + h with any s in [0, 1] and
    h = max(−s · low, (1 − s) · high), by convexity.

    Args:
        relu: which units are ReLU units; the others are their pre-activations.
        ends: of the pre-activations; None is infinite.
        chosen: the slopes below, over 2^16; by which end is farther from 0 where left out.

    Returns:
        For each unit the slope below, the slope above, the rise h, and whether no line is above it.

    Example:
        >>> from fractions import Fraction
        >>> from tropnet.checker.relu_lines import relu_lines
        >>> below, above, rise, free = relu_lines([True], [(Fraction(-1), Fraction(3))])
        >>> below, above, rise, free.tolist()
        ([Fraction(1, 1)], [Fraction(3, 4)], [Fraction(3, 4)], [False])
    """
    below, above, rise = [], [], []
    free = np.zeros(len(ends), dtype=np.bool_)
    for j, (low, high) in enumerate(ends):
        if not relu[j] or (low is not None and low >= 0):
            slope, least, h = Fraction(1), Fraction(1), _ZERO
        elif high is not None and high <= 0:
            slope, least, h = _ZERO, _ZERO, _ZERO
        else:
            least = _ZERO if high is None else Fraction(int(low is None or high > -low))
            if chosen is not None:
                least = Fraction(chosen[j], _ONE)
            if low is None or high is None:  # one line at most stays above it
                slope, h = Fraction(int(high is None)), _ZERO
                free[j] = low is None and high is None
                if low is not None:
                    h = -low
                elif high is not None:
                    h = high
            else:
                slope, h = chord(low, high)
        below.append(least)
        above.append(slope)
        rise.append(h)
    return below, above, rise, free


@lru_cache(maxsize=2**14)  # the same for all combinations that are bounded
def chord(low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
    """Return s and h with max(t, 0) ≤ s t + h for t from `low` to `high`, about the best.

    Likewise min(t, 0) ≥ (1 − s) t − h, since t = max(t, 0) + min(t, 0).

    Args:
        low: below 0, or s and h are those of a line that is exact.
        high: above 0, likewise.

    Example:
        >>> from fractions import Fraction
        >>> from tropnet.checker.relu_lines import chord
        >>> chord(Fraction(-1), Fraction(1)), chord(Fraction(2), Fraction(3))
        ((Fraction(1, 2), Fraction(1, 2)), (Fraction(1, 1), Fraction(0, 1)))
    """
    if low >= 0:
        return Fraction(1), _ZERO
    if high <= 0:
        return _ZERO, _ZERO
    slope = Fraction(int(high * _ONE / (high - low)), _ONE)
    return slope, max(-slope * low, (1 - slope) * high)
