"""Proofs of cells must not accept a lattice that was spoiled on purpose."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tropnet import Box, Network
from tropnet.geometry import enumerate_cells
from tropnet.geometry.circuit import Circuit
from tropnet.geometry.face_lattice import NotSimple
from tropnet.geometry.float_certificate import cells_of_vertices, doubtful_vertices
from tropnet.geometry.settle import signs_hold
from tropnet.geometry.start import Start
from tropnet.geometry.subdivision import Subdivision, subdivide


def generic(n: int, seed: int) -> Network:
    rng = np.random.default_rng(seed)
    sizes = [n, 6, 5, 1]
    weights = [rng.normal(size=(b, a)) for a, b in pairwise(sizes)]
    return Network.from_dense(weights, [rng.normal(size=len(w)) / 2 for w in weights])


def made(n: int, seed: int) -> tuple[Circuit, Start, Subdivision]:
    circuit = Circuit.of(generic(n, seed))
    start = Start.of(circuit, Box.cube(n, -1, 1))
    return circuit, start, subdivide(circuit, start, 10_000)


def accepted(circuit: Circuit, start: Start, record: Subdivision) -> bool:
    """Tell whether the second proof and integers at what it leaves open say yes."""
    every = np.arange(record.lattice.n_vertices)
    try:
        doubt = doubtful_vertices(circuit, start, record, every)
    except NotSimple:
        return False
    return len(doubt) == 0 or signs_hold(circuit, start, record, doubt)


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_what_was_not_spoiled_is_accepted(n: int, seed: int) -> None:
    assert accepted(*made(n, seed))


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_a_wrong_sign_on_a_cell_is_found(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    circuit, start, record = made(n, seed)
    owner = cells_of_vertices(record.lattice)
    carried = record.lattice.support[: len(owner)] - start.n_constraints
    for v in rng.choice(len(owner), 8):
        # a sign that the vertex shows: units that carry it have none there
        cell, unit = owner[v], rng.choice(np.setdiff1d(np.arange(6), carried[v]))
        bit = np.uint64(1) << np.uint64(unit)
        record.positive[cell, 0] ^= bit
        record.negative[cell, 0] ^= bit
        assert not accepted(circuit, start, record)
        record.positive[cell, 0] ^= bit
        record.negative[cell, 0] ^= bit
    assert accepted(circuit, start, record)


@pytest.mark.parametrize("n", [2, 3])
def test_moved_vertices_leave_a_true_claim(n: int) -> None:
    # the claim is about the exact vertices, whose signs stay right however far floats are moved
    rng = np.random.default_rng(n)
    circuit, start, record = made(n, 7)
    points = record.lattice.points
    every = np.arange(record.lattice.n_vertices)
    assert signs_hold(circuit, start, record, every)
    before = len(doubtful_vertices(circuit, start, record, every))
    for size in (1e-14, 1e-10, 1e-6, 1e-3):
        v = int(rng.integers(2**n, len(every)))
        kept = points[v].copy()
        points[v, :n] += size * rng.choice([-1, 1], n)
        try:
            doubt = doubtful_vertices(circuit, start, record, every)
        except NotSimple:
            doubt = every
        if size > 1e-5:  # residuals that large prove next to nothing
            assert len(doubt) > before
        points[v] = kept


@pytest.mark.parametrize("size", [1e-15, 1e-16, 1e-17, 1e-18])
@pytest.mark.parametrize("turn", [1, -1])
def test_triangles_below_the_rounding_of_floats(size: float, turn: int) -> None:
    # three lines through (1/3, 1/7) but for a shift: which triangle there is hangs on its sign
    rng = np.random.default_rng(5)
    for _ in range(5):
        rows = rng.normal(size=(3, 2))
        bias = -rows @ np.array([1 / 3, 1 / 7])
        lines = Network.from_dense([[*rows, [1, 1]], [[1] * 4]], [[*bias, turn * size], [0]])
        shifted = Network.from_dense([rows, [[1] * 3]], [bias + np.array([0, 0, turn * size]), [0]])
        for network in (lines, shifted):
            cells = enumerate_cells(network, Box.cube(2))
            exact = enumerate_cells(network, Box.cube(2), engine="exact")
            assert {tuple(r) for r in cells.signs.tolist()} == {
                tuple(r) for r in exact.signs.tolist()
            }
