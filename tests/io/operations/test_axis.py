"""Axes counted from either end, and places along them."""

from __future__ import annotations

import pytest

from tropnet.errors import ShapeError
from tropnet.io.operations import axis_of
from tropnet.io.operations.axis import places_of


def test_axes_count_from_either_end() -> None:
    assert [axis_of(a, 3, "") for a in (-3, -1, 0, 2)] == [0, 2, 0, 2]


@pytest.mark.parametrize(("axis", "rank"), [(3, 3), (-4, 3), (0, 0), (-1, 0)])
def test_an_axis_that_is_not_there_is_refused(axis: int, rank: int) -> None:
    with pytest.raises(ShapeError, match=f"node1: axis {axis} of a tensor with {rank} axes"):
        axis_of(axis, rank, "node1")


def test_places_are_row_major() -> None:
    assert places_of((2, 1, 2)).tolist() == [[[0, 1]], [[2, 3]]]
    assert places_of(()).tolist() == 0
