"""Tolerances relative to the ranges of the outputs."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

import numpy as np

from tropnet.checker.relation import Relation
from tropnet.checker.spread import Spread
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.sample import Sampler
from tropnet.errors import DomainError
from tropnet.exact import as_fraction
from tropnet.network.forward import forward

#: Points at which the outputs are looked at.
_POINTS: Final = 4096
#: How many of them are taken where outputs overflow.
_BLIND: Final = 16


def relative(problem: Problem, rtol: Any) -> Problem:
    """Return the problem with rtol times the spread of each output of f added to its tolerance.

    The spread of an output is its largest minus its smallest exact value at points that are chosen
    by sampling and kept for the certificate: a proven lower bound of its range over the domain.

    Args:
        problem: asks for `equal`, on a bounded domain.
        rtol: the relative tolerance; the problem itself is returned where it is None or 0.

    Raises:
        DomainError: a negative rtol, another relation, an unbounded domain, or an output that is
            constant wherever it was looked at, without an atol of its own.

    Cost: a float pass of some thousand points, and an exact one of two for each output.
    """
    factor = Fraction(0) if rtol is None else as_fraction(rtol, "rtol")
    if factor < 0:
        raise DomainError(f"rtol is {rtol}; a tolerance is zero or positive")
    if factor == 0:
        return problem
    kind, scales = problem.relation.kind, problem.relation.scales
    if kind != "equal":
        raise DomainError(f"rtol goes with the relation 'equal', not with {kind!r}; give atol")
    if not problem.bounded:
        raise DomainError(
            "rtol measures the tolerance by the range of each output, which may be infinite on an "
            "unbounded domain; give a Box, or atol instead"
        )
    base = (problem.atol,) * problem.a.n_outputs if scales is None else tuple(1 / s for s in scales)
    spread = Spread(factor, base, _extremes(problem))
    tolerances = spread.tolerances(problem.a)
    for i, value in enumerate(tolerances):
        if value == 0:
            raise DomainError(
                f"output {i} of the first function is constant at all {_POINTS} points tried, so "
                "rtol leaves it no tolerance; give it an atol"
            )
    relation = Relation("equal", problem.relation.norm, tuple(1 / v for v in tolerances))
    return replace(problem, relation=relation, atol=Fraction(1), spread=spread)


def _extremes(problem: Problem) -> tuple[tuple[Fraction, ...], ...]:
    """Return points at which outputs of f look largest and smallest."""
    sampler = Sampler(problem)
    points = sampler.draw(problem.batch(_POINTS))
    with np.errstate(all="ignore"):
        values = np.asarray(forward(problem.a, points)[-1], dtype=np.float64)
    best = np.nan_to_num(values)
    chosen = {*best.argmax(axis=0).tolist(), *best.argmin(axis=0).tolist()}
    if not np.isfinite(values).all():  # floats do not tell where it is largest
        chosen.update(range(0, len(points), max(1, len(points) // _BLIND)))
    return tuple(sampler.rational(points[k]) for k in sorted(chosen))
