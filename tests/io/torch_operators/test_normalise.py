"""Batch normalisation in evaluation mode, against torch."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.io.torch_operators.forwards import Forward, assert_as_torch, assert_refused, read
from tropnet.errors import UnsupportedLayerError
from tropnet.io import load


def _trained(norm: Any) -> Any:
    torch.manual_seed(1)
    with torch.no_grad():
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.2, 3)
        if norm.affine:
            norm.weight.normal_()
            norm.bias.normal_()
    return norm.eval()


_MODULES: dict[str, Any] = {
    "1d": (nn.Sequential(nn.Linear(4, 3), _trained(nn.BatchNorm1d(3)), nn.ReLU()), (1, 4)),
    "1d with length": (_trained(nn.BatchNorm1d(2)), (1, 2, 3)),
    "2d": (
        nn.Sequential(nn.Conv2d(1, 2, 2), _trained(nn.BatchNorm2d(2)), nn.ReLU()), (1, 1, 3, 3)
    ),
    "2d without scale": (_trained(nn.BatchNorm2d(2, affine=False)), (1, 2, 2, 2)),
    "2d with another epsilon": (_trained(nn.BatchNorm2d(2, eps=0.1)), (1, 2, 2, 2)),
    "3d": (_trained(nn.BatchNorm3d(2)), (1, 2, 2, 1, 2)),
}  # fmt: skip


@pytest.mark.parametrize("name", list(_MODULES))
def test_modules(name: str) -> None:
    model, shape = _MODULES[name]
    f = assert_as_torch(model, shape, exact=False)
    assert any("ound" in note for note in f.notes)


def test_functional() -> None:
    forward = Forward(lambda m, x: functional.batch_norm(x, m.v, m.v.abs() + 1, bias=m.v, eps=0.5))
    assert_as_torch(forward, (1, 4), exact=False)


def test_a_square_is_normalised_exactly() -> None:
    norm = _trained(nn.BatchNorm1d(1, eps=0.25)).double()
    with torch.no_grad():
        norm.running_var.fill_(2.0)
        norm.running_mean.fill_(1.0)
        norm.weight.fill_(3.0)
        norm.bias.fill_(0.5)
    f = read(norm, (1, 1))
    assert f.exact([4]).to_fractions() == [[Fraction(3 * 3, 1) / Fraction(3, 2) + Fraction(1, 2)]]


def test_training_mode_is_refused() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    with pytest.raises(UnsupportedLayerError, match=r"'1' \(BatchNorm1d\).*model.eval\(\) first"):
        load(model.train())
    with pytest.raises(UnsupportedLayerError, match="statistics of its input"):
        read(nn.BatchNorm2d(2, track_running_stats=False), (1, 2, 3, 3))
    assert_refused(
        lambda m, x: functional.batch_norm(x.mT, None, None, training=True),
        "statistics of its input", (1, 4, 4),
    )  # fmt: skip


@pytest.mark.parametrize(
    "norm", [nn.LayerNorm(4), nn.GroupNorm(2, 4), nn.InstanceNorm1d(4), nn.RMSNorm(4)]
)
def test_normalisation_by_the_input_is_refused(norm: Any) -> None:
    with pytest.raises(UnsupportedLayerError, match="norm or a deviation of its input"):
        read(norm, (1, 4, 4))
