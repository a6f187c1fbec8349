"""Integer bounds of two networks and their differences against exact values at points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

import tropnet.checker.joint_zonotope as module
from tests.bounds.joint_pairs import near_copy, random_network, random_pair
from tests.oracles.fractions_forward import pre_activations
from tropnet.checker.joint_program import JointLayer, JointProgram
from tropnet.checker.joint_zonotope import Forms, JointReplay, JointZonotope
from tropnet.checker.matching import Matching
from tropnet.exact import RationalMatrix
from tropnet.network import Affine, Layer, Network

Ends = tuple[Fraction, Fraction]
Point = list[Fraction]
BITS = (32, 64, 200)


def exact_box(rng: np.random.Generator, n: int) -> list[Ends]:
    """Return a box with rational ends; sides are flat, tiny, large or of thirds."""
    found = []
    for _ in range(n):
        low = Fraction(int(rng.integers(-30, 30)), int(rng.choice([1, 3, 7, 10])))
        size = [
            Fraction(0), Fraction(1, 10**12), Fraction(1, 2**70), Fraction(1, 3), Fraction(50),
            Fraction(float(rng.random())),
        ][rng.integers(0, 6)]  # fmt: skip
        found.append((low, low + size))
    return found


def points_of(rng: np.random.Generator, box: Sequence[Ends], f: Network, g: Network) -> list[Point]:
    """Return corners, rational points inside, and kinks between two of them."""
    corners = [list(p) for p in product(*box)][:8]
    inside = [
        [u + (v - u) * Fraction(int(rng.integers(0, 1001)), 1000) for u, v in box] for _ in range(4)
    ]
    points = [*corners, *inside]
    for p, q in [(points[0], points[-1]), (points[-2], points[-3]), (corners[0], corners[-1])]:
        for net in (f, g):
            if not net.layers:
                continue
            y = net.layers[int(rng.integers(0, len(net.layers)))]
            k = net.layers.index(y)
            unit = int(rng.integers(0, y.width))
            here, there = (pre_activations(net, x)[k][unit] for x in (p, q))
            if here * there < 0:
                t = here / (here - there)
                points.append([u + t * (v - u) for u, v in zip(p, q, strict=True)])
    return points


def contains(forms: Forms, bits: int, values: Sequence[Fraction]) -> bool:
    low, high = forms.ends()
    step = Fraction(1, 1 << bits)
    assert len(values) == len(low)
    return all(u * step <= v <= w * step for u, v, w in zip(low, values, high, strict=True))


def holds(outputs: JointZonotope, f: Network, g: Network, points: list[Point]) -> bool:
    first, second = f.exact(points).to_fractions(), g.exact(points).to_fractions()
    return all(
        contains(outputs.a, outputs.bits, u)
        and contains(outputs.b, outputs.bits, v)
        and contains(outputs.pairs, outputs.bits, [s - t for s, t in zip(u, v, strict=True)])
        for u, v in zip(first, second, strict=True)
    )


def rescaled(rng: np.random.Generator, net: Network) -> Network:
    """Return a network with layers multiplied by 1e±30 and thirds."""

    def far(affine: Affine) -> Affine:
        factor = Fraction(10) ** int(rng.choice([-30, 0, 30])) * Fraction(
            1, int(rng.integers(1, 4))
        )
        terms = {
            s: [[factor * v for v in row] for row in m.exact.to_fractions()]
            for s, m in affine.terms
        }
        return Affine(terms, [factor * affine.bias.exact[i, 0] for i in range(affine.size)])

    layers = tuple(Layer(far(y.affine), True) for y in net.layers)
    return Network(net.n_inputs, layers, far(net.output))


@pytest.mark.parametrize("seed", range(3))
def test_exact_values_lie_within(seed: int) -> None:
    rng = np.random.default_rng([1, seed])
    for index in range(30):
        f, g, pairs = random_pair(rng)
        if index % 5 == 0:
            f, g = rescaled(rng, f), rescaled(rng, g)
        box, bits = exact_box(rng, f.n_inputs), int(rng.choice(BITS))
        outputs = JointReplay(JointProgram.of(f, g, pairs), bits)(box, {})
        assert outputs is not None
        assert holds(outputs, f, g, points_of(rng, box, f, g))


def test_values_lie_within_on_a_coarse_grid_where_all_is_rounded() -> None:
    # weights that are no dyadic numbers, values a few steps of the grid in size
    rng = np.random.default_rng(2)
    for _ in range(12):
        f, g, pairs = random_pair(rng)
        box = exact_box(rng, f.n_inputs)
        f, g = (rescaled(rng, net) if rng.random() < 0.2 else net for net in (f, g))
        for bits in (1, 3, 8):
            outputs = JointReplay(JointProgram.of(f, g, pairs), bits)(box, {})
            assert outputs is not None
            assert holds(outputs, f, g, points_of(rng, box, f, g)[-6:])


def test_given_signs_hold_where_the_units_have_them() -> None:
    rng = np.random.default_rng(3)
    some = none = 0
    for _ in range(70):
        f, g, pairs = random_pair(rng)
        units = [
            (k, name, j)
            for name, net in (("a", f), ("b", g))
            for k, y in enumerate(net.layers, start=1)
            for j in range(y.width)
        ]
        if not units:
            continue
        chosen = [units[int(i)] for i in rng.integers(0, len(units), int(rng.integers(1, 4)))]
        signs = {unit: int(rng.choice([-1, 1])) for unit in chosen}
        box = exact_box(rng, f.n_inputs)
        outputs = JointReplay(JointProgram.of(f, g, pairs), int(rng.choice(BITS)))(box, signs)
        mine = []
        for point in points_of(rng, box, f, g):
            before = {"a": pre_activations(f, point), "b": pre_activations(g, point)}
            if all(before[name][k - 1][j] * s >= 0 for (k, name, j), s in signs.items()):
                mine.append(point)
        if outputs is None:
            none += 1
            assert not mine
        elif mine:
            some += 1
            assert holds(outputs, f, g, mine)
    assert some > 15
    assert none > 5


def test_a_sign_that_holds_on_the_border_alone_is_not_excluded() -> None:
    f = Network.from_dense([[[1]], [[1]]])
    replay = JointReplay(JointProgram.of(f, f, [Matching.identity(1)]))
    one, zero = Fraction(1), Fraction(0)
    assert replay([(zero, one)], {(1, "a", 0): -1}) is not None
    assert replay([(-one, zero)], {(1, "b", 0): 1}) is not None
    assert replay([(Fraction(1, 2), one)], {(1, "a", 0): -1}) is None
    assert replay([(-one, Fraction(-1, 2))], {(1, "b", 0): 1}) is None


def test_networks_and_layers_without_units() -> None:
    f = Network(2, (), Affine({0: [[1, "1/3"]]}, ["1/7"]))
    empty = Layer(Affine({0: np.zeros((0, 2))}, np.zeros(0)), True)
    g = Network(2, (empty,), Affine({0: [[1, "1/3"]]}, ["1/7"]))
    box = [(Fraction(-1, 3), Fraction(1, 3)), (Fraction(2), Fraction(2))]
    for a, b in [(f, f), (f, g), (g, f), (g, g)]:
        pairs = [Matching((), (), ())] * min(len(a.layers), len(b.layers))
        outputs = JointReplay(JointProgram.of(a, b, pairs), 64)(box, {})
        assert outputs is not None
        assert holds(outputs, a, b, [[u, v] for u, v in product(*box)])
        assert max(outputs.pairs.ends()[1]) < 100


def test_equal_networks_differ_by_rounding_alone() -> None:
    rng = np.random.default_rng(4)
    f = random_network(rng, 3, 2, [5, 4])
    # the same function: units permuted and scaled, then scaled back
    order, factor = [3, 1, 4, 0, 2], Fraction(3, 7)
    first, second = (y.affine for y in f.layers)

    def table(affine: Affine, source: int) -> list[list[Fraction]]:
        return dict(affine.terms)[source].exact.to_fractions()

    def moved(affine: Affine) -> Affine:
        terms = {s: table(affine, s) for s, _ in affine.terms}
        if 1 in terms:
            terms[1] = [[row[i] / factor for i in order] for row in terms[1]]
        return Affine(terms, [affine.bias.exact[i, 0] for i in range(affine.size)])

    rows = [[factor * v for v in table(first, 0)[i]] for i in order]
    own = Affine({0: rows}, [factor * first.bias.exact[i, 0] for i in order])
    g = Network(3, (Layer(own, True), Layer(moved(second), True)), moved(f.output))
    matched = Matching(tuple(order), tuple(range(5)), (1 / factor,) * 5)
    pairs = [matched, Matching.identity(4)]
    box = [(Fraction(-2), Fraction(1, 3))] * 3
    for bits in (64, 200):
        outputs = JointReplay(JointProgram.of(f, g, pairs), bits)(box, {})
        assert outputs is not None
        low, high = outputs.pairs.ends()
        assert all(0 <= v <= 2**20 for v in high)
        assert all(-(2**20) <= v <= 0 for v in low)


def test_one_ulp_is_not_lost() -> None:
    rng = np.random.default_rng(5)
    weights = [rng.standard_normal((6, 3)), rng.standard_normal((2, 6))]
    f = Network.from_dense(weights)
    weights[1][1, 4] = np.nextafter(weights[1][1, 4], 9)
    g = Network.from_dense(weights)
    box = [(Fraction(-1), Fraction(1))] * 3
    points = [list(p) for p in product(*box)]
    worst = max(abs(v) for row in (f.exact(points) - g.exact(points)).to_fractions() for v in row)
    assert worst > 0
    for bits in BITS:
        outputs = JointReplay(JointProgram.of(f, g, [Matching.identity(6)]), bits)(box, {})
        assert outputs is not None
        assert holds(outputs, f, g, points)
        low, high = outputs.pairs.ends()
        reach = Fraction(max(*high, *(-v for v in low)), 1 << bits)
        assert worst <= reach
        if bits == 200:
            assert reach < 1e-12


def test_near_copies_have_narrow_differences() -> None:
    rng = np.random.default_rng(6)
    f = Network.from_dense([rng.standard_normal(shape) for shape in ((6, 2), (6, 6), (2, 6))])
    g = near_copy(rng, f, 1e-9)
    box = [(Fraction(-1, 3), Fraction(1, 3))] * 2
    outputs = JointReplay(JointProgram.of(f, g, [Matching.identity(6)] * 2), 64)(box, {})
    assert outputs is not None
    assert max(outputs.pairs.ends()[1]) < 2**64 * 1e-6
    assert holds(outputs, f, g, points_of(rng, box, f, g))


def random_forms(rng: np.random.Generator, heights: Sequence[int], size: int) -> Forms:
    """Return the forms of one value."""
    groups = [[[int(v)] for v in rng.integers(-size, size + 1, h)] for h in heights]
    return Forms([int(rng.integers(-size, size + 1))], [int(rng.choice([0, 3, 300]))], groups)


def value_at(forms: Forms, symbols: Sequence[Fraction]) -> Fraction:
    rows = [row for group in forms.groups for row in group]
    parts = [row[0] * e for row, e in zip(rows, symbols, strict=True)]
    return forms.center[0] + sum(parts, Fraction(0))


def test_each_step_keeps_every_value_at_its_symbols() -> None:
    # step by step, with the symbols held fixed, no other rounding hides one that was left out
    rng = np.random.default_rng(7)
    n, old_a, old_b = 2, 2, 1

    def symbols(count: int) -> list[Fraction]:
        return [Fraction(int(v), 8) for v in rng.integers(-8, 9, count)]

    def within(forms: Forms) -> Fraction:
        return forms.radius[0] * Fraction(int(rng.integers(-2, 3)), 2)

    for _ in range(400):
        size = int(rng.choice([4, 20, 1000]))
        a, b = random_forms(rng, (n, old_a), size), random_forms(rng, (n, old_b), size)
        scale = Fraction(int(rng.integers(1, 9)), int(rng.integers(1, 9)))
        x, of_a, of_b, of_d = symbols(n), symbols(old_a), symbols(old_b), symbols(2)
        z_a = value_at(a, [*x, *of_a]) + within(a)
        z_b = value_at(b, [*x, *of_b]) + within(b)
        delta = z_a - scale * z_b
        pairs = random_forms(rng, (n + old_a, old_b, 2), int(rng.choice([2, size])))
        pairs.radius = [math.ceil(abs(delta - value_at(pairs, [*x, *of_a, *of_b, *of_d])))]
        matching = Matching((0,), (0,), (scale,))
        layer = joint_layer(matching)
        values = module._Values(a, b, pairs)
        module._take_narrower(values, layer, n)
        rest = delta - value_at(pairs, [*x, *of_a, *of_b, *of_d])
        assert abs(rest) <= pairs.radius[0]
        lines = [module._line(f.ends()[0][0], f.ends()[1][0]) for f in (a, b)]
        after, _ = module._pairs_after(layer, values, [lines[0]], [lines[1]])
        new: list[list[Fraction]] = []
        for forms, line, z, own in ((a, lines[0], z_a, of_a), (b, lines[1], z_b, of_b)):
            slope, rise = Fraction(line[0], 1 << 52), line[1]
            done = module._relu(forms, [line])
            above = max(z, Fraction(0)) - slope * z
            mine = [2 * above / rise - 1] if rise else []
            assert all(abs(e) <= 1 for e in mine)
            off = max(z, Fraction(0)) - value_at(done, [*x, *own, *mine])
            assert abs(off) <= done.radius[0]
            new.append([*own, *mine])
        fresh = len(after.groups[2]) - 2
        place = value_at(after, [*x, *new[0], *new[1], *of_d, *[Fraction(0)] * fresh])
        spare = after.radius[0] + sum(row[0] for row in after.groups[2][2:])
        truth = max(z_a, Fraction(0)) - scale * max(z_b, Fraction(0))
        assert abs(truth - place) <= spare


def joint_layer(matching: Matching) -> JointLayer:
    zero = RationalMatrix.zeros(1, 1)
    return JointLayer((), (), (), (), (), zero, zero, zero, matching)
