from __future__ import annotations

import numpy as np
import pytest

from tropnet import Box, Network
from tropnet.errors import DomainError
from tropnet.geometry import enumerate_cells
from tropnet.plotting import plot_surface


def test_every_triangle_lies_in_the_graph(generic: Network) -> None:
    figure = plot_surface(generic, Box.cube(2), output=1)
    mesh, lines = figure.data
    points = np.column_stack([mesh.x, mesh.y])
    corners = np.column_stack([mesh.i, mesh.j, mesh.k])
    middle = points[corners].mean(axis=1)
    assert generic(middle)[:, 1] == pytest.approx(np.array(mesh.z)[corners].mean(axis=1))
    u, v = (
        points[corners[:, 1]] - points[corners[:, 0]],
        points[corners[:, 2]] - points[corners[:, 0]],
    )
    areas = np.abs(u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]) / 2
    assert areas.sum() == pytest.approx(4)
    cells = enumerate_cells(generic, Box.cube(2)).n_cells
    assert np.isnan(lines.x).sum() == cells
    assert figure.layout.title.text.startswith(f"{cells} cells in ")


def test_colours_are_those_of_the_maps(flat_half: Network, corner: Network) -> None:
    assert len(set(plot_surface(flat_half, Box.cube(2), by="map").data[0].facecolor)) == 1
    figure = plot_surface(corner, by="map", cmap="cividis", edges=False)
    assert len(set(figure.data[0].facecolor)) == 4
    assert len(figure.data) == 1


def test_it_ends_at_the_window(corner: Network) -> None:
    mesh = plot_surface(corner, window=((-1, 2), (0.5, 1))).data[0]
    assert (min(mesh.x), max(mesh.x), min(mesh.y), max(mesh.y)) == (-1, 2, 0.5, 1)
    mesh = plot_surface(corner, Box.cube(2), window=(0, 0.5)).data[0]
    assert max(mesh.z) == 1


def test_wrong_use(corner: Network) -> None:
    with pytest.raises(DomainError, match="by='slope' is unknown; take 'value' or 'map'"):
        plot_surface(corner, by="slope")  # type: ignore[arg-type]
