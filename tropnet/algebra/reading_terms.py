"""Reading exponents and coefficients from what callers write."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tropnet.algebra.points import is_scalar
from tropnet.algebra.rational_array import RationalArray
from tropnet.errors import ShapeError
from tropnet.exact import RationalMatrix


def read_exponents(exponents: Any, count: int, n: int | None) -> RationalArray:
    """Return exponents `(count, n)` from rows, a flat list for n = 1, an array or a matrix.

    Raises:
        DomainError: an entry is not a finite number.
        ShapeError: another number of rows or columns.

    Example:
        >>> from tropnet.algebra.reading_terms import read_exponents
        >>> read_exponents([0, 1, 3], 3, None).shape
        (3, 1)
    """
    if count == 0:
        return RationalArray(
            np.zeros((0, positive_dimension(1 if n is None else n)), dtype=np.int64)
        )
    if not isinstance(exponents, RationalMatrix):
        flat = getattr(exponents, "ndim", 0) == 1 or (
            isinstance(exponents, Sequence) and all(is_scalar(v) for v in exponents)
        )
        if flat:
            exponents = [[value] for value in exponents]
        elif not isinstance(exponents, np.ndarray):
            exponents = [list(row) for row in exponents]
    rows = RationalArray.of(exponents, "exponents")
    if rows.shape[0] != count:
        raise ShapeError(f"{rows.shape[0]} rows of exponents for {count} coefficients")
    if n is not None and rows.shape[1] != n:
        raise ShapeError(f"exponents have {rows.shape[1]} columns, expected n = {n}")
    positive_dimension(rows.shape[1])
    return rows


def is_minus_infinity(value: Any) -> bool:
    """Tell whether a coefficient is −∞, the tropical zero.

    Example:
        >>> from tropnet.algebra.reading_terms import is_minus_infinity
        >>> is_minus_infinity(float("-inf"))
        True
    """
    return isinstance(value, float | np.floating) and bool(value == -math.inf)


def plain_number(value: Any) -> Any:
    """Return a number that a constructor takes, from texts for −∞ and 0-dimensional arrays.

    Example:
        >>> from tropnet.algebra.reading_terms import plain_number
        >>> plain_number("-∞")
        -inf
    """
    if isinstance(value, str) and value.strip() in ("-inf", "-∞", "−∞"):
        return -math.inf
    return value.item() if isinstance(value, np.ndarray) else value


def positive_dimension(n: int) -> int:
    """Return a number of variables after checking that it is one.

    Raises:
        ShapeError: it is less than one.

    Example:
        >>> from tropnet.algebra.reading_terms import positive_dimension
        >>> positive_dimension(2)
        2
    """
    if n < 1:
        raise ShapeError(f"a tropical polynomial in {n} variables; there must be at least one")
    return n
