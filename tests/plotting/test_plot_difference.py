from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tropnet import Box, Network, compare_regions
from tropnet.errors import DomainError, ShapeError
from tropnet.geometry import enumerate_cells
from tropnet.plotting import plot_difference


def test_range_bands_and_zero_line(corner: Network) -> None:
    other = Network.from_dense([[[1, 0], [0, 1]], [[2, -1]]])
    ax: Any = plot_difference(corner, other, Box.cube(2))
    assert ax.get_title() == "f − g from -1 to 2"
    bands = ax.collections[0]
    assert bands.levels.min() == -bands.levels.max() <= -2
    assert 0 in bands.levels
    assert [bar.get_ylabel() for bar in ax.child_axes] == ["f − g"]
    lines = [c for c in ax.collections if np.array_equal(getattr(c, "levels", []), [0.0])]
    zero = np.concatenate([p.vertices for p in lines[0].get_paths()])
    inside = zero[(zero > 1e-9).all(axis=1)]
    assert inside[:, 0] == pytest.approx(2 * inside[:, 1])  # x = 2 y


def test_equal_cells_are_hatched(corner: Network) -> None:
    other = Network.from_dense([[[1, 0], [0, 1]], [[1, 0]]])
    ax: Any = plot_difference(corner, other, Box.cube(2))
    hatched = [c for c in ax.collections if c.get_hatch()]
    assert len(hatched) == 1
    assert len(hatched[0].get_paths()) == 2  # below the axis, on both sides of x = 0


def test_a_difference_far_below_the_functions_is_exact() -> None:
    ulp = 2.0**-52
    f = Network.from_dense([[[1, 0], [0, 1]], [[1, 1]]])
    g = Network.from_dense([[[1, 0], [0, 1]], [[1 + ulp, 1]]])
    ax: Any = plot_difference(g, f, Box.cube(2))
    assert ax.get_title() == f"f − g from 0 to {ulp:.3g}"
    (hatched,) = [c for c in ax.collections if c.get_hatch()]
    assert len(hatched.get_paths()) == 2
    sheer = Network.from_dense([[[1, 0], [0, 1]], [[1, 1]]], [[0, 0], [2.0**-80]])
    shifted: Any = plot_difference(sheer, f, Box.cube(2))
    assert shifted.get_title() == f"f − g from 0 to {2.0**-80:.3g}"


def test_two_forms_of_one_function(corner: Network) -> None:
    same = Network.from_dense([[[0, -3], [2, 0]], [["1/3", "1/2"], [0, 0]], [[1, 5]]],
                              [[0, 0], [0, 0], [0]])  # fmt: skip
    with pytest.raises(ShapeError, match="need the same inputs and outputs"):
        plot_difference(corner, Network.from_dense([[[1, 0]], [[1], [1]]]))
    ax: Any = plot_difference(same, same)
    assert ax.get_title() == "f = g everywhere here"
    assert not ax.child_axes
    permuted = Network.from_dense([[[0, 3], [2, 0]], [["1/3", "1/2"]]])
    assert plot_difference(corner, permuted).get_title() == "f = g everywhere here"


def test_a_comparison_is_drawn_as_its_networks(corner: Network, flat_half: Network) -> None:
    found = compare_regions(corner, flat_half, Box.cube(2))
    ax: Any = plot_difference(found)
    other: Any = plot_difference(corner, flat_half, Box.cube(2))
    assert ax.get_title() == other.get_title() == "f − g from 0 to 2"
    with pytest.raises(DomainError, match="a comparison, which has g and its domain"):
        plot_difference(found, corner)
    with pytest.raises(DomainError, match="was given one function; give two networks"):
        plot_difference(corner)


@pytest.mark.parametrize(
    ("f", "options", "error", "message"),
    [
        ("f.onnx", {}, DomainError, "was given a str; give two networks"),
        (
            enumerate_cells(Network.from_dense([[[1, 1]], [[1]]])),
            {},
            DomainError,
            r"was given a PolyhedralComplex; give two networks .*, or what compare_regions found",
        ),
        (None, {"levels": 1}, DomainError, "levels=1; give at least 2"),
        (None, {"output": 3}, ShapeError, "output=3"),
    ],
)
def test_wrong_use(
    corner: Network, f: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        plot_difference(f or corner, corner, **options)
