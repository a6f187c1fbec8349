from __future__ import annotations

import numpy as np
import pytest

import tropnet
from tropnet import BudgetExceeded, Network, TropicalMap


def test_the_map_is_the_network() -> None:
    a = tropnet.load("examples:moons_a")
    f = tropnet.tropicalize("examples:moons_a")
    assert isinstance(f, TropicalMap)
    assert (f.n, f.m) == (2, 1)
    points = np.random.default_rng(0).uniform(-3, 3, (20, 2)).round(3)
    assert [[v] for (v,) in f.exact(points)] == a.exact(points).to_fractions()


def test_the_budget_is_the_callers() -> None:
    with pytest.raises(BudgetExceeded) as caught:
        tropnet.tropicalize("examples:moons_a", max_terms=5)
    assert caught.value.budget == 5


def test_several_outputs() -> None:
    f = tropnet.tropicalize(Network.from_dense([[[1], [-1]], [[1, 1], [1, -1]]]))
    assert f([-2]) == (2, -2)
