"""Bounds of gaps on boxes against exact values at points of the boxes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.bounds.joint_pairs import points_of, random_box, random_pair
from tropnet.bounds import JointBounds
from tropnet.checker.gap import norm_below
from tropnet.checker.joint_program import JointProgram
from tropnet.checker.matching import Matching
from tropnet.errors import DomainError
from tropnet.network import Network

GOALS: tuple[Any, ...] = ("inf", "1", "2", "at_most", "argmax")


def gap(goal: str, f: list[Fraction], g: list[Fraction]) -> Fraction:
    """What is bounded, at a point: the definition itself."""
    difference = [u - v for u, v in zip(f, g, strict=True)]
    if goal in ("inf", "1", "2"):
        return norm_below(difference, goal)
    if goal == "at_most":
        return max(Fraction(0), *difference)
    best = max(range(len(f)), key=lambda i: f[i])
    if g[best] == max(g):
        return Fraction(0)
    return f[best] - max(v for i, v in enumerate(f) if i != best)


@pytest.mark.parametrize("seed", range(6))
def test_no_point_beyond_the_bound(seed: int) -> None:
    rng = np.random.default_rng([7, seed])
    for _ in range(25):
        f, g, pairs = random_pair(rng)
        goal = GOALS[rng.integers(0, len(GOALS) - (f.n_outputs == 1))]
        bounds = JointBounds(JointProgram.of(f, g, pairs), goal, threads=1)
        boxes = np.array([random_box(rng, f.n_inputs) for _ in range(3)])
        found = bounds(boxes)
        for box, upper, corner in zip(boxes, found.upper, found.points, strict=True):
            points = [*points_of(rng, box, 6), [Fraction(float(v)) for v in corner]]
            values = zip(
                f.exact(points).to_fractions(), g.exact(points).to_fractions(), strict=True
            )
            worst = max(gap(goal, u, v) for u, v in values)
            assert not np.isfinite(upper) or worst <= Fraction(float(upper))


def test_a_given_sign_holds_where_the_unit_has_it() -> None:
    rng = np.random.default_rng(11)
    for _ in range(40):
        f, g, pairs = random_pair(rng)
        if not f.layers or not g.layers:
            continue
        bounds = JointBounds(JointProgram.of(f, g, pairs), "inf", threads=1)
        box = random_box(rng, f.n_inputs)
        which = int(rng.integers(0, 2))
        net = (f, g)[which]
        unit = int(rng.integers(0, net.layers[0].width))
        points = points_of(rng, box, 30)
        before = net.layers[0].affine.exact([Network.exact(_input(f), points)]).to_fractions()
        for sign in (1, -1):
            phases = np.zeros((1, bounds.n_values), dtype=np.int8)
            phases[0, bounds.starts[1, which] + unit] = sign
            upper = bounds(box[None], phases).upper[0]
            mine = [x for x, z in zip(points, before, strict=True) if z[unit] * sign >= 0]
            if not mine:
                continue
            gaps = (f.exact(mine) - g.exact(mine)).to_fractions()
            worst = max(norm_below(row, "inf") for row in gaps)
            assert not np.isfinite(upper) or worst <= Fraction(float(upper))


def _input(f: Network) -> Network:
    return Network.from_dense([np.eye(f.n_inputs)])


def test_overflow_gives_no_bound() -> None:
    f = Network.from_dense([[[1e300]], [[1e300]]])
    g = Network.from_dense([[[1e300]], [[-1e300]]])
    bounds = JointBounds(JointProgram.of(f, g, [Matching.identity(1)]), "inf", threads=1)
    assert bounds(np.array([[[-1e9], [1e9]]])).upper[0] == np.inf
    assert bounds(np.array([[[1e9], [1e9]]])).upper[0] == np.inf


def test_zero_times_infinity_is_no_bound() -> None:
    # the second layer would turn an infinity into NaN, and NaN into whatever a comparison says
    f = Network.from_dense([[[1e200]], [[1e200]], [[1.0]]])
    g = Network.from_dense([[[1e200]], [[1e200]], [[0.0]]])
    bounds = JointBounds(JointProgram.of(f, g, [Matching.identity(1)] * 2), "inf", threads=1)
    assert bounds(np.array([[[-1.0], [1e150]]])).upper[0] == np.inf


def test_a_difference_of_one_ulp_is_bounded_by_little_more() -> None:
    rng = np.random.default_rng(3)
    weights = [rng.standard_normal((6, 3)), rng.standard_normal((2, 6))]
    f = Network.from_dense(weights)
    weights[1][1, 4] = np.nextafter(weights[1][1, 4], 9)
    g = Network.from_dense(weights)
    bounds = JointBounds(JointProgram.of(f, g, [Matching.identity(6)]), "inf", threads=1)
    upper = bounds(np.array([[[-1.0] * 3, [1.0] * 3]])).upper[0]
    assert 0 < upper < 1e-12


def test_subnormal_weights_do_not_vanish() -> None:
    f = Network.from_dense([[[5e-324]], [[1.0]]])
    g = Network.from_dense([[[0.0]], [[1.0]]])
    bounds = JointBounds(JointProgram.of(f, g, [Matching.identity(1)]), "inf", threads=1)
    assert Fraction(float(bounds(np.array([[[1.0], [1.0]]])).upper[0])) >= Fraction(5e-324)


def test_many_boxes_are_as_one_by_one() -> None:
    rng = np.random.default_rng(5)
    f, g, pairs = random_pair(rng)
    program = JointProgram.of(f, g, pairs)
    boxes = np.array([random_box(rng, f.n_inputs) for _ in range(9)])
    together = JointBounds(program, "inf", threads=2)(boxes).upper
    alone = [JointBounds(program, "inf", threads=1)(box[None]).upper[0] for box in boxes]
    assert together.tolist() == alone


def bound(f: Network, g: Network, goal: Any, box: Any) -> float:
    pairs = [Matching.identity(y.width) for y in f.layers]
    bounds = JointBounds(JointProgram.of(f, g, pairs), goal, threads=1)
    return float(bounds(np.array([box], dtype=float)).upper[0])


def test_squares_of_small_gaps_do_not_vanish() -> None:
    tiny = Fraction(1, 10**200)
    f, g = Network.from_dense([[[1]], [[1]]]), Network.from_dense([[[1]], [[1 + tiny]]])
    assert Fraction(bound(f, g, "2", [[0], [1]])) >= tiny
    many = Network.from_dense([[[1]], [[1]] * 9]), Network.from_dense([[[1]], [[1 + tiny]] * 9])
    assert Fraction(bound(*many, "2", [[0], [1]])) >= 3 * tiny


def test_weights_below_all_floats_reach_the_output() -> None:
    f = Network.from_dense([[[10**300]], [[Fraction(1, 10**325)]]])
    g = Network.from_dense([[[10**300]], [[0]]])
    assert Fraction(bound(f, g, "inf", [[0], [1]])) >= Fraction(1, 10**25)


def test_scales_that_floats_are_not_made_for_are_refused() -> None:
    f = Network.from_dense([[[1]], [[1]]])
    program = JointProgram.of(f, f, [Matching((0,), (0,), (Fraction(2) ** 999,))])
    with pytest.raises(DomainError, match="leave them unmatched"):
        JointBounds(program, "inf")


@pytest.mark.parametrize("seed", range(4))
def test_outputs_that_lean_on_the_last_layer(seed: int) -> None:
    """Many differences of unknown sign, read with weights of both signs: the bound is a bound."""
    rng = np.random.default_rng([11, seed])
    weights = [rng.standard_normal((24, 2)), rng.standard_normal((3, 24))]
    near = [w * (1 + 0.05 * rng.standard_normal(w.shape)) for w in weights]
    bias = [0.3 * rng.standard_normal(24), rng.standard_normal(3)]
    f, g = Network.from_dense(weights, bias), Network.from_dense(near, bias)
    for goal in ("inf", "1", "2", "at_most"):
        for width in (2.0, 0.3):
            box = np.array([[-0.5, -0.5], [width - 0.5, width - 0.5]])
            points = box[0] + (box[1] - box[0]) * rng.random((40, 2))
            points = np.vstack([points, [[x, y] for x in box[:, 0] for y in box[:, 1]]])
            values = zip(
                f.exact(points).to_fractions(), g.exact(points).to_fractions(), strict=True
            )
            assert max(gap(goal, u, v) for u, v in values) <= Fraction(bound(f, g, goal, box))


def test_leaning_is_exact_where_one_unit_switches() -> None:
    """Relu(x) − 3/4 relu(x) = x / 4 at most 1/4, and at least 0, on [−1, 1]."""
    f = Network.from_dense([[[1]], [[1]]])
    g = Network.from_dense([[[0.75]], [[1]]])
    assert bound(f, g, "at_most", [[-1.0], [1.0]]) <= 0.25 * (1 + 1e-9)
    assert bound(g, f, "at_most", [[-1.0], [1.0]]) <= 0.25 * (1 + 1e-9)
