"""Piecewise-linear functions against torch, at kinks too; any slope and bound; refusals."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from tests.io.operations.oracle import agree, read, stored
from tropnet.errors import DomainError, ShapeError, UnsupportedLayerError
from tropnet.io.operations import Operations
from tropnet.io.operations.piecewise import (
    absolute,
    clip,
    hard_sigmoid,
    leaky_relu,
    maximum,
    minimum,
    prelu,
    soft_shrink,
)
from tropnet.io.tensor import Constant

_F = torch.nn.functional
_W = np.random.default_rng(3).standard_normal((3, 4)).astype(np.float32)
_B = np.random.default_rng(4).standard_normal(4).astype(np.float32)


def _after_dense(function: Any) -> Any:
    """The function of an affine map, which no layer holds yet."""
    return lambda do, x: function(do, do.add(do.matmul(x, stored(_W)), stored(_B)))


def _torch_after_dense(function: Any) -> Any:
    return lambda x: function(x @ torch.tensor(_W).to(x.dtype) + torch.tensor(_B).to(x.dtype))


def _agree_everywhere(build: Any, oracle: Any, relus: int | None = None, **options: Any) -> None:
    """Check a function of the input, and of an affine map of it, in every arithmetic."""
    f = agree([(2, 3)], build, oracle, **options)
    if relus is not None:
        assert f.n_relu == 6 * relus
    for dtype in ("float32", "float64"):
        agree(
            [(1, 3)], _after_dense(build), _torch_after_dense(oracle), dtype=dtype, unit=None,
            count=24,
        )  # fmt: skip


@pytest.mark.parametrize("slope", [0.01, 0.3, -0.7, 1.5, -2.0, 1e-30, 100.0])
def test_leaky_relu_of_any_slope(slope: float) -> None:
    whole = 1 if slope in (1.5, -2.0, 100.0) else None
    _agree_everywhere(
        lambda do, x: leaky_relu(do, x, slope), lambda x: _F.leaky_relu(x, slope), 1, unit=whole
    )


@pytest.mark.parametrize(("slope", "relus"), [(0.0, 1), (1.0, 0), (1, 0), (Fraction(0), 1)])
def test_leaky_relu_of_trivial_slopes(slope: Any, relus: int) -> None:
    _agree_everywhere(
        lambda do, x: leaky_relu(do, x, slope), lambda x: _F.leaky_relu(x, float(slope)), relus
    )


def test_a_slope_is_that_of_the_runtime() -> None:
    single = read([(1,)], lambda do, x: leaky_relu(do, x, 0.01), "float32")
    double = read([(1,)], lambda do, x: leaky_relu(do, x, 0.01), "float64")
    third = read([(1,)], lambda do, x: leaky_relu(do, x, Fraction(1, 3)), "float32")
    found = [f.exact([-1])[0, 0] for f in (single, double, third)]
    assert found == [-Fraction(float(np.float32(0.01))), -Fraction(0.01), Fraction(-1, 3)]


def test_prelu_broadcasts_its_slopes() -> None:
    slopes = np.array([0.25, 1.0, -2.0])
    agree(
        [(2, 3, 2)],
        lambda do, x: prelu(do, x, stored(slopes[:, None])),
        lambda x: _F.prelu(x, torch.tensor(slopes).to(x.dtype)),
        count=24,
    )
    real = np.array([0.1, -0.3, 1.7], np.float32)
    agree(
        [(2, 3)],
        lambda do, x: prelu(do, x, stored(real)),
        lambda x: _F.prelu(x, torch.tensor(real).to(x.dtype)),
        unit=None,
        count=24,
    )


def test_absolute() -> None:
    _agree_everywhere(absolute, torch.abs, 1)


@pytest.mark.parametrize(
    ("low", "high", "relus"),
    [
        (0.0, 6.0, 2), (-1.0, 1.0, 2), (-2, None, 1), (None, 1.5, 1), (None, None, 0),
        (2.0, -1.0, None), (1.0, 1.0, None), (-np.inf, 2.0, 1), (-1.0, np.inf, 1),
        (0.5, 2.0, 2), (0, None, 1), (None, 0, 1),
    ],
)  # fmt: skip
def test_clip(low: Any, high: Any, relus: int | None) -> None:
    def oracle(x: Any) -> Any:
        return x if low is None and high is None else torch.clamp(x, low, high)

    _agree_everywhere(lambda do, x: clip(do, x, low, high), oracle, relus)


def test_clip_with_real_bounds_and_large_values_before_it() -> None:
    # x − low cancels here; what is bounded is the runtime, which never subtracts
    big = np.array([[1e6, -1e6]], np.float32)
    for low, high in ((-0.3, 0.7), (0.0, 0.1), (1e6, 1e6 + 3), (-1e6, 0)):
        agree(
            [(1, 2)],
            lambda do, x, low=low, high=high: clip(do, do.add(x, stored(big)), low, high),
            lambda x, low=low, high=high: torch.clamp(x + torch.tensor(big).to(x.dtype), low, high),
            unit=None,
            count=24,
        )


def test_relu6_needs_no_layer_of_identity_units() -> None:
    f = read([(1, 3)], _after_dense(lambda do, x: clip(do, x, 0.0, 6.0)))
    assert f.widths == (8,)


def test_clip_by_tensors() -> None:
    low, high = np.array([[-1.0, 0.0, 3.0]]), np.array([[2.0], [1.0]])
    agree(
        [(1, 3)],
        lambda do, x: clip(do, x, stored(low), stored(high)),
        lambda x: torch.clamp(x, torch.tensor(low).to(x.dtype), torch.tensor(high).to(x.dtype)),
    )
    agree(
        [(1, 3), (3,)],
        lambda do, x, y: clip(do, x, y, stored(high)),
        lambda x, y: torch.minimum(torch.maximum(x, y), torch.tensor(high).to(x.dtype)),
    )


def test_a_bound_at_the_end_of_the_floats_is_none() -> None:
    least = float(np.finfo(np.float32).min)
    for low in (least, stored(np.float32(least)), -1e300):
        f = read([(1,)], lambda do, x, low=low: clip(do, x, low, 6.0))
        assert f.n_relu == 1
    f = read([(1,)], lambda do, x: clip(do, x, least, 6.0), "float64")
    assert f.n_relu == 2


@pytest.mark.parametrize("bound", [0.5, 0.0, 2.0])
def test_soft_shrink(bound: float) -> None:
    _agree_everywhere(lambda do, x: soft_shrink(do, x, bound), lambda x: _F.softshrink(x, bound), 2)


def test_hard_sigmoid() -> None:
    sixth, half = Fraction(1, 6), Fraction(1, 2)
    _agree_everywhere(lambda do, x: hard_sigmoid(do, x, sixth, half), _F.hardsigmoid, 2, unit=6)
    _agree_everywhere(
        lambda do, x: hard_sigmoid(do, x, 0.2, 0.5),
        lambda x: torch.clamp(torch.tensor(0.2, dtype=x.dtype) * x + 0.5, 0.0, 1.0),
        2,
        unit=None,
    )


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_maxima_and_minima_of_several(count: int) -> None:
    shapes = [(2, 2)] * count
    for build, oracle in ((maximum, torch.amax), (minimum, torch.amin)):
        f = agree(
            shapes,
            lambda do, *values, build=build: build(do, values),
            lambda *values, oracle=oracle: oracle(torch.stack(values), dim=0),
            count=24,
        )
        assert f.n_relu == 4 * (count - 1)


def test_maxima_broadcast_and_fold_constants() -> None:
    c, d = np.array([[1.0, -1.0]]), np.array([[-2.0], [0.5]])
    for build, oracle in ((maximum, torch.maximum), (minimum, torch.minimum)):
        f = agree(
            [(2, 1), (1, 2)],
            lambda do, x, y, build=build: build(do, [stored(c), x, stored(d), y]),
            lambda x, y, oracle=oracle: oracle(
                oracle(x, y),
                oracle(torch.tensor(c).to(x.dtype), torch.tensor(d).to(x.dtype)),
            ),
        )
        assert f.n_relu == 8


def test_the_maximum_with_itself_is_itself() -> None:
    assert read([(1, 2)], lambda do, x: maximum(do, [x, x, x])).n_relu == 0


def test_one_wire_in_two_shapes_is_two_values() -> None:
    agree(
        [(1, 2)],
        lambda do, x: maximum(do, [x, do.reshape(x, [2, 1])]),
        lambda x: torch.maximum(x, x.reshape(2, 1)),
    )


def test_maxout() -> None:
    w = np.random.default_rng(0).standard_normal((3, 6)).astype(np.float32)

    def build(do: Operations, x: Any) -> Any:
        pieces = do.reshape(do.matmul(x, stored(w)), [1, 2, 3])
        return maximum(do, [do.gather(pieces, np.array(k), 2) for k in range(3)])

    agree(
        [(1, 3)],
        build,
        lambda x: (x @ torch.tensor(w).to(x.dtype)).reshape(1, 2, 3).amax(2),
        unit=None,
        count=24,
    )


def test_constants_fold_exactly() -> None:
    do = Operations("float32")
    x = Constant(np.array([Fraction(-1, 3), Fraction(2, 3)], dtype=object))
    third = Fraction(1, 3)
    expected = {
        "leaky": (leaky_relu(do, x, Fraction(1, 2)), [Fraction(-1, 6), 2 * third]),
        "prelu": (prelu(do, x, stored(np.array([3.0, 3.0]))), [-1, 2 * third]),
        "abs": (absolute(do, x), [third, 2 * third]),
        "clip": (clip(do, x, 0, third), [0, third]),
        "shrink": (soft_shrink(do, x, Fraction(1, 2)), [0, Fraction(1, 6)]),
        "sigmoid": (hard_sigmoid(do, x, 1, 0), [0, 2 * third]),
        "max": (maximum(do, [x, stored(np.zeros(1))]), [0, 2 * third]),
        "min": (minimum(do, [x, stored(np.zeros(1, np.int64))]), [-third, 0]),
    }
    for name, (found, values) in expected.items():
        assert isinstance(found, Constant), name
        assert found.fractions().tolist() == values, name
    whole = maximum(do, [stored(np.array([1, 5])), stored(np.array([3]))])
    assert isinstance(whole, Constant)
    assert whole.is_integer
    assert whole.values.tolist() == [3, 5]


@pytest.mark.parametrize(
    ("build", "error", "text"),
    [
        (lambda do, x: soft_shrink(do, x, -0.5, "shrink1"), UnsupportedLayerError,
         r"'shrink1' \(Softshrink\).* its bound -0.5 is negative"),
        (lambda do, x: leaky_relu(do, x, np.nan, "leaky1"), DomainError, "leaky1 is given nan"),
        (lambda do, x: leaky_relu(do, x, 1e39), DomainError, r"given 1e\+39, in float32 inf"),
        (lambda do, x: clip(do, x, np.nan, 1), DomainError, "the bound nan"),
        (lambda do, x: clip(do, x, np.inf, None), DomainError, "the bound inf"),
        (lambda do, x: prelu(do, x, x, "prelu1"), UnsupportedLayerError, "slopes depend"),
        (lambda do, x: prelu(do, x, stored(np.ones((2, 3)))), ShapeError, "slopes of shape"),
        (lambda do, x: prelu(do, x, stored(np.ones(2))), ShapeError, "do not fit together"),
        (lambda do, x: maximum(do, []), ShapeError, "of no values"),
        (lambda do, x: maximum(do, [x, stored(np.ones(2))]), ShapeError, "do not fit together"),
        (lambda do, x: clip(do, x, stored(np.ones(2)), 3.0), ShapeError, "do not fit together"),
    ],
)  # fmt: skip
def test_refusals(build: Any, error: Any, text: str) -> None:
    with pytest.raises(error, match=text):
        read([(1, 3)], build)
