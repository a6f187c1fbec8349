"""Poolings against torch, and against their definition where torch has no such padding."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.io.operations.oracle import agree, read, stored
from tropnet.errors import ShapeError, UnsupportedLayerError
from tropnet.io.operations import Operations
from tropnet.io.operations.pooling import (
    adaptive_average_pool,
    adaptive_max_pool,
    average_pool,
    max_pool,
)
from tropnet.io.tensor import Constant

_F = torch.nn.functional
_AVERAGE: Any = (_F.avg_pool1d, _F.avg_pool2d, _F.avg_pool3d)
_MAX: Any = (_F.max_pool1d, _F.max_pool2d, _F.max_pool3d)
_ADAPTIVE_AVERAGE: Any = (_F.adaptive_avg_pool1d, _F.adaptive_avg_pool2d, _F.adaptive_avg_pool3d)
_ADAPTIVE_MAX: Any = (_F.adaptive_max_pool1d, _F.adaptive_max_pool2d, _F.adaptive_max_pool3d)
#: A multiple of every number of entries that a window may count here.
_UNIT = 27720


@st.composite
def _poolings(draw: st.DrawFn, *, dilated: bool) -> dict[str, Any]:
    rank = draw(st.integers(1, 2))
    few = st.lists(st.integers(1, 3), min_size=rank, max_size=rank)
    window, strides = draw(few), draw(few)
    dilations = draw(few) if dilated else [1] * rank
    padding = [draw(st.integers(0, k // 2)) for k in window]
    reach = [d * (k - 1) + 1 for d, k in zip(dilations, window, strict=True)]
    least = [max(1, r - 2 * p) for r, p in zip(reach, padding, strict=True)]
    return {
        "sizes": [n + draw(st.integers(0, 3)) for n in least],
        "window": window,
        "strides": strides,
        "padding": padding,
        "dilations": dilations,
        "ceil_mode": draw(st.booleans()),
    }


def _pads(case: dict[str, Any]) -> list[tuple[int, int]]:
    return [(p, p) for p in case["padding"]]


@settings(max_examples=60)
@given(_poolings(dilated=False), st.booleans(), st.sampled_from([None, None, 3, -2]))
def test_averages_are_torchs(case: dict[str, Any], include: bool, divisor: int | None) -> None:
    rank = len(case["window"])
    options: dict[str, Any] = {"ceil_mode": case["ceil_mode"], "count_include_pad": include}
    torchs = {} if rank == 1 else {"divisor_override": divisor}
    assume(rank > 1 or divisor is None)
    agree(
        [(1, 2, *case["sizes"])],
        lambda do, x: average_pool(
            do, x, case["window"], strides=case["strides"], padding=_pads(case), divisor=divisor,
            **options,
        ),
        lambda x: _AVERAGE[rank - 1](
            x, case["window"], case["strides"], case["padding"], **options, **torchs
        ),
        unit=_UNIT,
        count=2,
    )  # fmt: skip


@settings(max_examples=60)
@given(_poolings(dilated=True))
def test_maxima_are_torchs(case: dict[str, Any]) -> None:
    assume(
        # torch refuses windows of padding alone by other rules
        all(
            p < d * (k - 1) + 1
            for p, d, k in zip(case["padding"], case["dilations"], case["window"], strict=True)
        )
    )

    def oracle(x: Any) -> Any:
        return _MAX[len(case["window"]) - 1](
            x, case["window"], case["strides"], case["padding"], case["dilations"],
            case["ceil_mode"],
        )  # fmt: skip

    shape = (1, 2, *case["sizes"])
    try:
        infinite = not torch.isfinite(oracle(torch.zeros(shape))).all()
    except RuntimeError:
        assume(False)

    def build(do: Operations, x: Any) -> Any:
        return max_pool(
            do, x, case["window"], strides=case["strides"], padding=_pads(case),
            dilations=case["dilations"], ceil_mode=case["ceil_mode"],
        )  # fmt: skip

    if infinite:
        with pytest.raises(UnsupportedLayerError, match="padding alone"):
            read([shape], build)
    else:
        agree([shape], build, oracle, count=3)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(1, 7), st.integers(1, 5)), min_size=1, max_size=3),
)
def test_adaptive_poolings_are_torchs(pairs: list[tuple[int, int]]) -> None:
    rank, shape = len(pairs), (1, 2, *(n for n, _ in pairs))
    if np.prod(shape) > 200:
        shape, pairs = (1, 1, *(min(n, 4) for n, _ in pairs)), pairs
    sizes = [m for _, m in pairs]
    agree(
        [shape],
        lambda do, x: adaptive_average_pool(do, x, sizes),
        lambda x: _ADAPTIVE_AVERAGE[rank - 1](x, sizes),
        unit=_UNIT,
        count=2,
    )
    agree(
        [shape],
        lambda do, x: adaptive_max_pool(do, x, sizes),
        lambda x: _ADAPTIVE_MAX[rank - 1](x, sizes),
        count=2,
    )


def test_adaptive_pooling_keeps_axes() -> None:
    agree(
        [(1, 2, 3, 5)],
        lambda do, x: adaptive_average_pool(do, x, [None, 2]),
        lambda x: _F.adaptive_avg_pool2d(x, (None, 2)),
        unit=_UNIT,
    )


def _defined(
    x: Any, window: int, stride: int, pads: tuple[int, int], dilation: int, include: bool
) -> Any:
    """Averages over windows of the last axis, as ONNX defines them, in Fractions."""
    low, high = pads
    size = len(x)
    result = []
    for start in range(-low, size + high - dilation * (window - 1), stride):
        places = [start + k * dilation for k in range(window)]
        inner = [p for p in places if 0 <= p < size]
        counted = len(places) if include else len(inner)
        result.append(sum((Fraction(x[p]) for p in inner), Fraction(0)) / counted)
    return result


_OTHERS = [
    case
    for case in product((2, 3), (1, 2), ((0, 1), (1, 0), (1, 2)), (1, 2), (False, True))
    if max(case[2]) < case[3] * (case[0] - 1) + 1
]


@pytest.mark.parametrize(("window", "stride", "pads", "dilation", "include"), _OTHERS)
def test_averages_with_other_paddings_and_dilations_follow_the_definition(
    window: int, stride: int, pads: tuple[int, int], dilation: int, include: bool
) -> None:
    x = [3, -1, 4, 1, -5, 9]
    f = read(
        [(1, 1, 6)],
        lambda do, v: average_pool(
            do, v, [window], strides=[stride], padding=[pads], dilations=[dilation],
            count_include_pad=include,
        ),
    )  # fmt: skip
    assert f.exact(x).to_fractions()[0] == _defined(x, window, stride, pads, dilation, include)


def test_a_ninth_is_a_ninth() -> None:
    f = read([(1, 1, 3, 3)], lambda do, x: average_pool(do, x, [3, 3]))
    assert f.exact([1, 0, 0, 0, 0, 0, 0, 0, 0])[0, 0] == Fraction(1, 9)


def test_what_a_last_window_covers_beyond_the_padding_is_not_counted() -> None:
    # the second window begins at entry 3 of 5: two entries, a zero that counts, one place beyond
    f = read(
        [(1, 1, 5)],
        lambda do, x: average_pool(
            do, x, [4], strides=[3], padding=[(0, 1)], ceil_mode=True, count_include_pad=True
        ),
    )
    assert f.exact([1, 2, 3, 4, 5]).to_fractions() == [[Fraction(5, 2), 3]]


def test_neighbouring_windows_share_comparisons() -> None:
    def units(window: int, stride: int) -> int:
        def build(do: Operations, x: Any) -> Any:
            return max_pool(do, x, [window, window], strides=[stride, stride])

        return read([(1, 1, 8, 8)], build).n_relu

    assert units(2, 2) == 3 * 16  # nothing overlaps
    assert units(3, 1) < 6 * 36  # eight comparisons a window without sharing
    assert units(1, 1) == 0


def test_maxima_of_values_that_are_not_settled() -> None:
    w = np.array([[1.0, -2.0], [0.5, 3.0], [-1.0, 1.0], [2.0, 2.0]])
    agree(
        [(1, 2)],
        lambda do, x: max_pool(do, do.reshape(do.matmul(x, stored(w.T)), [1, 1, 4]), [2]),
        lambda x: _F.max_pool1d((x @ torch.tensor(w.T, dtype=x.dtype)).reshape(1, 1, 4), 2, 1),
    )


def test_constants_are_pooled_exactly() -> None:
    do = Operations("float32")
    x = stored(np.array([[[1.0, 5.0, 2.0]]]))
    averages, maxima = average_pool(do, x, [3]), max_pool(do, x, [2], padding=[(1, 0)])
    assert isinstance(averages, Constant)
    assert isinstance(maxima, Constant)
    assert averages.values.tolist() == [[[Fraction(8, 3)]]]
    assert maxima.values.tolist() == [[[1, 5, 5]]]


@pytest.mark.parametrize(
    ("build", "error", "text"),
    [
        (lambda do, x: max_pool(do, x, [1], padding=[(1, 0)]), UnsupportedLayerError,
         r"\(MaxPool\).* a window lies in the padding alone"),
        (lambda do, x: average_pool(do, x, [1], padding=[(1, 0)]), UnsupportedLayerError,
         "divides by zero"),
        (lambda do, x: average_pool(do, x, [2], divisor=0), UnsupportedLayerError,
         "divides by zero"),
        (lambda do, x: max_pool(do, x, [4]), ShapeError, "does not fit into 3"),
        (lambda do, x: max_pool(do, x, [0]), ShapeError, "a window of 0"),
        (lambda do, x: max_pool(do, x, [1] * 4), ShapeError, "over values of shape"),
        (lambda do, x: max_pool(do, x, [1], strides=[1, 1]), ShapeError, "strides"),
        (lambda do, x: max_pool(do, x, [1], padding=[(-1, 0)]), ShapeError, "not negative"),
        (lambda do, x: adaptive_max_pool(do, x, [0]), ShapeError, "at least 1"),
        (lambda do, x: adaptive_average_pool(do, x, []), ShapeError, "windows over shape"),
    ],
)  # fmt: skip
def test_refusals(build: Any, error: Any, text: str) -> None:
    with pytest.raises(error, match=text):
        read([(1, 1, 3)], build)
