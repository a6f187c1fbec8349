"""A point that tells two functions apart, read off their difference over first-layer atoms."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from tropnet.equivalence.bracket import Bracket
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.relate import Related
from tropnet.exact import RationalMatrix
from tropnet.network.forms import INPUT, ONE

#: Attempts to find a generic point; each fails only on a set of measure zero.
_TRIES = 20
#: Entries of the hyperplanes that are written down at most.
_MOST_ENTRIES = 2**22


def shallow(related: Related) -> bool:
    """Tell whether every atom in the difference is a ReLU of an affine function of the inputs."""
    blocks = [b for b in related.difference.parts if b not in (INPUT, ONE)]
    return all(set(related.walk.pre[b].parts) <= {INPUT, ONE} for b in blocks)


def separate(problem: Problem, related: Related, bracket: Bracket) -> str:
    """Find a point where f ≠ g, given f − g = Σ c·relu(t) + affine with all c and t known exactly.

    Kinks on distinct hyperplanes are linearly independent modulo affine functions. Take one with
    c ≠ 0, a point p on its hyperplane and on no other, and a step d across it that meets no other:
    the second difference of f − g over p − d, p, p + d is c times that of relu(t), which is not
    zero, so f ≠ g at one of the three. Without kinks the difference is affine and cannot vanish at
    n + 1 points in general position.

    Args:
        problem: a comparison on R^n or on a box.
        related: its forms, with `shallow(related)`.
        bracket: receives the points.

    Returns:
        What came of it.

    Cost: a few exact products of the size of the first layer.
    """
    difference = related.difference
    kinks = [
        (block, column)
        for block, part in difference.parts.items()
        if block not in (INPUT, ONE)
        for column in part.nonzero_columns()
    ]
    if len(kinks) * problem.a.n_inputs > _MOST_ENTRIES:
        return f"the difference bends on {len(kinks)} hyperplanes, too many to write down"
    rng = problem.rng(2)
    if not kinks:
        for point in [_inside(problem, rng) for _ in range(problem.a.n_inputs + 2)]:
            bracket.offer_point(point)
        return "the difference is affine"
    forms = _hyperplanes(related, kinks)
    for _ in range(_TRIES):
        problem.require_time()
        for point in _across(problem, forms, rng):
            bracket.offer_point(point)
        if bracket.witness is not None:
            break
    return f"the difference bends on {len(kinks)} hyperplanes"


def _hyperplanes(
    related: Related, kinks: list[tuple[tuple[str, int], int]]
) -> tuple[RationalMatrix, RationalMatrix]:
    """Return (W, c): the atoms' pre-activations W x + c; the first row is the kink to cross."""
    size = related.walk.sizes[INPUT]
    weights, constants = [], []
    for block, column in kinks:
        form = related.walk.pre[block].take([column])
        weights.append(form.part(INPUT, size).dense())
        constants.append(form.part(ONE, 1).dense())
    return RationalMatrix.stack_rows(weights), RationalMatrix.stack_rows(constants)


def _inside(problem: Problem, rng: np.random.Generator) -> tuple[Fraction, ...]:
    """Return a random point of the interior of the domain (relative to a flat box)."""
    size = problem.a.n_inputs
    if problem.domain is None:
        return tuple(Fraction(int(v)) for v in rng.integers(-1000, 1001, size=size))
    weights = [Fraction(int(v), 1000) for v in rng.integers(1, 1000, size=size)]
    return tuple(
        (low or Fraction(0)) * (1 - w) + (high or Fraction(0)) * w
        for w, (low, high) in zip(weights, problem.box.ends(), strict=True)
    )


def _across(
    problem: Problem, forms: tuple[RationalMatrix, RationalMatrix], rng: np.random.Generator
) -> list[tuple[Fraction, ...]]:
    """Return three points across the first hyperplane, not separated by any other."""
    weights, constants = forms
    normal = weights.to_fractions()[0]
    below, above = _sides(problem, normal, constants[0, 0], rng)
    heights = [
        sum((w * v for w, v in zip(normal, point, strict=True)), constants[0, 0])
        for point in (below, above)
    ]
    if not heights[0] < 0 < heights[1]:
        return []
    share = -heights[0] / (heights[1] - heights[0])
    step = [v - u for u, v in zip(below, above, strict=True)]
    middle = [u + share * s for u, s in zip(below, step, strict=True)]
    # shrink the step until no other hyperplane lies within it
    at = (weights @ RationalMatrix.of([[v] for v in middle]) + constants).to_fractions()
    moves = (weights @ RationalMatrix.of([[v] for v in step])).to_fractions()
    reach = min(share, 1 - share)
    for (value,), (move,) in list(zip(at, moves, strict=True))[1:]:
        if value == 0:
            return []  # not generic: try again
        if move:
            reach = min(reach, abs(value / move))
    reach /= 2
    return [tuple(m + k * reach * s for m, s in zip(middle, step, strict=True)) for k in (-1, 0, 1)]


def _sides(
    problem: Problem, normal: list[Fraction], constant: Fraction, rng: np.random.Generator
) -> tuple[tuple[Fraction, ...], tuple[Fraction, ...]]:
    """Return points of the interior on the negative and on the positive side of a hyperplane."""
    found = []
    for sign in (-1, 1):
        point = _inside(problem, rng)
        height = sum((w * v for w, v in zip(normal, point, strict=True)), constant)
        if problem.domain is None:
            # move along the normal to height ±|something generic|
            target = sign * (abs(height) + 1)
            length = sum((w * w for w in normal), Fraction(0))
            factor = (target - height) / length
            found.append(tuple(v + factor * w for v, w in zip(point, normal, strict=True)))
            continue
        corner = [
            (high if sign * w > 0 else low) or Fraction(0)
            for w, (low, high) in zip(normal, problem.box.ends(), strict=True)
        ]
        extreme = sum((w * v for w, v in zip(normal, corner, strict=True)), constant)
        weight = Fraction(1, 2)
        while sign * (extreme + weight * (height - extreme)) <= 0 and weight > Fraction(1, 2**60):
            weight /= 2
        found.append(tuple(c + weight * (v - c) for c, v in zip(corner, point, strict=True)))
    return found[0], found[1]
