"""Affine operations, against torch; numbers are rounded as torch rounds them."""

from __future__ import annotations

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
_STACK = (1, 2, 3, 4)
_FORWARDS: dict[str, Any] = {
    "linear": (lambda m, x: functional.linear(x, m.w, m.v), _ROW),
    "linear on rows": (lambda m, x: functional.linear(x, m.w), _STACK),
    "matmul": (lambda m, x: x @ m.w, _STACK),
    "matmul from the left": (lambda m, x: m.w[:2, :3] @ x, _STACK),
    "matmul with a vector": (lambda m, x: x @ m.v, _STACK),
    "matmul by a stack": (lambda m, x: x @ m.w.expand(2, 4, 4).mT, _STACK),
    "matmul of a stack": (lambda m, x: m.k[0] @ x, _STACK),
    "mm": (lambda m, x: torch.mm(x, m.w), _ROW),
    "mv": (lambda m, x: torch.mv(m.w, x[0]), _ROW),
    "dot": (lambda m, x: torch.dot(x[0], m.v), _ROW),
    "outer": (lambda m, x: torch.outer(x[0], m.v), _ROW),
    "inner": (lambda m, x: torch.inner(x, m.w), _STACK),
    "tensordot": (lambda m, x: torch.tensordot(x, m.k, ([1, 2], [1, 3])), _STACK),
    "bmm": (lambda m, x: torch.bmm(x[0], m.w.expand(2, 4, 4)), _STACK),
    "einsum": (lambda m, x: torch.einsum("bchw,wk->bkch", x, m.w), _STACK),
    "einsum with dots": (lambda m, x: torch.einsum("...w,wk->k...", x, m.w), _STACK),
    "einsum of three": (lambda m, x: torch.einsum("ij,i,jk->k", m.w, x[0], m.w), _ROW),
    "multi_dot": (lambda m, x: torch.linalg.multi_dot([x, m.w, m.w]), _ROW),
    "addmm": (lambda m, x: torch.addmm(m.v, x, m.w), _ROW),
    "addmm beta alpha": (lambda m, x: torch.addmm(x, x, m.w, beta=3, alpha=-2), _ROW),
    "addmm without self": (lambda m, x: torch.addmm(x / 3, x, m.w, beta=0), _ROW),
    "baddbmm": (lambda m, x: torch.baddbmm(m.v, x[0], m.w.expand(2, 4, 4), alpha=2), _STACK),
    "addmv": (lambda m, x: torch.addmv(m.v, m.w, x[0], beta=2), _ROW),
    "add": (lambda m, x: x + m.v, _STACK),
    "add of two values": (lambda m, x: x @ m.w + functional.relu(x), _ROW),
    "add of one value twice": (lambda m, x: x + x, _ROW),
    "add a number": (lambda m, x: x + 3, _ROW),
    "add alpha": (lambda m, x: torch.add(x, m.v, alpha=-3), _ROW),
    "sub": (lambda m, x: m.v - x, _STACK),
    "sub of two values": (lambda m, x: x - functional.relu(x), _ROW),
    "sub alpha": (lambda m, x: torch.sub(x, m.v, alpha=2), _ROW),
    "rsub": (lambda m, x: 7 - x, _ROW),
    "rsub alpha": (lambda m, x: torch.rsub(x, m.v, alpha=3), _ROW),
    "neg": (lambda m, x: -x, _ROW),
    "mul": (lambda m, x: x * m.v, _STACK),
    "mul broadcasts the input": (lambda m, x: x * m.w, _ROW),
    "mul by a number": (lambda m, x: -3 * x, _ROW),
    "div": (lambda m, x: x / torch.tensor([1.0, 2, -4, 8]).to(x.dtype), _STACK),
    "div by a number": (lambda m, x: x / 4, _ROW),
    "mul after an affine map": (lambda m, x: (x @ m.w + m.v) * m.v / 2, _ROW),
    "addcmul": (lambda m, x: torch.addcmul(x, x, m.v, value=2), _ROW),
    "lerp": (lambda m, x: torch.lerp(x, m.v, 0.25), _ROW),
    "in place": (lambda m, x: (x @ m.w).add_(m.v).mul_(2).sub_(1).div_(-4).neg_(), _ROW),
}  # fmt: skip


@pytest.mark.parametrize("name", list(_FORWARDS))
def test_affine_operations(name: str) -> None:
    forward, shape = _FORWARDS[name]
    assert_as_torch(Forward(forward), shape)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("forward", "wide"),
    [
        (lambda m, x: x * 0.1, True),
        (lambda m, x: x * torch.tensor(0.1, dtype=torch.float64), True),
        (lambda m, x: x / 0.1, True),
        (lambda m, x: torch.add(x - x, x, alpha=0.1), False),
        (lambda m, x: torch.rsub(x, 0.0, alpha=0.1), False),
        (lambda m, x: torch.addmm(x - x, x, torch.eye(4, dtype=x.dtype), alpha=0.1), True),
        (lambda m, x: torch.addmm(x, x - x, torch.eye(4, dtype=x.dtype), beta=0.1), True),
        (lambda m, x: torch.lerp(x - x, x, 0.1), True),
        (lambda m, x: x - x + 0.1, False),
        (lambda m, x: 0.1 - (x - x), False),
        (lambda m, x: x - x + torch.tensor(0.1, dtype=torch.float64), False),
    ],
)
def test_numbers_are_rounded_as_torch_rounds_them(forward: Any, wide: bool, dtype: Any) -> None:
    model = Forward(forward).to(dtype)
    f = read(model, _ROW)
    # one rounding of the exact result is all that torch adds: 512 inputs tell any other number
    kind = np.dtype(str(dtype).removeprefix("torch."))
    points = (np.arange(1, 513) / 64).reshape(-1, 4)
    found = outputs(model, points, [_ROW], dtype)
    expected = f.exact(points).to_floats()
    if kind == np.float16 and wide:
        expected = expected.astype(np.float32)  # torch computes in float32, and rounds once more
    expected = expected.astype(kind).astype(np.float64)
    assert np.array_equal(found, expected)
    held = np.dtype("float32") if wide and kind == np.float16 else kind
    factor = abs(float(f.exact([1, 1, 1, 1])[0, 0]))
    assert factor in (float(held.type(0.1)), 1 / float(held.type(0.1)))


def test_masks_of_comparisons_are_read_as_choices() -> None:
    assert_as_torch(Forward(lambda m, x: x * (x > 0)), _ROW)
    assert_as_torch(Forward(lambda m, x: (x > 0).to(x.dtype) * x), _ROW)
    assert_refused(lambda m, x: (x > 1) * x, "may jump")
    assert_refused(lambda m, x: (x > 0) + x, "not continuous")


def test_products_and_quotients_of_values_are_refused() -> None:
    assert_refused(lambda m, x: x * x, "multiplies two values that depend on the input")
    assert_refused(lambda m, x: x @ x.T, "multiplies two values that depend on the input")
    assert_refused(lambda m, x: m.v / x, "divisor depends on the input")
    assert_refused(lambda m, x: x * x.sum().item(), "makes a number of a value")
    assert_refused(lambda m, x: torch.einsum("ij,kj->ik", x, x), "depend on the input")


def test_the_module_that_multiplies_is_named() -> None:
    class Gate(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x * x

    model = nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.ReLU(), Gate()))
    with pytest.raises(Exception, match=r"'1\.1' \(mul.Tensor|layer '1\.1'"):
        read(model, _ROW)


def test_a_number_beyond_the_arithmetic_is_refused() -> None:
    with pytest.raises(Exception, match=r"its other is 1e\+300, in float32 inf"):
        read(Forward(lambda m, x: x * 1e300), _ROW)
