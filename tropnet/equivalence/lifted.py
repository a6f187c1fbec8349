"""Multiples of atoms that show a form to be nowhere negative, by a linear program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Final

from tropnet.checker.maxima import Row
from tropnet.exact import RationalMatrix
from tropnet.exact.interval import End
from tropnet.exact.linear_program import Optimal, maximize
from tropnet.network.forms import Block

#: Rows and columns of the program together.
_LARGEST: Final = 160


def lifted(
    form: Row, lifts: Sequence[Row], ends: Callable[[Block], Sequence[tuple[End, End]]]
) -> list[Fraction] | None:
    """Return μ ≥ 0 such that intervals show form − Σ μ_j · lift_j to be nowhere negative.

    The lifts are functions that are nowhere negative, atom − pre-activation each. With c_i the
    coefficients of form − Σ μ_j · lift_j, and l_i ≤ z_i ≤ h_i the basis functions, the program
    maximises Σ s_i subject to s_i ≤ c_i l_i and s_i ≤ c_i h_i; where an end is infinite, c_i must
    not have the sign that would reach it.

    Args:
        form: the form.
        lifts: what may be taken away from it.
        ends: for each block intervals around its basis functions.

    Returns:
        None where there are none, or the program would be large.

    Example:
        >>> from fractions import Fraction
        >>> from tropnet.equivalence.lifted import lifted
        >>> x, atom = (("input", 0), 0), (("a", 1), 0)
        >>> ends = {"input": [(None, None)], "a": [(Fraction(0), None)]}
        >>> absolute = {atom: Fraction(2), x: Fraction(-1)}  # 2 max(x, 0) − x
        >>> lifted(absolute, [{atom: Fraction(1), x: Fraction(-1)}], lambda block: ends[block[0]])
        [Fraction(1, 1)]
    """
    places = sorted({place for row in (form, *lifts) for place in row})
    count, size = len(lifts), len(lifts) + len(places)
    if size > _LARGEST:
        return None
    rows: list[list[Fraction]] = []
    sides: list[Fraction] = []

    def require(factor: Fraction, place: tuple[Block, int], bound: int | None) -> None:
        """Demand s ≤ factor · c, or 0 ≤ factor · c where there is no s."""
        row = [factor * lift.get(place, Fraction(0)) for lift in lifts]
        row += [Fraction(int(i == bound)) for i in range(len(places))]
        rows.append(row)
        sides.append(factor * form.get(place, Fraction(0)))

    for i, place in enumerate(places):
        low, high = ends(place[0])[place[1]]
        for end, toward in ((low, Fraction(1)), (high, Fraction(-1))):
            if end is not None:
                require(end, place, i)
            else:  # c ≤ 0 where there is no lower end, c ≥ 0 where there is no upper one
                require(-toward, place, None)
        if low is None and high is None:  # then c = 0, and s ≤ 0
            rows.append([Fraction(int(j == count + i)) for j in range(size)])
            sides.append(Fraction(0))
    for j in range(count):
        rows.append([-Fraction(int(i == j)) for i in range(size)])
        sides.append(Fraction(0))
    objective = RationalMatrix.from_rows([[Fraction(int(i >= count)) for i in range(size)]])
    column = RationalMatrix.from_rows([[v] for v in sides])
    result = maximize(objective, RationalMatrix.from_rows(rows), column)
    if isinstance(result, Optimal) and result.value >= 0:
        return list(result.point.to_fractions()[0][:count])
    return None
