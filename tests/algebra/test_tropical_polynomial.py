from __future__ import annotations

import math
import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracles import tropical as oracle
from tests.strategies.tropical import polynomials, terms
from tropnet.algebra import TropicalPolynomial
from tropnet.errors import BudgetExceeded, DomainError, ShapeError
from tropnet.exact import RationalMatrix, as_fractions
from tropnet.testing.strategies import nasty_floats, points


def as_terms(p: TropicalPolynomial) -> oracle.Terms:
    return {term.exponents: term.coefficient for term in p.terms()}


# ---- canonical form -----------------------------------------------------------------------------


@given(terms(2, huge=True), st.randoms())
def test_terms_are_merged_sorted_and_independent_of_their_order(pairs: Any, random: Any) -> None:
    p = TropicalPolynomial.from_terms(pairs, 2)
    shuffled = list(pairs)
    random.shuffle(shuffled)
    q = TropicalPolynomial.from_terms(shuffled, 2)
    assert p == q
    assert hash(p) == hash(q)
    assert as_terms(p) == oracle.polynomial(pairs)
    assert [t.exponents for t in p.terms()] == sorted(t.exponents for t in p.terms())


def test_minus_infinity_terms_are_dropped() -> None:
    p = TropicalPolynomial([[1], [2]], [-math.inf, 3])
    assert p == TropicalPolynomial([[2]], [3])
    assert TropicalPolynomial([[1]], [-math.inf]) == TropicalPolynomial.zero()
    assert TropicalPolynomial.constant(-math.inf, 3) == TropicalPolynomial.zero(3)
    assert TropicalPolynomial.constant("-∞", 3).is_zero()


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_other_infinities_are_refused(bad: float) -> None:
    with pytest.raises(DomainError, match=r"coefficients\[0\] is (nan|inf)"):
        TropicalPolynomial([[1]], [bad])
    with pytest.raises(DomainError, match=r"exponents\[0, 0\] is (nan|inf)"):
        TropicalPolynomial([[bad]], [1])


def test_shapes_are_checked() -> None:
    with pytest.raises(ShapeError, match="1 rows of exponents for 2 coefficients"):
        TropicalPolynomial([[1, 2]], [1, 2])
    with pytest.raises(ShapeError, match="exponents have 2 columns, expected n = 3"):
        TropicalPolynomial([[1, 2]], [1], 3)
    with pytest.raises(ShapeError, match="in 0 variables"):
        TropicalPolynomial([], [], 0)
    with pytest.raises(ShapeError, match="variable 2 of 2"):
        TropicalPolynomial.variable(2, 2)


def test_floats_are_exact_and_texts_are_what_they_spell() -> None:
    p = TropicalPolynomial([[0.1]], ["0.1"])
    (term,) = p.terms()
    assert term.exponents == (Fraction(0.1),)
    assert term.coefficient == Fraction(1, 10)
    assert TropicalPolynomial(np.array([[0.1]]), np.array([0.5])) == TropicalPolynomial(
        [0.1], [0.5]
    )
    assert TropicalPolynomial(np.arange(3), [0, 0, 0]) == TropicalPolynomial([0, 1, 2], [0, 0, 0])


def test_it_is_immutable_and_pickles() -> None:
    p = TropicalPolynomial([[1], [2**80]], ["1/3", 0])
    with pytest.raises(AttributeError, match="TropicalPolynomial is immutable"):
        p.extra = 1
    with pytest.raises(ValueError, match="read-only"):
        p.float_exponents[0, 0] = 5
    assert pickle.loads(pickle.dumps(p)) == p
    with pytest.raises(TypeError, match="no truth value"):
        bool(p)


# ---- the semiring -------------------------------------------------------------------------------


@given(polynomials(2, huge=True), polynomials(2, huge=True), polynomials(2, most=3))
def test_semiring_laws_hold_formally(
    p: TropicalPolynomial, q: TropicalPolynomial, r: TropicalPolynomial
) -> None:
    zero, one = TropicalPolynomial.zero(2), TropicalPolynomial.one(2)
    assert p + q == q + p
    assert p * q == q * p
    assert (p + q) + r == p + (q + r)
    assert (p * q) * r == p * (q * r)
    assert p * (q + r) == p * q + p * r
    assert p + zero == p == p * one
    assert p * zero == zero
    assert p + p == p


@given(polynomials(2, huge=True), polynomials(2, huge=True), points(2))
def test_evaluation_is_a_homomorphism(p: TropicalPolynomial, q: TropicalPolynomial, x: Any) -> None:
    a, b = as_terms(p), as_terms(q)
    assert as_terms(p + q) == oracle.add(a, b)
    assert as_terms(p * q) == oracle.multiply(a, b)
    assert p(x) == oracle.value(a, x)
    assert (p + q)(x) == max(p(x), q(x))
    assert (p * q)(x) == p(x) + q(x)


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=40),
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=40),
)
def test_dense_products_agree_with_the_oracle(left: Any, right: Any) -> None:
    p = TropicalPolynomial(left, [-(i * i) % 17 for i in range(len(left))])
    q = TropicalPolynomial(right, [(7 * i) % 11 for i in range(len(right))])
    assert as_terms(p * q) == oracle.multiply(as_terms(p), as_terms(q))


@pytest.mark.parametrize("size", [2**61, 2**62 - 1, 2**62, 2**63 - 1, 2**63, 2**64 + 3, 10**400])
def test_products_do_not_overflow(size: int) -> None:
    p = TropicalPolynomial([[size, -size], [-size, size], [0, 1]], [size, -size, 1])
    square = p * p
    assert as_terms(square) == oracle.multiply(as_terms(p), as_terms(p))
    assert as_terms(p + square) == oracle.add(as_terms(p), as_terms(square))
    assert (p * p) * (p * p) == square**2


@given(polynomials(2, most=3), st.integers(0, 4), points(2))
def test_formal_and_functional_powers(p: TropicalPolynomial, n: int, x: Any) -> None:
    product = TropicalPolynomial.one(2)
    for _ in range(n):
        product = product * p
    assert p**n == product
    if not p.is_zero():
        assert (p**n)(x) == p.power(n)(x) == n * p(x)
        assert (p**n).equals(p.power(n))
        assert p.power(n).k == (p.k if n else 1)


def test_powers_that_do_not_exist() -> None:
    x = TropicalPolynomial.variable(0)
    assert x**-2 == TropicalPolynomial([[-2]], [0])
    assert (3 * x) ** "1/2" == TropicalPolynomial([["1/2"]], ["3/2"])
    with pytest.raises(DomainError, match=r"the formal power 1/2 of a polynomial of 2 terms"):
        (x + 1) ** "1/2"
    with pytest.raises(DomainError, match="to the power -1 is not a polynomial; use 1 / p"):
        (x + 1).power(-1)
    with pytest.raises(DomainError, match="power -1"):
        TropicalPolynomial.zero(1).power(-1)


def test_sizes_are_predicted_before_work() -> None:
    p = TropicalPolynomial(range(4000), [0] * 4000)
    with pytest.raises(BudgetExceeded, match=r"a product of 4000 by 4000 terms: predicted 1\.6e"):
        p * p
    assert p.mul(p, max_terms=10**8).k == 7999
    with pytest.raises(BudgetExceeded, match=r"power 90 of 40 terms.*use p\.power"):
        TropicalPolynomial(range(40), [0] * 40) ** 90
    with pytest.raises(BudgetExceeded, match="a sum of 4000 and 1 terms"):
        p.add(1, max_terms=4000)


@pytest.mark.parametrize(
    "two", [2, 2.0, Fraction(2), "2", np.float64(2), np.int64(2), np.array(2.0), np.float32(2)]
)
def test_numbers_mix_in_from_both_sides(two: Any) -> None:
    x = TropicalPolynomial.variable(0)
    assert two * x == x * two == TropicalPolynomial([[1]], [2])
    assert two + x == x + two == TropicalPolynomial([[0], [1]], [2, 0])
    assert (x / two)(5) == 3
    assert (two / x)(5) == -3


def test_minus_infinity_mixes_in() -> None:
    x = TropicalPolynomial.variable(0)
    assert x + -math.inf == x
    assert (x * -math.inf).is_zero()
    with pytest.raises(DomainError, match="division by the tropical zero"):
        x / -math.inf


def test_other_things_do_not_mix_in() -> None:
    x = TropicalPolynomial.variable(0)
    for other in ([1], None, True, object()):
        with pytest.raises(TypeError):
            x + other
    with pytest.raises(ShapeError, match="polynomials in 1 and in 2 variables do not mix"):
        x + TropicalPolynomial.variable(0, 2)
    with pytest.raises(DomainError, match="a list is not a number or a function"):
        x.add([1])
    with pytest.raises(DomainError, match="is the text 'two', not a finite number"):
        x * "two"


def test_sum_of_is_the_sum() -> None:
    x, y = TropicalPolynomial.variables(2)
    assert TropicalPolynomial.sum_of([x, y, x * y]) == x + y + x * y
    with pytest.raises(ShapeError, match="give at least one"):
        TropicalPolynomial.sum_of([])


# ---- values -------------------------------------------------------------------------------------


@given(polynomials(2, least=1), st.lists(st.tuples(nasty_floats(), nasty_floats()), min_size=1))
def test_float_values_stay_within_their_bound(p: TropicalPolynomial, rows: Any) -> None:
    batch = np.array(rows, dtype=np.float64)
    for value, exact, row in zip(p.evaluate(batch), p.exact(batch), rows, strict=True):
        size = max(
            abs(t.coefficient)
            + sum(abs(a) * abs(Fraction(x)) for a, x in zip(t.exponents, row, strict=True))
            for t in p.terms()
        )
        bound = 5 * size * Fraction(1, 2**53) + Fraction(1, 2**1070)
        if math.isfinite(value):
            assert abs(Fraction(float(value)) - exact) <= bound
        else:
            assert abs(exact) >= Fraction(2) ** 1023
            assert (value > 0) == (exact > 0)


def test_overflow_is_settled_exactly() -> None:
    p = TropicalPolynomial([[2, -2], [-2, 2]], [0, 0])
    assert p.evaluate(np.array([[1e308, 1e308]])).tolist() == [0.0]
    assert TropicalPolynomial([["1e400"]], [0]).evaluate([[1e-300]]).tolist() == [1e100]


def test_calls_return_what_they_are_given() -> None:
    p = TropicalPolynomial([[1, 0], [0, 1]], [1, "1/3"])
    assert p(1, 2) == p([1, 2]) == p((Fraction(1), "2")) == Fraction(7, 3)
    assert isinstance(p(1, 2), Fraction)
    assert isinstance(p(1, 2.0), float)
    assert p(np.array([1.0, 2.0])) == pytest.approx(7 / 3)
    assert p(np.array([1, 2])) == pytest.approx(7 / 3)
    assert p(np.array([1, Fraction(2)], dtype=object)) == Fraction(7, 3)
    assert p([[1, 2], [0, 0]]) == [Fraction(7, 3), Fraction(1)]
    assert p(RationalMatrix.of([[1, 2]])) == [Fraction(7, 3)]
    assert p(np.zeros((0, 2))).shape == (0,)
    assert p.exact([]) == []
    assert TropicalPolynomial.variable(0)(np.float32(0.5)) == 0.5


def test_torch_tensors_are_read() -> None:
    torch = pytest.importorskip("torch")
    p = TropicalPolynomial([[1, 0], [0, 1]], [1, 0])
    assert p(torch.tensor([[1.0, 5.0]], requires_grad=True)).tolist() == [5.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1,), "the point has 1 coordinates, expected 2"),
        ((1, 2, 3), "called with 3 numbers, expected 2"),
        (([1, 2, 3],), "the point has 3 coordinates, expected 2"),
        ((np.zeros(3),), "the point has 3 coordinates, expected 2"),
        ((np.zeros((5, 3)),), r"points have shape \(5, 3\), expected \(batch, 2\)"),
        (([[1, 2, 3]],), "expected"),
        ((True,), "a bool is neither a point nor a batch"),
        (({0: 1},), "a dict is neither a point nor a batch"),
        ((None,), "a NoneType is neither"),
    ],
)
def test_wrong_shapes_are_refused(arguments: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        TropicalPolynomial.variable(0, 2)(*arguments)


def test_one_variable_and_a_flat_array() -> None:
    x = TropicalPolynomial.variable(0)
    assert x(np.array([3.0])) == 3.0
    with pytest.raises(ShapeError, match=r"reshape\(-1, 1\) makes a batch of it"):
        x(np.zeros(5))
    with pytest.raises(ShapeError, match=r"reshape\(-1, 1\)"):
        x.evaluate(np.zeros(5))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_points_are_finite(bad: float) -> None:
    x = TropicalPolynomial.variable(0, 2)
    with pytest.raises(DomainError, match=r"points\[0, 1\] is"):
        x.evaluate([[0.0, bad]])
    with pytest.raises(DomainError, match=r"points\[0, 1\] is"):
        x(0, bad)
    with pytest.raises(DomainError):
        x.exact([[0.0, bad]])


def test_the_zero_polynomial_is_minus_infinity() -> None:
    zero = TropicalPolynomial.zero(2)
    assert zero(1, 2) == -math.inf
    assert zero.evaluate(np.zeros((3, 2))).tolist() == [-math.inf] * 3
    assert zero.active_terms([0, 0]) == ()
    for act in (lambda: zero.degree, lambda: zero.gradient([[0, 0]])):
        with pytest.raises(DomainError, match="tropical zero polynomial"):
            act()


# ---- gradients ----------------------------------------------------------------------------------


@given(polynomials(2, least=1), st.lists(st.tuples(nasty_floats(), nasty_floats()), min_size=1))
def test_gradients_are_chosen_exactly(p: TropicalPolynomial, rows: Any) -> None:
    found = p.gradient(np.array(rows, dtype=np.float64))
    for row, slope in zip(rows, found, strict=True):
        exact = p.exact_gradient(row)
        assert slope.tolist() == [float(v) for v in exact]
        best = min(
            t.exponents
            for t in p.terms()
            if oracle.value({t.exponents: t.coefficient}, [Fraction(x) for x in row])
            == p.exact([row])[0]
        )
        assert exact == best


def test_float_evaluation_cannot_choose_the_wrong_gradient() -> None:
    # 0.1 + 0.2 > 0.3 in floats, equal forms as decimals, and truly above as stored
    p = TropicalPolynomial([[1, 0], [0, 1]], [0, 0])
    assert p.gradient([[0.1 + 0.2, 0.3]]).tolist() == [[1.0, 0.0]]
    close = TropicalPolynomial([[1], [1 + 2.0**-52]], [0, 0])
    assert close.gradient([[2.0**-1074]]).tolist() == [[1 + 2.0**-52]]
    tiny = TropicalPolynomial([[1], ["1e-400"]], [0, 1])
    assert tiny.exact_gradient(0) == (Fraction(1, 10**400),)
    lost = TropicalPolynomial([[0], ["1e-400"]], [0, 0])
    assert lost.active_terms("1e300") == (1,)
    assert lost.gradient([[1.0]]).tolist() == [[0.0]]
    assert lost.exact_gradient(1) == (Fraction(1, 10**400),)


def test_ties_are_stated() -> None:
    p = TropicalPolynomial([[0], [1]], [3, 0])
    assert p.active_terms(3) == (0, 1)
    with pytest.raises(DomainError, match="terms 0 and 1 tie at the point"):
        p.exact_gradient(3, ties="refuse")
    with pytest.raises(DomainError, match="tie"):
        p.gradient([[2.0], [3.0]], ties="refuse")
    assert p.gradient([[2.0], [4.0]], ties="refuse").tolist() == [[0.0], [1.0]]


def test_degree_and_support() -> None:
    x, y = TropicalPolynomial.variables(2)
    p = x**2 * y + y ** "1/2" + 1
    assert p.degree == 3
    rows = [(2, 1), (0, "1/2"), (0, 0)]
    assert p.support == {as_fractions(row) for row in rows}


@given(polynomials(2), st.lists(points(2), min_size=1, max_size=4))
def test_essential_terms_keep_the_function(p: TropicalPolynomial, where: Any) -> None:
    small = p.essential()
    assert small.k <= p.k
    assert [small(x) for x in where] == [p(x) for x in where]
    assert small.essential() == small


@given(polynomials(2, huge=True))
def test_min_plus_goes_in_and_out(p: TropicalPolynomial) -> None:
    exponents, coefficients = p.to_min_plus()
    values = [row[0] for row in coefficients.to_fractions()]
    assert TropicalPolynomial.from_min_plus(exponents, values, 2) == p


def test_the_zero_of_min_plus_is_plus_infinity() -> None:
    assert TropicalPolynomial.from_min_plus([[1], [2]], [math.inf, 1]).k == 1
    with pytest.raises(DomainError):
        TropicalPolynomial.from_min_plus([[1]], [-math.inf])


def test_matrices_in_and_out() -> None:
    p = TropicalPolynomial([[1, 2], [3, "1/7"]], [5, 6])
    assert TropicalPolynomial.from_arrays(p.exponents, p.coefficients) == p
    assert TropicalPolynomial(p.exponents, p.coefficients) == p
    with pytest.raises(ShapeError, match=r"expected \(2, 1\)"):
        TropicalPolynomial.from_arrays(p.exponents, p.coefficients.T)
