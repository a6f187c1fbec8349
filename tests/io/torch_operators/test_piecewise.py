"""Piecewise-linear functions of each entry, against torch; numbers are those of the arithmetic."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.io.torch_operators.forwards import (
    Forward,
    assert_as_torch,
    assert_refused,
    outputs,
    read,
)

_ROW = (1, 4)
_FORWARDS: dict[str, Any] = {
    "relu": lambda m, x: functional.relu(x),
    "relu in place": lambda m, x: torch.relu_(x @ m.w),
    "leaky_relu": lambda m, x: functional.leaky_relu(x, 0.25),
    "leaky_relu of a slope above 1": lambda m, x: functional.leaky_relu(x, 3.0),
    "leaky_relu of a negative slope": lambda m, x: functional.leaky_relu(x, -0.5),
    "leaky_relu in place": lambda m, x: functional.leaky_relu_(x @ m.w, 0.5),
    "prelu": lambda m, x: functional.prelu(x @ m.w, m.v),
    "prelu of one slope": lambda m, x: functional.prelu(x @ m.w, m.v[:1]),
    "prelu of channels": lambda m, x: functional.prelu(x.view(1, 2, 2), m.v[:2]),
    "PReLU module": nn.Sequential(nn.Linear(4, 3), nn.PReLU(3)),
    "rrelu": lambda m, x: functional.rrelu(x, 0.25, 0.75),
    "relu6": lambda m, x: functional.relu6(x),
    "relu6 in place": lambda m, x: functional.relu6(x @ m.w, inplace=True),
    "hardtanh": lambda m, x: functional.hardtanh(x, -2, 3),
    "hardtanh without a bound": lambda m, x: functional.hardtanh(x, 0, float("inf")),
    "clamp": lambda m, x: x.clamp(-1, 2),
    "clamp below": lambda m, x: x.clamp(min=1),
    "clamp above": lambda m, x: x.clamp(max=-1),
    "clamp of crossing bounds": lambda m, x: x.clamp(2, -1),
    "clamp without effect": lambda m, x: x.clamp(-float("inf"), float("inf")),
    "clamp_min": lambda m, x: torch.clamp_min(x, 1),
    "clamp_max": lambda m, x: torch.clamp_max(x, 1),
    "clamp in place": lambda m, x: (x @ m.w).clamp_(0, 1),
    "clamp by tensors": lambda m, x: x.clamp(m.v - 1, m.v + 1),
    "clamp by one tensor": lambda m, x: x.clamp(max=m.v),
    "clip": lambda m, x: x.clip(-1, 1),
    "threshold": lambda m, x: functional.threshold(x, 2, 2),
    "abs": lambda m, x: x.abs(),
    "absolute": lambda m, x: torch.absolute(x @ m.w),
    "softshrink": lambda m, x: functional.softshrink(x, 1),
    "maximum": lambda m, x: torch.maximum(x, m.v),
    "maximum of two values": lambda m, x: torch.maximum(x @ m.w, x),
    "maximum broadcasts": lambda m, x: torch.maximum(x, m.w),
    "minimum": lambda m, x: torch.minimum(x, x @ m.w),
    "max of two": lambda m, x: torch.max(x, -x),
    "min of two": lambda m, x: torch.min(x, -x),
    "fmax": lambda m, x: torch.fmax(x, m.v),
    "fmin": lambda m, x: torch.fmin(x, m.v),
    "a chain": lambda m, x: functional.leaky_relu((x @ m.w).clamp(-3, 3).abs(), -1.0),
}  # fmt: skip


@pytest.mark.parametrize("name", list(_FORWARDS))
def test_piecewise_functions(name: str) -> None:
    forward = _FORWARDS[name]
    model = forward if isinstance(forward, nn.Module) else Forward(forward)
    assert_as_torch(model, _ROW)


def test_values_without_axes() -> None:
    functions: list[Any] = [
        functional.relu6, torch.abs, lambda y: y.clamp(-1, 2), lambda y: y.clamp(2, 2),
        lambda y: functional.leaky_relu(y, 0.5), lambda y: functional.softshrink(y, 1),
        lambda y: torch.maximum(y, -y), lambda y: y.unsqueeze(0).sort()[0], lambda y: -y * 3 + 2,
    ]  # fmt: skip
    assert_as_torch(Forward(lambda m, x: [f(x.sum()) for f in functions]), _ROW)
    numbers = Forward(lambda m, x: [x * f(m.v[1]) for f in functions[:-1]])
    assert_as_torch(numbers, _ROW)


def test_hardsigmoid_has_exact_sixths() -> None:
    f = assert_as_torch(Forward(lambda m, x: functional.hardsigmoid(x)), _ROW, exact=False)
    assert f.exact([1, 3, -4, -2]).to_fractions() == [[Fraction(2, 3), 1, 0, Fraction(1, 6)]]


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("forward", "wide"),
    [
        (lambda m, x: functional.leaky_relu(-x, 0.1), True),
        (lambda m, x: functional.rrelu(-x, 0.1, 0.1), True),
        (lambda m, x: functional.softshrink(x - x + 1, 0.9), True),
        (lambda m, x: (x - x).clamp(0.1, 3), False),
        (lambda m, x: functional.hardtanh(x - x, 0.1, 3), False),
        (lambda m, x: torch.clamp_max(x, 0.1), False),
        (lambda m, x: functional.threshold(x - x, 0.1, 0.1), False),
        (lambda m, x: torch.maximum(x - x, torch.tensor(0.1, dtype=torch.float64)), False),
    ],
)
def test_numbers_are_rounded_as_torch_rounds_them(forward: Any, wide: bool, dtype: Any) -> None:
    model = Forward(forward).to(dtype)
    f = read(model, _ROW)
    kind = np.dtype(str(dtype).removeprefix("torch."))
    points = (np.arange(8, 513) / 64).reshape(-1, 1) * np.ones((1, 4))
    expected = f.exact(points).to_floats()
    if kind == np.float16 and wide:
        expected = expected.astype(np.float32)
    assert np.array_equal(
        outputs(model, points, [_ROW], dtype), expected.astype(kind).astype(np.float64)
    )
    held = np.dtype("float32") if wide and kind == np.float16 else kind
    number = abs(f.exact([1, 1, 1, 1]).to_fractions()[0][0])
    assert number in (Fraction(float(held.type(0.1))), 1 - Fraction(float(held.type(0.9))))


def test_jumps_are_refused() -> None:
    assert_refused(lambda m, x: functional.threshold(x, 0.5, 0), "jumps from 0 to 0.5")
    assert_refused(lambda m, x: functional.hardshrink(x), "not continuous")
    assert_refused(lambda m, x: x.sign(), "not continuous")
    assert_refused(lambda m, x: x.round(), "not continuous")


@pytest.mark.parametrize(
    "forward",
    [
        torch.sigmoid, torch.tanh, functional.gelu, functional.silu, functional.mish,
        functional.elu, functional.celu, functional.selu, functional.softplus, functional.softsign,
        functional.hardswish, functional.logsigmoid, torch.exp, torch.sqrt, torch.square,
        lambda x: x.softmax(1), lambda x: x.log_softmax(1), lambda x: x**2,
    ],
)  # fmt: skip
def test_smooth_functions_are_refused(forward: Any) -> None:
    assert_refused(
        lambda m, x: functional.relu(forward(x)), "piecewise linear|depends? on the input"
    )


def test_gates_are_refused() -> None:
    assert_refused(lambda m, x: functional.glu(x), "multiplies")
