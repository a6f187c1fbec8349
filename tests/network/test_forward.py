from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.fractions_forward import forward as slow
from tropnet import Network
from tropnet.errors import DomainError
from tropnet.exact import RationalMatrix
from tropnet.network.forward import enclose, enclose_layers, forward_exact
from tropnet.network.network import Dtype
from tropnet.testing.strategies import (
    dense_networks,
    float_batches,
    nasty_floats,
    networks,
    points,
    small_integers,
    ulp_neighbours,
)

DTYPES: tuple[Dtype, ...] = ("float16", "float32", "float64")


def exactly(network: Network, row: Any) -> list[Fraction]:
    return slow(network, [Fraction(float(v)) for v in row])[-1]


def assert_encloses(network: Network, batch: Any, dtype: Dtype, run: Any) -> None:
    """Both the float64 values and the run lie within the bounds, where there are any."""
    found = network.enclosure(batch, dtype)
    assert not np.isnan(found.errors).any()
    for row, point in enumerate(batch):
        for column, exact in enumerate(exactly(network, point)):
            error = float(found.errors[row, column])
            if error == np.inf:
                continue
            for value in (found.values[row, column], run[row, column]):
                assert np.isfinite(value), (value, error)
                assert abs(Fraction(float(value)) - exact) <= Fraction(error)


def torch_run(network: Network, batch: Any, dtype: str) -> Any:
    torch = pytest.importorskip("torch")
    kind = getattr(torch, dtype)
    values = [torch.tensor(batch).to(kind)]
    for affine, layer in zip(network.affines, [*network.layers, None], strict=True):
        total = torch.tensor(affine.bias.values[:, 0]).to(kind).expand(len(batch), -1)
        for source, weights in affine.terms:
            matrix = torch.tensor(weights.values).to(kind)
            total = torch.nn.functional.linear(values[source], matrix) + total
        if layer is not None:
            total = torch.where(torch.tensor(layer.relu), torch.relu(total), total)
        values.append(total)
    return values[-1].to(torch.float64).numpy()


# ---- exact -----------------------------------------------------------------------------------


@settings(max_examples=50)
@given(st.data())
def test_exact_values_of_every_layer_agree_with_the_oracle(data: st.DataObject) -> None:
    network = data.draw(networks())
    batch = data.draw(st.lists(points(network.n_inputs), min_size=1, max_size=3))
    found = [layer.to_fractions() for layer in forward_exact(network, RationalMatrix.of(batch))]
    for row, point in enumerate(batch):
        assert [layer[row] for layer in found] == slow(network, point)


@settings(max_examples=40)
@given(st.data())
def test_exact_values_at_nasty_floats(data: st.DataObject) -> None:
    network = data.draw(networks(entries=nasty_floats()))
    batch = data.draw(float_batches(network.n_inputs))
    assert network.exact(batch).to_fractions() == [exactly(network, row) for row in batch]


# ---- bounds ----------------------------------------------------------------------------------


@settings(max_examples=50)
@given(st.sampled_from(DTYPES), st.data())
def test_bounds_hold_on_nasty_numbers(dtype: Dtype, data: st.DataObject) -> None:
    entries = data.draw(st.sampled_from((nasty_floats(), ulp_neighbours(), small_integers(9))))
    drawn = data.draw(networks(entries=entries))
    network = Network(drawn.n_inputs, drawn.layers, drawn.output, dtype)
    batch = data.draw(float_batches(network.n_inputs, st.one_of(entries, nasty_floats())))
    assert_encloses(network, batch, dtype, network.run(batch))
    if dtype != "float16":
        assert_encloses(network, batch, dtype, torch_run(network, batch, dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scale", [1e-3, 1.0, 4.0])
def test_bounds_hold_on_wide_random_networks(dtype: Dtype, scale: float) -> None:
    rng = np.random.default_rng(7)
    shapes = [(30, 200), (20, 30), (3, 20)]
    weights = [rng.standard_normal(s) * scale / np.sqrt(s[1]) for s in shapes]
    biases = [rng.standard_normal(s[0]) for s in shapes]
    network = Network.from_dense(weights, biases, dtype=dtype)
    batch = rng.standard_normal((2, 200))
    found = network.enclosure(batch, dtype)
    assert np.isfinite(found.errors).all()
    for run in (network.run(batch), torch_run(network, batch, dtype)):
        assert_encloses(network, batch, dtype, run)


@pytest.mark.parametrize("dtype", DTYPES)
def test_many_terms_never_turn_the_bound_negative(dtype: Dtype) -> None:
    for width in (100, 500, 600, 1000, 3000, 10_000):
        network = Network.from_dense([np.full((1, width), 0.01)], dtype=dtype)
        batch = np.full((1, width), 0.1)
        errors = network.enclosure(batch, dtype).errors
        assert (errors > 0).all()
        assert_encloses(network, batch, dtype, network.run(batch))


@pytest.mark.parametrize(
    ("dtype", "weights", "point"),
    [
        ("float32", [[[1e30]]], [1e30]),  # a product overflows
        ("float32", [[[3e38, 3e38, -3e38]]], [1.0, 1.0, 1.0]),  # a partial sum overflows
        ("float32", [[[1e39]]], [0.0]),  # the weight itself overflows: inf · 0
        ("float32", [[[1.0]]], [1e39]),  # the point
        ("float32", [[[-1e30], [1.0]], [[1.0, 1.0]]], [1e30]),  # −inf, which relu turns into 0
        ("float32", [[[3.4028235e38, 3.4028235e31]]], [1.0, 1.0]),  # only by rounding up
        ("float16", [[[60000.0, 60000.0]]], [1.0, 1.0]),
        ("float16", [[[1e-3]]], [70000.0]),
        ("float64", [[[1e300]]], [1e300]),
        ("float64", [[[1.7e308, 1.7e308, -1.7e308]]], [1.0, 1.0, 1.0]),
    ],
)
def test_where_the_run_may_overflow_nothing_is_claimed(
    dtype: Dtype, weights: Any, point: Any
) -> None:
    network = Network.from_dense(weights, dtype=dtype)
    assert network.enclosure(point, dtype).errors.tolist() == [[np.inf]]


def test_what_only_just_fits_is_bounded() -> None:
    network = Network.from_dense([[[3e38]]], dtype="float32")
    assert np.isfinite(network.enclosure([1.0], "float32").errors).all()
    assert network.enclosure([1.2], "float32").errors.tolist() == [[np.inf]]
    assert np.isfinite(network.enclosure([1.2]).errors).all()


@pytest.mark.parametrize(
    ("dtype", "weight", "point"),
    [
        ("float32", 1e-46, 1e30),  # the weight rounds to zero
        ("float32", 1.5e-45, 1e30),  # … to one ulp
        ("float16", 2e-8, 60000.0),
        ("float32", 0.1, 1.0),
        ("float32", 1.0, 0.1),  # the point rounds
        ("float32", 1e30, 1e-46),
    ],
)
def test_weights_and_points_are_rounded_within_the_bound(
    dtype: Dtype, weight: float, point: float
) -> None:
    network = Network.from_dense([[[weight]]], dtype=dtype)
    batch = np.array([[point]])
    assert_encloses(network, batch, dtype, network.run(batch))
    assert network.enclosure(batch, dtype).errors[0, 0] < np.inf


def test_rational_weights_are_rounded_within_the_bound() -> None:
    network = Network.from_dense([[["1/3", "1e-400", "2/7"]]], [["1/9"]])
    batch = np.array([[1e10, 1e300, -1.0], [3.0, 0.0, 0.0]])
    for dtype in DTYPES:
        assert_encloses(network, batch, dtype, network.run(batch))
    huge = Network.from_dense([[["1e400"]]])
    assert huge.enclosure([[0.0]]).errors.tolist() == [[np.inf]]


@settings(max_examples=60)
@given(st.data())
def test_bounds_of_every_layer(data: st.DataObject) -> None:
    network = data.draw(networks(entries=ulp_neighbours()))
    batch = data.draw(float_batches(network.n_inputs, ulp_neighbours()))
    values, errors = enclose_layers(network, batch)
    for row, point in enumerate(batch):
        sources = slow(network, [Fraction(v) for v in point])
        before = [*(y.affine for y in network.layers), network.output]
        for k, affine in enumerate(before):
            exact = affine.exact([RationalMatrix.of([s]) for s in sources[: k + 1]])
            for j in range(affine.size):
                gap = abs(Fraction(values[k][row, j]) - exact[0, j])
                assert gap <= Fraction(errors[k][row, j])


@settings(max_examples=50)
@given(st.data())
def test_the_bound_of_a_longer_arithmetic_is_smaller(data: st.DataObject) -> None:
    network = data.draw(dense_networks())
    batch = data.draw(float_batches(network.n_inputs, small_integers()))
    half, single, double = (network.enclosure(batch, d).errors for d in DTYPES)
    assert (double <= single).all()
    assert (single <= half).all()


def test_bounds_are_useful() -> None:
    rng = np.random.default_rng(1)
    network = Network.from_dense([rng.standard_normal(s) for s in ((50, 20), (50, 50), (2, 50))])
    errors = network.enclosure(rng.standard_normal((10, 20))).errors
    assert (errors < 1e-9).all()


def test_an_unknown_arithmetic_is_refused() -> None:
    network = Network.from_dense([[[1]]])
    with pytest.raises(DomainError, match="dtype is 'bfloat16'; known: float16, float32, float64"):
        enclose(network, np.ones((1, 1)), "bfloat16")
    with pytest.raises(DomainError, match="dtype is 'double'"):
        Network.from_dense([[[1]]], dtype="double")  # type: ignore[arg-type]
