"""Restructured copies; `python -m tests.equivalence.restructured` runs as many as asked."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from random import Random

import pytest

from tests.checker.mutants import fate, mutants
from tests.equivalence.recipes import Step, build
from tests.equivalence.restructured import (
    differ_somewhere,
    examine,
    nudged,
    without_cells,
)
from tropnet.checker.relations import replay_relations
from tropnet.equivalence import Equivalent
from tropnet.equivalence.problem import Problem
from tropnet.equivalence.relate import relate
from tropnet.errors import CertificateError
from tropnet.network import Affine, Layer, Network

QUARTER = Fraction(1, 4)
DENSE = Step("dense", (((1, -2, 3), (2, 5, -1), (-3, 1, 1), (1, 1, 7)), (1, -1, 2, QUARTER)))
LAST = Step("dense", (((1, -2, 3, 1), (2, 5, -1, 1)), (QUARTER, 0)))
SUMS = Step("dense", (((2,), (-5,)), (1, 3)))
RECIPES = {
    "dense": [DENSE, Step("relu"), LAST],
    "insert": [DENSE, Step("relu"), LAST],
    "relu": [DENSE, Step("relu"), LAST],
    "normalise": [
        DENSE, Step("relu"), Step("normalise", ((2, -1, QUARTER, 3), (1, 2, 3, 4))), LAST,
    ],
    "leaky": [DENSE, Step("leaky", (QUARTER,)), LAST],
    "absolute": [DENSE, Step("absolute"), LAST],
    "clip": [DENSE, Step("clip", (Fraction(6),)), LAST],
    "pool": [DENSE, Step("pool", (4,)), SUMS],
    "relu and pool": [DENSE, Step("relu_and_pool", (4,)), SUMS],
    "residual": [DENSE, Step("residual", (), (DENSE_TWICE := Step(
        "dense", (((1, 0, 2, -1), (3, 1, 0, 1), (0, 1, -1, 1), (1, 1, 1, 2)), (1, 0, 0, -1))
    ), Step("relu"), DENSE_TWICE)), LAST],
}  # fmt: skip


@pytest.mark.parametrize("kind", RECIPES)
def test_each_way_alone(kind: str) -> None:
    """A copy is proved equal, and the proof says nothing about one that was nudged."""
    plain, _ = build(RECIPES[kind], 3)
    met: Counter[str] = Counter()
    for seed in range(8):
        rng = Random(seed)
        copy, ways = build(RECIPES[kind], 3, rng, only=kind)
        if met.keys() >= ways.keys():
            continue
        met += ways
        problem = Problem.of(plain, copy, None)
        found = relate(problem)
        assert found.equal, ways
        bounds = replay_relations(plain, copy, problem.box, found.data)
        assert set(bounds.ends()) == {(Fraction(0), Fraction(0))}
        other = nudged(copy, rng)
        if not differ_somewhere(plain, other, rng):
            continue
        try:
            replayed = replay_relations(plain, other, problem.box, found.data)
        except CertificateError:
            continue
        assert set(replayed.ends()) != {(Fraction(0), Fraction(0))}, ways
        assert not relate(Problem.of(plain, other, None)).equal, ways
    assert len(met) > 1


@pytest.mark.parametrize("seed", range(3000, 3008))
def test_several_ways_at_once(seed: int) -> None:
    verdict, ways = examine(seed)
    assert isinstance(verdict, Equivalent), ways


def test_a_needle_in_a_copy() -> None:
    """The copy differs from the maximum of three on a triangle that no sample meets."""
    recipe = [Step("dense", (((1, 0), (0, 1), (-1, -1)), (0, 0, 0))), Step("pool", (3,))]
    plain, _ = build(recipe, 2)
    for seed in range(4):
        copy, _ = build(recipe, 2, Random(seed), only="pool")
        assert relate(Problem.of(plain, copy, None)).equal
        width = Fraction(1, 2**40)
        bump = Layer(Affine({0: [[-1, 0], [0, -1], [1, 1]]}, [width, width, -width]))
        k = len(copy.layers) + 1
        needle = Layer(Affine({k: [[-1, -1, -1]]}, [2 * width]))
        terms = dict(copy.output.terms)
        output = Affine({**terms, k + 1: [[1]]}, copy.output.bias)
        other = Network(2, (*copy.layers, bump, needle), output)
        assert not differ_somewhere(plain, other, Random(seed))
        assert other.exact([[width / 3, width / 3]]) != plain.exact([[width / 3, width / 3]])
        assert not relate(Problem.of(plain, other, None)).equal


def test_mutated_claims_prove_nothing_false() -> None:
    """Certificates with maxima and lifted atoms; exact enumeration says what is true."""
    fates: Counter[str] = Counter()
    for seed, (plain, copy) in enumerate(pairs_in_the_plane()):
        verdict = without_cells(plain, copy)
        assert verdict.method == "relations between units"
        data = verdict.certificate.to_json()
        for mutant in mutants(data, Random(seed), 40):
            fates[fate(mutant, plain, copy)] += 1
    assert fates["rejected"] > 20


def pairs_in_the_plane() -> list[tuple[Network, Network]]:
    pool = [Step("dense", (((1, 2), (-1, 1), (3, -2)), (1, 0, -1))), Step("pool", (3,))]
    clip = [Step("dense", (((1, 2),), (1,))), Step("clip", (Fraction(6),))]
    found = [
        (build(recipe, 2)[0], build(recipe, 2, Random(seed), only=kind)[0])
        for recipe, kind, seed in ((pool, "pool", 0), (clip, "clip", 0), (clip, "clip", 5))
    ]
    # |x + 2y| inside a ReLU, where the sign needs an atom lifted
    absolute = Network.from_dense([[[1, 2], [-1, -2]], [[1, 1]]])
    first, second = Layer(Affine({0: [[1, 2]]})), Layer(Affine({0: [[-1, -2]], 1: [[2]]}))
    inside = Network(2, (first, second), Affine({2: [[1]]}))
    return [*found, (absolute, inside)]
