"""Dual subdivisions: exact vertices, and cells that fill the Newton polytope."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import ConvexHull

from tropnet.algebra import TropicalPolynomial
from tropnet.errors import BudgetExceeded, DomainError
from tropnet.simplification.dual_subdivision import DualCell, dual_subdivision

X, Y = TropicalPolynomial.variables(2)


def test_the_count_that_polymake_and_qhull_find(tropnet_data: Path) -> None:
    data = np.load(tropnet_data / "facts" / "p3_random.npz")
    p, cells = dual_subdivision(TropicalPolynomial(data["E"], data["c"]))
    assert len(cells) == 155
    assert all(len(cell.terms) >= 4 for cell in cells)
    _check(p, cells)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_cells_fill_the_newton_polytope(n: int) -> None:
    rng = np.random.default_rng(n)
    for _ in range(6):
        rows = rng.integers(0, 6, size=(14, n))
        p, cells = dual_subdivision(TropicalPolynomial(rows, rng.integers(-20, 21, size=14)))
        _check(p, cells)
        if n > 1 and cells:
            points = p.float_exponents
            parts = sum(ConvexHull(points[list(c.terms)]).volume for c in cells)
            assert parts == pytest.approx(ConvexHull(points).volume)


def _check(p: TropicalPolynomial, cells: tuple[DualCell, ...]) -> None:
    for cell in cells:
        assert p.active_terms(cell.vertex) == cell.terms


def test_known_ones() -> None:
    _, cells = dual_subdivision((0 + X) * (0 + Y) + X * Y * -1)
    assert [cell.terms for cell in cells] == [(0, 1, 2, 3)]
    _, cells = dual_subdivision(0 + X + Y + X**2 + Y**2 + X * Y * 1)
    assert len(cells) > 0
    assert dual_subdivision(0 + X)[1] == ()  # a line has no vertex
    assert dual_subdivision(X)[1] == ()
    _, cells = dual_subdivision(TropicalPolynomial([0, 1, 2], [0, 1, "1/2"]))
    assert [cell.vertex for cell in cells] == [(Fraction(-1),), (Fraction(1, 2),)]


def test_what_is_refused() -> None:
    with pytest.raises(DomainError, match="no hypersurface"):
        dual_subdivision(TropicalPolynomial.zero(2))
    many = TropicalPolynomial([[a, a * a, a**3] for a in range(12)], [-(a**4) for a in range(12)])
    with pytest.raises(BudgetExceeded):
        dual_subdivision(many, max_rays=3)
