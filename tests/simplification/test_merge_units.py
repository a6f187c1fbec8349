from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.equivalence.random_convolutions import sharing_everything
from tests.simplification.proven_bounds import require_bounds, require_truth
from tests.strategies.pairs import draw_network
from tropnet import load
from tropnet.domains import Box, Polyhedron
from tropnet.equivalence.compare import compare_networks
from tropnet.errors import DomainError
from tropnet.network import Affine, Layer, Network
from tropnet.network.builder import NetworkBuilder
from tropnet.network.shared_linear import shared
from tropnet.simplification.merge_units import merge_units

dense = Network.from_dense
SQUARE = Box.cube(2)


def random_network(widths: list[int], seed: int = 0) -> Network:
    rng = np.random.default_rng(seed)
    shapes = list(zip(widths[1:], widths, strict=False))
    weights = [rng.standard_normal(s).astype(np.float32) / s[1] for s in shapes]
    biases = [rng.standard_normal(s[0]).astype(np.float32) / 4 for s in shapes]
    return dense(weights, biases, dtype="float32")


def test_equal_units_become_one() -> None:
    f = dense([[[1, 2], [3, 1], [1, 2], [1, 2]], [[1, 1, 2, -0.5], [0, 4, 1, 0]]])
    found = merge_units(f, SQUARE, tolerance=0)
    assert found.result == dense([[[1, 2], [3, 1]], [[2.5, 1], [1, 4]]])
    assert found.bound == 0
    assert [str(step) for step in found.steps] == [
        "layer 1 (dense 0): merge: 2 removed (units 0+2+3)"
    ]
    require_bounds(found)


def test_what_is_nearly_parallel_at_the_tolerance() -> None:
    f = dense([[[4, 0], [4, 0.5]], [[1, 1]]])  # each about 1/17 of its length from the middle
    assert merge_units(f, tolerance=0).result is f
    assert merge_units(f, tolerance="0.05").result is f
    found = merge_units(f, SQUARE, tolerance="0.07")
    assert found.result.n_relu == 1
    # their sum, but for the rounding of the shares
    outgoing = found.result.output.terms[0][1].values[0, 0]
    row = found.result.layers[0].affine.terms[0][1].values[0] * outgoing
    assert np.allclose(row, [8, 0.5], rtol=1e-6)
    require_bounds(found)


def test_opposite_units_are_never_merged() -> None:
    f = dense([[[1, 0], [-1, 0], [1, 1], [-1, -1]], [[1, 1, 1, 1]]])
    found = merge_units(f, SQUARE, units=1)
    assert found.result.n_relu == 2
    assert found.findings == ("layer 1 (dense 0): no more of its units point the same way",)
    require_truth(found)
    plain = dense([[[1], [-1]], [[1, 1]]])
    assert merge_units(plain, Box([-1], [1]), units=1).result is plain


def test_units_that_nothing_reads_and_zero_units_go_with_any() -> None:
    f = dense([[[1, 0], [0, 1], [0, 0]], [[1, 0, 5]]])
    found = merge_units(f, SQUARE, units=1)
    assert found.result.n_relu == 1
    assert found.bound == 0
    require_bounds(found)


def test_merging_across_signs_cancels() -> None:
    f = dense([[[1, 1], [2, 2], [1, -1]], [[2, -1, 1]]])
    found = merge_units(f, SQUARE, units=2)
    assert found.bound == 0
    assert found.result.n_relu == 2
    assert found.result.n_parameters == 5  # the outgoing weights of the pair cancel
    require_bounds(found)


def test_one_hidden_layer_has_the_bound_of_its_rests() -> None:
    # c·relu(g·x) with equal signs: replacing them by their sum changes at most half the rests
    f = random_network([2, 12, 1], 3)
    for units in (10, 8, 6):
        found = merge_units(f, SQUARE, units=units, time_limit=5)
        ((_, outgoing),) = f.output.terms
        own, near = (g.layers[0].affine for g in (f, found.near))
        rests = [
            sum(abs(u - v) for u, v in zip(p, q, strict=True)) + abs(s[0] - t[0])
            for p, q, s, t in zip(own.terms[0][1].exact, near.terms[0][1].exact,
                                  own.bias.exact, near.bias.exact, strict=True)
        ]  # fmt: skip
        rounding = Fraction(1, 10**5)
        apriori = sum(abs(Fraction(c)) * r for c, r in zip(outgoing.values[0].tolist(), rests,
                                                           strict=True))  # fmt: skip
        assert found.bound is not None
        assert found.bound <= apriori + rounding
        require_truth(found)


def test_the_bound_is_far_below_that_of_a_comparison_with_the_narrow_network() -> None:
    rng = np.random.default_rng(0)
    bundles = np.repeat(rng.standard_normal((8, 30)), 4, axis=0)
    weights = (bundles + 0.01 * rng.standard_normal(bundles.shape)).astype(np.float32)
    f = dense([weights, rng.standard_normal((3, 32)).astype(np.float32)], dtype="float32")
    found = merge_units(f, Box.cube(30), units=8, time_limit=2)
    assert found.result.n_relu == 8
    assert found.bound is not None
    direct = compare_networks(f, found.result, Box.cube(30), time_limit=2)
    assert 5 * found.bound < direct.upper
    require_bounds(found, 5, sample=1)


def test_several_layers_and_sizes() -> None:
    f = random_network([3, 9, 8, 2], 1)
    found = merge_units(f, Box.cube(3), units=[7, 5], time_limit=3)
    assert found.result.widths == (7, 5)
    assert found.near.widths == (9, 8)
    assert len(found.steps) == 2
    assert found.result.dtype == "float32"
    for network in (found.result,):  # its numbers are floats of the arithmetic it runs in
        for affine in network.affines:
            for part in (*(m for _, m in affine.terms), affine.bias):
                assert part.rounding is None
                assert np.array_equal(part.values, part.values.astype(np.float32))
    require_bounds(found)


def test_the_scales_are_those_of_the_domain() -> None:
    # on the box the second input is nearly constant, so that the first two units are parallel
    f = dense([[[1, 1], [1, -1], [0, 3]], [[1, 1, 1]]], [[0, 0, 1], [0]])
    found = merge_units(f, Box([-1, 0], [1, "0.001"]), units=2)
    assert found.steps[0].detail == "units 0+1"
    assert found.bound is not None
    assert found.bound < Fraction(1, 100)
    require_bounds(found)


def test_skips_and_identity_units() -> None:
    first = Layer(Affine({0: [[1, 2], [1, "2.01"], [3, 1], [1, 2]]}, [0, 0, 1, 0]),
                  [True, True, True, False])  # fmt: skip
    second = Layer(Affine({0: [[1, 0], [1, "0.01"]], 1: [[1, 1, 1, 1], [1, 1, 1, 1]]}))
    f = Network(2, (first, second), Affine({0: [[1, 1]], 1: [[1, -2, 1, 1]], 2: [[1, 1]]}))
    found = merge_units(f, SQUARE, units=[2, 1], time_limit=5)
    assert found.result.widths == (3, 1)
    assert found.result.n_relu == 3
    require_truth(found)


def test_convolutions_are_left_alone() -> None:
    with sharing_everything():
        b = NetworkBuilder()
        x = b.input(5)
        windows = np.array([[i, i + 1, i + 2] for i in range(3)])
        kernel = shared([[1, 1, 1]], windows, np.zeros(3, int), np.arange(3), 5)
        f = b.build(b.linear(b.relu(b.linear(x, kernel), "conv"), [[1, 1, 1]]))
        found = merge_units(f, Box.cube(5), units=1)
    assert found.result is f
    assert found.findings == ("layer 1 (conv): its weights are shared among positions; left alone",)


def test_without_a_domain() -> None:
    f = dense([[[4, 0], [4, 0.5], [4, 0]], [[1, 1, 1]]])
    exact = merge_units(f, tolerance=0)
    assert exact.bound == 0
    assert exact.result.n_relu == 2
    assert exact.replay()
    found = merge_units(f, units=1)
    assert (found.bound, found.attained) == (None, None)
    assert found.replay()
    triangle = Polyhedron([[-1, 0], [0, -1], [1, 1]], [0, 0, 1])
    bounded = merge_units(f, triangle, units=1)
    assert bounded.bound is not None
    assert bounded.replay()


def test_wrong_arguments() -> None:
    f = random_network([2, 4, 3, 1])
    with pytest.raises(DomainError, match="merge_units takes one of units and tolerance; give un"):
        merge_units(f)
    with pytest.raises(DomainError, match="merge_units takes one of units and tolerance"):
        merge_units(f, units=3, tolerance=0)
    assert merge_units(f, units=np.int64(4)).result is f  # type: ignore[arg-type]
    for units in (0, 2.5, "43", [3], [3, 0], [3, 3, 3], [2.5, 3], [4, 3, None], True):
        with pytest.raises(DomainError, match="give one number of at least 1, or one for each of"):
            merge_units(f, units=units)  # type: ignore[arg-type]
    for tolerance in (-1, 1, "1.5"):
        with pytest.raises(DomainError, match="give a share of at least 0, below 1"):
            merge_units(f, tolerance=tolerance)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 3))
def test_bounds_are_true_by_enumeration(seed: int, units: int) -> None:
    f = draw_network(Random(seed), 2, 2, 6).network()
    found = merge_units(f, Box([-1, 0], ["1/2", 2]), units=units, time_limit=2)
    assert found.result.n_relu <= f.n_relu
    truth = compare_networks(found.near, found.result)
    assert truth.upper == 0
    require_truth(found)


def test_a_network_of_digits() -> None:
    data = os.environ.get("TROPNET_DATA")
    if data is None:
        pytest.skip("TROPNET_DATA is not set")
    f = load(Path(data) / "nets" / "mnist8x8" / "mlp_l1_0_seed0.pt")
    found = merge_units(f, Box.cube(64, 0, "0.05"), units=95, time_limit=1)
    assert found.result.widths == (95, 95)
    require_bounds(found, 3, sample=2)
    assert found.attained is not None
    assert found.bound is not None
    assert 0 < found.attained <= found.bound < 3


def test_weights_whose_squares_are_no_floats() -> None:
    f = Network.from_dense(
        [[[1e300, 1], [1e300, 1.0001], [-1e300, 3]], [[1e10, 1e300, 1]]], [[0, 1, 0], [0]]
    )
    found = merge_units(f, Box.cube(2, -1, 1), units=2, time_limit=5)
    assert found.result.n_relu == 2
    assert found.replay().valid
