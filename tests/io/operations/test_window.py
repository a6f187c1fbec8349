"""Windows along an axis: counts as torch has them, positions by their definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tropnet.errors import BudgetExceeded, ShapeError
from tropnet.io.operations.window import grid, inside, positions


@given(
    st.integers(1, 9), st.integers(1, 4), st.integers(1, 3), st.integers(0, 2), st.integers(1, 3),
    st.booleans(),
)  # fmt: skip
def test_counts_are_torchs(
    size: int, window: int, stride: int, padding: int, dilation: int, ceil_mode: bool
) -> None:
    def found() -> Any:
        return positions(
            size, window, stride=stride, padding=(padding, padding), dilation=dilation,
            ceil_mode=ceil_mode,
        )  # fmt: skip

    if padding > window // 2 or size + 2 * padding < dilation * (window - 1) + 1:
        return  # torch has other rules for those
    pooled = torch.nn.functional.max_pool1d(
        torch.zeros(1, 1, size), window, stride, padding, dilation, ceil_mode
    )
    places = found()
    assert places.shape == (pooled.shape[-1], window)
    starts = np.arange(len(places)) * stride - padding
    assert places.tolist() == [[s + k * dilation for k in range(window)] for s in starts.tolist()]


def test_padding_of_one_side_and_cropping() -> None:
    assert positions(3, 2, padding=(0, 1)).tolist() == [[0, 1], [1, 2], [2, 3]]
    assert positions(4, 2, padding=(-1, 0)).tolist() == [[1, 2], [2, 3]]


def test_the_last_window_starts_inside() -> None:
    # the third window would start at 4, in the padding behind the four entries
    assert positions(4, 1, stride=2, padding=(0, 1), ceil_mode=True).tolist() == [[0], [2]]
    assert positions(4, 3, stride=2, ceil_mode=True).tolist() == [[0, 1, 2], [2, 3, 4]]


def test_products_of_windows() -> None:
    rows, columns = positions(2, 1), inside(positions(3, 2, stride=2, padding=(1, 0)), 3)
    assert columns.tolist() == [[-1, 0], [1, 2]]
    assert grid([rows, columns], [2, 3]).tolist() == [[-1, 0], [1, 2], [-1, 3], [4, 5]]
    assert grid([columns, rows], [3, 2]).tolist() == [[-1, 0], [-1, 1], [2, 4], [3, 5]]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"size": 3, "window": 4}, "conv1: a window that reaches over 4 entries does not fit"),
        ({"size": 3, "window": 2, "dilation": 3}, "reaches over 4 entries"),
        ({"size": 3, "window": 0}, "a window of 0"),
        ({"size": 3, "window": 1, "stride": 0}, "stride 0"),
        ({"size": 3, "window": 1, "dilation": -1}, "dilation -1"),
        ({"size": 3, "window": 2, "padding": (-2, 0)}, "does not fit into 3 with -2 before"),
        ({"size": 0, "window": 1, "padding": (1, 1)}, "does not fit into 0"),
    ],
)
def test_refusals(options: Any, text: str) -> None:
    with pytest.raises(ShapeError, match=text):
        positions(**options, name="conv1")


def test_sizes_are_checked_before_anything_is_made() -> None:
    with pytest.raises(BudgetExceeded, match="the windows of conv1"):
        positions(2**40, 3, name="conv1")
    wide = positions(2**16, 1)
    with pytest.raises(BudgetExceeded, match="the windows of conv1"):
        grid([wide, wide], [2**16, 2**16], "conv1")
