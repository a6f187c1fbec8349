"""A linear program whose bounds and costs change, solved again from where it was."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, final

import numpy as np

if TYPE_CHECKING:
    from tropnet.typing import FloatArray


@final
class WarmProgram:
    """A linear program in HiGHS, which keeps its basis from one solution to the next.

    First columns and rows are added, then it is finished, then it is solved as often as wanted.

    Args:
        columns: the number of variables; more may be added, with a price.

    Example:
        >>> import numpy as np
        >>> from tropnet.bounds.warm_program import WarmProgram
        >>> program = WarmProgram(2)
        >>> program.columns([0, 1], [0, 0], [5, 5])
        >>> total = program.row({0: 1.0, 1: 1.0}, -np.inf, 4.0)
        >>> free = program.row({}, -np.inf, np.inf)
        >>> program.finish()
        >>> cost, always = np.array([-1.0, -2.0]), (np.zeros(0), 0.0)
        >>> program.solve(cost, 1.0, always, free)[0]
        -8.0
        >>> program.limit(total, 3.0)
        >>> program.solve(cost, 1.0, always, free)[0]
        -6.0
    """

    def __init__(self, columns: int) -> None:
        self.lower, self.upper = [0.0] * columns, [0.0] * columns
        self.priced: list[int] = []
        self.rows: list[dict[int, float]] = []
        self.limits: list[tuple[float, float]] = []
        self._cost: FloatArray = np.zeros(0)
        self._condition: FloatArray = np.zeros(0)

    def columns(
        self, places: Iterable[int], lower: Iterable[float], upper: Iterable[float]
    ) -> None:
        """Set the ends of some variables."""
        for at, low, high in zip(places, lower, upper, strict=True):
            self.lower[at], self.upper[at] = float(low), float(high)

    def extra(self) -> int:
        """Add a variable ≥ 0 that has a price."""
        self.lower.append(0.0)
        self.upper.append(np.inf)
        self.priced.append(len(self.lower) - 1)
        return self.priced[-1]

    def row(self, entries: dict[int, float], low: float, high: float) -> int:
        """Add a row; return its place."""
        self.rows.append(entries)
        self.limits.append((low, high))
        return len(self.rows) - 1

    def finish(self) -> None:
        """Hand everything to the solver."""
        import highspy

        self._highs = highs = highspy.Highs()  # type: ignore[no-untyped-call]
        highs.setOptionValue("output_flag", False)
        highs.setOptionValue("threads", 1)
        highs.setOptionValue("presolve", "off")  # the basis is kept instead
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = len(self.lower), len(self.rows)
        model.col_cost_ = np.zeros(len(self.lower))
        model.col_lower_, model.col_upper_ = np.array(self.lower), np.array(self.upper)
        model.row_lower_ = np.array([low for low, _ in self.limits])
        model.row_upper_ = np.array([high for _, high in self.limits])
        starts = np.cumsum([0, *map(len, self.rows)])
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = starts.astype(np.int32)
        model.a_matrix_.index_ = np.array([c for row in self.rows for c in row], dtype=np.int32)
        model.a_matrix_.value_ = np.array([v for row in self.rows for v in row.values()])
        highs.passModel(model)

    def limit(self, row: int, high: float, low: float = -np.inf) -> None:
        """Change the ends of a row."""
        self._highs.changeRowBounds(row, low, high)

    def solve(
        self,
        cost: FloatArray,
        price: float,
        condition: tuple[FloatArray, float],
        place: int,
        seconds: float = np.inf,
    ) -> tuple[float, FloatArray, FloatArray, FloatArray] | None:
        """Minimise.

        Args:
            cost: of the variables; those that were added have a price instead.
            price: of these.
            condition: coefficients of a combination of variables, and a constant, that together
                are not negative.
            place: the row for it.
            seconds: give up after so many.

        Returns:
            The least cost, the variables, their reduced costs and the duals of the rows; None where
            there is no solution, or none was found.
        """
        import highspy

        whole = np.zeros(len(self.lower))
        whole[: len(cost)] = cost
        whole[self.priced] = price
        if not np.array_equal(whole, self._cost):
            every = np.arange(len(whole), dtype=np.int32)
            self._highs.changeColsCost(len(whole), every, whole)
            self._cost = whole
        self._require(condition, place)
        if np.isfinite(seconds):
            self._highs.setOptionValue("time_limit", self._highs.getRunTime() + max(seconds, 0.0))
        self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        found = self._highs.getSolution()
        value = float(self._highs.getInfo().objective_function_value)
        return value, np.array(found.col_value), np.array(found.col_dual), np.array(found.row_dual)

    def _require(self, condition: tuple[FloatArray, float], place: int) -> None:
        """Require that a combination of columns plus a constant is not negative."""
        entries, constant = condition
        size = max(len(entries), len(self._condition))
        new, old = np.zeros(size), np.zeros(size)
        new[: len(entries)], old[: len(self._condition)] = entries, self._condition
        for column in np.flatnonzero(new != old):
            self._highs.changeCoeff(place, int(column), float(new[column]))
        low = -constant if len(entries) else -np.inf
        self._highs.changeRowBounds(place, low, np.inf)
        self._condition = new
