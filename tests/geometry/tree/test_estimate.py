"""Estimates of the number of cells: unbiased, and of use before the work."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.geometry.tree.test_search import degenerate_network, gaussian, some_domain
from tropnet import Network
from tropnet.domains import Box, Domain, Polyhedron
from tropnet.errors import DomainError
from tropnet.geometry.circuit import Circuit
from tropnet.geometry.tree.estimate import estimate_cells
from tropnet.geometry.tree.search import tree_cells
from tropnet.network import Affine


@pytest.mark.parametrize(
    ("widths", "domain"),
    [
        ([1, 6, 4, 1], None),
        ([2, 6, 6, 1], Box.cube(2)),
        ([3, 6, 5, 1], None),
        ([3, 6, 5, 1], Polyhedron([[1, 1, 1], [-1, 0, 0]], [1, 0])),
        ([6, 7, 6, 1], Box.cube(6)),
    ],
)
def test_the_mean_is_near_the_count(widths: list[int], domain: Domain) -> None:
    circuit = Circuit.of(gaussian(2, widths))
    count = tree_cells(circuit, domain, facets=False).n_cells
    estimate = estimate_cells(circuit, domain, descents=4000)
    assert estimate.descents == 4000
    assert 0 < estimate.standard_error < 0.2 * count
    assert abs(estimate.mean - count) < 4 * estimate.standard_error
    assert estimate.largest >= count


@pytest.mark.parametrize("seed", range(6))
def test_degenerate_networks(seed: int) -> None:
    circuit = Circuit.of(degenerate_network(seed, 2, [4, 3]))
    domain = some_domain(seed, 2)
    count = tree_cells(circuit, domain, facets=False).n_cells
    estimate = estimate_cells(circuit, domain, descents=2000)
    assert abs(estimate.mean - count) <= 4 * estimate.standard_error


@pytest.mark.parametrize("n", [1, 4, 10, 16])
def test_hyperplanes_in_general_position_in_few_dimensions(n: int) -> None:
    estimate = estimate_cells(Circuit.of(gaussian(n, [n, 8, 1])), None, descents=1000)
    count = sum(math.comb(8, i) for i in range(n + 1))
    assert abs(estimate.mean - count) <= 4 * estimate.standard_error


def test_the_seed_decides() -> None:
    circuit = Circuit.of(gaussian(0, [3, 8, 8, 1]))
    one, two, other = (estimate_cells(circuit, None, descents=200, seed=s) for s in (5, 5, 6))
    assert one == two
    assert one != other


def test_one_descent_knows_no_error() -> None:
    estimate = estimate_cells(Circuit.of(gaussian(0, [2, 3, 1])), None, descents=1)
    assert estimate.standard_error == math.inf


def test_a_network_without_units_is_one_cell() -> None:
    estimate = estimate_cells(Circuit.of(Network(2, (), Affine({0: [[1, 1]]}))), None)
    assert (estimate.mean, estimate.standard_error) == (1.0, 0.0)


def test_no_descents_are_refused() -> None:
    with pytest.raises(DomainError, match="an estimate from 0 descents"):
        estimate_cells(Circuit.of(gaussian(0, [2, 3, 1])), None, descents=0)


def test_large_networks_are_estimated_quickly() -> None:
    rng = np.random.default_rng(0)
    wide = Network.from_dense(
        [rng.standard_normal((60, 8)), rng.standard_normal((60, 60)), rng.standard_normal((1, 60))]
    )
    assert estimate_cells(Circuit.of(wide), Box.cube(8), descents=50).mean > 10**9
