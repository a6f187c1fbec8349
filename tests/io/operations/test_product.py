"""Products and quotients with constants, folded ones included; what is refused."""

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
from tropnet.errors import DomainError, ShapeError, UnsupportedLayerError
from tropnet.io.operations import Operations
from tropnet.io.operations.product import divide, multiply, whole
from tropnet.io.tensor import Constant

_SHAPES = mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3, min_side=1)


@settings(max_examples=40)
@given(_SHAPES, st.booleans())
def test_products_broadcast(shapes: Any, first: bool) -> None:
    a, b = shapes.input_shapes
    c = np.random.default_rng(0).integers(-3, 4, size=b).astype(np.float64)

    def build(do: Operations, x: Any) -> Any:
        y = multiply(do, x, stored(c)) if first else multiply(do, stored(c), x)
        assert y.shape == np.broadcast_shapes(a, b)
        return y

    agree([a], build, lambda x: x * torch.tensor(c).to(x.dtype), count=2)


@settings(max_examples=40)
@given(_SHAPES)
def test_quotients_broadcast(shapes: Any) -> None:
    a, b = shapes.input_shapes
    c = np.random.default_rng(0).choice([-3.0, 0.1, 2.0, 5.0], size=b)
    agree(
        [a],
        lambda do, x: divide(do, x, stored(c)),
        lambda x: x / torch.tensor(c, dtype=x.dtype),
        unit=None,
        count=4,
    )


def test_a_quotient_is_exact() -> None:
    f = read([(2,)], lambda do, x: divide(do, x, stored(np.array([3.0, -7.0]))))
    assert f.exact([1, 1]).to_fractions() == [[Fraction(1, 3), Fraction(-1, 7)]]


def test_a_product_with_ones_is_nothing() -> None:
    f = read([(1, 3)], lambda do, x: do.relu(multiply(do, x, stored(np.ones((1, 1))))))
    assert f.widths == (3,)
    g = read([(1, 3)], lambda do, x: multiply(do, x, stored(np.ones((2, 1)))))
    assert g.n_outputs == 6


def test_no_matrix_is_made() -> None:
    c = np.random.default_rng(0).standard_normal((1, 64, 1, 1))
    f = read([(1, 64, 32, 32)], lambda do, x: multiply(do, x, stored(c)))
    assert f.n_parameters == 64


def test_constants_fold_exactly() -> None:
    do = Operations("float32")
    tenth = stored(np.array([0.1]))
    product = multiply(do, tenth, tenth)
    assert isinstance(product, Constant)
    assert product.values[0] == Fraction(0.1) ** 2
    quotient = divide(do, stored(np.array(1)), stored(np.array(3)))
    assert isinstance(quotient, Constant)
    assert quotient.values[()] == Fraction(1, 3)
    integers = multiply(do, stored(np.array([2**62, 3])), stored(np.array(2)))
    assert isinstance(integers, Constant)
    assert integers.fractions().tolist() == [2**63, 6]
    assert not integers.is_integer


@pytest.mark.parametrize("rounding", ["floor", "trunc"])
def test_quotients_of_whole_numbers_are_whole_where_asked(rounding: Any) -> None:
    a, b = np.array([7, -7, 7, -7, 6]), np.array([2, 2, -2, -2, 3])
    for divisor in (b, b.astype(np.float64)):
        found = divide(Operations("float32"), stored(a), stored(divisor), rounding=rounding)
        assert isinstance(found, Constant)
        expected = torch.div(torch.tensor(a), torch.tensor(divisor), rounding_mode=rounding)
        assert found.fractions().tolist() == expected.tolist()
        assert found.is_integer == (divisor.dtype.kind == "i")


def test_whole_numbers_of_any_size() -> None:
    assert whole(np.array([-(2**63), 2**63 - 1], dtype=object)).values.dtype == np.int64
    assert whole(np.array([2**63], dtype=object)).values[0] == Fraction(2**63)


@pytest.mark.parametrize(
    ("build", "error", "text"),
    [
        (lambda do, x: multiply(do, x, x, "mul1"), UnsupportedLayerError,
         r"'mul1' \(Mul\).* multiplies two values that depend on the input"),
        (lambda do, x: divide(do, stored(np.ones(3)), x, "div1"), UnsupportedLayerError,
         r"'div1' \(Div\).* its divisor depends"),
        (lambda do, x: divide(do, x, stored(np.array([1.0, 0, 1])), "div1"), DomainError,
         "div1: a divisor is zero"),
        (lambda do, x: divide(do, x, stored(np.ones(3)), rounding="floor"), UnsupportedLayerError,
         "rounds a quotient, which is not continuous"),
        (lambda do, x: multiply(do, x, stored(np.ones(2))), ShapeError, "do not fit together"),
        (lambda do, x: divide(do, x, stored(np.ones(2))), ShapeError, "do not fit together"),
    ],
)  # fmt: skip
def test_refusals(build: Any, error: Any, text: str) -> None:
    with pytest.raises(error, match=text):
        read([(1, 3)], build)
