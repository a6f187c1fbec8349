"""The exact linear program: certificates that cannot lie, and answers that agree with others."""

from __future__ import annotations

import dataclasses
import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tropnet.errors import CertificateError, DomainError, ShapeError
from tropnet.exact import RationalMatrix
from tropnet.exact import linear_program as module
from tropnet.exact.linear_program import (
    Infeasible,
    LinearProgramResult,
    Optimal,
    Unbounded,
    interior_point,
    maximize,
)


def column(values: list[object]) -> RationalMatrix:
    return RationalMatrix.of([[v] for v in values]) if values else RationalMatrix.zeros(0, 1)


def program(
    c: list[int], a: list[list[int]], b: list[int]
) -> tuple[RationalMatrix, RationalMatrix, RationalMatrix]:
    rows = RationalMatrix.of(a) if a else RationalMatrix.zeros(0, len(c))
    return RationalMatrix.of([c]), rows, column(list(b))


@st.composite
def degenerate_programs(
    draw: st.DrawFn,
) -> tuple[RationalMatrix, RationalMatrix, RationalMatrix]:
    """Small integers only, so that ties, repeated, empty and parallel rows are the rule."""
    n = draw(st.integers(1, 3))
    r = draw(st.integers(0, 7))
    small = st.integers(-2, 2)
    a = draw(st.lists(st.lists(small, min_size=n, max_size=n), min_size=r, max_size=r))
    b = draw(st.lists(small, min_size=r, max_size=r))
    return program(draw(st.lists(small, min_size=n, max_size=n)), a, b)


def vertices(a: RationalMatrix, b: RationalMatrix) -> list[RationalMatrix]:
    """Every vertex, the slow way: solve each choice of n rows, keep what is feasible."""
    found = []
    for rows in itertools.combinations(range(len(a)), a.shape[1]):
        chosen = a.rows(rows)
        if chosen.rank() < a.shape[1]:
            continue
        point = chosen.solve(b.rows(rows))
        assert point is not None
        if ((b - a @ point).signs() >= 0).all():
            found.append(point)
    return found


# ---- traps: certificates that must not pass ------------------------------------------------------


def test_a_false_optimum_is_refused() -> None:
    c, a, b = program([1, 1], [[1, 0], [0, 1], [-1, -1]], [1, 1, 0])
    best = maximize(c, a, b)
    assert isinstance(best, Optimal)
    wrong = [
        dataclasses.replace(best, value=best.value + Fraction(1, 10**30)),
        dataclasses.replace(best, point=RationalMatrix.of([[1, "0.999999999999999999"]])),
        dataclasses.replace(best, point=RationalMatrix.of([["1.000000000000000001", 1]])),
        dataclasses.replace(best, multipliers=RationalMatrix.of([[2, 2, 1]])),
        dataclasses.replace(best, multipliers=RationalMatrix.of([[1, 1, 1]])),
        dataclasses.replace(best, multipliers=RationalMatrix.of([[0, 0, -1]])),
    ]
    for claim in wrong:
        with pytest.raises(CertificateError, match="linear program certificate"):
            claim.check(c, a, b)


def test_a_false_proof_of_emptiness_is_refused() -> None:
    c, a, b = program([0], [[1], [-1]], [1, -1])
    for weights in ([1, 1], [1, 0], [-1, -1], [0, 0]):
        with pytest.raises(CertificateError):
            Infeasible(RationalMatrix.of([weights])).check(c, a, b)


def test_a_false_ray_is_refused() -> None:
    c, a, b = program([1, 0], [[0, 1], [0, -1]], [1, 0])
    result = maximize(c, a, b)
    assert isinstance(result, Unbounded)
    for ray in ([0, 0], [-1, 0], [1, 1]):
        with pytest.raises(CertificateError):
            dataclasses.replace(result, ray=RationalMatrix.of([ray])).check(c, a, b)
    with pytest.raises(CertificateError):
        dataclasses.replace(result, point=RationalMatrix.of([[0, 2]])).check(c, a, b)


def test_a_float_solver_that_lies_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    a = RationalMatrix.of(rng.integers(-3, 4, (30, 9)))
    b = RationalMatrix.of(rng.integers(1, 4, (30, 1)))
    c = RationalMatrix.of(rng.integers(-3, 4, (1, 9)))
    honest = maximize(c, a, b)
    assert isinstance(honest, Optimal)
    for lie in ([], list(range(9)), [0, 0, 1], list(range(29, -1, -1))):
        monkeypatch.setattr(module, "_propose", lambda *_, lie=lie: lie)
        answer = maximize(c, a, b)
        assert isinstance(answer, Optimal)
        assert answer.value == honest.value


# ---- against slower and other solvers ------------------------------------------------------------


@settings(max_examples=300, deadline=None)
@given(degenerate_programs())
def test_agrees_with_enumerated_vertices(
    case: tuple[RationalMatrix, RationalMatrix, RationalMatrix],
) -> None:
    c, a, b = case
    n = a.shape[1]
    # a box of 10^4 is beyond every vertex of such small integers, and makes all programs bounded
    box = RationalMatrix.stack_rows([RationalMatrix.identity(n), -RationalMatrix.identity(n)])
    boxed = RationalMatrix.stack_rows([a, box] if len(a) else [box])
    sides = RationalMatrix.stack_rows(
        [b, column([10**4] * (2 * n))] if len(a) else [column([10**4] * (2 * n))]
    )
    found = vertices(boxed, sides)
    result: LinearProgramResult = maximize(c, a, b)
    if not found:
        assert isinstance(result, Infeasible)
        return
    best = max((c @ point)[0, 0] for point in found)
    if isinstance(result, Optimal):
        assert result.value == best
    else:
        assert isinstance(result, Unbounded)
        assert best > 10**3


@settings(max_examples=200, deadline=None)
@given(degenerate_programs())
def test_agrees_with_highs(
    case: tuple[RationalMatrix, RationalMatrix, RationalMatrix],
) -> None:
    from scipy.optimize import linprog

    c, a, b = case
    answer = linprog(
        -c.to_floats()[0],
        A_ub=a.to_floats(),
        b_ub=b.to_floats()[:, 0],
        bounds=(None, None),
        method="highs",
        options={"presolve": False},
    )
    result = maximize(c, a, b)
    if answer.status == 0:
        assert isinstance(result, Optimal)
        assert answer.fun is not None
        assert float(result.value) == pytest.approx(-float(answer.fun), abs=1e-7)
    elif answer.status == 2:
        assert not isinstance(result, Optimal)
    elif answer.status == 3:
        assert isinstance(result, Unbounded)


@settings(max_examples=200, deadline=None)
@given(degenerate_programs())
def test_interior_point_is_inside_or_there_is_none(
    case: tuple[RationalMatrix, RationalMatrix, RationalMatrix],
) -> None:
    c, a, b = case
    found = interior_point(a, b)
    feasible = maximize(RationalMatrix.zeros(*c.shape), a, b)
    if found is None:
        assert isinstance(feasible, Infeasible)
        return
    slack = (b - a @ found.point.T).signs()[:, 0]
    for row in range(len(a)):
        nonzero = not a.rows([row]).is_zero()
        assert slack[row] == (0 if row in found.equalities else 1) or not nonzero
        if row in found.equalities:
            low = maximize(-a.rows([row]), a, b)
            assert isinstance(low, Optimal)
            assert -low.value == b[row, 0]


@pytest.mark.parametrize("n", [8, 12])
def test_many_variables_through_the_float_start(n: int) -> None:
    rng = np.random.default_rng(n)
    a = RationalMatrix.of(rng.normal(size=(80, n)))
    b = RationalMatrix.of(rng.uniform(0.5, 1.5, size=(80, 1)))
    c = RationalMatrix.of(rng.normal(size=(1, n)))
    started, cold = maximize(c, a, b), maximize(c, a, b, start=[0])
    assert isinstance(started, Optimal)
    assert isinstance(cold, Optimal)
    assert started.value == cold.value


# ---- named cases ---------------------------------------------------------------------------------


def test_zero_width_box() -> None:
    a = RationalMatrix.of([[1, 0], [-1, 0], [0, 1], [0, -1]])
    b = column([0.1, -0.1, "1/3", "-1/3"])
    best = maximize(RationalMatrix.of([[3, -1]]), a, b)
    assert isinstance(best, Optimal)
    assert best.value == 3 * Fraction(0.1) - Fraction(1, 3)
    found = interior_point(a, b)
    assert found is not None
    assert found.equalities == (0, 1, 2, 3)
    # one part in 10^300 narrower, and nothing is left
    narrow = column([Fraction(0.1) - Fraction(1, 10**300), -0.1, "1/3", "-1/3"])
    assert interior_point(a, narrow) is None


def test_huge_and_tiny_coefficients() -> None:
    a = RationalMatrix.of([[1e300, 0.0], [0.0, 1e-300], [-1e-300, 0.0], [0.0, -1e300]])
    b = column([1e-300, 1e300, 0.0, 0.0])
    best = maximize(RationalMatrix.of([[1.0, 1e-300]]), a, b)
    assert isinstance(best, Optimal)
    exact = Fraction(1e-300) / Fraction(1e300) + Fraction(1e-300) * Fraction(1e300) / Fraction(
        1e-300
    )
    assert best.value == exact
    assert interior_point(a, b) is not None
    nine = RationalMatrix.stack_columns([a, RationalMatrix.zeros(4, 7)])
    rows = RationalMatrix.stack_rows([nine] * 5)
    padded = maximize(
        RationalMatrix.of([[1.0, 1e-300] + [0.0] * 7]), rows, RationalMatrix.stack_rows([b] * 5)
    )
    assert isinstance(padded, Optimal)
    assert padded.value == exact


def test_cycling_example_ends() -> None:
    # Beale's program, on which the textbook rule cycles
    a = [["1/4", -60, "-1/25", 9], ["1/2", -90, "-1/50", 3], [0, 0, 1, 0]]
    a += [[-1 if i == j else 0 for j in range(4)] for i in range(4)]
    c = RationalMatrix.of([["3/4", -150, "1/50", -6]])
    best = maximize(c, RationalMatrix.of(a), column([0, 0, 1, 0, 0, 0, 0]))
    assert isinstance(best, Optimal)
    assert best.value == Fraction(1, 20)


@pytest.mark.parametrize(
    ("c", "a", "b", "kind"),
    [
        ([0], [], [], Optimal),
        ([1], [], [], Unbounded),
        ([1], [[0]], [0], Unbounded),
        ([1], [[0]], [-1], Infeasible),
        ([0, 0], [[1, 1], [-1, -1]], [0, -1], Infeasible),
        ([1, 1], [[1, 1]], [5], Optimal),
        ([1, 0], [[1, 1]], [5], Unbounded),
        ([1, 0], [[1, 1], [-1, -1]], [0, -1], Infeasible),
    ],
)
def test_small_cases(c: list[int], a: list[list[int]], b: list[int], kind: type) -> None:
    assert isinstance(maximize(*program(c, a, b)), kind)


def test_interior_of_everything_and_of_nothing() -> None:
    found = interior_point(RationalMatrix.zeros(0, 2), RationalMatrix.zeros(0, 1))
    assert found is not None
    assert not found.interior_is_empty
    assert interior_point(RationalMatrix.of([[0, 0]]), column([-1])) is None
    assert interior_point(RationalMatrix.of([[1], [-1]]), column([0, -1])) is None


def test_shapes_are_refused() -> None:
    a = RationalMatrix.of([[1, 0]])
    with pytest.raises(ShapeError, match=r"b has shape \(2, 1\), A has 1 rows"):
        maximize(RationalMatrix.of([[1, 1]]), a, column([1, 2]))
    with pytest.raises(ShapeError, match=r"the objective has shape \(1, 1\), A has 2 columns"):
        maximize(RationalMatrix.of([[1]]), a, column([1]))
    with pytest.raises(DomainError, match="zero variables"):
        interior_point(RationalMatrix.zeros(0, 0), RationalMatrix.zeros(0, 1))
