"""The operations themselves: inputs and outputs, choices of entries, notes, whole blocks."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch

from tests.io.operations.oracle import agree, read, stored
from tropnet.errors import BudgetExceeded, DomainError, ShapeError
from tropnet.io.operations import Operations, choice, piecewise, product, reduction
from tropnet.io.operations.condition import compare_values, where
from tropnet.io.operations.convolution import convolve
from tropnet.io.operations.einsum import einsum
from tropnet.io.operations.normalise import batch_norm
from tropnet.io.operations.piecewise import leaky_relu
from tropnet.io.operations.pooling import adaptive_average_pool, average_pool, max_pool
from tropnet.io.tensor import Constant, Tensor

_F = torch.nn.functional


def test_several_inputs_and_outputs_stand_one_after_the_other() -> None:
    do = Operations("float32")
    a, b = do.inputs([(1, 2), (1, 1)])
    f = do.build([b, do.add(a, b), stored(np.array([7.0]))], input_names=("a", "b"), notes=["n"])
    assert f.exact([1, 2, 10]).to_floats().tolist() == [[10, 11, 12, 7]]
    assert f.input_names == ("a", "b")
    assert f.notes == ("n",)


def test_constant_outputs_read_nothing_and_store_little() -> None:
    def build(do: Operations, x: Any) -> Any:
        return Constant(np.full((1, 2**14), Fraction(1, 3), dtype=object))

    f = read([(1, 2**14)], build)
    assert f.exact(np.zeros((1, 2**14)))[0, 5] == Fraction(1, 3)


@pytest.mark.parametrize(
    ("build", "error", "text"),
    [
        (lambda do: do.inputs([]), ShapeError, "a network needs inputs with values"),
        (lambda do: do.inputs([(1, 0)]), ShapeError, "a network needs inputs with values"),
        (lambda do: do.inputs([(2**20, 2**20)]), BudgetExceeded, "entries of the input"),
        (lambda do: do.build([]), ShapeError, "no output values"),
        (lambda do: do.build([stored(np.zeros(1))]), ShapeError, "computes constants alone"),
    ],
)
def test_ends_that_are_missing_or_too_large(build: Any, error: Any, text: str) -> None:
    with pytest.raises(error, match=text):
        build(Operations("float32"))


@pytest.mark.parametrize(
    ("dtype", "number", "expected"),
    [
        ("float32", 0.1, Fraction(float(np.float32(0.1)))),
        ("float64", 0.1, Fraction(0.1)),
        ("float16", 0.1, Fraction(float(np.float16(0.1)))),
        ("float32", 2**24 + 1, Fraction(2**24)),
        ("float32", Fraction(1, 3), Fraction(1, 3)),
        ("float32", np.float32(0.1), Fraction(float(np.float32(0.1)))),
    ],
)
def test_numbers_are_the_runtimes(dtype: Any, number: Any, expected: Fraction) -> None:
    assert Operations(dtype).scalar(number) == expected


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, 1e300])
def test_numbers_that_are_none_are_refused(number: float) -> None:
    with pytest.raises(DomainError, match=r"node1 is given .*, in float32 (nan|-?inf)"):
        Operations("float32").scalar(number, "node1")


def test_notes_of_one_kind_are_joined() -> None:
    do = Operations("float32")
    [x] = do.inputs([(1,)])
    for name in ("a", "b", "a", "c", "d"):
        do.note("rounded", name)
    do.note("clipped", "e")
    assert do.build([x], notes=["first"]).notes == (
        "first", "rounded: a, b, c and 1 more node", "clipped: e",
    )  # fmt: skip


def test_scaling_is_exact_and_small() -> None:
    f = read([(1, 2**14)], lambda do, x: do.scale(x, 0.1))
    assert f.n_parameters == 1
    third = Fraction(1, 3)
    assert read([(1,)], lambda do, x: do.scale(x, third)).exact([1])[0, 0] == third
    folded = Operations("float32").scale(stored(np.array([0.1])), third)
    assert isinstance(folded, Constant)
    assert folded.values[0] == third * Fraction(0.1)


def test_settled_and_held_tensors() -> None:
    do = Operations("float32")
    [x] = do.inputs([(1, 2)])
    y = do.matmul(x, stored(np.array([[1.0, 2.0], [3.0, 4.0]])))
    assert isinstance(y, Tensor)
    assert do.held(y).wire is y.wire
    settled = do.settle(y)
    assert do.held(y).wire.affine is None
    again = do.settle(y)
    assert do.build([again]).widths == (2,)
    assert settled.shape == (1, 2)
    assert do.settle(x).wire.affine is None


def test_picked_entries_cost_nothing() -> None:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    places = np.array([[3, 0, 0]])
    f = read([(2, 2)], lambda do, v: do.pick(v, places))
    assert f.layers == ()
    assert f.exact(x.reshape(1, -1)).to_floats().tolist() == [[4, 1, 1]]
    folded = Operations("float32").pick(stored(x), places)
    assert isinstance(folded, Constant)
    assert folded.values.tolist() == [[4, 1, 1]]


def test_a_gather_is_measured_by_its_result() -> None:
    many = np.zeros(2**10, dtype=np.int64)
    assert read([(1, 2**16 + 1)], lambda do, x: do.gather(x, many, 1)).n_outputs == 2**10
    with pytest.raises(BudgetExceeded, match="entries of a gather"):
        read([(2**17, 1)], lambda do, x: do.gather(x, many, 1))


def _parameters(shapes: Any, dtype: str = "float32") -> Any:
    random = np.random.default_rng(7)
    return [(random.standard_normal(s) / np.sqrt(np.prod(s[1:]))).astype(dtype) for s in shapes]


def test_a_lenet() -> None:
    weights = _parameters([(3, 1, 3, 3), (1, 3, 1, 1), (4, 3, 3, 3), (1, 4, 1, 1), (4, 5), (5,)])
    k1, b1, k2, b2, w, b = weights

    def build(do: Operations, x: Any) -> Any:
        one = [(1, 1), (1, 1)]
        y = do.relu(do.add(convolve(do, x, stored(k1), padding=one), stored(b1)))
        y = max_pool(do, y, [2, 2], strides=[2, 2])
        y = do.relu(do.add(convolve(do, y, stored(k2), padding=one), stored(b2)))
        y = average_pool(do, y, [2, 2], strides=[2, 2])
        return do.add(do.matmul(do.flatten(adaptive_average_pool(do, y, [1, 1]), 1), stored(w)),
                      stored(b))  # fmt: skip

    def oracle(x: Any) -> Any:
        t = [torch.tensor(v).to(x.dtype) for v in weights]
        y = _F.max_pool2d(torch.relu(_F.conv2d(x, t[0], t[1].flatten(), padding=1)), 2)
        y = _F.avg_pool2d(torch.relu(_F.conv2d(y, t[2], t[3].flatten(), padding=1)), 2)
        return y.mean(dim=(2, 3)) @ t[4] + t[5]

    agree([(1, 1, 8, 8)], build, oracle, unit=None)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_residual_block(dtype: Any) -> None:
    k1, k2, k3 = _parameters([(4, 2, 3, 3), (4, 4, 3, 3), (4, 2, 1, 1)], dtype)
    random = np.random.default_rng(1)
    stats = [
        [random.standard_normal(4).astype(dtype) * 0.3 + 1 for _ in range(2)]
        + [random.standard_normal(4).astype(dtype), random.uniform(0.1, 3, 4).astype(dtype)]
        for _ in range(3)
    ]

    def norm(do: Operations, x: Any, k: int) -> Any:
        scale, shift, mean, variance = (stored(v.astype(dtype)) for v in stats[k])
        return batch_norm(do, x, scale, shift, mean, variance, 1e-5, f"bn{k}")

    def build(do: Operations, x: Any) -> Any:
        one, two = [(1, 1), (1, 1)], [2, 2]
        y = do.relu(norm(do, convolve(do, x, stored(k1), strides=two, padding=one), 0))
        y = norm(do, convolve(do, y, stored(k2), padding=one), 1)
        shortcut = norm(do, convolve(do, x, stored(k3), strides=two), 2)
        return leaky_relu(do, do.add(y, shortcut), 0.1)

    def oracle(x: Any) -> Any:
        kernels = [torch.tensor(k).to(x.dtype) for k in (k1, k2, k3)]

        def torch_norm(y: Any, k: int) -> Any:
            scale, shift, mean, variance = (
                torch.tensor(v.astype(dtype)).to(x.dtype) for v in stats[k]
            )
            return _F.batch_norm(y, mean, variance, scale, shift, eps=1e-5)

        y = torch.relu(torch_norm(_F.conv2d(x, kernels[0], stride=2, padding=1), 0))
        y = torch_norm(_F.conv2d(y, kernels[1], padding=1), 1)
        return _F.leaky_relu(y + torch_norm(_F.conv2d(x, kernels[2], stride=2), 2), 0.1)

    agree([(1, 2, 6, 6)], build, oracle, dtype=dtype, unit=None)


def test_float16() -> None:
    [k] = _parameters([(2, 2, 3)], "float16")

    def build(do: Operations, x: Any) -> Any:
        return leaky_relu(do, max_pool(do, convolve(do, x, stored(k)), [2]), 0.25)

    def oracle(x: Any) -> Any:
        y = _F.conv1d(x, torch.tensor(k).to(x.dtype))
        return _F.leaky_relu(_F.max_pool1d(y, 2, 1), 0.25)

    agree([(1, 2, 5)], build, oracle, dtype="float16", unit=None)


_HALF = stored(np.array(0.5))
_THIRD = Constant(np.array(Fraction(1, 3), dtype=object))
_SCALARS: dict[str, Any] = {
    "negate": lambda do, x: do.negate(x),
    "scale": lambda do, x: do.scale(x, Fraction(1, 3)),
    "subtract": lambda do, x: do.subtract(_THIRD, x),
    "transpose": lambda do, x: do.transpose(x, []),
    "multiply": lambda do, x: product.multiply(do, x, _THIRD),
    "divide": lambda do, x: product.divide(do, x, _THIRD),
    "maximum": lambda do, x: piecewise.maximum(do, [x, _THIRD]),
    "minimum": lambda do, x: piecewise.minimum(do, [x, _HALF]),
    "prelu": lambda do, x: piecewise.prelu(do, x, _THIRD),
    "absolute": piecewise.absolute,
    "clip": lambda do, x: piecewise.clip(do, x, -1, 1),
    "clip at zero": lambda do, x: piecewise.clip(do, x, 0, 6),
    "clip below": lambda do, x: piecewise.clip(do, x, _THIRD, None),
    "shrink": lambda do, x: piecewise.soft_shrink(do, x, 0.25),
    "sigmoid": lambda do, x: piecewise.hard_sigmoid(do, x, 0.2, 0.5),
    "total": reduction.total,
    "mean": reduction.mean,
    "largest": reduction.largest,
    "pad": lambda do, x: choice.pad(do, x, []),
    "expand": lambda do, x: choice.expand(do, x, [2]),
    "tile": lambda do, x: choice.tile(do, x, [2]),
    "slice": lambda do, x: choice.take_slice(do, x, [], []),
    "where": lambda do, x: where(do, compare_values(do, "gt", x, _HALF), x, _HALF),
    "constant where": lambda do, x: where(do, stored(np.array(True)), x, _THIRD),
    "einsum": lambda do, x: einsum(do, ",->", [x, _THIRD]),
}


@pytest.mark.parametrize("case", list(_SCALARS))
def test_tensors_without_axes(case: str) -> None:
    for number in (Fraction(1, 8), Fraction(-7), Fraction(3, 4)):
        f = read([()], _SCALARS[case], "float64")
        for held in (np.array(number, dtype=object), np.array(float(number))):
            folded = _SCALARS[case](Operations("float64"), Constant(held))
            assert f.exact([number]).to_fractions() == [folded.fractions().reshape(-1).tolist()]
