"""Sums and differences: broadcast, exact, and kept apart where roundings would be hidden."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from tests.io.operations.oracle import agree, read, stored
from tropnet.errors import BudgetExceeded, ShapeError
from tropnet.io.operations import Operations
from tropnet.io.operations.addition import is_biased, signed_sum
from tropnet.io.tensor import Constant

_SHAPES = mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3, min_side=1)


@settings(max_examples=40)
@given(_SHAPES, st.sampled_from([1, -1]), st.sampled_from(["both", "first", "second"]))
def test_sums_broadcast(shapes: Any, sign: int, inputs: str) -> None:
    a, b = shapes.input_shapes
    given_shapes = {"both": [a, b], "first": [a], "second": [b]}[inputs]
    c = np.random.default_rng(0).integers(-3, 4, size=b if inputs == "first" else a) / 2

    def pair(first: Any, *second: Any, other: Any) -> Any:
        if inputs == "both":
            return first, second[0]
        return (first, other) if inputs == "first" else (other, first)

    def oracle(*values: Any) -> Any:
        x, y = pair(*values, other=torch.tensor(c).to(values[0].dtype))
        return x + sign * y

    def build(do: Operations, *values: Any) -> Any:
        x, y = pair(*values, other=stored(c))
        return signed_sum(do, x, y, sign)

    agree(given_shapes, build, oracle, count=2)


def test_a_residual_block_within_its_bound() -> None:
    w = np.random.default_rng(0).standard_normal((3, 3)).astype(np.float32)
    b = (np.random.default_rng(1).standard_normal(3) * 1e4).astype(np.float32)

    def block(do: Operations, x: Any) -> Any:
        y = do.add(do.matmul(x, stored(w)), stored(b))
        return do.relu(do.subtract(do.add(y, x), do.add(x, stored(b))))

    def oracle(x: Any) -> Any:
        y = x @ torch.tensor(w).to(x.dtype) + torch.tensor(b).to(x.dtype)
        return torch.relu(y + x - (x + torch.tensor(b).to(x.dtype)))

    agree([(2, 3)], block, oracle, unit=None, count=24)


def test_adding_zeros_is_nothing() -> None:
    do = Operations("float32")
    [x] = do.inputs([(1, 3)])
    assert signed_sum(do, x, stored(np.zeros(3)), 1) is x


def test_biases_are_told() -> None:
    do = Operations("float32")
    [x] = do.inputs([(1, 3)])
    shifted = signed_sum(do, x, stored(np.ones(3)), 1)
    product = do.scale(x, 2)
    assert not isinstance(shifted, Constant)
    assert not isinstance(product, Constant)
    assert [is_biased(v.wire) for v in (x, shifted, product)] == [False, True, False]
    assert do.unbiased(product).wire is product.wire
    assert not is_biased(do.unbiased(shifted).wire)


def test_large_sums_stay_small() -> None:
    bias = np.random.default_rng(0).standard_normal((1, 64, 1, 1))
    f = read([(1, 64, 32, 32), (1, 64, 1, 1)], lambda do, x, y: do.add(do.add(x, y), stored(bias)))
    assert f.n_parameters < 2**16 + 100


def test_constants_fold_exactly() -> None:
    do = Operations("float32")
    found = signed_sum(do, stored(np.array([1e16])), stored(np.array([0.1])), -1)
    assert isinstance(found, Constant)
    assert found.values[0] == 10**16 - Fraction(0.1)
    whole = signed_sum(do, stored(np.array([1])), stored(np.array([2])), -1)
    assert isinstance(whole, Constant)
    assert whole.is_integer


def test_refusals() -> None:
    with pytest.raises(ShapeError, match=r"add1: shapes \(1, 3\) and \(2,\) do not fit together"):
        read([(1, 3)], lambda do, x: signed_sum(do, x, stored(np.ones(2)), 1, "add1"))
    with pytest.raises(BudgetExceeded, match="entries of the sum add1"):
        read(
            [(1, 2**14)],
            lambda do, x: signed_sum(do, x, stored(np.ones((2**13, 1))), 1, "add1"),
        )
