"""Sorting networks against torch's sort and topk, ties included; their sizes; refusals."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch

from tests.io.operations.oracle import agree, read, stored
from tropnet.errors import ShapeError, UnsupportedLayerError
from tropnet.io.operations import Operations
from tropnet.io.operations.order import MOST_SORTED, sorted_values, top_k
from tropnet.io.tensor import Constant


@pytest.mark.parametrize("length", range(1, 10))
def test_every_order_of_zeros_and_ones_is_sorted(length: int) -> None:
    # a network of comparisons that sorts these sorts everything (Knuth, vol. 3, 5.3.4)
    f = read([(length,)], lambda do, x: sorted_values(do, x))
    points = np.array(list(product([0.0, 1.0], repeat=length)))
    assert f.exact(points).to_floats().tolist() == np.sort(points, axis=1).tolist()


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_sorting_is_torchs(descending: bool, axis: int) -> None:
    agree(
        [(3, 4, 2)],
        lambda do, x: sorted_values(do, x, axis, descending),
        lambda x: torch.sort(x, dim=axis, descending=descending).values,
        count=4,
    )


@pytest.mark.parametrize("largest", [False, True])
@pytest.mark.parametrize("k", [1, 2, 5])
def test_the_k_largest_are_torchs(largest: bool, k: int) -> None:
    agree(
        [(2, 5)],
        lambda do, x: top_k(do, x, k, 1, largest),
        lambda x: torch.topk(x, k, dim=1, largest=largest).values,
        count=12,
    )


def test_only_the_comparisons_that_matter_are_made() -> None:
    assert read([(16,)], lambda do, x: top_k(do, x, 1)).n_relu == 15
    assert read([(16,)], sorted_values).n_relu == 63  # Batcher's network


def test_the_longest_axis() -> None:
    f = read([(MOST_SORTED,)], sorted_values)
    x = np.random.default_rng(0).permutation(MOST_SORTED).astype(np.float64)
    assert f.exact(x).to_floats().tolist() == [np.sort(x).tolist()]
    assert f.n_relu == 543
    assert len(f.layers) == 21


def test_constants_are_sorted_of_any_length() -> None:
    x = stored(np.arange(100)[::-1].copy())
    found = top_k(Operations("float32"), x, 2, largest=False)
    assert isinstance(found, Constant)
    assert found.values.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("build", "error", "text"),
    [
        (lambda do, x: sorted_values(do, x, name="sort1"), UnsupportedLayerError,
         r"'sort1' \(TopK\).* it sorts 65 values; at most 64"),
        (lambda do, x: top_k(do, x, 66), ShapeError, "66 of the 65 values"),
        (lambda do, x: top_k(do, x, -1), ShapeError, "-1 of the 65 values"),
        (lambda do, x: top_k(do, x, 1, 2), ShapeError, "axis 2"),
    ],
)  # fmt: skip
def test_refusals(build: Any, error: Any, text: str) -> None:
    with pytest.raises(error, match=text):
        read([(1, 65)], build)
