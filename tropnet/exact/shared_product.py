"""Products of matrices whose rows share kernels and patches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, final

import flint
import numpy as np

from tropnet.exact.factors import row_ids
from tropnet.exact.matrix import RationalMatrix
from tropnet.exact.merging import distinct_pairs, merged, require_few
from tropnet.exact.sharing import Sharing

if TYPE_CHECKING:
    from tropnet.typing import AnyArray, IntArray


def product(
    left: tuple[RationalMatrix, Sharing], right: tuple[RationalMatrix, Sharing]
) -> tuple[RationalMatrix, Sharing]:
    """Return the product of two matrices given as kernels and sharing.

    Raises:
        BudgetExceeded: the rows of the product share too little.

    Cost: patches are mapped once; kernels are multiplied once for each way in which patches meet
    the other matrix's kernels.
    """
    return _Product(left, right).result()


@final
class _Product:
    """One product of two shared matrices."""

    def __init__(
        self, left: tuple[RationalMatrix, Sharing], right: tuple[RationalMatrix, Sharing]
    ) -> None:
        self._left_kernel, self._left = left
        self._right_kernel, self._right = right
        used, self._patch_of = np.unique(self._left.patch_of, return_inverse=True)
        places = self._left.patches[used]
        absent = places < 0
        theirs = self._right
        # an index of −1 reads the last entry; `absent` masks what comes of it
        self._kernels = np.where(absent, -1, _read(theirs.kernel_of, places))
        self._patches = np.where(absent, -1, _read(theirs.patch_of, places))

    def result(self) -> tuple[RationalMatrix, Sharing]:
        """Return the product."""
        slots, groups = self._groups()
        count, width = groups.shape[1], self._right.width
        joint = np.concatenate([np.maximum(slots, -1), self._kernels], axis=1)
        way_of, ways = row_ids(joint)
        pairs, kernel_of = distinct_pairs(way_of[self._patch_of.reshape(-1)], self._left.kernel_of)
        patch_ids, distinct = row_ids(groups)
        require_few(max(len(pairs), len(distinct)) * count * width, "the rows of a product")
        kernel = self._multiplied(pairs, ways, count)
        theirs = self._right.patches
        empty = np.full((1, width), -1, dtype=theirs.dtype)
        places = np.concatenate([theirs, empty])[distinct].reshape(len(distinct), count * width)
        return merged(
            kernel, places.astype(np.int64), kernel_of, patch_ids[self._patch_of.reshape(-1)],
            self._right.columns,
        )  # fmt: skip

    def _groups(self) -> tuple[IntArray, IntArray]:
        """Return for each place its slot, and for each patch and slot the right patch."""
        patches = self._patches
        size, width = patches.shape
        whole = np.broadcast_to(np.arange(width), (size, width))
        if self._right.width == 1 or width <= 1:
            return np.where(patches < 0, -1, whole), patches
        if len(self._right.patches) == 1:
            return np.where(patches < 0, -1, 0), np.zeros((size, 1), dtype=np.int64)
        slots = np.full((size, width), -1)
        lists = []
        for row, slot in zip(patches, slots, strict=True):
            names, inverse = np.unique(row[row >= 0], return_inverse=True)
            slot[row >= 0] = inverse.reshape(-1)
            lists.append(names)
        count = max((len(names) for names in lists), default=0)
        groups = np.full((size, count), -1)
        for group, names in zip(groups, lists, strict=True):
            group[: len(names)] = names
        return slots, groups

    def _multiplied(self, pairs: IntArray, ways: AnyArray, count: int) -> RationalMatrix:
        """Return the kernels of the product, one for each (way, left kernel)."""
        left, right = self._left_kernel, self._right_kernel
        width, size = right.shape[1], left.shape[1]
        denominator = left.denominator * right.denominator
        mine, theirs = left.numerators.entries(), right.numerators.entries()
        zero = flint.fmpz(0)
        flat: list[Any] = []
        starts = np.flatnonzero(np.diff(pairs[:, 0], prepend=-1)).tolist()
        for start, end in zip(starts, [*starts, len(pairs)][1:], strict=True):
            way = ways[pairs[start, 0]].tolist()
            slots, kernels = way[:size], way[size:]
            if width == 1 and count == size:
                factors = [theirs[k] if k >= 0 else zero for k in kernels]
                for k in pairs[start:end, 1].tolist():
                    row = mine[k * size : (k + 1) * size]
                    flat += [v * f for v, f in zip(row, factors, strict=True)]
                continue
            spread = [zero] * (size * count * width)
            for j, (slot, k) in enumerate(zip(slots, kernels, strict=True)):
                if slot >= 0:
                    first = (j * count + slot) * width
                    spread[first : first + width] = theirs[k * width : (k + 1) * width]
            chosen = rows_of(left.numerators, pairs[start:end, 1])
            flat += (chosen * flint.fmpz_mat(size, count * width, spread)).entries()
        return RationalMatrix(flint.fmpz_mat(len(pairs), count * width, flat), denominator)


def rows_of(matrix: flint.fmpz_mat, rows: IntArray) -> flint.fmpz_mat:
    """Return these rows of an integer matrix."""
    if np.array_equal(rows, np.arange(matrix.nrows())):
        return matrix
    width, entries = matrix.ncols(), matrix.entries()
    chosen = [v for k in rows.tolist() for v in entries[k * width : (k + 1) * width]]
    return flint.fmpz_mat(len(rows), width, chosen)


def _read(table: IntArray, places: IntArray) -> AnyArray:
    return table[places] if len(table) else np.full(places.shape, -1)
