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
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any
from unittest.mock import patch

import numpy as np

from tropnet.checker import Certificate, check_networks
from tropnet.domains import Box, Domain
from tropnet.equivalence import Different, Equivalent, Verdict
from tropnet.equivalence.compare import compare_networks
from tropnet.exact import RationalMatrix
from tropnet.network import Affine, Layer, Network, NetworkBuilder
from tropnet.network.builder import Wire
from tropnet.network.fold import folded
from tropnet.network.shared_linear import shared

Matrix = list[list[Fraction]]

#: Seconds that one comparison may take.
LIMIT = 20


@dataclass(frozen=True)
class Step:
    """One step of a recipe: what it does, and with which numbers."""

    kind: str
    data: tuple[Any, ...] = ()
    inner: tuple[Step, ...] = ()


@dataclass
class Maker:
    """Builds recipes; without a random source always in the plain way."""

    builder: NetworkBuilder = field(default_factory=NetworkBuilder)
    rng: Random | None = None
    ways: Counter[str] = field(default_factory=Counter)
    only: str | None = None

    def choose(self, kind: str, ways: Sequence[str]) -> str:
        if self.rng is None or (self.only is not None and self.only != kind):
            return ways[0]
        chosen = self.rng.choice(ways)
        self.ways[f"{kind}: {chosen}"] += 1
        return chosen

    def apply(self, wire: Wire, step: Step) -> Wire:
        work: Callable[..., Wire] = getattr(self, step.kind)
        return self.doubled(work(wire, *step.data, *step.inner))

    def run(self, wire: Wire, steps: Sequence[Step]) -> Wire:
        for step in steps:
            wire = self.apply(wire, step)
        return wire

    # ---- steps ------------------------------------------------------------------------------

    def doubled(self, x: Wire) -> Wire:
        """Insert an identity layer, or leave the wire alone."""
        b = self.builder
        match self.choose("insert", ["nothing"] * 4 + ["relu(x)-relu(-x)", "x+relu(0x)"]):
            case "relu(x)-relu(-x)":
                return b.subtract(b.relu(x), b.relu(b.negate(x)))
            case "x+relu(0x)":
                nothing = b.linear(x, [[0] * x.size] * x.size, [-1] * x.size)
                return b.add(x, b.relu(nothing))
        return x

    def dense(self, x: Wire, weights: Any, bias: Any) -> Wire:
        b, size = self.builder, len(weights)
        match self.choose("dense", ["plain", "as convolution", "in halves", "factored"]):
            case "as convolution":
                exact = RationalMatrix.from_rows([list(map(Fraction, row)) for row in weights])
                held = b.take(b.linear(x, _unit(x.size)), range(x.size))
                whole = shared(
                    exact, np.arange(x.size)[None, :], np.arange(size), np.zeros(size, int), x.size
                )
                return b.linear(held, whole, bias)
            case "in halves":
                half = [[Fraction(v) / 2 for v in row] for row in weights]
                return b.add(b.linear(x, half, bias), b.linear(x, half))
            case "factored":
                down, up = self.unimodular(size)
                inner = _product(down, weights)
                return b.linear(b.linear(x, inner), up, bias)
        return b.linear(x, weights, bias)

    def unimodular(self, size: int) -> tuple[Matrix, Matrix]:
        """Return a matrix of integers and its inverse."""
        assert self.rng is not None
        down, up = _unit(size), _unit(size)
        for _ in range(min(size, 4) if size > 1 else 0):
            i, j = self.rng.sample(range(size), 2)
            s = self.rng.choice([-1, 1])
            down[i] = [u + s * v for u, v in zip(down[i], down[j], strict=True)]
            for row in up:
                row[j] -= s * row[i]
        return down, up

    def normalise(self, x: Wire, scale: Any, shift: Any) -> Wire:
        b = self.builder
        diagonal = [[Fraction(s) if i == j else Fraction(0) for j in range(x.size)]
                    for i, s in enumerate(scale)]  # fmt: skip
        if self.choose("normalise", ["plain", "shift first"]) == "shift first":
            before = [Fraction(t) / Fraction(s) for s, t in zip(scale, shift, strict=True)]
            return b.linear(b.shift(x, before), diagonal)
        return b.linear(x, diagonal, shift)

    def relu(self, x: Wire) -> Wire:
        b = self.builder
        ways = ["plain", "twice", "from the other side", "widened", "widened", "always on"]
        match self.choose("relu", ways):
            case "twice":
                return b.relu(b.relu(x))
            case "from the other side":
                return b.add(x, b.relu(b.negate(x)))
            case "widened":
                return self.widened(x)
            case "always on":  # non-negative weights on what is not negative, and back again
                down, up = self.unimodular(x.size)
                sizes = [[abs(v) for v in row] for row in down]
                h = b.relu(x)
                more = b.relu(b.linear(h, sizes, [Fraction(1, 8)] * x.size))
                less = b.relu(b.linear(h, [[abs(u) - v for u, v in zip(r, s, strict=True)]
                                           for r, s in zip(down, down, strict=True)]))  # fmt: skip
                rest = b.shift(b.subtract(more, less), [-Fraction(1, 8)] * x.size)
                return b.linear(rest, up)
        return b.relu(x)

    def widened(self, x: Wire) -> Wire:
        """Permute, rescale, duplicate and split units, and add units that have no effect."""
        b, rng, size = self.builder, self.rng, x.size
        assert rng is not None
        rows: list[tuple[dict[int, Fraction], dict[int, Fraction]]] = []  # incoming, outgoing
        for i in range(size):
            copies = rng.choice([1, 1, 2, 3])
            shares = [Fraction(rng.randint(-3, 3), 4) for _ in range(copies - 1)]
            shares.append(1 - sum(shares, Fraction(0)))
            for share in shares:
                scale = Fraction(2) ** rng.randint(-3, 3)
                rows.append(({i: scale}, {i: share / scale}))
        for _ in range(rng.randint(0, 2)):
            i, j = rng.randrange(size), rng.randrange(size)
            rows.append(({i: Fraction(rng.randint(1, 3)), j: Fraction(-2)}, {}))
        if rng.random() < 0.5:  # two units that cancel
            i, j = rng.randrange(size), rng.randrange(size)
            row = {i: Fraction(1), j: Fraction(rng.choice([1, -3]))}
            rows += [(row, {i: Fraction(1)}), ({k: 2 * v for k, v in row.items()},
                                               {i: -Fraction(1, 2)})]  # fmt: skip
        rng.shuffle(rows)
        into = [[row.get(j, Fraction(0)) for j in range(size)] for row, _ in rows]
        out = [[columns.get(i, Fraction(0)) for _, columns in rows] for i in range(size)]
        return b.linear(b.relu(b.linear(x, into)), out)

    def leaky(self, x: Wire, slope: Fraction) -> Wire:
        b = self.builder
        match self.choose("leaky", ["plain", "two units", "from the other side", "as a maximum"]):
            case "two units":
                return b.subtract(b.relu(x), self.times(b.relu(b.negate(x)), slope))
            case "from the other side":
                return b.add(x, self.times(b.relu(b.negate(x)), 1 - slope))
            case "as a maximum" if slope <= 1:
                return b.maximum(self.times(x, slope), x)
        return b.add(self.times(x, slope), self.times(b.relu(x), 1 - slope))

    def absolute(self, x: Wire) -> Wire:
        b = self.builder
        match self.choose("absolute", ["plain", "twice less", "as a maximum"]):
            case "twice less":
                return b.subtract(self.times(b.relu(x), Fraction(2)), x)
            case "as a maximum":
                return b.maximum(x, b.negate(x))
        return b.add(b.relu(x), b.relu(b.negate(x)))

    def clip(self, x: Wire, top: Fraction) -> Wire:
        b, tops = self.builder, [top] * x.size
        match self.choose("clip", ["plain", "from above", "nested"]):
            case "from above":
                return b.shift(b.negate(b.relu(b.shift(b.negate(b.relu(x)), tops))), tops)
            case "nested":  # max(min(x, t), 0)
                return b.relu(b.subtract(x, b.relu(b.shift(x, [-top] * x.size))))
        return b.subtract(b.relu(x), b.relu(b.shift(x, [-top] * x.size)))

    def pool(self, x: Wire, size: int) -> Wire:
        return self.greatest(x, size)

    def relu_and_pool(self, x: Wire, size: int) -> Wire:
        if self.choose("relu and pool", ["plain", "other order"]) == "plain":
            return self.greatest(self.builder.relu(x), size)
        return self.builder.relu(self.greatest(x, size))

    def greatest(self, x: Wire, size: int) -> Wire:
        """Return the largest of each group of so many values, by a tree of maxima."""
        b = self.builder
        wires = [b.take(x, range(i, x.size - x.size % size, size)) for i in range(size)]
        way = self.choose("pool", ["plain", "other order", "tree", "other sides"])
        if way != "plain":
            assert self.rng is not None
            self.rng.shuffle(wires)
        while len(wires) > 1:
            first = wires.pop(0)
            second = wires.pop(0)
            if way == "other sides":
                assert self.rng is not None
                if self.rng.random() < 0.5:
                    first, second = second, first
            largest = b.maximum(first, second)
            if way == "tree":
                wires.append(largest)
            else:
                wires.insert(0, largest)
        return wires[0]

    def residual(self, x: Wire, *steps: Step) -> Wire:
        b = self.builder
        if self.choose("residual", ["plain", "unrolled"]) == "plain":
            return b.add(x, self.run(x, steps))
        up, down = b.relu(x), b.relu(b.negate(x))  # x is carried beside by units of its own
        y = self.run(x, steps)
        up, down = b.relu(up), b.relu(down)
        return b.add(y, b.subtract(up, down))

    def times(self, x: Wire, factor: Fraction) -> Wire:
        return self.builder.linear(x, [[factor * v for v in row] for row in _unit(x.size)])


def _unit(size: int) -> Matrix:
    return [[Fraction(int(i == j)) for j in range(size)] for i in range(size)]


def _product(first: Matrix, second: Any) -> Matrix:
    left, right = RationalMatrix.from_rows(first), RationalMatrix.from_rows(
        [list(map(Fraction, row)) for row in second]
    )  # fmt: skip
    return (left @ right).to_fractions()


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


def recipe_of(network: Network) -> list[Step]:
    """Return the recipe of a network of dense layers with ReLU after each but the last."""
    steps: list[Step] = []
    for affine in network.affines:
        ((_, weights),) = affine.terms
        bias = tuple(row[0] for row in affine.bias.exact)
        steps += [Step("dense", (weights.exact.to_fractions(), bias)), Step("relu")]
    return steps[:-1]


def build(
    recipe: Sequence[Step], inputs: int, rng: Random | None = None, only: str | None = None
) -> tuple[Network, Counter[str]]:
    """Build a recipe, and tell in which ways; the plain way without a random source."""
    maker = Maker(rng=rng, only=only)
    wire = maker.run(maker.builder.input(inputs), recipe)
    network = maker.builder.build(wire)
    if rng is not None and rng.random() < 0.5:
        maker.ways["affine chains folded"] += 1
        network = folded(network)
    return network, maker.ways


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
    from dataclasses import replace

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
