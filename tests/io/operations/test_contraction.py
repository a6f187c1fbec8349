"""Sums of products along labelled axes, against numpy's einsum."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.io.operations.oracle import read, stored
from tropnet.errors import BudgetExceeded, ShapeError
from tropnet.io.operations import Operations
from tropnet.io.operations.contraction import broadcast_labels, contract
from tropnet.io.tensor import Constant

_SIZES = {"i": 2, "j": 3, "k": 1, "l": 2}


@settings(max_examples=80)
@given(st.data())
def test_contractions_are_numpys(data: st.DataObject) -> None:
    letters = st.lists(st.sampled_from("ijkl"), unique=True, max_size=4)
    labels, others = data.draw(letters), data.draw(letters)
    known = sorted({*labels, *others})
    result = data.draw(st.lists(st.sampled_from(known), unique=True)) if known else []
    random = np.random.default_rng(0)
    x = random.integers(-3, 4, size=[_SIZES[k] for k in labels]).astype(np.float64)
    w = random.integers(-3, 4, size=[_SIZES[k] for k in others]).astype(np.float64)
    expected = np.einsum(f"{''.join(labels)},{''.join(others)}->{''.join(result)}", x, w)

    def build(do: Operations, v: Any) -> Any:
        found = contract(do, v, labels, stored(w), others, result)
        assert found.shape == expected.shape
        return found

    assert read([x.shape], build).exact(x.reshape(1, -1)).to_floats().tolist() == [
        expected.reshape(-1).tolist()
    ]
    folded = build(Operations("float32"), stored(x))
    assert isinstance(folded, Constant)
    assert folded.fractions().tolist() == expected.tolist()


def test_axes_of_length_one_are_repeated_along_longer_ones() -> None:
    x, w = np.array([[2.0]]), np.array([[1.0, 2.0, 3.0]])
    for result, expected in (("ij", [[2, 4, 6]]), ("i", [12])):
        found = contract(Operations("float32"), stored(x), "ij", stored(w), "ij", result)
        assert isinstance(found, Constant)
        assert found.fractions().tolist() == expected


def test_axes_without_entries() -> None:
    do = Operations("float32")
    [x] = do.inputs([(2, 3)])
    none = contract(do, x, "ij", stored(np.zeros((3, 0))), "jk", "ik")
    assert none.shape == (2, 0)
    zero = contract(do, stored(np.zeros((2, 0))), "ij", stored(np.zeros((0, 2))), "jk", "ik")
    assert isinstance(zero, Constant)
    assert zero.fractions().tolist() == [[0, 0], [0, 0]]


def test_labels_of_broadcast_axes() -> None:
    assert broadcast_labels([(4, 2, 1), (3,), ()]) == ([[2, 1, 0], [0], []], [2, 1, 0])
    with pytest.raises(ShapeError, match=r"node1: shapes \(2,\) and \(3,\) do not fit together"):
        broadcast_labels([(2,), (3,)], "node1")


def test_refusals() -> None:
    with pytest.raises(ShapeError, match="node1: axis 'j' has length 3 and 2"):
        read([(1, 3)], lambda do, x: contract(do, x, "ij", stored(np.ones(2)), "j", "i", "node1"))
    with pytest.raises(BudgetExceeded, match="entries of the product node1"):
        read(
            [(1, 2**14)],
            lambda do, x: contract(do, x, "ij", stored(np.ones(2**13)), "k", "jk", "node1"),
        )
