from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tropnet import Box, Network
from tropnet.geometry import enumerate_cells
from tropnet.plotting import plot_decision_boundary
from tropnet.plotting.class_pieces import ClassPieces
from tropnet.plotting.flat_cells import FlatCells


def area(polygon: np.ndarray) -> float:
    x, y = polygon.T
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2


def boundary(ax: object) -> np.ndarray:
    return np.array(ax.collections[-1].get_segments())  # type: ignore[attr-defined]


def test_one_output_is_zero_on_the_boundary(generic: Network) -> None:
    single = Network.from_dense([[[1, 2], [2, -1]], [[1, -2]]], [["1/3", 0], ["1/10"]])
    ax: Any = plot_decision_boundary(single, Box.cube(2))
    segments = boundary(ax)
    assert np.abs(single(segments.reshape(-1, 2))).max() < 1e-12
    lengths = np.linalg.norm(segments[:, 1] - segments[:, 0], axis=1)
    assert lengths.sum() > 1
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["f > 0", "f < 0", "f = 0"]
    lifted = plot_decision_boundary(single, Box.cube(2), level=0.25)
    assert single(boundary(lifted).reshape(-1, 2)) == pytest.approx(0.25)
    assert lifted.get_title() == "decision boundary: f = 0.25"


def test_pieces_tile_the_window_and_have_the_right_class(generic: Network) -> None:
    flat = FlatCells.of(enumerate_cells(generic), (-3, 3), cut=True)
    pieces = ClassPieces.of(flat, flat.complex.maps)
    assert not pieces.ties
    assert sum(area(p) for p in pieces.polygons) == pytest.approx(36)
    inner = np.array([p.mean(axis=0) for p in pieces.polygons])
    big = np.array([area(p) > 1e-9 for p in pieces.polygons])
    assert (generic(inner).argmax(axis=1) == pieces.classes)[big].all()
    ends = np.concatenate(pieces.segments)
    top = np.sort(generic(ends), axis=1)
    assert np.abs(top[:, -1] - top[:, -2]).max() < 1e-9
    assert len(set(pieces.classes)) == 3


def test_a_class_that_wins_only_inside_a_cell() -> None:
    f = Network.from_dense([[[1, 0], [-1, 0], [0, 0]]], [[0, 0, "1/4"]])
    flat = FlatCells.of(enumerate_cells(f, Box.cube(2)))
    pieces = ClassPieces.of(flat, flat.complex.maps)
    assert sorted(pieces.classes) == [0, 1, 2]
    assert [area(p) for p, c in zip(pieces.polygons, pieces.classes, strict=True) if c == 2] == [1]


def test_a_boundary_along_facets_is_found(flat_half: Network) -> None:
    x = plot_decision_boundary(flat_half, Box.cube(2))  # x, of two cells
    assert (boundary(x)[:, :, 0] == 0).all()
    assert np.ptp(boundary(x)[:, :, 1]) == 2
    absolute = Network.from_dense([[[1, 0], [-1, 0]], [[1, 1]]])  # touches 0 without crossing
    assert (boundary(plot_decision_boundary(absolute, Box.cube(2)))[:, :, 0] == 0).all()


def test_whole_cells_that_tie_are_dark(corner: Network) -> None:
    ax: Any = plot_decision_boundary(corner, Box.cube(2))
    ties = ax.collections[-2]
    assert len(ties.get_paths()) == 1
    assert area(ties.get_paths()[0].vertices[:4]) == 1
    assert len(ax.collections[0].get_paths()) == 3


def test_constant_classes_have_no_boundary() -> None:
    f = Network.from_dense([[[0, 0], [0, 0]]], [[1, 2]])
    ax: Any = plot_decision_boundary(f, edges=False, cmap="viridis")
    assert len(boundary(ax)) == 0
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["output 1"]
