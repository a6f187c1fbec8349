"""Linear maps whose entries are exact rationals, stored as compactly as they allow."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.errors import DomainError, ShapeError
from tropnet.exact import RationalMatrix

if TYPE_CHECKING:
    from tropnet.typing import FloatArray


#: A unit in the last place of the largest float64, where numpy's `spacing` overflows.
_LARGEST_UNIT: Final = 2.0**971


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

    @cached_property
    def exact_transpose(self) -> RationalMatrix:
        """The transpose of `exact`, kept because every exact forward pass needs it."""
        return self.exact.T

    @abstractmethod
    def content(self) -> bytes:
        """Bytes that depend on the exact entries and the shape alone, for a digest."""

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

    def content(self) -> bytes:
        """The shape and the little-endian float64 bytes."""
        return b"float64 %d %d " % self.shape + self._values.astype("<f8").tobytes()

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

    def content(self) -> bytes:
        """The shape and the entries as texts, in base 16 since Python limits decimal ones."""
        flat = (v for row in self._exact.to_fractions() for v in row)
        entries = " ".join(f"{v.numerator:x}/{v.denominator:x}" for v in flat)
        return b"rational %d %d " % self.shape + entries.encode()

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


def shared(kernel: Any, patches: Any, kernel_of: Any, patch_of: Any, columns: int) -> Linear:
    """Return the linear map whose rows share kernels and patches.

    Row i is `Σ_j kernel[kernel_of[i], j] · x[patches[patch_of[i], j]]`.

    Args:
        kernel: `(R, J)`: a float array, a RationalMatrix, or rows of rationals.
        patches: `(P, J)` indices of values; −1 adds nothing, repeated ones add up.
        kernel_of: `(r,)` the kernel of each row.
        patch_of: `(r,)` the patch of each row.
        columns: the number of values.
    """
    entries = linear(kernel).exact
    from fractions import Fraction

    fractions = entries.to_fractions()
    rows = [[Fraction(0)] * columns for _ in range(len(kernel_of))]
    for row, k, p in zip(rows, kernel_of, patch_of, strict=True):
        for j, place in enumerate(patches[p]):
            if place >= 0:
                row[place] += fractions[k][j]
    return linear(rows)
