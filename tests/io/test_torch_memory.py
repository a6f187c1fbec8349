"""Writes into tensors that other names see, against torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.io.torch_operators.forwards import Forward, assert_as_torch, read
from tropnet.errors import TropnetError, UnsupportedLayerError

_SHAPE = (1, 2, 3, 4)


def _relu_of_a_view(m: Any, x: Any) -> Any:
    h = x @ m.w
    h.view(-1)[3:].relu_()
    return h


def _a_column_is_set(m: Any, x: Any) -> Any:
    h = x.clone()
    h[:, 0] = 0
    h[..., 1:] *= 2
    h[0, 1, 2, 3] = 5
    return h, h.mT


def _a_column_is_copied(m: Any, x: Any) -> Any:
    h = x + 1
    h.mT[0, 0, 2] = h.mT[0, 1, 1, :]
    return h


def _views_are_made_before_and_after(m: Any, x: Any) -> Any:
    h = x * 2
    before = h.flatten()
    first, second = h.chunk(2, dim=3)
    before[5:9].neg_()
    after = h[:, 1]
    after.add_(m.v)
    return before, after, first, second.contiguous(), h


def _through_a_reshape_that_copies(m: Any, x: Any) -> Any:
    h = x @ m.w
    copied = h.mT.reshape(-1)  # no view: what follows leaves h alone
    copied.zero_()
    return h, copied


def _in_a_loop(m: Any, x: Any) -> Any:
    out = torch.zeros_like(x)
    for k in range(4):
        out[..., k] = x[..., : k + 1].sum(-1)
    return out


def _an_empty_tensor_is_filled(m: Any, x: Any) -> Any:
    out = torch.empty_like(x)
    out.copy_(x)
    out[0, 0].mul_(3)
    return out


def _a_permuted_layout(m: Any, x: Any) -> Any:
    h = x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) * 1.0
    h[:, 1:].abs_()
    return h.sum(1), h


def _the_input_itself(m: Any, x: Any) -> Any:
    x.relu_()
    return x @ m.w


def _by_an_expanded_number(m: Any, x: Any) -> Any:
    h = x.clone()
    h[:, :, 1] = x[:, :, :1, :1].squeeze(-1)
    return h


_WRITES = [
    _relu_of_a_view, _a_column_is_set, _a_column_is_copied, _views_are_made_before_and_after,
    _through_a_reshape_that_copies, _in_a_loop, _an_empty_tensor_is_filled, _a_permuted_layout,
    _the_input_itself, _by_an_expanded_number,
]  # fmt: skip


@pytest.mark.parametrize("forward", _WRITES)
def test_writes_are_seen_by_every_name(forward: Any) -> None:
    assert_as_torch(Forward(forward), _SHAPE)


def test_parts_that_were_never_written_are_refused() -> None:
    def forward(m: Any, x: Any) -> Any:
        out = torch.empty_like(x)
        out[0, 0] = 1
        return out + x

    with pytest.raises(UnsupportedLayerError, match="its entries are not defined"):
        read(Forward(forward), _SHAPE)


class _Counter(nn.Module):
    calls: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x: Any) -> Any:
        self.calls += 1
        return x + self.calls


def test_modules_that_change_their_buffers_are_refused_and_left_alone() -> None:
    model = _Counter()
    with pytest.raises(UnsupportedLayerError, match="the module changes with every call"):
        read(model, (1, 2))
    assert model.calls == 0


@pytest.mark.parametrize(
    "forward",
    [
        lambda m, x: (x + 1).t_(),
        lambda m, x: (x + 1).squeeze_(0),
        lambda m, x: torch.add(x, 1, out=torch.zeros(1, 4)),
        lambda m, x: (x + 1).resize_(2, 2),
    ],
)
def test_shapes_that_change_in_place_are_read_rightly_or_refused(forward: Any) -> None:
    model = Forward(forward)
    try:
        f = read(model, (1, 4))
    except TropnetError:
        return
    point = np.array([1.0, 2, 3, 4])
    expected = model(torch.tensor(point[None, :], dtype=torch.float32)).reshape(-1)
    assert f(point).tolist() == expected.tolist()
