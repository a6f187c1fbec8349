"""Linear programs in rational arithmetic, each answer with the certificate that proves it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from tropnet.errors import CertificateError, DomainError, ShapeError
from tropnet.exact.matrix import RationalMatrix
from tropnet.exact.simplex import Tableau

#: From this many variables on, a float solver's basis pays for itself; below, the exact simplex is
#: done before it has started (tests/bench/bench_linear_program.py).
_WORTH_A_FLOAT_START = 8


@dataclass(frozen=True, slots=True)
class Optimal:
    """The maximum is attained.

    Args:
        value: the maximum.
        point: `(1, n)`, where it is attained.
        multipliers: `(1, r)`, λ ≥ 0 with λA = c and λb = value, so that no feasible x does better.
    """

    value: Fraction
    point: RationalMatrix
    multipliers: RationalMatrix

    def check(self, objective: RationalMatrix, a: RationalMatrix, b: RationalMatrix) -> None:
        """Replay the certificate in exact arithmetic.

        Raises:
            CertificateError: a condition fails; the message names it.
        """
        _require(_satisfies(self.point, a, b), "the optimal point breaks an inequality")
        _require(bool((self.multipliers.signs() >= 0).all()), "a multiplier is negative")
        _require(self.multipliers @ a == objective, "the multipliers do not add up to c")
        _require((objective @ self.point.T)[0, 0] == self.value, "the point has another value")
        _require((self.multipliers @ b)[0, 0] == self.value, "the multipliers give another value")


@dataclass(frozen=True, slots=True)
class Infeasible:
    """No point satisfies the inequalities.

    Args:
        multipliers: `(1, r)`, λ ≥ 0 with λA = 0 and λb < 0 (Farkas).
    """

    multipliers: RationalMatrix

    def check(self, objective: RationalMatrix, a: RationalMatrix, b: RationalMatrix) -> None:
        """Replay the certificate in exact arithmetic.

        Raises:
            CertificateError: a condition fails; the message names it.
        """
        _require(bool((self.multipliers.signs() >= 0).all()), "a multiplier is negative")
        _require((self.multipliers @ a).is_zero(), "the multipliers do not cancel A")
        _require((self.multipliers @ b)[0, 0] < 0, "the multipliers do not make b negative")


@dataclass(frozen=True, slots=True)
class Unbounded:
    """The objective grows without bound.

    Args:
        point: `(1, n)`, a feasible point.
        ray: `(1, n)`, a direction y with Ay ≤ 0 and cy > 0.
    """

    point: RationalMatrix
    ray: RationalMatrix

    def check(self, objective: RationalMatrix, a: RationalMatrix, b: RationalMatrix) -> None:
        """Replay the certificate in exact arithmetic.

        Raises:
            CertificateError: a condition fails; the message names it.
        """
        _require(_satisfies(self.point, a, b), "the feasible point breaks an inequality")
        origin = RationalMatrix.zeros(a.shape[0], 1)
        _require(_satisfies(self.ray, a, origin), "the ray leaves the polyhedron")
        _require((objective @ self.ray.T)[0, 0] > 0, "the objective does not grow along the ray")


LinearProgramResult: TypeAlias = Optimal | Infeasible | Unbounded


@dataclass(frozen=True, slots=True)
class InteriorPoint:
    """A point of the relative interior of {x : A x ≤ b}.

    Args:
        point: `(1, n)`; it satisfies strictly every inequality that some feasible point does.
        equalities: indices of the inequalities with A_r ≠ 0 that hold with equality everywhere.
    """

    point: RationalMatrix
    equalities: tuple[int, ...]

    @property
    def interior_is_empty(self) -> bool:
        """Whether the polyhedron is flat: nonempty, without interior points."""
        return bool(self.equalities)


def maximize(
    objective: RationalMatrix,
    a: RationalMatrix,
    b: RationalMatrix,
    *,
    start: Sequence[int] | None = None,
    watch: Callable[[], None] | None = None,
) -> LinearProgramResult:
    """Maximise c·x over {x ∈ R^n : A x ≤ b} in rational arithmetic.

    Floats may propose a basis; an exact dual simplex (Bland's rule once a step stalls, so that it
    ends) starts there and decides. The certificate is checked exactly before it is returned.

    Args:
        objective: c, `(1, n)`.
        a: A, `(r, n)`.
        b: `(r, 1)`.
        start: indices of rows believed to be active at the optimum; a wrong guess only costs time.
        watch: called before each pivot; what it raises ends the search.

    Returns:
        `Optimal`, `Infeasible` or `Unbounded`, each with its certificate.

    Raises:
        ShapeError: the shapes do not fit.

    Cost: per pivot one exact inverse of n x n and one product A·x; 20–60 pivots are usual.

    Example:
        >>> from tropnet.exact import RationalMatrix
        >>> from tropnet.exact.linear_program import maximize
        >>> box = RationalMatrix.of([[1, 0], [0, 1], [-1, 0], [0, -1]])
        >>> sides = RationalMatrix.of([["1/3"], [1], [0], [0]])
        >>> best = maximize(RationalMatrix.of([[1, 2]]), box, sides)
        >>> best.value
        Fraction(7, 3)
    """
    _check_shapes(a, b)
    if objective.shape != (1, a.shape[1]):
        raise ShapeError(
            f"the objective has shape {objective.shape}, A has {a.shape[1]} columns; give (1, n)"
        )
    if start is None and a.shape[1] >= _WORTH_A_FLOAT_START and len(a) > 2 * a.shape[1]:
        start = _propose(objective, a, b)
    result = _solve(objective, a, b, start or (), watch)
    result.check(objective, a, b)
    return result


def interior_point(
    a: RationalMatrix, b: RationalMatrix, *, watch: Callable[[], None] | None = None
) -> InteriorPoint | None:
    """Return an exact point of the relative interior of {x : A x ≤ b}, or None when it is empty.

    Args:
        a: `(r, n)`.
        b: `(r, 1)`.
        watch: called before each pivot; what it raises ends the search.

    Returns:
        The point and the inequalities that hold with equality throughout, or None.

    Raises:
        ShapeError: the shapes do not fit.

    Cost: one linear program in n + 1 variables where there is an interior, else at most one for
    each dimension that is missing, and one more.

    Example:
        >>> from tropnet.exact import RationalMatrix
        >>> from tropnet.exact.linear_program import interior_point
        >>> segment = RationalMatrix.of([[1, 0], [-1, 0], [0, 1], [0, -1]])
        >>> found = interior_point(segment, RationalMatrix.of([[3], [-3], [1], [0]]))
        >>> found.point, found.interior_is_empty
        (RationalMatrix([['3', '1/2']]), True)
    """
    _check_shapes(a, b)
    rows, columns = a.shape
    norms = [sum((abs(v) for v in row), Fraction(0)) for row in a]
    if any(norms[row] == 0 and b[row, 0] < 0 for row in range(rows)):
        return None
    loose = [row for row in range(rows) if norms[row]]
    tight: list[int] = []
    sides_of = RationalMatrix.stack_columns([a, b])
    cap = RationalMatrix.of([[0] * columns + [1]])
    while True:
        # maximise t with A x + t·norm ≤ b on loose rows, A x = b on tight ones, t ≤ 1
        order = loose + tight
        slack = [norms[row] for row in loose] + [Fraction(0)] * (2 * len(tight)) + [Fraction(1)]
        sides = [sides_of.rows(order), -sides_of.rows(tight), cap]
        joint = RationalMatrix.stack_rows(part for part in sides if len(part))
        left = joint.columns(range(columns))
        program = RationalMatrix.stack_columns([left, RationalMatrix.of([[v] for v in slack])])
        best = maximize(cap, program, joint.columns([columns]), watch=watch)
        if not isinstance(best, Optimal) or best.value < 0:
            return None
        if best.value > 0:
            return InteriorPoint(best.point.columns(range(columns)).reduced(), tuple(sorted(tight)))
        # t = 0 is optimal everywhere, so rows with a positive multiplier never have slack
        weights = best.multipliers.signs()[0]
        bound = [row for position, row in enumerate(loose) if weights[position] > 0]
        tight += bound
        loose = [row for row in loose if row not in set(bound)]


def _solve(
    objective: RationalMatrix,
    a: RationalMatrix,
    b: RationalMatrix,
    start: Sequence[int],
    watch: Callable[[], None] | None,
) -> LinearProgramResult:
    tableau = Tableau(a, b, watch)
    tableau.begin(objective)
    if not tableau.warm(start) and not tableau.reach_dual_feasibility():
        ray = tableau.point().reduced()
        found = _solve(RationalMatrix.zeros(1, a.shape[1]), a, b, (), watch)
        return Unbounded(found.point, ray) if isinstance(found, Optimal) else found
    if not tableau.reach_primal_feasibility():
        return Infeasible(tableau.farkas().reduced())
    point = tableau.point().reduced()
    return Optimal((objective @ point.T)[0, 0], point, tableau.multipliers().reduced())


def _propose(objective: RationalMatrix, a: RationalMatrix, b: RationalMatrix) -> list[int]:
    """Ask HiGHS which rows are active with a positive multiplier; the answer is only a hint."""
    from scipy.optimize import linprog

    rows, top = RationalMatrix.stack_columns([a, b]).to_floats(), objective.to_floats()[0]
    if not (np.isfinite(rows).all() and np.isfinite(top).all()):
        return []
    # each row over its own size, so that rows of 1e300 and of 1e-300 look alike
    sizes = np.abs(rows[:, :-1]).max(axis=1, keepdims=True)
    with np.errstate(over="ignore"):
        scaled = rows / np.where(sizes > 0, sizes, 1.0)
    if not np.isfinite(scaled).all():
        return []
    cost = -top / (np.abs(top).max() or 1.0)
    answer = linprog(
        cost, A_ub=scaled[:, :-1], b_ub=scaled[:, -1], bounds=(None, None), method="highs-ds"
    )
    if answer.status != 0:
        return []
    marginals = -np.asarray(answer.ineqlin.marginals)
    active = np.flatnonzero(np.asarray(answer.ineqlin.residual) <= 1e-7)
    return [int(row) for row in active[np.argsort(-marginals[active], kind="stable")]]


def _satisfies(point: RationalMatrix, a: RationalMatrix, b: RationalMatrix) -> bool:
    return bool(((b - a @ point.T).signs() >= 0).all())


def _require(condition: bool, failure: str) -> None:
    if not condition:
        raise CertificateError(f"linear program certificate: {failure}")


def _check_shapes(a: RationalMatrix, b: RationalMatrix) -> None:
    if b.shape != (a.shape[0], 1):
        raise ShapeError(f"b has shape {b.shape}, A has {a.shape[0]} rows; give (r, 1)")
    if a.shape[1] == 0:
        raise DomainError("a linear program in zero variables; give at least one column")


__all__ = [
    "Infeasible",
    "InteriorPoint",
    "LinearProgramResult",
    "Optimal",
    "Unbounded",
    "interior_point",
    "maximize",
]
