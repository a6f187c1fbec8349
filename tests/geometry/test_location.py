from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tropnet import Box, Network, Polyhedron
from tropnet.errors import DomainError, ShapeError
from tropnet.geometry import enumerate_cells
from tropnet.testing.strategies import networks, points


@given(networks(n_inputs=2), st.lists(points(2), min_size=1, max_size=6))
@settings(max_examples=40)
def test_points_are_in_the_cells_they_are_given_to(network: Network, batch: list[Any]) -> None:
    cells = enumerate_cells(network, Box.cube(2, -1, 1))
    found = cells.locate(batch)
    for point, cell, signs in zip(batch, found, network.pattern(batch), strict=True):
        inside = all(-1 <= v <= 1 for v in point)
        assert (cell >= 0) == inside
        if inside:
            own = cells.signs[cell]
            assert ((signs == 0) | (signs == own)).all()
            value = cells.exact_map(int(cell))
            exact = network.exact([point])
            assert exact == (value.matrix @ type(exact).of([[v] for v in point]) + value.offset).T


def test_the_interior_points_find_their_cells() -> None:
    rng = np.random.default_rng(1)
    network = Network.from_dense(
        [rng.normal(size=(12, 3)), rng.normal(size=(8, 12)), rng.normal(size=(1, 8))],
        [rng.normal(size=12), rng.normal(size=8), [0]],
    )
    for domain in (Box.cube(3, -1, 1), Polyhedron(np.ones((1, 3)), [1]), None):
        cells = enumerate_cells(network, domain)
        assert (cells.locate(cells.interior_points) == np.arange(cells.n_cells)).all()


def test_outside_and_bad_points() -> None:
    relu = Network.from_dense([[[1, 0]], [[1]]])
    triangle = Polyhedron([[-1, 0], [0, -1], [1, 1]], [1, 1, 1])
    cells = enumerate_cells(relu, triangle)
    assert cells.locate([[1, 1], [-1, -1], [0, 0]])[0] == -1
    assert (cells.locate([[-1, -1], [0, 0]]) >= 0).all()
    with pytest.raises(ShapeError):
        cells.locate([[1, 2, 3]])
    with pytest.raises(DomainError):
        cells.locate([[float("nan"), 0]])
