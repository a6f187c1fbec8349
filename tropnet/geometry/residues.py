"""Integers from what they are modulo primes (the Chinese remainder theorem)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import numpy as np

#: Integers below this, and their doubles, are in the range of int64.
_JOINED: Final = 1 << 62


@cache
def prime_up_to(number: int) -> int:
    """Return the largest prime that is at most `number` ≥ 2.

    Example:
        >>> from tropnet.geometry.residues import prime_up_to
        >>> prime_up_to(100)
        97
    """
    while not all(number % k for k in range(2, math.isqrt(number) + 1)):
        number -= 1
    return number


def integers_of(residues: Any, primes: Sequence[int]) -> Any:
    """Return the integers of least absolute value with given residues (Garner's algorithm).

    Args:
        residues: int64 array; the last axis runs over the primes.
        primes: different primes, small enough for products of two in int64.

    Returns:
        An object array of Python integers, of one axis less.

    Example:
        >>> import numpy as np
        >>> from tropnet.geometry.residues import integers_of
        >>> integers_of(np.array([[100 % 11, 100 % 13], [-5 % 11, -5 % 13]]), (11, 13)).tolist()
        [-43, -5]
    """
    digits = residues.copy()
    total: Any = 0
    scale, first = 1, 0
    while first < len(primes):
        # digits are joined in int64 as far as they go: Python's integers are slow
        joined, size, k = np.zeros(digits.shape[:-1], np.int64), 1, first
        while k < len(primes) and size * primes[k] < _JOINED:
            for j in range(k):
                inverse = pow(primes[j], -1, primes[k])
                digits[..., k] = (digits[..., k] - digits[..., j]) * inverse % primes[k]
            joined += digits[..., k] * size
            size *= primes[k]
            k += 1
        if first == 0 and k == len(primes):
            return np.where(2 * joined > size, joined - size, joined).astype(object)
        total = total + joined.astype(object) * scale
        scale *= size
        first = k
    if not len(primes):
        return np.zeros(digits.shape[:-1], object)
    return np.where(2 * total > scale, total - scale, total)
