"""Sorted values, against torch."""

from __future__ import annotations

from typing import Any

import pytest

from tests.io.torch_operators.forwards import Forward, assert_as_torch, assert_refused

_SHAPE = (1, 2, 4)
_FORWARDS: dict[str, Any] = {
    "sort": lambda m, x: x.sort(2)[0],
    "sort, descending": lambda m, x: x.sort(dim=1, descending=True).values,
    "sort, stable": lambda m, x: x.sort(stable=True)[0],
    "msort": lambda m, x: x[0].msort(),
    "topk": lambda m, x: x.topk(2)[0],
    "topk of the smallest": lambda m, x: x.topk(3, dim=2, largest=False).values,
    "median": lambda m, x: x.median(2)[0],
    "median, kept": lambda m, x: x.median(2, keepdim=True).values,
    "median of all": lambda m, x: x[:, 0].median(),
    "kthvalue": lambda m, x: x.kthvalue(3)[0],
    "after a map": lambda m, x: (x @ m.w).topk(1)[0],
}  # fmt: skip


@pytest.mark.parametrize("name", list(_FORWARDS))
def test_sorted_values(name: str) -> None:
    assert_as_torch(Forward(_FORWARDS[name]), _SHAPE)


def test_what_is_not_defined_or_not_continuous_is_refused() -> None:
    assert_refused(lambda m, x: x.topk(2, sorted=False)[0], "order of its results is not defined")
    assert_refused(lambda m, x: x.argsort(), "its indices are used|not continuous")
    assert_refused(lambda m, x: x.topk(2), "its indices are used")
