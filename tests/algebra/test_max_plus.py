from __future__ import annotations

import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import tropical as oracle
from tests.strategies.tropical import matrices
from tropnet.algebra import MaxPlus
from tropnet.errors import DomainError, ShapeError
from tropnet.testing.strategies import rationals


@given(matrices(2, 3), matrices(2, 3), matrices(3, 2))
def test_semiring_laws(a: MaxPlus, b: MaxPlus, c: MaxPlus) -> None:
    assert a + b == b + a
    assert a * b == b * a
    assert a + a == a
    assert a + MaxPlus.zeros(2, 3) == a == a * MaxPlus.ones(2, 3)
    assert a * MaxPlus.zeros(2, 3) == MaxPlus.zeros(2, 3)
    assert (a + b) @ c == a @ c + b @ c
    assert MaxPlus.identity(2) @ a == a == a @ MaxPlus.identity(3)
    assert (a @ c) @ b == a @ (c @ b)
    assert (a @ c).T == c.T @ a.T


@given(matrices(3, 2), matrices(2, 4))
def test_matrix_products_agree_with_the_oracle_and_with_floats(a: MaxPlus, b: MaxPlus) -> None:
    assert (a @ b).tolist() == oracle.matrix_product(a.tolist(), b.tolist())
    near = (a.to_floats() @ b.to_floats()).values
    assert np.allclose(near, (a @ b).to_floats().values, equal_nan=False)


@given(st.integers(1, 5).flatmap(lambda n: matrices(n, n)))
def test_determinants_agree_with_all_permutations(a: MaxPlus) -> None:
    expected = oracle.determinant(a.tolist())
    assert a.determinant() == expected
    assert a.to_floats().determinant().item() == pytest.approx(float(expected))
    assert a.T.determinant() == expected


def test_a_determinant_that_fooled_others() -> None:
    assert MaxPlus([[1, 0], [10, 5]]).determinant() == 10


def test_determinants_of_larger_matrices_agree() -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(-1000, 1000, (30, 30))
    assert MaxPlus(values).determinant() == MaxPlus(values.astype(float)).determinant()


@given(matrices(2, 2), st.integers(0, 5))
def test_matrix_powers(a: MaxPlus, n: int) -> None:
    product = MaxPlus.identity(2)
    for _ in range(n):
        product = product @ a
    assert a.matrix_power(n) == product


@given(rationals(), rationals())
def test_scalars(a: Fraction, b: Fraction) -> None:
    assert (MaxPlus(a) + b).item() == max(a, b)
    assert (a * MaxPlus(b)).item() == a + b
    assert (a / MaxPlus(b)).item() == a - b
    assert (MaxPlus(a) ** b).item() == a * b
    assert MaxPlus(a) == a
    assert hash(MaxPlus(a)) == hash(a)


def test_exact_and_float_entries() -> None:
    assert MaxPlus([1, "1/2"]).is_exact
    assert MaxPlus(np.arange(3)).is_exact
    assert not MaxPlus([1, 0.5]).is_exact
    assert not MaxPlus(np.zeros(2, dtype=np.float32)).is_exact
    assert MaxPlus([1, None, -math.inf]).is_exact
    mixed = MaxPlus([1]) * MaxPlus([0.5])
    assert not mixed.is_exact
    assert mixed.tolist() == [1.5]
    assert MaxPlus([0.1]).to_exact().tolist() == [Fraction(0.1)]
    assert MaxPlus([0.1]) == MaxPlus([Fraction(0.1)])


def test_zero_is_minus_infinity_and_not_0() -> None:
    assert MaxPlus([0, None]).is_zero().tolist() == [False, True]
    assert MaxPlus.zeros(1) * 5 == MaxPlus.zeros(1)
    assert MaxPlus([None, 3]) ** 0 == MaxPlus([0, 0])
    assert MaxPlus([None, 3.0]) ** 2 == MaxPlus([None, 6.0])


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_other_infinities_are_refused(bad: float) -> None:
    for values in ([bad], [1.5, bad], np.array([bad])):
        with pytest.raises(DomainError, match="is not a max-plus number"):
            MaxPlus(values)


def test_refusals() -> None:
    with pytest.raises(DomainError, match="division by −∞"):
        MaxPlus(1) / MaxPlus.zeros()
    with pytest.raises(DomainError, match="the power -1 of −∞"):
        MaxPlus([1, None]) ** -1
    with pytest.raises(DomainError, match="overflows needs exact entries"):
        MaxPlus([1e308]) * MaxPlus([1e308])
    with pytest.raises(DomainError, match="the matrix power 1/2 does not exist"):
        MaxPlus.identity(2).matrix_power("1/2")
    with pytest.raises(ShapeError, match="differ in length"):
        MaxPlus([[1, 2], [3]])
    with pytest.raises(ShapeError, match=r"cannot multiply arrays of shapes \(2, 2\) and \(3,\)"):
        MaxPlus.identity(2) @ [1, 2, 3]
    with pytest.raises(ShapeError, match="do not broadcast"):
        MaxPlus([1, 2]) + MaxPlus([1, 2, 3])
    with pytest.raises(ShapeError, match="not a square matrix"):
        MaxPlus([1, 2]).determinant()
    with pytest.raises(ShapeError, match="is not one number"):
        MaxPlus([1, 2]).item()
    with pytest.raises(TypeError, match="no truth value"):
        bool(MaxPlus(1))


def test_min_plus_at_the_door() -> None:
    a = MaxPlus.from_min_plus([3, None, math.inf, "-1/2"])
    assert a.tolist() == [-3, -math.inf, -math.inf, Fraction(1, 2)]
    assert a.to_min_plus().tolist() == [3, math.inf, math.inf, Fraction(-1, 2)]
    with pytest.raises(DomainError, match=r"\+∞"):
        MaxPlus.from_min_plus([1.0, -math.inf])


def test_reductions_and_indexing() -> None:
    a = MaxPlus([[1, 5], [None, 3]])
    assert a.sum() == 5
    assert a.sum(axis=0) == MaxPlus([1, 5])
    assert MaxPlus(np.zeros((0,))).sum() == MaxPlus(-math.inf)
    assert a[0] == MaxPlus([1, 5])
    assert a[1, 0] == MaxPlus.zeros()
    assert [row.tolist() for row in a] == [[1, 5], [-math.inf, 3]]
    assert len(a) == 2
    assert MaxPlus([1, 2]) @ MaxPlus([3, 4]) == 6


def test_it_shows_itself() -> None:
    a = MaxPlus([[0, None], ["1/2", 3]])
    assert repr(a) == "MaxPlus([[0, -∞], [1/2, 3]])"
    assert repr(MaxPlus(np.zeros((20, 20)))) == "MaxPlus(20×20, float64)"
    assert a._repr_html_().count("<td>") == 4
    assert r"-\infty" in str(a._repr_latex_())
    assert MaxPlus(np.zeros((20, 20)))._repr_latex_() is None
    assert "20×20" in MaxPlus(np.zeros((20, 20)))._repr_html_()


def test_it_is_immutable_and_pickles() -> None:
    a = MaxPlus([[0.5, None]])
    with pytest.raises(AttributeError, match="MaxPlus is immutable"):
        a.values = np.zeros(1)
    with pytest.raises(ValueError, match="read-only"):
        a.values[0] = 1
    assert pickle.loads(pickle.dumps(a)) == a
    source = np.array([1.0])
    b = MaxPlus(source)
    source[0] = 7
    assert b == MaxPlus([1.0])
