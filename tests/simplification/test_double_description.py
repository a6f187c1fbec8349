"""Extreme rays against all choices of inequalities."""

from __future__ import annotations

import math
from itertools import combinations
from random import Random

import pytest

from tropnet.errors import BudgetExceeded, DomainError
from tropnet.exact import RationalMatrix
from tropnet.simplification.double_description import bits_of, extreme_rays

Row = tuple[int, ...]


def by_brute_force(rows: list[Row]) -> set[Row]:
    """The rays that satisfy all inequalities and are alone in what some of them leave."""
    found: set[Row] = set()
    for chosen in combinations(rows, len(rows[0]) - 1):
        kernel = RationalMatrix.of([list(row) for row in chosen]).kernel()
        if len(kernel) != 1:
            continue
        vector = tuple(int(v) for v in kernel.to_fractions()[0])
        for ray in (vector, tuple(-v for v in vector)):
            if all(sum(a * b for a, b in zip(row, ray, strict=True)) >= 0 for row in rows):
                found.add(ray)
    return found


@pytest.mark.parametrize("size", [2, 3, 4])
def test_against_all_choices(size: int) -> None:
    random = Random(size)
    nonempty = 0
    for number in range(25):
        # small numbers tie often; numbers far apart are beyond floats
        top = 2 if number % 2 else 10 ** random.randint(1, 30)
        rows = [tuple(random.randint(-top, top) for _ in range(size)) for _ in range(size + 4)]
        if number % 3:  # else there is often nothing left
            rows = [row if sum(row) >= 0 else tuple(-v for v in row) for row in rows]
        rows += [tuple(int(i == k) for i in range(size)) for k in range(size)]
        rays, tight = extreme_rays(rows, seed=number)
        assert set(rays) == by_brute_force(rows)
        assert len(set(rays)) == len(rays)
        for ray, bits in zip(rays, tight, strict=True):
            values = [sum(a * b for a, b in zip(row, ray, strict=True)) for row in rows]
            assert [k for k, v in enumerate(values) if v == 0] == bits_of(bits)
            assert math.gcd(*ray) == 1
        nonempty += bool(rays)
    assert nonempty > 5


def test_a_needle_thinner_than_floats() -> None:
    far = 2**200
    rows: list[Row] = [(1, 0, 0), (0, 1, 0), (0, 0, 1), (far, -far - 1, 0), (-far, far + 2, 0)]
    rays, _ = extreme_rays(rows)
    assert set(rays) == by_brute_force(rows)
    assert {ray[:2] for ray in rays if ray[0]} == {(far + 1, far), (far // 2 + 1, far // 2)}


def test_duplicates_change_nothing() -> None:
    rows = [(1, 0), (0, 1), (1, 0), (2, 0), (1, 1)]
    rays, tight = extreme_rays(rows)
    assert sorted(zip(rays, tight, strict=True)) == [((0, 1), 0b01101), ((1, 0), 0b00010)]


def test_only_the_origin() -> None:
    assert extreme_rays([(1, 0), (0, 1), (-1, -1)])[0] == []


def test_refusals() -> None:
    with pytest.raises(DomainError, match="contains a line"):
        extreme_rays([(1, 0), (2, 0)])
    cube = [(*(s * (i == k) for i in range(3)), 1) for k in range(3) for s in (1, -1)]
    with pytest.raises(BudgetExceeded, match="vertices of the cells"):
        extreme_rays(cube, max_rays=5)


def test_the_clock_is_asked() -> None:
    class StopError(Exception):
        pass

    def stop() -> None:
        raise StopError

    with pytest.raises(StopError):
        extreme_rays([(1, 0), (0, 1), (1, -1)], pulse=stop)
