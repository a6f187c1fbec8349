from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tropnet import Box, Network
from tropnet.errors import ShapeError
from tropnet.plotting import plot


def test_the_graph_of_each_output_with_its_kinks() -> None:
    f = Network.from_dense([[[1], [1]], [[1, 0], [1, 1]]], [[0, -1], [0, 0]])
    ax: Any = plot(f, Box([-2], [3]))
    first, second = ax.lines
    assert first.get_xdata() == pytest.approx(np.array([-2, 0, 1, 3]))
    assert first.get_ydata() == pytest.approx(np.array([0, 0, 1, 3]))
    assert second.get_ydata() == pytest.approx(np.array([0, 0, 1, 5]))
    regions, *kinks = ax.collections
    assert len(regions.get_paths()) == 3
    marked = [sorted(k.get_offsets()[:, 0].round(9).tolist()) for k in kinks]
    assert marked == [[0], [0, 1]]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["output 0", "output 1"]
    assert ax.get_title() == "3 linear regions"


def test_regions_that_touch_differ_and_equal_maps_do_not() -> None:
    f = Network.from_dense([[[1], [1], [-1]], [[1, 0, 1]]], [[0, -1, 0], [0]])  # |x|
    ax: Any = plot(f, Box([-2], [3]))
    heights = ax.collections[0].get_array()
    assert len(heights) == 3
    assert len(np.unique(heights)) == 2


def test_all_of_the_line() -> None:
    ax: Any = plot(Network.from_dense([[[2]]], [[1]]))
    low, high = ax.get_xlim()
    assert ax.lines[0].get_ydata()[-1] == 2 * high + 1
    assert low < high


def test_two_inputs_are_regions(corner: Network) -> None:
    assert plot(corner, Box.cube(2)).get_title() == "4 linear regions"


def test_more_inputs_are_refused() -> None:
    f = Network.from_dense([[[1, 1, 1]], [[1]]])
    with pytest.raises(ShapeError, match="plot draws functions of 1 or 2 inputs, this one has 3"):
        plot(f, Box.cube(3))
