"""Random pairs of networks with random pairings of units, degenerate ones among them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from tropnet.checker.joint_cases import joint_ends
from tropnet.checker.joint_program import JointProgram
from tropnet.checker.joint_zonotope import LayerEnds
from tropnet.checker.matching import Matching
from tropnet.exact import IntervalVector
from tropnet.network import Network
from tropnet.network.affine import Affine
from tropnet.network.layer import Layer


def random_numbers(rng: np.random.Generator, *shape: int) -> np.ndarray[Any, Any]:
    """Return small integers, floats of any size, or mostly zeros."""
    kind = rng.integers(0, 4)
    if kind == 0:
        return rng.integers(-2, 3, size=shape).astype(float)
    values = rng.standard_normal(shape)
    if kind == 1:
        values *= 2.0 ** rng.integers(-12, 12, size=shape)
    if kind == 2:
        values *= rng.random(shape) < 0.4
    return values


def random_network(rng: np.random.Generator, n: int, m: int, widths: list[int]) -> Network:
    """Return a network in which layers may read any earlier values."""
    sizes = [n, *widths]

    def affine(size: int, k: int) -> Affine:
        sources = {k} | {s for s in range(k) if rng.random() < 0.3}
        terms = {s: random_numbers(rng, size, sizes[s]) for s in sources}
        bias = random_numbers(rng, size) * (rng.random() < 0.7)
        return Affine(terms, bias)

    layers = tuple(Layer(affine(width, k), True) for k, width in enumerate(widths))
    return Network(n, layers, affine(m, len(widths)))


def near_copy(rng: np.random.Generator, f: Network, size: float) -> Network:
    """Return the network with every weight moved a little."""

    def moved(affine: Affine) -> Affine:
        def near(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
            return np.asarray(values * (1 + size * rng.standard_normal(values.shape)))

        return Affine({s: near(m.values) for s, m in affine.terms}, near(affine.bias.values[:, 0]))

    layers = tuple(Layer(moved(y.affine), True) for y in f.layers)
    return Network(f.n_inputs, layers, moved(f.output))


def random_matching(rng: np.random.Generator, a: int, b: int) -> Matching:
    """Return some pairs, at scales of all kinds."""
    count = int(rng.integers(0, min(a, b) + 1)) if rng.random() < 0.5 else min(a, b)
    same = rng.random() < 0.6
    first = sorted(range(count)) if same else rng.permutation(a)[:count].tolist()
    second = first if same else rng.permutation(b)[:count].tolist()
    scales = [
        Fraction(1) if rng.random() < 0.6 else Fraction(float(rng.uniform(0.1, 4)))
        for _ in range(count)
    ]
    return Matching(tuple(first), tuple(second), tuple(scales))


def random_pair(rng: np.random.Generator) -> tuple[Network, Network, list[Matching]]:
    """Return two networks and a pairing of their layers."""
    n, m = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    widths = [int(w) for w in rng.integers(1, 7, size=rng.integers(0, 4))]
    f = random_network(rng, n, m, widths)
    if rng.random() < 0.7:
        g = near_copy(rng, f, float(10.0 ** -rng.integers(0, 12)))
    else:
        other = [int(w) for w in rng.integers(1, 7, size=rng.integers(0, 4))]
        g = random_network(rng, n, m, other)
    pairs = [
        random_matching(rng, x.width, y.width) for x, y in zip(f.layers, g.layers, strict=False)
    ]
    return f, g, pairs


def random_box(rng: np.random.Generator, n: int) -> np.ndarray[Any, Any]:
    """Return lower and upper ends; some boxes are flat, tiny or large."""
    center = rng.standard_normal(n) * 2.0 ** rng.integers(-3, 3)
    half = np.abs(rng.standard_normal(n)) * 2.0 ** rng.integers(-20, 3) * (rng.random(n) < 0.9)
    return np.array([center - half, center + half])


def ends_on(program: JointProgram, box: Any) -> tuple[IntervalVector, list[LayerEnds]]:
    """Return a box of floats as intervals, and proven ends of all pre-activations on it."""
    exact = IntervalVector.of(*([Fraction(float(v)) for v in row] for row in box))
    return exact, joint_ends(program, exact, 64)


def points_of(rng: np.random.Generator, box: Any, count: int) -> list[list[Fraction]]:
    """Return points of a box, half of them corners."""
    weights = rng.random((count, box.shape[1]))
    weights[: count // 2] = np.round(weights[: count // 2])
    inside = np.clip(box[0] + weights * (box[1] - box[0]), box[0], box[1])
    return [[Fraction(float(v)) for v in row] for row in inside]
