"""Tensors that a forward makes, copies, casts and checks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tropnet.io.operations.condition import Condition
from tropnet.io.state_dict import array_of_tensor
from tropnet.io.tensor import MOST_VALUES, Constant, Tensor, Value, constant, require_room, size_of
from tropnet.io.torch_operators.registry import AtenCall, Result, Unread, aten


@aten(
    "full.default", "zeros.default", "ones.default", "scalar_tensor.default", "eye.default",
    "eye.m", "linspace.default", "arange.default", "arange.start", "arange.start_step",
)  # fmt: skip
def made(call: AtenCall) -> Value:
    """Return the tensor that torch makes."""
    require_room(size_of(call.shape), f"the tensor {call.name}", MOST_VALUES)
    return _stored(call, call.function(**call.given))


@aten(
    "zeros_like.default", "ones_like.default", "full_like.default",
    "new_zeros.default", "new_ones.default", "new_full.default",
)  # fmt: skip
def made_alike(call: AtenCall) -> Value:
    """Return a tensor of one number, of the type and maybe the shape of another."""
    import torch

    require_room(size_of(call.shape), f"the tensor {call.name}", MOST_VALUES)
    word = call.op.partition(".")[0].replace("new_", "").replace("_like", "")
    number = {"zeros": 0, "ones": 1}.get(word)
    fill = call["fill_value"] if number is None else number
    return _stored(call, torch.full(call.shape, fill, dtype=call.kind))


@aten("empty.memory_format", "empty_like.default", "new_empty.default")
def undefined(call: AtenCall) -> Unread:
    """Return what must be written before it is read."""
    return Unread(call.unsupported("its entries are not defined", "torch.zeros"))


def _stored(call: AtenCall, tensor: object) -> Constant:
    return constant(array_of_tensor(tensor, call.name, set()), call.name)


# ---- the same value -----------------------------------------------------------------------------


@aten(
    "alias.default", "clone.default", "contiguous.default", "detach.default", "detach_.default",
    "lift_fresh_copy.default", "to.dtype", "to.dtype_layout", "to.device", "to.other",
    "_to_copy.default", "type_as.default", "positive.default", "requires_grad_.default",
    "resolve_conj.default", "resolve_neg.default",
)  # fmt: skip
def same(call: AtenCall) -> Result:
    """Return the value itself: casts between floats are the identity over the reals."""
    found = call["self"]
    # the truth of a comparison stays what it is when it is written as 0.0 and 1.0
    return found if isinstance(found, Condition | Unread) else _cast(call, _plain(call, "self"))


@aten("copy.default", "copy_.default")
def copied(call: AtenCall) -> Value:
    """Return src in the shape and type of self."""
    return _spread(call, _cast(call, _plain(call, "src")))


@aten("fill.Scalar", "fill.Tensor", in_place=True)
def filled(call: AtenCall) -> Value:
    """Return a tensor of one number in the shape of self."""
    return _spread(call, call.value("value"))


@aten("zero_.default", "zero.default")
def zeroed(call: AtenCall) -> Value:
    """Return zeros in the shape of self."""
    return Constant(np.zeros(call.shape))


def _plain(call: AtenCall, name: str) -> Value:
    """Return an argument that is a tensor, not rounded to the arithmetic of the call."""
    found = call[name]
    return found if isinstance(found, Constant) else call.value(name)


def _cast(call: AtenCall, value: Value) -> Value:
    target = call.kind
    if isinstance(value, Tensor) or value.values.dtype == object:
        if not target.is_floating_point:
            raise call.unsupported(
                f"it casts to {target}, which is not continuous", "a model of floats alone"
            )
        return value
    kind = str(target).removeprefix("torch.")
    with np.errstate(over="ignore", invalid="ignore"):
        # a stored tensor is rounded by the cast; over the reals it is the rounded one that counts
        return constant(value.values.astype(kind), call.name)


def _spread(call: AtenCall, value: Value) -> Value:
    if isinstance(value, Constant):
        return Constant(np.broadcast_to(value.values, call.shape))
    return call.operations.broadcast(value, call.shape)


@aten("item.default")
def item(call: AtenCall) -> Value | Unread:
    """Return the one entry of a stored tensor as a number."""
    value = call.value("self")
    if isinstance(value, Constant):
        return Constant(value.values.reshape(()))
    return Unread(call.unsupported("it makes a number of a value", "tensors all the way"))


# ---- what evaluation mode leaves out ------------------------------------------------------------


@aten(
    "dropout.default", "feature_dropout.default", "alpha_dropout.default",
    "feature_alpha_dropout.default", in_place=True,
)  # fmt: skip
def dropout(call: AtenCall) -> Value:
    """Return the value itself, in evaluation mode."""
    if call["train"] and call["p"]:
        raise call.unsupported("it is in training mode", "model.eval() first")
    return call.value("input" if "input" in call.given else "self")


@aten("native_dropout.default")
def native_dropout(call: AtenCall) -> Sequence[Value | Unread]:
    """Return the value itself, in evaluation mode; the mask is not read."""
    return [dropout(call), Unread(call.unsupported("its mask is used", "the value alone"))]
