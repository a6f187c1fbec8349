"""The linear program of triangles: its duals bound a unit as well as its value says."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tropnet import Network
from tropnet.checker.case_bounds import case_least, split_bounds
from tropnet.checker.linear_bounds import linear_bounds
from tropnet.exact import IntervalVector
from tropnet.network import Affine, Layer
from tropnet.simplification.triangle_program import best_slopes, relaxed

CUBE = IntervalVector.of([0] * 3, [1] * 3)


def drawn(seed: int) -> Network:
    rng = np.random.default_rng([7, seed])

    def some(*shape: int) -> Any:
        return rng.integers(-8, 9, size=shape) / 8

    layers = (
        Layer(Affine({0: some(5, 3)}, some(5)), np.array([True, True, True, True, False])),
        Layer(Affine({0: some(4, 3), 1: some(4, 5)}, some(4))),
        Layer(Affine({1: some(2, 5), 2: some(2, 4)}, some(2))),
    )
    return Network(3, layers, Affine({3: [[1, 1]]}))


@pytest.mark.parametrize("seed", range(6))
def test_exact_bounds_from_the_duals_reach_the_value_of_the_program(seed: int) -> None:
    network = drawn(seed)
    rng = np.random.default_rng(seed)
    bounds = linear_bounds(network, CUBE)
    for side, kind in (("lower", "active"), ("upper", "dead")):
        path: list[tuple[int, int, int]] = []
        own = bounds
        for _ in range(4):
            found = relaxed(network, CUBE, own, (3, 0, side), path)
            assert found is not None
            assert len(found.multipliers) == len(path)
            leaf = (found.slopes, found.multipliers)
            least = case_least(network, (3, 0, kind), own, CUBE, path, leaf)
            assert least is not None
            assert abs(float(least) - found.least) < 0.01
            open_units = [(s, j) for _, s, j in found.gaps]
            if not open_units:
                break
            s, j = open_units[int(rng.integers(len(open_units)))]
            path.append((s, j, int(rng.choice([-1, 1]))))
            own = split_bounds(network, own, path[-1])


def test_a_case_that_is_empty_has_a_high_value() -> None:
    network = Network.from_dense([[[1], [-1]], [[1, 1]], [[1]]], [["-1/2", "-1/2"], [-1], [0]])
    box = IntervalVector.of([-1], [1])
    path = [(1, 0, 1), (1, 1, 1)]  # x ≥ 1/2 and x ≤ −1/2
    own = linear_bounds(network, box)
    for split in path:
        own = split_bounds(network, own, split)
    found = relaxed(network, box, own, (2, 0, "lower"), path)
    assert found is not None
    assert found.least > 10


@pytest.mark.parametrize("huge", [10**400, 10**300])
def test_numbers_that_are_no_floats_have_no_answer(huge: int) -> None:
    network = Network.from_dense(
        [[[huge], [-huge]], [[huge, huge], [1, 1]], [[1, -1], [-1, 1]], [[1, 1]]],
        [[Fraction(1, 3), 0], [0, 0], [1, 0], [0]],
    )
    box = IntervalVector.of([-huge], [huge])
    bounds = linear_bounds(network, box)
    assert best_slopes(network, box, bounds, (3, 0, "lower")) is None


def test_without_units_of_unknown_sign_there_are_no_slopes_to_choose() -> None:
    network = Network.from_dense([[[1], [2]], [[1, -1]], [[1]]], [[0, 0], [0], [0]])
    box = IntervalVector.of([0], [1])
    bounds = linear_bounds(network, box)
    assert best_slopes(network, box, bounds, (2, 0, "lower")) is None
    found = relaxed(network, box, bounds, (2, 0, "lower"))
    assert found is not None
    assert found.least == pytest.approx(-1)
