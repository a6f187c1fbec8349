from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest

from tests.equivalence.recipes import Step, build
from tropnet.checker.relations import Walk
from tropnet.domains import Box
from tropnet.equivalence import sweep
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.relate import relate
from tropnet.equivalence.sweep import agree, hints
from tropnet.network import Affine, Layer, Network

dense = Network.from_dense
POOL = [Step("dense", (((1, 2), (-1, 1), (3, -2)), (1, 0, -1))), Step("pool", (3,))]


def walk_of(problem: Problem) -> Walk:
    return relate(problem, everywhere=True).walk


def test_networks_that_differ_are_not_swept(monkeypatch: pytest.MonkeyPatch) -> None:
    f, _ = build(POOL, 2)
    other = Network(2, f.layers, f.output + type(f.output)({}, [Fraction(1, 2**60)]))
    assert agree(Problem.of(f, f, None))
    assert not agree(Problem.of(f, other, None))
    monkeypatch.setitem(relate.__globals__, "hints", None)
    assert not relate(Problem.of(f, other, None)).equal


def test_independent_atoms_leave_nothing_to_find() -> None:
    f = dense([[[1, 2], [-1, 1]], [[1, -1], [2, 1]], [[1, 1]]], [[1, 0], [0, -1], [0]])
    problem = Problem.of(f, f, None)
    assert not hints(problem, walk_of(problem)).dependent


def test_dependent_and_stable_atoms() -> None:
    f, _ = build(POOL, 2)
    g, _ = build(POOL, 2, Random(0), only="pool")
    problem = Problem.of(f, g, None)
    assert hints(problem, walk_of(problem)).dependent
    once = dense([[[1], [1]], [[1, -1]], [[1]]], [[0, -1], [0], [0]])  # max(x, 0) − max(x − 1, 0)
    problem = Problem.of(once, once, Box([-3], [3]))
    assert hints(problem, walk_of(problem)).stable.get(("a", 2, 0)) is None
    positive = dense([[[1], [-1]], [[1, 1]], [[1]]], [[1, 0], [0], [0]])
    problem = Problem.of(positive, positive, Box([0], [1]))
    assert hints(problem, walk_of(problem)).stable.get(("a", 1, 0)) == "active"


def test_absolute_values_inside_a_relu_are_active() -> None:
    # relu(2 relu(x) − x) against |x|
    f = dense([[[1], [-1]], [[1, 1]]])
    first, second = Layer(Affine({0: [[1]]})), Layer(Affine({0: [[-1]], 1: [[2]]}))
    twice = Network(1, (first, second), Affine({2: [[1]]}))
    found = relate(Problem.of(f, twice, None))
    assert found.equal
    assert found.claims["b"][1][0].lifted == ((("a", 1, 0), Fraction(1)),)


@pytest.mark.parametrize("sign", [1, -1])
def test_multiples_of_a_unit_of_one_sign_do_not_refer_to_it(sign: int) -> None:
    # ±(2 relu(x) − x), and twice that in the same layer, against ±3|x| or 0
    f = dense([[[1], [-1]], [[3, 3] if sign > 0 else [0, 0]]])
    tilted = {0: [[-sign], [-2 * sign]], 1: [[2 * sign], [4 * sign]]}
    layers = Layer(Affine({0: [[1]]})), Layer(Affine(tilted))
    twice = Network(1, layers, Affine({2: [[1, 1]]}))
    assert relate(Problem.of(f, twice, None)).equal


@pytest.mark.parametrize("many", [0, 12])
def test_shadows_of_forms_find_the_same(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "_MANY", many)
    f, _ = build(POOL, 2)
    for seed in range(4):
        g, _ = build(POOL, 2, Random(seed), only="pool")
        assert relate(Problem.of(f, g, None)).equal


def test_shadows_that_agree_by_chance_prove_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    # with all weights of the shadow zero, maxima of different forms look the same
    monkeypatch.setattr(sweep, "_MANY", 0)
    monkeypatch.setattr(sweep, "agree", lambda problem: True)
    monkeypatch.setitem(relate.__globals__, "agree", lambda problem: True)
    monkeypatch.setattr(Random, "randint", lambda self, low, high: low if low > 0 else 0)
    f, _ = build(POOL, 2)
    other = [Step("dense", (((1, 2), (-1, 1), (3, -5)), (1, 0, -1))), Step("pool", (3,))]
    g, _ = build(other, 2)
    assert not relate(Problem.of(f, g, None)).equal


def test_too_many_atoms_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    f, _ = build(POOL, 2)
    problem = Problem.of(f, f, None)
    walk = walk_of(problem)
    monkeypatch.setattr(sweep, "_COLUMNS", 2)
    assert hints(problem, walk).dependent
    monkeypatch.setattr(sweep, "_MOST", 1)
    assert not hints(problem, walk).dependent
