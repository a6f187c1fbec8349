"""Normalisation with stored statistics."""

from __future__ import annotations

from collections.abc import Sequence

from tropnet.io.operations.normalise import batch_norm
from tropnet.io.tensor import Constant, Value
from tropnet.io.torch_operators.registry import AtenCall, Unread, aten


@aten("batch_norm.default")
def normalised(call: AtenCall) -> Value:
    """Return the normalised value, in evaluation mode."""
    return _normalised(call, training=bool(call["training"]))


@aten("_native_batch_norm_legit_no_training.default")
def normalised_natively(call: AtenCall) -> Sequence[Value | Unread]:
    """Return the normalised value; what torch keeps for gradients is not read."""
    return _natively(call, training=False)


@aten("native_batch_norm.default")
def normalised_by_mode(call: AtenCall) -> Sequence[Value | Unread]:
    """Return the normalised value, in evaluation mode."""
    return _natively(call, training=bool(call["training"]))


def _natively(call: AtenCall, *, training: bool) -> Sequence[Value | Unread]:
    kept = Unread(call.unsupported("it asks for statistics of the input", "the result alone"))
    return [_normalised(call, training=training), kept, kept]


def _normalised(call: AtenCall, *, training: bool) -> Value:
    if training:
        raise call.unsupported(
            "it normalises by the statistics of its input, as in training mode",
            "model.eval() first (and track_running_stats=True)",
        )
    parts = [
        call.constant(name) if call.has(name) else None
        for name in ("weight", "bias", "running_mean", "running_var")
    ]
    scale, shift, mean, variance = parts
    assert isinstance(mean, Constant)
    assert isinstance(variance, Constant)
    epsilon = call.number("eps", wide=True)
    return batch_norm(
        call.operations, call.value("input"), scale, shift, mean, variance, epsilon, call.name
    )
