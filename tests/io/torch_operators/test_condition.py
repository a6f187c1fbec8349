"""Comparisons and choices: read where they are continuous, refused elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.io.torch_operators.forwards import Forward, assert_as_torch, assert_refused

_ROW = (1, 4)
_FORWARDS: dict[str, Any] = {
    "relu": lambda m, x: torch.where(x > 0, x, 0.0),
    "relu by zeros": lambda m, x: torch.where(x > 0, x, torch.zeros_like(x)),
    "relu from below": lambda m, x: torch.where(x <= 0, 0.0, x),
    "leaky relu": lambda m, x: torch.where(x >= 0, x, 0.5 * x),
    "abs": lambda m, x: torch.where(x < 0, -x, x),
    "maximum": lambda m, x: torch.where(x > m.v, x, m.v),
    "maximum of two values": lambda m, x: torch.where(x @ m.w > x, x @ m.w, x),
    "masked_fill": lambda m, x: x.masked_fill(x < 0, 0.0),
    "masked_fill in place": lambda m, x: (x + 1).masked_fill_(x + 1 < 0, 0.0),
    "a stored mask": lambda m, x: torch.where(m.i.bool().sum() > m.i, x[:, :3], x[:, 1:] * 2),
    "a stored mask of stored values": lambda m, x: x + torch.where(m.v.detach() > 0, m.v, -m.v),
    "a negated comparison": lambda m, x: torch.where(~(x > 0), 0.0, x),
    "a mask of places": lambda m, x: x.masked_fill(torch.arange(4) > 1, 7.0),
}  # fmt: skip


@pytest.mark.parametrize("name", list(_FORWARDS))
def test_continuous_choices(name: str) -> None:
    assert_as_torch(Forward(_FORWARDS[name]), _ROW)


@pytest.mark.parametrize(
    "forward",
    [
        lambda m, x: torch.where(x > 1, x, 0.0),
        lambda m, x: torch.where(x > 0, x, 0.0 * x + 1e-30),
        lambda m, x: torch.where(x > 0, x, x + 1),
        lambda m, x: torch.where(x[:, :1] > 0, x, 0.0),
        lambda m, x: torch.where(x > 0, 1.0, 0.0),
        lambda m, x: x.masked_fill(x.abs() < 0.5, 0.0),
    ],
)
def test_jumps_are_refused(forward: Any) -> None:
    assert_refused(forward, "may jump where its condition changes")


def test_equality_is_read_where_both_values_meet() -> None:
    assert_as_torch(Forward(lambda m, x: torch.where(x == 0, x, -x)), _ROW)
    assert_refused(lambda m, x: torch.where(x == 0, x + 1, x), "may jump")
