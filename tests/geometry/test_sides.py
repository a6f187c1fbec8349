"""Signs that floats alone would get wrong."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tropnet.geometry.sides import exact_signs, scaled

BIG = 2**300


def sign(form: list[int], point: list[int]) -> int:
    value = sum(a * b for a, b in zip(form, point, strict=True))
    return (value > 0) - (value < 0)


def test_hair_lines() -> None:
    forms = [[BIG, -BIG, 1], [BIG, -BIG, -1], [BIG, -BIG, 0], [1, 0, 0], [0, 0, 0]]
    points = [[1, 1, 1], [BIG, BIG, 1], [BIG + 1, BIG, 1], [-1, BIG, BIG], [3, 3, BIG]]
    which, where = np.divmod(np.arange(25), 5)
    found = exact_signs(np.array(forms, object), np.array(points, object), (which, where))
    assert found.tolist() == [sign(f, p) for f in forms for p in points]
    assert found.tolist()[:3] == [1, 1, 1]
    assert found.tolist()[5:7] == [-1, -1]


@given(st.data())
def test_signs(data: st.DataObject) -> None:
    numbers = st.one_of(st.integers(-3, 3), st.integers(-(2**80), 2**80), st.just(2**4000))
    rows = st.lists(numbers, min_size=3, max_size=3)
    form, point = data.draw(rows), data.draw(rows)
    # orthogonal but for a last bit
    near = [point[1] * 2**70, -point[0] * 2**70, data.draw(st.integers(-1, 1))]
    forms, points = np.array([form, near], object), np.array([point], object)
    found = exact_signs(forms, points, (np.array([0, 1]), np.array([0, 0])))
    assert found.tolist() == [sign(form, point), sign(near, point)]


def test_numbers_beyond_floats() -> None:
    rows = scaled(np.array([[2**5000, -(2**4999), 1], [0, 0, 0]], object))
    assert rows.tolist() == [[1.0, -0.5, 0.0], [0.0, 0.0, 0.0]]
