"""Rational matrices whose rows share kernels and patches: convolutions, choices, scalings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, final

import flint
import numpy as np

from tropnet.errors import ShapeError
from tropnet.exact.factors import Factors, factors
from tropnet.exact.matrix import RationalMatrix
from tropnet.exact.merging import distinct_pairs, merged, require_few
from tropnet.exact.shared_product import product, rows_of
from tropnet.exact.sharing import Sharing

if TYPE_CHECKING:
    pass

#: Gathered integers handed to flint at a time.
_GATHERED: Final = 2**20


@final
class SharedMatrix:
    """A matrix of rationals, row i of it `kernel[kernel_of[i]]` laid on `patches[patch_of[i]]`.

    Dense matrices (one patch), convolutions (a kernel for each channel, a patch for each position),
    choices and scalings of coordinates are all of this kind, and so are their products.

    Args:
        kernel: `(R, J)`.
        sharing: which kernel lies where.

    Raises:
        ShapeError: the kernel does not fit.

    Example:
        >>> from tropnet.exact.matrix import RationalMatrix
        >>> from tropnet.exact.shared_matrix import SharedMatrix
        >>> kernel = RationalMatrix.of([[1, -1]])
        >>> slopes = SharedMatrix.of(kernel, [[0, 1], [1, 2]], [0, 0], [0, 1], 3)
        >>> (slopes @ slopes.choice([2, 1, 0], 3)).dense()
        RationalMatrix([['0', '-1', '1'], ['-1', '1', '0']])
    """

    def __init__(self, kernel: RationalMatrix, sharing: Sharing) -> None:
        if kernel.shape[1] != sharing.width:
            raise ShapeError(f"kernels of {kernel.shape[1]} entries on patches of {sharing.width}")
        if sharing.kernel_of.max(initial=-1) >= kernel.shape[0]:
            raise ShapeError(f"kernel_of goes beyond the {kernel.shape[0]} kernels")
        self.kernel = kernel
        self.sharing = sharing

    # ---- making one ---------------------------------------------------------------------------

    @staticmethod
    def of(
        kernel: RationalMatrix, patches: Any, kernel_of: Any, patch_of: Any, columns: int
    ) -> SharedMatrix:
        """Return the matrix of these kernels on these patches, where a column may come twice."""
        places = np.asarray(patches, dtype=np.int64)
        if places.ndim != 2 or places.shape[1] != kernel.shape[1]:
            raise ShapeError(f"patches of shape {places.shape} for kernels {kernel.shape}")
        if places.size and not (places.min() >= -1 and places.max() < columns):
            raise ShapeError(
                f"a patch holds indices from {places.min()} to {places.max()}; "
                f"-1 to {columns - 1} are there"
            )
        kernel_of = np.asarray(kernel_of, dtype=np.int64).reshape(-1)
        patch_of = np.asarray(patch_of, dtype=np.int64).reshape(-1)
        return SharedMatrix(*merged(kernel, places, kernel_of, patch_of, columns))

    @staticmethod
    def from_dense(matrix: RationalMatrix) -> SharedMatrix:
        """Return a dense matrix: one patch of all columns."""
        rows, columns = matrix.shape
        return SharedMatrix(
            matrix,
            Sharing(
                np.arange(columns)[None, :], np.arange(rows), np.zeros(rows, np.int32), columns
            ),
        )

    @staticmethod
    def choice(columns_of: Any, columns: int) -> SharedMatrix:
        """Return the matrix whose row i is the unit vector of column `columns_of[i]`; −1: zero."""
        chosen = np.asarray(columns_of, dtype=np.int64).reshape(-1, 1)
        size = len(chosen)
        return SharedMatrix(
            RationalMatrix.of([[1]]),
            Sharing(chosen, np.zeros(size, np.int32), np.arange(size), columns),
        )

    @staticmethod
    def identity(size: int) -> SharedMatrix:
        """Return the identity matrix."""
        return SharedMatrix.choice(np.arange(size), size)

    @staticmethod
    def selection(
        rows: int, columns: int, entries: Iterable[tuple[int, int, Fraction]]
    ) -> SharedMatrix:
        """Return the matrix with these (row, column, value) entries, at most one a row."""
        place, scale = np.full((rows, 1), -1), np.zeros(rows, dtype=np.int64)
        known: dict[Fraction, int] = {Fraction(0): 0}
        for row, column, value in entries:
            place[row, 0] = column
            scale[row] = known.setdefault(value, len(known))
        return SharedMatrix(
            RationalMatrix.from_rows([[v] for v in known]),
            Sharing(place, scale, np.arange(rows), columns),
        )

    # ---- looking at it ------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, int]:
        """`(r, columns)`."""
        return len(self.sharing), self.sharing.columns

    def dense(self) -> RationalMatrix:
        """Return the matrix with all its entries.

        Raises:
            BudgetExceeded: more than 2^24 entries.
        """
        rows, columns = self.shape
        share = self.sharing
        if len(share.patches) == 1 and np.array_equal(share.patches[0], np.arange(columns)):
            return self.kernel.rows(share.kernel_of.tolist())
        require_few(rows * columns, "a dense matrix")
        entries = self.kernel.numerators.entries()
        width = share.width
        matrix = [flint.fmpz(0)] * (rows * columns)
        for i, (k, p) in enumerate(zip(share.kernel_of, share.patch_of, strict=True)):
            for j, column in enumerate(share.patches[p].tolist()):
                if column >= 0:
                    matrix[i * columns + column] = entries[int(k) * width + j]
        return RationalMatrix(flint.fmpz_mat(rows, columns, matrix), self.kernel.denominator)

    def is_zero(self) -> bool:
        """Tell whether every entry is zero."""
        if self.kernel.is_zero() or not len(self.sharing):
            return True
        share = self.sharing
        if len(np.unique(share.kernel_of)) == self.kernel.shape[0] and (share.patches >= 0).all():
            return False  # every kernel is laid somewhere, whole
        return not share.touched(self._present).any()

    def nonzero_columns(self) -> list[int]:
        """Return the columns with an entry that is not zero, in increasing order."""
        ones = np.ones((1, len(self.sharing)))
        hits = self.sharing.pull(self._present.astype(np.float64), ones)[0]
        return [int(c) for c in np.flatnonzero(hits)]

    @cached_property
    def _present(self) -> Any:
        return self.kernel.signs() != 0

    # ---- arithmetic ---------------------------------------------------------------------------

    def take(self, rows: Any) -> SharedMatrix:
        """Return these rows, in this order."""
        return SharedMatrix(self.kernel, self.sharing.take(rows))

    def __neg__(self) -> SharedMatrix:
        return SharedMatrix(-self.kernel, self.sharing)

    def __abs__(self) -> SharedMatrix:
        return SharedMatrix(abs(self.kernel), self.sharing)

    def scale_rows(self, factors: Sequence[Fraction]) -> SharedMatrix:
        """Return the matrix with each row times its own rational number."""
        if all(f == 1 for f in factors):
            return self
        known: dict[tuple[int, Fraction], int] = {}
        rows = zip(self.sharing.kernel_of.tolist(), factors, strict=True)
        kernel_of = [known.setdefault(pair, len(known)) for pair in rows]
        require_few(len(known) * self.sharing.width, "scaled kernels")
        scaled = self.kernel.rows([k for k, _ in known]).scale_rows([f for _, f in known])
        share = self.sharing
        return SharedMatrix(
            scaled, Sharing(share.patches, np.array(kernel_of), share.patch_of, share.columns)
        )

    def __add__(self, other: SharedMatrix) -> SharedMatrix:
        """Return the sum.

        Raises:
            ShapeError: different shapes.
            BudgetExceeded: the rows of the sum share too little.
        """
        if self.shape != other.shape:
            raise ShapeError(f"cannot add matrices of shapes {self.shape} and {other.shape}")
        mine, theirs = self.sharing, other.sharing
        patches, patch_of = distinct_pairs(mine.patch_of, theirs.patch_of)
        kernels, kernel_of = distinct_pairs(mine.kernel_of, theirs.kernel_of)
        same = mine.width == theirs.width and np.array_equal(
            mine.patches[patches[:, 0]], theirs.patches[patches[:, 1]]
        )
        width = mine.width if same else mine.width + theirs.width
        require_few(max(len(patches), len(kernels)) * width, "the rows of a sum")
        left = self.kernel.rows(kernels[:, 0].tolist())
        right = other.kernel.rows(kernels[:, 1].tolist())
        if same:
            places = mine.patches[patches[:, 0]]
            return SharedMatrix(left + right, Sharing(places, kernel_of, patch_of, mine.columns))
        places = np.concatenate(
            [mine.patches[patches[:, 0]], theirs.patches[patches[:, 1]]], axis=1
        )
        both = RationalMatrix.stack_columns([left, right])
        return SharedMatrix(*merged(both, places, kernel_of, patch_of, mine.columns))

    def __sub__(self, other: SharedMatrix) -> SharedMatrix:
        return self + -other

    def __matmul__(self, other: SharedMatrix) -> SharedMatrix:
        """Return the product.

        Raises:
            ShapeError: the shapes do not fit.
            BudgetExceeded: the rows of the product share too little.

        Cost: patches are mapped once; kernels are multiplied once for each way in which patches
        meet the other matrix's kernels.
        """
        if self.shape[1] != other.shape[0]:
            raise ShapeError(f"cannot multiply matrices of shapes {self.shape} and {other.shape}")
        mine, theirs = self.sharing, other.sharing
        unit = RationalMatrix.identity(1)
        if mine.width == 1 and self.kernel == unit:
            chosen = mine.patches[mine.patch_of, 0]
            if not len(chosen) or chosen.min() >= 0:
                return other.take(chosen)
        if theirs.width == 1 and other.kernel == unit:
            # the last place of the table is what an index of −1 reads
            table = np.append(theirs.patches[theirs.patch_of, 0], -1).astype(np.int64)
            changed = merged(
                self.kernel, table[mine.patches], mine.kernel_of, mine.patch_of, theirs.columns
            )
            return SharedMatrix(*changed)
        return SharedMatrix(*product((self.kernel, mine), (other.kernel, theirs)))

    def apply(self, points: RationalMatrix) -> RationalMatrix:
        """Return points · matrixᵀ, `(batch, r)` from `(batch, columns)`.

        Cost: a flint product of the gathered patches and the kernels, for each tile.
        """
        share, width, batch = self.sharing, self.sharing.width, points.shape[0]
        denominator = points.denominator * self.kernel.denominator
        if points.shape[1] != share.columns:
            raise ShapeError(f"points of {points.shape[1]} coordinates for {share.columns} columns")
        nothing = flint.fmpz(0)
        if not width:
            return RationalMatrix.zeros(batch, len(share))
        entries, columns = points.numerators.entries(), share.columns
        rows = [[*entries[b * columns : (b + 1) * columns], nothing] for b in range(batch)]
        results = []
        kernels = self.kernel.numerators
        for row in rows:
            pairs: Any = np.empty(share.n_pairs, dtype=object)
            if share.scattered or width == 1:
                self._apply_by_rows(row, pairs)
            else:
                for tile in share.tiles:
                    matrix = rows_of(kernels, tile.kernels).transpose()
                    step = max(1, _GATHERED // width)
                    for start in range(0, len(tile.patches), step):
                        part = slice(start, start + step)
                        places = share.patches[tile.patches[part]]
                        gathered = [row[c] for c in places.reshape(-1).tolist()]
                        product = flint.fmpz_mat(len(places), width, gathered) * matrix
                        pairs[tile.places[part].reshape(-1)] = product.entries()
            found = pairs if share.row_pairs is None else pairs[share.row_pairs]
            results += found.tolist()
        return RationalMatrix(flint.fmpz_mat(batch, len(share), results), denominator)

    def _apply_by_rows(self, row: list[Any], pairs: Any) -> None:
        share, width = self.sharing, self.sharing.width
        entries = self.kernel.numerators.entries()
        patch, which = share.pairs
        if width == 1:
            places = share.patches[patch, 0].tolist()
            pairs[:] = [row[c] * entries[k] for c, k in zip(places, which.tolist(), strict=True)]
            return
        for i, (p, k) in enumerate(zip(patch.tolist(), which.tolist(), strict=True)):
            kernel = entries[k * width : (k + 1) * width]
            places = share.patches[p].tolist()
            pairs[i] = sum((row[c] * v for c, v in zip(places, kernel, strict=True)), flint.fmpz(0))

    def pull(self, path: RationalMatrix) -> RationalMatrix:
        """Return path · matrix, `(batch, columns)` from `(batch, r)`."""
        share, width, batch = self.sharing, self.sharing.width, path.shape[0]
        denominator = path.denominator * self.kernel.denominator
        entries = self.kernel.numerators
        patch, which = share.pairs
        results: list[Any] = []
        flat, rows = path.numerators.entries(), len(share)
        of_row = share.row_pairs.tolist() if share.row_pairs is not None else range(rows)
        for b in range(batch):
            sums: Any = np.full(share.n_pairs, flint.fmpz(0), dtype=object)
            for pair, value in zip(of_row, flat[b * rows : (b + 1) * rows], strict=True):
                if value != 0:
                    sums[pair] += value
            total = [flint.fmpz(0)] * (share.columns + 1)
            if share.scattered:
                table = entries.entries()
                for pair in np.flatnonzero(sums).tolist():
                    value, k = sums[pair], int(which[pair])
                    kernel = table[k * width : (k + 1) * width]
                    for c, v in zip(share.patches[patch[pair]].tolist(), kernel, strict=True):
                        total[c] += value * v
            else:
                for tile in share.tiles:
                    block = sums[tile.places]
                    alive = np.flatnonzero((block != 0).any(axis=1))
                    if not len(alive):
                        continue
                    left = flint.fmpz_mat(
                        len(alive), len(tile.kernels), block[alive].reshape(-1).tolist()
                    )
                    product = (left * rows_of(entries, tile.kernels)).entries()
                    places = share.patches[tile.patches[alive]].reshape(-1).tolist()
                    for c, v in zip(places, product, strict=True):
                        total[c] += v
            results += total[: share.columns]
        return RationalMatrix(flint.fmpz_mat(batch, share.columns, results), denominator)

    def factors(self) -> Factors:
        """Return the numerators over the kernel's denominator, factored canonically."""
        entries = np.empty(self.kernel.shape, dtype=object)
        flat = list(map(int, self.kernel.numerators.entries()))
        entries.reshape(-1)[:] = flat
        return factors(self.sharing, entries, entries != 0)
