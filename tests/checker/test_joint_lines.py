"""Linear bounds of two networks at once: whatever is chosen, no point is beyond them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tests.bounds.joint_pairs import ends_on, points_of, random_box, random_pair
from tropnet import Network
from tropnet.checker.joint_cases import joint_ends
from tropnet.checker.joint_lines import Choices, Target, most
from tropnet.checker.joint_program import JointProgram
from tropnet.checker.matching import Matching
from tropnet.exact import IntervalVector, RationalMatrix

ONE = 1 << 16


def random_choices(rng: np.random.Generator, program: JointProgram) -> Choices:
    """Return choices of all kinds, mostly bad ones."""

    def rows(place: int, largest: int) -> Any:
        if rng.random() < 0.3:
            return None
        full = [rng.integers(0, largest + 1, size=y.widths[place]) for y in program.layers]
        ends = rng.random() < 0.4
        return [[int(v > largest // 2) * largest if ends else int(v) for v in row] for row in full]

    def number() -> int:
        return int(rng.integers(-(2**34), 2**34)) if rng.random() < 0.5 else 0

    pairs = [(k, at) for k, y in enumerate(program.layers, 1) for at in range(y.widths[2])]
    units = [
        (k, name, j)
        for k, y in enumerate(program.layers, 1)
        for name, width in zip("ab", y.widths, strict=False)
        for j in range(width)
    ]
    few = 0.3 * (rng.random() < 0.5)
    return Choices(
        rows(0, ONE), rows(1, ONE), rows(2, 2 << 40), rows(2, ONE),
        {pair: number() for pair in pairs if rng.random() < few},
        {pair: number() for pair in pairs if rng.random() < few},
        {unit: number() for unit in units if rng.random() < few},
        abs(number()),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_no_point_beyond_the_bound(seed: int) -> None:
    rng = np.random.default_rng([41, seed])
    met = 0
    for _ in range(40):
        f, g, pairs = random_pair(rng)
        program = JointProgram.of(f, g, pairs)
        floats = random_box(rng, f.n_inputs)
        box, ends = ends_on(program, floats)
        points = points_of(rng, floats, 12)
        # the signs that the units have at one of the points
        signs = [s for s in _signs_at(f, g, points[0]) if rng.random() < 0.4]
        row = [tuple(Fraction(int(v)) for v in rng.integers(-3, 4, f.n_outputs)) for _ in "abc"]
        target = Target(row[0], row[1], row[2] if rng.random() < 0.5 else None)
        for _ in range(3):
            bound = most(program, box, ends, target, signs, random_choices(rng, program))
            for point in points:
                value, condition = _values(f, g, target, point)
                has = set(_signs_at(f, g, point))
                if condition >= 0 and all(s in has for s in signs):
                    assert value <= bound
                    met += 1
    assert met > 500


@pytest.mark.parametrize("seed", range(4))
def test_ends_hold_all_values(seed: int) -> None:
    rng = np.random.default_rng([43, seed])
    for _ in range(40):
        f, g, pairs = random_pair(rng)
        program = JointProgram.of(f, g, pairs)
        floats = random_box(rng, f.n_inputs)
        _, ends = ends_on(program, floats)
        for point in points_of(rng, floats, 8):
            before = [_before(net, point) for net in (f, g)]
            for k, (layer, own) in enumerate(zip(program.layers, ends, strict=True)):
                a, b = (values[k] if k < len(values) else [] for values in before)
                units = layer.matching
                slips = [
                    a[i] - s * b[j]
                    for i, j, s in zip(units.first, units.second, units.scales, strict=True)
                ]
                for values, around in ((a, own.a), (b, own.b), (slips, own.pairs)):
                    assert all(u <= v <= w for v, (u, w) in zip(values, around, strict=True))


def _before(network: Network, point: Any) -> list[list[Fraction]]:
    """Return the pre-activations of all layers."""
    values, found = [list(point)], []
    for layer in network.layers:
        rows = [RationalMatrix.from_rows([v]) for v in values]
        found.append(layer.affine.exact(rows).to_fractions()[0])
        values.append([max(v, Fraction(0)) for v in found[-1]])
    return found


def _signs_at(f: Network, g: Network, point: Any) -> list[Any]:
    return [
        ((k, name, j), sign)
        for name, network in (("a", f), ("b", g))
        for k, before in enumerate(_before(network, point), 1)
        for j, v in enumerate(before)
        for sign in (1, -1)
        if sign * v >= 0
    ]


def _values(f: Network, g: Network, target: Target, point: Any) -> tuple[Fraction, Fraction]:
    (u,), (v,) = (net.exact([list(point)]).to_fractions() for net in (f, g))
    value = sum(c * x for c, x in zip((*target.a, *target.b), (*u, *v), strict=True))
    condition = target.condition or (Fraction(0),) * len(v)
    return Fraction(value), Fraction(sum(c * x for c, x in zip(condition, v, strict=True)))


def _two(weight: Any) -> tuple[JointProgram, IntervalVector, Any]:
    f = Network.from_dense([[[1], [-1]], [[1, 1]]])
    g = Network.from_dense([[[1], [-1]], [[1, weight]]])
    program = JointProgram.of(f, g, [Matching.identity(2)])
    box = IntervalVector.of([-1], [1])
    return program, box, joint_ends(program, box, 64)


def test_what_is_the_same_cancels_exactly() -> None:
    program, box, ends = _two(1)
    for row in ((1, -1), (-1, 1)):
        target = Target((Fraction(row[0]),), (Fraction(row[1]),))
        # but for the roundings of the grid on which the ends are found
        assert most(program, box, ends, target, [], Choices()) <= Fraction(1, 2**60)


def test_a_needle_of_one_ulp_is_not_lost() -> None:
    tiny = Fraction(1, 2**52)
    program, box, ends = _two(1 + tiny)
    target = Target((Fraction(-1),), (Fraction(1),))
    signs = [((1, "a", 1), 1), ((1, "b", 1), 1), ((1, "a", 0), -1), ((1, "b", 0), -1)]
    assert most(program, box, ends, target, signs, Choices()) == tiny
    assert most(program, box, ends, target, [], Choices()) >= tiny


def test_opposite_signs_leave_a_sound_bound() -> None:
    program, box, ends = _two(2)
    target = Target((Fraction(-1),), (Fraction(1),))
    # only where it is 0 has a unit both signs: there the gap is 0
    signs = [((1, "a", 1), 1), ((1, "a", 1), -1)]
    assert most(program, box, ends, target, signs, Choices()) >= 0
