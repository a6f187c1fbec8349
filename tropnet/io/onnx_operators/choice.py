"""Operators that choose entries: Slice, Split, Pad, Gather, Expand, Tile, and such."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tropnet.errors import FormatError, ShapeError
from tropnet.io.onnx_operators.foldable import require_made
from tropnet.io.onnx_operators.registry import Call, Result, operator
from tropnet.io.operations import axis_of
from tropnet.io.operations.choice import expand, gather_elements, pad, split, take_slice, tile
from tropnet.io.operations.product import multiply
from tropnet.io.tensor import Constant, Value, size_of

if TYPE_CHECKING:
    from tropnet.typing import AnyArray

_PAD_MODES: Final = ("constant", "reflect", "edge", "wrap")
#: Ends that some runtimes take for "as far as it goes" whatever the direction.
_ENDLESS: Final = (2**31 - 1, 2**63 - 1)


@operator("Slice")
def sliced(call: Call) -> Value:
    """Slice(X): starts, ends, axes and steps as attributes up to opset 9, as inputs from 10."""
    value = call.value(0)
    starts, ends = call.listed("starts", 1), call.listed("ends", 2)
    if starts is None or ends is None:
        raise FormatError(f"node {call.name!r} (Slice) lacks its starts or ends")
    axes = call.listed("axes", 3)
    axes = list(range(len(starts))) if axes is None else axes
    steps = call.whole_numbers(4, "steps") if call.held(4) is not None else [1] * len(starts)
    if len({len(starts), len(ends), len(axes), len(steps)}) != 1 or 0 in steps:
        raise FormatError(
            f"node {call.name!r} (Slice): starts {starts}, ends {ends}, axes {axes} and steps "
            f"{steps} do not fit together"
        )
    if any(step < 0 and end in _ENDLESS for end, step in zip(ends, steps, strict=True)):
        raise call.unsupported(
            "it goes backwards to the largest integer, where ONNX's text gives nothing and "
            "onnxruntime everything", "the smallest integer as its end",
        )  # fmt: skip
    return take_slice(call.operations, value, starts, ends, axes, steps, call.name)


@operator("Split")
def parts(call: Call) -> Result:
    """Split(X): into parts of stated sizes, or as many as there are outputs."""
    value = call.value(0)
    axis = axis_of(call.integer("axis", 0), len(value.shape), call.name)
    size, count = value.shape[axis], len(call.outputs)
    sizes = call.listed("split", 1)
    stated = call.integer("num_outputs", 0)
    if sizes is not None and stated:
        raise FormatError(f"node {call.name!r} (Split) has both sizes and num_outputs")
    if sizes is None:
        longest = -(-size // count)
        sizes = [max(0, min(longest, size - k * longest)) for k in range(count)]
        if (stated and stated != count) or (not stated and size % count):
            raise ShapeError(
                f"node {call.name!r} (Split): {size} entries do not fall into {count} outputs"
            )
    if len(sizes) != count or min(sizes) < 0 or sum(sizes) != size:
        raise ShapeError(
            f"node {call.name!r} (Split): sizes {sizes} of {size} entries for {count} outputs"
        )
    return tuple(split(call.operations, value, sizes, axis, call.name))


@operator("Pad")
def padded(call: Call) -> Value:
    """Pad(X): widths as attribute up to opset 10, as input from 11; negative ones crop."""
    value = call.value(0)
    rank = len(value.shape)
    mode: Any = call.text("mode", "constant", _PAD_MODES)
    pads = call.listed("pads", 1)
    axes = range(rank) if call.held(3) is None else call.whole_numbers(3, "axes")
    places = [axis_of(a, rank, call.name) for a in axes]
    if pads is None or len(pads) != 2 * len(places) or len(set(places)) != len(places):
        raise FormatError(
            f"node {call.name!r} (Pad): widths {pads} for the axes {list(axes)} of {value.shape}"
        )
    widths = [(0, 0)] * rank
    for k, axis in enumerate(places):
        widths[axis] = (pads[k], pads[k + len(places)])
    fill = Constant(np.array(call.real("value", 0.0)))
    if call.held(2) is not None:
        fill = call.constant(2, "value")
    if fill.values.size != 1:
        raise ShapeError(f"node {call.name!r} (Pad) is filled with {fill.values.size} values")
    return pad(call.operations, value, widths, mode, fill.fractions().item(), call.name)


@operator("Expand")
def expanded(call: Call) -> Value:
    """Expand(X, shape): repeated as numpy broadcasts; a length of one keeps that of X."""
    value, shape = call.value(0), tuple(call.whole_numbers(1, "shape"))
    require_made(call, size_of(shape), value)
    try:
        full = tuple(int(d) for d in np.broadcast_shapes(value.shape, shape))
    except ValueError:
        raise ShapeError(
            f"node {call.name!r} (Expand): {value.shape} does not expand to {shape}"
        ) from None
    require_made(call, size_of(full), value)
    return expand(call.operations, value, full, call.name)


@operator("Tile")
def tiled(call: Call) -> Value:
    """Tile(X, repeats)."""
    value, repeats = call.value(0), call.whole_numbers(1, "repeats")
    if len(repeats) != len(value.shape) or min(repeats, default=0) < 0:
        raise ShapeError(f"node {call.name!r} (Tile): repeats {repeats} of {value.shape}")
    require_made(call, size_of(value.shape) * math.prod(max(1, r) for r in repeats), value)
    return tile(call.operations, value, repeats, call.name)


@operator("Gather")
def gather(call: Call) -> Value:
    """Gather(X, indices) with constant indices along `axis`."""
    value, indices = call.value(0), _indices(call)
    axis = axis_of(call.integer("axis", 0), len(value.shape), call.name)
    rest = size_of((*value.shape[:axis], *value.shape[axis + 1 :]))
    require_made(call, indices.size * rest, value)
    return call.operations.gather(value, indices, axis, call.name)


@operator("GatherElements")
def gathered_elements(call: Call) -> Value:
    """GatherElements(X, indices): an index for each entry of the result, along `axis`."""
    axis = call.integer("axis", 0)
    return gather_elements(call.operations, call.value(0), _indices(call), axis, call.name)


@operator("GatherND")
def gathered_slices(call: Call) -> Value:
    """GatherND(X, indices): rows of indices into the first axes, after `batch_dims` of both."""
    value, indices = call.value(0), _indices(call)
    batch = call.integer("batch_dims", 0)
    shape = value.shape
    depth = indices.shape[-1] if indices.ndim else 0
    lead = shape[:batch]
    if (
        not 0 <= batch < indices.ndim
        or not 1 <= depth <= len(shape) - batch
        or (tuple(indices.shape[:batch]) != lead)
    ):
        raise ShapeError(
            f"node {call.name!r} (GatherND): indices of shape {indices.shape} into {shape} with "
            f"{batch} batch axes"
        )
    sizes = np.array(shape[batch : batch + depth])
    if ((indices < -sizes) | (indices >= sizes)).any():
        raise ShapeError(f"node {call.name!r} (GatherND): indices outside of {shape}")
    inner = size_of(shape[batch + depth :])
    require_made(call, indices.size // depth * inner, value)
    wanted = np.where(indices < 0, indices + sizes, indices)
    rows = np.ravel_multi_index(tuple(np.moveaxis(wanted, -1, 0)), tuple(sizes.tolist()))
    items = np.arange(size_of(lead)).reshape(lead + (1,) * (rows.ndim - batch))
    places = (items * math.prod(sizes.tolist()) + rows)[..., None] * inner + np.arange(inner)
    result = (*rows.shape, *shape[batch + depth :])
    return call.operations.pick(value, places.reshape(result))


@operator("DepthToSpace", "SpaceToDepth")
def blocks(call: Call) -> Value:
    """DepthToSpace(X) in its modes DCR and CRD, and SpaceToDepth(X)."""
    value, size = call.value(0), call.integer("blocksize", 0)
    to_space = call.op == "DepthToSpace"
    shape, who = value.shape, f"node {call.name!r} ({call.op})"
    if len(shape) != 4 or size < 1:
        raise ShapeError(f"{who}: blocks of {size} in a tensor of shape {shape}")
    items, depth, height, width = shape
    square = size * size
    if depth % square if to_space else height % size or width % size:
        raise ShapeError(f"{who}: blocks of {size} do not fit into a tensor of shape {shape}")
    if to_space:
        rows, columns = height, width
        crd = call.text("mode", "DCR", ("DCR", "CRD")) == "CRD"
        inner = [depth // square, size, size] if crd else [size, size, depth // square]
        order = [0, 1, 4, 2, 5, 3] if crd else [0, 3, 4, 1, 5, 2]
        cut = [items, *inner, rows, columns]
        result = [items, depth // square, rows * size, columns * size]
    else:
        cut = [items, depth, height // size, size, width // size, size]
        order = [0, 3, 5, 1, 2, 4]
        result = [items, depth * square, height // size, width // size]
    do = call.operations
    moved = do.transpose(do.reshape(value, cut, call.name), order, call.name)
    return do.reshape(moved, result, call.name)


@operator("Trilu")
def triangle(call: Call) -> Value:
    """Trilu(X, k): zeros below or above a diagonal."""
    value = call.value(0)
    if len(value.shape) < 2:
        raise ShapeError(f"node {call.name!r} (Trilu) of a tensor of shape {value.shape}")
    diagonal = 0 if call.held(1) is None else call.whole_number(1, "diagonal")
    rows, columns = value.shape[-2:]
    diagonal = max(-rows - 1, min(columns + 1, diagonal))
    ones = np.ones((rows, columns), np.int64)
    mask = np.triu(ones, diagonal) if call.integer("upper", 1) else np.tril(ones, diagonal)
    if isinstance(value, Constant):
        return Constant(value.values * mask.astype(value.values.dtype))
    return multiply(call.operations, value, Constant(mask), call.name)


def _indices(call: Call) -> AnyArray:
    found = call.constant(1, "index list")
    if not found.is_integer:
        raise FormatError(f"node {call.name!r} ({call.op}): its indices are not integers")
    return found.values.astype(np.int64)
