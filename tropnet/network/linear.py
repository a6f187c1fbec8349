"""Linear maps whose entries are exact rationals, stored as compactly as they allow."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.errors import DomainError, ShapeError
from tropnet.exact import RationalMatrix
from tropnet.exact.factors import factors
from tropnet.exact.shared_matrix import SharedMatrix
from tropnet.exact.sharing import Sharing

if TYPE_CHECKING:
    from tropnet.typing import AnyArray, BoolArray, FloatArray


#: Matrices of at most so many floats, or rationals, are written out in a digest.
_WRITTEN: Final = 2**22
_WRITTEN_RATIONALS: Final = 2**16
#: A unit in the last place of the largest float64, where numpy's `spacing` overflows.
_LARGEST_UNIT: Final = 2.0**971
_LARGEST: Final = Fraction((2 - 2.0**-52) * 2.0**1023)


class Linear(ABC):
    """A linear map R^k → R^r with rational entries.

    Subclasses differ in storage alone. Engines use the float64 face (`values`, `rounding`) to
    search and the rational face (`exact`) to decide.
    """

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int]:
        """`(r, k)`."""

    @property
    @abstractmethod
    def values(self) -> FloatArray:
        """The entries as float64, nearest where they are not representable; `(r, k)`, read-only."""

    @property
    @abstractmethod
    def rounding(self) -> FloatArray | None:
        """Upper bounds of |entry − values|, `(r, k)`; None where the floats are exact."""

    @property
    @abstractmethod
    def exact(self) -> RationalMatrix:
        """The entries as rationals, `(r, k)`."""

    # ---- products, in whatever storage --------------------------------------------------------

    @property
    def entries(self) -> FloatArray:
        """The floats that are stored, in an array of the storage's own shape; read-only."""
        return self.values

    @property
    def entry_rounding(self) -> FloatArray | None:
        """Upper bounds of |entry − float|, as `entries`; None where the floats are exact."""
        return self.rounding

    @property
    def summands(self) -> int:
        """The most products that one row adds up."""
        return self.shape[1]

    @property
    def products(self) -> int:
        """The products of numbers that applying the map takes."""
        return self.shape[0] * self.shape[1]

    @cached_property
    def matrix(self) -> SharedMatrix:
        """The entries as rationals, rows sharing what they share in storage."""
        return SharedMatrix.from_dense(self.exact)

    def apply(self, points: FloatArray, entries: FloatArray | None = None) -> FloatArray:
        """Return points · matrixᵀ in the arithmetic of the points.

        Args:
            points: `(batch, k)`.
            entries: other entries of the same storage, such as absolute values.

        Returns:
            `(batch, r)`.
        """
        used = self.values if entries is None else entries
        return np.asarray(points @ used.astype(points.dtype, copy=False).T)

    def pull(self, path: FloatArray) -> FloatArray:
        """Return path · matrix in floats, `(batch, k)` from `(batch, r)`."""
        return np.asarray(path @ self.values)

    @cached_property
    def _exact_transpose(self) -> RationalMatrix:
        return self.exact.T

    def apply_exact(self, points: RationalMatrix) -> RationalMatrix:
        """Return points · matrixᵀ in rationals, `(batch, r)` from `(batch, k)`."""
        return points @ self._exact_transpose

    def pull_exact(self, path: RationalMatrix) -> RationalMatrix:
        """Return path · matrix in rationals, `(batch, k)` from `(batch, r)`."""
        return path @ self.exact

    def present(self) -> BoolArray:
        """Tell which entries are not zero, `(r, k)`."""
        if self.rounding is not None:  # a float that is zero may stand for a tiny rational
            return np.asarray(self.exact.signs() != 0)
        # by the bits, lest a subnormal number compare equal to zero (torch.set_flush_denormal)
        return np.asarray(np.ascontiguousarray(self.values).view(np.int64) != 0)

    def reads(self, rows: BoolArray) -> BoolArray:
        """Tell which columns have an entry that is not zero in the marked rows, `(k,)`."""
        return np.asarray(self.present()[rows].any(axis=0))

    def weighted(self) -> BoolArray:
        """Tell which rows have an entry that is not zero, `(r,)`."""
        return np.asarray(self.present().any(axis=1))

    def is_zero(self) -> bool:
        """Tell whether every entry is zero."""
        return not self.present().any()

    def count(self) -> int:
        """The number of nonzero entries that are stored; shared ones count once."""
        return int(np.count_nonzero(self.present()))

    def content(self) -> bytes:
        """Bytes that depend on the exact entries and the shape alone, for a digest.

        Matrices of few entries are written out; larger ones by their canonical `factors`, so that
        a convolution never is. Which it is depends on the shape and the entries, not the storage.
        """
        size = self.shape[0] * self.shape[1]
        if self.entry_rounding is None and size <= _WRITTEN:
            return b"float64 %d %d " % self.shape + self._written_out().astype("<f8").tobytes()
        if self.entry_rounding is not None and size <= _WRITTEN_RATIONALS:
            least = linear(self.exact)
            if least.rounding is None:
                return least.content()
            flat = (v for row in least.exact.to_fractions() for v in row)
            # in base 16, since Python limits decimal texts
            entries = " ".join(f"{v.numerator:x}/{v.denominator:x}" for v in flat)
            return b"rational %d %d " % self.shape + entries.encode()
        found = factors(self.sharing, *self._numbers())
        vectors = [_vector_content(vector) for vector in found.kernels]
        if size <= _WRITTEN and all(b"float64" in text for text in vectors):
            return linear(self.exact).content()  # rationals in storage, floats in the rows
        parts = [b"factors %d %d of %d kernels on %d patches " % (
            *self.shape, len(found.kernels), len(found.patches)), *vectors]  # fmt: skip
        for patch in found.patches:
            parts += [b"%d: " % len(patch), patch.astype("<i8").tobytes()]
        parts += [found.kernel_of.astype("<i8").tobytes(), found.patch_of.astype("<i8").tobytes()]
        return b"".join(parts)

    def _written_out(self) -> FloatArray:
        return self.values

    def _numbers(self) -> tuple[AnyArray, BoolArray]:
        """Return the stored entries, exact, and which of them are not zero."""
        if self.rounding is None:
            return self.values, self.present()
        exact = np.empty(self.shape, dtype=object)
        exact.reshape(-1)[:] = [v for row in self.exact.to_fractions() for v in row]
        return exact, np.asarray(exact != 0)

    @cached_property
    def sharing(self) -> Sharing:
        """Which stored kernel lies on which columns."""
        rows, columns = self.shape
        return Sharing(
            np.arange(columns)[None, :], np.arange(rows), np.zeros(rows, np.int32), columns
        )

    def take(self, rows: Any) -> Linear:
        """Return the map followed by a choice of coordinates: these rows, in this order."""
        return linear(self.values[np.asarray(rows, dtype=np.int64)])

    def __neg__(self) -> Linear:
        return linear(-self.exact)


@final
class DenseLinear(Linear):
    """A dense matrix of float64, each entry standing for its exact dyadic value.

    Example:
        >>> import numpy as np
        >>> from tropnet.network.linear import DenseLinear
        >>> DenseLinear(np.eye(2)).exact.to_floats().tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(self, values: FloatArray) -> None:
        array = np.array(values, dtype=np.float64, order="C")
        # -0.0 becomes 0.0: one number, one digest; by its bits, lest a subnormal number compare
        # equal to zero (torch.set_flush_denormal)
        bits = array.view(np.int64)
        bits[bits == np.iinfo(np.int64).min] = 0
        array.flags.writeable = False
        self._values = array

    @property
    def shape(self) -> tuple[int, int]:
        """`(r, k)`."""
        rows, columns = self._values.shape
        return int(rows), int(columns)

    @property
    def values(self) -> FloatArray:
        """The entries; exact."""
        return self._values

    @property
    def rounding(self) -> None:
        """None: the floats are exact."""
        return None

    @cached_property
    def exact(self) -> RationalMatrix:
        """The entries as rationals over one power of two."""
        return RationalMatrix.from_floats(self._values)

    def __neg__(self) -> Linear:
        return DenseLinear(-self._values)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by the argument; a pickled array would come back writeable."""
        return DenseLinear, (self._values,)


@final
class RationalLinear(Linear):
    """A dense matrix of rationals of which some are no float64 (an average has 1/9)."""

    def __init__(self, entries: RationalMatrix) -> None:
        self._exact = entries.reduced()

    @property
    def shape(self) -> tuple[int, int]:
        """`(r, k)`."""
        return self._exact.shape

    @cached_property
    def values(self) -> FloatArray:
        """The entries rounded to the nearest float64."""
        array = self._exact.to_floats()
        array.flags.writeable = False
        return array

    @cached_property
    def rounding(self) -> FloatArray:
        """Half a unit in the last place of each entry, rounded up."""
        with np.errstate(invalid="ignore", over="ignore"):
            units = np.minimum(np.spacing(np.abs(self.values)), _LARGEST_UNIT)
        bounds = np.where(np.isfinite(self.values), units, np.inf)
        bounds.flags.writeable = False
        return bounds

    @property
    def exact(self) -> RationalMatrix:
        """The entries."""
        return self._exact

    def take(self, rows: Any) -> Linear:
        """Return these rows, in this order."""
        return linear(self._exact.rows(int(i) for i in np.asarray(rows)))

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by the argument; what was kept of it is made again."""
        return RationalLinear, (self._exact,)


def linear(entries: Any, name: str = "weights") -> Linear:
    """Return the linear map of these entries in its canonical storage.

    Args:
        entries: `(r, k)`: a float array, a RationalMatrix, or rows of rationals.
        name: how an error message calls the matrix.

    Returns:
        A `DenseLinear` where every entry is a float64, else a `RationalLinear`; so equal matrices
        have equal content.

    Raises:
        DomainError: NaN or infinity.
        ShapeError: not two-dimensional.

    Example:
        >>> from tropnet.network.linear import linear
        >>> type(linear([["1/3"]])).__name__, type(linear([["1/4"]])).__name__
        ('RationalLinear', 'DenseLinear')
    """
    if isinstance(entries, Linear):
        return entries
    if hasattr(entries, "__array__"):  # a tensor
        entries = np.asarray(entries)
    if isinstance(entries, np.ndarray) and np.issubdtype(entries.dtype, np.floating):
        if entries.ndim != 2:
            raise ShapeError(f"{name} has {entries.ndim} dimensions; a matrix has two")
        if entries.dtype.itemsize > 8:
            raise DomainError(f"{name} has dtype {entries.dtype}; convert to float64 first")
        if not np.isfinite(entries).all():
            row, column = np.argwhere(~np.isfinite(entries))[0]
            raise DomainError(
                f"{name}[{row}, {column}] is {entries[row, column]}; the training may have diverged"
            )
        return DenseLinear(entries)
    matrix = RationalMatrix.of(entries, name)
    floats = matrix.to_floats()
    if np.isfinite(floats).all() and RationalMatrix.from_floats(floats) == matrix:
        return DenseLinear(floats)
    return RationalLinear(matrix)


def _vector_content(vector: AnyArray) -> bytes:
    """Return bytes for exact numbers: those of floats where all are floats, texts elsewhere."""
    if vector.dtype != object:
        return b"float64 %d " % len(vector) + vector.astype("<f8").tobytes()
    floats = [float(v) if abs(v) <= _LARGEST else math.inf for v in vector]
    if all(math.isfinite(f) and Fraction(f) == v for f, v in zip(floats, vector, strict=True)):
        return b"float64 %d " % len(vector) + np.array(floats, dtype="<f8").tobytes()
    entries = " ".join(f"{v.numerator:x}/{v.denominator:x}" for v in vector)
    return b"rational %d %s " % (len(vector), entries.encode())
