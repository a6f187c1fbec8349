from __future__ import annotations

from fractions import Fraction

from hypothesis import given

from tests.oracles.fractions_forward import forward
from tropnet.network import Affine, Layer, Network
from tropnet.network.linear_part import linear_part
from tropnet.testing.strategies import networks


@given(networks())
def test_it_is_the_slope_at_infinity(network: Network) -> None:
    bare = linear_part(network)
    far = Fraction(2) ** 400
    direction = [Fraction(1), Fraction(-1, 2), Fraction(3)][: network.n_inputs]
    slope = forward(bare, direction)[-1]
    value = forward(network, [far * v for v in direction])[-1]
    for u, v in zip(slope, value, strict=True):
        assert abs(v / far - u) < Fraction(1, 2**300)


@given(networks())
def test_it_is_positively_homogeneous(network: Network) -> None:
    bare = linear_part(network)
    point = [Fraction(2, 3), Fraction(-5), Fraction(1)][: network.n_inputs]
    triple = forward(bare, [3 * v for v in point])[-1]
    assert triple == [3 * v for v in forward(bare, point)[-1]]
    assert linear_part(bare) == bare


def test_units_and_skips_are_kept() -> None:
    layers = (Layer(Affine({0: [[1]]}, [5]), False), Layer(Affine({0: [[2]], 1: [[3]]}, [-1])))
    network = Network(1, layers, Affine({0: [[1]], 2: [[1]]}, [9]), "float32")
    bare = linear_part(network)
    assert not bare.layers[0].relu.any()
    assert bare.dtype == "float32"
    assert bare.exact([1]).to_fractions() == [[6]]
