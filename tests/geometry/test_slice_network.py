from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tropnet import plane_through, slice_network
from tropnet.errors import DomainError, ShapeError
from tropnet.exact import RationalMatrix
from tropnet.network import Network
from tropnet.testing.strategies import networks, rationals


@given(
    networks(n_inputs=3),
    st.lists(rationals(), min_size=9, max_size=9),
    st.lists(rationals(), min_size=2, max_size=2),
)
@settings(max_examples=40)
def test_a_slice_is_the_network_on_the_plane(network: Network, numbers: list, y: list) -> None:  # type: ignore[type-arg]
    origin, first, second = numbers[:3], numbers[3:6], numbers[6:]
    if RationalMatrix.of([first, second]).rank() < 2:
        with pytest.raises(DomainError, match="linearly dependent"):
            slice_network(network, origin, [first, second])
        return
    point = [o + y[0] * a + y[1] * b for o, a, b in zip(origin, first, second, strict=True)]
    sliced = slice_network(network, origin, [first, second])
    assert sliced.n_inputs == 2
    assert sliced.exact([y]) == network.exact([point])


def test_a_plane_goes_through_its_points() -> None:
    rng = np.random.default_rng(0)
    network = Network.from_dense([rng.normal(size=(5, 6)), rng.normal(size=(2, 5))])
    points = rng.normal(size=(3, 6))
    sliced = slice_network(network, *plane_through(points))
    corners = RationalMatrix.of([[0, 0], [1, 0], [0, 1]])
    assert sliced.exact(corners) == network.exact(points)


def test_refusals() -> None:
    network = Network.from_dense([[[1, 2, 3]]])
    with pytest.raises(ShapeError, match="origin has 2 coordinates for a network of 3 inputs"):
        slice_network(network, [0, 0], [[1, 0, 0]])
    with pytest.raises(ShapeError, match="directions has 1 coordinates"):
        slice_network(network, [0, 0, 0], [[1], [2], [3]])
    with pytest.raises(DomainError, match="leave some out"):
        slice_network(network, [0, 0, 0], [[1, 0, 0], [2, 0, 0]])
    with pytest.raises(ShapeError, match="at least two"):
        plane_through([[1, 2]])
