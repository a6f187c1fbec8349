"""Sums, means, maxima and minima over axes, against torch."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import torch

from tests.io.torch_operators.forwards import Forward, assert_as_torch, assert_refused

_SHAPE = (1, 2, 3, 4)
_EXACT: dict[str, Any] = {
    "sum": lambda m, x: x.sum(),
    "sum over an axis": lambda m, x: x.sum(2),
    "sum over axes, kept": lambda m, x: x.sum((1, -1), keepdim=True),
    "sum of no axes": lambda m, x: x.sum(()),
    "sum after a map": lambda m, x: (x @ m.w + m.v).sum(1),
    "cumsum": lambda m, x: x.cumsum(2),
    "amax": lambda m, x: x.amax((1, 3)),
    "amax of all": lambda m, x: x.amax(),
    "amax, kept": lambda m, x: x.amax(2, keepdim=True),
    "amin": lambda m, x: x.amin(-1),
    "max": lambda m, x: x.max(),
    "min": lambda m, x: x.min(),
    "max along an axis": lambda m, x: x.max(1)[0],
    "max along an axis, kept": lambda m, x: x.max(dim=3, keepdim=True).values,
    "min along an axis": lambda m, x: x.min(dim=2).values,
    "aminmax": lambda m, x: torch.aminmax(x, dim=2),
    "aminmax of all": lambda m, x: torch.aminmax(x),
    "norm of order 1": lambda m, x: torch.linalg.vector_norm(x, 1, dim=(2, 3)),
    "norm of order infinity": lambda m, x: torch.linalg.vector_norm(x, float("inf")),
    "maxout": lambda m, x: (x @ m.w).view(1, 2, 3, 2, 2).amax(-1),
    "maxout by max": lambda m, x: torch.max((x @ m.w).unflatten(-1, (2, 2)), dim=-1)[0],
}  # fmt: skip
_MEANS: dict[str, Any] = {
    "mean": lambda m, x: x.mean(),
    "mean over axes": lambda m, x: x.mean((2, 3)),
    "mean over an axis, kept": lambda m, x: x.mean(-2, keepdim=True),
}  # fmt: skip


@pytest.mark.parametrize("name", list(_EXACT))
def test_reductions(name: str) -> None:
    assert_as_torch(Forward(_EXACT[name]), _SHAPE)


@pytest.mark.parametrize("name", list(_MEANS))
def test_means(name: str) -> None:
    assert_as_torch(Forward(_MEANS[name]), _SHAPE, exact=False)


def test_means_are_rational() -> None:
    f = assert_as_torch(Forward(lambda m, x: x.mean(1)), (1, 3), exact=False)
    assert f.exact([1, 0, 0]).to_fractions() == [[Fraction(1, 3)]]


def test_places_of_maxima_are_refused_where_they_are_used() -> None:
    assert_refused(lambda m, x: x.max(1)[1] + x, "its indices are used")
    assert_refused(lambda m, x: x.max(1), "its indices are used")


def test_other_norms_are_refused() -> None:
    assert_refused(lambda m, x: torch.linalg.vector_norm(x), "order 2 is not piecewise linear")
    assert_refused(lambda m, x: x.std(1), "piecewise linear|not read")
    assert_refused(lambda m, x: x.prod(1), "not piecewise linear")
    assert_refused(lambda m, x: x.logsumexp(1), "not piecewise linear")
