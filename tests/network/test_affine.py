from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.fractions_forward import affine as slow
from tropnet.errors import DomainError, ShapeError
from tropnet.exact import RationalMatrix
from tropnet.exact.arithmetic import Arithmetic
from tropnet.network import Affine, linear
from tropnet.testing.strategies import float_batches, nasty_floats, points, rationals


def affines(entries: Any) -> st.SearchStrategy[Affine]:
    """Two units that read three inputs and two values of layer 1."""

    def build(first: Any, second: Any, bias: Any) -> Affine:
        return Affine({0: first, 1: second}, bias)

    first, second = (st.lists(points(k, entries), min_size=2, max_size=2) for k in (3, 2))
    return st.builds(build, first, second, points(2, entries))


@given(affines(rationals()), affines(rationals()), points(3), points(2))
def test_algebra_agrees_with_fractions(f: Affine, g: Affine, x: Any, y: Any) -> None:
    values = [x, y]
    exact = [RationalMatrix.of(x), RationalMatrix.of(y)]
    a, b = slow(f, values), slow(g, values)
    assert f.exact(exact).to_fractions() == [a]
    assert slow(f + g, values) == [v + w for v, w in zip(a, b, strict=True)]
    assert slow(-f, values) == [-v for v in a]
    assert slow(f.take([1, 0, 1]), values) == [a[1], a[0], a[1]]
    assert (f + -f).sources == ()
    assert (f + g).content() == (g + f).content()


@settings(max_examples=60)
@given(st.sampled_from(["float16", "float32", "float64"]), st.data())
def test_the_error_bound_holds_from_inexact_values(dtype: str, data: st.DataObject) -> None:
    f = data.draw(affines(st.one_of(nasty_floats(), rationals())))
    x, y = data.draw(float_batches(3, max_size=1)), data.draw(float_batches(2, max_size=1))
    if not len(x) or not len(y):
        return
    off = np.abs(data.draw(float_batches(5, nasty_floats(), 1)))
    shift = off[:1] if len(off) else np.zeros((1, 5))
    with np.errstate(all="ignore"):
        found = f([x, y])[0]
        bound = f.error([x, y], [shift[:, :3], shift[:, 3:]], Arithmetic.of(dtype))[0]
    # exact values anywhere within the errors of the sources: take an end
    truth = [
        [
            Fraction(v) + Fraction(e) * s
            for v, e, s in zip(x[0], shift[0, :3], (1, -1, 0), strict=True)
        ],
        [
            Fraction(v) + Fraction(e) * s
            for v, e, s in zip(y[0], shift[0, 3:], (-1, 1), strict=True)
        ],
    ]
    for value, error, exact in zip(found, bound, slow(f, truth), strict=True):
        assert not np.isnan(error)
        if np.isfinite(error):
            assert abs(Fraction(float(value)) - exact) <= Fraction(float(error))


def test_sources_are_sorted_and_zero_maps_dropped() -> None:
    f = Affine({2: [[1.0]], 0: [["1/3"]], 1: [[0.0]]})
    assert f.sources == (0, 2)
    assert f.content() == Affine({0: [["1/3"]], 2: np.ones((1, 1))}, [0]).content()
    assert Affine({0: [["1e-400"]]}).sources == (0,)  # no float, yet not zero
    assert Affine({0: np.array([[5e-324]])}).sources == (0,)


@pytest.mark.parametrize(
    "bias",
    [
        [1, 2], (1.0, "2"), np.array([1.0, 2.0]), np.array([[1.0], [2.0]]), np.array([[1, 2]]),
        RationalMatrix.of([1, 2]), RationalMatrix.of([[1], [2]]), linear([[1], [2]]),
        linear([[1, 2]]), np.array([1, 2], object), np.array([1, 2], np.float16),
    ],
)  # fmt: skip
def test_a_bias_of_any_kind(bias: Any) -> None:
    assert Affine({}, bias).bias.exact == RationalMatrix.of([[1], [2]])


@pytest.mark.parametrize(
    ("weights", "bias", "error", "text"),
    [
        ({}, None, ShapeError, "an affine function needs one size; its parts have []"),
        ({0: [[1]]}, [1, 2], ShapeError, "its parts have [1, 2]"),
        ({0: [[1]], 1: [[1], [2]]}, None, ShapeError, "its parts have [1, 2]"),
        ({}, np.ones((2, 2)), ShapeError, "bias has shape (2, 2); a bias is a vector"),
        ({}, RationalMatrix.identity(2), ShapeError, "bias has shape (2, 2)"),
        ({}, linear(np.eye(2)), ShapeError, "bias has shape (2, 2)"),
        ({}, np.float64(1), ShapeError, "bias has shape ()"),
        ({}, "12", ShapeError, "bias is '12' of type str"),
        ({}, 1, ShapeError, "bias is 1 of type int"),
        ({}, [1, float("nan")], DomainError, "bias[1] is nan"),
        ({}, np.array([1.0, np.inf]), DomainError, "bias[1, 0] is inf"),
        ({0: np.array([[np.nan]])}, None, DomainError, "weights[0, 0] is nan"),
    ],
)
def test_what_is_no_affine_function(weights: Any, bias: Any, error: type, text: str) -> None:
    with pytest.raises(error) as caught:
        Affine(weights, bias)
    assert text in str(caught.value)


def test_sums_of_different_sizes_are_refused() -> None:
    for f, g in ((3, 1), (1, 3), (2, 3)):
        with pytest.raises(ShapeError, match=f"cannot add {g} values to {f}"):
            Affine({}, [0] * f) + Affine({}, [0] * g)


def test_no_unit_at_all() -> None:
    for empty in (Affine({0: np.zeros((0, 2))}), Affine({}, []), Affine({}, np.zeros(0))):
        assert empty.size == 0
        assert empty([np.zeros((3, 2))]).shape == (3, 0)
        assert empty.exact([RationalMatrix.zeros(3, 2)]).shape == (3, 0)
        assert empty.error([np.zeros((3, 2))], [np.zeros((3, 2))]).shape == (3, 0)
