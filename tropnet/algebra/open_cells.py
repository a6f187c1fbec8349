"""Which choices of terms, one from each of several polynomials, win together on an open set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import flint
import numpy as np

from tropnet.algebra.cell_search import (
    ESSENTIAL,
    MAYBE_ESSENTIAL,
    REDUNDANT,
    UNDECIDED,
    scan_choices,
)
from tropnet.algebra.scaled_terms import ScaledTerms
from tropnet.errors import ShapeError
from tropnet.exact import RationalMatrix
from tropnet.exact.linear_program import Optimal, maximize

if TYPE_CHECKING:
    from tropnet.typing import BoolArray, FloatArray, IntArray

#: Pivots that the float search may take for one choice, and the largest margin it looks for.
_LIMITS: Final = np.array([300.0, 4.0])


def open_cells(
    polynomials: Sequence[RationalMatrix],
    choices: IntArray,
    *,
    pulse: Callable[[], None] | None = None,
) -> BoolArray:
    """Tell for each choice whether its terms are, somewhere, all strictly above their rivals.

    The terms of a product P ⊙ Q that are essential are the pairs of a term of P and a term of Q
    with this property: their cells overlap in an open set. Whatever positive factors the
    polynomials carry does not matter. Floats search; error bounds or integers decide.

    Args:
        polynomials: for each its terms, exponents and, last, the coefficient: `(k, n + 1)`.
        choices: `(batch, number of polynomials)`, indices of terms.
        pulse: called now and then; it may raise to end a long run.

    Returns:
        `(batch,)`.

    Raises:
        ShapeError: the polynomials live on different spaces, or there is none.

    Cost: 1–5 µs a choice for n ≤ 3 and a hundred terms; a near-tie adds about 100 µs.

    Example:
        >>> import numpy as np
        >>> from tropnet.algebra.open_cells import open_cells
        >>> from tropnet.exact import RationalMatrix
        >>> kink_at_zero = RationalMatrix.of([[0, 0], [1, 0]])
        >>> kink_at_one = RationalMatrix.of([[0, 0], [1, -1]])
        >>> pairs = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
        >>> open_cells([kink_at_zero, kink_at_one], pairs).tolist()
        [True, True, False, True]
    """
    if len({terms.shape[1] for terms in polynomials}) != 1:
        raise ShapeError("open cells need at least one polynomial, all in the same variables")
    if not len(choices):
        return np.zeros(0, dtype=np.bool_)
    return _Rivals(polynomials).decide(choices, pulse)


class _Rivals:
    """The terms of all polynomials, in floats for the search and as integers for the decision."""

    def __init__(self, polynomials: Sequence[RationalMatrix]) -> None:
        n = polynomials[0].shape[1] - 1
        self.polynomials, self.n = polynomials, n
        self.start = np.cumsum([0, *(len(terms) for terms in polynomials)])
        self.scaled = ScaledTerms.of(
            [(terms.columns(range(n)), terms.columns([n])) for terms in polynomials]
        )

    def decide(self, choices: IntArray, pulse: Callable[[], None] | None) -> BoolArray:
        status = np.full(len(choices), UNDECIDED)
        points, bases = np.zeros((len(choices), self.n)), np.full((len(choices), self.n + 1), -1)
        if self.scaled.usable:
            columns = choices + self.start[:-1]
            status, points, bases = scan_choices(
                self.scaled.a, self.scaled.b, self.start, columns, _LIMITS, pulse=pulse
            )
        decided = (status == ESSENTIAL) | (status == REDUNDANT)
        found: BoolArray = status == ESSENTIAL
        for i in np.flatnonzero(~decided).tolist():
            if pulse is not None:
                pulse()
            hopeful = status[i] == MAYBE_ESSENTIAL and bool(np.isfinite(points[i]).all())
            point = points[i] if hopeful else None
            found[i] = self._settle(choices[i].tolist(), point, bases[i].tolist())
        return found

    def _settle(self, choice: list[int], point: FloatArray | None, basis: list[int]) -> bool:
        if point is not None and self._wins(choice, self.scaled.point(point)):
            return True
        # a term is no rival of its own, whatever the search says
        own = {int(first) + chosen for first, chosen in zip(self.start, choice, strict=False)}
        rows = [j for j in basis if j >= 0 and j not in own]
        if point is None and rows and self._loses(choice, rows):
            return False
        return self._program(choice, rows)

    def _wins(self, choice: list[int], point: tuple[Fraction, ...]) -> bool:
        column = RationalMatrix.of([[v] for v in (*point, 1)])
        for terms, chosen in zip(self.polynomials, choice, strict=True):
            values = (terms @ column).numerators.entries()
            own = values[chosen]
            if sum(v >= own for v in values) != 1:
                return False
        return True

    def _row(self, choice: list[int], j: int) -> list[int]:
        """Return rival − chosen, times the denominator of their polynomial."""
        group = int(np.searchsorted(self.start, j, side="right")) - 1
        rows, rival = self._integers[group], j - int(self.start[group])
        return [a - b for a, b in zip(rows[rival], rows[choice[group]], strict=True)]

    @cached_property
    def _integers(self) -> list[list[list[int]]]:
        tables: list[Any] = [terms.numerators.tolist() for terms in self.polynomials]
        return [[[int(v) for v in row] for row in table] for table in tables]

    def _loses(self, choice: list[int], rivals: list[int]) -> bool:
        """Look for λ ≥ 0, Σλ = 1, with Σλ(rival − chosen) a constant ≥ 0: then no point wins."""
        rows, size = [self._row(choice, j) for j in rivals], self.n + 1
        flat: list[Any] = [row[k] for k in range(self.n) for row in rows] + [1] * len(rows)
        matrix: Any = flint.fmpz_mat(size, len(rows), flat)
        target = flint.fmpz_mat(size, 1, [0] * self.n + [1])
        if len(rows) == size:
            try:
                solved = matrix.solve(target).numer_denom()[0].entries()
            except ZeroDivisionError:
                return False
        else:
            weights = RationalMatrix(matrix).solve(RationalMatrix(target))
            if weights is None:
                return False
            solved = weights.numerators.entries()
        total = sum(w * row[-1] for w, row in zip(solved, rows, strict=True))
        return all(w >= 0 for w in solved) and bool(total >= 0)

    def _program(self, choice: list[int], start: list[int]) -> bool:
        """Decide by the exact program max t, (rival − chosen)(x, 1) + t ≤ 0, t ≤ 1."""
        parts, names = [], []
        for group, (terms, chosen) in enumerate(zip(self.polynomials, choice, strict=True)):
            others = [j for j in range(len(terms)) if j != chosen]
            if others:
                parts.append(terms.rows(others) - terms.rows([chosen]))
                names += [int(self.start[group]) + j for j in others]
        rows = RationalMatrix.stack_rows([*parts, RationalMatrix.zeros(1, self.n + 1)])
        ones = RationalMatrix.of([[1]] * len(rows))
        left = RationalMatrix.stack_columns([rows.columns(range(self.n)), ones])
        right = -rows.columns([self.n]) + RationalMatrix.of([[0]] * len(names) + [[1]])
        place = {name: k for k, name in enumerate(names)}
        hints = [place[j] for j in start if j in place]
        best = maximize(RationalMatrix.of([[0] * self.n + [1]]), left, right, start=hints or None)
        # t may be as low as it likes and is capped, so that there is an optimum
        assert isinstance(best, Optimal)
        return best.value > 0
