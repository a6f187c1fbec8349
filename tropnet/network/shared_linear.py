"""Linear maps whose rows share kernels and patches: convolutions, poolings, choices."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.errors import BudgetExceeded, ShapeError
from tropnet.exact import RationalMatrix
from tropnet.exact.shared_matrix import SharedMatrix
from tropnet.exact.sharing import Sharing
from tropnet.network.linear import DenseLinear, Linear, linear

if TYPE_CHECKING:
    from tropnet.typing import AnyArray, BoolArray, FloatArray

#: The most entries of a dense form that a shared map is written out in (256 MiB).
MOST_WRITTEN: Final = 2**25
#: Maps with fewer entries are stored dense, which is faster for all that follows.
_SMALL: Final = 2**12


@final
class SharedLinear(Linear):
    """Row i is `Σ_j kernel[kernel_of[i], j] · x[patches[patch_of[i], j]]`.

    A convolution keeps its few weights and the indices of its windows; nothing of the size of its
    matrix is made unless `values` or `exact` is asked for.

    Args:
        kernel: `(R, J)` as a linear map in its own right.
        sharing: which kernel lies on which patch.

    Example:
        >>> import numpy as np
        >>> from tropnet.exact.sharing import Sharing
        >>> from tropnet.network.linear import linear
        >>> from tropnet.network.shared_linear import SharedLinear
        >>> windows = Sharing(np.array([[0, 1], [1, 2]]), np.array([0, 0]), np.array([0, 1]), 3)
        >>> SharedLinear(linear(np.array([[1.0, -1.0]])), windows).values
        array([[ 1., -1.,  0.],
               [ 0.,  1., -1.]])
    """

    def __init__(self, kernel: Linear, sharing: Sharing) -> None:
        if kernel.shape[1] != sharing.width or kernel.shape[0] <= sharing.kernel_of.max(initial=-1):
            raise ShapeError(
                f"kernels of shape {kernel.shape} for patches of {sharing.width} and "
                f"{sharing.kernel_of.max(initial=-1) + 1} kernels named"
            )
        self.kernel = kernel
        self._sharing = sharing

    @property
    def sharing(self) -> Sharing:
        """Which kernel lies on which patch."""
        return self._sharing

    @property
    def shape(self) -> tuple[int, int]:
        """`(r, k)`."""
        return len(self.sharing), self.sharing.columns

    @property
    def entries(self) -> FloatArray:
        """The kernels' entries as float64, `(R, J)`."""
        return self.kernel.entries

    @property
    def entry_rounding(self) -> FloatArray | None:
        """Upper bounds of |entry − float|, `(R, J)`; None where the floats are exact."""
        return self.kernel.entry_rounding

    @property
    def summands(self) -> int:
        """The most products that one row adds up."""
        return self.sharing.width

    @property
    def products(self) -> int:
        """The products of numbers that applying the map takes."""
        return self.sharing.n_pairs * self.sharing.width

    @cached_property
    def matrix(self) -> SharedMatrix:
        """The entries as rationals."""
        return SharedMatrix(self.kernel.exact, self.sharing)

    @cached_property
    def values(self) -> FloatArray:
        """The dense form as float64.

        Raises:
            BudgetExceeded: too large to be written out.
        """
        return self._written(self.kernel.entries)

    @cached_property
    def rounding(self) -> FloatArray | None:
        """Upper bounds of |entry − values|, dense; None where the floats are exact."""
        bounds = self.kernel.entry_rounding
        return None if bounds is None else self._written(bounds)

    @cached_property
    def exact(self) -> RationalMatrix:
        """The dense form as rationals.

        Raises:
            BudgetExceeded: too large to be written out.
        """
        self._require_room()
        return self.matrix.dense()

    def apply(self, points: FloatArray, entries: FloatArray | None = None) -> FloatArray:
        """Return points · matrixᵀ in floats."""
        kernel = self.kernel.entries if entries is None else entries
        return self.sharing.apply(kernel.astype(points.dtype, copy=False), points)

    def pull(self, path: FloatArray) -> FloatArray:
        """Return path · matrix in floats."""
        return self.sharing.pull(self.kernel.entries, path)

    def apply_exact(self, points: RationalMatrix) -> RationalMatrix:
        """Return points · matrixᵀ in rationals."""
        return self.matrix.apply(points)

    def pull_exact(self, path: RationalMatrix) -> RationalMatrix:
        """Return path · matrix in rationals."""
        return self.matrix.pull(path)

    def reads(self, rows: BoolArray) -> BoolArray:
        """Tell which columns have an entry that is not zero in the marked rows."""
        present = self.kernel.present().astype(np.float64)
        return np.asarray(self.sharing.pull(present, rows[None, :].astype(np.float64))[0] > 0)

    def weighted(self) -> BoolArray:
        """Tell which rows have a weight that is not zero."""
        return self.sharing.touched(self.kernel.present())

    def present(self) -> BoolArray:
        """Tell which entries of the dense form are not zero."""
        return np.asarray(self._written(self.kernel.present().astype(np.float64)) != 0)

    def is_zero(self) -> bool:
        """Tell whether every entry is zero."""
        return not self.weighted().any()

    def count(self) -> int:
        """The number of nonzero weights that are stored; shared ones count once."""
        return self.kernel.count()

    def take(self, rows: Any) -> Linear:
        """Return these rows, in this order."""
        return _compact(self.kernel, self.sharing.take(rows))

    def __neg__(self) -> Linear:
        return SharedLinear(-self.kernel, self.sharing)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by the arguments; what was kept of them is made again."""
        return _rebuilt, (
            self.kernel, self.sharing.patches, self.sharing.kernel_of, self.sharing.patch_of,
            self.sharing.columns,
        )  # fmt: skip

    def _numbers(self) -> tuple[AnyArray, BoolArray]:
        return self.kernel._numbers()

    def _require_room(self) -> None:
        entries = self.shape[0] * self.shape[1]
        if entries > MOST_WRITTEN:
            raise BudgetExceeded(
                f"entries of a convolution written as a matrix of shape {self.shape}",
                entries, MOST_WRITTEN, "a smaller network",
            )  # fmt: skip

    def _written(self, kernel: FloatArray) -> FloatArray:
        self._require_room()
        share = self.sharing
        dense = np.zeros((len(share), share.columns + 1))
        step = max(1, 2**20 // max(share.width, 1))
        for start in range(0, len(share), step):
            part = np.arange(start, min(start + step, len(share)))
            places = share.patches[share.patch_of[part]]
            dense[part[:, None], places] = kernel[share.kernel_of[part]]
        written = np.ascontiguousarray(dense[:, : share.columns])
        written.flags.writeable = False
        return written

    def _written_out(self) -> FloatArray:
        return self._written(self.kernel.entries)


def _rebuilt(
    kernel: Linear, patches: Any, kernel_of: Any, patch_of: Any, columns: int
) -> SharedLinear:
    return SharedLinear(kernel, Sharing(patches, kernel_of, patch_of, columns))


def shared(kernel: Any, patches: Any, kernel_of: Any, patch_of: Any, columns: int) -> Linear:
    """Return the linear map whose rows share kernels and patches.

    Row i is `Σ_j kernel[kernel_of[i], j] · x[patches[patch_of[i], j]]`.

    Args:
        kernel: `(R, J)`: a float array, a RationalMatrix, rows of rationals, or a Linear.
        patches: `(P, J)` indices of values; −1 adds nothing, repeated ones add up.
        kernel_of: `(r,)` the kernel of each row.
        patch_of: `(r,)` the patch of each row.
        columns: the number of values.

    Returns:
        A `SharedLinear`; small maps, and those that share nothing, are stored dense.

    Raises:
        ShapeError: an index out of range, or arrays that do not fit together.
        DomainError: NaN or infinite entries.

    Cost: the entries of the arguments; nothing of size `r · columns` unless that is small.

    Example:
        >>> from tropnet.network.shared_linear import shared
        >>> shared([["1/2", "1/2"]], [[0, 1], [2, -1]], [0, 0], [0, 1], 3).values
        array([[0.5, 0.5, 0. ],
               [0. , 0. , 0.5]])
    """
    entries = linear(kernel, "kernel")
    places = np.asarray(patches, dtype=np.int64)
    if places.ndim != 2 or places.shape[1] != entries.shape[1]:
        raise ShapeError(f"patches of shape {places.shape} for kernels of shape {entries.shape}")
    if places.size and not (places.min() >= -1 and places.max() < columns):
        raise ShapeError(
            f"patches hold indices from {places.min()} to {places.max()}; "
            f"-1 to {columns - 1} are there"
        )
    ordered = np.sort(places, axis=1)
    if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any():
        merged = SharedMatrix.of(entries.exact, places, kernel_of, patch_of, columns)
        return from_matrix(merged)
    return _compact(entries, Sharing(places, kernel_of, patch_of, columns))


def from_matrix(matrix: SharedMatrix) -> Linear:
    """Return the linear map of a shared matrix in its best storage."""
    return _compact(linear(matrix.kernel), matrix.sharing)


def _marked(numbers: AnyArray, count: int) -> AnyArray:
    """Return the distinct numbers below a count, in order."""
    marks = np.zeros(count, dtype=np.bool_)
    marks[numbers] = True
    return np.flatnonzero(marks)


def _compact(kernel: Linear, sharing: Sharing) -> Linear:
    rows, columns = len(sharing), sharing.columns
    used = _marked(sharing.patch_of, len(sharing.patches))
    names = _marked(sharing.kernel_of, kernel.shape[0])
    if len(used) < len(sharing.patches) or len(names) < kernel.shape[0]:
        patch_of = np.searchsorted(used, sharing.patch_of)
        kernel_of = np.searchsorted(names, sharing.kernel_of)
        if len(names) < kernel.shape[0]:
            kernel = kernel.take(names)
        sharing = Sharing(sharing.patches[used], kernel_of, patch_of, columns)
    found = SharedLinear(kernel, sharing)
    stored = kernel.shape[0] * kernel.shape[1] + sharing.patches.size
    if rows * columns <= max(_SMALL, min(stored, MOST_WRITTEN)):
        if isinstance(kernel, DenseLinear):
            return DenseLinear(found.values)
        return linear(found.exact)
    return found
