from __future__ import annotations

import numpy as np
import pytest

from tropnet.domains import Box, Domain
from tropnet.equivalence.bracket import Bracket
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.relate import relate
from tropnet.equivalence.separate import separate, shallow
from tropnet.network import Network

dense = Network.from_dense


def separated(a: Network, b: Network, domain: Domain = None, seed: int = 0) -> Bracket:
    problem = Problem.of(a, b, domain, seed=seed)
    related, bracket = relate(problem), Bracket(problem)
    assert shallow(related)
    separate(problem, related, bracket)
    return bracket


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("domain", [None, Box.cube(3), Box([-1, 0, -1], [1, 0, 1])])
def test_one_ulp_in_any_weight_is_told_apart(domain: Domain, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = [rng.standard_normal((12, 3)), rng.standard_normal((2, 12))]
    biases = [rng.standard_normal(12) / 10, rng.standard_normal(2)]
    for part, row in ((0, 3), (1, 1)):
        changed = [w.copy() for w in weights]
        changed[part][row, 2] = np.nextafter(changed[part][row, 2], np.inf)
        assert separated(dense(weights, biases), dense(changed, biases), domain, seed).different


def test_a_kink_far_away_from_all_others() -> None:
    a = dense([[[1, 0], [0, 1]], [[1, 1]]], [[0, -(2.0**300)], [0]])
    b = dense([[[1, 0], [0, 1]], [[1, 0]]], [[0, 0], [0]])
    assert separated(a, b).different


def test_affine_differences() -> None:
    assert separated(dense([[[1, 0, 0]]]), dense([[[1, 0, 1e-300]]])).different
    assert separated(dense([[[1, 0]]]), dense([[[1, 0]]], [[5e-324]]), Box.cube(2)).different
    flat = Box([1, 2], [1, 2])
    assert separated(dense([[[1, 0]]]), dense([[[0, 1]]]), flat).different


def test_many_kinks_through_one_point() -> None:
    angles = np.arange(1, 30)
    lines = np.stack([angles, angles[::-1] ** 2], axis=1).astype(float)
    ones = np.ones((1, 29))
    changed = ones.copy()
    changed[0, 14] = 2
    assert separated(dense([lines, ones]), dense([lines, changed])).different


def test_shallow_means_atoms_of_the_inputs() -> None:
    deep = dense([[[1], [-1]], [[1, -1], [1, 1]], [[1, 1]]], [[1, 1], [-1, -1], [0]])
    nothing = dense([[[0]]])
    assert not shallow(relate(Problem.of(deep, nothing, None)))
    assert shallow(relate(Problem.of(deep, deep, None)))
