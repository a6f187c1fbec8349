"""Resizing to the nearest entry, against torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.io.torch_operators.forwards import Forward, assert_as_torch, assert_refused, read

_LINE, _IMAGE, _BLOCK = (1, 2, 5), (1, 2, 3, 4), (1, 1, 2, 3, 2)
_CASES: dict[str, Any] = {
    "by two": (nn.Upsample(scale_factor=2), _IMAGE),
    "by two numbers": (nn.UpsamplingNearest2d(scale_factor=(2, 3)), _IMAGE),
    "by 1.7": (nn.Upsample(scale_factor=1.7), _IMAGE),
    "to a size": (nn.Upsample(size=(5, 7)), _IMAGE),
    "down": (nn.Upsample(size=(2, 3)), _IMAGE),
    "1d": (nn.Upsample(scale_factor=1.3), _LINE),
    "3d": (nn.Upsample(size=(3, 4, 5)), _BLOCK),
    "exact": (nn.Upsample(size=(5, 7), mode="nearest-exact"), _IMAGE),
    "exact 1d": (nn.Upsample(scale_factor=2.6, mode="nearest-exact"), _LINE),
    "exact 3d": (nn.Upsample(size=(3, 1, 5), mode="nearest-exact"), _BLOCK),
}


@pytest.mark.parametrize("name", list(_CASES))
def test_nearest(name: str) -> None:
    assert_as_torch(*_CASES[name])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("size", [37, 41, 47, 55, 61])
def test_places_are_those_of_the_arithmetic(size: int, dtype: Any) -> None:
    # float32 and float64 take different entries at some places of these sizes
    model = nn.Upsample(size=size, mode="nearest-exact")
    for length in (2, 4, 6):
        line = torch.arange(length, dtype=dtype).reshape(1, 1, length)
        f = read(model, (1, 1, length), dtype=dtype)
        assert np.array_equal(f.exact(np.arange(length)).to_floats()[0], model(line)[0, 0].numpy())


def test_other_modes_are_refused() -> None:
    assert_refused(
        lambda m, x: functional.interpolate(x, scale_factor=2, mode="bilinear"),
        "upsample_bilinear2d.*not read yet", _IMAGE,
    )  # fmt: skip
    assert_as_torch(
        Forward(lambda m, x: functional.interpolate(x @ m.w, size=5)[:, :, 1:]), (*_LINE[:2], 4)
    )
