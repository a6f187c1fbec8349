"""P ⊘ Q is the network: at points, and as a function."""

from __future__ import annotations

import time
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.oracles.cells import Form, cells, equals_on_cells
from tropnet.algebra import TropicalMap, TropicalPolynomial
from tropnet.algebra.essential import essential_terms
from tropnet.conversion import Plan, tropicalize
from tropnet.domains import Box
from tropnet.errors import BudgetExceeded, DomainError, TropnetError
from tropnet.network import Affine, Layer, Network
from tropnet.testing.strategies import nasty_floats, networks, points


def random_network(sizes: list[int], seed: int) -> Network:
    """Uniform weights of the size that torch would draw, in float32."""
    rng = np.random.default_rng(seed)
    pairs = list(pairwise(sizes))
    bounds = [1 / np.sqrt(a) for a, _ in pairs]
    weights = [
        rng.uniform(-r, r, (b, a)).astype(np.float32)
        for r, (a, b) in zip(bounds, pairs, strict=True)
    ]
    biases = [
        rng.uniform(-r, r, b).astype(np.float32) for r, (_, b) in zip(bounds, pairs, strict=True)
    ]
    return Network.from_dense(weights, biases)


def forms(polynomial: TropicalPolynomial) -> list[Form]:
    return [(term.exponents, term.coefficient) for term in polynomial.terms()]


def quotients(f: TropicalMap) -> list[tuple[list[Form], list[Form]]]:
    return [(forms(output.numerator), forms(output.denominator)) for output in f]


def assert_same_at(f: TropicalMap, network: Network, where: Any) -> None:
    values = network.exact(where).to_fractions()
    assert [list(row) for row in f.exact(where)] == values


def assert_pruned(f: TropicalMap) -> None:
    for output in f:
        for polynomial in (output.numerator, output.denominator):
            found = essential_terms(polynomial.exponents, polynomial.coefficients)
            assert len(found.kept) == polynomial.k


# ---- traps: the oracle must be able to say no ----------------------------------------------------


def test_the_oracle_notices_a_wrong_term() -> None:
    network = random_network([2, 3, 2, 1], 0)
    f = tropicalize(network)
    assert equals_on_cells(network, quotients(f))
    above, below = quotients(f)[0]
    for i in range(len(above)):
        assert not equals_on_cells(network, [(above[:i] + above[i + 1 :], below)])
        nudged = (above[i][0], above[i][1] + Fraction(1, 10**30))
        assert not equals_on_cells(network, [([*above, nudged], below)])


def test_the_oracle_counts_cells() -> None:
    lines = Network.from_dense([[[1, 0], [0, 1], [1, 1]], [[1, 1, 1]]], [[0, 0, -1], [0]])
    assert len(list(cells(lines))) == 7


# ---- as a function -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sizes", [[1, 5, 1], [1, 3, 3, 2], [2, 4, 1], [2, 3, 3, 1], [2, 2, 2, 2, 1]]
)
@pytest.mark.parametrize("seed", range(3))
def test_equals_the_network_as_a_function(sizes: list[int], seed: int) -> None:
    network = random_network(sizes, seed)
    f = tropicalize(network)
    assert equals_on_cells(network, quotients(f))
    assert_pruned(f)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(networks(n_inputs=2, max_layers=2, max_width=3))
def test_degenerate_networks_as_functions_of_two_inputs(network: Network) -> None:
    f = tropicalize(network)
    assert equals_on_cells(network, quotients(f))
    assert_pruned(f)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(networks(n_inputs=1, max_layers=3, max_width=3))
def test_degenerate_networks_as_functions_of_one_input(network: Network) -> None:
    f = tropicalize(network)
    assert equals_on_cells(network, quotients(f))
    assert_pruned(f)


# ---- at points -----------------------------------------------------------------------------------


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(networks(), st.data())
def test_degenerate_networks_at_points(network: Network, data: st.DataObject) -> None:
    f = tropicalize(network)
    where = data.draw(st.lists(points(network.n_inputs), min_size=1, max_size=5))
    assert_same_at(f, network, where)
    assert_pruned(f)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    networks(max_layers=2, max_width=3, entries=nasty_floats()),
    st.data(),
)
def test_nasty_weights_at_points(network: Network, data: st.DataObject) -> None:
    f = tropicalize(network)
    where = data.draw(st.lists(points(network.n_inputs, nasty_floats()), min_size=1, max_size=3))
    assert_same_at(f, network, where)


@pytest.mark.parametrize(
    "sizes", [[2, 8, 8, 1], [3, 6, 6, 1], [2, 8, 8, 3], [5, 8, 2], [2, 4, 4, 4, 4, 1], [9, 5, 3]]
)
def test_random_networks_at_points(sizes: list[int]) -> None:
    network = random_network(sizes, 1)
    f = tropicalize(network)
    where = (
        np.random.default_rng(0).normal(size=(30, sizes[0]))
        * 10.0 ** np.arange(-2, 4)[np.arange(30) % 6, None]
    )
    assert_same_at(f, network, where)
    assert_pruned(f)


def test_rational_weights_and_skips() -> None:
    first = Layer(Affine({0: [["1/9", "2/9"], [1, -1]]}, ["1/3", 0]), [True, True])
    second = Layer(
        Affine({0: [[1, 0], [0, 1]], 1: [[1, "-1/7"], [3, 1]]}, [0, "1/2"]), [True, False]
    )
    network = Network(
        2, (first, second), Affine({0: [[1, 1]], 1: [[-1, 2]], 2: [["1/3", -1]]}, [5])
    )
    f = tropicalize(network)
    assert equals_on_cells(network, quotients(f))
    assert_same_at(f, network, [["1/3", "22/7"], [-5, 4]])


# ---- what cancels --------------------------------------------------------------------------------


def test_dead_and_always_active_units_leave_no_terms() -> None:
    # relu(x) is never below zero, so its relu is itself, and the relu of its negative is zero
    network = Network.from_dense([[[1]], [[1], [-1]], [[1, 1]]])
    f = tropicalize(network)
    assert f.k == ((2, 1),)
    assert str(f[0].numerator) == "max(0, x₁)"


def test_equal_negated_and_scaled_units_share_one_atom() -> None:
    # relu(t) − relu(−t) = t, and 3 relu(2t) = 6 relu(t)
    weights = [[1, 2], [-1, -2], [2, 4]]
    straight = Network.from_dense([weights, [[1, -1, 0]]], [[1, -1, 2], [0]])
    assert tropicalize(straight).k == ((1, 1),)
    doubled = Network.from_dense([weights, [[-6, 0, 3]]], [[1, -1, 2], [7]])
    assert tropicalize(doubled).k == ((1, 1),)


def test_equal_parts_of_p_and_q_cancel_before_they_are_expanded() -> None:
    network = random_network([2, 6, 6, 1], 3)
    copies = [np.vstack([layer.affine.terms[0][1].values] * 1) for layer in network.layers]
    out = np.zeros((1, 6))
    zero = Network.from_dense([*copies, out])
    assert tropicalize(zero).k == ((1, 1),)


# ---- limits --------------------------------------------------------------------------------------


def test_a_network_beyond_reach_is_refused_at_once() -> None:
    network = random_network([5, 50, 50, 50, 50, 50, 50, 5], 0)
    tropicalize(random_network([2, 2, 1], 0))
    started = time.perf_counter()
    with pytest.raises(
        BudgetExceeded, match=r"terms of P and Q in dense 1 \(50 units; .* in "
    ) as caught:
        tropicalize(network, method="layers")
    assert time.perf_counter() - started < 10
    assert caught.value.budget == 100_000
    assert caught.value.predicted > 100_000
    assert "enumerate linear regions" in caught.value.advice


def test_the_budget_is_obeyed_even_where_the_plan_was_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = random_network([2, 8, 8, 1], 0)
    with pytest.raises(BudgetExceeded, match="predicted"):
        tropicalize(network, method="layers", max_terms=20)
    monkeypatch.setattr(Plan, "require", lambda *_: None)
    with pytest.raises(BudgetExceeded, match="terms of one polynomial in "):
        tropicalize(network, method="layers", max_terms=20)


def test_the_time_limit_is_obeyed() -> None:
    network = random_network([3, 20, 20, 20, 1], 0)
    started = time.perf_counter()
    with pytest.raises(
        TropnetError, match=r"the time limit of 0\.5 s was reached in layer \d of 3"
    ):
        tropicalize(network, method="layers", max_terms=10**7, time_limit=0.5)
    assert time.perf_counter() - started < 10


def test_no_hidden_layer() -> None:
    f = tropicalize(Network.from_dense([[[1, -2], [0, 0]]], [["1/2", 3]]))
    assert f.k == ((1, 1), (1, 1))
    assert f([4, 1]) == (Fraction(5, 2), 3)


@pytest.mark.parametrize("method", ["auto", "layers", "regions"])
def test_flat_boxes_are_refused_in_the_words_of_the_cells(method: Any) -> None:
    network = Network.from_dense([[[1, 1]], [[1]]])
    with pytest.raises(
        DomainError, match=r"^the box is flat: coordinate 1 is always 1/3; restrict"
    ):
        tropicalize(network, Box([0, "1/3"], [1, "1/3"]), method=method)
