from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from tests.oracles.relation_gaps import gap_of
from tropnet.checker.relation import KINDS, Kind
from tropnet.domains import Box
from tropnet.equivalence.aim import Aim
from tropnet.equivalence.bracket import Bracket
from tropnet.equivalence.problem import Problem
from tropnet.exact import RationalMatrix
from tropnet.network import Network


def networks() -> tuple[Network, Network]:
    rng = np.random.default_rng(5)
    weights = [rng.integers(-3, 4, size=shape) for shape in ((6, 3), (4, 6))]
    biases = [rng.integers(-2, 3, size=size) for size in (6, 4)]
    other = [weights[0], weights[1] + rng.integers(-1, 2, size=(4, 6))]
    return Network.from_dense(weights, biases), Network.from_dense(other, biases)


def aim(kind: Kind, **options: object) -> Aim:
    problem = Problem.of(*networks(), Box.cube(3), relation=kind, **options)  # type: ignore[arg-type]
    return Aim(problem, Bracket(problem))


@pytest.mark.parametrize("kind", KINDS)
def test_heights_are_the_gaps_where_there_is_one(kind: Kind) -> None:
    points = np.random.default_rng(0).integers(-8, 9, size=(200, 3)) / 8
    found = aim(kind)
    heights = found.heights(points)
    rows = RationalMatrix.of(points)
    f, g = (net.exact(rows).to_fractions() for net in networks())
    seen = 0
    for height, u, v in zip(heights, f, g, strict=True):
        if kind in ("equal", "up_to_constant"):
            shift = found.bracket.middles or [Fraction(0)] * 4
            gap = max(abs(p - q - c) for p, q, c in zip(u, v, shift, strict=True))
            assert height == gap
            seen += 1
        elif gap_of(kind, u, v) > 0:
            assert height == gap_of(kind, u, v)
            seen += 1
        else:
            assert height <= 0 or len({*u}) < 4
    assert seen > 10


@pytest.mark.parametrize("kind", KINDS)
def test_slopes_climb(kind: Kind) -> None:
    points = np.random.default_rng(1).uniform(-1, 1, size=(100, 3))
    found = aim(kind)
    step = found.slope(points) * 1e-7
    better = found.heights(points + step) > found.heights(points)
    assert (better | ~step.any(axis=1)).mean() > 0.9
    assert step.any(axis=1).mean() > 0.5


def test_scales_weigh_the_outputs() -> None:
    points = np.zeros((1, 3))
    plain, scaled = aim("equal"), aim("equal", atol=[1, 1, 1, "1/1000"])
    difference = plain._difference(points)[0]
    assert scaled.heights(points)[0] == pytest.approx(
        max(*np.abs(difference[:3]), 1000 * abs(difference[3]))
    )


@pytest.mark.parametrize("kind", ["argmax", "argmin"])
def test_a_choice_bounds_its_cell_by_comparisons(kind: Kind) -> None:
    point = np.array([0.3, -0.2, 0.7])
    slopes, values = aim(kind).bounding(point)
    plain, _ = aim("equal").bounding(point)
    # two comparisons with the best of f, one with its second best less, one of g
    assert len(slopes) == len(values) == len(plain) + 4
    step = np.array([1e-6, 2e-6, -1e-6])
    assert np.allclose(aim(kind).bounding(point + step)[1][-4:], (values + slopes @ step)[-4:])
