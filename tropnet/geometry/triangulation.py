"""Cells cut into simplices without new vertices."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from tropnet.geometry.polyhedral_complex import PolyhedralComplex
    from tropnet.typing import IntArray

#: Simplices made at a time.
_SIMPLICES: Final = 1 << 20


def simplices(
    complex_: PolyhedralComplex, cells: IntArray, most: int = _SIMPLICES
) -> Iterator[tuple[IntArray, IntArray]]:
    """Cut bounded cells into simplices, in parts.

    Every face is the union of the pyramids from its vertex of least number over those of its facets
    that do not contain it (a pulling triangulation), so simplices meet face to face.

    Args:
        complex_: the complex.
        cells: `(k,)` bounded cells.
        most: cells are taken together up to so many simplices.

    Yields:
        `(s,)` cells and `(s, n + 1)` the vertices of their simplices.

    Cost: about 0.1 µs a simplex; a cube of dimension d has d! of them.
    """
    n = complex_.n_inputs
    tables = [complex_.faces(k) for k in range(1, n + 1)]
    lowest = [np.arange(len(complex_.generators), dtype=np.int64)]
    for indptr, children in tables:
        lowest.append(np.minimum.reduceat(lowest[-1][children], indptr[:-1]))
    counts = np.ones(len(complex_.generators), np.int64)
    for k, (indptr, children) in enumerate(tables):
        far = lowest[k][children] != np.repeat(lowest[k + 1], np.diff(indptr))
        counts = np.add.reduceat(counts[children] * far, indptr[:-1])
    sizes = counts[cells]
    starts = np.concatenate([[0], np.cumsum([len(p) for p, _ in tables])]).astype(np.int64)
    pools = np.concatenate([[0], np.cumsum([len(i) for _, i in tables])]).astype(np.int64)
    begin = np.concatenate([[0], np.cumsum([len(v) for v in lowest])]).astype(np.int64)
    pointers = np.concatenate([p for p, _ in tables]).astype(np.int64)
    members = np.concatenate([i for _, i in tables]).astype(np.int64)
    least = np.concatenate(lowest)
    ends = np.cumsum(sizes)
    first = 0
    while first < len(cells):
        done = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, done + most, side="right")))
        part = np.ascontiguousarray(cells[first:last], dtype=np.int64)
        found = np.empty((int(ends[last - 1] - done), n + 1), np.int64)
        _compiled()(n, part, starts, pools, begin, pointers, members, least, found)
        yield np.repeat(part, sizes[first:last]), found
        first = last


@cache
def _compiled() -> Any:
    from numba import njit

    return njit(cache=True)(_pull)


def _pull(
    n: int, cells: Any, starts: Any, pools: Any, begin: Any, pointers: Any, members: Any,
    least: Any, found: Any,
) -> None:  # fmt: skip
    """Write the simplices of cells: chains of faces, each without the apex of the one above."""
    face = np.zeros(n + 1, np.int64)  # of each dimension, the one that is being taken apart
    at = np.zeros(n + 1, np.int64)  # its next facet
    row = 0
    for c in range(len(cells)):
        face[n] = cells[c]
        at[n] = pointers[starts[n - 1] + face[n]]
        k = n
        while k <= n:
            if k == 0:
                for j in range(n + 1):
                    found[row, n - j] = least[begin[j] + face[j]]
                row += 1
                k = 1
                continue
            apex = least[begin[k] + face[k]]
            end = pointers[starts[k - 1] + face[k] + 1]
            down = False
            while at[k] < end and not down:
                child = members[pools[k - 1] + at[k]]
                at[k] += 1
                if least[begin[k - 1] + child] != apex:
                    face[k - 1] = child
                    if k > 1:
                        at[k - 1] = pointers[starts[k - 2] + child]
                    down = True
            k += -1 if down else 1
