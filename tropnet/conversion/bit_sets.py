"""Families of finite sets as rows of bits: least ones, hitting sets and covers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tropnet.typing import BoolArray, IntArray


def packed(rows: BoolArray) -> Any:
    """Return truth values `(r, k)` as words `(r, ⌈k/64⌉)`."""
    octets = np.packbits(rows, axis=1, bitorder="little")
    words = np.zeros((len(rows), -(-octets.shape[1] // 8) * 8), np.uint8)
    words[:, : octets.shape[1]] = octets
    return words.view(np.uint64)


def least_sets(rows: BoolArray) -> IntArray:
    """Return the indices of the rows that contain no other one, each set once, in order.

    Args:
        rows: `(r, k)` the sets.

    Cost: O(r²k/64) word operations at worst.

    Example:
        >>> import numpy as np
        >>> from tropnet.conversion.bit_sets import least_sets
        >>> least_sets(np.array([[1, 1, 0], [1, 0, 0], [0, 1, 1], [1, 0, 0]], dtype=bool)).tolist()
        [1, 2]
    """
    words = packed(rows)
    sizes = rows.sum(axis=1)
    kept: list[int] = []
    found = np.empty_like(words)
    for index in np.argsort(sizes, kind="stable").tolist():
        if not (found[: len(kept)] & ~words[index] == 0).all(axis=1).any():
            found[len(kept)] = words[index]
            kept.append(index)
    return np.array(sorted(kept), dtype=np.int64)


def small_hitting_set(elements: IntArray, hits: Any, everything: Any) -> list[int] | None:
    """Return an irredundant choice of elements that together hit everything, or None.

    Greedy: the element that hits most of what is left comes next; in the end, elements that are not
    needed are dropped.

    Args:
        elements: the elements to choose from.
        hits: words `(k, w)`: what each element of the ground set hits.
        everything: words `(w,)`: what must be hit.

    Example:
        >>> import numpy as np
        >>> from tropnet.conversion.bit_sets import packed, small_hitting_set
        >>> hits = packed(np.array([[1, 1, 0], [0, 1, 1], [0, 0, 1]], dtype=bool))
        >>> small_hitting_set(np.arange(3), hits, packed(np.ones((1, 3), dtype=bool))[0])
        [0, 1]
    """
    own = hits[elements]
    left = everything.copy()
    chosen: list[int] = []
    while left.any():
        gains = np.bitwise_count(own & left).sum(axis=1)
        best = int(gains.argmax()) if len(gains) else -1
        if best < 0 or not gains[best]:
            return None
        chosen.append(best)
        left &= ~own[best]
    needed = _irredundant(own, chosen, everything)
    return sorted(int(elements[k]) for k in needed)


def _irredundant(own: Any, chosen: Sequence[int], everything: Any) -> list[int]:
    """Drop, latest first, what the others do without."""
    kept = list(chosen)
    for k in reversed(chosen):
        rest = [other for other in kept if other != k]
        if not (everything & ~np.bitwise_or.reduce(own[rest], axis=0, initial=0)).any():
            kept = rest
    return kept


def irredundant_sets(reach: BoolArray, bound: BoolArray) -> list[list[int]]:
    """Return few small sets, each within a row of `reach`, that keep the certificate.

    Every set meets every row of `bound`, and every row of `reach` contains a set. Taking pieces out
    of a set threatens only the first, taking out sets only the second, so one goes after the other.

    Args:
        reach: `(r, k)` none of which contains another one.
        bound: `(s, k)`; every row meets every row of `reach`.

    Example:
        >>> import numpy as np
        >>> from tropnet.conversion.bit_sets import irredundant_sets
        >>> reach = np.array([[1, 1, 0], [0, 1, 1]], dtype=bool)
        >>> irredundant_sets(reach, np.array([[1, 1, 0], [0, 1, 0]], dtype=bool))
        [[1]]
    """
    bound = bound[least_sets(bound)]
    hits = packed(bound.T)
    everything = packed(np.ones((1, len(bound)), np.bool_))[0]
    small: dict[tuple[int, ...], None] = {}
    for row in reach:
        found = small_hitting_set(np.flatnonzero(row), hits, everything)
        assert found is not None, "the certificate holds for every region"
        small[tuple(found)] = None
    sets = np.zeros((len(small), reach.shape[1]), np.bool_)
    for index, members in enumerate(small):
        sets[index, list(members)] = True
    words, wide = packed(sets), packed(reach)
    within = np.array([((own & ~wide) == 0).all(axis=1) for own in words])
    everything = packed(np.ones((1, len(reach)), np.bool_))[0]
    chosen = small_hitting_set(np.arange(len(sets)), packed(within), everything)
    assert chosen is not None, "each row of reach contains the set made from it"
    return [np.flatnonzero(sets[k]).tolist() for k in chosen]
