"""Names of subspaces: one for each, whichever forms spell it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tropnet.geometry.affine_subspace import intersection, pivots, primitive_form, ray_forms

FORMS = st.lists(st.integers(-3, 3), min_size=4, max_size=4).filter(any)


def rank(rows: list[list[int]]) -> int:
    left = [[Fraction(v) for v in row] for row in rows]
    found = 0
    for column in range(len(rows[0])):
        pivot = next((r for r in left if r[column]), None)
        if pivot is None:
            continue
        found += 1
        left.remove(pivot)
        left = [[v - r[column] / pivot[column] * p for v, p in zip(r, pivot, strict=True)]
                for r in left]  # fmt: skip
    return found


@given(FORMS, FORMS, st.integers(-3, 3), st.sampled_from([-2, -1, 1, 5]))
def test_one_name(a: list[int], b: list[int], factor: int, scale: int) -> None:
    first, second = primitive_form(a), primitive_form([scale * v for v in a])
    assert first == second
    mixed = [scale * v + factor * w for v, w in zip(b, a, strict=True)]
    met = intersection((first,), (primitive_form(b),))
    assert len(met) == rank([a, b])
    if any(mixed):
        assert intersection((primitive_form(mixed),), (second,)) == met
    for row in met:
        assert rank([a, b, list(row)]) == len(met)
        assert next(v for v in row if v) > 0


@pytest.mark.parametrize("ray", [(2, 3, 1), (0, -4, 2), (-1, 0, 0), (0, -5, 0), (0, 0, 7)])
def test_forms_of_a_ray(ray: tuple[int, ...]) -> None:
    (rows,) = ray_forms(np.array([ray], object))
    assert rank(rows.tolist()) == 2
    assert not (rows @ np.array(ray, object)).any()
    # the pivots are all columns but the last one in which the ray is not zero
    last = max(i for i, v in enumerate(ray) if v)
    assert pivots(rows[None])[0] == 0b111 & ~(1 << last)
    first = [next(i for i, v in enumerate(row) if v) for row in rows.tolist()]
    assert first == sorted(set(range(3)) - {last})
    assert all(row[i] > 0 for row, i in zip(rows.tolist(), first, strict=True))
    # reduced: no other row has an entry in the column of a pivot
    assert all((rows[:, i] != 0).sum() == 1 for i in first)


def test_a_name_of_many_digits() -> None:
    big = 10**400
    met = intersection(((big, 1, 0),), ((1, 0, -big),))
    assert met == ((1, 0, -big), (0, 1, big**2))
