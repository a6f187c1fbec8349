"""Samples of cells against counts that are known."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest

from tests.conversion.test_tropicalize import random_network
from tests.oracles.cells import cells
from tropnet.conversion.cell_sample import CellSample
from tropnet.domains import Box
from tropnet.network import Affine, Network


def lines(count: int, n: int, seed: int = 0) -> Affine:
    rng = np.random.default_rng(seed)
    return Affine({0: rng.normal(size=(count, n))}, rng.normal(size=count))


def cut_all(sample: CellSample, network: Network, seed: int) -> CellSample:
    rng = np.random.default_rng(seed)
    for layer in network.layers:
        sample, forms, _ = sample.cut(layer.affine, range(layer.width), rng, math.inf)
        sample = sample.after(forms, layer.relu)
    return sample


@pytest.mark.parametrize(("count", "n"), [(7, 1), (9, 2), (7, 3), (6, 5)])
def test_generic_hyperplanes(count: int, n: int) -> None:
    sample = CellSample.of(np.eye(n), None, 10_000)
    affine = lines(count, n)
    generic = sample.generic_count(affine, np.arange(count))
    found, _, cutting = sample.cut(affine, range(count), np.random.default_rng(0), math.inf)
    assert found.estimate == generic == sum(math.comb(count, i) for i in range(n + 1))
    assert cutting.all()
    assert found.generic_count(affine, np.arange(count)) is None


def test_a_small_sample_is_right_on_average() -> None:
    affine = lines(14, 2)
    estimates = [
        CellSample.of(np.eye(2), None, 20)
        .cut(affine, range(14), np.random.default_rng(seed), math.inf)[0]
        .estimate
        for seed in range(60)
    ]
    assert statistics.fmean(estimates) == pytest.approx(1 + 14 + 91, rel=0.15)


@pytest.mark.parametrize("seed", range(4))
def test_counts_the_cells_of_a_network(seed: int) -> None:
    network = random_network([2, 4, 3, 1], seed)
    sample = cut_all(CellSample.of(np.eye(2), None, 1000), network, 0)
    assert sample.estimate == len(list(cells(network)))


def test_points_are_inside_and_values_are_the_networks() -> None:
    network = random_network([3, 6, 5, 2], 0)
    sample = cut_all(CellSample.of(np.eye(3), Box.cube(3, -5, 5), 50), network, 0)
    assert (np.abs(sample.points) < 5).all()
    lifted = np.concatenate([sample.points, np.ones((len(sample.points), 1))], axis=1)
    outputs = np.einsum("cuk,ck->cu", sample.forms(network.output), lifted)
    assert outputs == pytest.approx(network(sample.points), abs=1e-9)


def test_stops_at_the_limit() -> None:
    sample = CellSample.of(np.eye(20), None, 30)
    affine = lines(20, 20)
    found, _, cutting = sample.cut(affine, range(20), np.random.default_rng(0), 100)
    assert found.estimate == 128
    assert cutting.sum() == 7
