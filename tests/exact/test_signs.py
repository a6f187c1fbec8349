from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tropnet.errors import DomainError, ShapeError
from tropnet.exact import affine_signs
from tropnet.exact.arithmetic import FLOAT64, Arithmetic
from tropnet.exact.signs import dot_error
from tropnet.testing.strategies import float_batches, nasty_floats, points, ulp_neighbours

DTYPES = ["float16", "float32", "float64"]


def exact_dot(weights: Any, bias: float, point: Any) -> Fraction:
    pairs = zip(weights, point, strict=True)
    return sum((Fraction(float(w)) * Fraction(float(x)) for w, x in pairs), Fraction(bias))


def exact_signs(weights: Any, bias: Any, batch: Any) -> list[list[int]]:
    table = [[exact_dot(w, b, x) for w, b in zip(weights, bias, strict=True)] for x in batch]
    return [[(v > 0) - (v < 0) for v in row] for row in table]


# ---- affine_signs ----------------------------------------------------------------------------


@settings(max_examples=80)
@given(st.data())
def test_signs_are_exact_on_nasty_numbers(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 4))
    entries = data.draw(st.sampled_from((nasty_floats(), ulp_neighbours())))
    weights = data.draw(float_batches(size, entries))
    bias = np.array(data.draw(points(len(weights), entries)), dtype=np.float64)
    batch = data.draw(float_batches(size, entries))
    found = affine_signs(weights, bias, batch)
    assert found.dtype == np.int8
    assert found.shape == (len(batch), len(weights))
    assert found.tolist() == exact_signs(weights, bias, batch)


@given(st.lists(nasty_floats(), min_size=1, max_size=6), st.sampled_from((-1, 0, 1)))
def test_a_sum_that_cancels_but_for_one_ulp(values: list[float], steps: int) -> None:
    # x·w against its own negative, the last entry moved by an ulp
    moved = [-v for v in values]
    moved[-1] = math.nextafter(moved[-1], steps * math.inf) if steps else moved[-1]
    if not math.isfinite(moved[-1]):
        return
    weights = np.array([values + moved])
    batch = np.ones((1, 2 * len(values)))
    assert affine_signs(weights, np.zeros(1), batch).tolist() == [[steps]]


def test_ties_in_every_position() -> None:
    weights = np.array([[0.1, 0.2, -0.3], [1e300, -1e300, 1e-300], [5e-324, 0.0, 0.0]])
    batch = np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [3.0, 3.0, 3.0], [-1.0, -1.0, 0.0]])
    bias = np.array([0.0, 0.0, -5e-324])
    assert affine_signs(weights, bias, batch).tolist() == exact_signs(weights, bias, batch)


def test_overflow_is_settled_exactly() -> None:
    big = 1.7e308
    weights = np.array([[1.0, 1.0, -1.0, -1.0, 0.0], [10.0, 10.0, -10.0, -10.0, 1e-300]])
    batch = np.array([[big, big, big, big, 1.0], [-big, -big, -big, -big, -1.0]])
    found = affine_signs(weights, np.zeros(2), batch)
    assert found.tolist() == exact_signs(weights, [0.0, 0.0], batch) == [[0, 1], [0, -1]]


def test_underflow_is_settled_exactly() -> None:
    tiny = 5e-324
    weights = np.array([[tiny, -tiny, tiny], [tiny, tiny, -tiny * 2]])
    batch = np.array([[tiny, tiny, tiny], [0.5, 0.5, 0.25], [1e-300, 2e-300, 1e-300]])
    bias = np.zeros(2)
    assert affine_signs(weights, bias, batch).tolist() == exact_signs(weights, bias, batch)


def test_long_forms_near_zero() -> None:
    rng = np.random.default_rng(0)
    size = 20_000
    row = rng.standard_normal(size)
    point = rng.standard_normal(size)
    value = exact_dot(row, 0.0, point)
    nearest = -float(value)
    bias = np.array([nearest, math.nextafter(nearest, -9), math.nextafter(nearest, 9), 1e3, -1e3])
    weights = np.tile(row, (5, 1))
    assert affine_signs(weights, bias, point[None, :]).tolist() == [
        [(value + Fraction(b) > 0) - (value + Fraction(b) < 0) for b in bias]
    ]


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_shorter_floats_stand_for_themselves(dtype: str) -> None:
    weights = np.array([[0.1, 0.2, -0.3]], dtype=dtype)
    batch = np.ones((1, 3), dtype=dtype)
    assert affine_signs(weights, np.zeros(1), batch).tolist() == exact_signs(weights, [0.0], batch)


@pytest.mark.parametrize("shape", [(0, 3), (2, 0), (0, 0)])
def test_empty_forms_and_batches(shape: tuple[int, int]) -> None:
    weights, bias = np.zeros(shape), np.arange(shape[0], dtype=float)
    for batch in (np.zeros((0, shape[1])), np.zeros((2, shape[1]))):
        expected = np.tile(np.sign(bias), (len(batch), 1))
        assert np.array_equal(affine_signs(weights, bias, batch), expected)


@pytest.mark.parametrize(
    ("weights", "bias", "point"),
    [
        ([[np.inf, 0.0]], [0.0], [1.0, 1.0]),
        ([[np.nan, 0.0]], [0.0], [0.0, 1.0]),
        ([[1.0, 0.0]], [np.inf], [1.0, 1.0]),
        ([[1.0, 0.0]], [0.0], [np.inf, 1.0]),
        ([[1.0, 0.0]], [0.0], [1.0, np.nan]),
        ([[0.0, 0.0]], [1.0], [1.0, -np.inf]),
    ],
)
def test_what_is_not_finite_is_refused(weights: Any, bias: Any, point: Any) -> None:
    with pytest.raises(DomainError, match="has no rational value"):
        affine_signs(np.array(weights), np.array(bias), np.array([point]))


@pytest.mark.parametrize(
    ("weights", "bias", "batch", "text"),
    [
        ((2, 3), (2,), (1, 2), "weights of shape (2, 3) do not apply to points of shape (1, 2)"),
        ((2, 3), (2,), (3,), "do not apply to points of shape (3,)"),
        ((3,), (1,), (1, 3), "weights of shape (3,)"),
        ((2, 3), (3,), (1, 3), "bias has shape (3,), weights have 2 rows"),
        ((2, 3), (2, 1), (1, 3), "bias has shape (2, 1)"),
    ],
)
def test_shapes_that_do_not_fit(weights: Any, bias: Any, batch: Any, text: str) -> None:
    with pytest.raises(ShapeError) as caught:
        affine_signs(np.ones(weights), np.ones(bias), np.ones(batch))
    assert text in str(caught.value)


# ---- dot_error -------------------------------------------------------------------------------


def worst_order(products: list[Any], zero: Any) -> Any:
    total = zero
    for product in products:
        total = total + product
    return total


@settings(max_examples=80)
@given(st.sampled_from(DTYPES), st.data())
def test_the_bound_holds_in_any_order(dtype: str, data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 30))
    numbers = st.floats(-200, 200, width=16)
    kind = np.dtype(dtype).type
    left = [kind(v) for v in data.draw(st.lists(numbers, min_size=size, max_size=size))]
    right = [kind(v / 3) for v in data.draw(st.lists(numbers, min_size=size, max_size=size))]
    arithmetic = Arithmetic.of(dtype)
    magnitude = np.abs(np.array(left, dtype=np.float64)) @ np.abs(np.array(right, dtype=np.float64))
    bound = float(dot_error(size, np.array([magnitude]), arithmetic)[0])
    bound += 2 * size * arithmetic.underflow
    exact = exact_dot(left, 0.0, right)
    with np.errstate(all="ignore"):
        products = [a * b for a, b in zip(left, right, strict=True)]
        orders = [products, products[::-1], sorted(products), sorted(products, key=abs)]
        for order in orders:
            total = float(worst_order(order, kind(0)))
            assert not math.isfinite(total) or abs(Fraction(total) - exact) <= Fraction(bound)


def test_the_bound_holds_at_the_worst_known_sum() -> None:
    # each addition of u to 1 is lost, so that the error grows with every term
    for size in (10, 1000, 100_000):
        terms = np.full(size, 2.0**-53)
        terms[0] = 1.0
        computed = float(np.add.accumulate(terms)[-1])
        error = Fraction(1) + (size - 1) * Fraction(2) ** -53 - Fraction(computed)
        assert error == (size - 1) * Fraction(2) ** -53
        bound = float(dot_error(size, np.array([terms.sum()]))[0])
        assert error <= Fraction(bound) <= 2 * error


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_bound_grows_with_the_terms_and_never_turns_back(dtype: str) -> None:
    arithmetic, before = Arithmetic.of(dtype), 0.0
    for power in range(60):
        for terms in (2**power, 3 * 2**power // 2):
            bound = float(dot_error(terms, np.array([1.0]), arithmetic)[0])
            assert bound >= before
            assert bound >= min(1.0, terms * arithmetic.unit_roundoff)
            before = bound
    assert before == math.inf


def test_magnitudes_that_overflowed_bound_nothing() -> None:
    found = dot_error(3, np.array([[np.inf, np.nan, 0.0]]))
    assert not np.isfinite(found[0, :2]).any()
    assert 0 < found[0, 2] < 1e-300
    assert dot_error(2**60, np.ones((2, 3)), FLOAT64).shape == (2, 3)
