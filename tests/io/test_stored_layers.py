"""Names, orders and orientations of stored layers."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from tropnet.errors import FormatError, ShapeError
from tropnet.io.stored_layers import StoredLayer, in_order, natural, stored_layers


def _layers(*shapes: tuple[str, int, int]) -> list[StoredLayer]:
    return [StoredLayer(name, np.zeros((out, inputs)), None) for name, out, inputs in shapes]


def test_numbers_sort_as_numbers() -> None:
    names = ["b10", "b2", "a.10.x", "a.9.x", "a.9.x1"]
    assert sorted(names, key=natural) == ["a.9.x", "a.10.x", "a.9.x1", "b2", "b10"]


def test_only_the_one_order_that_chains_is_taken() -> None:
    layers = _layers(("in", 4, 3), ("h1", 4, 4), ("h2", 4, 4), ("out", 2, 4))
    for order in permutations(layers):
        assert [y.name for y in in_order(order)] == ["in", "h1", "h2", "out"]


def test_two_orders_that_chain_are_ambiguous() -> None:
    with pytest.raises(FormatError, match="ambiguous"):
        in_order(_layers(("in", 4, 3), ("a", 4, 4), ("b", 4, 4), ("out", 2, 4)))


def test_numbers_are_not_overruled_by_shapes() -> None:
    # fc2 before fc1 would chain; but numbers say otherwise, so the file is refused
    with pytest.raises(ShapeError, match="do not chain"):
        in_order(_layers(("fc1", 2, 4), ("fc2", 4, 3)))


def test_a_puzzle_too_large_is_given_up() -> None:
    shapes = [(chr(97 + k // 26) + chr(97 + k % 26), 2, 2) for k in range(40)]
    with pytest.raises(FormatError, match=r"no order found|ambiguous"):
        in_order(_layers(*shapes))
    with pytest.raises(FormatError, match="no order found"):
        in_order(_layers(*shapes, ("last", 2, 3), ("never", 5, 7)))


def test_letters_of_numbered_matrices() -> None:
    arrays = {"w_0": np.ones((2, 3)), "b_0": np.ones(2), "w_1": np.ones((1, 2))}
    assert [(y.name, y.inputs, y.width) for y in stored_layers(arrays)] == [
        ("W0", 3, 2),
        ("W1", 2, 1),
    ]
