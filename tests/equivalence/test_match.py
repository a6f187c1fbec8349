from __future__ import annotations

import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings

from tropnet.checker.intervals import difference_bounds
from tropnet.checker.matching import Matching
from tropnet.domains import Box
from tropnet.equivalence.match import _scale, match_units
from tropnet.equivalence.problem import Problem
from tropnet.network import Affine, Layer, Network
from tropnet.testing.strategies import networks

dense = Network.from_dense


def test_permuted_and_rescaled_units_are_paired() -> None:
    rng = np.random.default_rng(0)
    weights = [
        rng.standard_normal((9, 4)),
        rng.standard_normal((9, 9)),
        rng.standard_normal((2, 9)),
    ]
    order, factors = rng.permutation(9), 2.0 ** rng.integers(-2, 3, 9)
    copy = [weights[0][order] * factors[:, None], weights[1][:, order] / factors, weights[2]]
    problem = Problem.of(dense(weights), dense(copy), Box.cube(4))
    first, second = match_units(problem) or []
    assert [first.second[first.first.index(i)] for i in order] == list(range(9))
    assert second == Matching.identity(9)
    bounds = difference_bounds(problem.a, problem.b, problem.box, [first, second])
    assert all(low == high == 0 for low, high in bounds.ends())


@pytest.mark.parametrize("change", ["round", "prune"])
@pytest.mark.parametrize("radius", [0.001, 0.1, 10])
def test_copies_that_are_rounded_or_pruned_have_scale_one(change: str, radius: float) -> None:
    # on a small box the ratio of sizes tells what rounding did to a unit that is small there
    rng = np.random.default_rng(3)
    weights = [rng.standard_normal(shape) for shape in ((30, 20), (30, 30), (2, 30))]
    copy = [w.astype(np.float16).astype(float) for w in weights]
    if change == "prune":
        copy = [np.where(np.abs(w) < 0.12, 0, w) for w in weights]
    box = Box.ball(rng.standard_normal(20).round(3).tolist(), radius)
    found = match_units(Problem.of(dense(weights), dense(copy), box)) or []
    assert [pairs == Matching.identity(30) for pairs in found] == [True, True]


@pytest.mark.parametrize("factor", [3.0, 1.05])
def test_true_scales_are_kept(factor: float) -> None:
    rng = np.random.default_rng(4)
    weights = [rng.standard_normal((6, 3)), rng.standard_normal((1, 6))]
    copy = [weights[0] / factor, weights[1] * factor]
    (pairs,) = match_units(Problem.of(dense(weights), dense(copy), Box.cube(3))) or []
    assert pairs.first == pairs.second == tuple(range(6))
    assert all(abs(float(scale) / factor - 1) < 1e-6 for scale in pairs.scales)


def test_different_depths_have_no_pairs() -> None:
    assert match_units(Problem.of(dense([[[1]]]), dense([[[1]], [[1]]]), None)) is None


def test_relus_are_not_paired_with_others() -> None:
    mixed = Network(1, (Layer(Affine({0: [[1], [2]]}), [True, False]),), Affine({1: [[1, 1]]}))
    turned = Network(1, (Layer(Affine({0: [[2], [1]]}), [False, True]),), Affine({1: [[1, 1]]}))
    (pairs,) = match_units(Problem.of(mixed, turned, None)) or []
    assert sorted(zip(pairs.first, pairs.second, strict=True)) == [(0, 1), (1, 0)]
    relus = Network(1, (Layer(Affine({0: [[1], [2]]})),), Affine({1: [[1, 1]]}))
    (pairs,) = match_units(Problem.of(mixed, relus, None)) or []
    assert pairs.first == (0,)


@given(networks(n_outputs=1))
@settings(max_examples=40)
def test_what_is_matched_can_be_replayed(network: Network) -> None:
    problem = Problem.of(network, network, Box.cube(network.n_inputs))
    found = match_units(problem)
    assert found is not None
    for pairs, width in zip(found, network.widths, strict=True):
        assert Matching.from_json(pairs.to_json(), width, width) == pairs
    bounds = difference_bounds(network, network, problem.box, found)
    assert all(low is not None and low <= 0 for low, _ in bounds.ends())


def test_networks_that_overflow_are_matched_somehow() -> None:
    network = dense([[[1e300], [1e-300]], [[1e300, 1]], [[1]]])
    assert match_units(Problem.of(network, network, None)) is not None


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (1.0, 0.0, 1), (0.0, 0.0, 1), (0.0, 1.0, 1), (np.nan, 1.0, 1), (np.inf, 2.0, 1),
        (8.0, 2.0, 4), (1.0, 3.9999, Fraction(1, 4)), (3.0, 2.0, Fraction(3, 2)),
        (sys.float_info.max, 1.0, Fraction(2) ** 1024), (5e-324, 1.0, Fraction(1, 2**1074)),
    ],
)  # fmt: skip
def test_scales(first: float, second: float, expected: Fraction) -> None:
    assert _scale(first, second) == expected
