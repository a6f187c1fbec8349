"""Triangulations of lifted exponents, against exact arithmetic that shares nothing with them."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.essential import essential_by_programs
from tropnet.algebra import TropicalPolynomial, regular_triangulation
from tropnet.algebra.rational_array import RationalArray
from tropnet.algebra.regular_triangulation import RegularTriangulation
from tropnet.algebra.upper_facets import upper_facets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tropnet.typing import FloatArray, IntArray


def find(polynomial: TropicalPolynomial) -> RegularTriangulation | None:
    exponents = RationalArray.from_matrix(polynomial.exponents)
    coefficients = RationalArray.from_fractions([row[0] for row in polynomial.coefficients])
    return RegularTriangulation.find(exponents, coefficients)


def essential(polynomial: TropicalPolynomial) -> set[int]:
    return set(essential_by_programs(polynomial.exponents, polynomial.coefficients))


def values(polynomial: TropicalPolynomial, point: tuple[Fraction, ...]) -> list[Fraction]:
    return [
        sum((v * x for v, x in zip(row, point, strict=True)), side[0])
        for row, side in zip(polynomial.exponents, polynomial.coefficients, strict=True)
    ]


def agree(polynomial: TropicalPolynomial, *, wide: bool = True) -> RegularTriangulation | None:
    """Compare everything a triangulation says with exact arithmetic.

    Args:
        polynomial: what to triangulate.
        wide: whether the cells of the terms have room for a float.
    """
    found = find(polynomial)
    if found is None:
        return None
    sure, unsure = (set(part.tolist()) for part in found.essential())
    truth = essential(polynomial)
    assert sure <= truth <= sure | unsure
    assert not sure & unsure
    for point, terms in found.cells():
        here = values(polynomial, point)
        largest = {i for i, v in enumerate(here) if v == max(here)}
        assert truth & largest <= set(terms) <= largest
    points = found.witnesses(sorted(sure))
    for term, point in zip(sorted(sure), points if wide else [], strict=wide):
        here = values(polynomial, point)
        assert sum(v >= here[term] for v in here) == 1
    return found


@given(
    st.integers(2, 3),
    st.integers(1, 14),
    st.integers(1, 6),
    st.integers(0, 4),
    st.integers(0, 10**6),
)
@settings(max_examples=150)
def test_small_integers_full_of_ties(n: int, k: int, size: int, spread: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = TropicalPolynomial(rng.integers(0, size + 1, (k, n)), rng.integers(-spread, spread + 1, k))
    agree(p)


@pytest.mark.parametrize("n", [2, 3])
def test_generic_terms_are_all_decided(n: int) -> None:
    rng = np.random.default_rng(n)
    for _ in range(20):
        p = TropicalPolynomial(rng.normal(size=(25, n)), rng.normal(size=25))
        found = agree(p)
        assert found is not None
        assert not len(found.ties)
        assert not len(found.essential()[1])


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("scale", [1, Fraction(1, 3), 1 << 60, Fraction(1 << 300, 7)])
def test_lattices_below_a_paraboloid(n: int, scale: Fraction) -> None:
    """Each cell is a square or a cube: every vertex is essential, by ties alone."""
    grid = list(product(range(4), repeat=n))
    p = TropicalPolynomial(
        [[v * scale for v in row] for row in grid], [-sum(v * v for v in r) for r in grid]
    )
    found = agree(p)
    if found is not None and n == 2:
        assert len(found.essential()[0]) == len(grid)


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("step", [Fraction(1, 1 << 40), Fraction(1, 1 << 300), Fraction(1, 3**50)])
def test_needles(n: int, step: Fraction) -> None:
    """A term a needle's width above a plane is essential, on it or below it redundant."""
    corners = [[0] * n] + [[4 if i == j else 0 for j in range(n)] for i in range(n)]
    for change, count in ((step, n + 2), (Fraction(0), n + 1), (-step, n + 1)):
        p = TropicalPolynomial(
            [*corners, [1] * n], [*[Fraction(7, 3)] * (n + 1), Fraction(7, 3) + change]
        )
        found = agree(p, wide=False)
        if found is not None:
            sure, unsure = found.essential()
            assert len(sure) + len(unsure) >= count
        assert p.essential().k == count


@pytest.mark.parametrize("n", [2, 3])
def test_one_ulp(n: int) -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        a = rng.normal(size=(n + 1, n))
        weights = rng.dirichlet(np.ones(n + 1))
        b = rng.normal(size=n + 1)
        inner, height = weights @ a, float(weights @ b)
        for value in (np.nextafter(height, -9), height, np.nextafter(height, 9)):
            agree(TropicalPolynomial(np.vstack([a, inner]), np.append(b, value)), wide=False)


@pytest.mark.parametrize("n", [2, 3])
def test_flat_and_small_polytopes_are_left_to_others(n: int) -> None:
    line = [[i] * n for i in range(6)]
    assert find(TropicalPolynomial(line, [0, 3, 4, 4, 3, 0])) is None
    assert find(TropicalPolynomial([[1] * n], [2])) is None
    assert find(TropicalPolynomial(line[:2], [2, 1])) is None
    assert find(TropicalPolynomial([[0], [1], [3]], [2, 1, 0])) is None


@pytest.mark.parametrize("n", [2, 3])
def test_numbers_beyond_floats_are_left_to_others(n: int) -> None:
    corners = [[0] * n] + [[int(i == j) for j in range(n)] for i in range(n)]
    p = TropicalPolynomial(corners, [0, *[10**400] * n])
    assert find(p) is None
    assert p.essential() == p
    tiny = TropicalPolynomial(corners, [0, *[Fraction(1, 10**400)] * n])
    assert tiny.essential() == tiny


def test_ties_on_the_boundary_and_inside() -> None:
    """All 49 points of a square at one height: four matter."""
    grid = list(product(range(7), repeat=2))
    p = TropicalPolynomial(grid, [0] * 49)
    found = agree(p)
    assert found is not None
    assert len(found.cells()) == 1
    assert p.essential().k == 4


@pytest.mark.parametrize("n", [2, 3])
def test_proposals_are_not_believed(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(n)
    p = TropicalPolynomial(rng.integers(0, 4, (12, n)), rng.integers(0, 4, 12))

    def lies(a: FloatArray, b: FloatArray) -> Iterator[tuple[IntArray, IntArray]]:
        for simplices, neighbors in upper_facets(a, b):
            for _ in range(20):
                wrong = simplices.copy()
                wrong[rng.integers(len(wrong)), rng.integers(n + 1)] = rng.integers(p.k)
                yield wrong, neighbors
                rest = rng.permutation(len(simplices))[: rng.integers(1, len(simplices) + 1)]
                yield simplices[rest], rng.integers(-1, len(rest), (len(rest), n + 1))
                yield rng.integers(0, p.k, (3, n + 1)), rng.integers(-1, 3, (3, n + 1))

    monkeypatch.setattr(regular_triangulation, "upper_facets", lies)
    for _ in range(10):
        agree(p, wide=False)
        p = TropicalPolynomial(rng.integers(0, 4, (12, n)), rng.integers(0, 4, 12))


@pytest.mark.parametrize("n", [2, 3])
def test_terms_above_dominate(n: int) -> None:
    rng = np.random.default_rng(n)
    p = TropicalPolynomial(rng.normal(size=(60, n)), rng.normal(size=60) - 1)
    found = find(p)
    assert found is not None
    inner = sorted(set(range(60)) - set(found.essential()[0].tolist()))
    exponents = p.float_exponents
    for term, corners in zip(inner, found.above(inner).tolist(), strict=True):
        weights = np.linalg.solve(
            np.vstack([exponents[corners].T, np.ones(n + 1)]), np.append(exponents[term], 1)
        )
        assert weights.min() > -1e-9
        assert weights @ p.float_coefficients[corners] >= p.float_coefficients[term]
