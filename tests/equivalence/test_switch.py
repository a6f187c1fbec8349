from __future__ import annotations

import time

import numpy as np
import pytest

from tropnet.domains import Box, Domain, Polyhedron
from tropnet.equivalence.heights import heights
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.sample import Sampler
from tropnet.equivalence.switch import switch_points
from tropnet.network import Affine, Layer, Network


def bump(n: int, width: float) -> Network:
    """relu(width − Σ |x_i − 1/3|)."""
    sides = np.vstack([np.eye(n), -np.eye(n)])
    ends = np.array([-1 / 3] * n + [1 / 3] * n)
    layers = (Layer(Affine({0: sides}, ends)), Layer(Affine({1: -np.ones((1, 2 * n))}, [width])))
    return Network(n, layers, Affine({2: [[1]]}))


@pytest.mark.parametrize("width", [1e-3, 1e-6, 1e-12])
@pytest.mark.parametrize(
    "domain",
    [None, Box.cube(6), Polyhedron(np.vstack([-np.eye(6), np.ones((1, 6))]), [0] * 6 + [9])],
)
def test_a_bump_is_switched_on(domain: Domain, width: float) -> None:
    network = bump(6, width)
    sampler = Sampler(Problem.of(network, network, domain))
    points = sampler.draw(200)
    assert not (heights(network, points)[1] > 0).any()
    found = list(switch_points(network, points, sampler, time.monotonic() + 9))
    assert any(heights(network, p[None, :])[1][0, 0] > 0 for p in found)


def test_a_unit_that_is_always_on_is_switched_off() -> None:
    network = Network.from_dense([[[1.0]], [[1.0]]], [[1000.0], [0]])
    sampler = Sampler(Problem.of(network, network, Box([-2000], [2000])))
    (found,) = switch_points(network, np.array([[1.0], [2.0]]), sampler, time.monotonic() + 9)
    assert found[0] < -1000


def test_nothing_is_found_where_nothing_is() -> None:
    network = Network.from_dense([[[1.0]], [[1.0]]], [[1000.0], [0]])
    sampler = Sampler(Problem.of(network, network, Box([-1], [1])))
    points = np.array([[1.0], [-1.0]])
    assert list(switch_points(network, points, sampler, time.monotonic() + 9)) == []
    assert list(switch_points(network, points, sampler, 0.0)) == []
