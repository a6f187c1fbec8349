"""Searches that are bound to find too many cells are refused before they begin, others are not."""

from __future__ import annotations

import math
import re
import time
from pathlib import Path

import numpy as np
import pytest

import tropnet
from tests.geometry.tree.test_search import degenerate_network, gaussian, some_domain
from tropnet import Box, Network
from tropnet.domains import Domain
from tropnet.errors import BudgetExceeded
from tropnet.geometry import enumerate_cells, linear_regions
from tropnet.geometry.circuit import Circuit
from tropnet.geometry.tree import prediction
from tropnet.geometry.tree.estimate import RandomDescents
from tropnet.geometry.tree.prediction import predicted_excess
from tropnet.geometry.tree.probe import probes_between_looks
from tropnet.geometry.tree.problem import TreeProblem
from tropnet.geometry.tree.search import tree_cells


def orthants(n: int) -> Network:
    return Network.from_dense([np.eye(n), [[1] * n]])


def problem(network: Network, domain: Domain = None) -> TreeProblem:
    return TreeProblem.of(Circuit.of(network), domain)


def test_a_hopeless_search_is_refused_in_one_line() -> None:
    started = time.monotonic()
    with pytest.raises(BudgetExceeded) as told:
        tropnet.linear_regions(orthants(40), Box.cube(40))
    assert time.monotonic() - started < 30  # 2^40 cells take years
    assert 2**36 < told.value.predicted <= 2**40
    assert re.sub(r"\d\.\d+e\+\d\d", "PREDICTED", str(told.value), count=1) == (
        "cells of the complex: predicted PREDICTED, budget 1e+06; try: a smaller domain, a slice "
        "of the network (slice_network), a higher max_cells, or a time_limit for a partial result"
    )


@pytest.mark.parametrize("name", ["control/KJ_TinyTaxiNet.onnx", "mnist8x8/mnist8x8_lin.npz"])
def test_images_are_refused(tropnet_data: Path, name: str) -> None:
    network = tropnet.load(tropnet_data / "nets" / name)
    box = Box.cube(network.n_inputs, 0, 1)
    with pytest.raises(BudgetExceeded, match=r"predicted \d.*e\+\d\d, budget 1e\+06; try: a sma"):
        tropnet.linear_regions(network, box)
    part = tropnet.linear_regions(network, box, time_limit=0.1)
    assert part.n_cells > 0
    assert not part.complete


def test_a_time_limit_is_asked_no_prediction() -> None:
    part = enumerate_cells(orthants(40), Box.cube(40), time_limit=0.05)
    assert not part.complete
    assert part.n_cells > 0
    assert "stopped by the time limit" in part.certified


def test_what_is_far_below_the_limit_goes_on() -> None:
    network = gaussian(8, [8, 10, 1])
    assert 1 << 10 > 1000  # so many signs would be too many
    cells = enumerate_cells(network, max_cells=100_000)
    assert cells.n_cells == sum(math.comb(10, i) for i in range(9))
    assert predicted_excess(problem(orthants(8)), 256) is None


@pytest.mark.parametrize("seed", range(12))
def test_as_many_cells_as_allowed_are_not_too_many(seed: int) -> None:
    """The limit is the count itself: the sharpest that a right answer can be."""
    if seed % 2:
        network, domain = gaussian(seed, [2, 12, 8, 1]), None
    else:
        network, domain = degenerate_network(seed, 3, [5, 4]), some_domain(seed, 3)
    count = tree_cells(Circuit.of(network), domain, facets=False).n_cells
    assert predicted_excess(problem(network, domain), count) is None
    assert enumerate_cells(network, domain, engine="tree", max_cells=count).n_cells == count


def test_rare_large_descents_count() -> None:
    """Most descents leave the box of all cells at once; few see more than a thousand."""
    n = 8
    first = np.vstack([[-1.0] * n, np.eye(n)])
    second = np.hstack([-100 * np.ones((n, 1)), np.eye(n)])
    network = Network.from_dense(
        [first, second, [[1] * n]], [[0.2, *[0] * n], -np.arange(1, n + 1) / 50, [0]]
    )
    box = Box.cube(n, -1, 1)
    count = tree_cells(Circuit.of(network), box, facets=False, max_cells=10**6).n_cells
    found = predicted_excess(problem(network, box), count // 20)
    assert found is not None
    assert found > count // 20
    assert predicted_excess(problem(network, box), count) is None


def test_equal_descents_tell_the_count_and_its_limit() -> None:
    asked = problem(orthants(20), Box.cube(20))
    assert predicted_excess(asked, 500_000) == 2**20
    assert predicted_excess(asked, 2**20) is None


def test_descents_that_are_cut_short_count_from_below(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prediction, "_SECONDS", -1.0)
    asked = problem(orthants(160), Box.cube(160))
    assert predicted_excess(asked, 10**6) == 2 ** probes_between_looks(160) < 2**160
    assert predicted_excess(asked, 10**9) is not None
    assert predicted_excess(asked, 10**15 * 2 ** probes_between_looks(160)) is None


def test_counts_beyond_all_floats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RandomDescents, "one", lambda *_: 2000)
    assert predicted_excess(problem(orthants(8)), 100) == 2**2000
    with pytest.raises(BudgetExceeded, match=r"predicted about 10\^602, budget 100; try"):
        enumerate_cells(orthants(8), max_cells=100)
    assert predicted_excess(problem(orthants(8)), 10**4000) is None


def test_a_saved_complex_is_found_again_whatever_is_predicted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = enumerate_cells(orthants(8), Box.cube(8))
    tropnet.save(cells, tmp_path / "cells.json")
    monkeypatch.setattr(linear_regions, "predicted_excess", lambda *_: 10**9)
    assert tropnet.load_complex(tmp_path / "cells.json").n_cells == 256


def test_the_clock_is_looked_at_more_often_where_programs_are_large() -> None:
    looks = [probes_between_looks(d) for d in (1, 7, 8, 64, 128, 784, 10**6)]
    assert looks == sorted(looks, reverse=True)
    assert (looks[0], looks[-1]) == (20_000, 1)

    class Enough(Exception):  # noqa: N818
        pass

    def watch(cells: int) -> None:
        raise Enough(cells)

    with pytest.raises(Enough) as told:
        tree_cells(Circuit.of(orthants(64)), Box.cube(64), watch=watch)
    assert told.value.args[0] <= probes_between_looks(64)
