from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.fractions_forward import forward as slow
from tests.oracles.fractions_forward import pre_activations
from tropnet import Network
from tropnet.errors import DomainError, ShapeError
from tropnet.exact import RationalMatrix
from tropnet.network import AffineMap, affine_map
from tropnet.testing.strategies import networks, points


@settings(max_examples=50)
@given(st.data())
def test_the_map_agrees_at_the_point_whichever_side_of_a_kink_is_taken(
    data: st.DataObject,
) -> None:
    network = data.draw(networks())
    point = data.draw(points(network.n_inputs))
    exact = slow(network, point)[-1]
    assert network.affine_map(point)(point).to_fractions() == [exact]
    sides = [
        [int(v > 0) - int(v < 0) or data.draw(st.sampled_from((-1, 0, 1))) for v in row]
        for row in pre_activations(network, point)
    ]
    assert affine_map(network, sides)(point).to_fractions() == [exact]
    assert affine_map(network, [np.array(s) for s in sides])(point).to_fractions() == [exact]


@settings(max_examples=50)
@given(st.data())
def test_the_map_agrees_on_the_whole_cell(data: st.DataObject) -> None:
    network = data.draw(networks(max_layers=2))
    point, other = (data.draw(points(network.n_inputs)) for _ in range(2))
    found = network.affine_map(point)
    if network.pattern([point]).tolist() == network.pattern([other]).tolist():
        if (network.pattern([point]) != 0).all():
            assert found == network.affine_map(other)
        assert found.matrix.shape == (network.n_outputs, network.n_inputs)


def test_at_a_kink_the_map_is_that_of_a_cell_of_full_dimension() -> None:
    absolute = Network.from_dense([[[1], [-1]], [[1, 1]]])
    assert absolute.affine_map([0]) == absolute.affine_map([1])
    corner = Network.from_dense([[[1, 0], [-1, 0], [0, 1], [0, -1]], [[1, 1, 1, 1]]])
    assert corner.affine_map([0, 0]).matrix == RationalMatrix.of([[1, 1]])
    assert corner.affine_map([-1, 0]).matrix == RationalMatrix.of([[-1, 1]])
    assert corner.affine_map([0, -1]).matrix == RationalMatrix.of([[1, -1]])


def test_constant_networks_and_networks_without_layers() -> None:
    constant = Network.from_dense([np.zeros((2, 3)), np.ones((1, 2))], [[1, -1], [0.5]])
    found = constant.affine_map([1, 2, 3])
    assert found == AffineMap(RationalMatrix.zeros(1, 3), RationalMatrix.of([[1.5]]))
    linear = Network.from_dense([[["1/3", 2]]], [[5]])
    assert linear.affine_map([0, 0]) == AffineMap(
        RationalMatrix.of([["1/3", 2]]), RationalMatrix.of([[5]])
    )


@pytest.mark.parametrize(
    ("point", "error", "text"),
    [
        ([[1, 2], [3, 4]], ShapeError, "2 points; an affine map is that of one"),
        (np.zeros((0, 2)), ShapeError, "0 points; an affine map is that of one"),
        ([1, 2, 3], ShapeError, "points of shape (1, 3) for a network of 2 inputs"),
        ([1, float("nan")], DomainError, "points[0, 1] is nan"),
    ],
)
def test_one_point_at_a_time(point: Any, error: type, text: str) -> None:
    with pytest.raises(error) as caught:
        Network.from_dense([np.eye(2), np.eye(2)]).affine_map(point)
    assert text in str(caught.value)


@pytest.mark.parametrize("signs", [[], [[1]], [[1, 1], [1]], [[[1, 1]]], [1, 1]])
def test_signs_fit_the_layers(signs: Any) -> None:
    with pytest.raises(ShapeError, match="give one vector for each layer"):
        affine_map(Network.from_dense([np.eye(2), np.eye(2)]), signs)
