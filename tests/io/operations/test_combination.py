"""Sums with shared weights: tensors and constants alike, exact, and never too large."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.io.operations.oracle import read, stored
from tropnet.errors import BudgetExceeded
from tropnet.io.operations import Operations
from tropnet.io.operations.combination import combine
from tropnet.io.tensor import Constant

_KERNEL = np.array([[Fraction(1, 3), Fraction(2)], [Fraction(-1), Fraction(0)]], dtype=object)
_PATCHES = np.array([[0, 1], [2, -1], [1, 1]])
_X = [5.0, 7.0, 0.1]


def _combined(do: Operations, x: Any) -> Any:
    kernels, patches = np.array([0, 1, 0, 0]), np.array([0, 1, 2, 1])
    return combine(do, x, _KERNEL, _PATCHES, kernels, patches, (2, 2))


def test_tensors_and_constants_alike() -> None:
    tenth = Fraction(0.1)
    expected = [Fraction(5, 3) + 14, -tenth, Fraction(7, 3) + 14, tenth / 3]
    assert read([(3,)], _combined).exact(_X).to_fractions() == [expected]
    folded = _combined(Operations("float32"), stored(np.array(_X)))
    assert isinstance(folded, Constant)
    assert folded.values.reshape(-1).tolist() == expected
    assert folded.shape == (2, 2)


def test_one_whole_patch_is_a_matrix() -> None:
    w = np.array([[1.0, 2.0], [3.0, 4.0]])
    for order in ([0, 1], [1, 0, 1]):
        f = read(
            [(2,)],
            lambda do, x, order=order: combine(
                do, x, w, np.array([[0, 1]]), np.array(order), np.zeros(len(order), int),
                (len(order),),
            ),
        )  # fmt: skip
        [(_, weights)] = f.output.terms
        assert weights.values.tolist() == w[order].tolist()


def test_sums_of_nothing_are_zero() -> None:
    none = np.zeros((1, 0))
    found = combine(
        Operations("float32"), stored(np.ones(2)), none, none.astype(int), np.zeros(3, int),
        np.zeros(3, int), (3,),
    )  # fmt: skip
    assert isinstance(found, Constant)
    assert found.values.tolist() == [0, 0, 0]


def test_sizes_are_checked_before_anything_is_made() -> None:
    big = np.broadcast_to(np.ones((1, 1)), (2**14, 2**14))
    rows = np.zeros(1, int)
    with pytest.raises(BudgetExceeded, match="the kernels and patches of node1"):
        read([(1,)], lambda do, x: combine(do, x, big, rows[None], rows, rows, (1,), "node1"))
    with pytest.raises(BudgetExceeded, match="the result of node1"):
        read(
            [(1,)],
            lambda do, x: combine(
                do, x, np.ones((1, 1)), rows[None], rows, rows, (2**20, 2**20), "node1"
            ),
        )
