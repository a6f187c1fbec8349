"""Tensors that a forward makes, copies and casts, against torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.io.torch_operators.forwards import Forward, assert_as_torch, assert_refused, read
from tropnet.errors import UnsupportedLayerError

_ROW = (1, 4)
_FORWARDS: dict[str, Any] = {
    "zeros": lambda m, x: x + torch.zeros(4).to(x.dtype),
    "ones": lambda m, x: x + torch.ones(2, 1, dtype=x.dtype),
    "full": lambda m, x: x + torch.full((4,), 3.0, dtype=x.dtype),
    "arange": lambda m, x: x * torch.arange(4),
    "arange with steps": lambda m, x: x + torch.arange(1, 9, 2),
    "eye": lambda m, x: x @ torch.eye(4, dtype=x.dtype),
    "linspace": lambda m, x: x + torch.linspace(0, 3, 4, dtype=x.dtype),
    "tensor": lambda m, x: x + torch.tensor([1.0, 2, 3, 4], dtype=x.dtype),
    "scalar_tensor": lambda m, x: x * torch.scalar_tensor(2),
    "zeros_like": lambda m, x: torch.cat([x, torch.zeros_like(x)], 1),
    "ones_like": lambda m, x: torch.ones_like(x) - x,
    "full_like": lambda m, x: torch.full_like(x, 2) - x,
    "new_zeros": lambda m, x: torch.cat([x, x.new_zeros(1, 2)], 1),
    "new_ones": lambda m, x: x.new_ones(4) + x,
    "new_full": lambda m, x: x.new_full((4,), 3) + x,
    "clone": lambda m, x: x.clone() + x.detach().contiguous(),
    "casts": lambda m, x: x.double().to(x.dtype).type_as(x) + x.to(m.w),
    "item of a stored tensor": lambda m, x: x * m.i[0].item(),
    "size": lambda m, x: x.view(x.size(1), x.shape[0]) / x.numel(),
    "dropout": lambda m, x: functional.dropout(x, 0.5, training=False),
    "dropout of features": lambda m, x: functional.dropout1d(x, 0.5, training=False),
    "empty, then filled": lambda m, x: torch.empty_like(x).fill_(2) + x,
    "zeroed": lambda m, x: x.clone().zero_() + x,
    "copied into": lambda m, x: torch.zeros(2, 4, dtype=x.dtype).copy_(x),
}  # fmt: skip


@pytest.mark.parametrize("name", list(_FORWARDS))
def test_made_tensors(name: str) -> None:
    assert_as_torch(Forward(_FORWARDS[name]), _ROW)


def test_stored_tensors_are_rounded_by_casts() -> None:
    f = read(Forward(lambda m, x: x + m.v.half().to(x.dtype)), _ROW)
    model = Forward(lambda m, x: x)
    assert f.exact([0, 0, 0, 0]).to_floats()[0].tolist() == model.v.half().double().tolist()


def test_casts_of_values_are_noted_and_never_to_integers() -> None:
    f = read(Forward(lambda m, x: (x.double() * 3).float()), _ROW)
    assert f.dtype == "float32"
    assert any("casts" in note for note in f.notes)
    assert_refused(lambda m, x: x.long() + x, "casts to torch.int64, which is not continuous")
    assert_refused(lambda m, x: x.bool() * x, "casts to torch.bool, which is not continuous")
    assert_refused(lambda m, x: x.bfloat16().float(), "computes in torch.bfloat16")


def test_undefined_and_random_tensors_are_refused() -> None:
    assert_refused(lambda m, x: x + torch.empty(4), "its entries are not defined")
    assert_refused(lambda m, x: x + torch.randn(4), "random")
    assert_refused(lambda m, x: functional.dropout(x, 0.5, training=True), "training mode")


def test_lookups_of_rows_are_refused() -> None:
    model = nn.Sequential(nn.Embedding(3, 2), nn.Linear(2, 2))
    with pytest.raises(UnsupportedLayerError, match=r"'0' \(Embedding\).*whole numbers"):
        read(model, (1, 3))
