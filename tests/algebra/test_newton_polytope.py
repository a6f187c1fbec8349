from __future__ import annotations

import numpy as np

from tropnet.algebra import TropicalPolynomial, newton_vertices


def test_vertices_agree_with_qhull() -> None:
    from scipy.spatial import ConvexHull

    rng = np.random.default_rng(1)
    for n in (2, 3, 4):
        rows = np.unique(rng.integers(-5, 6, (60, n)), axis=0)
        p = TropicalPolynomial(rows, rng.integers(-100, 100, len(rows)))
        expected = {tuple(rows[i]) for i in ConvexHull(rows).vertices}
        assert {tuple(map(int, v)) for v in newton_vertices(p)} == expected


def test_flat_and_small_polytopes() -> None:
    line = TropicalPolynomial([[0, 0], [1, 1], [2, 2]], [0, 5, 0])
    assert [tuple(map(int, v)) for v in newton_vertices(line)] == [(0, 0), (2, 2)]
    assert len(newton_vertices(TropicalPolynomial.one(3))) == 1
    assert newton_vertices(TropicalPolynomial.zero(3)) == ()


def test_the_polytope_of_a_product_is_the_minkowski_sum() -> None:
    x, y = TropicalPolynomial.variables(2)
    square = (0 + x) * (0 + y)
    diagonal = 0 + x * y
    corners = {(0, 0), (1, 0), (0, 1), (2, 1), (1, 2), (2, 2)}
    assert {tuple(map(int, v)) for v in newton_vertices(square * diagonal)} == corners
