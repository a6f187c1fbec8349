"""Comparison: equal copies proved on all of R^n, a one-ulp change refuted, bounds, replaying."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np

from tests.bench.measure import Measurement, measure
from tropnet.checker import check_networks
from tropnet.domains import Box
from tropnet.equivalence import Different, Equivalent, Verdict
from tropnet.equivalence.compare import compare_networks
from tropnet.network import Affine, Layer, Network

if TYPE_CHECKING:
    from tropnet.typing import FloatArray

#: Seconds of the promises, over the unit's .04 s
_UNIT = 0.04
_ACAS = Path("nets/acasxu/ACASXU_run2a_1_1_batch_2000.onnx")


def disguised(network: Network, seed: int = 0) -> Network:
    """Return a copy with its units permuted and rescaled by powers of two."""
    rng = Random(seed)
    orders = [list(range(network.n_inputs))]
    scales = [np.ones(network.n_inputs)]

    def recoded(affine: Affine, order: list[int], scale: FloatArray) -> Affine:
        parts = {
            s: m.values[order][:, orders[s]] * scale[:, None] / scales[s][None, :]
            for s, m in affine.terms
        }
        return Affine(parts, affine.bias.values[order, 0] * scale)

    layers = []
    for layer in network.layers:
        order = rng.sample(range(layer.width), layer.width)
        scale = 2.0 ** np.array([rng.randint(-3, 3) for _ in order])
        layers.append(Layer(recoded(layer.affine, order, scale), layer.relu[order]))
        orders.append(order)
        scales.append(scale)
    size = network.n_outputs
    output = recoded(network.output, list(range(size)), np.ones(size))
    return Network(network.n_inputs, tuple(layers), output)


def nudged(network: Network) -> Network:
    """Return the network with one weight of its last layer moved by an ulp."""
    ((source, weights),) = network.output.terms
    values = weights.values.copy()
    values[0, 0] = np.nextafter(values[0, 0], np.inf)
    return Network(network.n_inputs, network.layers, Affine({source: values}, network.output.bias))


def random_network(widths: tuple[int, ...], seed: int = 0) -> Network:
    """Return a network with random float32 weights of the usual sizes."""
    rng = np.random.default_rng(seed)
    pairs = list(zip(widths[1:], widths[:-1], strict=True))
    weights = [(rng.standard_normal(p) / np.sqrt(p[1])).astype(np.float32) for p in pairs]
    biases = [(rng.standard_normal(p[0]) / 10).astype(np.float32) for p in pairs]
    return Network.from_dense(weights, biases)


def measurements() -> Iterator[Measurement]:
    large = random_network((784, 256, 256, 10))
    yield from _copy("784-256-256-10", large, 1.0)
    data = os.environ.get("TROPNET_DATA")
    if data and (Path(data) / _ACAS).is_file():
        from tropnet import load

        yield from _copy("ACAS Xu 1_1", load(Path(data) / _ACAS), 0.5)
    small = random_network((2, 8, 8, 1))
    other = random_network((2, 8, 8, 1), 1)
    box = Box.cube(2)
    yield measure(
        "2-8-8-1 twice, exact supremum in a box",
        lambda: _expect(compare_networks(small, other, box), Different),
        at_most=0.5 / _UNIT,
        repeats=3,
    )
    thin = random_network((5, 64, 64, 5))
    yield measure(
        "5-64-64-5 against one ulp, bounds in a box",
        lambda: _expect(
            compare_networks(thin, nudged(thin), Box.cube(5), atol=Fraction(1, 10**6)), Equivalent
        ),
        at_most=1.0 / _UNIT,
        repeats=3,
    )


def _copy(name: str, network: Network, seconds: float) -> Iterator[Measurement]:
    copy, changed = disguised(network), nudged(disguised(network))
    certificate = compare_networks(network, copy).certificate

    def replay() -> None:
        assert check_networks(certificate, network, copy).valid

    runs: list[tuple[str, Callable[[], object], float]] = [
        ("copy proved on R^n", lambda: _expect(compare_networks(network, copy), Equivalent), 1.0),
        ("its certificate replayed", replay, 1.0),
        ("one ulp refuted", lambda: _expect(compare_networks(network, changed), Different), 3.0),
    ]
    for what, run, factor in runs:
        yield measure(f"{name}, {what}", run, at_most=factor * seconds / _UNIT, repeats=3)


def _expect(verdict: Verdict, kind: type[Verdict]) -> None:
    assert isinstance(verdict, kind), str(verdict)
