"""Pairs of small networks on which a comparison is easily wrong, drawn from a seed.

Equal pairs are made by rewriting a network without changing its function; nearly equal ones by a
step of one ulp in one weight or by a needle; different ones at random. Weights are degenerate more
often than not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from random import Random

from tropnet.checker.gap import Norm
from tropnet.domains import Box, Domain, Polyhedron
from tropnet.network import Affine, Layer, Network

Number = Fraction
#: Most ReLU and identity units in a pair.
MOST_UNITS = 32


@dataclass
class Draft:
    """A network while it is rewritten: every layer reads all sources before it.

    Args:
        n_inputs: the number of inputs.
        layers: for each layer the weights of each source as rows, the biases, and which are ReLUs.
    """

    n_inputs: int
    layers: list[DraftLayer] = field(default_factory=list)
    output: DraftLayer = field(default_factory=lambda: DraftLayer({}, [], []))

    @property
    def widths(self) -> list[int]:
        return [self.n_inputs, *(len(layer.bias) for layer in self.layers)]

    @property
    def units(self) -> int:
        return sum(self.widths[1:])

    @property
    def all(self) -> list[DraftLayer]:
        return [*self.layers, self.output]

    def network(self) -> Network:
        layers = [Layer(layer.affine(), layer.relu) for layer in self.layers]
        return Network(self.n_inputs, tuple(layers), self.output.affine())

    def copy(self) -> Draft:
        return Draft(self.n_inputs, [y.copy() for y in self.layers], self.output.copy())


@dataclass
class DraftLayer:
    """Units of one layer: `weights[source][unit][column]`."""

    weights: dict[int, list[list[Number]]]
    bias: list[Number]
    relu: list[bool]

    def affine(self) -> Affine:
        return Affine(dict(self.weights), self.bias)

    def copy(self) -> DraftLayer:
        weights = {s: [list(row) for row in rows] for s, rows in self.weights.items()}
        return DraftLayer(weights, list(self.bias), list(self.relu))

    def append(self, like: int, factor: Number, relu: bool) -> None:
        """Add a unit whose pre-activation is `factor` times that of another one."""
        for rows in self.weights.values():
            rows.append([factor * v for v in rows[like]])
        self.bias.append(factor * self.bias[like])
        self.relu.append(relu)


def draw_network(rng: Random, n_inputs: int, n_outputs: int, most: int) -> Draft:
    """Draw a network of at most so many units."""
    number = rng.choice([_small, _small, _half, _half, _float, _float32])
    draft = Draft(n_inputs)
    depth = rng.choice([0, 1, 1, 1, 2, 2, 2, 3, 3])
    skips, identities = rng.random() < 0.25, rng.random() < 0.25
    biased = rng.random() < 0.75
    for _ in range(depth):
        left = most - draft.units
        if left < 1:
            break
        width = rng.randint(1, max(1, min(left, most // depth)))
        layer = _draw_layer(rng, draft.widths, width, number, skips, biased)
        if identities:
            layer.relu = [rng.random() < 0.7 for _ in layer.relu]
        draft.layers.append(layer)
    draft.output = _draw_layer(rng, draft.widths, n_outputs, number, skips, biased)
    return draft


def _draw_layer(
    rng: Random,
    widths: list[int],
    size: int,
    number: Callable[[Random], Number],
    skips: bool,
    biased: bool,
) -> DraftLayer:
    newest = len(widths) - 1
    sources = [s for s in range(newest) if skips and rng.random() < 0.5] + [newest]
    weights = {s: [[number(rng) for _ in range(widths[s])] for _ in range(size)] for s in sources}
    bias = [number(rng) if biased and rng.random() < 0.8 else Fraction(0) for _ in range(size)]
    layer = DraftLayer(weights, bias, [True] * size)
    for unit in range(1, size):  # repeats and opposites of earlier units
        if rng.random() < 0.2:
            like, factor = rng.randrange(unit), Fraction(rng.choice([1, -1, 2, 0]))
            for rows in layer.weights.values():
                rows[unit] = [factor * v for v in rows[like]]
            layer.bias[unit] = factor * layer.bias[like]
    return layer


def _small(rng: Random) -> Number:
    return Fraction(rng.choice([0, 0, 1, 1, -1, -1, 2, -2, 3]))


def _half(rng: Random) -> Number:
    return Fraction(rng.choice([0, 1, -1, 2, -3, 4, 5, -1]), rng.choice([1, 2, 4]))


def _float(rng: Random) -> Number:
    return Fraction(rng.gauss(0, 1))


def _float32(rng: Random) -> Number:
    return Fraction(rng.getrandbits(24) - 2**23, 2**22)


# ---- rewriting without changing the function ----------------------------------------------------


def permuted(draft: Draft, rng: Random) -> Draft:
    """Permute the units of each layer and rescale its ReLUs by powers of two."""
    new = draft.copy()
    for k, layer in enumerate(new.layers, start=1):
        order = list(range(len(layer.bias)))
        rng.shuffle(order)
        scale = [Fraction(2) ** rng.randint(-3, 3) for _ in order]
        for rows in layer.weights.values():
            rows[:] = [[scale[i] * v for v in rows[i]] for i in order]
        layer.bias = [scale[i] * layer.bias[i] for i in order]
        layer.relu = [layer.relu[i] for i in order]
        for later in new.all[k:]:
            if k in later.weights:
                later.weights[k] = [[row[i] / scale[i] for i in order] for row in later.weights[k]]
    return new


def split(draft: Draft, rng: Random) -> Draft:
    """Split a unit in two that share its outgoing weights unevenly."""
    return _doubled(draft, rng, lambda r, relu: Fraction(r.choice([1, 1, 2, 4]), r.choice([1, 2])))


def _doubled(draft: Draft, rng: Random, factor_of: Callable[[Random, bool], Number]) -> Draft:
    new = draft.copy()
    if not new.layers:
        return new
    k = rng.randrange(len(new.layers)) + 1
    layer = new.layers[k - 1]
    unit = rng.randrange(len(layer.bias))
    factor = factor_of(rng, layer.relu[unit])
    layer.append(unit, factor, layer.relu[unit])
    for later in new.all[k:]:
        for row in later.weights.get(k, []):
            share = Fraction(rng.choice([0, 1, -1, 3]), 2)
            row.append(share / factor)
            row[unit] -= share
    return new


def with_dead_unit(draft: Draft, rng: Random) -> Draft:
    """Add a unit that is never on, read with any weight."""
    new = draft.copy()
    if not new.layers:
        return new
    k = rng.randrange(len(new.layers)) + 1
    layer = new.layers[k - 1]
    layer.append(0, Fraction(0), True)
    layer.bias[-1] = Fraction(rng.choice([0, -1, -5]))
    for later in new.all[k:]:
        for row in later.weights.get(k, []):
            row.append(Fraction(rng.randint(-9, 9)))
    return new


def turned(draft: Draft, rng: Random) -> Draft:
    """Write relu(t) as relu(−t) + t with a further identity unit t."""
    new = draft.copy()
    places = [(k, i) for k, y in enumerate(new.layers, 1) for i, r in enumerate(y.relu) if r]
    if not places:
        return new
    k, unit = rng.choice(places)
    layer = new.layers[k - 1]
    layer.append(unit, Fraction(1), relu=False)
    for rows in layer.weights.values():
        rows[unit] = [-v for v in rows[unit]]
    layer.bias[unit] = -layer.bias[unit]
    for later in new.all[k:]:
        for row in later.weights.get(k, []):
            row.append(row[unit])
    return new


def deepened(draft: Draft, rng: Random) -> Draft:
    """Put a layer of relu(x) and relu(−x) behind a layer, or behind the inputs."""
    new = draft.copy()
    k = rng.randrange(len(new.layers) + 1)
    width = new.widths[k]
    unit = [[Fraction(int(i == j)) for j in range(width)] for i in range(width)]
    both = unit + [[-v for v in row] for row in unit]
    inserted = DraftLayer({k: both}, [Fraction(0)] * (2 * width), [True] * (2 * width))
    for later in new.all[k:]:
        later.weights = {s + (s > k): rows for s, rows in later.weights.items()}
        if k in later.weights and rng.random() < 0.8:
            later.weights[k + 1] = [row + [-v for v in row] for row in later.weights.pop(k)]
    new.layers.insert(k, inserted)
    return new


def padded(draft: Draft, rng: Random) -> Draft:
    """Add a unit and take it away again through another one: c·relu(t) − c·relu(t)."""
    new = draft.copy()
    if not new.layers:
        return new
    k = rng.randrange(len(new.layers)) + 1
    layer = new.layers[k - 1]
    t = [_half(rng) for _ in range(new.n_inputs)]
    for factor in (Fraction(1), Fraction(2)):
        layer.append(0, Fraction(0), True)
        if 0 not in layer.weights:
            layer.weights[0] = [[Fraction(0)] * new.n_inputs for _ in layer.bias]
        layer.weights[0][-1] = [factor * v for v in t]
        layer.bias[-1] = factor
    for later in new.all[k:]:
        for row in later.weights.get(k, []):
            c = _half(rng)
            row += [c, -c / 2]
    return new


REWRITES = (permuted, permuted, split, split, with_dead_unit, turned, deepened, padded)


def rewritten(draft: Draft, rng: Random, most: int) -> Draft:
    """Rewrite a network a few times, within a number of units."""
    new = permuted(draft, rng)
    for _ in range(rng.randint(0, 3)):
        candidate = rng.choice(REWRITES)(new, rng)
        if candidate.units <= most:
            new = candidate
    return new


# ---- changing the function ----------------------------------------------------------------------


def nudged(draft: Draft, rng: Random) -> Draft:
    """Move one weight or bias to the next float."""
    new = draft.copy()
    layer = rng.choice(new.all)
    rows = [row for table in layer.weights.values() for row in table] + [layer.bias]
    rows = [row for row in rows if row]
    row = rng.choice(rows)
    place = rng.randrange(len(row))
    row[place] = Fraction(math.nextafter(float(row[place]), rng.choice([-9e9, 9e9])))
    return new


def with_needle(draft: Draft, rng: Random) -> Draft:
    """Add a bump of half-width 1e-1 to 1e-7 somewhere to the first output."""
    new = draft.copy()
    width = Fraction(10) ** -rng.randint(1, 7)
    at = [Fraction(rng.randint(-20, 20), 8) for _ in range(new.n_inputs)]
    # relu(width − Σ |x_i − c_i|)
    n, first = new.n_inputs, len(new.layers) + 1
    unit = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    sides = unit + [[-v for v in row] for row in unit]
    new.layers.append(DraftLayer({0: sides}, [-v for v in at] + at, [True] * (2 * n)))
    new.layers.append(DraftLayer({first: [[Fraction(-1)] * (2 * n)]}, [width], [True]))
    height = Fraction(rng.choice([1, -1])) / rng.choice([Fraction(1), width])
    outputs = len(new.output.bias)
    new.output.weights[first + 1] = [[height if i == 0 else Fraction(0)] for i in range(outputs)]
    return new


# ---- pairs and questions ------------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """Two networks and a domain; what is true of them is for the oracle to say."""

    kind: str
    a: Network
    b: Network
    domain: Domain
    norm: Norm


NORM_DRAWS: tuple[Norm, ...] = ("inf", "inf", "1", "2")
KINDS = ("equal", "equal", "equal", "nudged", "needle", "different", "other")


def draw_pair(seed: int, inputs: int | None = None, most: int = MOST_UNITS) -> Pair:
    """Draw a pair on at most two inputs, or on so many, with at most so many units in all."""
    rng = Random(seed)
    kind = rng.choice(KINDS)
    n_inputs, n_outputs = rng.choice([1, 1, 2, 2, 2]), rng.choice([1, 1, 2, 3])
    n_inputs = inputs or n_inputs
    sizes = [size for size in (3, 6, 10, 14) if 2 * size <= most]
    first = draw_network(rng, n_inputs, n_outputs, rng.choice(sizes))
    room = most - first.units
    second = rewritten(first, rng, room if kind != "needle" else room - 2 * n_inputs - 1)
    if kind == "nudged":
        second = nudged(second, rng)
    elif kind == "needle":
        second = with_needle(second, rng)
    elif kind == "different":
        second = draw_network(rng, n_inputs, n_outputs, rng.choice(sizes))
    elif kind == "other":  # some weights changed by much
        for _ in range(rng.randint(1, 3)):
            layer = rng.choice(second.all)
            rng.choice([row for rows in layer.weights.values() for row in rows] or [layer.bias])[
                0
            ] += Fraction(rng.choice([2, -2, 1]), 2)
    a, b = first.network(), second.network()
    if rng.random() < 0.3:
        a, b = b, a
    return Pair(kind, a, b, draw_domain(rng, n_inputs), rng.choice(NORM_DRAWS))


def draw_domain(rng: Random, dimension: int) -> Domain:
    """Draw R^n, a box (flat ones too), or a polyhedron that is not empty."""

    def number() -> Fraction:
        return rng.choice([_half, _half, _float])(rng)

    kind = rng.choice(["space", "space", "box", "box", "flat box", "polyhedron", "polyhedron"])
    if kind == "space":
        return None
    if kind.endswith("box"):
        low = [number() for _ in range(dimension)]
        sides = [abs(number()) * rng.choice([1, 1, 4]) for _ in low]
        if kind == "flat box":
            sides[rng.randrange(dimension)] = Fraction(0)
        return Box(low, [v + s for v, s in zip(low, sides, strict=True)])
    inside = [number() for _ in range(dimension)]
    rows, limits = [], []
    for _ in range(rng.randint(1, 6)):
        row = [number() for _ in range(dimension)]
        slack = abs(number()) * rng.choice([0, 1, 1, 2])
        rows.append(row)
        limits.append(sum((c * x for c, x in zip(row, inside, strict=True)), slack))
        if rng.random() < 0.2:  # an equation, or a strip
            rows.append([-v for v in row])
            limits.append(
                -sum((c * x for c, x in zip(row, inside, strict=True)), Fraction(0))
                + rng.choice([0, 1])
            )
    return Polyhedron(rows, limits)
