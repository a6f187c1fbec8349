"""Operations that choose entries: they run on the numbers of the entries, as torch defines them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tropnet.io.operations.choice import pad, pick_or_fill
from tropnet.io.operations.product import multiply
from tropnet.io.tensor import MOST_VALUES, Constant, Shape, Tensor, Value, require_room, size_of
from tropnet.io.torch_operators.registry import AtenCall, aten

if TYPE_CHECKING:
    from tropnet.typing import IntArray


@aten(
    "t.default", "numpy_T.default", "mT.default", "transpose.int", "permute.default",
    "movedim.int", "movedim.intlist", "moveaxis.int", "moveaxis.intlist",
    "swapaxes.default", "swapdims.default",
    "expand.default", "expand_as.default", "broadcast_to.default", "repeat.default",
    "tile.default", "repeat_interleave.self_int", "repeat_interleave.self_Tensor",
    "flip.default", "fliplr.default", "flipud.default", "roll.default", "rot90.default",
    "pixel_shuffle.default", "pixel_unshuffle.default", "channel_shuffle.default",
    "native_channel_shuffle.default",
    "unfold.default", "diagonal.default",
    "slice.Tensor", "select.int", "narrow.default", "narrow_copy.default",
    "index_select.default", "index.Tensor", "gather.default", "take.default",
    "take_along_dim.default",
    "reflection_pad1d.default", "reflection_pad2d.default", "reflection_pad3d.default",
    "replication_pad1d.default", "replication_pad2d.default", "replication_pad3d.default",
    "_pad_circular.default",
)  # fmt: skip
def chosen(call: AtenCall) -> Value:
    """Return the entries that torch chooses."""
    [places] = _places(call)
    return call.operations.pick(call.value("self"), places)


@aten(
    "split.Tensor", "split.sizes", "split_with_sizes.default", "chunk.default",
    "unbind.int", "tensor_split.sections", "tensor_split.indices", "hsplit.int", "hsplit.array",
    "vsplit.int", "vsplit.array", "dsplit.int", "dsplit.array", "unsafe_split.Tensor",
    "unsafe_chunk.default",
)  # fmt: skip
def parts(call: AtenCall) -> Sequence[Value]:
    """Return the pieces that torch cuts."""
    value = call.value("self")
    return [call.operations.pick(value, places) for places in _places(call)]


@aten(
    "view.default", "reshape.default", "_unsafe_view.default", "_reshape_alias.default",
    "flatten.using_ints", "unflatten.int", "squeeze.default", "squeeze.dim", "squeeze.dims",
    "unsqueeze.default", "ravel.default", "reshape_as.default", "view_as.default",
    "atleast_1d.default", "atleast_2d.default", "atleast_3d.default",
)  # fmt: skip
def reshaped(call: AtenCall) -> Value:
    """Return the same entries in the shape that torch gives them."""
    return call.operations.reshape(call.value("self"), call.shape, call.name)


@aten("cat.default", "concat.default", "concatenate.default")
def joined(call: AtenCall) -> Value:
    """Return the values one after the other along an axis."""
    # torch leaves out tensors of shape (0,), whatever shape the others have
    found = [v for v in call.values("tensors") if v.shape != (0,)]
    axis = call.integers("dim")[0]
    return (
        call.operations.concatenate(found, axis, call.name) if found else call.values("tensors")[0]
    )


@aten("stack.default")
def stacked(call: AtenCall) -> Value:
    """Return the values along a new axis."""
    do, axis = call.operations, call.integers("dim")[0]
    rows = [do.unsqueeze(value, [axis], call.name) for value in call.values("tensors")]
    return do.concatenate(rows, axis, call.name)


@aten("hstack.default", "vstack.default", "dstack.default", "column_stack.default")
def stacked_along(call: AtenCall) -> Value:
    """Return the values one after the other along the axis that the name says."""
    do, values = call.operations, call.values("tensors")
    word = call.op.partition(".")[0]
    if word == "hstack":
        values = [v if v.shape else do.reshape(v, (1,), call.name) for v in values]
        return do.concatenate(values, min(len(values[0].shape) - 1, 1), call.name)
    shaped = {"vstack": _row, "dstack": _page, "column_stack": _column}[word]
    values = [do.reshape(v, shaped(v.shape), call.name) for v in values]
    return do.concatenate(values, {"vstack": 0, "dstack": 2, "column_stack": 1}[word], call.name)


def _row(shape: Shape) -> Shape:
    return shape if len(shape) > 1 else (1, size_of(shape))


def _column(shape: Shape) -> Shape:
    return shape if len(shape) > 1 else (size_of(shape), 1)


def _page(shape: Shape) -> Shape:
    return shape if len(shape) > 2 else (*_row(shape), 1)


@aten("broadcast_tensors.default", "meshgrid.default", "meshgrid.indexing")
def broadcast(call: AtenCall) -> Sequence[Value]:
    """Return the tensors in one shape."""
    import torch

    values = call.values("tensors")
    found = []
    for k, (value, shape) in enumerate(zip(values, call.shapes, strict=True)):
        require_room(size_of(shape or ()), f"the result of {call.name}", MOST_VALUES)
        numbers = [torch.arange(size_of(v.shape)).reshape(v.shape) * (v is value) for v in values]
        rest = {name: given for name, given in call.given.items() if name != "tensors"}
        found.append(call.operations.pick(value, call.function(numbers, **rest)[k].numpy()))
    return found


# ---- padding ------------------------------------------------------------------------------------


@aten("constant_pad_nd.default")
def padded_with_number(call: AtenCall) -> Value:
    """Return the value with a number around it; a negative width cuts."""
    return _padded(call)


@aten("pad.default")
def padded(call: AtenCall) -> Value:
    """Return the value padded in torch's four modes."""
    return _padded(call) if call["mode"] == "constant" else chosen(call)


def _padded(call: AtenCall) -> Value:
    value, ends = call.value("self"), call.integers("pad")
    pairs = list(zip(ends[::2], ends[1::2], strict=True))[::-1]
    widths = [(0, 0)] * (len(value.shape) - len(pairs)) + pairs
    fill = call.number("value") if call.has("value") else 0
    return pad(call.operations, value, widths, "constant", fill, call.name)


@aten("im2col.default")
def windows(call: AtenCall) -> Value:
    """Return the entries of each window as a column, with zeros around the image."""
    # counted from one, so that the zeros that torch puts around are told from the first entry
    [places] = _places(call, start=1)
    fill = Constant(np.zeros(places.shape)).fractions()
    return pick_or_fill(call.operations, call.value("self"), places - 1, fill, call.name)


@aten("triu.default", "tril.default", in_place=True)
def triangle(call: AtenCall) -> Value:
    """Return the entries on one side of a diagonal, and zeros."""
    value = call.value("self")
    cut = np.triu if call.op.startswith("triu") else np.tril
    ones = cut(np.ones(value.shape[-2:]), call.integers("diagonal")[0])
    return multiply(call.operations, value, Constant(ones), call.name)


# ---- inside -------------------------------------------------------------------------------------


def _places(call: AtenCall, start: int = 0) -> list[IntArray]:
    """Return for each result the numbers of the entries that torch puts there."""
    import torch

    value = call.value("self")
    # entries are counted in floats, which every operation takes; they are exact up to 2^53
    for shape in (value.shape, *call.shapes):
        require_room(size_of(shape or ()), f"the entries of {call.name}", MOST_VALUES)
    numbers = torch.arange(size_of(value.shape), dtype=torch.float64).reshape(value.shape) + start
    rest = {k: _torch(call, given, k) for k, given in call.given.items() if k != "self"}
    found = call.function(numbers, **rest)
    results = found if isinstance(found, list | tuple) else [found]
    return [np.rint(result.numpy()).astype(np.int64) for result in results]


def _torch(call: AtenCall, given: Any, name: str) -> Any:
    """Return an argument as torch takes it; of tensors given as an example the shape counts."""
    import torch

    if isinstance(given, list | tuple):
        return [_torch(call, part, name) for part in given]
    if isinstance(given, Constant) and given.is_integer:
        return torch.from_numpy(np.array(given.values))
    if isinstance(given, Constant | Tensor) and name == "other":
        return torch.zeros(()).expand(given.shape)
    if given is None or isinstance(given, str | bool | int | float):
        return given
    raise call.unsupported(f"its {name} depends on the input", "constant indices")
