from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from tropnet import Box, Network
from tropnet.errors import DomainError, ShapeError
from tropnet.geometry import enumerate_cells
from tropnet.plotting import plot_regions


def test_one_polygon_a_cell_and_one_colour_a_map(generic: Network) -> None:
    found = enumerate_cells(generic, Box.cube(2, -2, 2))
    ax: Any = plot_regions(found)
    cells, edges = ax.collections
    assert len(cells.get_paths()) == found.n_cells
    ax.figure.canvas.draw()
    maps = found.map_ids[found.facet_cells[found.facet_cells[:, 1] >= 0]]
    assert len(edges.get_paths()) == (maps[:, 0] != maps[:, 1]).sum()
    colours = {tuple(c) for c in cells.get_facecolor().tolist()}
    assert found.n_affine_maps * 0.9 < len(colours) <= found.n_affine_maps
    assert f"{found.n_cells} cells in {found.n_regions} linear regions" in ax.get_title()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$x_1$", "$x_2$")
    assert ax.get_xlim() == ax.get_ylim() == (-2, 2)
    assert ax.get_aspect() == 1


def test_merged_regions_share_a_colour_and_have_no_edge(flat_half: Network) -> None:
    ax: Any = plot_regions(flat_half, Box.cube(2))
    cells, edges = ax.collections
    assert len(cells.get_paths()) == 2
    assert len(set(cells.get_array().tolist())) == 1
    assert len(edges.get_paths()) == 0
    assert ax.get_title() == "2 cells in 1 linear region"


def test_regions_with_one_map_share_a_colour_without_touching() -> None:
    # |x| − 1 above 0 twice: relu(x − 1) has the map 0 once, relu(|x| − 1) ∧ … 1 here and there
    steps = Network.from_dense([[[1, 0], [1, 0], [1, 0]], [[1, -1, 1]]], [[0, -1, -2], [0]])
    found = enumerate_cells(steps, Box.cube(2, -1, 3))
    assert (found.n_cells, found.n_affine_maps) == (4, 4)
    stairs = Network.from_dense([[[1, 0], [1, 0], [1, 0], [1, 0]], [[1, -1, -1, 1]]],
                                [[0, -1, -2, -3], [0]])  # fmt: skip
    ax: Any = plot_regions(stairs, Box.cube(2, -1, 4))
    assert len(set(ax.collections[0].get_array().tolist())) == 4  # 0 left and right of it
    assert ax.get_title() == "5 linear regions, 4 affine maps"


def test_slopes_are_the_lengths_of_gradients(corner: Network) -> None:
    ax: Any = plot_regions(corner, Box.cube(2), by="slope", limits=(0, 3))
    cells = ax.collections[0]
    assert sorted(cells.get_array().tolist()) == pytest.approx([0, 1, 1, 2**0.5])
    assert cells.get_clim() == (0, 3)
    assert [bar.get_ylabel() for bar in ax.child_axes] == ["length of the gradient"]


def test_all_of_the_plane(generic: Network) -> None:
    found = enumerate_cells(generic)
    ax: Any = plot_regions(found, window=(-50, 50), edges=False)
    assert len(ax.collections) == 1
    inside = found.interior_points[(np.abs(found.interior_points) < 50).all(axis=1)]
    assert len(ax.collections[0].get_paths()) >= len(inside)
    close = plot_regions(found, window=(-0.01, 0.01))
    assert close.get_title().endswith("seen")


def test_draws_into_given_axes(corner: Network) -> None:
    figure = Figure()
    ax = figure.subplots()
    assert plot_regions(corner, Box.cube(2), ax=ax, cmap="cividis") is ax
    assert ax.collections[0].get_cmap().name == "cividis"
    for kind in ("png", "svg", "pdf"):
        stream = io.BytesIO()
        figure.savefig(stream, format=kind)
        assert stream.tell() > 1000


def test_a_partial_complex_says_so(generic: Network) -> None:
    found = enumerate_cells(generic, Box.cube(2), time_limit=1e-9)
    assert plot_regions(found).get_title() == f"at least {found.n_cells} cell" + "s" * (
        found.n_cells != 1
    )


@pytest.mark.parametrize(
    ("x", "options", "error", "message"),
    [
        ([[1, 2]], {}, DomainError, "was given a list; give a Network or a PolyhedralComplex"),
        (5, {}, ShapeError, "of 2 inputs, this one has 5; draw a slice of it: slice_network"),
        (1, {}, ShapeError, "of 2 inputs, this one has 1; plot draws this one"),
        (2, {"by": "hue"}, DomainError, "by='hue' is unknown; take 'map' or 'slope'"),
        (2, {"output": 1}, ShapeError, "output=1, but there are 1 outputs"),
        (2, {"domain": Box.cube(3)}, ShapeError, "the domain has 3 coordinates"),
    ],
)
def test_what_cannot_be_drawn(
    x: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    if isinstance(x, int):
        x = Network.from_dense([[[1] * x], [[1]]])
    with pytest.raises(error, match=message):
        plot_regions(x, **options)


def test_a_complex_has_its_own_domain(corner: Network) -> None:
    with pytest.raises(DomainError, match="a complex has its own, window= chooses the part"):
        plot_regions(enumerate_cells(corner, Box.cube(2)), Box.cube(2))
