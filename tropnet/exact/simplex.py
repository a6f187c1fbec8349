"""The exact dual simplex behind `maximize`: integers only, and always an end."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, final

import flint

from tropnet.exact.matrix import RationalMatrix


@final
class Tableau:
    """A basis of n rows of `A x ≤ b`, moved until it is optimal.

    The basis starts with n artificial rows x_k = 0, numbered −1 … −n, which carry the rank that A
    may lack. The point solves the basis rows as equations; the multipliers λ express the objective
    in them. Everything is held as integers over a common denominator: A and b share one factor, the
    objective has its own, the basis inverse its determinant.

    Args:
        a: `(r, n)`.
        b: `(r, 1)`.
        watch: called before each pivot; what it raises ends the search.

    Source: dual simplex method; Bland, "New finite pivoting rules for the simplex method" (1977).
    """

    __slots__ = (
        "_artificial",
        "_basis",
        "_cost",
        "_cost_scale",
        "_determinant",
        "_entering",
        "_inverse",
        "_point",
        "_rhs",
        "_row_scale",
        "_rows",
        "_signs",
        "_size",
        "_watch",
    )

    def __init__(
        self, a: RationalMatrix, b: RationalMatrix, watch: Callable[[], None] | None = None
    ) -> None:
        self._watch = watch
        scale = math.lcm(a.denominator, b.denominator)
        self._row_scale = scale
        self._rows: flint.fmpz_mat = a.over(scale)
        self._rhs: flint.fmpz_mat = b.over(scale)
        self._size: int = a.shape[1]
        self._entering: tuple[int, list[int]] | None = None

    def begin(self, objective: RationalMatrix) -> None:
        """Set the objective and take the basis of artificial rows ±e_k, whose λ is |c| ≥ 0."""
        n = self._size
        self._cost = objective.numerators
        self._cost_scale = objective.denominator
        self._signs = [1 if v >= 0 else -1 for v in self._cost.entries()]
        self._artificial = [0] * n
        self._basis = [-k - 1 for k in range(n)]
        self._factor()

    def warm(self, start: Sequence[int]) -> bool:
        """Try a basis of these rows; keep it only where its multipliers are not negative.

        Rows that depend on earlier ones are left out, missing ones are made up by artificial rows.
        """
        if not start:
            return False
        chosen = self._independent(start)
        before = self._basis
        self._basis = chosen
        self._factor()
        weights = self._weights()
        artificial = [v for row, v in zip(self._basis, weights, strict=True) if row < 0]
        if min(weights) >= 0 and not any(artificial):
            return True
        self._basis = before
        self._factor()
        return False

    def reach_dual_feasibility(self) -> bool:
        """Find λ ≥ 0 with λA = c; where there is none, `point` is a ray that proves it.

        This is the program max c·y, A y ≤ 0, |y_k| ≤ 1: its value is what artificial rows carry.
        """
        if not any(self._cost.entries()):
            return True
        self._artificial = [1] * self._size
        self._pivot_until_feasible(flint.fmpz_mat(self._rows.nrows(), 1), keep_artificial=True)
        weights = self._weights()
        carried = any(v for row, v in zip(self._basis, weights, strict=True) if row < 0)
        if carried:
            return False
        self._artificial = [0] * self._size
        return True

    def reach_primal_feasibility(self) -> bool:
        """Pivot until the basis point satisfies A x ≤ b; False where `farkas` proves none does."""
        return self._pivot_until_feasible(self._rhs, keep_artificial=False)

    def point(self) -> RationalMatrix:
        """Return the basis point, `(1, n)`."""
        return RationalMatrix(self._point.transpose(), self._determinant)

    def multipliers(self) -> RationalMatrix:
        """Return λ, `(1, r)`, with λA = c where no artificial row carries any."""
        return self._spread(self._basis, self._weights(), self._determinant * self._cost_scale)

    def farkas(self) -> RationalMatrix:
        """Return λ ≥ 0 with λA = 0, λb < 0, once `reach_primal_feasibility` has failed."""
        assert self._entering is not None
        row, direction = self._entering
        rows = [row, *self._basis]
        weights = [self._determinant, *(-v for v in direction)]
        return self._spread(rows, weights, self._determinant)

    # ---- the pivots ---------------------------------------------------------------------------

    def _pivot_until_feasible(self, rhs: flint.fmpz_mat, keep_artificial: bool) -> bool:
        stalled = 0
        while True:
            if self._watch is not None:
                self._watch()
            # Bland's rule ends every run of steps that leave the objective where it is
            entering = self._violated(rhs, smallest_index=stalled > 4 * self._size)
            if entering is None:
                return True
            direction = self._combination(self._row(entering))
            leaving = self._leaving(direction, keep_artificial)
            if leaving is None:
                self._entering = (entering, direction)
                return False
            stalled = 0 if self._weights()[leaving] else stalled + 1
            self._basis[leaving] = entering
            self._factor()

    def _violated(self, rhs: flint.fmpz_mat, smallest_index: bool) -> int | None:
        basis_rhs = [rhs[row, 0] if row >= 0 else self._artificial[-row - 1] for row in self._basis]
        point: flint.fmpz_mat = self._inverse * flint.fmpz_mat(self._size, 1, basis_rhs)
        self._point = point
        if not self._rows.nrows():
            return None
        excess = (self._rows * point - rhs * self._determinant).entries()
        if smallest_index:
            return next((row for row, v in enumerate(excess) if v > 0), None)
        worst = max(excess)
        return excess.index(worst) if worst > 0 else None

    def _leaving(self, direction: list[int], keep_artificial: bool) -> int | None:
        if not keep_artificial:
            for position, row in enumerate(self._basis):
                if row < 0 and direction[position] != 0:
                    return position
        weights, best = self._weights(), None
        for position, step in enumerate(direction):
            if step <= 0:
                continue
            if best is None:
                best = position
                continue
            left, right = weights[position] * direction[best], weights[best] * step
            if left < right or (left == right and self._basis[position] < self._basis[best]):
                best = position
        return best

    # ---- the algebra of one basis -------------------------------------------------------------

    def _row(self, row: int) -> list[Any]:
        if row >= 0:
            return [self._rows[row, k] for k in range(self._size)]
        return [self._signs[k] if k == -row - 1 else 0 for k in range(self._size)]

    def _factor(self) -> None:
        entries = [v for row in self._basis for v in self._row(row)]
        basis: Any = flint.fmpz_mat(self._size, self._size, entries)
        inverse, determinant = basis.inv().numer_denom()
        self._inverse: flint.fmpz_mat = inverse
        self._determinant: int = int(determinant)

    def _weights(self) -> list[int]:
        """λ of the basis rows, times determinant and cost scale."""
        return [int(v) for v in (self._cost * self._inverse).entries()]

    def _combination(self, row: list[Any]) -> list[int]:
        product = flint.fmpz_mat(1, self._size, row) * self._inverse
        return [int(v) for v in product.entries()]

    def _independent(self, start: Sequence[int]) -> list[int]:
        columns = [self._row(row) for row in start] + [self._row(-k - 1) for k in range(self._size)]
        names = [*start, *(-k - 1 for k in range(self._size))]
        flat = [v for column in columns for v in column]
        echelon, _, rank = flint.fmpz_mat(len(columns), self._size, flat).transpose().rref()
        table = echelon.tolist()[:rank]
        return [names[next(j for j, v in enumerate(row) if v != 0)] for row in table]

    def _spread(self, rows: Sequence[int], weights: Sequence[int], scale: int) -> RationalMatrix:
        spread = flint.fmpz_mat(1, self._rows.nrows())
        for row, weight in zip(rows, weights, strict=True):
            if row >= 0:
                spread[0, row] += weight * self._row_scale
        return RationalMatrix(spread, scale)
