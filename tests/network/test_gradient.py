from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tropnet.network import Affine, Layer, Network
from tropnet.network.gradient import gradient
from tropnet.testing.strategies import networks, points


@given(st.data())
def test_it_is_the_slope_of_the_cell(data: st.DataObject) -> None:
    network = data.draw(networks())
    point = np.array([float(v) for v in data.draw(points(network.n_inputs))]) + 2.0**-30
    if (network.pattern(point[None, :]) == 0).any():
        return  # on a kink any slope of a neighbouring cell will do
    exact = network.affine_map(point).matrix.to_floats()
    weights = np.arange(1.0, network.n_outputs + 1)[None, :]
    assert np.allclose(gradient(network, point[None, :], weights), weights @ exact)


def test_skips_and_identity_units() -> None:
    layers = (Layer(Affine({0: [[2]]}), False), Layer(Affine({0: [[1]], 1: [[3]]})))
    network = Network(1, layers, Affine({0: [[10]], 2: [[1]]}))
    points = np.array([[1.0], [-1.0]])
    assert gradient(network, points, np.ones((2, 1))).tolist() == [[17.0], [10.0]]


def test_outputs_that_read_nothing() -> None:
    network = Network(2, (), Affine({}, [3]))
    assert gradient(network, np.ones((4, 2)), np.ones((4, 1))).tolist() == [[0.0, 0.0]] * 4


def test_each_point_has_its_own_weights() -> None:
    network = Network.from_dense([[[1, 0], [0, 1]]])
    rows = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert (gradient(network, np.zeros((2, 2)), rows) == rows).all()
