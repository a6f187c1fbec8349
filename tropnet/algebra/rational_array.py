"""Arrays of rationals as numpy integers over one denominator: the storage of polynomials."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, final

import flint
import numpy as np

from tropnet.exact import RationalMatrix

if TYPE_CHECKING:
    from tropnet.typing import AnyArray, FloatArray

#: Integers below this are kept as int64, so that the sum of two of them cannot overflow.
SAFE: Final = 1 << 62
#: Integers up to this convert to float64 without rounding.
_EXACT_FLOAT: Final = 1 << 53


@final
class RationalArray:
    """An immutable numpy array of rationals: integer numerators over one positive denominator.

    Always in lowest terms. Numerators below 2^62 in magnitude are int64, others are Python ints in
    an object array, so that equal values have equal storage.

    Args:
        numerators: integer array of any shape, int64 or object.
        denominator: a positive integer.

    Example:
        >>> from tropnet.algebra.rational_array import RationalArray
        >>> a = RationalArray.of([["1/2", 3]])
        >>> a.numerators.tolist(), a.denominator
        ([[1, 6]], 2)
    """

    __slots__ = ("denominator", "numerators")

    numerators: AnyArray
    denominator: int

    def __init__(self, numerators: AnyArray, denominator: int = 1) -> None:
        if denominator != 1:
            divisor = math.gcd(denominator, _common_divisor(numerators, denominator))
            if divisor != 1:
                # only zeros have a common divisor that large
                if numerators.dtype == object or divisor < SAFE:
                    numerators = numerators // divisor
                denominator //= divisor
        if numerators.dtype == object and largest(numerators) < SAFE:
            numerators = numerators.astype(np.int64)
        elif numerators.dtype == np.int64 and largest(numerators) >= SAFE:
            numerators = numerators.astype(object)
        object.__setattr__(self, "numerators", _read_only(numerators))
        object.__setattr__(self, "denominator", denominator)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"RationalArray is immutable; {name} cannot be set")

    @staticmethod
    def of(values: Any, name: str = "matrix") -> RationalArray:
        """Return the exact array `(rows, columns)` of anything that `RationalMatrix.of` takes.

        Raises:
            DomainError: an entry is NaN, infinite or not a number.
            ShapeError: rows of different lengths.
        """
        return RationalArray.from_matrix(RationalMatrix.of(values, name))

    @staticmethod
    def from_matrix(matrix: RationalMatrix) -> RationalArray:
        """Return a RationalMatrix as an array of its shape."""
        entries = [int(v) for v in matrix.numerators.entries()]
        return RationalArray(_integer_array(entries, matrix.shape), matrix.denominator)

    @staticmethod
    def from_fractions(values: Sequence[Fraction]) -> RationalArray:
        """Return a vector of Fractions."""
        denominator = math.lcm(*(v.denominator for v in values))
        entries = [v.numerator * (denominator // v.denominator) for v in values]
        return RationalArray(_integer_array(entries, (len(entries),)), denominator)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape, as numpy's."""
        return self.numerators.shape

    def over(self, denominator: int) -> AnyArray:
        """Return the numerators over a multiple of the denominator; int64 if they stay safe."""
        factor = denominator // self.denominator
        if factor == 1:
            return self.numerators
        if self.numerators.dtype == np.int64 and max(largest(self.numerators), 1) * factor < SAFE:
            return self.numerators * factor
        return self.numerators.astype(object) * factor

    def take(self, rows: Any) -> RationalArray:
        """Return the items at these positions of the first axis."""
        if self.denominator == 1 and self.numerators.dtype == np.int64:
            # in lowest terms, and safe, whatever is taken
            found = object.__new__(RationalArray)
            object.__setattr__(found, "numerators", _read_only(self.numerators[rows]))
            object.__setattr__(found, "denominator", 1)
            return found
        return RationalArray(self.numerators[rows], self.denominator)

    def ravel(self) -> RationalArray:
        """Return the entries as a vector, in row-major order."""
        return RationalArray(self.numerators.ravel(), self.denominator)

    def scaled(self, factor: Fraction) -> RationalArray:
        """Return every entry times a rational number."""
        numerator = factor.numerator
        size = max(largest(self.numerators), 1) * abs(numerator)
        if self.numerators.dtype == np.int64 and size < SAFE:
            product = self.numerators * numerator
        else:
            product = self.numerators.astype(object) * numerator
        return RationalArray(product, self.denominator * factor.denominator)

    def to_matrix(self) -> RationalMatrix:
        """Return a RationalMatrix; a vector becomes one column."""
        rows, columns = self.shape if self.numerators.ndim == 2 else (self.shape[0], 1)
        entries = self.numerators.ravel().tolist()
        filled = (
            flint.fmpz_mat(rows, columns, entries) if entries else flint.fmpz_mat(rows, columns)
        )
        return RationalMatrix(filled, self.denominator)

    def to_floats(self) -> FloatArray:
        """Return the entries rounded to the nearest float64; beyond the float range ±inf."""
        numerators, denominator = self.numerators, self.denominator
        simple = denominator <= _EXACT_FLOAT or denominator.bit_count() == 1
        small = numerators.dtype == np.int64 and largest(numerators) <= _EXACT_FLOAT
        if small and simple and denominator < 1 << 900:
            # both are floats without rounding, and IEEE division rounds to nearest
            return numerators / np.float64(denominator)
        flat = [_nearest(v, denominator) for v in numerators.ravel().tolist()]
        return np.array(flat, dtype=np.float64).reshape(numerators.shape)

    def fractions(self) -> list[Fraction]:
        """Return the entries in row-major order."""
        return [Fraction(v, self.denominator) for v in self.numerators.ravel().tolist()]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RationalArray):
            return NotImplemented
        return (
            self.denominator == other.denominator
            and self.shape == other.shape
            and bool(np.array_equal(self.numerators, other.numerators))
        )

    def __hash__(self) -> int:
        entries = (
            self.numerators.tobytes()
            if self.numerators.dtype == np.int64
            else tuple(self.numerators.ravel().tolist())
        )
        return hash((self.shape, self.denominator, entries))

    def __repr__(self) -> str:
        return f"RationalArray(shape {self.shape}, denominator {self.denominator})"

    def __reduce__(self) -> tuple[Any, ...]:
        return RationalArray, (np.array(self.numerators), self.denominator)


def largest(integers: AnyArray) -> int:
    """Return the largest magnitude in an integer array, 0 for an empty one.

    Example:
        >>> import numpy as np
        >>> from tropnet.algebra.rational_array import largest
        >>> largest(np.array([3, -7]))
        7
    """
    if not integers.size:
        return 0
    return max(int(integers.max()), -int(integers.min()))


def _read_only(array: AnyArray) -> AnyArray:
    array.flags.writeable = False
    return array


def over_common_denominator(arrays: Sequence[RationalArray]) -> tuple[list[AnyArray], int]:
    """Return the numerators of several arrays over their common denominator, and that.

    All are int64, or all are object arrays.

    Example:
        >>> from tropnet.algebra.rational_array import RationalArray, over_common_denominator
        >>> halves, thirds = RationalArray.of(["1/2"]), RationalArray.of(["1/3"])
        >>> parts, d = over_common_denominator([halves, thirds])
        >>> [part.tolist() for part in parts], d
        ([[[3]], [[2]]], 6)
    """
    denominator = math.lcm(*(array.denominator for array in arrays))
    parts = [array.over(denominator) for array in arrays]
    if any(part.dtype == object for part in parts):
        parts = [part.astype(object) for part in parts]
    return parts, denominator


def _common_divisor(numerators: AnyArray, denominator: int) -> int:
    if numerators.dtype == np.int64:
        return int(np.gcd.reduce(numerators, axis=None)) if numerators.size else 0
    divisor = denominator
    for value in numerators.ravel().tolist():
        divisor = math.gcd(divisor, value)
        if divisor == 1:
            break
    return divisor


def _integer_array(entries: list[int], shape: tuple[int, ...]) -> AnyArray:
    if all(-SAFE < v < SAFE for v in entries):
        return np.array(entries, dtype=np.int64).reshape(shape)
    array = np.empty(len(entries), dtype=object)
    array[:] = entries
    return array.reshape(shape)


def _nearest(numerator: int, denominator: int) -> float:
    try:
        return numerator / denominator  # CPython rounds int / int correctly
    except OverflowError:
        return math.inf if numerator > 0 else -math.inf
