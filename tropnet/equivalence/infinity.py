"""Slopes at infinity: where the bias-free networks differ, |f − g| has no bound on R^n."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from typing import Final

import numpy as np

from tropnet.checker.relation import EQUAL, Relation
from tropnet.domains import Box
from tropnet.equivalence.bracket import Bracket
from tropnet.equivalence.falsify import Falsifier
from tropnet.equivalence.out_of_time import OutOfTime
from tropnet.equivalence.problem import Problem
from tropnet.exact import RationalMatrix
from tropnet.network import Network
from tropnet.network.linear_part import linear_part

#: Directions tried; each is small integers, so that exact evaluation stays cheap.
_DIRECTIONS: Final = 48
#: Seconds for a search where they do not tell.
_SEARCH: Final = 0.5
#: A witness is sought at 1, 2, 4, … times a direction, and beyond this power at growing powers.
_DOUBLINGS: Final = 64
#: The last power of two tried.
_FARTHEST: Final = 2**20


def grow(problem: Problem, bracket: Bracket) -> str:
    """Look for a direction in which the gap of f and g grows without bound, on all of R^n.

    sup|f − g| over R^n is finite exactly when the bias-free networks are equal: f(tx)/t tends to
    the bias-free network at x, and two networks with equal ones stay within a constant of each
    other because both are Lipschitz in their biases. Where the bias-free networks have a gap of
    another relation at a direction, that gap grows along it; for leads the converse fails.

    Args:
        problem: a comparison on R^n.
        bracket: receives a direction and, if one is needed, a witness along it.

    Returns:
        What came of it.
    """
    first, second = linear_part(problem.a), linear_part(problem.b)
    direction = _random_direction(problem, first, second)
    if direction is None and first != second:
        direction = _searched_direction(problem, first, second)
    if direction is None:
        return "no direction found in which they drift apart"
    power = 0
    while not bracket.different and power <= _FARTHEST:
        problem.require_time()
        bracket.offer_point(tuple(v * 2**power for v in direction))
        power += 1 if power < _DOUBLINGS else power
    bracket.offer_direction(direction)
    return "they drift apart without bound along a direction"


def _gap_relation(problem: Problem) -> Relation:
    """Return the relation whose gap of the bias-free networks, at one point, has to be positive."""
    return EQUAL if problem.relation.takes_two_points else problem.relation


def _random_direction(
    problem: Problem, first: Network, second: Network
) -> tuple[Fraction, ...] | None:
    """Return an axis or a random direction in which the bias-free networks differ."""
    size, rng = problem.a.n_inputs, problem.rng(1)
    random = rng.integers(-8, 9, size=(_DIRECTIONS, size))
    chosen = np.arange(2 * size) if 2 * size <= _DIRECTIONS else rng.permutation(2 * size)
    axes = np.zeros((min(2 * size, _DIRECTIONS), size), dtype=np.int64)
    for row, axis in zip(axes, chosen, strict=False):
        row[axis % size] = 1 if axis < size else -1
    directions = RationalMatrix.of(np.vstack([random, axes]))
    limit = time.monotonic() + problem.remaining / 4
    start = 0
    while start < len(directions) and time.monotonic() < limit:
        # large networks take long for a point, small ones are faster with many at a time
        some = directions.rows(range(start, min(start + max(1, 4 * start), len(directions))))
        for direction in _steep(problem, first.exact(some), second.exact(some)):
            return tuple(some.to_fractions()[direction])
        start += len(some)
    return None


def _steep(problem: Problem, first: RationalMatrix, second: RationalMatrix) -> list[int]:
    """Return the rows in which slopes have a gap; the largest would be no better a proof."""
    difference = (first - second).signs()
    if problem.relation.kind in ("argmax", "argmin"):
        pairs = zip(first.to_fractions(), second.to_fractions(), strict=True)
        return [k for k, (f, g) in enumerate(pairs) if problem.relation.gap(f, g) > 0]
    steep = difference > 0 if problem.relation.kind == "at_most" else difference != 0
    return [int(k) for k in np.flatnonzero(steep.any(axis=1))]


def _searched_direction(
    problem: Problem, first: Network, second: Network
) -> tuple[Fraction, ...] | None:
    """Search the unit cube for a direction: they may differ in a narrow cone only."""
    problem.require_time()
    cube = Box.cube(problem.a.n_inputs)
    seconds = min(_SEARCH, problem.remaining)
    inner = replace(
        Problem.of(first, second, cube, time_limit=seconds, seed=problem.seed),
        relation=_gap_relation(problem),
    )
    bracket = Bracket(inner)
    with suppress(OutOfTime):
        Falsifier(inner, bracket).run(seconds)
    return bracket.witness
