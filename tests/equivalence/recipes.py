"""Recipes of functions, and several ways to build each of their steps, all exactly equal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np

from tropnet.exact import RationalMatrix
from tropnet.network import Network, NetworkBuilder
from tropnet.network.builder import Wire
from tropnet.network.fold import folded
from tropnet.network.shared_linear import shared

Matrix = list[list[Fraction]]


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
