"""Which rows of a matrix share entries and places: the index side of convolutions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

from tropnet.errors import ShapeError

if TYPE_CHECKING:
    from tropnet.typing import AnyArray, BoolArray, FloatArray, IntArray

#: Gathered values held at a time: 2 MiB of float64, since memory fresh from the system is slow.
_GATHERED: Final = 2**18
#: With so many points they are worked off side by side, this many at a time.
_MANY_POINTS: Final = 8
_POINTS: Final = 32
#: More blocks than this, and smaller ones, are worked off row by row.
_MANY_BLOCKS: Final = 256
_LARGEST_INDEX: Final = 2**31 - 2


@final
@dataclass(frozen=True, eq=False, slots=True)
class Tile:
    """All pairs of some patches with some kernels.

    Attributes:
        patches: `(S,)` rows of `Sharing.patches`.
        kernels: `(T,)` kernels.
        places: `(S, T)` where each pair stands among the distinct pairs.
    """

    patches: IntArray
    kernels: IntArray
    places: IntArray


@final
class Sharing:
    """Rows `i` of a matrix, each a kernel laid on a patch of columns.

    Row i has entry `kernel[kernel_of[i], j]` in column `patches[patch_of[i], j]`. A convolution has
    one kernel for each channel and one patch for each position; a dense matrix has one patch.

    Args:
        patches: `(P, J)` columns; −1 stands for none. No patch names a column twice.
        kernel_of: `(r,)`.
        patch_of: `(r,)`.
        columns: the number of columns of the matrix.

    Raises:
        ShapeError: an index out of range, or arrays of the wrong shape.
    """

    def __init__(
        self, patches: IntArray, kernel_of: IntArray, patch_of: IntArray, columns: int
    ) -> None:
        self.patches = _frozen(patches)
        self.kernel_of = _frozen(kernel_of)
        self.patch_of = _frozen(patch_of)
        self.columns = int(columns)
        if self.patches.ndim != 2 or self.kernel_of.ndim != 1:
            raise ShapeError(
                f"patches of shape {self.patches.shape} and kernels of shape "
                f"{self.kernel_of.shape}; give (P, J) and (r,)"
            )
        if self.kernel_of.shape != self.patch_of.shape:
            raise ShapeError(f"{len(self.kernel_of)} kernels for {len(self.patch_of)} patches")
        _require_range(self.patches, -1, self.columns, "a patch")
        _require_range(self.patch_of, 0, len(self.patches), "patch_of")

    def __len__(self) -> int:
        return len(self.kernel_of)

    @property
    def width(self) -> int:
        """The length J of a patch."""
        return int(self.patches.shape[1])

    def take(self, rows: Any) -> Sharing:
        """Return these rows, in this order."""
        chosen = np.asarray(rows, dtype=np.int64)
        return Sharing(self.patches, self.kernel_of[chosen], self.patch_of[chosen], self.columns)

    @property
    def pairs(self) -> tuple[IntArray, IntArray]:
        """The distinct (patch, kernel) pairs, as two arrays."""
        return self._pairs[:2]

    @cached_property
    def _pairs(self) -> tuple[IntArray, IntArray, IntArray]:
        """The distinct (patch, kernel) pairs in this order, and for each row its pair."""
        kernels = int(self.kernel_of.max(initial=-1)) + 1
        codes = self.patch_of.astype(np.int64) * kernels + self.kernel_of
        if (codes[1:] > codes[:-1]).all():  # as for one kernel on all patches: no sorting
            distinct, inverse = codes, np.arange(len(codes))
        else:
            distinct, inverse = np.unique(codes, return_inverse=True)
        return distinct // max(kernels, 1), distinct % max(kernels, 1), inverse.reshape(-1)

    @cached_property
    def row_pairs(self) -> IntArray | None:
        """For each row the place of its pair; None where rows and pairs are the same."""
        inverse = self._pairs[2]
        return None if np.array_equal(inverse, np.arange(len(self))) else inverse

    @property
    def n_pairs(self) -> int:
        """The number of distinct (patch, kernel) pairs."""
        return len(self._pairs[0])

    @cached_property
    def tiles(self) -> tuple[Tile, ...]:
        """The pairs as complete products: patches that meet the same kernels stand together."""
        patch, kernel, _ = self._pairs
        starts = np.flatnonzero(np.append(True, patch[1:] != patch[:-1])[: len(patch)])
        names, counts = patch[starts], np.diff(np.append(starts, len(patch)))
        found = []
        for count in np.unique(counts).tolist():
            chosen = np.flatnonzero(counts == count)
            places = starts[chosen][:, None] + np.arange(count)
            if (kernel[places] == kernel[places[0]]).all():
                found.append(Tile(names[chosen], kernel[places[0]], places))
                continue
            lists, group = np.unique(kernel[places], axis=0, return_inverse=True)
            order = np.argsort(group.reshape(-1), kind="stable")
            ends = np.cumsum(np.bincount(group.reshape(-1), minlength=len(lists)))
            for members, kernels in zip(np.split(order, ends[:-1]), lists, strict=True):
                found.append(Tile(names[chosen[members]], kernels, places[members]))
        return tuple(found)

    @property
    def scattered(self) -> bool:
        """Whether there are so many small tiles that rows are better taken one by one."""
        tiles = self.tiles
        return len(tiles) > _MANY_BLOCKS and self.n_pairs < 16 * len(tiles)

    # ---- float products -----------------------------------------------------------------------

    def apply(self, kernel: AnyArray, values: AnyArray) -> AnyArray:
        """Return values · matrixᵀ in the arithmetic of the arrays.

        Args:
            kernel: `(R, J)` the entries.
            values: `(batch, columns)`.

        Returns:
            `(batch, r)`.

        Cost: the products of the distinct pairs; memory for `2^18` gathered values at a time.
        """
        batch, width = len(values), self.width
        if not width:
            return np.zeros((batch, len(self)), dtype=values.dtype)
        if batch >= _MANY_POINTS and not self.scattered:
            found = np.empty((batch, len(self)), dtype=values.dtype)
            for start in range(0, batch, _POINTS):
                some = slice(start, start + _POINTS)
                found[some] = self._apply_to_columns(kernel, values[some].T).T
            return found
        # a column of zeros at the end is what an index of −1 reads
        padded = np.concatenate([values, np.zeros((batch, 1), dtype=values.dtype)], axis=1)
        pairs = np.empty((batch, self.n_pairs), dtype=values.dtype)
        step = max(1, _GATHERED // max(1, batch * width))
        if self.scattered:
            patch, which, _ = self._pairs
            for start in range(0, len(patch), step):
                part = slice(start, start + step)
                gathered = padded[:, self.patches[patch[part]]]
                pairs[:, part] = np.einsum("bsj,sj->bs", gathered, kernel[which[part]])
        else:
            for tile in self.tiles:
                matrix = kernel[tile.kernels].T
                for start in range(0, len(tile.patches), step):
                    part = slice(start, start + step)
                    gathered = padded[:, self.patches[tile.patches[part]]]
                    pairs[:, tile.places[part]] = gathered @ matrix
        return pairs if self.row_pairs is None else pairs[:, self.row_pairs]

    def _apply_to_columns(self, kernel: AnyArray, columns: AnyArray) -> AnyArray:
        """Return matrix · columns, `(r, batch)`; gathering rows of many points copies memory."""
        padded = np.zeros((len(columns) + 1, columns.shape[1]), dtype=columns.dtype)
        padded[:-1] = columns
        pairs = np.empty((self.n_pairs, columns.shape[1]), dtype=columns.dtype)
        step = max(1, _GATHERED // max(1, columns.shape[1] * self.width))
        for tile in self.tiles:
            matrix = kernel[tile.kernels]
            for start in range(0, len(tile.patches), step):
                part = slice(start, start + step)
                pairs[tile.places[part]] = matrix @ padded[self.patches[tile.patches[part]]]
        return pairs if self.row_pairs is None else pairs[self.row_pairs]

    def pull(self, kernel: FloatArray, path: FloatArray) -> FloatArray:
        """Return path · matrix.

        Args:
            kernel: `(R, J)` the entries.
            path: `(batch, r)`.

        Returns:
            `(batch, columns)`.
        """
        batch, total = len(path), np.zeros((len(path), self.columns + 1))
        sums = self.pair_sums(path)
        step = max(1, _GATHERED // max(1, batch * self.width))
        patch, which, _ = self._pairs
        pieces: list[tuple[IntArray, FloatArray]] = []
        if self.scattered:
            for start in range(0, len(patch), step):
                part = slice(start, start + step)
                pieces.append(
                    (self.patches[patch[part]], sums[:, part, None] * kernel[which[part]])
                )
                _scatter(total, pieces)
        else:
            for tile in self.tiles:
                for start in range(0, len(tile.patches), step):
                    part = slice(start, start + step)
                    share = sums[:, tile.places[part]] @ kernel[tile.kernels]
                    pieces.append((self.patches[tile.patches[part]], share))
                    _scatter(total, pieces)
        return total[:, : self.columns]

    def pair_sums(self, path: FloatArray) -> FloatArray:
        """Return for each distinct pair the sum of its rows' entries of path `(batch, r)`."""
        if self.row_pairs is None:
            return path
        rows = [np.bincount(self.row_pairs, weights=row, minlength=self.n_pairs) for row in path]
        return np.array(rows, dtype=np.float64).reshape(len(path), self.n_pairs)

    def touched(self, present: BoolArray) -> BoolArray:
        """Tell which rows have an entry at a place where the kernel is present.

        Args:
            present: `(R, J)` which entries of the kernels are not zero.
        """
        if present.all():
            return np.asarray((self.patches >= 0).any(axis=1))[self.patch_of]
        ones = np.ones((1, self.columns), dtype=np.float32)
        return np.asarray(self.apply(present.astype(np.float32), ones)[0] > 0)


def _scatter(total: FloatArray, pieces: list[tuple[IntArray, FloatArray]]) -> None:
    while pieces:
        columns, share = pieces.pop()
        flat = np.where(columns < 0, total.shape[1] - 1, columns).reshape(-1)
        for row, part in zip(total, share.reshape(len(total), -1), strict=True):
            row += np.bincount(flat, weights=part, minlength=len(row))


def _frozen(array: Any) -> IntArray:
    indices = np.array(array, order="C")
    if indices.size and indices.dtype.kind not in "iu":
        raise ShapeError(f"indices have dtype {indices.dtype}; give whole numbers")
    if indices.size and max(abs(int(indices.min())), abs(int(indices.max()))) > _LARGEST_INDEX:
        raise ShapeError(f"indices reach {indices.max()}; at most {_LARGEST_INDEX} is possible")
    indices = indices.astype(np.int32)
    indices.flags.writeable = False
    return indices


def _require_range(indices: IntArray, low: int, end: int, what: str) -> None:
    if indices.size and not (indices.min() >= low and indices.max() < end):
        raise ShapeError(
            f"{what} holds indices from {indices.min()} to {indices.max()}; "
            f"{low} to {end - 1} are there"
        )
