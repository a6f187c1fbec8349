from __future__ import annotations

import numpy as np
import pytest

from tropnet.domains import Box, Domain, Polyhedron
from tropnet.equivalence.linear_cell import ancestors, farthest, linear_cell
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.sample import Sampler
from tropnet.network import Affine, Layer, Network

NETWORK = Network.from_dense([[[1, 0], [0, 1]], [[1, -1]], [[1]]], [[0, 0], [0], [0]])


def test_slopes_and_values_of_the_cell() -> None:
    slopes, values = linear_cell(NETWORK, np.array([2.0, -3.0]))
    assert [s.tolist() for s in slopes] == [[[1, 0], [0, 1]], [[1, 0]]]
    assert [v.tolist() for v in values] == [[2, -3], [2]]


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        (Box([0, 0], [4, 4]), [4.0, 0.0]),
        (Polyhedron([[1, 1], [-1, 0], [0, -1]], [3, 0, 0]), [3.0, 0.0]),
    ],
)
def test_the_farthest_point_of_the_cell(domain: Domain, expected: list[float]) -> None:
    sampler = Sampler(Problem.of(NETWORK, NETWORK, domain))
    here = np.array([2.0, 1.0])
    slopes, values = linear_cell(NETWORK, here)
    units = np.vstack(slopes), np.concatenate(values)
    found = farthest(sampler, here, np.array([1.0, -1.0]), units, np.inf)
    assert found is not None
    assert np.allclose(found, expected)
    assert farthest(sampler, here, np.zeros(2), units, np.inf) is None
    assert farthest(sampler, here, np.array([np.nan, 1.0]), units, np.inf) is None


def test_ancestors_follow_weights_and_skips() -> None:
    layers = (
        Layer(Affine({0: [[1], [1], [1]]})),
        Layer(Affine({1: [[1, 0, 0], [0, 1, 0]]})),
        Layer(Affine({0: [[1], [1]], 1: [[0, 0, 1], [0, 0, 0]], 2: [[1, 0], [0, 0]]})),
    )
    network = Network(1, layers, Affine({3: [[1, 1]]}))
    assert [m.tolist() for m in ancestors(network, 2, 0)] == [[True, False, True], [True, False]]
    assert [m.tolist() for m in ancestors(network, 2, 1)] == [[False] * 3, [False] * 2]
    assert ancestors(network, 0, 0) == []
