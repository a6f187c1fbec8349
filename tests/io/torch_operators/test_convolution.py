"""Convolutions, against torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.io.torch_operators.forwards import Forward, assert_as_torch, assert_refused

_MODULES: dict[str, Any] = {
    "1d": (nn.Conv1d(2, 3, 3), (1, 2, 7)),
    "1d strided": (nn.Conv1d(2, 4, 2, stride=3, padding=1, groups=2), (1, 2, 8)),
    "2d": (nn.Conv2d(2, 3, 3), (1, 2, 5, 4)),
    "2d without bias": (nn.Conv2d(2, 3, (1, 3), bias=False), (1, 2, 3, 4)),
    "2d strided and padded": (nn.Conv2d(2, 3, 3, stride=2, padding=1), (1, 2, 6, 5)),
    "2d unequal": (nn.Conv2d(1, 2, (2, 3), stride=(1, 2), padding=(2, 0)), (1, 1, 4, 6)),
    "2d dilated": (nn.Conv2d(1, 2, 3, dilation=2, padding=2), (1, 1, 5, 6)),
    "2d grouped": (nn.Conv2d(4, 6, 3, groups=2, padding=1), (1, 4, 3, 3)),
    "2d depthwise": (nn.Conv2d(3, 3, 3, groups=3, padding=1), (1, 3, 4, 3)),
    "2d depthwise with a multiplier": (nn.Conv2d(2, 6, 2, groups=2), (1, 2, 3, 3)),
    "2d same": (nn.Conv2d(2, 3, 3, padding="same"), (1, 2, 4, 5)),
    "2d same, even window": (nn.Conv2d(2, 3, (2, 4), padding="same"), (1, 2, 4, 5)),
    "2d same, dilated": (nn.Conv2d(1, 2, 2, padding="same", dilation=3), (1, 1, 5, 5)),
    "2d valid": (nn.Conv2d(1, 2, 3, padding="valid", stride=2), (1, 1, 5, 5)),
    "2d padded by reflection": (
        nn.Conv2d(1, 2, 3, padding=1, padding_mode="reflect"), (1, 1, 4, 4)
    ),
    "2d padded around": (nn.Conv2d(1, 2, 3, padding=1, padding_mode="circular"), (1, 1, 4, 4)),
    "2d pointwise": (nn.Conv2d(3, 2, 1), (1, 3, 3, 2)),
    "3d": (nn.Conv3d(1, 2, 2, padding=1, stride=2), (1, 1, 3, 4, 3)),
    "transposed 1d": (nn.ConvTranspose1d(2, 3, 3, stride=2), (1, 2, 4)),
    "transposed 2d": (nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1), (1, 2, 3, 3)),
    "transposed 2d with output padding": (
        nn.ConvTranspose2d(2, 2, 3, stride=2, padding=1, output_padding=1), (1, 2, 2, 3)
    ),
    "transposed 2d grouped": (nn.ConvTranspose2d(4, 6, 2, groups=2, stride=2), (1, 4, 2, 2)),
    "transposed 2d dilated": (nn.ConvTranspose2d(1, 2, 2, dilation=2), (1, 1, 3, 3)),
    "transposed 3d": (nn.ConvTranspose3d(1, 2, 2, stride=2, bias=False), (1, 1, 2, 2, 2)),
    "after another": (
        nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 2, 3), nn.ReLU(),
                      nn.ConvTranspose2d(2, 1, 2)),
        (1, 1, 4, 4),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", list(_MODULES))
def test_modules(name: str) -> None:
    model, shape = _MODULES[name]
    torch.manual_seed(0)
    model.apply(lambda layer: getattr(layer, "reset_parameters", lambda: None)())
    assert_as_torch(model, shape)


def test_functions() -> None:
    image = (1, 2, 4, 5)
    assert_as_torch(Forward(lambda m, x: functional.conv2d(x, m.k)), image)
    assert_as_torch(Forward(lambda m, x: torch.convolution(
        x, m.k, None, (1, 2), (1, 0), (1, 1), False, (0, 0), 1)), image)  # fmt: skip
    # one item without a batch axis
    assert_as_torch(Forward(lambda m, x: functional.conv2d(x[0], m.k, padding=1)), image)


def test_kernels_from_the_input_are_refused() -> None:
    assert_refused(
        lambda m, x: functional.conv2d(m.k, x), "its weights depend on the input", (1, 2, 3, 3)
    )


def test_the_layer_is_named() -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 2), nn.Sequential(nn.ReLU(), nn.Conv2d(1, 1, 2)))
    f = assert_as_torch(model, (1, 1, 4, 4))
    assert [layer.name for layer in f.layers if layer.relu.any()] == ["1.0"]
