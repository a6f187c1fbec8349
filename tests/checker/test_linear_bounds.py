"""Linear bounds followed backward: never beyond the exact values, whatever the slopes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from tropnet import Network
from tropnet.checker.linear_bounds import linear_bounds, slopes_from_json
from tropnet.checker.sign_evidence import unit_network
from tropnet.errors import CertificateError
from tropnet.exact import IntervalVector
from tropnet.network.affine import Affine
from tropnet.network.layer import Layer


def random_network(rng: np.random.Generator, inputs: int) -> Network:
    """A few layers, some units without ReLU, some weights to earlier layers."""
    layers, widths = [], [inputs]
    for k in range(int(rng.integers(1, 5))):
        width = int(rng.integers(1, 7))
        sources = {k} | {s for s in range(k) if rng.random() < 0.3}
        weights = {s: rng.integers(-4, 5, size=(width, widths[s])) / 4 for s in sources}
        bias = rng.integers(-4, 5, size=width) / 4
        layers.append(Layer(Affine(weights, bias), rng.random(width) < 0.8))
        widths.append(width)
    output = Affine({len(layers): rng.integers(-4, 5, size=(1, widths[-1]))}, [0])
    return Network(inputs, tuple(layers), output)


def values_of(network: Network, k: int, points: Any) -> list[list[Fraction]]:
    before = Network(network.n_inputs, network.layers[: k - 1], network.layers[k - 1].affine)
    return before.exact(points).to_fractions()


def inside(bounds: IntervalVector, row: list[Fraction]) -> bool:
    return all(
        (low is None or low <= v) and (high is None or v <= high)
        for v, (low, high) in zip(row, bounds.ends(), strict=True)
    )


@pytest.mark.parametrize("seed", range(8))
def test_no_value_beyond_the_bounds(seed: int) -> None:
    rng = np.random.default_rng([3, seed])
    for _ in range(12):
        inputs = int(rng.integers(1, 4))
        f = random_network(rng, inputs)
        low = rng.integers(-8, 5, size=inputs) / 4
        high = low + rng.integers(0, 8, size=inputs) / 4  # some sides have no width
        box = IntervalVector.of([Fraction(v) for v in low], [Fraction(v) for v in high])
        slopes: dict[tuple[int, int, str], list[list[int]]] = {}
        for k in range(2, len(f.layers) + 1):
            for i in range(f.layers[k - 1].width):
                for side in ("lower", "upper"):
                    if rng.random() < 0.3:
                        slopes[k, i, side] = [
                            rng.integers(0, 2**16 + 1, size=w).tolist() for w in f.widths[: k - 1]
                        ]
        found = linear_bounds(f, box, slopes)
        points = np.vstack([low + (high - low) * rng.integers(0, 9, size=(25, inputs)) / 8,
                            np.where(rng.random((8, inputs)) < 0.5, low, high)])  # fmt: skip
        for k, bounds in enumerate(found, start=1):
            for row in values_of(f, k, points):
                assert inside(bounds, row)


@pytest.mark.parametrize("ends", [(None, None), (None, 1), (-1, None)])
def test_inputs_without_ends(ends: tuple[int | None, int | None]) -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        f = random_network(rng, 2)
        box = IntervalVector.of([ends[0]] * 2, [ends[1]] * 2)
        points = rng.integers(-100, 101, size=(20, 2)) * 1.0
        points = np.clip(points, ends[0], ends[1]) if ends != (None, None) else points
        for k, bounds in enumerate(linear_bounds(f, box), start=1):
            assert all(inside(bounds, row) for row in values_of(f, k, points))


def test_narrower_than_intervals_where_terms_cancel() -> None:
    # relu(x) − relu(x − 1) is at most 1 and at least 0; intervals say [-4, 5]
    f = Network.from_dense([[[1], [1]], [[1, -1]], [[1]]], [[0, -1], [0], [0]])
    low, high = linear_bounds(f, IntervalVector.of([-1], [5]))[1].ends()[0]
    assert low is not None
    assert high is not None
    assert -2 < low <= 0
    assert 1 <= high < 3


def test_the_best_slope_is_reached() -> None:
    # x + relu(−x) = relu(x) ≥ 0: the slope 1 below relu(−x) shows it, the slope 0 does not
    first = Layer(Affine({0: [[-1]]}), True)
    f = Network(1, (first, Layer(Affine({0: [[1]], 1: [[1]]}), True)), Affine({2: [[1]]}))
    box = IntervalVector.of([-2], [1])
    for slope, expected in ((2**16, Fraction(0)), (0, Fraction(-2))):
        found = linear_bounds(f, box, {(2, 0, "lower"): [[slope]]})[1].lower_ends()[0]
        assert found is not None
        assert found >= expected
    best = linear_bounds(f, box, {(2, 0, "lower"): [[2**16]]})[1]
    assert best.at_least_zero().tolist() == [True]


@pytest.mark.parametrize(
    ("slopes", "message"),
    [
        ({(3, 0, "lower"): [[0, 0], [0]]}, "which is not there"),
        ({(2, 5, "lower"): [[0, 0]]}, "which is not there"),
        ({(2, 0, "lower"): [[0]]}, "do not fit"),
        ({(2, 0, "upper"): []}, "do not fit"),
    ],
)
def test_slopes_that_do_not_fit_are_refused(slopes: Any, message: str) -> None:
    f = Network.from_dense([[[1], [1]], [[1, -1]], [[1]]])
    with pytest.raises(CertificateError, match=message):
        linear_bounds(f, IntervalVector.of([0], [1]), slopes)


@pytest.mark.parametrize(
    "data",
    [
        {}, [1], [[1, 0, "lower"]], [[1, 0, "under", [[0]]]], [[1, 0, "lower", [[-1]]]],
        [[1, 0, "lower", [[2**16 + 1]]]], [[1, 0, "lower", [[0.5]]]], [[1, 0, "lower", [[True]]]],
        [["1", 0, "lower", [[1]]]],
    ],
)  # fmt: skip
def test_garbled_slopes_are_refused(data: Any) -> None:
    with pytest.raises(CertificateError):
        slopes_from_json(data)


def test_a_unit_as_a_network() -> None:
    f = Network.from_dense([[[1], [-2]], [[3, 1]], [[1]]], [[0, 1], [-1], [0]])
    assert unit_network(f, 2, 0, 1).exact([2])[0, 0] == 5
    assert unit_network(f, 2, 0, -1).exact([2])[0, 0] == -5
