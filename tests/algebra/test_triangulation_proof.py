"""The proof that simplices triangulate below no term: nothing false gets past it."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.spatial import ConvexHull, Delaunay

from tropnet.algebra.triangulation_proof import PLANE, Proof, prove

if TYPE_CHECKING:
    from tropnet.typing import FloatArray, IntArray


def delaunay(seed: int, n: int, k: int, scale: int = 1) -> tuple[FloatArray, FloatArray, IntArray]:
    """Distinct integer points below a paraboloid, and the triangulation that belongs to it."""
    rng = np.random.default_rng(seed)
    points = np.unique(rng.integers(-50, 50, (k, n)), axis=0)
    heights = -(points**2).sum(axis=1)
    simplices = Delaunay(points).simplices.astype(np.int64)
    return (points.T * scale).astype(float), (heights * scale).astype(float), simplices


def neighbors_of(simplices: IntArray) -> IntArray:
    found = np.full(simplices.shape, -1)
    ridges: dict[frozenset[int], tuple[int, int]] = {}
    for s, row in enumerate(simplices.tolist()):
        for j, vertex in enumerate(row):
            ridge = frozenset(row) - {vertex}
            if ridge in ridges:
                t, i = ridges[ridge]
                found[s, j], found[t, i] = t, s
            ridges[ridge] = (s, j)
    return found


def run(a: FloatArray, b: FloatArray, simplices: IntArray) -> Proof | None:
    return prove(np.ascontiguousarray(a), b, simplices, neighbors_of(simplices))


def determinant(rows: list[list[Fraction]]) -> Fraction:
    if len(rows) == 1:
        return rows[0][0]
    return sum(
        (
            (-1) ** j * v * determinant([row[:j] + row[j + 1 :] for row in rows[1:]])
            for j, v in enumerate(rows[0])
        ),
        Fraction(0),
    )


def height(corners: list[list[Fraction]], at: list[Fraction]) -> Fraction:
    """Return how high a point (a, b) lies above the plane through lifted corners, exactly."""
    rows = [[Fraction(1), *corner] for corner in [*corners, at]]
    flat = [row[:-1] for row in rows[:-1]]
    return determinant(rows) / determinant(flat)


@pytest.mark.parametrize("scale", [1, 1 << 40])
@pytest.mark.parametrize("n", [2, 3])
def test_a_delaunay_triangulation_is_proven(n: int, scale: int) -> None:
    a, b, simplices = delaunay(0, n, 30 if n == 2 else 12, scale)
    proof = run(a, b, simplices)
    assert proof is not None
    volume = 0.0
    for row in simplices[proof.full]:
        corners = a.T[row]
        volume += abs(np.linalg.det(corners[1:] - corners[0]))
    polytope = ConvexHull(a.T).volume * math.factorial(n)
    assert volume == pytest.approx(polytope)
    terms = np.vstack([a, b]).T
    exact = [[Fraction(v) for v in row] for row in terms.tolist()]
    ties = {tuple(pair) for pair in proof.ties.tolist()}
    left_open = {(s, t) for s, form, t in proof.open.tolist() if form == PLANE}
    for s in np.flatnonzero(proof.full).tolist():
        row = simplices[s].tolist()
        for t in range(len(exact)):
            if t in row:
                continue
            above = height([exact[i] for i in row], exact[t])
            assert above <= 0
            if (s, t) in ties:
                assert above == 0
            elif (s, t) not in left_open:
                assert above < 0


@pytest.mark.parametrize("n", [2, 3])
def test_a_missing_simplex_is_noticed(n: int) -> None:
    a, b, simplices = delaunay(1, n, 25)
    full = run(a, b, simplices)
    assert full is not None
    for s in np.flatnonzero(full.full).tolist():
        if len(simplices) > 1:
            assert run(a, b, np.delete(simplices, s, axis=0)) is None


@pytest.mark.parametrize("n", [2, 3])
def test_another_vertex_is_noticed(n: int) -> None:
    rng = np.random.default_rng(2)
    a, b, simplices = delaunay(2, n, 25)
    assert run(a, b, simplices) is not None
    for _ in range(60):
        changed = simplices.copy()
        s, j = int(rng.integers(len(changed))), int(rng.integers(n + 1))
        other = int(rng.integers(a.shape[1]))
        if other in changed[s]:
            continue
        changed[s, j] = other
        proof = run(a, b, changed)
        # a term on the same plane may stand in for another one, nothing else
        assert proof is None or not proof.full[s] or len(proof.ties)


def test_lies_about_neighbours_do_not_help() -> None:
    a, b, simplices = delaunay(3, 2, 12)
    rng = np.random.default_rng(3)
    for s in range(len(simplices)):
        rest = np.delete(simplices, s, axis=0)
        for _ in range(10):
            claimed = rng.integers(-1, len(rest), rest.shape)
            assert prove(a, b, rest, claimed) is None
        # each simplex its own neighbour
        claimed = np.repeat(np.arange(len(rest))[:, None], 3, axis=1)
        assert prove(a, b, rest, claimed) is None


def test_folded_simplices_are_no_cover() -> None:
    """Two triangles on the same side of their common edge do not cover a square."""
    a = np.array([[0.0, 4, 0, 1, 4], [0, 0, 4, 1, 4]])
    b = np.array([0.0, 0, 0, 0, 0])
    folded = np.array([[0, 1, 2], [3, 1, 2]])
    assert run(a, b, folded) is None
    assert run(a, b, np.array([[0, 1, 2], [4, 1, 2]])) is not None


def test_flat_simplices_do_not_count() -> None:
    a = np.array([[0.0, 1, 2, 0], [0, 0, 0, 1]])
    b = np.array([0.0, -1, 0, 0])
    proof = run(a, b, np.array([[0, 1, 2], [0, 2, 3]]))
    assert proof is not None
    assert proof.full.tolist() == [False, True]
    only_flat = run(a, b, np.array([[0, 1, 2]]))
    assert only_flat is None or not only_flat.full.any()


@pytest.mark.parametrize("n", [2, 3])
def test_a_term_one_higher_is_noticed_or_left_open(n: int) -> None:
    """Beyond 2^53 a term that touches a plane, or is one unit above it, is left open."""
    big = 1 << 60
    corners = np.vstack([np.zeros(n), np.eye(n) * 2]).T * float(big)
    a = np.column_stack([corners, np.full(n, float(big) / 2)])
    simplices = np.arange(n + 1)[None, :]
    # 2^60 and one more or less are the same float
    proof = run(a, np.full(n + 2, float(big)), simplices)
    assert proof is not None
    assert [0, PLANE, n + 1] in proof.open.tolist()
    small = np.column_stack([np.vstack([np.zeros(n), np.eye(n) * 4]).T, np.ones(n)])
    answers = [run(small, np.array([*[0.0] * (n + 1), c]), simplices) for c in (-1.0, 0.0, 1.0)]
    assert answers[0] is not None
    assert len(answers[0].ties) == 0
    assert answers[1] is not None
    assert answers[1].ties.tolist() == [[0, n + 1]]
    assert answers[2] is None


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_numbers_beyond_floats_prove_nothing(bad: float) -> None:
    simplices = np.array([[0, 1, 2], [1, 2, 3]])
    for place in range(4):
        a, b = np.array([[0.0, 1, 0, 1], [0, 0, 1, 1]]), np.array([0.0, 0, 0, -1])
        assert run(a, b, simplices) is not None
        b[place] = bad
        assert run(a, b, simplices) is None
        a[0, place] = bad
        assert run(a, np.zeros(4), simplices) is None


def test_products_beyond_floats_prove_nothing() -> None:
    a, b = np.array([[0.0, 1, 0, 1], [0, 0, 1, 1]]), np.array([0.0, 0, 0, -1])
    proof = run(a * 1e200, b * 1e200, np.array([[0, 1, 2], [1, 2, 3]]))
    assert proof is None or not proof.full.any()
