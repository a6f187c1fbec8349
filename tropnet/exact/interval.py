"""Vectors of closed rational intervals, ends at infinity allowed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final, TypeAlias, final

import flint
import numpy as np

from tropnet.errors import ShapeError
from tropnet.exact.fraction import decimal_text
from tropnet.exact.matrix import RationalMatrix
from tropnet.exact.shared_matrix import SharedMatrix

if TYPE_CHECKING:
    from tropnet.typing import BoolArray

#: An end of an interval; None is an infinite end.
End: TypeAlias = Fraction | None

#: Significant bits that `outward` keeps.
_BITS: Final = 80


@final
@dataclass(frozen=True, eq=False, slots=True)
class IntervalVector:
    """A box of intervals [lower, upper], each end a rational or infinite.

    Arithmetic is exact, so the image of a box under a linear map is the least box around it.

    Attributes:
        lower: `(k, 1)`; zero where the end is −∞.
        upper: `(k, 1)`; zero where the end is +∞.
        no_lower: `(k,)`, true where the lower end is −∞.
        no_upper: `(k,)`, true where the upper end is +∞.

    Example:
        >>> from tropnet.exact import IntervalVector, RationalMatrix
        >>> box = IntervalVector.of([0, None], [1, 2])
        >>> box.image(RationalMatrix.of([[1, -1], [1, 0]])).ends()
        [(Fraction(-2, 1), None), (Fraction(0, 1), Fraction(1, 1))]
    """

    lower: RationalMatrix
    upper: RationalMatrix
    no_lower: BoolArray
    no_upper: BoolArray

    def __post_init__(self) -> None:
        # what stands behind an infinite end would be taken for a bound once the mask is dropped
        for name, mask in (("lower", self.no_lower), ("upper", self.no_upper)):
            if mask.any():
                object.__setattr__(self, name, _masked(getattr(self, name), mask))

    @staticmethod
    def of(lower: Iterable[End | int], upper: Iterable[End | int]) -> IntervalVector:
        """Return the intervals with these ends; None is infinite."""
        low, high = list(lower), list(upper)
        if len(low) != len(high):
            raise ShapeError(f"{len(low)} lower ends and {len(high)} upper ends")
        return IntervalVector(
            _column([0 if v is None else v for v in low]),
            _column([0 if v is None else v for v in high]),
            np.array([v is None for v in low], dtype=np.bool_),
            np.array([v is None for v in high], dtype=np.bool_),
        )

    @staticmethod
    def point(values: RationalMatrix) -> IntervalVector:
        """Return the intervals that hold one number each; values are `(k, 1)`."""
        finite = np.zeros(values.shape[0], dtype=np.bool_)
        return IntervalVector(values, values, finite, finite)

    @staticmethod
    def line(size: int) -> IntervalVector:
        """Return `size` intervals (−∞, ∞)."""
        nothing, infinite = RationalMatrix.zeros(size, 1), np.ones(size, dtype=np.bool_)
        return IntervalVector(nothing, nothing, infinite, infinite)

    def __len__(self) -> int:
        return len(self.no_lower)

    def ends(self) -> list[tuple[End, End]]:
        """Return the ends as pairs."""
        return list(zip(self.lower_ends(), self.upper_ends(), strict=True))

    def lower_ends(self) -> list[End]:
        """Return the lower ends; None is −∞."""
        pairs = zip(self.lower, self.no_lower, strict=True)
        return [None if infinite else row[0] for row, infinite in pairs]

    def upper_ends(self) -> list[End]:
        """Return the upper ends; None is +∞."""
        pairs = zip(self.upper, self.no_upper, strict=True)
        return [None if infinite else row[0] for row, infinite in pairs]

    def at_most_zero(self) -> BoolArray:
        """Tell which intervals hold no positive number."""
        return np.asarray(~self.no_upper & (self.upper.signs()[:, 0] <= 0))

    def at_least_zero(self) -> BoolArray:
        """Tell which intervals hold no negative number."""
        return np.asarray(~self.no_lower & (self.lower.signs()[:, 0] >= 0))

    def magnitudes(self) -> list[End]:
        """Return for each interval the largest absolute value in it; None is infinite."""
        return [
            None if low is None or high is None else max(abs(low), abs(high))
            for low, high in self.ends()
        ]

    def image(self, matrix: RationalMatrix | SharedMatrix) -> IntervalVector:
        """Return the least box around {matrix · v : v in self}; matrix is `(r, k)`."""
        rows, columns = matrix.shape
        if columns != len(self):
            raise ShapeError(f"a matrix of {columns} columns applied to {len(self)} intervals")
        infinite = self.no_lower | self.no_upper
        no_lower, no_upper = np.zeros(rows, dtype=np.bool_), np.zeros(rows, dtype=np.bool_)
        if infinite.any():
            no_lower = _reaches(matrix, self.no_lower, self.no_upper)
            no_upper = _reaches(matrix, self.no_upper, self.no_lower)
        # W·centre ± |W|·radius: the ends exactly, with one product of absolute values
        middle = _product(matrix, self.lower + self.upper)
        spread = _product(matrix, self.upper - self.lower, absolute=True)
        half = Fraction(1, 2)
        return IntervalVector(
            (middle - spread) * half, (middle + spread) * half, no_lower, no_upper
        )

    def __add__(self, other: IntervalVector) -> IntervalVector:
        return IntervalVector(
            self.lower + other.lower,
            self.upper + other.upper,
            self.no_lower | other.no_lower,
            self.no_upper | other.no_upper,
        )

    def __neg__(self) -> IntervalVector:
        return IntervalVector(-self.upper, -self.lower, self.no_upper, self.no_lower)

    def __sub__(self, other: IntervalVector) -> IntervalVector:
        return self + -other

    def take(self, indices: Sequence[int]) -> IntervalVector:
        """Return the intervals of these indices, in this order."""
        return IntervalVector(
            self.lower.rows(indices),
            self.upper.rows(indices),
            self.no_lower[list(indices)],
            self.no_upper[list(indices)],
        )

    def scale(self, factors: Sequence[Fraction]) -> IntervalVector:
        """Return each interval times its own positive number."""
        return IntervalVector(
            self.lower.scale_rows(factors),
            self.upper.scale_rows(factors),
            self.no_lower,
            self.no_upper,
        )

    def relu(self) -> IntervalVector:
        """Return the intervals of max(v, 0)."""
        nothing = np.zeros(len(self), dtype=np.bool_)
        return IntervalVector(self.lower.relu(), self.upper.relu(), nothing, self.no_upper)

    def where(self, mask: BoolArray, other: IntervalVector) -> IntervalVector:
        """Return the own intervals where the mask holds, the other ones elsewhere."""
        size = len(self)
        joint = IntervalVector(
            RationalMatrix.stack_rows([self.lower, other.lower]),
            RationalMatrix.stack_rows([self.upper, other.upper]),
            np.concatenate([self.no_lower, other.no_lower]),
            np.concatenate([self.no_upper, other.no_upper]),
        )
        return joint.take([i if mask[i] else size + i for i in range(size)])

    def meet(self, other: IntervalVector) -> IntervalVector:
        """Return the intersections; both must hold the same unknown number, so none is empty."""
        lower_signs = (self.lower - other.lower).signs()[:, 0]
        upper_signs = (self.upper - other.upper).signs()[:, 0]
        own_lower = ~self.no_lower & (other.no_lower | (lower_signs >= 0))
        own_upper = ~self.no_upper & (other.no_upper | (upper_signs <= 0))
        low, high = self.where(own_lower, other), self.where(own_upper, other)
        return IntervalVector(low.lower, high.upper, low.no_lower, high.no_upper)

    def outward(self, bits: int = _BITS) -> IntervalVector:
        """Return intervals around these whose ends have few bits.

        Each end moves outward to a dyadic number of `bits` significant bits, so that repeated
        products stay small.
        """
        return IntervalVector(
            _rounded(self.lower, bits, up=False),
            _rounded(self.upper, bits, up=True),
            self.no_lower,
            self.no_upper,
        )

    def __repr__(self) -> str:
        def shown(end: End, infinite: str) -> str:
            return infinite if end is None else decimal_text(end)

        few = [f"[{shown(a, '-inf')}, {shown(b, 'inf')}]" for a, b in self.ends()[:6]]
        more = ["…"] if len(self) > 6 else []
        return f"IntervalVector({len(self)}: {', '.join(few + more)})"


def _column(values: Sequence[Fraction | int]) -> RationalMatrix:
    return RationalMatrix.from_rows([[v] for v in values]) if values else RationalMatrix.zeros(0, 1)


def _product(
    matrix: RationalMatrix | SharedMatrix, column: RationalMatrix, *, absolute: bool = False
) -> RationalMatrix:
    """Return matrix · column, or |matrix| · column."""
    if column.is_zero():
        return RationalMatrix.zeros(matrix.shape[0], 1)
    if isinstance(matrix, SharedMatrix):
        return (abs(matrix) if absolute else matrix).apply(column.T).T
    return (abs(matrix) if absolute else matrix) @ column


def _reaches(
    matrix: RationalMatrix | SharedMatrix, positive: BoolArray, negative: BoolArray
) -> BoolArray:
    """Tell which rows are positive somewhere in one mask or negative somewhere in the other."""
    masks = np.stack([positive, negative]).astype(np.float32)
    if isinstance(matrix, SharedMatrix):
        signs, apply = matrix.kernel.signs(), matrix.sharing.apply
        hits = apply((signs > 0).astype(np.float32), masks[:1])[0]
        return np.asarray(hits + apply((signs < 0).astype(np.float32), masks[1:])[0] > 0)
    signs = matrix.signs()
    hits = (signs > 0).astype(np.float32) @ masks[0] + (signs < 0).astype(np.float32) @ masks[1]
    return np.asarray(hits > 0)


def _masked(column: RationalMatrix, mask: BoolArray) -> RationalMatrix:
    """Return the column with zeros where the mask holds."""
    entries = [0 if m else v for v, m in zip(column.numerators.entries(), mask, strict=True)]
    return RationalMatrix(flint.fmpz_mat(len(entries), 1, entries), column.denominator)


def _rounded(column: RationalMatrix, bits: int, *, up: bool) -> RationalMatrix:
    denominator = column.denominator
    rounded: list[tuple[int, int]] = []  # (n, e) stands for n · 2^e
    for entry in column.numerators.entries():
        number = int(entry)
        exponent = abs(number).bit_length() - denominator.bit_length() - bits
        above = number << max(-exponent, 0)
        below = denominator << max(exponent, 0)
        rounded.append((-(-above // below) if up else above // below, exponent))
    least = min((e for n, e in rounded if n), default=0)
    least = min(least, 0)
    shifted = [n << (e - least) if n else 0 for n, e in rounded]
    return RationalMatrix(flint.fmpz_mat(len(shifted), 1, shifted), 1 << -least)
