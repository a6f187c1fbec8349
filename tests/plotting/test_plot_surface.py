from __future__ import annotations

import numpy as np
import pytest

from tropnet import Box, Network
from tropnet.errors import DomainError
from tropnet.geometry import enumerate_cells
from tropnet.plotting import plot_surface
from tropnet.plotting.colours import colour_ids


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
    found = enumerate_cells(generic, Box.cube(2))
    cells = found.n_cells
    ids, owners = colour_ids(found), found.facet_cells
    shown = (owners[:, 1] < 0) | (ids[owners[:, 0]] != ids[owners[:, 1]])
    assert np.isnan(lines.x).sum() == shown.sum() < len(owners)
    ends = np.column_stack([lines.x, lines.y, lines.z]).reshape(-1, 3, 3)[:, :2].reshape(-1, 3)
    assert generic(ends[:, :2])[:, 1] == pytest.approx(ends[:, 2])
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


def test_lines_are_where_maps_change_and_end_at_the_window(
    flat_half: Network, corner: Network
) -> None:
    figure = plot_surface(flat_half, Box.cube(2))
    frame = np.array(figure.data[1].x), np.array(figure.data[1].y)
    assert ((np.isnan(frame[0])) | (abs(frame[0]) == 1) | (abs(frame[1]) == 1)).all()
    lines = plot_surface(corner, window=((-1, 2), (0.5, 1))).data[1]
    assert sorted(np.array([lines.x, lines.y]).T[:2].tolist()) == [[0, 0.5], [0, 1]]
    assert len(lines.x) == 3  # the other line lies outside


def test_small_triangles_are_not_black(corner: Network) -> None:
    mesh = plot_surface(corner, Box.cube(2, 0, "1/1000")).data[0]
    assert (mesh.lighting.facenormalsepsilon, mesh.lighting.vertexnormalsepsilon) == (0, 0)


def test_wrong_use(corner: Network) -> None:
    with pytest.raises(DomainError, match="by='slope' is unknown; take 'value' or 'map'"):
        plot_surface(corner, by="slope")  # type: ignore[arg-type]
