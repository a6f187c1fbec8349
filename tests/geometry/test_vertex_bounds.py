"""Float vertices are within their bounds, needles and vertices far out included."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings

from tropnet import Box, Network
from tropnet.domains import Domain
from tropnet.errors import DomainError
from tropnet.geometry import PolyhedralComplex, enumerate_cells
from tropnet.geometry.vertex_bounds import exact_generators, vertex_bounds
from tropnet.testing.strategies import dense_networks


def generic(n: int, width: int, seed: int = 0, layers: int = 2) -> Network:
    rng = np.random.default_rng(seed)
    sizes = [n, *[width] * layers, 1]
    weights = [rng.normal(size=(b, a)) for a, b in pairwise(sizes)]
    return Network.from_dense(weights, [rng.normal(size=len(w)) / 2 for w in weights])


def replay(cells: PolyhedralComplex) -> None:
    """Compare every vertex with the exact one."""
    points, bounds = vertex_bounds(cells)
    exact = exact_generators(cells, np.arange(len(points)))
    for point, bound, row in zip(points.tolist(), bounds.tolist(), exact.tolist(), strict=True):
        if not row[-1]:
            assert bound == np.inf  # a direction is no point
            continue
        off = [abs(Fraction(u) - Fraction(v, row[-1])) for u, v in zip(point, row, strict=False)]
        assert max(off) <= Fraction(bound)


@pytest.mark.parametrize("domain", [None, Box.cube(2), Box.cube(2, 10**9, 10**9 + 1)])
def test_bounds_of_vertices_hold_and_are_not_vain(domain: Domain) -> None:
    cells = enumerate_cells(generic(2, 12), domain)
    replay(cells)
    bounds = vertex_bounds(cells)[1]
    scale = np.abs(cells.generators[:, :-1]).max(axis=1)
    finite = bounds < np.inf
    assert np.median(bounds[finite] / scale[finite]) < 1e-11


@pytest.mark.parametrize("angle", [1e-3, 1e-7, 1e-12, 1e-15])
def test_lines_that_nearly_agree(angle: float) -> None:
    """The sharper the angle, the less floats know of the corner; below 1e-10 it is solved."""
    f = Network.from_dense(
        [[[0.1, 0.3], [0.1, 0.3 + angle], [0.7, -0.2]], [[1, 1, 1]]], [[0.01, 0.01, 0], [0]]
    )
    for domain in (None, Box.cube(2)):
        replay(enumerate_cells(f, domain))


@settings(max_examples=20)
@given(dense_networks(n_inputs=3))
def test_degenerate_networks(f: Network) -> None:
    replay(enumerate_cells(f, Box(["-1/3"] * 3, [1] * 3)))


def test_partial_complexes_are_refused() -> None:
    cells = enumerate_cells(generic(2, 4), Box.cube(2))
    object.__setattr__(cells, "complete", False)
    with pytest.raises(DomainError, match="8 of 8 units have cut this complex, so that its vert"):
        vertex_bounds(cells)
