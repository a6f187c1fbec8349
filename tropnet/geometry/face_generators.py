"""The generators of each face of a complex."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tropnet.geometry.polyhedral_complex import PolyhedralComplex
    from tropnet.typing import IntArray


def face_generators(cells: PolyhedralComplex) -> list[tuple[IntArray, IntArray]]:
    """Return for each dimension 0 … n the generators of its faces, as (indptr, indices).

    Those of face i are `indices[indptr[i] : indptr[i + 1]]`, in ascending order.

    Raises:
        DomainError: some cell contains a line (take `complex.pieces`).
    """
    count = len(cells.generators)
    every = np.arange(count, dtype=np.int64)
    found = [(np.arange(count + 1, dtype=np.int64), every)]
    for k in range(1, cells.n_inputs + 1):
        indptr, children = cells.faces(k)
        owner = np.repeat(np.arange(len(indptr) - 1, dtype=np.int64), np.diff(indptr))
        which, place = spread(*found[-1], children)
        face, generator = np.divmod(np.unique(owner[which] * count + place), count)
        found.append((np.searchsorted(face, np.arange(len(indptr))), generator))
    return found


def require_closed_faces(cells: PolyhedralComplex) -> None:
    """Refuse a complex in which the boundary of some face has a gap.

    An edge has two ends, and in the boundary of a larger face each facet of a facet is in just two.
    """
    for k in range(1, cells.n_inputs + 1):
        indptr, children = cells.faces(k)
        owner = np.repeat(np.arange(len(indptr) - 1, dtype=np.int64), np.diff(indptr))
        if k == 1:
            ends = np.unique(np.column_stack([owner, children]), axis=0)[:, 0]
            closed = len(owner) == len(ends) and (np.bincount(ends) == 2).all()
        else:
            which, ridges = spread(*cells.faces(k - 1), children)
            keys = np.sort(owner[which] * (int(ridges.max()) + 1) + ridges)
            pairs = keys[: len(keys) // 2 * 2].reshape(-1, 2)
            twice = len(keys) % 2 == 0 and (pairs[:, 0] == pairs[:, 1]).all()
            closed = twice and (np.diff(pairs[:, 0]) > 0).all()
        if not closed:
            raise RuntimeError(
                f"the complex is inconsistent: a face of dimension {k} with a gap in its boundary"
            )


def spread(indptr: Any, indices: Any, rows: Any) -> tuple[Any, Any]:
    """Return the entries of some rows one after the other, and which of `rows` each is of."""
    lengths = np.diff(indptr)[rows].astype(np.int64)
    which = np.repeat(np.arange(len(rows)), lengths)
    offset = np.arange(len(which)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return which, indices[indptr[rows][which] + offset]


def generators_outside(
    large: tuple[IntArray, IntArray],
    small: tuple[IntArray, IntArray],
    pairs: tuple[IntArray, IntArray],
    count: int,
) -> IntArray:
    """Return for each pair a generator of the first face that the second one has not.

    Args:
        large: the generators of the faces of one dimension.
        small: those of the faces of the dimension below.
        pairs: faces of both dimensions; the second one is a facet of the first.
        count: the number of generators of the complex.
    """
    faces, facets = pairs
    indptr, members = small
    owner = np.repeat(np.arange(len(indptr) - 1, dtype=np.int64), np.diff(indptr))
    keys = owner * count + members
    sizes = np.diff(large[0])[faces]
    chosen = np.full(len(faces), -1, np.int64)
    waiting = np.arange(len(faces))
    step = 0
    while len(waiting):
        if (sizes[waiting] <= step).any():
            raise RuntimeError("the complex is inconsistent: a face spanned by one of its facets")
        candidate = large[1][large[0][faces[waiting]] + step]
        key = facets[waiting].astype(np.int64) * count + candidate
        place = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
        outside = keys[place] != key
        chosen[waiting[outside]] = candidate[outside]
        waiting = waiting[~outside]
        step += 1
    return chosen
