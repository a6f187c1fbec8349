"""Simplices of cells: they fill the cells, in any number of parts."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tropnet import Box, Network
from tropnet.geometry import enumerate_cells
from tropnet.geometry.triangulation import simplices


def generic(n: int, width: int, seed: int = 0, layers: int = 2) -> Network:
    rng = np.random.default_rng(seed)
    sizes = [n, *[width] * layers, 1]
    weights = [rng.normal(size=(b, a)) for a, b in pairwise(sizes)]
    return Network.from_dense(weights, [rng.normal(size=len(w)) / 2 for w in weights])


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6])
def test_a_cube_has_as_many_simplices_as_orders(n: int) -> None:
    cube = enumerate_cells(Network.from_dense([[[1] * n]]), Box.cube(n))
    ((cells, corners),) = simplices(cube, np.array([0]))
    assert len(cells) == len({tuple(sorted(c)) for c in corners.tolist()}) == math.factorial(n)
    edges = cube.generators[corners[:, 1:], :n] - cube.generators[corners[:, :1], :n]
    assert np.allclose(np.abs(np.linalg.det(edges)), 2**n)


@given(st.integers(1, 400), st.sampled_from([1, 2, 3]))
@settings(max_examples=20)
def test_simplices_come_in_parts(most: int, n: int) -> None:
    cells = enumerate_cells(generic(n, 3), Box.cube(n))
    every = np.arange(cells.n_cells)
    whole = [np.concatenate(part) for part in zip(*simplices(cells, every), strict=True)]
    parts = [np.concatenate(p) for p in zip(*simplices(cells, every, most), strict=True)]
    assert all((a == b).all() for a, b in zip(whole, parts, strict=True))
