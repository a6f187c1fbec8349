"""Tensors that a forward computes from stored ones: whole numbers, and floats rounded once."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize

from tests.io.torch_operators.forwards import Forward, assert_as_torch, read
from tropnet.errors import UnsupportedLayerError
from tropnet.io import load

_ROW = (1, 4)
_WHOLE: dict[str, Any] = {
    "places": lambda m, x: x[:, torch.arange(8) % 4],
    "halves": lambda m, x: x[:, torch.arange(8) // 2],
    "an order": lambda m, x: x[:, m.i.argsort()],
    "a sum": lambda m, x: x[:, m.i.cumsum(0) - 2],
    "a mask": lambda m, x: x.masked_fill((torch.arange(4) % 2 == 0) & (torch.arange(4) > 1), 0.0),
    "a matrix of places": lambda m, x: x[0][(m.i[:, None] - m.i[None, :]).abs()],
    "whole numbers made floats": lambda m, x: x * (m.i.sum() - torch.arange(4) ** 2),
    "a count": lambda m, x: x * (m.i > 1).sum(),
    "numbers among themselves": lambda m, x: x + torch.arange(4) * 3 - 7,
}


@pytest.mark.parametrize("name", list(_WHOLE))
def test_whole_numbers_are_computed_as_torch_computes_them(name: str) -> None:
    assert_as_torch(Forward(_WHOLE[name]), _ROW)


_ONCE: dict[str, Any] = {
    "a mask of weights": lambda m, x: x @ (m.w * (m.w > 0)),
    "a scaled weight": lambda m, x: x @ (m.w * 3),
    "a sum of weights": lambda m, x: x @ (m.w + m.w.T),
    "a negated part": lambda m, x: x * -m.v.roll(1) + m.v[m.i].sum(0, keepdim=True) * 0,
    "a transposed product with ones": lambda m, x: x @ (m.w.T * torch.ones(4, 1, dtype=x.dtype)),
}


@pytest.mark.parametrize("name", list(_ONCE))
def test_floats_that_are_rounded_once_are_exact(name: str) -> None:
    assert_as_torch(Forward(_ONCE[name]), _ROW)


def test_a_weight_times_a_number_is_their_exact_product() -> None:
    model = Forward(lambda m, x: x @ (m.w * 0.1))
    f = assert_as_torch(model, _ROW, exact=False)
    exact = f.exact([1, 0, 0, 0]).to_fractions()[0][0]
    assert exact != Fraction((model.w * 0.1)[0, 0].item())
    assert exact == Fraction(model.w[0, 0].item()) * Fraction(float(np.float32(0.1)))


@pytest.mark.parametrize(
    "forward",
    [
        lambda m, x: x @ (m.w @ m.w),
        lambda m, x: x * (m.v * 0.1 + 0.3),
        lambda m, x: x + (m.v - 0.1) * 3.3,
        lambda m, x: x @ (m.w * 0.1 * 0.7),
    ],
)
def test_floats_that_are_rounded_more_than_once_are_refused(forward: Any) -> None:
    # the bounds of roundings would not hold of torch's own constants
    with pytest.raises(UnsupportedLayerError, match=r"rounding more than once.*holds the result"):
        read(Forward(forward), _ROW)


@pytest.mark.parametrize("kind", ["weight_norm", "spectral_norm", "orthogonal"])
def test_parametrized_layers_are_read_once_they_are_stored(kind: str) -> None:
    torch.manual_seed(0)
    model = nn.Sequential(getattr(parametrizations, kind)(nn.Linear(4, 4)), nn.ReLU()).eval()
    with pytest.raises(UnsupportedLayerError, match=r"remove_parametrizations|not read yet"):
        load(model)
    parametrize.remove_parametrizations(model[0], "weight")
    assert load(model).n_relu == 4


def test_outputs_that_are_computed_from_stored_tensors_are_held_to_the_same() -> None:
    with pytest.raises(UnsupportedLayerError, match="rounding more than once"):
        read(Forward(lambda m, x: (x, m.v * 0.1 + m.v)), _ROW)


def test_random_numbers_are_no_constants() -> None:
    with pytest.raises(UnsupportedLayerError, match="random"):
        read(Forward(lambda m, x: x + torch.randint(0, 5, (4,))), _ROW)
    with pytest.raises(UnsupportedLayerError, match="random"):
        read(Forward(lambda m, x: x + torch.randint_like(m.i[:1], 5)), _ROW)
