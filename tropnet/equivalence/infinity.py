"""Slopes at infinity: where the bias-free networks differ, |f − g| has no bound on R^n."""

from __future__ import annotations

from typing import Final

import numpy as np

from tropnet.equivalence.bracket import Bracket
from tropnet.equivalence.problem import Problem
from tropnet.exact import RationalMatrix
from tropnet.network.linear_part import linear_part

#: Directions tried; each is small integers, so that exact evaluation stays cheap.
_DIRECTIONS: Final = 48
#: A witness is sought at 1, 2, 4, … times a direction, and beyond this power at growing powers.
_DOUBLINGS: Final = 64
#: The last power of two tried.
_FARTHEST: Final = 2**20


def grow(problem: Problem, bracket: Bracket) -> str:
    """Look for a direction in which f and g drift apart without bound, on all of R^n.

    sup|f − g| over R^n is finite exactly when the bias-free networks are equal: f(tx)/t tends to
    the bias-free network at x, and two networks with equal ones stay within a constant of each
    other because both are Lipschitz in their biases.

    Args:
        problem: a comparison on R^n.
        bracket: receives a direction and, if one is needed, a witness along it.

    Returns:
        What came of it.
    """
    first, second = linear_part(problem.a), linear_part(problem.b)
    size, rng = problem.a.n_inputs, problem.rng(1)
    axes = np.vstack([np.eye(size, dtype=np.int64), -np.eye(size, dtype=np.int64)])
    random = rng.integers(-8, 9, size=(_DIRECTIONS, size))
    few = axes if len(axes) <= _DIRECTIONS else rng.permutation(axes)[:_DIRECTIONS]
    directions = RationalMatrix.of(np.vstack([random, few]))
    slopes = first.exact(directions) - second.exact(directions)
    steep = [i for i, row in enumerate(slopes) if any(row)]
    if not steep:
        return "no direction found in which they drift apart"
    # the first few suffice for a witness; the steepest is no better a proof
    direction = tuple(directions.to_fractions()[steep[0]])
    power = 0
    while not bracket.different and power <= _FARTHEST:
        problem.require_time()
        bracket.offer_point(tuple(v * 2**power for v in direction))
        power += 1 if power < _DOUBLINGS else power
    bracket.offer_direction(direction)
    return "they drift apart without bound along a direction"
