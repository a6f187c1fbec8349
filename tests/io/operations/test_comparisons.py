"""Comparisons of entries: exact, shared, and one layer each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.io.operations.oracle import read
from tropnet.errors import BudgetExceeded
from tropnet.io.operations import Operations, comparisons
from tropnet.io.operations.comparisons import Comparisons


@settings(max_examples=60)
@given(st.data())
def test_extremes_of_any_groups(data: st.DataObject) -> None:
    entries = st.integers(0, 5)
    width = data.draw(st.integers(1, 6))
    rows = st.lists(st.lists(entries, min_size=width, max_size=width), min_size=1, max_size=4)
    groups = np.array(data.draw(rows))
    largest = data.draw(st.booleans())

    def build(do: Operations, x: Any) -> Any:
        pairs = Comparisons(do, x)
        return pairs.tensor(pairs.extreme(groups, largest=largest))

    f = read([(6,)], build)
    points = np.random.default_rng(0).integers(-3, 4, size=(20, 6)).astype(np.float64)
    chosen = points[:, groups]
    expected = chosen.max(axis=2) if largest else chosen.min(axis=2)
    assert f.exact(points).to_floats().tolist() == expected.tolist()
    levels = int(np.ceil(np.log2(width)))
    assert len(f.layers) <= levels
    assert f.n_relu <= len(groups) * (width - 1)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=5))
def test_both_of_each_pair_again_and_again(steps: list[tuple[int, int]]) -> None:
    steps = [(i, j) for i, j in steps if i != j]

    def build(do: Operations, x: Any) -> Any:
        pairs = Comparisons(do, x)
        line = pairs.entries.copy()
        for i, j in steps:
            larger, smaller = pairs.compare(line[[i]], line[[j]])
            line[i], line[j] = larger[0], smaller[0]
        return pairs.tensor(line)

    f = read([(4,)], build)
    assert f.n_relu == len(steps)
    points = np.random.default_rng(1).integers(-3, 4, size=(20, 4)).astype(np.float64)
    expected = points.copy()
    for i, j in steps:
        first, second = expected[:, i].copy(), expected[:, j].copy()
        expected[:, i], expected[:, j] = np.maximum(first, second), np.minimum(first, second)
    assert f.exact(points).to_floats().tolist() == expected.tolist()


def test_entries_as_they_are_make_no_layer() -> None:
    def build(do: Operations, x: Any) -> Any:
        pairs = Comparisons(do, x)
        return pairs.tensor(pairs.entries.T)

    f = read([(2, 3)], build)
    assert f.layers == ()
    assert f.exact([1, 2, 3, 4, 5, 6]).to_floats().tolist() == [[1, 4, 2, 5, 3, 6]]


def test_sizes_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparisons, "MOST_PLACES", 10)

    def build(do: Operations, x: Any) -> Any:
        pairs = Comparisons(do, x, "max1")
        return pairs.tensor(pairs.extreme(pairs.entries, largest=True))

    with pytest.raises(BudgetExceeded, match="the comparisons of max1"):
        read([(9,)], build)
