"""Sums, means, maxima and minima along axes, against torch."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from tests.io.operations.oracle import agree, read, stored
from tropnet.errors import ShapeError
from tropnet.io.operations import Operations
from tropnet.io.operations.reduction import largest, mean, smallest, total
from tropnet.io.tensor import Constant

_AXES: list[Any] = [None, [0], [1], [-1], [0, 2], [2, 1], [0, 1, 2]]


@pytest.mark.parametrize("axes", _AXES)
@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize(
    ("build", "oracle", "unit"),
    [(total, torch.sum, 1), (mean, torch.mean, 12), (largest, torch.amax, 1),
     (smallest, torch.amin, 1)],
)  # fmt: skip
def test_reductions_are_torchs(axes: Any, keep: bool, build: Any, oracle: Any, unit: int) -> None:
    along = list(range(3)) if axes is None else axes
    agree(
        [(2, 3, 2)],
        lambda do, x: build(do, x, axes, keep),
        lambda x: oracle(x, dim=along, keepdim=keep),
        unit=unit,
        count=4,
    )


@pytest.mark.parametrize("build", [total, mean, largest, smallest])
def test_no_axes_reduce_nothing(build: Any) -> None:
    f = read([(2, 3)], lambda do, x: build(do, x, []))
    assert f.exact([1, 2, 3, 4, 5, 6]).to_floats().tolist() == [[1, 2, 3, 4, 5, 6]]


def test_kept_axes_have_length_one() -> None:
    [x] = Operations("float32").inputs([(2, 3, 4)])
    do = Operations("float32")
    [x] = do.inputs([(2, 3, 4)])
    shapes = [
        (build(do, x, [1], True).shape, build(do, x, [1]).shape) for build in (total, largest)
    ]
    assert shapes == [((2, 1, 4), (2, 4))] * 2


def test_a_mean_is_rational() -> None:
    assert read([(7,)], mean).exact([1, 0, 0, 0, 0, 0, 0])[0, 0] == Fraction(1, 7)


def test_a_global_maximum_compares_each_entry_once() -> None:
    assert read([(1, 37)], largest).n_relu == 36


def test_constants_fold_exactly() -> None:
    do, x = Operations("float32"), stored(np.array([[1, 2], [2, 4]]))
    found = [build(do, x, [0]) for build in (total, mean, largest, smallest)]
    assert [v.fractions().tolist() for v in found if isinstance(v, Constant)] == [
        [3, 6], [Fraction(3, 2), 3], [2, 4], [1, 2],
    ]  # fmt: skip
    assert isinstance(found[0], Constant)
    assert found[0].is_integer
    tenths = total(do, stored(np.full(3, 0.1)))
    assert isinstance(tenths, Constant)
    assert tenths.values[()] == 3 * Fraction(0.1)


def test_a_sum_of_nothing_is_zero() -> None:
    empty = total(Operations("float32"), stored(np.zeros((2, 0))), [1])
    assert isinstance(empty, Constant)
    assert empty.values.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (lambda do, x: total(do, x, [2], name="sum1"), "sum1: axis 2 of a tensor with 2 axes"),
        (lambda do, x: mean(do, x, [1, -1]), "repeat"),
        (lambda do, x: mean(do, stored(np.zeros((2, 0))), [1]), "a mean of nothing"),
        (lambda do, x: largest(do, stored(np.zeros((2, 0))), [1]), "a maximum of nothing"),
    ],
)
def test_refusals(build: Any, text: str) -> None:
    with pytest.raises(ShapeError, match=text):
        read([(1, 3)], build)
