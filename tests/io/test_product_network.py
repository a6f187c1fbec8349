from __future__ import annotations

import numpy as np
import pytest

from tropnet import Network
from tropnet.io.product_network import product_network
from tropnet.network import Affine, Layer


def _random(widths: tuple[int, ...], seed: int) -> Network:
    rng = np.random.default_rng(seed)
    pairs = zip(widths[1:], widths[:-1], strict=True)
    return Network.from_dense([rng.standard_normal(pair) for pair in pairs])


def test_chains_become_one_chain() -> None:
    f, g = _random((2, 3, 4, 2), 0), _random((2, 5, 2), 1)
    joint = product_network(f, g)
    assert joint.architecture == "2-8-9-4-2"
    assert all(affine.sources == (k,) for k, affine in enumerate(joint.affines))
    assert [bool(y.relu.all()) for y in joint.layers] == [True, True, False]


def test_weights_that_are_no_floats_stay_exact() -> None:
    f = Network.from_dense([[["1/3"], [1]], [["1/7", 2]]], [["1/11", 0], ["1/13"]])
    g = Network.from_dense([[[1]], [[0.1]]])
    for joint in (product_network(f, g), product_network(g, f)):
        assert abs(joint.exact(["2/3"])[0, 0]) == abs(f.exact(["2/3"]) - g.exact(["2/3"]))[0, 0]


@pytest.mark.parametrize("kind", ["linear", "constant", "skip", "dead", "identity"])
def test_what_is_no_chain_stands_side_by_side(kind: str) -> None:
    f, g = _random((2, 3, 2), 0), _random((2, 4, 2), 1)
    if kind == "linear":
        g = _random((2, 2), 1)
    elif kind == "constant":
        g = Network.from_dense([np.zeros((2, 2))], [[1, 2]])
    elif kind == "skip":
        g = Network(2, g.layers, g.output + Affine({0: [[1, 0], [0, 1]]}))
    elif kind == "dead":  # a layer that reads nothing
        g = Network(2, (Layer(Affine({}, [1, 2])),), Affine({1: [[1, 2], [3, 4]]}))
    elif kind == "identity":
        g = Network(2, (Layer(g.layers[0].affine, False),), g.output)
    points = np.random.default_rng(2).standard_normal((20, 2))
    for first, second in ((f, g), (g, f), (g, g)):
        joint = product_network(first, second)
        assert joint.exact(points) == first.exact(points) - second.exact(points)
        leads = product_network(first, second, "leads").exact(points)
        parts = [n.exact(points) for n in (first, second)]
        wanted = [[p[k, 0] - p[k, 1] for p in parts] for k in range(20)]
        assert leads.to_fractions() == wanted
