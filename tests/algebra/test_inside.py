"""One domain inside another."""

from __future__ import annotations

from tropnet.algebra.inside import inside
from tropnet.domains import Box, Polyhedron

TRIANGLE = Polyhedron([[1, 1], [-1, 0], [0, -1]], [1, 0, 0])
HALF = Polyhedron([[1, -1]], [0])


def test_boxes() -> None:
    assert inside(Box([0, 0], [1, 1]), Box([0, 0], [1, "1"]))
    assert not inside(
        Box([0, 0], [1, "1000000000000000001/1000000000000000000"]), Box.cube(2, 0, 1)
    )
    assert not inside(Box([-1, 0], [1, 1]), Box.cube(2, 0, 1))


def test_polyhedra() -> None:
    assert inside(TRIANGLE, Box.cube(2, 0, 1))
    assert not inside(Box.cube(2, 0, 1), TRIANGLE)
    assert inside(Box.cube(2, 0, "1/2"), TRIANGLE)
    assert not inside(HALF, TRIANGLE)
    assert inside(HALF, Polyhedron([[2, -2]], ["1/9"]))
    empty = Polyhedron([[1, 0], [-1, 0]], [0, -1])
    assert inside(empty, Box.cube(2))


def test_all_of_space() -> None:
    assert inside(HALF, None)
    assert inside(None, None)
    assert not inside(None, HALF)
    assert inside(None, Polyhedron([[0, 0]], [1]))
