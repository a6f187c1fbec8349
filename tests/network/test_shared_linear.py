from __future__ import annotations

import pickle
import sys
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tropnet.errors import BudgetExceeded, ShapeError
from tropnet.exact import RationalMatrix
from tropnet.exact.sharing import Sharing
from tropnet.network import DenseLinear, Linear, Network, linear
from tropnet.network.affine import Affine
from tropnet.network.network import Dtype
from tropnet.network.shared_linear import SharedLinear, shared

LINEAR: Any = sys.modules[Linear.__module__]


@st.composite
def maps(draw: st.DrawFn) -> SharedLinear:
    """Draw a shared map in which no patch names a column twice."""
    rows, columns = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    count, patches = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    width = draw(st.integers(1, columns))
    denominator = draw(st.sampled_from([1, 2, 3]))
    entry = st.integers(-3, 3).map(lambda v: Fraction(v, denominator))
    kernel = [[draw(entry) for _ in range(width)] for _ in range(count)]
    places = []
    for _ in range(patches):
        patch = draw(st.permutations(range(columns)))[:width]
        places.append([-1 if draw(st.integers(0, 4)) == 0 else c for c in patch])
    kernel_of = [draw(st.integers(0, count - 1)) for _ in range(rows)]
    patch_of = [draw(st.integers(0, patches - 1)) for _ in range(rows)]
    where = Sharing(np.array(places), np.array(kernel_of), np.array(patch_of), columns)
    return SharedLinear(linear(kernel), where)


@pytest.mark.parametrize("written", [True, False])
@given(found=maps())
def test_storage_does_not_show(found: SharedLinear, written: bool) -> None:
    dense = linear(found.exact)
    limits = LINEAR._WRITTEN, LINEAR._WRITTEN_RATIONALS
    if not written:  # as for large matrices
        LINEAR._WRITTEN = LINEAR._WRITTEN_RATIONALS = 0
    try:
        assert found.content() == dense.content()
        assert (-found).content() == (-dense).content()
    finally:
        LINEAR._WRITTEN, LINEAR._WRITTEN_RATIONALS = limits
    assert np.array_equal(found.values, dense.values)
    assert np.array_equal(found.present(), dense.present())
    assert np.array_equal(found.weighted(), dense.weighted())
    assert found.is_zero() == dense.is_zero()
    some = np.arange(found.shape[0]) % 2 == 0
    assert np.array_equal(found.reads(some), dense.reads(some))
    assert found.take([0, 0]).exact == dense.take([0, 0]).exact
    points = np.arange(2.0 * found.shape[1]).reshape(2, -1) - 3
    exact = RationalMatrix.of(points)
    assert found.apply_exact(exact) == exact @ dense.exact.T
    path = RationalMatrix.of(np.arange(2.0 * found.shape[0]).reshape(2, -1) - 3)
    assert found.pull_exact(path) == path @ dense.exact
    assert np.allclose(found.apply(points), dense.apply(points))
    assert np.allclose(found.pull(path.to_floats()), dense.pull(path.to_floats()))
    again = pickle.loads(pickle.dumps(found))
    assert again.exact == found.exact


@given(found=maps(), data=st.data())
def test_error_bounds_hold(found: SharedLinear, data: st.DataObject) -> None:
    number = st.floats(-1e6, 1e6, width=32)
    rows, columns = found.shape
    points = np.array([[data.draw(number) for _ in range(columns)]])
    affine = Affine({0: found}, np.arange(rows) / 3)
    dtypes: list[Dtype] = ["float32", "float64"]
    for dtype in dtypes:
        network = Network(columns, (), affine, "float64")
        run = network.enclosure(points, dtype)
        exact = network.exact(points).to_fractions()[0]
        for value, error, true in zip(run.values[0], run.errors[0], exact, strict=True):
            assert abs(Fraction(float(value)) - true) <= Fraction(float(error))


def test_repeated_columns_add_up_exactly() -> None:
    found = shared([[0.1, 0.2]], [[1, 1]], [0], [0], 2)
    assert found.exact[0, 1] == Fraction(0.1) + Fraction(0.2)
    assert found.exact[0, 0] == 0


def test_small_maps_are_dense_and_large_ones_are_not() -> None:
    assert isinstance(shared([[1.0]], [[0], [1]], [0, 0], [1, 0], 2), DenseLinear)
    size = 10_000
    turned = shared([[1.0]], np.arange(size)[::-1, None], np.zeros(size, int), range(size), size)
    assert isinstance(turned, SharedLinear)
    assert turned.count() == 1
    with pytest.raises(BudgetExceeded, match="written as a matrix of shape"):
        _ = turned.values
    with pytest.raises(BudgetExceeded, match="a smaller network"):
        _ = turned.exact
    assert isinstance(turned.take(range(3)), SharedLinear)
    assert turned.take(range(3)).exact[0, size - 1] == 1


@pytest.mark.parametrize(
    ("patches", "text"),
    [([[0, 2]], "indices from 0 to 2; -1 to 1 are there"), ([[0]], r"patches of shape \(1, 1\)")],
)
def test_what_does_not_fit_is_refused(patches: Any, text: str) -> None:
    with pytest.raises(ShapeError, match=text):
        shared([[1.0, 2.0]], patches, [0], [0], 2)
