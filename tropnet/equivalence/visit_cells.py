"""The exact supremum of the gap by enumerating joint cells, as a stage of a comparison."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from math import comb
from typing import Final

from tropnet.checker.cells import supremum
from tropnet.equivalence.bracket import Bracket
from tropnet.equivalence.predict_cells import predict_cells
from tropnet.equivalence.problem import Problem
from tropnet.errors import BudgetExceeded

#: What helps where an enumeration was left out.
MORE_TIME: Final = "raise time_limit"

#: Up to so many inputs, enumerations are neither predicted nor given a share of the time only.
_PLANE: Final = 2
#: With at most this many ReLU units in both networks, and this many cells if all of them stood in
#: the first layer, enumeration comes before searching: it is quick and gives the exact supremum.
_FEW_UNITS: Final = 48
_FEW_CELLS: Final = 1200
#: Shares of the time left in three and more dimensions: of an enumeration before searching, of a
#: prediction, and of an enumeration after searching.
_EARLY: Final = 0.25
_PREDICT: Final = 0.1
_LATE: Final = 0.75
#: How many times the time for it an enumeration may be predicted to take and still be tried.
_DOUBT: Final = 4


def has_few_cells(problem: Problem) -> bool:
    """Tell whether all joint cells are enumerated in about a second."""
    units, n = problem.a.n_relu + problem.b.n_relu, problem.a.n_inputs
    return units <= _FEW_UNITS and (
        n <= _PLANE or sum(comb(units, k) for k in range(n + 1)) <= _FEW_CELLS
    )


def visit_few_cells(problem: Problem, bracket: Bracket) -> str:
    """Enumerate all joint cells where `has_few_cells`; the bracket then is as narrow as it can be.

    Args:
        problem: the comparison; the checker sets a limit to its inputs.
        bracket: receives the supremum, and on the way points with larger and larger gaps.

    Returns:
        What came of it.

    Raises:
        OutOfTime: the comparison's time is up.
        BudgetExceeded: three or more inputs, and it took too much of the time.
    """
    seconds = problem.remaining * (1 if problem.a.n_inputs <= _PLANE else _EARLY)
    return _visit(problem, bracket, _watch(problem, seconds))


def visit_cells(problem: Problem, bracket: Bracket) -> str:
    """Enumerate all joint cells as `visit_few_cells` does, if a prediction says that time suffices.

    In one or two dimensions it is always tried.

    Raises:
        OutOfTime: the comparison's time is up.
        BudgetExceeded: three or more inputs, and it would take, or took, too much of the time.
    """
    if problem.a.n_inputs <= _PLANE:
        return _visit(problem, bracket, _watch(problem, problem.remaining))
    watch = _watch(problem, _PREDICT * problem.remaining)
    a, b, domain = problem.a, problem.b, problem.domain
    predicted = predict_cells(a, b, domain, problem.rng(5), lambda: watch(0))
    seconds = _LATE * problem.remaining
    if predicted.seconds > _DOUBT * seconds:
        budget = predicted.cells * seconds / predicted.seconds
        raise BudgetExceeded("joint cells", predicted.cells, int(budget), MORE_TIME)
    return _visit(problem, bracket, _watch(problem, seconds))


def _watch(problem: Problem, seconds: float) -> Callable[[int], None]:
    until = time.monotonic() + seconds

    def watch(count: int) -> None:
        problem.require_time()
        if time.monotonic() > until:
            raise BudgetExceeded("joint cells", count + 1, count, MORE_TIME)

    return watch


def _visit(problem: Problem, bracket: Bracket, watch: Callable[[int], None]) -> str:
    found = supremum(
        problem.a, problem.b, problem.domain, problem.relation, watch, bracket.offer_point
    )
    for point in (found.point, found.other):
        if point is not None:
            bracket.offer_point(point)
    if found.ray is not None and found.base is not None:
        bracket.offer_point(found.base)
        distance = Fraction(1)
        while not bracket.different:
            problem.require_time()
            bracket.offer_point(_along(found.base, found.ray, distance))
            distance *= 2
        bracket.offer_direction(found.ray, found.base)
    bracket.offer_upper(found.upper, "cells", {"cells": found.cells})
    if found.limit is not None and not bracket.equivalent:
        # the supremum is beyond atol, so points that are near enough to it show that
        place, inside = found.limit
        step = tuple(v - u for u, v in zip(place, inside, strict=True))
        share = Fraction(1, 2)
        while not bracket.different:
            problem.require_time()
            bracket.offer_point(_along(place, step, share))
            share *= share
    return f"{found.cells} joint cells"


def _along(
    base: tuple[Fraction, ...], direction: tuple[Fraction, ...], distance: Fraction
) -> tuple[Fraction, ...]:
    return tuple(u + distance * v for u, v in zip(base, direction, strict=True))
