from __future__ import annotations

import numpy as np
import pytest

from tropnet import Box, Network, Polyhedron
from tropnet.errors import DomainError, ShapeError
from tropnet.geometry import enumerate_cells
from tropnet.plotting.window import window_of


def test_a_box_is_its_own_window(corner: Network) -> None:
    found = enumerate_cells(corner, Box([-1, "1/2"], [2, 3]))
    assert window_of(found).tolist() == [[-1, 2], [0.5, 3]]


def test_a_polyhedron_gets_a_margin(corner: Network) -> None:
    triangle = Polyhedron([[-1, 0], [0, -1], [1, 1]], [1, 1, 1])
    low, high = window_of(enumerate_cells(corner, triangle)).T
    assert (low < -1).all()
    assert (low > -1.2).all()
    assert (high > 2).all()


def test_far_vertices_do_not_shrink_the_rest() -> None:
    rng = np.random.default_rng(0)
    weights = [rng.standard_normal((20, 2)), rng.standard_normal((1, 20))]
    weights[0][:2] = np.array([[1, 0], [1, 1e-6]])  # they meet a million away
    biases = [rng.standard_normal(20), np.zeros(1)]
    found = enumerate_cells(Network.from_dense(weights, biases))
    assert np.abs(found.vertices).max() > 1e5
    assert np.abs(window_of(found)).max() < 100


def test_without_vertices_there_is_a_window_all_the_same() -> None:
    line = enumerate_cells(Network.from_dense([[[1, 0]], [[1]]], [[-5], [0]]))
    (low, high), _ = window_of(line)
    assert low < 5 < high
    nothing = enumerate_cells(Network.from_dense([[[1, 2]]]))
    assert (window_of(nothing)[:, 0] < window_of(nothing)[:, 1]).all()


def test_vertices_that_floats_hardly_tell_apart() -> None:
    network = Network.from_dense(
        [[[1, 0], [1, 0], [0, 1]], [[1, 1, 1]]], [[-1, -1 - 2**-52, 0], [0]]
    )
    low, high = window_of(enumerate_cells(network)).T
    assert (high - low > 1e-10).all()


def test_windows_can_be_given(corner: Network) -> None:
    found = enumerate_cells(corner)
    for window in ((0, 2), [(0, 2), (0, 2)], Box.cube(2, 0, 2), np.array([[0, 2], [0, 2]])):
        assert window_of(found, window).tolist() == [[0, 2], [0, 2]]


@pytest.mark.parametrize(
    ("window", "error", "message"),
    [
        ((2, 1), DomainError, "is empty or infinite; give lo < hi"),
        ((0, float("inf")), DomainError, "is empty or infinite"),
        ((0, float("nan")), DomainError, "is empty or infinite"),
        ((0, 1, 2), ShapeError, "for 2 axes; give a Box, a pair"),
        ("here", ShapeError, "window='here' for 2 axes"),
        (Box.cube(3), ShapeError, "for 2 axes"),
    ],
)
def test_wrong_windows(
    corner: Network, window: object, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        window_of(enumerate_cells(corner), window)
