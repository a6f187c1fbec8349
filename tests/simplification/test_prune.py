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
from tropnet.domains import Box
from tropnet.errors import DomainError
from tropnet.network import Network
from tropnet.network.builder import NetworkBuilder
from tropnet.network.shared_linear import SharedLinear, shared
from tropnet.simplification.prune import prune
from tropnet.simplification.stored_weights import stored_weights

dense = Network.from_dense
SQUARE = Box.cube(2)


def weights_of(network: Network) -> list[list[float]]:
    return [stored.matrix.values.ravel().tolist() for stored in stored_weights(network)]


def test_nothing_changes_at_the_ends() -> None:
    f = dense([[[1, 2]], [[3]]])
    for found in (prune(f, SQUARE, fraction=0), prune(f, SQUARE, threshold=0),
                  prune(f, fraction=0), prune(f, SQUARE, threshold=1)):  # fmt: skip
        assert found.result is f
        assert found.bound == found.attained == 0
        assert not found.steps
        assert found.verdict
        assert found.replay()


def test_all_weights_may_go() -> None:
    f = dense([[[1, 2]], [[3]]], [[1], [5]])
    for found in (prune(f, SQUARE, fraction=1), prune(f, SQUARE, threshold=4)):
        assert found.result.n_parameters == 2  # the biases stay
        assert found.result.exact([[1, 1]]).to_fractions() == [[5]]
        assert found.bound == found.attained == 12
        require_bounds(found)


def test_the_threshold_is_strict_and_exact() -> None:
    tenth = 0.1  # a little above 1/10
    f = dense([[[tenth, -tenth, np.nextafter(tenth, 0)]], [[1]]])
    assert weights_of(prune(f, threshold=tenth).result)[0] == [tenth, -tenth, 0.0]
    assert weights_of(prune(f, threshold="0.1").result)[0] == [tenth, -tenth, 0.0]
    assert weights_of(prune(f, threshold=np.nextafter(tenth, 1)).result) == [[1.0]]
    third = dense([[["1/3", "-1/3", "1/4"]], [[1]]])
    assert prune(third, threshold="1/3").after["parameters"] == 3
    assert prune(third, threshold="333334/1000000").after["parameters"] == 1
    assert prune(f, threshold="1e400").after["parameters"] == 0


def test_equal_weights_go_in_their_order() -> None:
    f = dense([[[1, -1], [1, 1]], [[1, -1]]])
    assert weights_of(prune(f, fraction="1/2").result) == [[0, 0, 0, 1], [1, -1]]
    assert weights_of(prune(f, fraction="5/6").result) == [[0, -1]]  # the first layer is gone
    # rounded to the nearest number of weights, though 0.3 is a float below 3/10
    ten = dense([[[1, 2, 3, 4, 5, 6, 7, 8, 9]], [[10]]])
    assert prune(ten, fraction=0.3).after["parameters"] == 7


def test_the_share_is_of_the_nonzero_weights() -> None:
    f = dense([[[0, 0, 0, 4], [0, 1, 0, 0]], [[2, 3]]])
    assert weights_of(prune(f, fraction="1/2").result) == [[0, 0, 0, 4, 0, 0, 0, 0], [0, 3]]


def test_rationals_are_ranked_among_floats() -> None:
    f = dense([[["1/3", 0.3333]], [[0.3334]]])
    result = prune(f, fraction="2/3").result
    assert [s.matrix.exact.to_fractions() for s in stored_weights(result)] == [[[Fraction(0.3334)]]]
    assert prune(f, fraction="1/3").result.n_parameters == 2
    third = prune(f, SQUARE, fraction="1/3").result.layers[0].affine.terms[0][1].exact
    assert third[0, 0] == Fraction(1, 3)


def test_kernels_are_pruned_as_kernels() -> None:
    with sharing_everything():
        b = NetworkBuilder()
        x = b.input(5)
        windows = np.array([[i, i + 1, i + 2] for i in range(3)])
        kernel = shared([[1, "0.125", 2]], windows, np.zeros(3, int), np.arange(3), 5)
        f = b.build(b.linear(b.relu(b.linear(x, kernel)), [[1, 1, 1]]))
        assert isinstance(f.layers[0].affine.terms[0][1], SharedLinear)
        found = prune(f, Box.cube(5), fraction="1/6")
        ((_, left),) = found.result.layers[0].affine.terms
        assert isinstance(left, SharedLinear)
        assert left.kernel.values.tolist() == [[1, 0, 2]]
        assert [step.removed for step in found.steps] == [1]
        assert found.bound is not None
        assert found.bound >= found.attained >= Fraction(3, 8)  # type: ignore[operator]
        require_bounds(found, 10)


def test_what_is_pruned_may_be_simplified_too() -> None:
    f = dense([[[4, 1], [0.25, 0.5], [3, -2]], [[1, 2, 0.125]]], [[0, 1, 0], [7]])
    found = prune(f, SQUARE, threshold=0.75, simplify=True)
    assert found.near.n_relu == 3
    assert found.result.n_relu == 1  # a unit is constant, one is not read
    assert found.equality is not None
    assert {step.rule for step in found.steps} > {"prune"}
    require_bounds(found)
    require_truth(found)
    untouched = prune(f, SQUARE, threshold=0, simplify=True)
    assert (untouched.bound, untouched.attained) == (Fraction(0), Fraction(0))
    assert untouched.replay()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 8))
def test_bounds_of_simplified_ones_are_true(seed: int, eighths: int) -> None:
    f = draw_network(Random(seed), 2, 2, 5).network()
    box, share = Box([-1, 0], ["1/2", 2]), Fraction(eighths, 8)
    found = prune(f, box, fraction=share, simplify=True, time_limit=2)
    assert found.result.n_relu <= f.n_relu
    require_truth(found)


def test_names_and_notes_stay() -> None:
    f = dense([[[1, 2]], [[3]]], dtype="float32")
    found = prune(f, SQUARE, threshold="1.5")
    assert found.result.dtype == "float32"
    assert found.result.layers[0].name == "dense 0"
    assert found.result.notes == ("pruned: weights below 1.5 are zero",)
    assert found.original.notes == ()


def test_wrong_arguments() -> None:
    f = dense([[[1, 2]], [[3]]])
    with pytest.raises(DomainError, match="prune takes one of fraction and threshold; give frac"):
        prune(f)
    with pytest.raises(DomainError, match="prune takes one of fraction and threshold"):
        prune(f, fraction=0.1, threshold=1)
    with pytest.raises(DomainError, match=r"fraction is 1\.5; give a share from 0 to 1"):
        prune(f, fraction="1.5")
    with pytest.raises(DomainError, match="threshold is -1; give a number of at least 0"):
        prune(f, threshold=-1)
    with pytest.raises(DomainError, match="fraction"):
        prune(f, fraction=float("nan"))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 8))
def test_bounds_are_true_by_enumeration(seed: int, eighths: int) -> None:
    f = draw_network(Random(seed), 2, 2, 5).network()
    require_truth(prune(f, Box([-1, 0], ["1/2", 2]), fraction=Fraction(eighths, 8), time_limit=2))


def test_a_network_of_digits() -> None:
    data = os.environ.get("TROPNET_DATA")
    if data is None:
        pytest.skip("TROPNET_DATA is not set")
    f = load(Path(data) / "nets" / "mnist8x8" / "mlp_l1_0_seed0.pt")
    found = prune(f, Box.cube(64, 0, "0.05"), threshold="0.001", time_limit=1)
    require_bounds(found, 3, sample=2)
    assert found.attained is not None
    assert found.bound is not None
    assert 0 < found.attained <= found.bound < Fraction(1, 10)
