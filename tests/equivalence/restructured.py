"""Copies that compute the same function by other units: `python -m tests.equivalence.restructured`.

Takes the number of pairs (200) and the first seed (0). A recipe is a function as a list of steps;
each step can be built in several ways, all of them exactly equal. One network is built the plain
way, the other by ways drawn at random. The comparison has to prove them equal without enumerating
cells. Then one weight of the copy is moved by one unit in the last place, or one step of the recipe
is changed a little, and where exact values show a difference nothing may be called equivalent.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any
from unittest.mock import patch

import numpy as np

from tests.equivalence.recipes import Step, build
from tropnet.checker import Certificate, check_networks
from tropnet.domains import Box, Domain
from tropnet.equivalence import Different, Equivalent, Verdict
from tropnet.equivalence.compare import compare_networks
from tropnet.network import Affine, Layer, Network

#: Seconds that one comparison may take.
LIMIT = 20


# ---- recipes ------------------------------------------------------------------------------------


def draw_recipe(rng: Random, inputs: int, *, width: int = 6, depth: int = 3) -> list[Step]:
    """Draw a recipe of a function of so many inputs, with one or two outputs."""
    steps, size = [_dense(rng, inputs, width)], width
    for _ in range(rng.randint(1, depth)):
        kinds = ["relu", "relu", "leaky", "absolute", "clip", "pool", "relu_and_pool", "residual",
                 "normalise"]  # fmt: skip
        kind = rng.choice(kinds)
        if kind in ("pool", "relu_and_pool"):
            group = rng.choice([2, 3, 4])
            if size < group:
                continue
            steps.append(Step(kind, (group,)))
            size //= group
            steps.append(_dense(rng, size, width))
            size = width
        elif kind == "residual":
            inner = (_dense(rng, size, width), Step("relu"), _dense(rng, width, size))
            steps.append(Step(kind, (), inner))
        elif kind == "normalise":
            scale = tuple(Fraction(rng.choice([1, 2, 3, -1]), 2) for _ in range(size))
            steps.append(Step(kind, (scale, tuple(_small(rng) for _ in range(size)))))
        else:
            steps.append(_unary(rng, kind))
            steps.append(_dense(rng, size, width))
            size = width
    if not any(step.kind not in ("dense", "normalise") for step in steps):
        steps.append(Step("relu"))
    return [*steps, _dense(rng, size, rng.choice([1, 2]))]


def _unary(rng: Random, kind: str) -> Step:
    if kind == "leaky":
        return Step(kind, (Fraction(rng.choice([-1, 1, 1, 2, 3]), 4),))
    return Step(kind, (Fraction(rng.choice([1, 6]), 2),) if kind == "clip" else ())


def _dense(rng: Random, inputs: int, outputs: int) -> Step:
    weights = tuple(tuple(_small(rng) for _ in range(inputs)) for _ in range(outputs))
    return Step("dense", (weights, tuple(_small(rng) for _ in range(outputs))))


def _small(rng: Random) -> Fraction:
    return Fraction(rng.choice([-9, -5, -3, -2, -1, 1, 1, 2, 3, 4, 7]), rng.choice([1, 2, 4, 8]))


# ---- changes that make another function ---------------------------------------------------------


def nudged(network: Network, rng: Random) -> Network:
    """Return the network with one weight or bias moved by one unit in the last place."""
    affines = list(network.affines)
    k = rng.randrange(len(affines))
    affine = affines[k]
    weights = {s: m.exact.to_fractions() for s, m in affine.terms}
    bias = [row[0] for row in affine.bias.exact]
    places: list[tuple[Any, int]] = [(bias, i) for i in range(len(bias))]
    places += [(row, j) for m in weights.values() for row in m for j, v in enumerate(row) if v]
    row, j = rng.choice(places)
    value = float(row[j])
    row[j] += rng.choice([-1, 1]) * Fraction(float(np.spacing(abs(value))) if value else 2.0**-60)
    affines[k] = Affine(weights, bias)
    layers = [Layer(f, y.relu, y.name) for f, y in zip(affines, network.layers, strict=False)]
    return Network(network.n_inputs, tuple(layers), affines[-1])


def differ_somewhere(a: Network, b: Network, rng: Random, count: int = 200) -> bool:
    """Tell whether exact values differ at a few random points of different sizes."""
    points = [[Fraction(rng.randint(-64, 64), 2 ** rng.randint(0, 8)) for _ in range(a.n_inputs)]
              for _ in range(count)]  # fmt: skip
    return not (a.exact(points) - b.exact(points)).is_zero()


# ---- the examination ----------------------------------------------------------------------------


def without_cells(a: Network, b: Network, domain: Domain = None, limit: float = LIMIT) -> Verdict:
    """Compare without enumerating joint cells, as in more than six dimensions."""
    with patch("tropnet.equivalence.portfolio.MAX_INPUTS", 0):
        return compare_networks(a, b, domain, time_limit=limit)


def pair_of(seed: int) -> tuple[Network, Network, Domain, Counter[str], Random]:
    """Return a network, a restructured copy, a domain and the ways in which it was built."""
    rng = Random(seed)
    inputs = rng.choice([1, 2, 2, 3, 4, 8])
    recipe = draw_recipe(rng, inputs, width=rng.choice([3, 4, 6, 8]), depth=rng.choice([1, 2, 3]))
    plain, _ = build(recipe, inputs)
    copy, ways = build(recipe, inputs, rng)
    domain = Box.cube(inputs, -2, 2) if rng.random() < 0.3 else None
    pair = (plain, copy) if rng.random() < 0.5 else (copy, plain)
    return *pair, domain, ways, rng


def examine(seed: int) -> tuple[Verdict, Counter[str]]:
    """Compare the pair of a seed; return the verdict and the ways of the copy.

    Raises:
        AssertionError: a wrong verdict, or a certificate that is not valid.
    """
    a, b, domain, ways, rng = pair_of(seed)
    assert not differ_somewhere(a, b, rng), "the copy is none"
    verdict = without_cells(a, b, domain, limit=5)
    assert not isinstance(verdict, Different), str(verdict)
    certificate = Certificate.from_json(verdict.certificate.to_json())
    report = check_networks(certificate, a, b)
    assert report.valid, str(report)
    other = nudged(b, rng)
    if domain is None and differ_somewhere(a, other, rng):
        wrong = without_cells(a, other, domain, limit=1)
        assert not isinstance(wrong, Equivalent), f"one unit in the last place: {wrong}"
        lied = check_networks(_of_others(certificate, a, other), a, other)
        assert not (lied.valid and certificate.claim == "equivalent"), str(lied)
    return verdict, ways


def _of_others(certificate: Certificate, a: Network, b: Network) -> Certificate:
    """Return the certificate as if it spoke of other networks."""
    return replace(certificate, a=a.sha256, b=b.sha256)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    count = int(arguments[0]) if arguments else 200
    first = int(arguments[1]) if len(arguments) > 1 else 0
    tally: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    met: Counter[str] = Counter()
    wrong, slowest = 0, 0.0
    for seed in range(first, first + count):
        start = time.perf_counter()
        try:
            verdict, ways = examine(seed)
        except Exception as error:
            wrong += 1
            say(f"seed {seed}: {type(error).__name__}: {error}")
            continue
        slowest = max(slowest, time.perf_counter() - start)
        tally[f"{verdict.word} by {verdict.method}"] += 1
        met.update(ways.keys())
        if not isinstance(verdict, Equivalent):
            missed.update(ways.keys())
            say(f"seed {seed}: {verdict.word}: {', '.join(sorted(ways))}")
    for name, number in sorted(met.items()):
        say(f"{number:>6} met, {missed[name]:>4} undecided with: {name}")
    for name, number in sorted(tally.items()):
        say(f"{number:>6}  {name}")
    say(f"{count} pairs, {wrong} failures, slowest {slowest:.2f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
