"""Complexes on domains without vertices: the walls that made their cells pointed, taken out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tropnet.geometry.exact_values import ExactValues
from tropnet.geometry.linear_region import connected
from tropnet.geometry.start import INEQUALITY, INFINITY

if TYPE_CHECKING:
    from tropnet.geometry.polyhedral_complex import PolyhedralComplex

#: The `facet_unit` of facets that part nothing but the pieces of a cell.
WALL_UNIT: Final = -(2**31)


def without_walls(pieces: PolyhedralComplex) -> PolyhedralComplex:
    """Return the complex whose cells are the unions of pieces across walls.

    Args:
        pieces: a complex made in integers from a start with walls.
    """
    wall = pieces.facet_unit == WALL_UNIT
    cells = connected(len(pieces.words[0]), pieces.facet_cells[wall])
    first = np.unique(cells, return_index=True)[1]
    owners = pieces.facet_cells[~wall]
    owners = np.where(owners >= 0, cells[owners], -1)
    # a facet that walls cut has one row a part
    rows = np.unique(np.column_stack([owners, pieces.facet_unit[~wall]]), axis=0)
    return replace(
        pieces,
        words=tuple(words[first] for words in pieces.words),
        facet_cells=rows[:, :2].astype(np.int32),
        facet_unit=rows[:, 2].astype(np.int32),
        f_vector=_true_faces(pieces),
        parts=(pieces, cells),
    )


def _true_faces(pieces: PolyhedralComplex) -> tuple[int, ...]:
    """Count faces, where parts of one face have the same signs of all units and inequalities.

    The relatively open faces of the complex of a network are the sets of points of equal signs, and
    the largest part tells the dimension of a face.
    """
    record, start = pieces.record, pieces.start
    assert record is not None, "only face lattices have walls"
    assert start is not None, "only face lattices have walls"
    rows: Any = record.rows
    values = ExactValues(pieces.circuit).all(rows, len(pieces.circuit.blocks))
    kept = [k for k, row in enumerate(start.constraints) if _asked(start.kinds[k])]
    forms: Any = np.array([start.constraints[k] for k in kept], dtype=object)
    forms = forms.reshape(len(kept), -1)
    heights: Any = np.concatenate([rows @ forms.T, *values], axis=1)[:, : len(kept) + pieces.n_done]
    positive: Any = heights > 0
    negative: Any = heights < 0
    largest: dict[bytes, int] = {}
    _note(largest, positive, negative, rows[:, -1] > 0, 0)
    for k in range(1, pieces.n_inputs + 1):
        indptr, children = pieces.faces(k)
        positive = np.logical_or.reduceat(positive[children], indptr[:-1], axis=0)
        negative = np.logical_or.reduceat(negative[children], indptr[:-1], axis=0)
        finite = positive[:, kept.index(start.kinds.index(INFINITY))]
        _note(largest, positive, negative, finite, k)
    counts = np.bincount(list(largest.values()), minlength=pieces.n_inputs + 1)
    return tuple(counts.tolist())


def _asked(kind: int) -> bool:
    return kind in (INEQUALITY, INFINITY)


def _note(
    largest: dict[bytes, int], positive: Any, negative: Any, finite: Any, dimension: int
) -> None:
    packed = np.packbits(np.concatenate([positive, negative], axis=1).astype(bool), axis=1)
    for row in packed[finite.astype(bool)]:
        largest[row.tobytes()] = dimension
