"""One exact cut of a face lattice whose vertices are integer vectors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tropnet.geometry.face_lattice import FaceLattice


def cut_exactly(lattice: FaceLattice, rows: Any, form: list[int], number: int) -> Any:
    """Cut a lattice along the zero set of a linear form; return the vertices, the new ones last.

    Args:
        lattice: the faces; their words hold the signs of this form afterwards, in bit 0.
        rows: object `(V, n + 1)` integer vectors (x, t) of the vertices.
        form: integers, linear on (x, t).
        number: what carries the new facets.
    """
    heights = rows @ np.array(form, dtype=object)
    mark_exactly(lattice, heights[:, None])
    fresh = mixed(lattice, 0, rows, heights)
    lattice.zeros = True
    cut_marked(lattice, 0, number, np.zeros(len(fresh), np.uint64), np.zeros(len(fresh), np.uint64))
    return np.concatenate([rows, fresh])


def mark_exactly(lattice: FaceLattice, heights: Any) -> None:
    """Set the words of all faces from exact values `(V, width)` of up to 64 units."""
    n = lattice.n_vertices
    lattice.positive[0][:n] = words(heights > 0)
    lattice.negative[0][:n] = words(heights < 0)
    lattice.spread()


def words(bits: Any) -> Any:
    """Return rows of up to 64 truth values as words, the first one lowest."""
    octets = np.packbits(bits.astype(bool), axis=1, bitorder="little")
    padded = np.zeros((len(bits), 8), np.uint8)
    padded[:, : octets.shape[1]] = octets
    return padded.view(np.uint64)[:, 0]


def mixed(lattice: FaceLattice, bit: int, rows: Any, heights: Any) -> Any:
    """Return the points of the edges that a form cuts where it is zero, as primitive integers.

    The columns of `rows` behind (x, t) are integer linear forms on the edges and go along.
    """
    edges = lattice.split_edges(bit)
    if not len(edges):
        return rows[:0]
    begin = lattice.start[1][edges]
    a, b = lattice.pool[1][begin], lattice.pool[1][begin + 1]
    fresh = abs(heights[b])[:, None] * rows[a] + abs(heights[a])[:, None] * rows[b]
    size = lattice.dimension + 1
    for i, row in enumerate(fresh.tolist()):
        divisor = math.gcd(*row[:size])
        if divisor > 1:
            fresh[i] = [v // divisor for v in row]
    return fresh


def cut_marked(lattice: FaceLattice, bit: int, number: int, positive: Any, negative: Any) -> None:
    """Cut along one bit of the words, given the words of the new vertices in order.

    Raises:
        BudgetExceeded: never; the caller counts.
    """
    n = lattice.n_vertices
    lattice.reserve(len(positive))
    lattice.positive[0][n : n + len(positive)] = positive
    lattice.negative[0][n : n + len(positive)] = negative
    lattice.split(bit, bit + 1, number - bit, numeric=False, bounded=False, max_cells=1 << 40)
