"""Convolutions and transposed convolutions, in any number of spatial axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tropnet.errors import ShapeError, UnsupportedLayerError
from tropnet.io.operations.window import grid, inside, positions
from tropnet.io.tensor import (
    MOST_PLACES,
    MOST_VALUES,
    Constant,
    Shape,
    Value,
    require_room,
    size_of,
)

if TYPE_CHECKING:
    from tropnet.io.operations.operations import Operations
    from tropnet.typing import AnyArray, IntArray


def convolve(
    do: Operations,
    x: Value,
    kernel: Value,
    *,
    strides: Sequence[int] | None = None,
    padding: Sequence[tuple[int, int]] | None = None,
    dilations: Sequence[int] | None = None,
    groups: int = 1,
    name: str = "",
) -> Value:
    """Return the convolution (in truth the correlation) with a constant kernel, without bias.

    Args:
        do: the operations of the model being read.
        x: `(batch, channels, *spatial)`.
        kernel: `(outputs, channels / groups, *window)`.
        strides: one for each spatial axis; 1 where left out.
        padding: zeros before and after each spatial axis; none where left out.
        dilations: one for each spatial axis; 1 where left out.
        groups: how many parts the channels fall into; outputs read the channels of their part.
        name: the node, for messages.

    Returns:
        `(batch, outputs, *spatial)`.

    Raises:
        UnsupportedLayerError: the kernel depends on the input.
        ShapeError: the shapes do not fit.
        BudgetExceeded: more than memory should hold.

    Cost: the kernel, and one index for each entry of each window; no matrix is made.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.convolution import convolve
        >>> from tropnet.io.tensor import constant
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1, 1, 4)])
        >>> y = convolve(do, x, constant(np.array([[[1.0, -1.0]]]), "w"), strides=[2])
        >>> y.shape, do.build([y]).exact([5, 3, 2, 9]).to_floats().tolist()
        ((1, 1, 2), [[2.0, -7.0]])
    """
    weights = _kernel(x, kernel, name, "Conv")
    rank, sizes = len(x.shape) - 2, x.shape[2:]
    outputs, depth = weights.shape[:2]
    if groups < 1 or x.shape[1] != depth * groups or outputs % groups:
        raise ShapeError(
            f"{name or 'a convolution'}: {x.shape[1]} channels in {groups} groups do not fit a "
            f"kernel of shape {weights.shape}"
        )
    strides, dilations = _each(strides, 1, rank, name), _each(dilations, 1, rank, name)
    along = [
        inside(positions(n, k, stride=s, padding=p, dilation=d, name=name), n)
        for n, k, s, p, d in zip(
            sizes, weights.shape[2:], strides, _pads(padding, rank, name), dilations, strict=True
        )
    ]
    return _over_windows(do, x, weights.reshape(outputs, -1), along, groups, name)


def transposed_convolve(
    do: Operations,
    x: Value,
    kernel: Value,
    *,
    strides: Sequence[int] | None = None,
    padding: Sequence[tuple[int, int]] | None = None,
    output_padding: Sequence[int] | None = None,
    dilations: Sequence[int] | None = None,
    groups: int = 1,
    name: str = "",
) -> Value:
    """Return the transposed convolution with a constant kernel, without bias.

    Each entry of x lays its multiple of the kernel onto the result, `strides` apart.

    Args:
        do: the operations of the model being read.
        x: `(batch, channels, *spatial)`.
        kernel: `(channels, outputs / groups, *window)`.
        strides: one for each spatial axis; 1 where left out.
        padding: entries cut off the result before and after each spatial axis.
        output_padding: entries added to the result after each spatial axis.
        dilations: one for each spatial axis; 1 where left out.
        groups: how many parts the channels fall into.
        name: the node, for messages.

    Returns:
        `(batch, outputs, *spatial)` with `(n − 1)·stride + dilation·(k − 1) + 1 + output_padding −
        padding` along each axis.

    Raises:
        UnsupportedLayerError: the kernel depends on the input.
        ShapeError: the shapes do not fit.
        BudgetExceeded: more than memory should hold.

    Example:
        >>> import numpy as np
        >>> from tropnet.io.operations import Operations
        >>> from tropnet.io.operations.convolution import transposed_convolve
        >>> from tropnet.io.tensor import constant
        >>> do = Operations("float32")
        >>> [x] = do.inputs([(1, 1, 2)])
        >>> w = constant(np.array([[[1.0, 2.0, 3.0]]]), "w")
        >>> y = transposed_convolve(do, x, w, strides=[2])
        >>> do.build([y]).exact([1, 10]).to_floats().tolist()
        [[1.0, 2.0, 13.0, 20.0, 30.0]]
    """
    weights = _kernel(x, kernel, name, "ConvTranspose")
    rank, sizes = len(x.shape) - 2, x.shape[2:]
    channels, outputs = weights.shape[0], weights.shape[1] * groups
    if groups < 1 or x.shape[1] != channels or channels % groups:
        raise ShapeError(
            f"{name or 'a transposed convolution'}: {x.shape[1]} channels in {groups} groups do "
            f"not fit a kernel of shape {weights.shape}"
        )
    along = [
        _sources(n, k, s, p, more, d, name)
        for n, k, s, p, more, d in zip(
            sizes,
            weights.shape[2:],
            _each(strides, 1, rank, name),
            _pads(padding, rank, name),
            _each(output_padding, 0, rank, name),
            _each(dilations, 1, rank, name),
            strict=True,
        )
    ]
    # (groups, channels of a group, outputs of a group, window) → a row for each output
    grouped = weights.reshape(groups, channels // groups, weights.shape[1], -1)
    rows = grouped.transpose(0, 2, 1, 3).reshape(outputs, -1)
    return _over_windows(do, x, rows, along, groups, name)


def _over_windows(
    do: Operations,
    x: Value,
    kernel: AnyArray,
    along: Sequence[IntArray],
    groups: int,
    name: str,
) -> Value:
    """Return for each output and window the kernel's row on the channels of the output's group."""
    batch, channels, *sizes = x.shape
    depth, outputs = channels // groups, len(kernel)
    spatial = tuple(p.shape[0] for p in along)
    windows, size = size_of(spatial), size_of(tuple(sizes))
    shape: Shape = (batch, outputs, *spatial)
    what = name or "a convolution"
    require_room(size_of(shape), f"the result of {what}", MOST_VALUES)
    taps = size_of(tuple(p.shape[1] for p in along))
    require_room(batch * channels * windows * taps, f"the windows of {what}")
    covered = grid(along, sizes, what)  # (windows, taps)
    # (batch, group, window, channel of the group, tap)
    starts = (np.arange(batch * channels) * size).reshape(batch, groups, 1, depth, 1)
    covered = covered[None, None, :, None, :]
    patches = np.where(covered < 0, -1, covered + starts).reshape(-1, depth * taps)
    items, rows, spots = np.ix_(np.arange(batch), np.arange(outputs), np.arange(windows))
    patch_of = (items * groups + rows // (outputs // groups)) * windows + spots
    kernel_of = np.broadcast_to(rows, patch_of.shape)
    return do.combine(x, kernel, patches, kernel_of.reshape(-1), patch_of.reshape(-1), shape, name)


def _sources(
    size: int,
    window: int,
    stride: int,
    padding: tuple[int, int],
    more: int,
    dilation: int,
    name: str,
) -> IntArray:
    """Return for each place of the result and each tap the entry that it comes from, or −1."""
    if min(window, stride, dilation) < 1 or more < 0:
        raise ShapeError(
            f"{name or 'a transposed convolution'}: a window of {window} with stride {stride}, "
            f"dilation {dilation} and output padding {more}"
        )
    low, high = padding
    length = (size - 1) * stride + dilation * (window - 1) + 1 + more - low - high
    if length < 1:
        raise ShapeError(
            f"{name or 'a transposed convolution'}: nothing is left of {size} entries with padding "
            f"{low} and {high}"
        )
    require_room(length * window, f"the windows of {name}", MOST_PLACES)
    steps = np.arange(length)[:, None] + low - np.arange(window) * dilation
    return np.where(steps % stride == 0, inside(steps // stride, size), -1)


def _kernel(x: Value, kernel: Value, name: str, op: str) -> AnyArray:
    if not isinstance(kernel, Constant):
        raise UnsupportedLayerError(
            name or op, op, "its kernel depends on the input", "a model with a constant kernel"
        )
    if len(x.shape) < 3 or len(kernel.shape) != len(x.shape):
        raise ShapeError(
            f"{name or op}: a kernel of shape {kernel.shape} for values of shape {x.shape}"
        )
    return kernel.numbers()


def _each(values: Sequence[int] | None, default: int, rank: int, name: str) -> list[int]:
    chosen = [default] * rank if values is None else [int(v) for v in values]
    if len(chosen) != rank:
        raise ShapeError(f"{name or 'a convolution'}: {chosen} for {rank} spatial axes")
    return chosen


def _pads(padding: Sequence[tuple[int, int]] | None, rank: int, name: str) -> list[tuple[int, int]]:
    chosen = [(0, 0)] * rank if padding is None else [(int(a), int(b)) for a, b in padding]
    if len(chosen) != rank:
        raise ShapeError(f"{name or 'a convolution'}: padding {chosen} for {rank} spatial axes")
    return chosen
