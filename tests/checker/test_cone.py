from __future__ import annotations

import math
from itertools import combinations
from random import Random
from typing import Any

import pytest

from tropnet.checker.cone import Cone
from tropnet.exact import RationalMatrix


def cut(forms: list[list[int]], size: int) -> Cone:
    """The cone on which x_last and all forms are not negative; rows keep the forms' values."""
    cone = Cone.half_space(size)
    cone = cone.with_rows(
        [row + [sum(map(int.__mul__, form, row)) for form in forms] for row in cone.rows()]
    )
    for column in range(size, size + len(forms)):
        cone, _ = cone.parts(column)
    return cone


def integers(row: Any) -> tuple[int, ...]:
    return tuple(int(v) for v in row)


def primitive(row: Any) -> tuple[int, ...]:
    """The row over its greatest common divisor, so that equal rays have equal rows."""
    divisor = math.gcd(*integers(row)) or 1
    return tuple(v // divisor for v in integers(row))


def coordinates(cone: Cone) -> set[tuple[int, ...]]:
    return {primitive(row[: cone.size]) for row, _ in cone.rays}


def rays_by_rank(forms: list[list[int]], size: int) -> set[tuple[int, ...]]:
    """The extreme rays of a pointed cone, from all ways to make size − 1 forms zero."""
    found = set()
    for chosen in combinations(forms, size - 1):
        kernel = RationalMatrix.of([list(row) for row in chosen]).kernel()
        if kernel.shape[0] != 1:
            continue
        row = primitive(kernel.numerators.entries())
        for ray in (row, tuple(-v for v in row)):
            if all(sum(map(int.__mul__, form, ray)) >= 0 for form in forms):
                found.add(ray)
    return found


def box_forms(size: int) -> list[list[int]]:
    """The sides of the cube [−3, 3]^n."""
    axes = [[int(i == k) for i in range(size - 1)] for k in range(size - 1)]
    return [[*(sign * v for v in axis), 3] for axis in axes for sign in (1, -1)]


@pytest.mark.parametrize("seed", range(60))
def test_rays_are_those_found_by_linear_algebra(seed: int) -> None:
    rng = Random(seed)
    size = rng.choice([2, 3, 4, 4, 5])
    # small entries: hyperplanes through corners, edges and each other, flat and empty cones
    more = [[rng.randint(-2, 2) for _ in range(size)] for _ in range(rng.randint(0, 5))]
    if more and rng.random() < 0.3:
        more.append([-v for v in more[0]])
    forms = box_forms(size) + more
    rng.shuffle(forms)
    cone = cut(forms, size)
    assert cone.lines == []
    assert len(coordinates(cone)) == len(cone.rays)
    half_space = [*(0 for _ in range(size - 1)), 1]
    assert coordinates(cone) == rays_by_rank([half_space, *forms], size)


@pytest.mark.parametrize("seed", range(60))
def test_incidences_and_values_are_exact(seed: int) -> None:
    rng = Random(1000 + seed)
    size = rng.choice([2, 3, 4, 5])
    # without the cube: cones with lines and with rays at infinity
    forms = [[rng.randint(-2, 2) for _ in range(size)] for _ in range(rng.randint(0, 6))]
    cone = cut(forms, size)
    half_space = [*(0 for _ in range(size - 1)), 1]
    for row, zeros in cone.rays:
        for bit, form in enumerate([half_space, *forms]):
            height = sum(map(int.__mul__, form, integers(row[:size])))
            assert height >= 0
            assert bool(zeros >> bit & 1) == (height == 0)
            assert bit == 0 or row[size + bit - 1] == height
    for line in cone.lines:
        assert not any(line[size:])
        assert line[size - 1] == 0
    if cone.lines:
        assert RationalMatrix.of([integers(line[:size]) for line in cone.lines]).rank() == len(
            cone.lines
        )
    # the lines are all of what the forms leave free
    everything = RationalMatrix.of([half_space, *forms])
    assert len(cone.lines) == size - everything.rank()


@pytest.mark.parametrize("seed", range(20))
def test_both_parts_together_are_the_cone(seed: int) -> None:
    rng = Random(2000 + seed)
    size = rng.choice([3, 4])
    form = [rng.randint(-2, 2) for _ in range(size)]
    opposite = [-v for v in form]
    cone = cut([*box_forms(size), form], size)
    other = cut([*box_forms(size), opposite], size)
    whole = cut(box_forms(size), size)
    whole = whole.with_rows(
        [[*row[:size], sum(map(int.__mul__, form, integers(row[:size])))] for row in whole.rows()]
    )
    above, below = whole.parts(size)
    assert coordinates(above) == coordinates(cone)
    assert coordinates(below) == coordinates(other)
    assert whole.is_cut(size) == (coordinates(cone) != coordinates(whole) != coordinates(other))


def test_a_pyramid_through_its_tip() -> None:
    # four edges meet in the tip (0, 0, 1); the plane x = 0 goes through it and through no corner
    sides = [[1, 0, -1, 1], [-1, 0, -1, 1], [0, 1, -1, 1], [0, -1, -1, 1], [0, 0, 1, 0]]
    assert len(cut(sides, 4).rays) == 5
    half = cut([*sides, [1, 0, 0, 0]], 4)
    assert all(row[3] == 1 for row in coordinates(half))
    corners = {row[:3] for row in coordinates(half)}
    assert corners == {(0, 0, 1), (0, 1, 0), (0, -1, 0), (1, 1, 0), (1, -1, 0)}


def test_opposite_corners_are_no_neighbours() -> None:
    # the octahedron |x| + |y| + |z| <= 1, cut just above its square of four corners
    sides = [[a, b, c, 1] for a in (1, -1) for b in (1, -1) for c in (1, -1)]
    tip = cut([*sides, [0, 0, 2, -1]], 4)
    assert len(tip.rays) == 5  # the tip and one on each of its four edges, none on a diagonal


def test_lines_are_used_up_one_by_one() -> None:
    for count, expected in enumerate([(3, 1), (2, 2), (1, 3), (0, 4)]):
        forms = [[int(i == k) for i in range(4)] for k in range(count)]
        cone = cut(forms, 4)
        assert (len(cone.lines), len(cone.rays)) == expected


def test_a_flat_cone_keeps_its_neighbours() -> None:
    # a square in space, from pairs of inequalities, and its diagonal
    square = [*box_forms(4), [0, 0, 1, 0], [0, 0, -1, 0]]
    assert len(cut(square, 4).rays) == 4
    assert len(cut([*square, [1, -1, 0, 0]], 4).rays) == 3
    assert len(cut([*square, [2, -1, 0, 0]], 4).rays) == 4
    assert len(cut([*square, [1, -1, 0, 0], [-1, 1, 0, 0]], 4).rays) == 2


def test_nothing_is_left_of_an_empty_domain() -> None:
    cone = cut([[1, 0, -2], [-1, 0, 1]], 3)  # x >= 2 and x <= 1
    assert not any(row[2] > 0 for row, _ in cone.rays)


def test_the_watch_is_called_while_neighbours_are_sought() -> None:
    calls = []
    cone = cut(box_forms(6), 6)
    cone = cone.with_rows([[*row[:6], row[0] + row[1]] for row in cone.rows()])
    cone.parts(6, lambda: calls.append(0))
    assert len(calls) == 8  # corners above
