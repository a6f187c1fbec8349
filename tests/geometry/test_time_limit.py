"""One time limit covers all steps, and too many cells within it are a partial result."""

from __future__ import annotations

import os
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tropnet import Box, Network, load
from tropnet.errors import BudgetExceeded, DomainError
from tropnet.geometry import enumerate_cells
from tropnet.geometry.circuit import Circuit
from tropnet.geometry.exact_rows import ExactRows

_DATA = Path(os.environ.get("TROPNET_DATA", "/nowhere")) / "nets" / "acasxu"


def _network() -> Network:
    rng = np.random.default_rng(3)
    sizes = [2, 20, 20, 1]
    pairs = list(pairwise(sizes))
    return Network.from_dense(
        [rng.normal(size=(b, a)) for a, b in pairs], [rng.normal(size=b) for _, b in pairs]
    )


@pytest.mark.parametrize("engine", ["subdivision", "exact"])
def test_too_many_cells_within_a_time_limit_are_a_partial_result(engine: Any) -> None:
    network, box = _network(), Box.cube(2, -3, 3)
    every = enumerate_cells(network, box)
    found = enumerate_cells(network, box, engine=engine, max_cells=60, time_limit=100)
    assert not found.complete
    assert 0 < found.n_done < every.n_done
    assert found.n_cells <= (60 if engine == "subdivision" else 120)
    coarse = np.unique(every.signs[:, : found.n_done], axis=0)
    assert sorted(map(tuple, coarse)) == sorted(map(tuple, found.signs))


@pytest.mark.parametrize("engine", ["subdivision", "exact"])
def test_without_one_they_are_refused_as_found(engine: Any) -> None:
    with pytest.raises(BudgetExceeded, match=r"^cells of the complex: found \d+, budget 60; try"):
        enumerate_cells(_network(), Box.cube(2, -3, 3), engine=engine, max_cells=60)


@pytest.mark.skipif(not _DATA.is_dir(), reason="TROPNET_DATA names no folder with nets/acasxu")
def test_integers_have_only_what_floats_left() -> None:
    network = load(_DATA / "ACASXU_run2a_1_1_batch_2000.onnx")
    enumerate_cells(network, Box.cube(5, 0, "1/1000"), time_limit=0.1)  # compiles
    started = time.monotonic()
    found = enumerate_cells(network, Box.cube(5), engine="exact", time_limit=2)
    assert time.monotonic() - started < 4
    assert not found.complete


@pytest.mark.parametrize("count", [1, 20, 27, 40])
def test_the_first_units_alone_have_exact_forms(count: int) -> None:
    network = _network()
    whole, part = Circuit.of(network), Circuit.of(network).first(count)
    active = np.ones((1, 40), np.int8)
    for b, block in enumerate(part.blocks):
        rows, full = ExactRows(part), ExactRows(whole)
        unit = np.array([block.width - 1])
        found = rows.integers(rows.residues(b, unit, active[:, :count]), b)
        found = found * whole.blocks[b].denominator
        same = full.integers(full.residues(b, unit, active), b) * block.denominator
        assert found.tolist() == same.tolist()


@pytest.mark.parametrize(
    ("budget", "text"),
    [
        ({"max_cells": "a"}, "max_cells='a'; give a number"),
        ({"max_cells": float("nan")}, "max_cells=nan; give at least 1"),
        ({"time_limit": "a"}, "time_limit='a'; give a number"),
        ({"time_limit": float("nan")}, "time_limit=nan; give seconds, 0 or more"),
    ],
)
def test_budgets_are_numbers(budget: Any, text: str) -> None:
    with pytest.raises(DomainError, match=f"^{text}$"):
        enumerate_cells(_network(), Box.cube(2), **budget)


@pytest.mark.parametrize("cell", [1.5, "a", True, None])
def test_a_cell_is_an_integer(cell: Any) -> None:
    cells = enumerate_cells(_network(), Box.cube(2))
    with pytest.raises(DomainError, match="is no cell; give the number of one, an integer"):
        cells.exact_map(cell)
