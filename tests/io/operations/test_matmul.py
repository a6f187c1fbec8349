"""Matrix products of every rank against numpy; stacks; sizes; refusals."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from tests.io.operations.oracle import agree, read, stored
from tropnet.errors import BudgetExceeded, ShapeError, UnsupportedLayerError
from tropnet.io.operations import Operations
from tropnet.io.operations.matmul import matmul
from tropnet.io.tensor import Constant

_SHAPES: list[Any] = [
    ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 3), (3, 2)), ((1, 3), (3, 2)),
    ((4, 2, 3), (3, 2)), ((4, 2, 3), (4, 3, 2)), ((1, 2, 3), (4, 3, 2)), ((4, 2, 3), (1, 3, 2)),
    ((2, 3), (4, 3, 2)), ((3,), (4, 3, 2)), ((4, 2, 3), (3,)), ((2, 1, 2, 3), (2, 3, 2)),
    ((2, 2, 1, 2, 3), (2, 1, 3, 1)),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b"), _SHAPES)
@pytest.mark.parametrize("first", [False, True])
def test_products_are_numpys(a: Any, b: Any, first: bool) -> None:
    c = np.random.default_rng(0).integers(-3, 4, size=b if first else a).astype(np.float64)

    def build(do: Operations, x: Any) -> Any:
        y = matmul(do, x, stored(c)) if first else matmul(do, stored(c), x)
        assert y.shape == np.matmul(np.zeros(a), np.zeros(b)).shape
        return y

    def oracle(x: Any) -> Any:
        constant = torch.tensor(c).to(x.dtype)
        return torch.matmul(x, constant) if first else torch.matmul(constant, x)

    agree([a if first else b], build, oracle, count=3)


def test_a_dense_layer_is_stored_as_it_is() -> None:
    w = np.random.default_rng(0).standard_normal((3, 2)).astype(np.float32)
    f = read([(1, 3)], lambda do, x: matmul(do, x, stored(w)))
    [(_, weights)] = f.output.terms
    assert type(weights).__name__ == "DenseLinear"
    assert np.array_equal(weights.values, w.T)


def test_no_matrix_of_many_rows_is_made() -> None:
    w = np.random.default_rng(0).standard_normal((64, 32)).astype(np.float32)
    f = read([(2048, 64)], lambda do, x: matmul(do, x, stored(w)))
    assert f.n_parameters == w.size
    g = read([(64, 2048)], lambda do, x: matmul(do, stored(w.T), x))
    assert g.n_parameters == w.size


def test_constants_fold_exactly() -> None:
    tenth = stored(np.array([[0.1]]))
    found = matmul(Operations("float32"), tenth, tenth)
    assert isinstance(found, Constant)
    assert found.values[0, 0] == Fraction(0.1) ** 2


@pytest.mark.parametrize(
    ("build", "error", "text"),
    [
        (lambda do, x: matmul(do, x, stored(np.ones((2, 2))), "mm1"), ShapeError,
         "mm1: .* 3 columns meet 2 rows"),
        (lambda do, x: matmul(do, x, stored(np.ones(())), "mm1"), ShapeError, "of a scalar"),
        (lambda do, x: matmul(do, do.reshape(x, [3, 1, 1]), stored(np.ones((2, 1, 1)))),
         ShapeError, "do not fit together"),
        (lambda do, x: matmul(do, do.reshape(x, [3, 1]), x, "mm1", "bmm"), UnsupportedLayerError,
         r"'mm1' \(bmm\).* multiplies two values"),
        (lambda do, x: matmul(do, stored(np.ones((2**14, 1))),
                              do.broadcast(do.gather(x, np.array(0), 1), (1, 2**13))),
         BudgetExceeded, "entries of the product"),
    ],
)  # fmt: skip
def test_refusals(build: Any, error: Any, text: str) -> None:
    with pytest.raises(error, match=text):
        read([(1, 3)], build)
