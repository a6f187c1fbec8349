"""Batch normalisation: the one rounding, and the runtimes' own within the bound."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.io.models import points_and_kinks
from tests.io.operations.oracle import read, run, stored
from tropnet import Network
from tropnet.errors import DomainError, ShapeError, UnsupportedLayerError
from tropnet.io.operations import Operations
from tropnet.io.operations.normalise import NOTE, batch_norm, over_root
from tropnet.io.tensor import Constant

_POSITIVE = st.fractions(min_value=Fraction(1, 10**30), max_value=10**30)


@given(st.fractions(max_denominator=10**20), _POSITIVE)
def test_the_multiplier_is_the_nearest_float(factor: Fraction, square: Fraction) -> None:
    found = over_root(factor, square)
    assert math.copysign(1, found) == (-1 if factor < 0 else 1)
    # no neighbour, and no midpoint to one, lies between: squares decide, without roots
    exact = factor * factor / square
    size = Fraction(abs(found))
    above = (size + Fraction(math.nextafter(abs(found), math.inf))) / 2
    below = (size + Fraction(math.nextafter(abs(found), -math.inf))) / 2
    assert exact <= above**2
    assert below <= 0 or below**2 <= exact


@pytest.mark.parametrize(
    ("factor", "square", "expected"),
    [
        (Fraction(0), Fraction(2), 0.0),
        (Fraction(3), Fraction(9, 4), 2.0),
        (Fraction(-3), Fraction(9, 4), -2.0),
        (Fraction(1, 2**600), Fraction(2**948), 2.0**-1074),
        (Fraction(1, 2**600), Fraction(2**950), 0.0),  # half of the least float: a tie, to even
        (Fraction(3, 2**600), Fraction(2**950), 2.0**-1073),
        (Fraction(2**1000), Fraction(1, 2**50), math.inf),
        (Fraction(-(2**1000)), Fraction(1, 2**50), -math.inf),
        (Fraction(2**53 + 1), Fraction(1), 2.0**53),
        (Fraction(2**53 + 3), Fraction(1), 2.0**53 + 4),
    ],
)
def test_exact_subnormal_and_infinite_multipliers(
    factor: Fraction, square: Fraction, expected: float
) -> None:
    assert over_root(factor, square) == expected


def _random(channels: int, seed: int, spread: float) -> dict[str, Any]:
    """Parameters of many sizes; the shift often undoes the mean, so that sums cancel."""
    random = np.random.default_rng(seed)

    def sizes() -> Any:
        return 10.0 ** random.uniform(-spread, spread, channels)

    mean = (random.standard_normal(channels) * sizes()).astype(np.float32)
    variance = (random.uniform(0, 1, channels) * sizes() ** 2).astype(np.float32)
    scale = (random.standard_normal(channels) * sizes()).astype(np.float32)
    shift = (random.standard_normal(channels) * sizes()).astype(np.float32)
    cancelling = mean * scale / np.sqrt(variance + np.float32(1e-5))
    shift = np.where(random.random(channels) < 0.5, cancelling, shift).astype(np.float32)
    return {"scale": scale, "shift": shift, "mean": mean, "variance": variance}


def _network(p: dict[str, Any], shape: Any, dtype: Any, epsilon: float = 1e-5) -> Network:
    parts = _stored(p, dtype)
    return read([shape], lambda do, x: batch_norm(do, x, *parts, epsilon=epsilon, name="bn"), dtype)


def _stored(
    p: dict[str, Any], dtype: Any = "float32"
) -> tuple[Constant, Constant, Constant, Constant]:
    scale, shift, mean, variance = (
        stored(p[key].astype(dtype)) for key in ("scale", "shift", "mean", "variance")
    )
    return scale, shift, mean, variance


def _in_one_order(p: dict[str, Any], x: Any, dtype: Any, epsilon: float = 1e-5) -> Any:
    """(x − mean) · (1/sqrt(variance + eps)) · scale + shift, each step rounded."""
    q = {key: value.astype(dtype)[:, None] for key, value in p.items()}
    root = np.sqrt(q["variance"] + x.dtype.type(epsilon))
    return (x - q["mean"]) * (x.dtype.type(1) / root) * q["scale"] + q["shift"]


def _in_another_order(p: dict[str, Any], x: Any, dtype: Any, epsilon: float = 1e-5) -> Any:
    """x · alpha + beta, with alpha and beta made of rounded numbers."""
    q = {key: value.astype(dtype)[:, None] for key, value in p.items()}
    alpha = q["scale"] / np.sqrt(q["variance"] + x.dtype.type(epsilon))
    return x * alpha + (q["shift"] - q["mean"] * alpha)


def _in_a_third_order(p: dict[str, Any], x: Any, dtype: Any, epsilon: float = 1e-5) -> Any:
    """scale · ((x − mean) / sqrt(variance + eps)) + shift."""
    q = {key: value.astype(dtype)[:, None] for key, value in p.items()}
    root = np.sqrt(q["variance"] + x.dtype.type(epsilon))
    return q["scale"] * ((x - q["mean"]) / root) + q["shift"]


@settings(max_examples=80)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.5, 2.0, 4.0]),
    st.sampled_from(["float32", "float64"]),
)
def test_every_order_of_a_runtime_stays_within_the_bound(
    seed: int, spread: float, dtype: Any
) -> None:
    channels, length = 5, 3
    p = _random(channels, seed, spread)
    f = _network(p, (1, channels, length), dtype)
    random = np.random.default_rng(seed)
    # near the means, where all but the roundings cancels, and elsewhere
    near = p["mean"][:, None] * (1 + 1e-6 * random.standard_normal((4, channels, length)))
    far = random.standard_normal((4, channels, length)) * 10.0 ** random.uniform(-3, 3)
    points = np.concatenate([near, far, np.zeros((1, channels, length))]).astype(dtype)
    enclosure = f.enclosure(points.reshape(len(points), -1).astype(np.float64), dtype)
    for run_in in (_in_one_order, _in_another_order, _in_a_third_order):
        found = np.array([run_in(p, x, dtype) for x in points]).astype(np.float64)
        gaps = np.abs(found.reshape(len(points), -1) - enclosure.values)
        assert (gaps <= enclosure.errors).all()


@pytest.mark.parametrize("shape", [(2, 3), (1, 3, 4), (1, 3, 2, 2)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_batch_normalisation_is_torchs(shape: Any, dtype: Any) -> None:
    for seed in range(10):
        p = _random(3, seed, 1.0)

        def oracle(x: Any, p: Any = p) -> Any:
            mean, variance, scale, shift = (
                torch.tensor(p[k]).to(x.dtype) for k in ("mean", "variance", "scale", "shift")
            )
            return torch.nn.functional.batch_norm(x, mean, variance, scale, shift, eps=1e-5)

        f = _network(p, shape, dtype)
        points = points_and_kinks(f, seed).astype(np.float64)
        enclosure = f.enclosure(points, dtype)
        gaps = np.abs(run([shape], oracle, points, dtype) - enclosure.values)
        assert (gaps <= enclosure.errors).all()


def test_the_rounding_is_that_one_and_no_other() -> None:
    p = {
        "scale": np.array([0.1], np.float32), "shift": np.array([0.3], np.float32),
        "mean": np.array([0.7], np.float32), "variance": np.array([1.9], np.float32),
    }  # fmt: skip
    f = _network(p, (1, 1), "float32")
    scale, shift, mean, variance = (
        Fraction(float(p[k][0])) for k in ("scale", "shift", "mean", "variance")
    )
    multiplier = over_root(scale, variance + Fraction(float(np.float32(1e-5))))
    assert f.exact([2])[0, 0] == (2 - mean) * Fraction(multiplier) + shift
    assert f.notes == (f"{NOTE}: bn",)


def test_nothing_is_noted_where_nothing_is_rounded() -> None:
    p = {
        "scale": np.array([3], np.float32), "shift": np.array([1], np.float32),
        "mean": np.array([1], np.float32), "variance": np.array([4], np.float32),
    }  # fmt: skip
    f = _network(p, (1, 1), "float32", epsilon=0.0)
    assert f.exact([5])[0, 0] == 7
    assert f.notes == ()


def test_many_normalisations_make_one_note() -> None:
    def build(do: Operations, x: Any) -> Any:
        one, two = stored(np.ones(1)), stored(np.full(1, 2.0))
        for k in range(5):
            x = batch_norm(do, x, one, None, one, two, 0.0, f"bn{k}")
        return x

    assert read([(1, 1)], build).notes == (f"{NOTE}: bn0, bn1, bn2 and 2 more nodes",)


def test_a_convolution_and_its_normalisation_take_one_layer_of_identity_units() -> None:
    p = _random(2, 0, 0.5)

    def build(do: Operations, x: Any) -> Any:
        y = do.matmul(x, stored(np.array([[1, 2], [3, 4]], np.float32)))
        return do.relu(batch_norm(do, y, *_stored(p), epsilon=1e-5))

    assert read([(1, 2)], build).widths == (2, 2)


_ONE = np.ones(2)


@pytest.mark.parametrize(
    ("parts", "error", "text"),
    [
        ((_ONE, _ONE, _ONE, np.array([1.0, -1e-5])), DomainError,
         r"bn1: variance \+ epsilon is .* in channel 1; the file may be damaged"),
        ((_ONE, _ONE, _ONE, np.array([1.0, -3])), DomainError, r"is -2.99999 in channel 1"),
        ((_ONE, _ONE, np.ones(3), _ONE), ShapeError, r"mean of shape \(3,\) for 2 channels"),
        ((_ONE, _ONE, _ONE, np.ones((2, 1))), ShapeError, "variance of shape"),
        ((np.ones(1), _ONE, _ONE, _ONE), ShapeError, "scale of shape"),
        ((_ONE, np.ones(1), _ONE, _ONE), ShapeError, "shift of shape"),
        ((np.array([1.0, 1e308]), _ONE, _ONE, np.array([1.0, 0])), DomainError,
         "of channel 1 exceeds all floats"),
        ((None, None, "x", _ONE), UnsupportedLayerError,
         r"'bn1' \(BatchNormalization\).* its mean depends on the input"),
    ],
)  # fmt: skip
def test_refusals(parts: Any, error: Any, text: str) -> None:
    def build(do: Operations, x: Any) -> Any:
        found: list[Any] = [
            p if p is None else x if isinstance(p, str) else stored(p) for p in parts
        ]
        a, b, c, d = found
        return batch_norm(do, x, a, b, c, d, epsilon=1e-5, name="bn1")

    with pytest.raises(error, match=text):
        read([(1, 2)], build, "float64")


def test_values_without_channels_are_refused() -> None:
    one = stored(np.ones(1))
    with pytest.raises(ShapeError, match="no channels on axis 1"):
        read([(1,)], lambda do, x: batch_norm(do, x, one, one, one, one, 1e-5))
