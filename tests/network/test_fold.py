from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tropnet import Network
from tropnet.network import NetworkBuilder
from tropnet.network.fold import folded
from tropnet.testing.strategies import networks, points


@given(st.data(), networks())
def test_the_function_stays_the_same(data: st.DataObject, network: Network) -> None:
    found = folded(network)
    assert all(layer.relu.all() for layer in found.layers)
    assert found.n_relu == network.n_relu
    rows = data.draw(st.lists(points(network.n_inputs), min_size=1, max_size=4))
    assert found.exact(rows) == network.exact(rows)


def test_chains_of_affine_maps_are_multiplied_exactly() -> None:
    b = NetworkBuilder()
    x = b.linear(b.input(2), [[0.1, 0.2]], [0.3])
    y = b.relu(b.linear(x, [["1/3"]], [0.7]))
    f = folded(b.build(b.linear(b.add(y, b.linear(x, [[1]])), [[2]])))
    assert f.widths == (1,)
    ((_, weights),) = f.layers[0].affine.terms
    assert weights.exact[0, 0] == Fraction(0.1) / 3
    assert f.layers[0].affine.bias.exact[0, 0] == Fraction(0.3) / 3 + Fraction(0.7)
    assert dict(f.output.terms)[0].exact[0, 1] == 2 * Fraction(0.2)


def test_a_network_of_relu_units_is_returned_as_it_is() -> None:
    network = Network.from_dense([np.ones((2, 3)), np.ones((1, 2))])
    assert folded(network) is network
