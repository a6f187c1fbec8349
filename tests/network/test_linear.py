from __future__ import annotations

import copy
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tropnet.errors import DomainError, ShapeError
from tropnet.exact import RationalMatrix
from tropnet.network import DenseLinear, Linear, RationalLinear, linear
from tropnet.testing.strategies import float_batches, nasty_floats, points, rationals

NUMBERS = st.one_of(rationals(), nasty_floats().map(Fraction), st.fractions())


@settings(max_examples=60)
@given(st.lists(points(2, NUMBERS), min_size=1, max_size=3))
def test_both_faces_belong_to_one_matrix(rows: list[list[Fraction]]) -> None:
    found = linear(rows)
    assert found.exact.to_fractions() == rows
    assert found.apply_exact(RationalMatrix.identity(found.shape[1])) == found.exact.T
    assert found.shape == found.values.shape == (len(rows), 2)
    rounding = np.zeros(found.shape) if found.rounding is None else found.rounding
    entries = [v for row in rows for v in row]
    for value, entry, bound in zip(found.values.ravel(), entries, rounding.ravel(), strict=True):
        assert abs(Fraction(value) - entry) <= Fraction(bound)
    floats = all(abs(v) < 2**1024 and Fraction(float(v)) == v for v in entries)
    assert isinstance(found, DenseLinear if floats else RationalLinear)
    assert (-found).exact == -found.exact
    assert found.take([1 % len(rows), 0, 0]).exact == found.exact.rows([1 % len(rows), 0, 0])


@given(float_batches(3))
def test_storage_does_not_show_in_the_content(array: Any) -> None:
    models = [
        linear(array), linear(np.asfortranarray(array)), linear(RationalMatrix.from_floats(array)),
        linear(array.astype(object)), linear(RationalMatrix.from_floats(array) * 3).take([]),
    ]  # fmt: skip
    assert len({m.content() for m in models[:4]}) == 1
    assert models[4].shape == (0, 3)


def test_the_content_tells_matrices_apart() -> None:
    tables: list[Any] = [
        [[1.0]], [[np.nextafter(1, 2)]], [[-1.0]], [[1.0, 0.0]], [[1.0], [0.0]], [["1/3"]],
        [["1/3", 0]], [["1/3"], [0]], [[float(1 / 3)]], [["-1/3"]], [["2/3"]], [[5e-324]], [[0.0]],
        [["1e-400"]], [["1e400"]], [["1e-401"]], np.zeros((0, 1)), np.zeros((1, 0)),
    ]  # fmt: skip
    assert len({linear(t).content() for t in tables}) == len(tables)


def test_zero_has_one_sign() -> None:
    assert linear(np.array([[-0.0]])).content() == linear([[0]]).content()
    assert not np.signbit(linear(np.array([[-0.0]], np.float32)).values).any()
    assert linear(np.array([[-5e-324]])).values[0, 0] == -5e-324


def test_rationals_of_any_size_have_a_content() -> None:
    big = linear([["1e20000", "1e-20000"]])
    assert len(big.content()) > 16_000
    assert big.values.tolist() == [[np.inf, 0.0]]
    assert big.rounding is not None
    assert big.rounding[0, 0] == np.inf


@pytest.mark.parametrize("entries", [np.ones((2, 2)), [["1/3", 1]]])
def test_nothing_can_be_written_to(entries: Any) -> None:
    original = linear(entries)
    _ = original.exact, original.values, original.rounding
    for found in (original, pickle.loads(pickle.dumps(original)), copy.deepcopy(original)):
        assert found.content() == original.content()
        for array in (found.values, found.rounding):
            if array is not None:
                with pytest.raises(ValueError, match="read-only"):
                    array[0, 0] = 5.0


def test_the_array_is_copied() -> None:
    array = np.ones((1, 1))
    found = linear(array)
    array[0, 0] = 2.0
    assert found.values.tolist() == [[1.0]]
    assert array.flags.writeable


@pytest.mark.parametrize("dtype", ["float16", "float32", "int8", "uint64", ">f8"])
def test_arrays_of_other_types(dtype: str) -> None:
    array = np.array([[1, 0], [3, 2]], dtype=dtype)
    assert linear(array).values.tolist() == [[1.0, 0.0], [3.0, 2.0]]


def test_integers_beyond_floats_stay_exact() -> None:
    found = linear(np.array([[2**53 + 1]]))
    assert isinstance(found, RationalLinear)
    assert found.exact[0, 0] == 2**53 + 1


def test_tensors_count_as_arrays() -> None:
    torch = pytest.importorskip("torch")
    tensor = torch.tensor([[0.1, 2.0]])
    assert linear(tensor).content() == linear(tensor.numpy()).content()


def test_a_linear_map_is_taken_as_it_is() -> None:
    found: Linear = linear([[1]])
    assert linear(found) is found


@pytest.mark.parametrize(
    ("entries", "error", "text"),
    [
        (np.array([[0.0, np.nan]]), DomainError, "w[0, 1] is nan; the training may have diverged"),
        (np.array([[np.inf]], np.float16), DomainError, "w[0, 0] is inf"),
        ([[0, float("nan")]], DomainError, "w[0, 1] is nan"),
        (np.ones(2), ShapeError, "w has 1 dimensions; a matrix has two"),
        (np.ones((1, 1, 1)), ShapeError, "w has 3 dimensions"),
        (np.array([[True]]), DomainError, "w has dtype bool"),
        (np.array([[1j]]), DomainError, "w has dtype complex128"),
        ([[1], [1, 2]], ShapeError, "w has rows of lengths [1, 2]"),
        ("12", ShapeError, "w is '12' of type str"),
    ],
)
def test_what_is_no_linear_map(entries: Any, error: type, text: str) -> None:
    with pytest.raises(error) as caught:
        linear(entries, "w")
    assert text in str(caught.value)


def test_long_doubles_are_refused() -> None:
    if np.dtype(np.longdouble).itemsize > 8:
        with pytest.raises(DomainError, match="convert to float64 first"):
            linear(np.ones((1, 1), np.longdouble))


def test_next_to_the_largest_float_the_rounding_is_bounded() -> None:
    largest = Fraction(1.7976931348623157e308)
    found = linear([[largest - 1, -largest + Fraction(1, 3), largest + 1]])
    assert isinstance(found, RationalLinear)
    assert found.rounding.tolist() == [[2.0**971] * 3]
