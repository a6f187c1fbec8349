from __future__ import annotations

import numpy as np
import pytest

from tropnet import Box, Network
from tropnet.domains import Domain
from tropnet.geometry import enumerate_cells
from tropnet.plotting.flat_cells import FlatCells, clipped, segments_of
from tropnet.plotting.window import window_of


def area(polygon: np.ndarray) -> float:
    x, y = polygon.T
    return float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


@pytest.mark.parametrize("domain", [None, Box.cube(2, -3, 3)])
@pytest.mark.parametrize("window", [(-1, 1), (-7, 7)])
def test_cut_polygons_tile_the_window(
    generic: Network, domain: Domain, window: tuple[float, float]
) -> None:
    flat = FlatCells.of(enumerate_cells(generic, domain), window, cut=True)
    areas = [area(polygon) for polygon in flat.polygons()]
    assert min(areas) > 0  # all the same way round
    side = window[1] - window[0] if domain is None else min(6, window[1] - window[0])
    assert sum(areas) == pytest.approx(side**2, rel=1e-9)
    assert len(np.unique(flat.cells)) == len(flat.cells)


def test_triangles_fill_the_polygons(generic: Network) -> None:
    flat = FlatCells.of(enumerate_cells(generic, Box.cube(2)))
    triangles, owner = flat.triangles()
    areas = np.array([area(t) for t in flat.corners[triangles]])
    whole = np.bincount(owner, areas, len(flat.cells))
    assert whole == pytest.approx([area(p) for p in flat.polygons()])


def test_values_are_those_of_the_network(generic: Network) -> None:
    flat = FlatCells.of(enumerate_cells(generic), (-2, 2))
    values = flat.values(flat.complex.maps)
    assert values == pytest.approx(generic(flat.corners), abs=1e-9)


def test_segments_belong_to_their_cells(generic: Network) -> None:
    found = enumerate_cells(generic)
    view = window_of(found)
    segments = segments_of(found, view)
    assert len(segments) == len(found.facet_cells)
    middle = segments.mean(axis=1)
    a, b = found.facet_cells.T
    one = np.einsum("fmk,fk->fm", found.maps[a][:, :, :2], middle) + found.maps[a][:, :, 2]
    two = np.einsum("fmk,fk->fm", found.maps[b][:, :, :2], middle) + found.maps[b][:, :, 2]
    assert one == pytest.approx(two, abs=1e-8 * (1 + np.abs(one).max()))


def test_cells_that_contain_a_line(flat_half: Network) -> None:
    found = enumerate_cells(flat_half)
    flat = FlatCells.of(found, (-1, 1))
    assert set(flat.cells.tolist()) == {0, 1}
    assert sum(area(p) for p in flat.polygons()) == pytest.approx(4)


def test_a_window_beside_all_cells(corner: Network) -> None:
    flat = FlatCells.of(enumerate_cells(corner, Box.cube(2)), (5, 6))
    assert len(flat.cells) == len(flat.polygons()) == 0


def test_clipping_keeps_what_touches() -> None:
    square = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    assert clipped(square, square[:, 0]).tolist() == square.tolist()
    assert len(clipped(square, square[:, 0] - 2)) == 0
