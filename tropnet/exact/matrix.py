"""Rational matrices over one common denominator, on python-flint."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, ClassVar, Final, final

import flint
import numpy as np

from tropnet.errors import DomainError, ShapeError
from tropnet.exact.fraction import as_fraction, fraction_text, require_sequence

if TYPE_CHECKING:
    from tropnet.typing import BoolArray, FloatArray, IntArray, SignArray

#: Mantissa bits of a float64.
_MANTISSA: Final = 53
#: The exponent of a float64's last mantissa bit, less its exponent field.
_LAST_BIT: Final = 1075
#: A matrix with larger entries is not printed in full.
_PRINTED_BITS: Final = 4096
#: Bits of one limb when integers are handed to flint.
_LIMB: Final = 62


@final
class RationalMatrix:
    """An immutable matrix of rationals: integer numerators over one positive denominator.

    For plain float weights the denominator is a power of two, so that products and sums are integer
    matrix operations in flint. A vector is a matrix of one row. Equality and hash are those of the
    rational values, whatever the denominator.

    Args:
        numerators: integer matrix `(rows, columns)`, not to be changed afterwards.
        denominator: a positive integer under every numerator.

    Raises:
        DomainError: the denominator is not positive.

    Example:
        >>> from tropnet.exact import RationalMatrix
        >>> m = RationalMatrix.of([["1/2", 1], [0, 0.25]])
        >>> (m @ m).to_fractions()[0]
        [Fraction(1, 4), Fraction(3, 4)]
    """

    __slots__ = ("_signs", "denominator", "numerators")

    numerators: flint.fmpz_mat
    denominator: int
    _signs: SignArray

    #: numpy shall not take the matrix apart in `2.0 * matrix` or `array @ matrix`.
    __array_ufunc__: ClassVar[None] = None

    def __init__(self, numerators: flint.fmpz_mat, denominator: int = 1) -> None:
        if denominator <= 0:
            raise DomainError(f"the denominator of a RationalMatrix is {denominator}, not positive")
        object.__setattr__(self, "numerators", numerators)
        object.__setattr__(self, "denominator", int(denominator))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"RationalMatrix is immutable; {name} cannot be set")

    # ---- making one -------------------------------------------------------------------------

    @staticmethod
    def of(values: Any, name: str = "matrix") -> RationalMatrix:
        """Return the exact matrix of a nested sequence, an array, or a RationalMatrix.

        Args:
            values: rows of anything `as_fraction` takes, a float or integer array of one or two
                dimensions (a tensor counts as one), or a RationalMatrix. One dimension becomes one
                row.
            name: how an error message calls the matrix.

        Raises:
            DomainError: an entry is NaN, infinite or not a number.
            ShapeError: rows of different lengths, not one or two dimensions, or a single text.

        Example:
            >>> RationalMatrix.of([1, "1/3"]).shape
            (1, 2)
        """
        if isinstance(values, RationalMatrix):
            return values
        if hasattr(values, "__array__"):
            array = np.asarray(values)
            if array.ndim not in (1, 2):
                raise ShapeError(f"{name} has {array.ndim} dimensions; give one or two")
            array = array if array.ndim == 2 else array[None, :]
            if array.dtype.kind == "f":
                return RationalMatrix.from_floats(array, name)
            if array.dtype.kind in "iu":
                return RationalMatrix(_integers(array.shape, array.ravel().tolist()))
            if array.dtype.kind != "O":
                raise DomainError(f"{name} has dtype {array.dtype}; give real numbers")
            entries = RationalMatrix.from_rows(array, name)
            return entries if array.size else RationalMatrix.zeros(*array.shape)
        require_sequence(values, name)
        rows = list(values)
        return RationalMatrix.from_rows([rows] if rows and not _is_row(rows[0]) else rows, name)

    @staticmethod
    def from_floats(array: FloatArray, name: str = "matrix") -> RationalMatrix:
        """Return the exact value of a float array; the denominator is a power of two.

        Args:
            array: `(rows, columns)`, of dtype float16, float32 or float64.
            name: how an error message calls the matrix.

        Raises:
            DomainError: NaN or infinity, with its position; another dtype.
            ShapeError: not two-dimensional.

        Cost: linear; about 0.3 µs an entry.
        """
        array = np.asarray(array)
        if array.ndim != 2:
            raise ShapeError(f"{name} has {array.ndim} dimensions; a matrix has two")
        if array.dtype.kind != "f" or array.dtype.itemsize > 8:
            raise DomainError(f"{name} has dtype {array.dtype}; convert to float64 first")
        array = array.astype(np.float64)
        if not np.isfinite(array).all():
            row, column = np.argwhere(~np.isfinite(array))[0]
            raise DomainError(
                f"{name}[{row}, {column}] is {array[row, column]}, which has no rational value; "
                "the training may have diverged"
            )
        # Read off the bits, since a processor told to flush subnormal numbers to zero
        # (torch.set_flush_denormal, libraries compiled with -ffast-math) miscounts in frexp.
        bits = array.view(np.int64)
        fields = (bits >> (_MANTISSA - 1)) & 0x7FF
        mantissas = bits & ((1 << (_MANTISSA - 1)) - 1)
        mantissas |= np.where(fields > 0, np.int64(1) << (_MANTISSA - 1), 0)
        mantissas = np.where(bits < 0, -mantissas, mantissas)
        powers = np.maximum(fields, 1) - _LAST_BIT
        present = mantissas != 0
        if not present.any():
            return RationalMatrix(flint.fmpz_mat(*array.shape))
        # strip trailing zero bits, so that the common denominator is the least one
        trailing = np.zeros_like(mantissas)
        low_bits = mantissas[present] & -mantissas[present]
        trailing[present] = np.frexp(low_bits.astype(np.float64))[1] - 1
        mantissas >>= trailing
        powers += trailing
        least = min(int(powers[present].min()), 0)
        shifts = np.where(present, powers - least, 0)
        return RationalMatrix(_shifted(mantissas, shifts), 1 << -least)

    @staticmethod
    def from_rows(rows: Iterable[Iterable[Any]], name: str = "matrix") -> RationalMatrix:
        """Return the exact matrix of rows of anything `as_fraction` takes.

        Raises:
            DomainError: an entry is not a finite number.
            ShapeError: rows of different lengths, or something else than rows.
        """
        require_sequence(rows, name)
        table = []
        for i, row in enumerate(rows):
            require_sequence(row, f"{name}[{i}]")
            table.append([as_fraction(v, f"{name}[{i}, {j}]") for j, v in enumerate(row)])
        widths = {len(row) for row in table}
        if len(widths) > 1:
            raise ShapeError(f"{name} has rows of lengths {sorted(widths)}; make them equal")
        denominator = math.lcm(*(v.denominator for row in table for v in row))
        numerators = [v.numerator * (denominator // v.denominator) for row in table for v in row]
        return RationalMatrix(
            _integers((len(table), widths.pop() if widths else 0), numerators), denominator
        )

    @staticmethod
    def zeros(rows: int, columns: int) -> RationalMatrix:
        """Return a matrix of zeros."""
        return RationalMatrix(flint.fmpz_mat(rows, columns))

    @staticmethod
    def identity(size: int) -> RationalMatrix:
        """Return the identity matrix."""
        return RationalMatrix.diagonal([1] * size)

    @staticmethod
    def diagonal(values: Sequence[Any]) -> RationalMatrix:
        """Return the square matrix with these rationals on its diagonal.

        Example:
            >>> RationalMatrix.diagonal([1, "1/2"]).to_floats().tolist()
            [[1.0, 0.0], [0.0, 0.5]]
        """
        row = RationalMatrix.of(list(values) or np.zeros((1, 0)))
        size = row.shape[1]
        matrix = flint.fmpz_mat(size, size)
        for index, value in enumerate(row.numerators.entries()):
            matrix[index, index] = value
        return RationalMatrix(matrix, row.denominator)

    @staticmethod
    def stack_rows(matrices: Iterable[RationalMatrix]) -> RationalMatrix:
        """Return the matrices on top of each other.

        Raises:
            ShapeError: they differ in the number of columns, or there is none.
        """
        parts = list(matrices)
        columns = {part.shape[1] for part in parts}
        if len(columns) != 1:
            raise ShapeError(f"cannot stack matrices of {sorted(columns)} columns")
        denominator = math.lcm(*(part.denominator for part in parts))
        entries = [v for part in parts for v in part.over(denominator).entries()]
        return RationalMatrix(
            _integers((sum(part.shape[0] for part in parts), columns.pop()), entries), denominator
        )

    @staticmethod
    def stack_columns(matrices: Iterable[RationalMatrix]) -> RationalMatrix:
        """Return the matrices side by side.

        Raises:
            ShapeError: they differ in the number of rows, or there is none.
        """
        return RationalMatrix.stack_rows(part.T for part in matrices).T

    # ---- looking at it ----------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, int]:
        """`(rows, columns)`."""
        return self.numerators.nrows(), self.numerators.ncols()

    @property
    def T(self) -> RationalMatrix:  # noqa: N802 - numpy's name
        """The transpose."""
        return RationalMatrix(self.numerators.transpose(), self.denominator)

    def over(self, denominator: int) -> flint.fmpz_mat:
        """Return the numerators over another denominator, a multiple of the present one."""
        factor, rest = divmod(denominator, self.denominator)
        if rest:
            raise DomainError(f"{denominator} is not a multiple of {self.denominator}")
        return self.numerators if factor == 1 else self.numerators * factor

    def reduced(self) -> RationalMatrix:
        """Return the same matrix over its least denominator."""
        divisor = math.gcd(self.denominator, *map(int, self.numerators.entries()))
        if divisor == 1:
            return self
        entries = [v // divisor for v in self.numerators.entries()]
        return RationalMatrix(_integers(self.shape, entries), self.denominator // divisor)

    def __getitem__(self, position: tuple[int, int]) -> Fraction:
        row, column = position
        return Fraction(int(self.numerators[row, column]), self.denominator)

    def __iter__(self) -> Iterator[tuple[Fraction, ...]]:
        return (tuple(row) for row in self.to_fractions())

    def __len__(self) -> int:
        return self.shape[0]

    def to_fractions(self) -> list[list[Fraction]]:
        """Return the entries as nested lists of Fractions."""
        columns = self.shape[1]
        flat = [Fraction(int(v), self.denominator) for v in self.numerators.entries()]
        return [flat[i * columns : (i + 1) * columns] for i in range(self.shape[0])]

    def to_floats(self) -> FloatArray:
        """Return the entries rounded to the nearest float64, ties to even.

        Values beyond the float range become ±inf. Cost: about 0.2 µs an entry.
        """
        flat = [_nearest_float(int(v), self.denominator) for v in self.numerators.entries()]
        return np.array(flat, dtype=np.float64).reshape(self.shape)

    def signs(self) -> SignArray:
        """Return the signs −1, 0, 1 of the entries as a read-only int8 array, made once."""
        try:
            return self._signs
        except AttributeError:
            flat = [(v > 0) - (v < 0) for v in self.numerators.entries()]
            found = np.array(flat, dtype=np.int8).reshape(self.shape)
            found.flags.writeable = False
            object.__setattr__(self, "_signs", found)
            return found

    def is_zero(self) -> bool:
        """Tell whether every entry is zero."""
        return bool(self.numerators.is_zero())

    def bits(self) -> int:
        """Return the size of the largest numerator or of the denominator, in bits."""
        largest = max((abs(int(v)) for v in self.numerators.entries()), default=0)
        return max(largest.bit_length(), self.denominator.bit_length())

    # ---- arithmetic -------------------------------------------------------------------------

    def __matmul__(self, other: RationalMatrix) -> RationalMatrix:
        if not isinstance(other, RationalMatrix):
            return NotImplemented
        if self.shape[1] != other.shape[0]:
            raise ShapeError(f"cannot multiply matrices of shapes {self.shape} and {other.shape}")
        return RationalMatrix(
            self.numerators * other.numerators, self.denominator * other.denominator
        )

    def __add__(self, other: RationalMatrix) -> RationalMatrix:
        """Return the sum; a matrix of one row is added to every row."""
        return self._combine(other, 1)

    def __sub__(self, other: RationalMatrix) -> RationalMatrix:
        """Return the difference; a matrix of one row is taken from every row."""
        return self._combine(other, -1)

    def _combine(self, other: RationalMatrix, sign: int) -> RationalMatrix:
        if not isinstance(other, RationalMatrix):
            return NotImplemented
        if other.shape != self.shape:
            if other.shape != (1, self.shape[1]):
                raise ShapeError(f"cannot add matrices of shapes {self.shape} and {other.shape}")
            ones = _integers((self.shape[0], 1), [1] * self.shape[0])
            other = RationalMatrix(ones * other.numerators, other.denominator)
        denominator = math.lcm(self.denominator, other.denominator)
        left, right = self.over(denominator), other.over(denominator)
        return RationalMatrix(left + right if sign > 0 else left - right, denominator)

    def __neg__(self) -> RationalMatrix:
        return RationalMatrix(-self.numerators, self.denominator)

    def __mul__(self, factor: Any) -> RationalMatrix:
        """Return the matrix times a rational number."""
        number = as_fraction(factor, "factor")
        return RationalMatrix(
            self.numerators * number.numerator, self.denominator * number.denominator
        )

    __rmul__ = __mul__

    def scale_rows(self, factors: Sequence[Any]) -> RationalMatrix:
        """Return the matrix with each row times its own rational number."""
        if len(factors) != self.shape[0]:
            raise ShapeError(f"{len(factors)} factors for {self.shape[0]} rows")
        numbers = [as_fraction(v, "factor") for v in factors]
        common = math.lcm(*(v.denominator for v in numbers))
        columns, entries = self.shape[1], self.numerators.entries()
        scaled = []
        for i, number in enumerate(numbers):
            factor = flint.fmpz(number.numerator * (common // number.denominator))
            scaled += [v * factor for v in entries[i * columns : (i + 1) * columns]]
        return RationalMatrix(_integers(self.shape, scaled), self.denominator * common)

    def rows(self, indices: Iterable[int]) -> RationalMatrix:
        """Return the rows of these indices, in this order; they may repeat.

        Raises:
            ShapeError: an index out of range; negative ones are.
        """
        columns, entries = self.shape[1], self.numerators.entries()
        chosen = [operator.index(i) for i in indices]
        for i in chosen:
            if not 0 <= i < self.shape[0]:
                raise ShapeError(f"there is no row or column {i} among {self.shape[0]}")
        if chosen == list(range(self.shape[0])):
            return self
        flat = [v for i in chosen for v in entries[i * columns : (i + 1) * columns]]
        return RationalMatrix(_integers((len(chosen), columns), flat), self.denominator)

    def columns(self, indices: Iterable[int]) -> RationalMatrix:
        """Return the columns of these indices, in this order."""
        return self.T.rows(indices).T

    def relu(self, columns: BoolArray | None = None) -> RationalMatrix:
        """Return max(entry, 0) for every entry, or for those of the columns marked alone."""
        zero, entries = flint.fmpz(0), self.numerators.entries()
        if columns is None:
            flat = [v if v > zero else zero for v in entries]
        else:
            marks = columns.tolist() * self.shape[0]
            flat = [v if v > zero or not m else zero for v, m in zip(entries, marks, strict=True)]
        return RationalMatrix(_integers(self.shape, flat), self.denominator)

    def keep_columns(self, columns: BoolArray) -> RationalMatrix:
        """Return the matrix with zeros in the columns that are not marked."""
        zero, marks = flint.fmpz(0), columns.tolist() * self.shape[0]
        entries = self.numerators.entries()
        flat = [v if m else zero for v, m in zip(entries, marks, strict=True)]
        return RationalMatrix(_integers(self.shape, flat), self.denominator)

    def __abs__(self) -> RationalMatrix:
        """Return the absolute values of the entries."""
        flat = [abs(v) for v in self.numerators.entries()]
        return RationalMatrix(_integers(self.shape, flat), self.denominator)

    # ---- linear algebra ---------------------------------------------------------------------

    def rank(self) -> int:
        """Return the rank.

        Example:
            >>> RationalMatrix.of([[1, 2], [2, 4]]).rank()
            1
        """
        return int(self.numerators.rank())

    def kernel(self) -> RationalMatrix:
        """Return a basis of {x : self x = 0}, one vector a row.

        Each vector is integer, without common factor, its first nonzero entry positive.

        Cost: one fraction-free elimination in flint, O(rows · columns · rank) products.

        Example:
            >>> RationalMatrix.of([[1, 2]]).kernel().to_floats().tolist()
            [[2.0, -1.0]]
        """
        basis, nullity = self.numerators.nullspace()
        columns, table = self.shape[1], basis.tolist()
        rows = []
        for j in range(nullity):
            vector = [int(table[i][j]) for i in range(columns)]
            leading = next(v for v in vector if v)
            divisor = math.gcd(*vector) * (1 if leading > 0 else -1)
            rows.append([v // divisor for v in vector])
        flat = [v for row in rows for v in row]
        return RationalMatrix(_integers((int(nullity), columns), flat))

    def solve(self, right: RationalMatrix) -> RationalMatrix | None:
        """Return one exact solution x of self x = right, or None when there is none.

        Args:
            right: `(rows, k)`, one system a column.

        Returns:
            `(columns, k)`; free variables are zero. None where a column has no solution.

        Raises:
            ShapeError: the numbers of rows differ.

        Example:
            >>> RationalMatrix.of([[2, 0], [0, 4]]).solve(RationalMatrix.of([[1], [1]])).T
            RationalMatrix([['1/2', '1/4']])
        """
        if self.shape[0] != right.shape[0]:
            raise ShapeError(f"cannot solve: {self.shape[0]} rows against {right.shape[0]}")
        joint = RationalMatrix.stack_columns([self, right])
        echelon, denominator, rank = joint.numerators.rref()
        table, (_, columns) = echelon.tolist(), self.shape
        solution = [[0] * right.shape[1] for _ in range(columns)]
        for row in table[:rank]:
            pivot = next(j for j, v in enumerate(row) if v != 0)
            if pivot >= columns:
                return None
            solution[pivot] = [int(v) for v in row[columns:]]
        divisor = int(denominator)
        if divisor < 0:
            divisor, solution = -divisor, [[-v for v in row] for row in solution]
        flat = [v for row in solution for v in row]
        return RationalMatrix(_integers((columns, right.shape[1]), flat), divisor).reduced()

    # ---- identity and display ---------------------------------------------------------------

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RationalMatrix):
            return NotImplemented
        if self.shape != other.shape:
            return False
        return bool(self.numerators * other.denominator == other.numerators * self.denominator)

    def __hash__(self) -> int:
        least = self.reduced()
        return hash((least.shape, least.denominator, tuple(map(int, least.numerators.entries()))))

    def __repr__(self) -> str:
        rows, columns = self.shape
        if rows * columns > 36 or self.bits() > _PRINTED_BITS:
            return f"RationalMatrix({rows}x{columns}, {self.bits()} bits)"
        return f"RationalMatrix({[[fraction_text(v) for v in row] for row in self.to_fractions()]})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.shape, list(map(int, self.numerators.entries())), self.denominator)


def _is_row(value: Any) -> bool:
    """Tell a row from an entry."""
    if isinstance(value, np.ndarray):
        return value.ndim > 0
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _rebuild(shape: tuple[int, int], entries: list[int], denominator: int) -> RationalMatrix:
    return RationalMatrix(_integers(shape, entries), denominator)


def _integers(shape: tuple[int, ...], entries: Sequence[Any]) -> flint.fmpz_mat:
    rows, columns = shape
    return (
        flint.fmpz_mat(rows, columns, entries) if rows * columns else flint.fmpz_mat(rows, columns)
    )


def _shifted(mantissas: IntArray, shifts: IntArray) -> flint.fmpz_mat:
    """Return the matrix of mantissas · 2^shifts.

    flint takes machine integers four times faster than larger Python integers, so the matrix is put
    together from limbs of 62 bits as long as there are few.
    """
    shape = mantissas.shape
    sizes = np.frexp(mantissas.astype(np.float64))[1] + shifts
    limbs = max(1, -(-int(sizes.max()) // _LIMB))
    if limbs > 4:
        pairs = zip(mantissas.ravel().tolist(), shifts.ravel().tolist(), strict=True)
        return _integers(shape, [mantissa << shift for mantissa, shift in pairs])
    size, sign = np.abs(mantissas).astype(np.uint64), np.sign(mantissas)

    def part(limb: int) -> flint.fmpz_mat:
        offset = shifts - limb * _LIMB
        left = np.clip(offset, 0, 63).astype(np.uint64)
        right = np.clip(-offset, 0, 63).astype(np.uint64)
        bits = np.where(offset < _LIMB, (size << left >> right) & np.uint64(2**_LIMB - 1), 0)
        return _integers(shape, (bits.astype(np.int64) * sign).ravel().tolist())

    total = part(0)
    for limb in range(1, limbs):
        total = total + part(limb) * (1 << (limb * _LIMB))
    return total


def _nearest_float(numerator: int, denominator: int) -> float:
    try:
        return numerator / denominator  # CPython rounds int / int correctly
    except OverflowError:
        return math.inf if numerator > 0 else -math.inf
