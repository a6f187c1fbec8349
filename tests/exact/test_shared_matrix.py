from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tropnet.errors import BudgetExceeded, ShapeError
from tropnet.exact import RationalMatrix
from tropnet.exact.shared_matrix import SharedMatrix

Drawn = tuple[SharedMatrix, list[list[Fraction]]]


@st.composite
def matrices(draw: st.DrawFn, rows: int, columns: int) -> Drawn:
    """Draw a shared matrix and, by the definition, its dense form."""
    count, width, patches = (draw(st.integers(1, 4)) for _ in range(3))
    halves = st.integers(-3, 3).map(lambda v: Fraction(v, draw(st.sampled_from([1, 2, 3]))))
    kernel = [[draw(halves) for _ in range(width)] for _ in range(count)]
    column = st.integers(-1, columns - 1)
    places = [[draw(column) for _ in range(width)] for _ in range(patches)]
    kernel_of = [draw(st.integers(0, count - 1)) for _ in range(rows)]
    patch_of = [draw(st.integers(0, patches - 1)) for _ in range(rows)]
    dense = [[Fraction(0)] * columns for _ in range(rows)]
    for row, k, p in zip(dense, kernel_of, patch_of, strict=True):
        for place, value in zip(places[p], kernel[k], strict=True):
            if place >= 0:
                row[place] += value
    found = SharedMatrix.of(RationalMatrix.from_rows(kernel), places, kernel_of, patch_of, columns)
    if draw(st.booleans()):
        found = SharedMatrix.from_dense(found.dense())
    return found, dense


def dense(rows: list[list[Fraction]], columns: int) -> RationalMatrix:
    return RationalMatrix.from_rows(rows) if rows else RationalMatrix.zeros(0, columns)


@given(st.data(), st.integers(0, 5), st.integers(1, 5), st.integers(1, 5))
def test_arithmetic_is_that_of_the_dense_matrices(
    data: st.DataObject, rows: int, columns: int, more: int
) -> None:
    (a, x), (b, y) = data.draw(matrices(rows, columns)), data.draw(matrices(rows, columns))
    (c, z) = data.draw(matrices(columns, more))
    A, B, C = dense(x, columns), dense(y, columns), dense(z, more)
    assert a.dense() == A
    assert (a + b).dense() == A + B
    assert (a - b).dense() == A - B
    assert (a @ c).dense() == A @ C
    assert (-a).dense() == -A
    assert abs(a).dense() == abs(A)
    assert a.is_zero() == A.is_zero()
    assert (a - a).is_zero()
    signs = A.signs()
    assert a.nonzero_columns() == [j for j in range(columns) if signs[:, j].any()]
    factors = [Fraction(data.draw(st.integers(-2, 3)), 3) for _ in range(rows)]
    assert a.scale_rows(factors).dense() == A.scale_rows(factors)
    if rows:
        chosen = data.draw(st.lists(st.integers(0, rows - 1), max_size=4))
        assert a.take(np.array(chosen, dtype=np.int64)).dense() == A.rows(chosen)


@given(st.data(), st.integers(1, 5), st.integers(1, 5))
def test_products_with_vectors(data: st.DataObject, rows: int, columns: int) -> None:
    a, x = data.draw(matrices(rows, columns))
    number = st.integers(-5, 5)
    A = dense(x, columns)
    points = RationalMatrix.of([[data.draw(number) for _ in range(columns)] for _ in range(2)])
    path = RationalMatrix.of([[data.draw(number) for _ in range(rows)] for _ in range(2)])
    assert a.apply(points) == points @ A.T
    assert a.pull(path) == path @ A
    # the float side of the same indices, where all numbers are small integers
    ones = np.where(a.kernel.signs() != 0, 1.0, 0.0)
    pattern = np.where(A.signs() != 0, 1.0, 0.0)
    if np.array_equal((a.sharing.pull(ones, np.eye(rows)) != 0), pattern != 0):
        counts = a.sharing.pull(ones, np.eye(rows))
        assert np.array_equal(
            a.sharing.apply(ones, points.to_floats()), points.to_floats() @ counts.T
        )
        # many points are worked off in another way than few
        count = data.draw(st.sampled_from([7, 8, 32, 33, 70]))
        many = np.arange(float(count * columns)).reshape(count, columns) % 7 - 3
        assert np.array_equal(a.sharing.apply(ones, many), many @ counts.T)


@given(st.data(), st.integers(0, 5), st.integers(1, 5))
def test_factors_depend_on_the_matrix_alone(data: st.DataObject, rows: int, columns: int) -> None:
    a, _ = data.draw(matrices(rows, columns))
    assert read(a) == read(SharedMatrix.from_dense(a.dense()))
    found = a.factors()
    for p, k in zip(found.patch_of, found.kernel_of, strict=True):
        patch, kernel = found.patches[p], found.kernels[k]
        assert len(patch) == len(kernel)
        assert all(kernel)
        assert patch.tolist() == sorted(set(patch.tolist()))


def read(matrix: SharedMatrix) -> Any:
    found, denominator = matrix.factors(), matrix.kernel.denominator
    kernels = [[Fraction(v, denominator) for v in k.tolist()] for k in found.kernels]
    patches = [p.tolist() for p in found.patches]
    return kernels, patches, found.kernel_of.tolist(), found.patch_of.tolist()


def test_a_convolution_never_becomes_a_matrix() -> None:
    # 64 channels of 32 x 32, windows of 3 x 3: 65536 x 65536 entries if it were written out
    size = np.arange(64 * 32 * 32).reshape(64, 32, 32)
    padded = np.pad(size, ((0, 0), (1, 1), (1, 1)), constant_values=-1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    patches = windows.transpose(1, 2, 0, 3, 4).reshape(1024, 576)
    kernel = RationalMatrix.of(np.arange(64.0 * 576).reshape(64, 576))
    conv = SharedMatrix.of(
        kernel, patches, np.repeat(np.arange(64), 1024), np.tile(np.arange(1024), 64), 65536
    )
    ones = RationalMatrix.of(np.ones((1, 65536)))
    sums = conv.apply(ones)
    assert sums[0, 1024 * 5 + 33] == sum(range(5 * 576, 6 * 576))  # an inner position, channel 5
    channels = SharedMatrix.choice(np.arange(65536).reshape(64, 1024)[::-1].reshape(-1), 65536)
    turned = (channels @ conv) @ channels
    assert turned.kernel.shape[1] == 576
    assert (channels @ turned @ channels - conv).is_zero()
    with pytest.raises(BudgetExceeded, match="entries of a dense matrix"):
        conv.dense()


@pytest.mark.parametrize(
    ("patches", "kernel_of", "text"),
    [
        ([[0, 3]], [0], "patch holds indices from 0 to 3; -1 to 2 are there"),
        ([[0, -2]], [0], "indices from -2 to 0"),
        ([[0]], [0], r"patches of shape \(1, 1\) for kernels \(1, 2\)"),
        ([[0, 1]], [1], "kernel_of goes beyond the 1 kernels"),
    ],
)
def test_indices_out_of_range_are_refused(patches: Any, kernel_of: Any, text: str) -> None:
    with pytest.raises(ShapeError, match=text):
        SharedMatrix.of(RationalMatrix.of([[1, 2]]), patches, kernel_of, [0], 3)
