"""Forwards of users, read and held against torch itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils import _pytree

from tests.io.models import assert_within_bound, points_and_kinks
from tropnet import Network
from tropnet.errors import UnsupportedLayerError
from tropnet.io import load


class Forward(nn.Module):
    """A module whose forward is a function of itself and the input.

    It has parameters `w` (4 x 4), `v` (4), `k` (6 x 2 x 3 x 3) and a list of indices `i`.
    """

    w: torch.Tensor
    v: torch.Tensor
    k: torch.Tensor
    i: torch.Tensor

    def __init__(self, forward: Callable[..., Any]) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(7)
        self.w = nn.Parameter(torch.randn(4, 4, generator=generator))
        self.v = nn.Parameter(torch.randn(4, generator=generator))
        self.k = nn.Parameter(torch.randn(6, 2, 3, 3, generator=generator))
        self.register_buffer("i", torch.tensor([2, 0, 3]))
        self._forward = forward

    def forward(self, *inputs: Any) -> Any:
        return self._forward(self, *inputs)


def outputs(
    model: nn.Module, points: Any, shapes: Sequence[Sequence[int]], dtype: Any = torch.float32
) -> Any:
    """Return torch's outputs for each row of points, flattened and concatenated."""
    rows = []
    for point in points:
        parts, start = [], 0
        for shape in shapes:
            size = int(np.prod(shape))
            part = torch.from_numpy(np.array(point[start : start + size], dtype=np.float64))
            parts.append(part.reshape(tuple(shape)).to(dtype))
            start += size
        with torch.no_grad():
            result = model(*parts)
        leaves = [leaf.double().reshape(-1) for leaf in _pytree.tree_leaves(result)]
        rows.append(torch.cat(leaves).numpy())
    return np.array(rows)


def read(model: nn.Module, *shapes: Sequence[int], dtype: Any = torch.float32) -> Network:
    """Return the network of a module in evaluation mode."""
    examples = tuple(torch.zeros(tuple(shape), dtype=dtype) for shape in shapes)
    return load(model.eval(), example_input=examples)


def assert_as_torch(
    model: nn.Module, *shapes: Sequence[int], exact: bool = True, halves: bool = False
) -> Network:
    """Read a module in every arithmetic, and compare it with torch.

    At random points and at kinks the outputs lie within the computed bound; at small whole numbers,
    with small whole weights, they are equal, if `exact` says that torch computes exactly there.
    """
    found = None
    for dtype in (torch.float16,) * halves + (torch.float64, torch.float32):
        model = model.to(dtype)
        found = read(model, *shapes, dtype=dtype)
        assert f"torch.{found.dtype}" == str(dtype)
        points = points_and_kinks(found)
        if dtype == torch.float16:
            points = np.clip(points, -100, 100).astype(np.float16)
        assert_within_bound(found, points, outputs(model, points, shapes, dtype))
    assert found is not None
    if exact:
        random = np.random.default_rng(5)
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.copy_((2 * parameter).round())
        whole = read(model, *shapes)
        points = random.integers(-6, 7, size=(12, whole.n_inputs)).astype(np.float64)
        assert np.array_equal(whole.exact(points).to_floats(), outputs(model, points, shapes))
    return found


def assert_refused(forward: Callable[..., Any], text: str, *shapes: Sequence[int]) -> None:
    """Check that a forward is refused in one line that names the node and says why."""
    with pytest.raises(UnsupportedLayerError, match=text) as caught:
        read(Forward(forward), *(shapes or ((1, 4),)))
    assert "\n" not in str(caught.value)
