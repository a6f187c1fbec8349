from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tropnet.errors import DomainError, ShapeError
from tropnet.exact import RationalMatrix
from tropnet.testing.strategies import (
    SPECIAL_FLOATS,
    float32_values,
    nasty_floats,
    rationals,
    small_integers,
)

Rows = list[list[Fraction]]
FEW = settings(max_examples=60)


def tables(
    rows: int | None = None, columns: int | None = None, entries: Any = None
) -> st.SearchStrategy[Rows]:
    numbers = (rationals() | small_integers()) if entries is None else entries
    shapes = st.tuples(
        st.integers(1, 4) if rows is None else st.just(rows),
        st.integers(1, 4) if columns is None else st.just(columns),
    )
    return shapes.flatmap(
        lambda s: st.lists(
            st.lists(numbers.map(Fraction), min_size=s[1], max_size=s[1]),
            min_size=s[0], max_size=s[0],
        )
    )  # fmt: skip


def product(a: Rows, b: Rows) -> Rows:
    columns = list(zip(*b, strict=True))
    return [[Fraction(sum(x * y for x, y in zip(r, c, strict=True))) for c in columns] for r in a]


# ---- from floats -----------------------------------------------------------------------------


@settings(max_examples=80)
@given(tables(entries=nasty_floats()))
def test_floats_keep_their_exact_values(rows: Rows) -> None:
    array = np.array([[float(v) for v in row] for row in rows])
    matrix = RationalMatrix.from_floats(array)
    assert matrix.to_fractions() == rows
    assert np.array_equal(matrix.to_floats(), array)
    # the denominator is the least power of two
    assert matrix.denominator == math.lcm(*(v.denominator for row in rows for v in row))


@given(tables(entries=float32_values()))
@FEW
def test_float32_arrays_keep_their_exact_values(rows: Rows) -> None:
    array = np.array([[float(v) for v in row] for row in rows], dtype=np.float32)
    assert RationalMatrix.of(array).to_fractions() == rows


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", ">f8", ">f4", "<f2"])
def test_every_float_dtype_in_every_memory_order(dtype: str) -> None:
    array = np.array([[0.1, -2.0, 6e-8], [1.5, 0.0, 65504.0]]).astype(dtype)
    expected = [[Fraction(float(v)) for v in row] for row in array]
    for view in (array, np.asfortranarray(array)):
        assert RationalMatrix.from_floats(view).to_fractions() == expected
    assert RationalMatrix.from_floats(array.T).T.to_fractions() == expected
    assert RationalMatrix.from_floats(array[:, ::-1]).to_fractions() == [r[::-1] for r in expected]


@pytest.mark.parametrize("shift", [0, 1, 8, 9, 10, 61, 62, 63, 70, 71, 123, 124, 125, 132, 194, 195,
                                   196, 197, 248, 249, 300, 1000])  # fmt: skip
def test_every_number_of_limbs(shift: int) -> None:
    largest = float(2**53 - 1)
    row = [largest * 2.0**-shift, -largest, largest, 2.0**-shift, -(2.0**-shift), 0.0, 3.0]
    matrix = RationalMatrix.from_floats(np.array([row]))
    assert matrix.to_fractions() == [[Fraction(v) for v in row]]


def test_the_whole_range_of_floats_in_one_matrix() -> None:
    matrix = RationalMatrix.from_floats(np.array([SPECIAL_FLOATS]))
    assert matrix.to_fractions() == [[Fraction(v) for v in SPECIAL_FLOATS]]
    assert matrix.denominator == 2**1074


def test_floats_that_are_large_integers_have_denominator_one() -> None:
    matrix = RationalMatrix.from_floats(np.array([[1e300, 3.0, 0.0]]))
    assert matrix.denominator == 1
    assert matrix[0, 0] == Fraction(1e300)
    assert RationalMatrix.from_floats(np.array([[-0.0]])) == RationalMatrix.zeros(1, 1)


@pytest.mark.parametrize(
    ("array", "error", "text"),
    [
        (np.array([[0.0, np.nan]]), DomainError, "w[0, 1] is nan, which has no rational value"),
        (np.array([[1.0], [-np.inf]], np.float32), DomainError, "w[1, 0] is -inf"),
        (np.array([1.0]), ShapeError, "w has 1 dimensions; a matrix has two"),
        (np.zeros((1, 1, 1)), ShapeError, "w has 3 dimensions"),
        (np.ones((1, 1), np.complex64), DomainError, "w has dtype complex64"),
        (np.ones((1, 1), np.complex128), DomainError, "w has dtype complex128"),
        (np.array([[2**53 + 1]]), DomainError, "w has dtype int64"),
        (np.array([["1"]]), DomainError, "w has dtype <U1"),
        (np.array([[True]]), DomainError, "w has dtype bool"),
    ],
)
def test_arrays_that_are_no_floats_are_refused(array: Any, error: type, text: str) -> None:
    with pytest.raises(error) as caught:
        RationalMatrix.from_floats(array, "w")
    assert text in str(caught.value)


def test_long_doubles_are_refused_rather_than_rounded() -> None:
    if np.dtype(np.longdouble).itemsize > 8:
        with pytest.raises(DomainError, match="convert to float64 first"):
            RationalMatrix.of(np.ones((1, 1), np.longdouble))


# ---- from anything ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2], [[1, 2]]),
        ((0.5, "1/3"), [[Fraction(1, 2), Fraction(1, 3)]]),
        (["12", "34"], [[12, 34]]),
        ([np.float32(0.5), flint.fmpq(1, 3)], [[Fraction(1, 2), Fraction(1, 3)]]),
        ([np.array(1.0), np.array(2.0)], [[1, 2]]),
        ([np.array([1.0]), [2]], [[1], [2]]),
        (np.array([2**63, 2**64 - 1], np.uint64), [[2**63, 2**64 - 1]]),
        (np.array([[-(2**63)]]), [[-(2**63)]]),
        (np.array([[Fraction(1, 3), 10**30]], object), [[Fraction(1, 3), 10**30]]),
        (np.array(["1/3"], object), [[Fraction(1, 3)]]),
        ([[2**53 + 1, 0.5]], [[2**53 + 1, Fraction(1, 2)]]),
        (range(3), [[0, 1, 2]]),
    ],
)
def test_of_takes_rows_and_vectors(values: Any, expected: list[list[Any]]) -> None:
    assert RationalMatrix.of(values).to_fractions() == expected


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        ([], (0, 0)), ([[]], (1, 0)), ([[], []], (2, 0)), (np.zeros((0, 3)), (0, 3)),
        (np.zeros((3, 0)), (3, 0)), (np.zeros(0), (1, 0)), (np.zeros((0, 3), int), (0, 3)),
        (np.zeros((0, 3), object), (0, 3)), (np.zeros((3, 0), object), (3, 0)),
    ],
)  # fmt: skip
def test_of_keeps_empty_shapes(values: Any, shape: tuple[int, int]) -> None:
    assert RationalMatrix.of(values).shape == shape


def test_tensors_count_as_arrays() -> None:
    torch = pytest.importorskip("torch")
    tensor = torch.tensor([[0.1, 2.0]])
    assert RationalMatrix.of(tensor) == RationalMatrix.of(tensor.numpy())


@pytest.mark.parametrize(
    ("values", "error", "text"),
    [
        ("12", ShapeError, "m is '12' of type str, not a sequence of numbers; put them in a list"),
        (3, ShapeError, "m is 3 of type int, not a sequence"),
        (np.float64(3), ShapeError, "m has 0 dimensions; give one or two"),
        (np.zeros((1, 1, 1), object), ShapeError, "m has 3 dimensions"),
        ({1, 2}, ShapeError, "of type set, not a sequence"),
        ([[1, 2], "34"], ShapeError, "m[1] is '34' of type str"),
        ([[1, 2], 3], ShapeError, "m[1] is 3 of type int"),
        ([[1, 2], [3]], ShapeError, "m has rows of lengths [1, 2]; make them equal"),
        ([[1, [2]]], DomainError, "m[0, 1] is [2] of type list"),
        ([[1, None]], DomainError, "m[0, 1] is None"),
        ([[1, True]], DomainError, "m[0, 1] is the boolean True"),
        (np.array([[True]]), DomainError, "m has dtype bool; give real numbers"),
        (np.array([[1j]]), DomainError, "m has dtype complex128"),
        (np.array(["1"]), DomainError, "m has dtype <U1"),
    ],
)
def test_of_says_what_is_wrong(values: Any, error: type, text: str) -> None:
    with pytest.raises(error) as caught:
        RationalMatrix.of(values, "m")
    assert text in str(caught.value)


def test_a_denominator_is_positive() -> None:
    for denominator in (0, -1):
        with pytest.raises(DomainError, match="not positive"):
            RationalMatrix(flint.fmpz_mat(1, 1, [1]), denominator)


# ---- to floats -------------------------------------------------------------------------------


@given(st.fractions(), st.integers(-1100, 1100))
def test_to_floats_rounds_to_nearest(value: Fraction, power: int) -> None:
    exact = value * Fraction(2) ** power
    found = float(RationalMatrix.of([[exact]]).to_floats()[0, 0])
    if math.isinf(found):
        assert abs(exact) >= Fraction(2) ** 1024 - Fraction(2) ** 970
        return
    gap = abs(Fraction(found) - exact)
    for other in (math.nextafter(found, math.inf), math.nextafter(found, -math.inf)):
        assert math.isinf(other) or gap <= abs(Fraction(other) - exact)


def test_to_floats_beyond_the_range() -> None:
    huge = RationalMatrix.of([[10**400, -(10**400), Fraction(1, 10**400)]])
    assert huge.to_floats().tolist() == [[math.inf, -math.inf, 0.0]]
    assert huge.signs().tolist() == [[1, -1, 1]]


# ---- arithmetic ------------------------------------------------------------------------------


@FEW
@given(st.data())
def test_arithmetic_agrees_with_fractions(data: st.DataObject) -> None:
    a = data.draw(tables())
    rows, columns = len(a), len(a[0])
    b, c = data.draw(tables(columns)), data.draw(tables(rows, columns))
    line, factor = data.draw(tables(1, columns)), data.draw(rationals())
    m, n, o, r = map(RationalMatrix.of, (a, b, c, line))
    assert (m @ n).to_fractions() == product(a, b)
    assert (m + o).to_fractions() == [
        [x + y for x, y in zip(*p, strict=True)] for p in zip(a, c, strict=True)
    ]
    assert (m - o).to_fractions() == [
        [x - y for x, y in zip(*p, strict=True)] for p in zip(a, c, strict=True)
    ]
    assert (m + r).to_fractions() == [
        [x + y for x, y in zip(row, line[0], strict=True)] for row in a
    ]
    assert (m - r).to_fractions() == [
        [x - y for x, y in zip(row, line[0], strict=True)] for row in a
    ]
    assert (m * factor).to_fractions() == [[x * factor for x in row] for row in a]
    assert factor * m == m * factor == np.float64(1) * (m * factor)
    assert (-m).to_fractions() == [[-x for x in row] for row in a]
    assert m.relu().to_fractions() == [[max(x, Fraction(0)) for x in row] for row in a]
    assert m.signs().tolist() == [[(x > 0) - (x < 0) for x in row] for row in a]
    assert m.T.to_fractions() == [list(x) for x in zip(*a, strict=True)]
    assert m.is_zero() == (not any(x for row in a for x in row))
    factors = data.draw(st.lists(rationals(), min_size=rows, max_size=rows))
    assert m.scale_rows(factors) == RationalMatrix.diagonal(factors) @ m
    picks = data.draw(st.lists(st.integers(0, rows - 1)))
    assert m.rows(picks).to_fractions() == [a[i] for i in picks]
    picks = data.draw(st.lists(st.integers(0, columns - 1), min_size=1))
    assert m.columns(np.array(picks)).to_fractions() == [[row[j] for j in picks] for row in a]
    assert RationalMatrix.stack_rows([m, o, r]).to_fractions() == [*a, *c, *line]
    assert RationalMatrix.stack_columns([m, o]).to_fractions() == [
        [*x, *y] for x, y in zip(a, c, strict=True)
    ]


def test_integers_of_any_size() -> None:
    big = 3**5000
    m = RationalMatrix.of([[big, Fraction(1, big)]])
    assert (m @ m.T)[0, 0] == big**2 + Fraction(1, big**2)
    assert m.bits() == (big**2).bit_length()
    assert repr(m) == f"RationalMatrix(1x2, {m.bits()} bits)"


@pytest.mark.parametrize("index", [-1, 2, 10**30])
def test_rows_out_of_range_are_refused(index: int) -> None:
    m = RationalMatrix.identity(2)
    for take in (m.rows, m.columns):
        with pytest.raises(ShapeError, match=f"there is no row or column {index} among 2"):
            take([0, index])


def test_a_mask_is_no_list_of_rows() -> None:
    with pytest.raises(TypeError):
        RationalMatrix.identity(2).rows(np.array([True, False]))


def test_shapes_that_do_not_fit_are_refused() -> None:
    a, b = RationalMatrix.zeros(2, 3), RationalMatrix.zeros(2, 2)
    operations: list[Callable[[], object]] = [
        lambda: a @ b, lambda: a + b, lambda: b - a, lambda: RationalMatrix.stack_rows([a, b]),
        lambda: RationalMatrix.stack_columns([a, b.T.rows([0])]), lambda: a.scale_rows([1]),
        lambda: RationalMatrix.stack_rows([]), lambda: a.solve(RationalMatrix.zeros(3, 1)),
        lambda: a + RationalMatrix.zeros(2, 1),
    ]  # fmt: skip
    for operation in operations:
        with pytest.raises(ShapeError):
            operation()


def test_arrays_do_not_take_a_matrix_apart() -> None:
    m: Any = RationalMatrix.of([[1, "1/3"]])
    assert np.float64(0.5) * m == m * 0.5
    operations: list[Callable[[], object]] = [
        lambda: np.ones((1, 1)) @ m, lambda: m @ np.ones((2, 2)), lambda: m + np.ones((1, 2)),
        lambda: np.ones((1, 2)) + m, lambda: m + 1, lambda: m @ [[1], [2]],
    ]  # fmt: skip
    for operation in operations:
        with pytest.raises(TypeError):
            operation()


# ---- linear algebra --------------------------------------------------------------------------


def rank(rows: Rows) -> int:
    table, found = [list(row) for row in rows], 0
    for j in range(len(table[0])):
        pivot = next((i for i in range(found, len(table)) if table[i][j]), None)
        if pivot is None:
            continue
        table[found], table[pivot] = table[pivot], table[found]
        for i in range(found + 1, len(table)):
            factor = table[i][j] / table[found][j]
            table[i] = [x - factor * y for x, y in zip(table[i], table[found], strict=True)]
        found += 1
    return found


@settings(max_examples=80)
@given(st.data())
def test_rank_kernel_and_solve(data: st.DataObject) -> None:
    a = data.draw(tables())
    right = data.draw(tables(len(a)))
    m, r = RationalMatrix.of(a), RationalMatrix.of(right)
    assert m.rank() == rank(a)
    kernel = m.kernel()
    assert kernel.shape == (len(a[0]) - rank(a), len(a[0]))
    assert kernel.denominator == 1
    assert (m @ kernel.T).is_zero()
    assert kernel.shape[0] == 0 or kernel.rank() == kernel.shape[0]
    for row in kernel:
        assert next(v for v in row if v) > 0
        assert math.gcd(*map(int, row)) == 1
    joint = [[*x, *y] for x, y in zip(a, right, strict=True)]
    solution = m.solve(r)
    assert (solution is None) == (rank(joint) > rank(a))
    if solution is not None:
        assert solution.shape == (len(a[0]), len(right[0]))
        assert m @ solution == r
    # a right side that is sure to have a solution
    image = m @ RationalMatrix.of(data.draw(tables(len(a[0]), 2)))
    found = m.solve(image)
    assert found is not None
    assert m @ found == image


def test_solving_with_negative_pivots_keeps_denominators_positive() -> None:
    m = RationalMatrix.of([["-2/3", 0, 1], [0, "-5/7", 1]])
    solution = m.solve(RationalMatrix.of([[1], ["1/2"]]))
    assert solution is not None
    assert solution.denominator > 0
    assert solution.T.to_fractions() == [[Fraction(-3, 2), Fraction(-7, 10), 0]]


def test_linear_algebra_of_empty_matrices() -> None:
    assert RationalMatrix.zeros(0, 3).kernel() == RationalMatrix.identity(3)
    assert RationalMatrix.zeros(3, 0).kernel().shape == (0, 0)
    assert RationalMatrix.zeros(0, 3).rank() == RationalMatrix.zeros(3, 0).rank() == 0
    assert RationalMatrix.zeros(0, 3).solve(RationalMatrix.zeros(0, 2)) == RationalMatrix.zeros(
        3, 2
    )
    assert RationalMatrix.zeros(2, 0).solve(RationalMatrix.zeros(2, 1)) == RationalMatrix.zeros(
        0, 1
    )
    assert RationalMatrix.zeros(2, 0).solve(RationalMatrix.of([[0], [1]])) is None
    assert RationalMatrix.zeros(2, 2).solve(RationalMatrix.zeros(2, 0)) == RationalMatrix.zeros(
        2, 0
    )
    assert RationalMatrix.zeros(2, 0) @ RationalMatrix.zeros(0, 3) == RationalMatrix.zeros(2, 3)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_empty_matrices_keep_their_shape(shape: tuple[int, int]) -> None:
    m = RationalMatrix.zeros(*shape)
    for same in (m + m, m - m, -m, m * 3, m.relu(), m.reduced(), m.T.T, m.rows(range(shape[0])),
                 m.columns(range(shape[1])), pickle.loads(pickle.dumps(m)),
                 m.scale_rows([2] * shape[0]), RationalMatrix.stack_rows([m]),
                 RationalMatrix.stack_columns([m])):  # fmt: skip
        assert same == m
        assert same.shape == shape
        assert hash(same) == hash(m)
    assert m.to_floats().shape == m.signs().shape == shape
    assert m.is_zero()
    assert m.bits() == 1
    assert len(m) == shape[0]
    assert m != RationalMatrix.zeros(1, 1)


def test_empty_matrices_of_different_shapes_differ() -> None:
    shapes = [(0, 0), (0, 3), (3, 0), (0, 2)]
    assert len({RationalMatrix.zeros(*s) for s in shapes}) == len(shapes)


# ---- identity --------------------------------------------------------------------------------


@FEW
@given(tables(), st.integers(1, 10**30))
def test_equality_and_hash_ignore_the_denominator(rows: Rows, factor: int) -> None:
    m = RationalMatrix.of(rows)
    same = RationalMatrix(m.numerators * factor, m.denominator * factor)
    assert m == same
    assert hash(m) == hash(same)
    assert same.reduced().denominator == m.denominator
    assert pickle.loads(pickle.dumps(same)) == copy.deepcopy(same) == m
    changed = m + RationalMatrix.of([[Fraction(1, 10**40)] * len(rows[0])])
    assert m != changed
    assert m != rows


def test_a_matrix_cannot_be_reassigned() -> None:
    m = RationalMatrix.identity(2)
    with pytest.raises(AttributeError, match="immutable"):
        m.denominator = 3
    with pytest.raises(AttributeError, match="immutable"):
        m.note = "x"


def test_the_array_is_copied() -> None:
    array = np.ones((1, 2))
    m = RationalMatrix.from_floats(array)
    array[0, 0] = 5
    assert m.to_floats().tolist() == [[1.0, 1.0]]


def test_indices_out_of_range_are_errors() -> None:
    m = RationalMatrix.identity(2)
    for position in ((2, 0), (0, 2), (-1, 0), (0, -3)):
        with pytest.raises(IndexError):
            m[position]
