"""Averages and maxima over windows."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from tropnet.errors import ShapeError, UnsupportedLayerError
from tropnet.io.operations.comparisons import Comparisons
from tropnet.io.operations.window import grid, inside, positions
from tropnet.io.tensor import Constant, Tensor, Value, require_room, size_of

if TYPE_CHECKING:
    from tropnet.io.operations.operations import Operations
    from tropnet.typing import IntArray


def average_pool(
    do: Operations,
    x: Value,
    window: Sequence[int],
    *,
    strides: Sequence[int] | None = None,
    padding: Sequence[tuple[int, int]] | None = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
    count_include_pad: bool = False,
    divisor: int | None = None,
    name: str = "",
) -> Value:
    """Return the averages over windows, exactly: a ninth is 1/9.

    Args:
        do: the operations of the model being read.
        x: the last axes, as many as the window has, are spatial.
        window: entries along each spatial axis.
        strides: one for each spatial axis; 1 where left out.
        padding: zeros before and after each spatial axis; none where left out.
        dilations: one for each spatial axis; 1 where left out.
        ceil_mode: whether a last window may reach beyond the padding. What lies beyond is not
            counted.
        count_include_pad: whether the padding is counted in the divisor.
        divisor: replaces the number of entries.
        name: the node, for messages.

    Raises:
        ShapeError: no window fits.
        UnsupportedLayerError: a window of which nothing is counted; a divisor of zero.

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.pooling import average_pool
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1, 1, 3)])
        >>> y = average_pool(do, x, [2], strides=[2], ceil_mode=True)
        >>> do.build([y]).exact([1, 2, 5]).to_floats().tolist()
        [[1.5, 5.0]]
    """
    sizes, along, limits = _windows(x, window, strides, padding, dilations, ceil_mode, name)
    covered = [inside(p, n) for p, n in zip(along, sizes, strict=True)]
    if count_include_pad:
        counts = [(p < limit).sum(axis=1) for p, limit in zip(along, limits, strict=True)]
    else:
        counts = [(p >= 0).sum(axis=1) for p in covered]
    return _averages(do, x, covered, sizes, counts, divisor, name)


def max_pool(
    do: Operations,
    x: Value,
    window: Sequence[int],
    *,
    strides: Sequence[int] | None = None,
    padding: Sequence[tuple[int, int]] | None = None,
    dilations: Sequence[int] | None = None,
    ceil_mode: bool = False,
    name: str = "",
) -> Value:
    """Return the maxima over windows; the padding is −∞, so that it never wins.

    The axes are pooled one after the other, and windows that overlap share their comparisons.

    Args:
        do: the operations of the model being read.
        x: the last axes, as many as the window has, are spatial.
        window: entries along each spatial axis.
        strides: one for each spatial axis; 1 where left out.
        padding: places before and after each spatial axis; none where left out.
        dilations: one for each spatial axis; 1 where left out.
        ceil_mode: whether a last window may reach beyond the padding.
        name: the node, for messages.

    Raises:
        ShapeError: no window fits.
        UnsupportedLayerError: a window of padding alone.

    Cost: a ReLU unit for each comparison, fewer than one an entry of each window.

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.pooling import max_pool
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1, 1, 4)])
        >>> y = max_pool(do, x, [2], padding=[(1, 0)])
        >>> f = do.build([y])
        >>> f.exact([-3, -1, -2, 5]).to_floats().tolist(), f.n_relu
        ([[-3.0, -1.0, -1.0, 5.0]], 3)
    """
    sizes, along, _ = _windows(x, window, strides, padding, dilations, ceil_mode, name)
    return _maxima(do, x, [inside(p, n) for p, n in zip(along, sizes, strict=True)], name)


def adaptive_average_pool(
    do: Operations, x: Value, sizes: Sequence[int | None], name: str = ""
) -> Value:
    """Return averages over as many windows as asked for along each of the last axes.

    Window i of m over n entries reaches from ⌊i·n/m⌋ to before ⌈(i+1)·n/m⌉.

    Args:
        do: the operations of the model being read.
        x: the last axes, as many as there are sizes, are spatial.
        sizes: windows along each spatial axis; None keeps the axis.
        name: the node, for messages.

    Raises:
        ShapeError: a size below one, or more sizes than axes.

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.pooling import adaptive_average_pool
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1, 1, 3)])
        >>> do.build([adaptive_average_pool(do, x, [2])]).exact([1, 2, 5]).to_floats().tolist()
        [[1.5, 3.5]]
    """
    along = _adaptive(x, sizes, name)
    counts = [(p >= 0).sum(axis=1) for p in along]
    return _averages(do, x, along, x.shape[len(x.shape) - len(along) :], counts, None, name)


def adaptive_max_pool(
    do: Operations, x: Value, sizes: Sequence[int | None], name: str = ""
) -> Value:
    """Return maxima over as many windows as asked for along each of the last axes.

    Args:
        do: the operations of the model being read.
        x: the last axes, as many as there are sizes, are spatial.
        sizes: windows along each spatial axis; None keeps the axis.
        name: the node, for messages.

    Raises:
        ShapeError: a size below one, or more sizes than axes.

    Example:
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.pooling import adaptive_max_pool
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1, 1, 3)])
        >>> do.build([adaptive_max_pool(do, x, [2])]).exact([1, 2, 5]).to_floats().tolist()
        [[2.0, 5.0]]
    """
    return _maxima(do, x, _adaptive(x, sizes, name), name)


def _windows(
    x: Value,
    window: Sequence[int],
    strides: Sequence[int] | None,
    padding: Sequence[tuple[int, int]] | None,
    dilations: Sequence[int] | None,
    ceil_mode: bool,
    name: str,
) -> tuple[list[int], list[IntArray], list[int]]:
    """Return for each spatial axis its length, its windows' positions, and the padding's end."""
    rank, what = len(window), name or "a pooling"
    strides = [1] * rank if strides is None else [int(v) for v in strides]
    dilations = [1] * rank if dilations is None else [int(v) for v in dilations]
    pads = [(0, 0)] * rank if padding is None else [(int(a), int(b)) for a, b in padding]
    if not 0 < rank <= len(x.shape) or {len(strides), len(dilations), len(pads)} != {rank}:
        raise ShapeError(
            f"{what}: a window {list(window)} with strides {strides}, padding {pads} and dilations "
            f"{dilations} over values of shape {x.shape}"
        )
    if any(v < 0 for pair in pads for v in pair):
        raise ShapeError(f"{what}: padding {pads}; it is not negative")
    sizes = list(x.shape[len(x.shape) - rank :])
    along = [
        positions(n, int(k), stride=s, padding=p, dilation=d, ceil_mode=ceil_mode, name=what)
        for n, k, s, p, d in zip(sizes, window, strides, pads, dilations, strict=True)
    ]
    return sizes, along, [n + high for n, (_, high) in zip(sizes, pads, strict=True)]


def _adaptive(x: Value, sizes: Sequence[int | None], name: str) -> list[IntArray]:
    rank = len(sizes)
    lengths = x.shape[len(x.shape) - rank :]
    if not 0 < rank <= len(x.shape) or any(n < 1 for n in lengths):
        raise ShapeError(f"{name or 'a pooling'}: {list(sizes)} windows over shape {x.shape}")
    along = []
    for size, length in zip(sizes, lengths, strict=True):
        count = length if size is None else int(size)
        if count < 1:
            raise ShapeError(f"{name or 'a pooling'}: {list(sizes)} windows; each is at least 1")
        require_room(count * length, f"the windows of {name}")
        number = np.arange(count)
        starts, ends = number * length // count, -(-(number + 1) * length // count)
        places = starts[:, None] + np.arange((ends - starts).max())
        along.append(np.where(places < ends[:, None], places, -1))
    return along


def _averages(
    do: Operations,
    x: Value,
    along: Sequence[IntArray],
    sizes: Sequence[int],
    counts: Sequence[IntArray],
    divisor: int | None,
    name: str,
) -> Value:
    windows, size = tuple(len(p) for p in along), size_of(tuple(sizes))
    front = x.shape[: len(x.shape) - len(along)]
    items, spots = size_of(front), size_of(windows)
    taps = size_of(tuple(p.shape[1] for p in along))
    require_room(items * spots * taps, f"the windows of {name or 'a pooling'}")
    entries = reduce(np.multiply.outer, counts).reshape(-1)
    if divisor is not None:
        entries = np.full_like(entries, divisor)
    if not entries.all():
        raise UnsupportedLayerError(
            name or "a pooling", "AveragePool", "it divides by zero, the number of entries of a "
            "window of padding alone or a divisor", "less padding",
        )  # fmt: skip
    divisors, kernel_of = np.unique(entries, return_inverse=True)
    kernel = np.empty((len(divisors), taps), dtype=object)
    kernel[...] = np.array([[Fraction(1, int(d))] for d in divisors], dtype=object)
    covered = grid(along, sizes, name or "a pooling")
    starts = (np.arange(items) * size)[:, None, None]
    patches = np.where(covered < 0, -1, covered + starts).reshape(-1, taps)
    return do.combine(
        x, kernel, patches, np.tile(kernel_of, items), np.arange(items * spots),
        (*front, *windows), name,
    )  # fmt: skip


def _maxima(do: Operations, x: Value, along: Sequence[IntArray], name: str) -> Value:
    if any((p < 0).all(axis=1).any() for p in along):
        raise UnsupportedLayerError(
            name or "a pooling", "MaxPool", "a window lies in the padding alone, where the maximum "
            "is -infinity", "less padding",
        )  # fmt: skip
    filled = []
    for places in along:
        # a place in the padding repeats a neighbour that is not, which changes no maximum
        first = places[np.arange(len(places)), (places >= 0).argmax(axis=1)]
        filled.append(np.where(places < 0, first[:, None], places))
    rank = len(x.shape)
    if isinstance(x, Constant):
        values = x.values
        for axis, places in enumerate(filled, start=rank - len(along)):
            values = np.take(values, places, axis=axis).max(axis=axis + 1)
        return Constant(np.asarray(values))
    assert isinstance(x, Tensor)
    pairs = Comparisons(do, x, name)
    entries = pairs.entries
    for axis, places in enumerate(filled, start=rank - len(along)):
        require_room(entries.size // entries.shape[axis] * places.size, f"the windows of {name}")
        windows = np.moveaxis(np.take(entries, places, axis=axis), axis + 1, -1)
        entries = pairs.extreme(windows, largest=True)
    return pairs.tensor(entries)
