from __future__ import annotations

import math
from fractions import Fraction
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.equivalence.random_convolutions import sharing_everything
from tests.simplification.proven_bounds import require_bounds, require_truth
from tests.strategies.pairs import draw_network
from tropnet.domains import Box
from tropnet.errors import DomainError
from tropnet.network import Network
from tropnet.network.builder import NetworkBuilder
from tropnet.network.shared_linear import SharedLinear, shared
from tropnet.simplification.round_weights import FORMATS, Format, round_weights
from tropnet.simplification.stored_weights import stored_weights

dense = Network.from_dense
SQUARE = Box.cube(2)
FORMATS_AND_BITS = [*FORMATS.values(), *(Format(str(k), k) for k in (1, 2, 7, 23, 52, 53, 60))]


def hard_floats() -> list[float]:
    """Floats at ties, ends of ranges and among subnormal numbers, and next to them."""
    found = [0.0, 1.0, 2049.0, 2051.0, 4098.0, 65519.0, 65504.0, 1 + 2**-11, 1 + 3 * 2**-11,
             2**-14, 2**-24, 2**-25, 3 * 2**-26, 2**-126, 2**-133, 2**-134, 2**-149, 2**-150,
             1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-24, 5e-324, 3 * 5e-324, 2**-1022, 1e300]  # fmt: skip
    found += [math.nextafter(v, way) for v in found for way in (0, math.inf)]
    return [*found, *(-v for v in found)]


@pytest.mark.parametrize("form", FORMATS_AND_BITS, ids=lambda form: form.name)
def test_floats_are_rounded_as_fractions_are(form: Format) -> None:
    rng = np.random.default_rng(0)
    ordinary, scales = rng.standard_normal(400), 2.0 ** rng.integers(-1000, 1000, 200)
    values = np.array([*hard_floats(), *ordinary, *(ordinary[:200] * scales)])
    if form.largest is not None:
        values = values[np.abs(values) <= float(form.largest)]
    found = form.nearest_floats(values)
    assert [Fraction(v) for v in found.tolist()] == [
        form.nearest(Fraction(v)) for v in values.tolist()
    ]


@pytest.mark.parametrize(("name", "dtype"), [("float16", np.float16), ("float32", np.float32)])
def test_the_formats_are_those_of_numpy(name: str, dtype: type) -> None:
    values = np.array(hard_floats())
    largest = FORMATS[name].largest
    assert largest is not None
    values = values[np.abs(values) <= float(largest)]
    with np.errstate(over="ignore", under="ignore"):
        expected = values.astype(dtype).astype(np.float64)
    found = FORMATS[name].nearest_floats(values)
    inside = np.isfinite(expected)
    assert np.array_equal(found[inside], expected[inside])


def test_bfloat16_is_that_of_torch() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    hard = [v for v in hard_floats() if abs(v) < 3e38]
    values = np.concatenate([rng.standard_normal(500), hard]).astype(np.float32).astype(float)
    expected = torch.tensor(values, dtype=torch.float32).to(torch.bfloat16).to(torch.float64)
    assert np.array_equal(FORMATS["bfloat16"].nearest_floats(values), expected.numpy())


def test_ties_go_to_the_even_one() -> None:
    half = Format("2", 2)
    assert [half.nearest(Fraction(v)) for v in (5, 7, 9, 11, -5)] == [4, 8, 8, 12, -4]
    assert half.nearest(Fraction(1, 3)) == Fraction(3, 8)  # no tie: 1/4, 3/8 are next


def test_weights_and_biases_are_rounded() -> None:
    f = dense([[[2049, 1]], [[3]]], [[0.1], ["1/3"]])
    found = round_weights(f, "float16", SQUARE)
    assert found.result.dtype == "float16"
    assert found.result.layers[0].affine.bias.values[0, 0] == float(np.float16(0.1))
    assert found.result.output.bias.values[0, 0] == float(np.float16(1 / 3))
    assert [step.detail for step in found.steps] == [
        "2 numbers changed to the nearest float16",
        "1 numbers changed to the nearest float16",
    ]
    assert found.result.notes == ("rounded: weights and biases are the nearest float16",)
    require_bounds(found)


def test_dtypes() -> None:
    f = dense([[[1, 2]], [[3]]], dtype="float32")
    wanted = {"float16": "float16", "bfloat16": "float32", "float32": "float32", 8: "float32"}
    for format_, dtype in wanted.items():
        found = round_weights(f, format_, SQUARE)  # type: ignore[arg-type]
        assert found.result.dtype == dtype
        assert found.bound == 0
        assert not found.steps
        assert not found.result.notes
        assert found.replay()
    assert round_weights(dense([[[1]]], dtype="float64"), 3).result.dtype == "float64"


def test_many_bits_change_nothing() -> None:
    f = dense([[[0.1, 1e-300]], [[1 + 2**-52]]])
    assert round_weights(f, 53).result == f
    assert round_weights(f, 52).result != f
    thirds = dense([[["1/3"]]])
    found = round_weights(thirds, 100, Box([0], [1]))
    assert found.bound is not None
    assert 0 < found.bound <= Fraction(1, 2**100)


def test_beyond_the_range_the_weight_is_named() -> None:
    fits = dense([[[65519.99]], [[1]]])
    assert round_weights(fits, "float16").result.layers[0].affine.terms[0][1].values == 65504
    with pytest.raises(DomainError) as error:
        round_weights(dense([[[1, 2], [1, 65520]], [[1, 1]]]), "float16")
    assert str(error.value) == (
        "a weight of layer 1 (dense 0) from the input, [1, 1] = 65520, is beyond the largest "
        "float16, 65504; scale the network or take a format with a larger range"
    )
    with pytest.raises(DomainError, match=r"a bias of the output, \[0\] = -70000, is beyond"):
        round_weights(dense([[[1]], [[1]]], [[0], [-70000]]), "float16")
    with pytest.raises(
        DomainError, match=r"a weight of the output from layer 1, \[0, 0\] = 1e\+39"
    ):
        round_weights(dense([[[1]], [[1e39]]]), "bfloat16")
    huge = dense([[[Fraction(10) ** 400]]])
    with pytest.raises(DomainError, match=r"= 1\.00000e\+400, is beyond the largest float32"):
        round_weights(huge, "float32")
    assert round_weights(huge, 4).result.output.terms[0][1].exact[0, 0] > 10**399


def test_below_the_range_weights_vanish() -> None:
    f = dense([[[2.0**-25, 2.0**-24]], [[1]]])
    assert round_weights(f, "float16").result.layers[0].affine.terms[0][1].values.tolist() == [
        [0, 2.0**-24]
    ]


@pytest.mark.parametrize("format_", ["float8", "", None, True, 0, -3, 2.5])
def test_unknown_formats(format_: object) -> None:
    with pytest.raises(DomainError, match="give one of float16, bfloat16, float32, or the number"):
        round_weights(dense([[[1]]]), format_)  # type: ignore[arg-type]


def test_kernels_stay_shared() -> None:
    with sharing_everything():
        b = NetworkBuilder()
        x = b.input(5)
        windows = np.array([[i, i + 1, i + 2] for i in range(3)])
        kernel = shared([["1/3", 2049, 1]], windows, np.zeros(3, int), np.arange(3), 5)
        f = b.build(b.linear(b.relu(b.linear(x, kernel)), [[1, 1, 1]]))
        found = round_weights(f, "float16", Box.cube(5))
        ((_, left),) = found.result.layers[0].affine.terms
        assert isinstance(left, SharedLinear)
        assert left.kernel.values.tolist() == [[float(np.float16(1 / 3)), 2048, 1]]
        require_bounds(found, 10)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([1, 2, 3, 8, "float16", "bfloat16"]))
def test_bounds_are_true_by_enumeration(seed: int, format_: int | str) -> None:
    f = draw_network(Random(seed), 2, 2, 5).network()
    found = round_weights(f, format_, Box([-1, 0], ["1/2", 2]), time_limit=2)
    for stored in stored_weights(found.result):
        form = FORMATS[format_] if isinstance(format_, str) else Format("", format_)
        assert all(form.nearest(v) == v for row in stored.matrix.exact.to_fractions() for v in row)
    require_truth(found)
