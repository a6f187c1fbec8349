"""Terms found in simplices: what is said to be proven holds in exact arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import Delaunay

from tropnet.algebra.simplex_forms import forms_of
from tropnet.algebra.term_location import locate


@pytest.mark.parametrize("scale", [1, 1 << 20, 1 << 45])
@pytest.mark.parametrize("n", [2, 3])
def test_what_is_proven_holds(n: int, scale: int) -> None:
    rng = np.random.default_rng(n)
    proven_, open_, refused = 0, 0, 0
    for trial in range(20):
        corners = np.unique(rng.integers(-30, 31, (12, n)), axis=0)
        hull = Delaunay(corners)
        simplices = hull.simplices.astype(np.int64)
        others = rng.integers(-15, 16, (30, n)).astype(object) * scale + rng.integers(0, 2, (30, n))
        a = np.vstack([corners.astype(object) * scale, others])
        b = np.append(-(corners.astype(object) ** 2).sum(axis=1) * scale, np.zeros(30, object))
        planes, _ = forms_of(a, b, simplices)
        # exactly on the hull where that is an integer, else just below, or far; sometimes above
        for i in range(len(corners), len(a)):
            tops = -(planes[:, :-2] @ a[i] + planes[:, -1]) // planes[:, -2]
            b[i] = min(tops.tolist()) + (trial % 4 == 0 and i == 20) - i % 2 * 5 * scale
        terms = np.arange(len(corners), len(a))
        columns = np.ascontiguousarray(a.T.astype(float))
        neighbors = hull.neighbors.astype(np.int64)
        found = locate(columns, b.astype(float), simplices, neighbors, terms)
        if found is None:
            refused += 1
            continue
        owners, proven = found
        proven_, open_ = proven_ + int(proven.sum()), open_ + int((~proven).sum())
        planes, walls = forms_of(a, b, simplices[owners[proven]])
        where = terms[proven]
        inside = (walls[:, :, :-1] * a[where, None]).sum(axis=2) + walls[:, :, -1]
        above = (planes[:, :-2] * a[where]).sum(axis=1) + planes[:, -2] * b[where] + planes[:, -1]
        assert (inside >= 0).all()
        assert (above <= 0).all()
    assert proven_ > 0
    assert open_ > 0
    assert refused > 0 or scale > 1


def triangle(x: float, y: float, height: float, scale: float = 1.0) -> tuple[object, ...] | None:
    a = np.array([[0.0, 4, 0, x], [0, 0, 4, y]]) * scale
    b = np.array([0.0, 0, 0, height])
    found = locate(a, b, np.array([[0, 1, 2]]), np.full((1, 3), -1), np.array([3]))
    return None if found is None else tuple(part.item() for part in found)


def test_on_the_plane_and_on_the_wall() -> None:
    assert triangle(1, 1, 0) == (0, True)
    assert triangle(2, 2, 0) == (0, True)
    assert triangle(0, 2, -1) == (0, True)
    assert triangle(1, 1, 1) is None
    assert triangle(3, 3, -1) == (0, False)
    # beyond 2^53 the wall cannot be told from its neighbourhood
    assert triangle(2, 2, -1, 2.0**60) == (0, False)


@pytest.mark.parametrize("simplex", [[0, 1, 1], [0, 0, 0], [0, 1, 4]])
def test_flat_simplices_hold_nothing(simplex: list[int]) -> None:
    a = np.array([[0.0, 4, 0, 2, 8], [0, 0, 4, 0, 0]])
    found = locate(a, np.zeros(5), np.array([simplex]), np.full((1, 3), -1), np.array([3]))
    assert found is not None
    assert not found[1].any()


def test_wrong_neighbours_and_overflow_end_and_prove_nothing_false() -> None:
    rng = np.random.default_rng(0)
    points = rng.integers(-9, 10, (2, 15)).astype(float)
    heights = -(points**2).sum(axis=0)
    simplices = rng.integers(0, 15, (20, 3))
    for _ in range(50):
        neighbors = rng.integers(-1, 20, (20, 3))
        found = locate(points, heights, simplices, neighbors, np.arange(15))
        if found is not None:
            owners, proven = found
            _, walls = forms_of(points.T.astype(int), heights.astype(int), simplices[owners])
            inside = (walls[:, :, :-1] * points.T[:, None]).sum(axis=2) + walls[:, :, -1]
            assert (inside[proven] >= 0).all()
    big = locate(points * 1e160, heights * 1e160, simplices, neighbors, np.arange(15))
    assert big is None or not big[1].any()
