"""Conditions: folded, proved continuous, or refused, whatever way a jump is disguised."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from tests.io.operations.oracle import agree, read, stored
from tropnet.errors import ShapeError, UnsupportedLayerError
from tropnet.io.operations import Operations
from tropnet.io.operations.condition import Condition, compare_values, where
from tropnet.io.operations.piecewise import absolute
from tropnet.io.operations.product import multiply
from tropnet.io.tensor import Constant, Tensor

_OPS: list[Any] = ["gt", "ge", "lt", "le", "eq", "ne"]
_ZERO = stored(np.zeros(()))
_W = np.random.default_rng(3).standard_normal((3, 3)).astype(np.float32)
_B = np.random.default_rng(4).standard_normal(3).astype(np.float32)


def _condition(do: Operations, op: Any, a: Any, b: Any) -> Any:
    return compare_values(do, op, a, b)


@pytest.mark.parametrize("op", _OPS)
def test_constants_compare_exactly(op: Any) -> None:
    third = Constant(np.array([Fraction(1, 3)] * 3, dtype=object))
    near = stored(np.array([1 / 3, 0.0, 1.0]))
    found = compare_values(Operations("float32"), op, third, near)
    assert isinstance(found, Constant)
    # 1/3 is above the float nearest to it
    above = {"gt": True, "ge": True, "lt": False, "le": False, "eq": False, "ne": True}[op]
    assert bool(found.values[0]) is above
    assert found.values.dtype == np.bool_


@pytest.mark.parametrize("op", _OPS)
def test_a_leaky_relu_by_each_comparison(op: Any) -> None:
    slope = 0.25

    def build(do: Operations, x: Any) -> Any:
        return where(do, _condition(do, op, x, _ZERO), x, do.scale(x, slope))

    compare = getattr(torch, op)
    agree([(2, 3)], build, lambda x: torch.where(compare(x, 0), x, slope * x), count=12)


@pytest.mark.parametrize("op", _OPS)
def test_a_threshold_at_its_own_value_by_each_comparison(op: Any) -> None:
    c, scale = stored(np.array([0.5, -1.0, 2.0])), np.array([2.0, 0.0, -3.0])

    def build(do: Operations, x: Any) -> Any:
        a = do.add(multiply(do, do.subtract(x, c), stored(scale)), c)
        return where(do, _condition(do, op, c, x), a, c)

    def oracle(x: Any) -> Any:
        bound, factors = torch.tensor(c.values).to(x.dtype), torch.tensor(scale).to(x.dtype)
        return torch.where(getattr(torch, op)(bound, x), (x - bound) * factors + bound, bound)

    def plain(do: Operations, x: Any) -> Any:
        a = do.add(multiply(do, x, stored(scale)), stored(c.values * (1 - scale)))
        return where(do, _condition(do, op, c, x), a, c)

    agree([(2, 3)], build, oracle, count=12)  # (x − c)·scale is made of a layer for x − c
    agree([(2, 3)], plain, oracle, count=12)


_BIG = stored(np.array([1e6, -1e6, 1e7], np.float32))


def test_a_comparison_of_rounded_values_is_bounded() -> None:
    # in float32, x + 1e6 − 1e6 may have another sign than x
    def there_and_back(do: Operations, x: Any) -> Any:
        return do.subtract(do.add(x, _BIG), _BIG)

    def oracle(x: Any) -> Any:
        big = torch.tensor(_BIG.values).to(x.dtype)
        return torch.where(x + big - big > 0, x, 2 * x)

    agree(
        [(2, 3)],
        lambda do, x: where(
            do, _condition(do, "gt", there_and_back(do, x), _ZERO), x, do.scale(x, 2)
        ),
        oracle,
        count=24,
    )
    # the other way round, what is chosen is rounded more than what is compared
    with pytest.raises(UnsupportedLayerError, match="may jump"):
        read(
            [(1, 3)],
            lambda do, x: where(do, _condition(do, "gt", x, _ZERO), there_and_back(do, x), _ZERO),
        )


def test_the_maximum_of_two_inputs() -> None:
    agree(
        [(2, 1), (1, 3)],
        lambda do, x, y: where(do, _condition(do, "ge", x, y), x, y),
        torch.maximum,
        count=12,
    )


@pytest.mark.parametrize("op", ["gt", "le"])
def test_conditions_on_affine_values_that_no_layer_holds(op: Any) -> None:
    def dense(do: Operations, x: Any) -> Any:
        return do.add(do.matmul(x, stored(_W)), stored(_B))

    def torch_dense(x: Any) -> Any:
        return x @ torch.tensor(_W).to(x.dtype) + torch.tensor(_B).to(x.dtype)

    def relu(do: Operations, x: Any) -> Any:
        y = dense(do, x)
        return where(do, _condition(do, op, y, _ZERO), y, _ZERO)

    def leaky(do: Operations, x: Any) -> Any:
        y = dense(do, x)
        condition = _condition(do, op, y, _ZERO)
        return where(do, condition, y, do.scale(y, -0.5))

    def shifted(do: Operations, x: Any) -> Any:
        y = dense(do, x)
        one = stored(np.ones(3))
        return where(do, _condition(do, op, y, one), do.subtract(y, one), _ZERO)

    def before(x: Any, y: Any) -> Any:
        return getattr(torch, op)(x, y)

    cases: list[tuple[Any, Any]] = [
        (relu, lambda y: torch.where(before(y, 0), y, 0 * y)),
        (leaky, lambda y: torch.where(before(y, 0), y, -0.5 * y)),
        (shifted, lambda y: torch.where(before(y, 1), y - 1, 0 * y)),
    ]
    for build, oracle in cases:
        agree([(1, 3)], build, lambda x, oracle=oracle: oracle(torch_dense(x)), unit=None, count=24)


def test_large_values_are_settled_before_they_are_looked_at() -> None:
    w = np.random.default_rng(0).standard_normal((1100, 1100)).astype(np.float32)

    def build(do: Operations, x: Any) -> Any:
        y = do.matmul(x, stored(w))
        return where(do, _condition(do, "gt", y, _ZERO), y, _ZERO)

    f = read([(1, 1100)], build)
    assert f.n_relu == 1100
    x = np.random.default_rng(1).standard_normal((1, 1100))
    assert np.allclose(f(x), np.maximum(x @ w, 0))


def test_equal_values_need_no_condition() -> None:
    for op in _OPS:
        f = read([(1, 3)], lambda do, x, op=op: where(do, _condition(do, op, x, _ZERO), x, x))
        assert f.n_relu == 0
        assert f.exact([1, -2, 0]).to_floats().tolist() == [[1, -2, 0]]


def test_each_entry_has_its_own_slope() -> None:
    slopes = np.array([0.5, 1.0, -2.0])
    agree(
        [(2, 3)],
        lambda do, x: where(do, _condition(do, "lt", x, _ZERO), multiply(do, x, stored(slopes)), x),
        lambda x: torch.where(x < 0, x * torch.tensor(slopes).to(x.dtype), x),
    )


_JUMPS: dict[str, Any] = {
    "threshold": lambda do, x: where(do, _condition(do, "gt", x, stored(np.array(0.5))), x, _ZERO),
    "hardshrink": lambda do, x: where(
        do, _condition(do, "gt", absolute(do, x), stored(np.array(0.5))), x, _ZERO
    ),
    "sign": lambda do, x: where(
        do, _condition(do, "gt", x, _ZERO), stored(np.ones(3)), stored(-np.ones(3))
    ),
    "one entry of three": lambda do, x: where(
        do, _condition(do, "gt", x, stored(np.array([0.0, 0.0, 1e-30]))), x, _ZERO
    ),
    "another value": lambda do, x: where(
        do, _condition(do, "gt", do.gather(x, np.array([1, 2, 0]), 1), _ZERO), x, _ZERO
    ),
    "an offset of one part in 2^53": lambda do, x: where(
        do, _condition(do, "ge", x, stored(np.array(1.0))), x, stored(np.array(1 + 2.0**-52))
    ),
    "a constant comparison that the input does not reach": lambda do, x: where(
        do, _condition(do, "gt", do.subtract(x, x), _ZERO), x, _ZERO
    ),
    "equality": lambda do, x: where(do, _condition(do, "eq", x, _ZERO), stored(np.ones(3)), x),
}


@pytest.mark.parametrize("case", list(_JUMPS))
def test_what_may_jump_is_refused(case: str) -> None:
    with pytest.raises(UnsupportedLayerError, match=r"\(Where\).* it may jump"):
        read([(1, 3)], _JUMPS[case])


def test_the_refusal_names_the_node() -> None:
    with pytest.raises(UnsupportedLayerError, match="layer 'where1'"):
        read(
            [(1, 3)],
            lambda do, x: where(
                do, _condition(do, "gt", x, _ZERO), stored(np.ones(3)), x, "where1"
            ),
        )


_MASK = np.array([[True, False, True], [False, False, True]])


def test_constant_conditions_choose() -> None:
    mask, c = stored(_MASK), np.array([5.0, 6.0, 7.0])
    torch_mask = torch.tensor(_MASK)
    agree(
        [(2, 3), (3,)],
        lambda do, x, y: where(do, mask, x, y),
        lambda x, y: torch.where(torch_mask, x, y),
    )
    agree(
        [(2, 3)],
        lambda do, x: where(do, mask, x, stored(c)),
        lambda x: torch.where(torch_mask, x, torch.tensor(c).to(x.dtype)),
    )
    agree(
        [(2, 3)],
        lambda do, x: where(do, mask, stored(c), x),
        lambda x: torch.where(torch_mask, torch.tensor(c).to(x.dtype), x),
    )


def test_constant_conditions_fold() -> None:
    do = Operations("float32")
    found = where(do, stored(_MASK), stored(np.array(1)), stored(np.array([2, 3, 4])))
    assert isinstance(found, Constant)
    assert found.values.tolist() == [[1, 3, 1], [2, 3, 1]]
    assert found.is_integer
    mixed = where(do, stored(_MASK), stored(np.array(0.5)), stored(np.array([2, 3, 4])))
    assert isinstance(mixed, Constant)
    assert mixed.fractions().tolist() == [[0.5, 3, 0.5], [2, 3, 0.5]]


def test_negation_and_shape() -> None:
    do = Operations("float32")
    [x] = do.inputs([(2, 1)])
    assert isinstance(x, Tensor)
    for op in _OPS:
        condition = Condition(op, x, stored(np.zeros(3)))
        assert condition.shape == (2, 3)
        twice = condition.negated().negated()
        assert twice.op == op
        assert twice.left is x


@pytest.mark.parametrize(
    "build",
    [
        lambda do, x: compare_values(do, "gt", x, stored(np.zeros(2))),
        lambda do, x: where(do, compare_values(do, "gt", x, _ZERO), x, stored(np.zeros(2))),
        lambda do, x: where(do, stored(np.array([True, False])), x, x),
    ],
)
def test_shapes_that_do_not_fit(build: Any) -> None:
    with pytest.raises(ShapeError, match="do not fit together"):
        read([(1, 3)], build)
