from __future__ import annotations

import numpy as np
import pytest

from tropnet import Box, Network
from tropnet.errors import DomainError, ShapeError
from tropnet.plotting import plot_cells


def octants(weights: list[int]) -> Network:
    return Network.from_dense([np.eye(3).tolist(), [weights]])


def test_cells_enclose_their_volume_and_have_the_colour_of_their_map() -> None:
    mesh = plot_cells(octants([1, 2, 3]), Box.cube(3), apart=0).data[0]
    points = np.column_stack([mesh.x, mesh.y, mesh.z])
    triangles = points[np.column_stack([mesh.i, mesh.j, mesh.k])]
    edges = triangles[:, 1:] - triangles[:, :1]
    areas = np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1) / 2
    assert areas.sum() == pytest.approx(8 * 6)
    assert len(set(mesh.facecolor)) == 8
    assert len(set(plot_cells(octants([1, 0, 0]), Box.cube(3)).data[0].facecolor)) == 2


def test_cells_are_moved_apart() -> None:
    near = plot_cells(octants([1, 1, 1]), Box.cube(3), apart=0).data[0]
    far = plot_cells(octants([1, 1, 1]), Box.cube(3), apart=1).data[0]
    assert (max(near.x), max(far.x)) == (1, 1.5)
    assert min(abs(np.array(far.x))) == 0.5


def test_wrong_use() -> None:
    with pytest.raises(DomainError, match="draws bounded cells; give a box"):
        plot_cells(octants([1, 1, 1]))
    with pytest.raises(DomainError, match="apart=-1; give 0 or more"):
        plot_cells(octants([1, 1, 1]), Box.cube(3), apart=-1)
    with pytest.raises(ShapeError, match="plot_cells draws functions of 3 inputs, this one has 1"):
        plot_cells(Network.from_dense([[[1]]]))


def test_axes_bear_numbers_only_where_they_are_true() -> None:
    f = octants([1, 2, 3])
    moved, still = (plot_cells(f, Box.cube(3), apart=a).layout.scene for a in (0.4, 0))
    assert (moved.xaxis.showticklabels, still.zaxis.showticklabels) == (False, True)
    assert moved.zaxis.title.text == "x₃"
