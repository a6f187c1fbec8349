"""The upper hull of points in the plane against all triples of points."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tropnet.algebra.upper_hull import upper_hull


@given(st.lists(st.tuples(st.integers(-6, 6), st.integers(-3, 3)), unique_by=lambda p: p[0]))
def test_agrees_with_all_triples(points: list[tuple[int, int]]) -> None:
    def below(i: int) -> bool:
        x, y = points[i]
        return any(
            a < x < c and (y - b) * (c - a) <= (d - b) * (x - a)
            for a, b in points
            for c, d in points
        )

    expected = [i for i in range(len(points)) if not below(i)]
    assert sorted(upper_hull([x for x, _ in points], [y for _, y in points])) == expected
