from __future__ import annotations

import numpy as np
import pytest

from tropnet import Box, Network, merge_thin_cells
from tropnet.errors import DomainError
from tropnet.geometry import enumerate_cells
from tropnet.geometry.thin_cells import cell_thickness


def test_the_thickness_of_rectangles() -> None:
    grid = Network.from_dense([[[1, 0], [0, 1]], [[1, 1]]], [["-1/4", "1/2"], [0]])
    cells = enumerate_cells(grid, Box.cube(2, -1, 1))
    thickness, facets = cell_thickness(cells)
    # cut at x = 1/4 and y = −1/2
    sides = {(1, 1): 0.75, (1, -1): 0.5, (-1, 1): 1.25, (-1, -1): 0.5}
    for signs, found in zip(cells.signs.tolist(), thickness, strict=True):
        assert found == pytest.approx(sides[tuple(signs)])
    assert (cells.facet_cells[facets] == np.arange(4)[:, None]).any(axis=1).all()


def test_unbounded_cells_are_thick_and_strips_are_not() -> None:
    strip = Network.from_dense([[[1, 0], [1, 0], [0, 1]], [[1, 1, 1]]], [[0, 2.0**-30, 0], [0]])
    cells = enumerate_cells(strip)
    thickness, _ = cell_thickness(cells)
    assert sorted(thickness) == pytest.approx([2.0**-30] * 2 + [np.inf] * 4)
    assert len(set(merge_thin_cells(cells, 1e-6).tolist())) == 4
    assert len(set(merge_thin_cells(cells, 1e-12).tolist())) == 6


def test_a_length_is_asked_for() -> None:
    cells = enumerate_cells(Network.from_dense([[[1]], [[1]]]), Box([-1], [1]))
    with pytest.raises(DomainError, match=r"^below=0; give a positive length"):
        merge_thin_cells(cells, 0)
