"""Signs by cases: complete on one input, never wrong, and nothing but complete trees is read."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest

from tests.checker.mutants import put
from tests.checker.test_linear_bounds import random_network, values_of
from tropnet import Box, Network
from tropnet.checker import case_bounds
from tropnet.checker.case_bounds import CaseCount, case_least, split_bounds, verify_cases
from tropnet.checker.check import fault
from tropnet.checker.linear_bounds import linear_bounds
from tropnet.checker.sign_evidence import replay_signs
from tropnet.errors import CertificateError
from tropnet.exact import IntervalVector
from tropnet.network import Affine, Layer

ONE = 2**16
TINY = Fraction(1, 2**60)
SEGMENT = IntervalVector.of([-1], [1])


def shown(
    network: Network, target: tuple[int, int, str], tree: Any, box: IntervalVector = SEGMENT
) -> bool:
    try:
        verify_cases(network, box, linear_bounds(network, box), target, tree, CaseCount())
    except CertificateError:
        return False
    return True


def drawn(rng: Random) -> tuple[Network, Fraction]:
    """One input, three units and a sum of them; with its largest value on [-1, 1]."""
    first = [[rng.choice([-2, -1, 1, 2])] for _ in range(3)]
    bias = [Fraction(rng.randint(-4, 4), 4) for _ in range(3)]
    second = [[rng.choice([-2, -1, 1, 2]) for _ in range(3)]]
    network = Network.from_dense([first, second, [[1]]], [bias, [0], [0]])
    ends = [Fraction(-1), Fraction(1)]
    ends += [v for w, b in zip(first, bias, strict=True) if -1 <= (v := -b / w[0]) <= 1]
    return network, max(v for (v,) in values_of(network, 2, [[x] for x in ends]))


def with_bias(network: Network, bias: Fraction) -> Network:
    top = network.layers[1]
    weights = {s: m.exact for s, m in top.affine.terms}
    layers = (network.layers[0], Layer(Affine(weights, [bias]), top.relu))
    return Network(network.n_inputs, layers, network.output)


def multipliers(network: Network, path: list[tuple[int, int, int]], kind: str) -> Iterator[Any]:
    """Yield multipliers that take the input out of a case's linear form, one or two at a time."""
    weight = [row[0] for row in network.layers[0].affine.terms[0][1].exact.to_fractions()]
    outer = network.layers[1].affine.terms[0][1].exact.to_fractions()[0]
    sign = 1 if kind == "active" else -1
    slope = sum(sign * outer[j] * weight[j] for _, j, side in path if side > 0)
    yield [0] * len(path)
    own = [side * weight[j] for _, j, side in path]
    for i, j in itertools.product(range(len(path)), repeat=2):
        for start in (0, 1000):
            rest = (slope - start * own[i]) / own[j]
            if rest >= 0:
                found = [0] * len(path)
                found[i] = start * ONE
                found[j] += int(rest * ONE)
                yield found


def tree_of(network: Network, kind: str = "dead", path: Any = ()) -> Any:
    """Split all units of the first layer; the multipliers of each case are the best of some."""
    bounds = linear_bounds(network, SEGMENT)
    if len(path) < 3:
        step = [(*path, (1, len(path), sign)) for sign in (-1, 1)]
        return [1, len(path), *(tree_of(network, kind, p) for p in step)]
    own = list(bounds)
    for split in path:
        own = split_bounds(network, own, split)
    slopes = [[ONE // 2] * 3]

    def least(chosen: Any) -> Fraction:
        found = case_least(network, (2, 0, kind), own, SEGMENT, path, (slopes, chosen))
        assert found is not None
        return found

    return {"slopes": slopes, "multipliers": max(multipliers(network, path, kind), key=least)}


@pytest.mark.parametrize("seed", range(12))
def test_what_touches_zero_is_shown_and_what_passes_it_is_not(seed: int) -> None:
    rng = Random(seed)
    network, top = drawn(rng)
    tree = tree_of(with_bias(network, -top))
    for shift in (Fraction(0), -TINY, Fraction(-1, 3)):
        assert shown(with_bias(network, shift - top), (2, 0, "dead"), tree)
    above = with_bias(network, TINY - top)
    assert not shown(above, (2, 0, "dead"), tree)
    for _ in range(40):
        assert not shown(above, (2, 0, "dead"), mutant(tree, rng))


def test_a_unit_that_is_active_is_shown_as_well() -> None:
    rng = Random(5)
    network, _ = drawn(rng)
    negative = Affine({1: -network.layers[1].affine.terms[0][1].exact}, [0])
    network = Network(1, (network.layers[0], Layer(negative)), network.output)
    low = min(v for (v,) in values_of(network, 2, [[Fraction(k, 64)] for k in range(-64, 65)]))
    tree = tree_of(network, "active")
    assert shown(with_bias(network, -low), (2, 0, "active"), tree)
    assert not shown(with_bias(network, -low - TINY), (2, 0, "active"), tree)
    assert not shown(with_bias(network, -low), (2, 0, "dead"), tree)


def test_a_needle_between_splits_is_seen() -> None:
    # 2^20 (relu(x + d) − 2 relu(x) + relu(x − d)) is a needle of height 1 at 0 for d = 2^-20
    d = Fraction(1, 2**20)
    for top, true in ((1, True), (1 - TINY, False)):
        network = Network.from_dense(
            [[[1], [1], [1]], [[2**20, -(2**21), 2**20]], [[1]]], [[d, 0, -d], [-top], [0]]
        )
        assert shown(network, (2, 0, "dead"), tree_of(network)) == true


def mutant(tree: Any, rng: Random) -> Any:
    """Change one place of a tree: other children, another unit, other numbers, a deeper path."""
    spots = [(), (2,), (3,), (2, 2), (2, 3), (3, 2), (3, 3), (2, 2, 2), (3, 3, 3), (3, 2, 3)]
    place = rng.choice(spots)
    node = tree
    for key in place:
        node = node[key]
    if isinstance(node, dict):
        changed: Any = copy.deepcopy(node)
        name = rng.choice(["slopes", "multipliers"])
        target = changed[name][0] if name == "slopes" else changed[name]
        target[rng.randrange(3)] = rng.choice([0, 1, ONE // 3, ONE, -1, -ONE, 2 * ONE, 2**64 - 1])
    elif rng.random() < 0.3:
        changed = [node[0], node[1], node[3], node[2]]
    elif rng.random() < 0.5:
        changed = [node[0], rng.randrange(3), node[2], node[3]]
    else:
        changed = rng.choice([node[2], node[3]])
    return put(tree, place, changed) if place else changed


def test_no_case_is_left_out() -> None:
    network, top = drawn(Random(0))
    network = with_bias(network, -top)
    tree = tree_of(network)
    odd: list[Any] = [
        [1, 0, tree[2]], [1, 0, tree[2], None], [1, 0, tree[2], []], [1, 0, tree[2], "empty"],
        [1, 0, tree[2], tree[3], tree[3]], tree[2], [1, 0, tree[2], {}], None, [], {}, "dead",
        (1, 0, tree[2], tree[3]),
    ]  # fmt: skip
    for missing in odd:
        assert not shown(network, (2, 0, "dead"), missing)


LEAF = {"slopes": [[0, 0, ONE]], "multipliers": []}


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({**LEAF, "slopes": [[0, 0]]}, "do not fit"),
        ({**LEAF, "slopes": []}, "do not fit"),
        ({**LEAF, "slopes": [[0, 0, 0], [0]]}, "do not fit"),
        ({**LEAF, "slopes": [[0, 0, ONE + 1]]}, "do not fit"),
        ({**LEAF, "slopes": [[0, 0, -1]]}, "no lists of numbers"),
        ({**LEAF, "slopes": [[0, 0, True]]}, "no lists of numbers"),
        ({**LEAF, "slopes": [[0, 0, 0.5]]}, "no lists of numbers"),
        ({**LEAF, "slopes": {}}, "no lists of numbers"),
        ({**LEAF, "multipliers": [0]}, "one multiplier"),
        ({**LEAF, "multipliers": None}, "one multiplier"),
        ({**LEAF, "more": 0}, "no more and no less"),
        ({"slopes": [[0, 0, 0]]}, "no more and no less"),
        ([1, 0, LEAF, LEAF], "one multiplier"),
        ([1, 0, *[{**LEAF, "multipliers": [-1]}] * 2], "one multiplier"),
        ([1, 0, *[{**LEAF, "multipliers": [True]}] * 2], "one multiplier"),
        ([1, 0, *[{**LEAF, "multipliers": [2**64]}] * 2], "one multiplier"),
        ([1, 0, *[{**LEAF, "multipliers": ["1"]}] * 2], "one multiplier"),
        ([2, 0, LEAF, LEAF], "a split is not"),
        ([0, 0, LEAF, LEAF], "a split is not"),
        ([1, 3, LEAF, LEAF], "a split is not"),
        ([1, -1, LEAF, LEAF], "a split is not"),
        ([True, 0, LEAF, LEAF], "a split is not"),
        ([1, "0", LEAF, LEAF], "a split is not"),
    ],
)
def test_garbled_trees_are_refused_though_the_claim_is_true(node: Any, message: str) -> None:
    network = Network.from_dense([[[1], [1], [1]], [[-1, -1, -1]], [[1]]], [[0] * 3, [-9], [0]])
    assert shown(network, (2, 0, "dead"), LEAF)
    bounds = linear_bounds(network, SEGMENT)
    with pytest.raises(CertificateError, match=message):
        verify_cases(network, SEGMENT, bounds, (2, 0, "dead"), node, CaseCount())
    data = {"cases": [[[2, 0, "dead", node]]]}
    with pytest.raises(CertificateError):
        replay_signs(network, Box([-1], [1]), SEGMENT, data, fault)


def test_depth_and_number_of_cases_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network.from_dense([[[1], [1], [1]], [[-1, -1, -1]], [[1]]], [[0] * 3, [-9], [0]])

    def deep(splits: int) -> Any:
        tree: Any = {**LEAF, "multipliers": [0] * splits}
        for left in range(splits):
            rest = splits - left
            tree = [1, 0, {**LEAF, "multipliers": [0] * rest}, tree]
        return tree

    assert shown(network, (2, 0, "dead"), deep(64))
    assert not shown(network, (2, 0, "dead"), deep(65))
    assert not shown(network, (2, 0, "dead"), deep(2000))  # no recursion
    count = CaseCount(3)
    bounds = linear_bounds(network, SEGMENT)
    verify_cases(network, SEGMENT, bounds, (2, 0, "dead"), deep(1), count)
    with pytest.raises(CertificateError, match="more than"):  # they are counted together
        verify_cases(network, SEGMENT, bounds, (2, 0, "dead"), deep(1), count)
    assert case_bounds.MOST_CASES == 2**16


def test_inputs_without_ends_have_no_bound() -> None:
    network = Network.from_dense([[[1], [1], [1]], [[-1, -1, -1]], [[1]]], [[0] * 3, [-9], [0]])
    line = IntervalVector.line(1)
    assert not shown(network, (2, 0, "active"), LEAF, line)
    assert shown(network, (2, 0, "dead"), {**LEAF, "slopes": [[0, 0, 0]]}, line)


@pytest.mark.parametrize("seed", range(6))
def test_no_value_of_a_case_is_beyond_its_bound(seed: int) -> None:
    rng = np.random.default_rng([5, seed])
    met = 0
    for _ in range(25):
        f = random_network(rng, 2)
        k = len(f.layers)
        if k < 2:
            continue
        box = IntervalVector.of([-1, 0], [1, 1])
        bounds = linear_bounds(f, box)
        points = np.hstack([rng.integers(-8, 9, size=(60, 1)), rng.integers(0, 9, size=(60, 1))])
        values = [values_of(f, s, points / 8) for s in range(1, k + 1)]
        path, own = [], bounds
        for _ in range(int(rng.integers(0, 4))):
            s = int(rng.integers(1, k))
            j = int(rng.integers(f.widths[s - 1]))  # identity units as well
            path.append((s, j, int(rng.choice([-1, 1]))))
            own = split_bounds(f, own, path[-1])
        slopes = [rng.integers(0, ONE + 1, size=w).tolist() for w in f.widths[: k - 1]]
        chosen = rng.integers(0, 3 * ONE, size=len(path)).tolist()
        unit = int(rng.integers(f.widths[k - 1]))
        for kind, sign in (("active", 1), ("dead", -1)):
            least = case_least(f, (k, unit, kind), own, box, path, (slopes, chosen))
            for p in range(len(points)):
                if all(side * values[s - 1][p][j] >= 0 for s, j, side in path):
                    met += 1
                    assert least is not None
                    assert sign * values[k - 1][p][unit] >= least
    assert met > 100


def test_cases_of_a_layer_narrow_those_of_later_ones() -> None:
    network, top = drawn(Random(2))  # linear bounds do not show it
    network = with_bias(network, -top)
    later = Layer(Affine({2: [[1]]}, [0]))  # at most 0 where the unit before it is dead
    network = Network(1, (*network.layers, later), Affine({3: [[1]]}))
    tree = tree_of(network)
    one = {"slopes": [[0, 0, 0], [0]], "multipliers": []}
    good = [[2, 0, "dead", tree], [3, 0, "dead", one]]
    square = Box([-1], [1])
    found = replay_signs(network, square, SEGMENT, {"cases": [[v] for v in good]}, fault)
    assert found[2].at_most_zero().tolist() == [True]
    assert found[1].at_most_zero().tolist() == [True]
    stages: list[Any] = [good, [[good[1]]], [[v] for v in good[::-1]], [[], [good[0]]], {}, None]
    claims: list[Any] = [
        [2, 0, "active", tree], [3, 0, "dead", tree], [1, 0, "dead", tree], [2, 1, "dead", tree],
        [0, 0, "dead", tree], [2, 0, "new", tree], [2, 0, "dead"], [True, 0, "dead", tree], "dead",
    ]  # fmt: skip
    # the last: the second claim rests on the first, and is in the same stage
    for bad in (*stages, *([[claim]] for claim in claims), [good]):
        with pytest.raises(CertificateError):
            replay_signs(network, square, SEGMENT, {"cases": bad}, fault)
