"""Convolutions against torch, over all their parameters; their size; what is refused."""

from __future__ import annotations

import resource
import time
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.io.operations.oracle import agree, read, stored
from tropnet.errors import BudgetExceeded, ShapeError, UnsupportedLayerError
from tropnet.io.operations import Operations
from tropnet.io.operations.convolution import convolve, transposed_convolve
from tropnet.io.tensor import Constant

_FORWARD = (torch.nn.functional.conv1d, torch.nn.functional.conv2d, torch.nn.functional.conv3d)
_BACK = (
    torch.nn.functional.conv_transpose1d,
    torch.nn.functional.conv_transpose2d,
    torch.nn.functional.conv_transpose3d,
)


def _integers(shape: Any, seed: int = 0) -> Any:
    return np.random.default_rng(seed).integers(-3, 4, size=shape).astype(np.float64)


@st.composite
def _convolutions(draw: st.DrawFn) -> dict[str, Any]:
    rank = draw(st.integers(1, 3))
    few = st.lists(st.integers(1, 3), min_size=rank, max_size=rank)
    window, strides, dilations = draw(few), draw(few), draw(few)
    padding = draw(st.lists(st.integers(0, 2), min_size=rank, max_size=rank))
    reach = [d * (k - 1) + 1 for d, k in zip(dilations, window, strict=True)]
    least = [max(1, r - 2 * p) for r, p in zip(reach, padding, strict=True)]
    return {
        "sizes": [n + draw(st.integers(0, 2)) for n in least],
        "window": window,
        "strides": strides,
        "dilations": dilations,
        "padding": padding,
        "groups": draw(st.sampled_from([1, 2])),
        "channels": draw(st.integers(1, 2)),
        "outputs": draw(st.integers(1, 2)),
        "batch": draw(st.sampled_from([1, 2])),
    }


@settings(max_examples=40)
@given(_convolutions())
def test_convolutions_are_torchs(case: dict[str, Any]) -> None:
    groups, rank = case["groups"], len(case["window"])
    w = _integers((case["outputs"] * groups, case["channels"], *case["window"]))
    agree(
        [(case["batch"], case["channels"] * groups, *case["sizes"])],
        lambda do, x: convolve(
            do,
            x,
            stored(w),
            strides=case["strides"],
            padding=[(p, p) for p in case["padding"]],
            dilations=case["dilations"],
            groups=groups,
        ),
        lambda x: _FORWARD[rank - 1](
            x,
            torch.tensor(w, dtype=x.dtype),
            stride=case["strides"],
            padding=case["padding"],
            dilation=case["dilations"],
            groups=groups,
        ),
        count=2,
    )


@settings(max_examples=40)
@given(_convolutions(), st.data())
def test_transposed_convolutions_are_torchs(case: dict[str, Any], data: st.DataObject) -> None:
    groups, rank = case["groups"], len(case["window"])
    # torch wants less output padding than stride or dilation, and a result that is not empty
    more = [
        data.draw(st.integers(0, max(s, d) - 1))
        for s, d in zip(case["strides"], case["dilations"], strict=True)
    ]
    sizes = [n + 2 for n in case["sizes"]]
    w = _integers((case["channels"] * groups, case["outputs"], *case["window"]))
    padding = [
        p if (n - 1) * s + d * (k - 1) + 1 + o > 2 * p else 0
        for p, n, s, d, k, o in zip(
            case["padding"], sizes, case["strides"], case["dilations"], case["window"], more,
            strict=True,
        )
    ]  # fmt: skip
    agree(
        [(case["batch"], case["channels"] * groups, *sizes)],
        lambda do, x: transposed_convolve(
            do,
            x,
            stored(w),
            strides=case["strides"],
            padding=[(p, p) for p in padding],
            output_padding=more,
            dilations=case["dilations"],
            groups=groups,
        ),
        lambda x: _BACK[rank - 1](
            x,
            torch.tensor(w, dtype=x.dtype),
            stride=case["strides"],
            padding=padding,
            output_padding=more,
            dilation=case["dilations"],
            groups=groups,
        ),
        count=2,
    )


def test_real_weights_stay_the_stored_ones_and_roundings_within_the_bound() -> None:
    w = np.random.default_rng(0).standard_normal((4, 3, 3, 3)).astype(np.float32)
    b = np.random.default_rng(1).standard_normal((1, 4, 1, 1)).astype(np.float32)

    def build(do: Operations, x: Any) -> Any:
        y = convolve(do, x, stored(w), padding=[(1, 1), (1, 1)])
        return do.relu(do.add(y, stored(b)))

    def oracle(x: Any) -> Any:
        bias = torch.tensor(b).to(x.dtype).reshape(-1)
        y = torch.nn.functional.conv2d(x, torch.tensor(w).to(x.dtype), bias, padding=1)
        return torch.relu(y)

    f = agree([(1, 3, 5, 5)], build, oracle, unit=None)
    assert f.widths == (100,)
    unit = np.zeros((1, 3, 5, 5))
    unit[0, 1, 2, 2] = 1
    expected = max(Fraction(float(w[2, 1, 0, 2])) + Fraction(float(b[0, 2, 0, 0])), Fraction(0))
    assert f.exact(unit.reshape(1, -1))[0, 2 * 25 + 3 * 5 + 1] == expected


def test_padding_of_both_ends_and_cropping() -> None:
    w = _integers((1, 1, 2))
    agree(
        [(1, 1, 5)],
        lambda do, x: convolve(do, x, stored(w), padding=[(2, -1)]),
        lambda x: torch.nn.functional.conv1d(
            torch.nn.functional.pad(x, (2, -1)), torch.tensor(w, dtype=x.dtype)
        ),
    )


def test_a_convolution_of_a_constant_is_exact() -> None:
    third = Constant(np.array([[[Fraction(1, 3), Fraction(2, 3)]]], dtype=object))
    y = convolve(Operations("float32"), third, stored(np.array([[[0.1, 1.0]]])))
    assert isinstance(y, Constant)
    assert y.values[0, 0, 0] == Fraction(0.1) / 3 + Fraction(2, 3)


def test_no_matrix_is_made() -> None:
    w = np.random.default_rng(0).standard_normal((64, 64, 3, 3)).astype(np.float32)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    f = read([(1, 64, 32, 32)], lambda do, x: convolve(do, x, stored(w), padding=[(1, 1), (1, 1)]))
    assert f.n_parameters == w.size
    # the matrix would have 4·10^9 entries
    assert time.perf_counter() - start < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


@pytest.mark.parametrize(
    ("shape", "options", "error", "text"),
    [
        ((4, 2, 3, 3), {}, ShapeError, "3 channels in 1 groups do not fit a kernel of shape"),
        ((4, 1, 3, 3), {"groups": 3}, ShapeError, "3 channels in 3 groups"),
        ((4, 3, 9, 3), {}, ShapeError, "reaches over 9 entries does not fit into 5"),
        ((4, 3, 3), {}, ShapeError, r"kernel of shape \(4, 3, 3\) for values of shape"),
        ((4, 3, 3, 3), {"strides": [0, 1]}, ShapeError, "stride 0"),
        ((4, 3, 3, 3), {"strides": [1]}, ShapeError, r"\[1\] for 2 spatial axes"),
        ((4, 3, 3, 3), {"padding": [(1, 1)]}, ShapeError, "for 2 spatial axes"),
        ((4, 3, 3, 3), {"padding": [(10**5, 10**5)] * 2}, BudgetExceeded, "conv1"),
    ],
)
def test_what_does_not_fit_is_refused(
    shape: Any, options: dict[str, Any], error: Any, text: str
) -> None:
    with pytest.raises(error, match=text):
        read(
            [(1, 3, 5, 5)],
            lambda do, x: convolve(do, x, stored(np.ones(shape)), name="conv1", **options),
        )


@pytest.mark.parametrize(
    ("shape", "options", "text"),
    [
        ((2, 1, 3), {}, "3 channels in 1 groups do not fit"),
        ((3, 1, 3), {"groups": 2}, "3 channels in 2 groups"),
        ((3, 1, 3), {"padding": [(9, 9)]}, "nothing is left of 5 entries"),
        ((3, 1, 3), {"output_padding": [-1]}, "output padding -1"),
    ],
)
def test_what_does_not_fit_backwards_is_refused(
    shape: Any, options: dict[str, Any], text: str
) -> None:
    with pytest.raises(ShapeError, match=text):
        read(
            [(1, 3, 5)], lambda do, x: transposed_convolve(do, x, stored(np.ones(shape)), **options)
        )


@pytest.mark.parametrize("function", [convolve, transposed_convolve])
def test_a_kernel_from_the_input_is_refused(function: Any) -> None:
    with pytest.raises(UnsupportedLayerError, match=r"'conv1' .* its kernel depends on the input"):
        read([(1, 1, 3)], lambda do, x: function(do, x, x, name="conv1"))
