"""Volumes of cells against polygons in Fractions, sums over the domain, and needles."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import flint
import numpy as np
import pytest
from hypothesis import given, settings

from tests.oracles.distances import volume
from tests.oracles.joint_cells import domain_corners, regions
from tropnet import Box, Network, Polyhedron
from tropnet.errors import DomainError
from tropnet.geometry import PolyhedralComplex, enumerate_cells
from tropnet.geometry.volume import balanced_sum, cell_volumes, exact_volumes
from tropnet.testing.strategies import dense_networks

#: sides that are no floats
BOX = Box(["-1/3", -1], [1, "9/7"])


def generic(n: int, width: int, seed: int = 0, layers: int = 2) -> Network:
    rng = np.random.default_rng(seed)
    sizes = [n, *[width] * layers, 1]
    weights = [rng.normal(size=(b, a)) for a, b in pairwise(sizes)]
    return Network.from_dense(weights, [rng.normal(size=len(w)) / 2 for w in weights])


def agree(cells: PolyhedralComplex) -> list[Fraction | None]:
    """Compare floats with rationals."""
    exact = exact_volumes(cells)
    values, errors = cell_volumes(cells)
    for size, value, error in zip(exact, values.tolist(), errors.tolist(), strict=True):
        if size is None:
            assert (value, error) == (math.inf, 0)
        elif error < math.inf:
            assert abs(Fraction(value) - size) <= Fraction(error)
    return exact


@settings(max_examples=20)
@given(dense_networks(n_inputs=2))
def test_volumes_are_those_of_polygons(f: Network) -> None:
    found = agree(enumerate_cells(f, BOX))
    assert sum(v for v in found if v is not None) == Fraction(4, 3) * Fraction(16, 7)
    # the pieces are cut at every kink, as cells are, but units that cut nothing make none there
    wanted = [volume(corners) for corners, _ in regions(f, domain_corners(BOX, 2))]
    assert sorted(map(str, found)) == sorted(str(v) for v in wanted if v)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_volumes_add_up_to_the_box(n: int) -> None:
    cells = enumerate_cells(generic(n, 4), Box([0] * n, [2] * n))
    assert cells.engine == "subdivision"
    assert sum(v for v in agree(cells) if v is not None) == 2**n
    assert cell_volumes(cells)[1].sum() < 1e-9


@pytest.mark.parametrize("n", [5, 6])
def test_certified_errors_in_higher_dimensions(n: int) -> None:
    cells = enumerate_cells(generic(n, 3), Box.cube(n))
    values, errors = cell_volumes(cells)
    assert abs(math.fsum(values) - 2**n) <= math.fsum(errors) < 1e-6


def test_the_integer_engine_measures_the_same() -> None:
    f = generic(3, 5)
    one, other = (enumerate_cells(f, Box.cube(3), engine=e) for e in ("subdivision", "exact"))
    sizes = [dict(zip(map(bytes, c.signs), exact_volumes(c), strict=True)) for c in (one, other)]
    assert sizes[0] == sizes[1]
    agree(other)


def test_a_needle_has_its_exact_volume() -> None:
    """Two kinks one ulp apart; the cell between them is a sliver of width 2^-52."""
    f = Network.from_dense([[[1, 0], [1 + 2.0**-52, 0]], [[1, 1]]], [[-1, -1], [0]])
    cells = enumerate_cells(f, Box([0, 0], [2, 1]))
    found = agree(cells)
    assert min(v for v in found if v is not None) == 1 - 1 / (1 + Fraction(1, 2**52))


def test_large_and_small_numbers() -> None:
    f = Network.from_dense(
        [
            [[1e-150, 1e-150]],
            [[1]],
        ],
        [[-1], [0]],
    )
    cells = enumerate_cells(f, Box([0, 0], [1e150, 1e150]))
    assert sum(v for v in agree(cells) if v is not None) == Fraction(1e150) ** 2
    far = enumerate_cells(Network.from_dense([[[1, 1]], [[1]]]), Box.cube(2, -1e200, 1e200))
    assert agree(far) == [2 * Fraction(1e200) ** 2] * 2
    assert cell_volumes(far)[1].min() == math.inf  # the area is no float


def test_unbounded_cells_are_infinite() -> None:
    triangle = Network.from_dense([[[1, 0], [0, 1], [1, 1]], [[1, 1, 1]]], [[0, 0, -1], [0]])
    found = agree(enumerate_cells(triangle))
    assert found.count(None) == 6
    assert [v for v in found if v is not None] == [Fraction(1, 2)]
    wedge = enumerate_cells(triangle, Polyhedron([[-1, 0], [0, -1]], [0, 0]))
    assert sorted(map(str, agree(wedge))) == ["1/2", "None"]


def test_cells_in_pieces() -> None:
    """A function of one direction cuts the plane into strips, which hold whole lines."""
    strips = enumerate_cells(Network.from_dense([[[1, 1], [1, 1]], [[1, 1]]], [[0, -1], [0]]))
    assert strips.pieces.n_cells > strips.n_cells == 3
    assert agree(strips) == [None] * 3


def test_complexes_without_vertices_are_refused() -> None:
    found = enumerate_cells(generic(2, 3), Box.cube(2))
    cells = replace(found, engine="tree", record=None, start=None)
    with pytest.raises(DomainError, match="engine='tree'"):
        cell_volumes(cells)


def test_sums_of_many_rationals() -> None:
    parts = [flint.fmpq(1, k * (k + 1)) for k in range(1, 1000)]
    assert balanced_sum(parts) == flint.fmpq(999, 1000)
    assert balanced_sum([]) == 0
