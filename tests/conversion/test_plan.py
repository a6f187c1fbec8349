"""Plans against what really comes out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.conversion.test_tropicalize import random_network
from tropnet.conversion import plan, regions_form, tropicalize
from tropnet.domains import Box
from tropnet.errors import BudgetExceeded, DomainError, ShapeError
from tropnet.network import Layer, Network

#: The ten networks on which predictions have to hold within a factor of ten.
LISTED = [
    [2, 4, 4, 1],
    [2, 8, 8, 1],
    [3, 6, 6, 1],
    [2, 16, 16, 1],
    [2, 6, 6, 6, 6, 1],
    [5, 12, 1],
    [4, 6, 6, 1],
    [8, 10, 1],
    [2, 8, 8, 3],
    [1, 20, 20, 1],
]


@pytest.mark.parametrize("sizes", LISTED, ids=lambda sizes: "-".join(map(str, sizes)))
def test_within_a_factor_of_ten(sizes: list[int]) -> None:
    network = random_network(sizes, 0)
    predicted = plan(network).outputs
    for guess, actual in zip(predicted, tropicalize(network, method="layers").k, strict=True):
        for p, k in zip(guess, actual, strict=True):
            assert k / 10 <= p <= 10 * k


def test_counted_sizes_are_upper_bounds() -> None:
    for seed in range(5):
        network = random_network([2, 5, 5, 2], seed)
        predicted = plan(network)
        assert predicted.counted
        for guess, actual in zip(
            predicted.outputs, tropicalize(network, method="layers").k, strict=True
        ):
            assert guess[0] >= actual[0]
            assert guess[1] >= actual[1]


def test_one_hidden_layer_is_counted_exactly() -> None:
    # m generic lines make 1 + m + m(m − 1)/2 cells
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=(9, 2)), np.array([[1.0] * 5 + [-1.0] * 4])]
    network = Network.from_dense(weights, [rng.normal(size=9), [0]])
    assert plan(network).outputs == ((16, 11),)
    assert plan(network).layers[0].cells == 46


def test_a_domain_cuts_the_count() -> None:
    network = random_network([2, 8, 8, 1], 0)
    everywhere, here = plan(network), plan(network, Box.cube(2, "0", "1/100"))
    assert here.terms < everywhere.terms
    with pytest.raises(DomainError, match="the box is flat"):
        plan(network, Box([0, 0], [0, 1]))
    with pytest.raises(ShapeError, match="the domain has 3 coordinates"):
        plan(network, Box.cube(3))


@pytest.mark.parametrize("sizes", [[784, 100, 100, 10], [40, 40, 40, 1], [5, 50, 50, 50, 5]])
def test_hopeless_networks_are_recognised(sizes: list[int]) -> None:
    predicted = plan(random_network(sizes, 0))
    with pytest.raises(BudgetExceeded) as caught:
        predicted.require(100_000)
    assert caught.value.predicted > 100_000


def test_a_wide_input_is_no_obstacle() -> None:
    network = random_network([300, 8, 6, 1], 0)
    predicted = plan(network)
    assert predicted.layers[0].cells == 2**8
    predicted.require(100_000)


def test_prints_as_a_table() -> None:
    text = str(plan(random_network([2, 4, 4, 1], 0)))
    lines = text.splitlines()
    assert lines[0].split() == ["layer", "units", "terms", "of", "P,", "Q", "cells", "unpruned"]
    assert [line.split()[0] for line in lines[1:]] == [
        "dense", "dense", "output", "P", "from",
    ]  # fmt: skip
    assert lines[-1].startswith("from the cells: at most 121 cells; integer exponents times 2^")
    hopeless = plan(random_network([784, 100, 100, 10], 0))
    assert str(hopeless).endswith("P ⊘ Q: too large to expand")
    assert math.isinf(hopeless.layers[-1].cells)
    assert hopeless.outputs == ()


def test_html_is_escaped() -> None:
    network = random_network([2, 2, 1], 0)
    layer = network.layers[0]
    named = replace(network, layers=(Layer(layer.affine, layer.relu, "<b>"),))
    html = plan(named)._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt;" in html
    assert html.count("<tr>") == 3


def test_coinciding_kinks_are_counted_once() -> None:
    absolute = Network.from_dense([[[1], [-1], [2], [0]], [[1, 1, 1, 1]]])
    assert plan(absolute).outputs == ((2, 1),)


def test_the_same_seed_gives_the_same_plan() -> None:
    network = random_network([3, 16, 16, 1], 0)
    assert plan(network, seed=1) == plan(network, seed=1)


def test_large_networks_are_hopeless_without_a_count() -> None:
    wide = Network.from_dense([np.ones((5000, 2)), np.ones((5000, 5000)), np.ones((1, 5000))])
    found = plan(wide)
    assert found.terms == math.inf
    assert found.summary == "too large to expand"
    with pytest.raises(BudgetExceeded, match="keep the network as a circuit"):
        found.require(1e5)


def test_cells_are_forecast_for_few_inputs() -> None:
    network = random_network([2, 24, 24, 24, 1], 0)
    regions = plan(network, Box.cube(2)).regions
    assert regions is not None
    assert not regions.bounded
    found = regions_form(network, Box.cube(2))
    assert found.cells.n_cells / 4 <= regions.cells <= 4 * found.cells.n_cells
    assert regions.bits >= max(
        int(abs(v)).bit_length() for v in found.cells.exact_maps()[0].ravel()
    )
    assert plan(random_network([7, 3, 1], 0)).regions is None


def test_the_root_makes_exponents_integers() -> None:
    network = random_network([2, 6, 5, 1], 0)
    regions = plan(network).regions
    assert regions is not None
    assert regions.root is not None
    for polynomial in (tropicalize(network)[0].numerator, tropicalize(network)[0].denominator):
        assert (1 << regions.root) % polynomial.exponents.denominator == 0
    thirds = Network.from_dense([[["1/3"]], [[1]]])
    assert plan(thirds).regions.root is None  # type: ignore[union-attr]
    assert "integer exponents" not in str(plan(thirds).regions)
