"""Pooling, against torch."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.io.torch_operators.forwards import Forward, assert_as_torch, assert_refused

_LINE, _IMAGE, _BLOCK = (1, 2, 7), (1, 2, 5, 6), (1, 1, 4, 3, 4)
_MAXIMA: dict[str, Any] = {
    "1d": (nn.MaxPool1d(3), _LINE),
    "1d, all options": (nn.MaxPool1d(2, stride=2, padding=1, dilation=2, ceil_mode=True), _LINE),
    "2d": (nn.MaxPool2d(2), _IMAGE),
    "2d with overlap": (nn.MaxPool2d(3, stride=1), _IMAGE),
    "2d padded": (nn.MaxPool2d(3, stride=2, padding=1), _IMAGE),
    "2d dilated": (nn.MaxPool2d(2, stride=1, dilation=2), _IMAGE),
    "2d ceil": (nn.MaxPool2d(2, ceil_mode=True), _IMAGE),
    "2d ceil and padded": (nn.MaxPool2d(3, stride=2, padding=1, ceil_mode=True), _IMAGE),
    "2d ceil, last window in the padding": (
        nn.MaxPool2d(2, stride=3, padding=1, ceil_mode=True), _IMAGE
    ),
    "2d unequal": (nn.MaxPool2d((1, 3), stride=(2, 1), padding=(0, 1)), _IMAGE),
    "3d": (nn.MaxPool3d(2, padding=1), _BLOCK),
    "adaptive 1d": (nn.AdaptiveMaxPool1d(3), _LINE),
    "adaptive 2d": (nn.AdaptiveMaxPool2d((2, 4)), _IMAGE),
    "adaptive 2d, one axis kept": (nn.AdaptiveMaxPool2d((None, 1)), _IMAGE),
    "adaptive 3d": (nn.AdaptiveMaxPool3d(2), _BLOCK),
    "after a convolution": (
        nn.Sequential(nn.Conv2d(2, 2, 2), nn.MaxPool2d(2), nn.ReLU()), _IMAGE
    ),
}  # fmt: skip
_MEANS: dict[str, Any] = {
    "1d": (nn.AvgPool1d(2), _LINE),
    "1d padded": (nn.AvgPool1d(3, stride=2, padding=1), _LINE),
    "1d ceil": (nn.AvgPool1d(2, ceil_mode=True), _LINE),
    "2d": (nn.AvgPool2d(2), _IMAGE),
    "2d with overlap": (nn.AvgPool2d(3, stride=1), _IMAGE),
    "2d padded": (nn.AvgPool2d(3, stride=2, padding=1), _IMAGE),
    "2d padding left out": (
        nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False), _IMAGE
    ),
    "2d ceil": (nn.AvgPool2d(2, ceil_mode=True), _IMAGE),
    "2d ceil and padded": (nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True), _IMAGE),
    "2d ceil, padding left out": (
        nn.AvgPool2d(3, stride=2, padding=1, ceil_mode=True, count_include_pad=False), _IMAGE
    ),
    "2d ceil, last window in the padding": (
        nn.AvgPool2d(2, stride=3, padding=1, ceil_mode=True), _IMAGE
    ),
    "2d with a divisor": (nn.AvgPool2d(2, divisor_override=3), _IMAGE),
    "3d": (nn.AvgPool3d(2, padding=1, stride=1), _BLOCK),
    "adaptive 1d": (nn.AdaptiveAvgPool1d(3), _LINE),
    "adaptive 2d": (nn.AdaptiveAvgPool2d((2, 4)), _IMAGE),
    "adaptive 2d to one": (nn.AdaptiveAvgPool2d(1), _IMAGE),
    "adaptive 2d upwards": (nn.AdaptiveAvgPool2d(7), _IMAGE),
    "adaptive 3d": (nn.AdaptiveAvgPool3d((1, 2, 3)), _BLOCK),
}  # fmt: skip


@pytest.mark.parametrize("name", list(_MAXIMA))
def test_maxima(name: str) -> None:
    assert_as_torch(*_MAXIMA[name])


@pytest.mark.parametrize("name", list(_MEANS))
def test_means(name: str) -> None:
    assert_as_torch(*_MEANS[name], exact=False)


def test_means_are_rational() -> None:
    f = assert_as_torch(nn.AvgPool2d(3), (1, 1, 3, 3), exact=False)
    assert f.exact(range(9)).to_fractions() == [[4]]
    assert f.exact([1] + [0] * 8).to_fractions() == [[Fraction(1, 9)]]


def test_places_are_not_read() -> None:
    assert_as_torch(
        Forward(lambda m, x: functional.max_pool2d(x, 2, return_indices=True)[0]), _IMAGE
    )
    assert_as_torch(
        Forward(lambda m, x: functional.adaptive_max_pool2d(x, 2, return_indices=True)[0]), _IMAGE
    )
    assert_refused(
        lambda m, x: functional.max_pool2d(x, 2, return_indices=True),
        "its indices are used",
        _IMAGE,
    )


def test_one_item_without_a_batch_axis() -> None:
    assert_as_torch(Forward(lambda m, x: functional.max_pool2d(x[0], 2)), _IMAGE)
    assert_as_torch(Forward(lambda m, x: functional.avg_pool1d(x[0, :, 0], 2)), _IMAGE)
    assert_as_torch(Forward(lambda m, x: functional.adaptive_avg_pool2d(x[0], (1, 2))), _IMAGE,
                    exact=False)  # fmt: skip


def test_other_pools_are_refused() -> None:
    assert_refused(lambda m, x: functional.lp_pool2d(x, 2, 2), "piecewise linear", _IMAGE)
    assert_refused(lambda m, x: functional.lp_pool2d(x.relu(), 2, 2), "piecewise linear", _IMAGE)


def test_zero_is_no_padding_of_maxima() -> None:
    model = nn.MaxPool1d(3, stride=1, padding=1)
    f = assert_as_torch(model, (1, 1, 2))
    assert (
        f([-1.0, -2.0]).tolist() == model(torch.tensor([[[-1.0, -2.0]]]))[0, 0].tolist() == [-1, -1]
    )
