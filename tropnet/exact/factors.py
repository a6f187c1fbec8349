"""The canonical way to write the rows of a matrix as kernels on patches."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, final

import numpy as np

if TYPE_CHECKING:
    from tropnet.exact.sharing import Sharing
    from tropnet.typing import AnyArray, BoolArray, IntArray


@final
@dataclass(frozen=True, eq=False, slots=True)
class Factors:
    """The rows of a matrix as vectors of nonzero entries on sets of columns.

    It depends on the matrix alone, however that is stored: a patch is the increasing list of the
    columns in which a row is not zero, a kernel the entries there; both are numbered in the order
    in which rows first show them.

    Attributes:
        kernels: distinct vectors of nonzero entries.
        patches: distinct lists of columns.
        kernel_of: `(r,)`.
        patch_of: `(r,)`.
    """

    kernels: list[AnyArray]
    patches: list[IntArray]
    kernel_of: IntArray
    patch_of: IntArray


def factors(sharing: Sharing, entries: AnyArray, present: BoolArray) -> Factors:
    """Return the canonical factors of a matrix.

    Args:
        sharing: which kernel lies where.
        entries: `(R, J)` float64, or integers in an object array.
        present: `(R, J)` which entries are not zero.

    Cost: the stored entries and indices; patches with kernels that are zero at different places are
    written out.

    Example:
        >>> import numpy as np
        >>> from tropnet.exact.factors import factors
        >>> from tropnet.exact.sharing import Sharing
        >>> where = Sharing(np.array([[2, 0], [-1, 1]]), np.array([0, 0]), np.array([0, 1]), 3)
        >>> found = factors(where, np.array([[5.0, 7.0]]), np.ones((1, 2), bool))
        >>> [k.tolist() for k in found.kernels], [p.tolist() for p in found.patches]
        ([[7.0, 5.0], [7.0]], [[0, 2], [1]])
    """
    patches, kernel_of = sharing.patches.astype(np.int64), sharing.kernel_of
    order = np.argsort(np.where(patches < 0, sharing.columns, patches), axis=1, kind="stable")
    ordered = np.take_along_axis(patches, order, axis=1)
    lengths = (patches >= 0).sum(axis=1)
    way_of, ways = row_ids(np.concatenate([lengths[:, None], order], axis=1))
    kernels = int(kernel_of.max(initial=-1)) + 1
    codes = way_of[sharing.patch_of].astype(np.int64) * kernels + kernel_of
    pairs, pair_of = np.unique(codes, return_inverse=True)
    pair_of = pair_of.reshape(-1)

    vectors, masks = _Ids(), _Ids()
    vector_of, mask_of = np.empty(len(pairs), np.int64), np.empty(len(pairs), np.int64)
    for i, code in enumerate(pairs.tolist()):
        way, k = divmod(code, kernels)
        places = ways[way][1 : 1 + ways[way][0]]
        mask = present[k][places]
        vector = entries[k][places][mask]
        key = tuple(vector.tolist()) if vector.dtype == object else vector.tobytes()
        vector_of[i] = vectors.of(key, vector)
        mask_of[i] = masks.of(mask.tobytes(), mask)

    lists = _Ids()
    count = max(len(masks.items), 1)
    spots, spot_of = np.unique(
        sharing.patch_of.astype(np.int64) * count + mask_of[pair_of], return_inverse=True
    )
    list_of = np.empty(len(spots), np.int64)
    for i, code in enumerate(spots.tolist()):
        patch, mask_id = divmod(code, count)
        columns = ordered[patch][: lengths[patch]][masks.items[mask_id]]
        list_of[i] = lists.of(columns.tobytes(), columns)
    found_kernels, kernel_of = _by_appearance(vector_of[pair_of], vectors.items)
    found_patches, patch_of = _by_appearance(list_of[spot_of.reshape(-1)], lists.items)
    return Factors(found_kernels, found_patches, kernel_of, patch_of)


def row_ids(table: IntArray) -> tuple[IntArray, AnyArray]:
    """Return for each row of an array the number of its value, and the distinct rows."""
    table = np.ascontiguousarray(table)
    if len(table) and (table == table[0]).all():
        return np.zeros(len(table), dtype=np.int64), table[:1]
    known: dict[bytes, int] = {}
    names = np.fromiter(
        (known.setdefault(row.tobytes(), len(known)) for row in table), np.int64, len(table)
    )
    first = np.zeros(len(known), dtype=np.int64)
    first[names[::-1]] = np.arange(len(table))[::-1]
    return names, table[first]


@final
class _Ids:
    """Numbers for distinct things, in the order in which they are met."""

    def __init__(self) -> None:
        self._known: dict[Hashable, int] = {}
        self.items: list[Any] = []

    def of(self, key: Hashable, item: Any) -> int:
        """Return the number of a thing."""
        number = self._known.setdefault(key, len(self.items))
        if number == len(self.items):
            self.items.append(item)
        return number


def _by_appearance(names: IntArray, items: list[Any]) -> tuple[list[Any], IntArray]:
    """Return the items in the order in which `names` first names them, and the new names."""
    used, first, inverse = np.unique(names, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return [items[int(k)] for k in used[order]], rank[inverse.reshape(-1)]
