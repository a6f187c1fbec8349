"""Merging entries that fall on one column, for matrices whose rows share kernels and patches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import flint
import numpy as np

from tropnet.errors import BudgetExceeded
from tropnet.exact.factors import row_ids
from tropnet.exact.matrix import RationalMatrix
from tropnet.exact.sharing import Sharing

if TYPE_CHECKING:
    from tropnet.typing import IntArray

#: The most entries of kernels, of patches, or of a dense form that one operation may make.
MOST_SHARED: Final = 2**24


def merged(
    kernel: RationalMatrix, places: IntArray, kernel_of: IntArray, patch_of: IntArray, columns: int
) -> tuple[RationalMatrix, Sharing]:
    """Return kernels and sharing with entries added up where a patch names a column twice.

    Args:
        kernel: `(R, J)`.
        places: `(P, J)` columns, −1 for none; they may repeat.
        kernel_of: `(r,)`.
        patch_of: `(r,)`.
        columns: the number of columns.

    Raises:
        BudgetExceeded: patches repeat their columns in too many ways.
    """
    used, patch_of = np.unique(patch_of, return_inverse=True)
    places, patch_of = places[used], patch_of.reshape(-1)
    order = np.argsort(places, axis=1, kind="stable")
    ordered = np.take_along_axis(places, order, axis=1)
    again = np.zeros(places.shape, dtype=np.bool_)
    again[:, 1:] = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)
    if not again.any() and len(places) == 1 and not np.array_equal(ordered, places):
        # one patch: its columns in order, so that dense matrices meet as such
        kernel, places = kernel.columns(order[0].tolist()), ordered
    if not again.any():
        kept = np.flatnonzero((places >= 0).any(axis=0))
        if len(kept) < places.shape[1]:
            kernel, places = kernel.columns(kept.tolist()), places[:, kept]
        return kernel, Sharing(places, kernel_of, patch_of, columns)
    # patches whose columns repeat in the same way take the same changed kernels
    slots = np.cumsum(~again, axis=1) - 1
    target = np.empty_like(slots)
    np.put_along_axis(target, order, slots, axis=1)
    way_of, ways = row_ids(target)
    width = int(slots.max()) + 1
    pairs, kernel_of = distinct_pairs(way_of[patch_of], kernel_of)
    require_few(max(len(pairs), len(places)) * width, "merged kernels")
    entries, old = kernel.numerators.entries(), kernel.shape[1]
    flat: list[Any] = []
    for way, k in pairs.tolist():
        row = [flint.fmpz(0)] * width
        for slot, value in zip(ways[way].tolist(), entries[k * old : (k + 1) * old], strict=True):
            row[slot] += value
        flat += row
    found = np.full((len(places), width), -1)
    np.put_along_axis(found, slots, ordered, axis=1)
    numerators = flint.fmpz_mat(len(pairs), width, flat)
    return (
        RationalMatrix(numerators, kernel.denominator),
        Sharing(found, kernel_of, patch_of, columns),
    )


def distinct_pairs(first: IntArray, second: IntArray) -> tuple[IntArray, IntArray]:
    """Return the distinct pairs `(count, 2)`, and for each place the number of its pair."""
    end = int(second.max(initial=-1)) + 1
    codes, inverse = np.unique(
        first.astype(np.int64) * end + second.astype(np.int64), return_inverse=True
    )
    return np.stack([codes // max(end, 1), codes % max(end, 1)], axis=1), inverse.reshape(-1)


def require_few(entries: int, what: str) -> None:
    """Refuse to make more entries than are bearable.

    Raises:
        BudgetExceeded: more than `MOST_SHARED`.
    """
    if entries > MOST_SHARED:
        raise BudgetExceeded(f"entries of {what}", entries, MOST_SHARED, "a smaller network")
