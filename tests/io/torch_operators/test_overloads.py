"""Overloads and in-place forms that Python's functions seldom reach, called by ATen's own names."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from tests.io.torch_operators.forwards import Forward, assert_as_torch
from tropnet.io import torch_graph
from tropnet.io.torch_operators import lookup, supported

_A: Any = torch.ops.aten
_IMAGE = (1, 2, 4, 4)


def _fresh(x: Any) -> Any:
    """Return a tensor that may be written into."""
    return x + 1


#: By each name what is called; `m` is the module, `x` an image.
_CALLS: dict[str, Any] = {
    "_adaptive_avg_pool2d.default": lambda m, x: _A._adaptive_avg_pool2d(x, [2, 2]),
    "_adaptive_avg_pool3d.default": lambda m, x: _A._adaptive_avg_pool3d(x, [1, 2, 2]),
    "_convolution.default": lambda m, x: _A._convolution(
        x, m.k, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1, False, False, False, False),
    "_convolution.deprecated": lambda m, x: _A._convolution.deprecated(
        x, m.k, None, [2, 1], [1, 1], [1, 1], False, [0, 0], 1, False, False, False),
    "convolution.default": lambda m, x: _A.convolution(
        x, m.k[:2], None, [2, 2], [1, 1], [1, 1], True, [1, 1], 1),
    "_pad_circular.default": lambda m, x: _A._pad_circular(x, [1, 1, 0, 2]),
    "_prelu_kernel.default": lambda m, x: _A._prelu_kernel(x, m.v.view(1, 1, 1, 4)),
    "_reshape_alias.default": lambda m, x: _A._reshape_alias(x, [1, 32], [32, 1]),
    "_to_copy.default": lambda m, x: _A._to_copy(x),
    "_unsafe_view.default": lambda m, x: _A._unsafe_view(x, [1, 32]),
    "absolute_.default": lambda m, x: _A.absolute_(_fresh(x)),
    "add.Scalar": lambda m, x: _A.add.Scalar(x, 3, 2),
    "add_.Scalar": lambda m, x: _A.add_.Scalar(_fresh(x), 3, 2),
    "addcmul_.default": lambda m, x: _A.addcmul_(_fresh(x), x, m.v, value=2),
    "addmm_.default": lambda m, x: _A.addmm_(_fresh(x[0, 0]), x[0, 1], m.w),
    "addmv_.default": lambda m, x: _A.addmv_(_fresh(x[0, 0, 0]), m.w, x[0, 1, 1], beta=2),
    "baddbmm_.default": lambda m, x: _A.baddbmm_(_fresh(x[0]), x[0], m.w.expand(2, 4, 4)),
    "arange.start": lambda m, x: x + _A.arange.start(1, 5),
    "atleast_1d.default": lambda m, x: _A.atleast_1d(x.sum()),
    "atleast_2d.default": lambda m, x: _A.atleast_2d(x[0, 0, 0]),
    "atleast_3d.default": lambda m, x: _A.atleast_3d(x[0, 0]),
    "chain_matmul.default": lambda m, x: _A.chain_matmul([x[0, 0], m.w]),
    "clamp_.Tensor": lambda m, x: _A.clamp_.Tensor(_fresh(x), m.v, m.v + 1),
    "clamp_min.Tensor": lambda m, x: _A.clamp_min.Tensor(x, m.v),
    "clamp_min_.Tensor": lambda m, x: _A.clamp_min_.Tensor(_fresh(x), m.v),
    "clamp_min_.default": lambda m, x: _A.clamp_min_(_fresh(x), 1),
    "clamp_max.Tensor": lambda m, x: _A.clamp_max.Tensor(x, m.v),
    "clamp_max_.Tensor": lambda m, x: _A.clamp_max_.Tensor(_fresh(x), m.v),
    "clamp_max_.default": lambda m, x: _A.clamp_max_(_fresh(x), 1),
    "clip.Tensor": lambda m, x: _A.clip.Tensor(x, m.v),
    "clip_.Tensor": lambda m, x: _A.clip_.Tensor(_fresh(x), m.v),
    "clip_.default": lambda m, x: _A.clip_(_fresh(x), -1, 2),
    "concat.default": lambda m, x: _A.concat([x, -x], 1),
    "concatenate.default": lambda m, x: _A.concatenate([x, -x], 2),
    "conv1d.padding": lambda m, x: _A.conv1d.padding(x[:, 0], m.w[:, :, None], None, [1], "same"),
    "conv3d.padding": lambda m, x: _A.conv3d.padding(x[:, :, None], m.k[:, :, None], None, [1] * 3,
                                                     "valid"),
    "copy.default": lambda m, x: _A.copy(x, x[:, :1]),
    "cumsum_.default": lambda m, x: _A.cumsum_(_fresh(x), 2),
    "dropout_.default": lambda m, x: _A.dropout_(_fresh(x), 0.5, False),
    "feature_dropout_.default": lambda m, x: _A.feature_dropout_(_fresh(x), 0.5, False),
    "alpha_dropout.default": lambda m, x: _A.alpha_dropout(x, 0.5, False),
    "alpha_dropout_.default": lambda m, x: _A.alpha_dropout_(_fresh(x), 0.5, False),
    "feature_alpha_dropout.default": lambda m, x: _A.feature_alpha_dropout(x, 0.5, False),
    "feature_alpha_dropout_.default": lambda m, x: _A.feature_alpha_dropout_(_fresh(x), 0.1, False),
    "native_dropout.default": lambda m, x: _A.native_dropout(x, 0.5, False)[0],
    "dsplit.int": lambda m, x: _A.dsplit.int(x, 2),
    "dsplit.array": lambda m, x: _A.dsplit.array(x, [1, 2]),
    "hsplit.int": lambda m, x: _A.hsplit.int(x, 2),
    "hsplit.array": lambda m, x: _A.hsplit.array(x, [1]),
    "vsplit.int": lambda m, x: _A.vsplit.int(x[0], 2),
    "vsplit.array": lambda m, x: _A.vsplit.array(x[0], [1]),
    "split.sizes": lambda m, x: _A.split.sizes(x, [1, 3], 2),
    "unsafe_chunk.default": lambda m, x: _A.unsafe_chunk(x, 2, 3),
    "unsafe_split.Tensor": lambda m, x: _A.unsafe_split.Tensor(x, 3, 3),
    "empty.memory_format": lambda m, x: _A.copy_(
        _A.empty.memory_format([2, 4, 4], dtype=x.dtype), x[0]),
    "new_empty.default": lambda m, x: _A.fill_.Scalar(_A.new_empty(x, [4]), 2) + x,
    "eye.m": lambda m, x: x @ _A.eye.m(4, 3, dtype=x.dtype),
    "fill.Scalar": lambda m, x: x + _A.fill.Scalar(x, 3),
    "fill.Tensor": lambda m, x: _A.fill.Tensor(x, x[0, 0, 0, 0]),
    "zero.default": lambda m, x: x + _A.zero(x),
    "flipud.default": lambda m, x: _A.flipud(x[0]),
    "ger.default": lambda m, x: _A.ger(x[0, 0, 0], m.v),
    "hardsigmoid_.default": lambda m, x: _A.hardsigmoid_(6 * _fresh(x)) * 6,
    "lerp_.Scalar": lambda m, x: _A.lerp_.Scalar(_fresh(x), m.v, 0.5),
    "positive.default": lambda m, x: _A.positive(x),
    "requires_grad_.default": lambda m, x: _A.requires_grad_(_fresh(x), False),
    "resolve_conj.default": lambda m, x: _A.resolve_conj(x),
    "resolve_neg.default": lambda m, x: _A.resolve_neg(x),
    "to.other": lambda m, x: _A.to.other(x, m.w),
    "to.dtype_layout": lambda m, x: _A.to.dtype_layout(x, dtype=x.dtype),
    "max_pool1d_with_indices.default": lambda m, x: _A.max_pool1d_with_indices(x[0], [2])[0],
    "max_pool3d_with_indices.default": lambda m, x: _A.max_pool3d_with_indices(x, [1, 2, 2])[0],
    "meshgrid.default": lambda m, x: _A.meshgrid([x[0, 0, 0], x[0, 1, 1]]),
    "moveaxis.intlist": lambda m, x: _A.moveaxis.intlist(x, [0, 1], [2, 3]),
    "nanmedian.default": lambda m, x: _A.nanmedian(x[0, 0, 0]),
    "nanmedian.dim": lambda m, x: _A.nanmedian.dim(x, 3)[0],
    "narrow_copy.default": lambda m, x: _A.narrow_copy(x, 3, 1, 2),
    "native_batch_norm.default": lambda m, x: _A.native_batch_norm(
        x, None, m.v[:2], m.v[:2], torch.ones(2, dtype=x.dtype), False, 0.1, 0.0)[0],
    "_native_batch_norm_legit_no_training.default": (
        lambda m, x: _A._native_batch_norm_legit_no_training(
            x, m.v[:2], None, m.v[:2], torch.ones(2, dtype=x.dtype), 0.1, 0.0)[0]),
    "native_channel_shuffle.default": lambda m, x: _A.native_channel_shuffle(x, 2),
    "negative.default": lambda m, x: _A.negative(x),
    "negative_.default": lambda m, x: _A.negative_(_fresh(x)),
    "reflection_pad1d.default": lambda m, x: _A.reflection_pad1d(x[0], [1, 2]),
    "reflection_pad2d.default": lambda m, x: _A.reflection_pad2d(x, [1, 2, 0, 1]),
    "reflection_pad3d.default": lambda m, x: _A.reflection_pad3d(x, [1, 2, 0, 1, 1, 0]),
    "replication_pad1d.default": lambda m, x: _A.replication_pad1d(x[0], [1, 5]),
    "replication_pad2d.default": lambda m, x: _A.replication_pad2d(x, [1, 2, 0, 1]),
    "replication_pad3d.default": lambda m, x: _A.replication_pad3d(x, [1, 2, 0, 1, 1, 0]),
    "reshape_as.default": lambda m, x: _A.reshape_as(x, x.mT),
    "view_as.default": lambda m, x: _A.view_as(x, x[0]),
    "rrelu_.default": lambda m, x: _A.rrelu_(_fresh(x), 0.25, 0.75),
    "threshold_.default": lambda m, x: _A.threshold_(_fresh(x), 1, 1),
    "swapdims.default": lambda m, x: _A.swapdims(x, 1, 3),
    "tril_.default": lambda m, x: _A.tril_(_fresh(x), 1),
    "triu_.default": lambda m, x: _A.triu_(_fresh(x), -1),
    "upsample_nearest1d.default": lambda m, x: _A.upsample_nearest1d(x[0], [6]),
    "upsample_nearest2d.default": lambda m, x: _A.upsample_nearest2d(x, [6, 3], 1.5, 0.8),
    "upsample_nearest3d.default": lambda m, x: _A.upsample_nearest3d(x[None], [2, 6, 3]),
    "_upsample_nearest_exact1d.default": lambda m, x: _A._upsample_nearest_exact1d(x[0], [6]),
    "_upsample_nearest_exact2d.default": lambda m, x: _A._upsample_nearest_exact2d(x, [6, 3]),
    "_upsample_nearest_exact3d.default": lambda m, x: _A._upsample_nearest_exact3d(
        x[None], [1, 6, 3]),
    "vdot.default": lambda m, x: _A.vdot(x[0, 0, 0], m.v),
    "masked_fill.Tensor": lambda m, x: _A.masked_fill.Tensor(
        x, x < 0, torch.zeros((), dtype=x.dtype)),
    "masked_fill_.Tensor": lambda m, x: _A.masked_fill_.Tensor(
        _fresh(x), torch.arange(4) > 2, x[0, 0, 0, 0]),
    "logical_not.default": lambda m, x: torch.where(_A.logical_not(x > 0), -x, x),
}  # fmt: skip


def _overload(word: str, kind: str) -> Any:
    return getattr(getattr(_A, word), kind)


def _arithmetic(word: str, kind: str) -> Any:
    """Return a call by a number or a tensor of powers of two."""
    other = 4 if kind == "Scalar" else torch.tensor([1, 2, -4, 8])
    return lambda m, x: _overload(word, kind)(_fresh(x), other)


def _order(word: str, kind: str) -> Any:
    """Return a choice of the larger or the smaller."""
    if kind == "Scalar":
        return lambda m, x: torch.where(_overload(word, kind)(x, 1), x, 1)
    return lambda m, x: torch.where(_overload(word, kind)(x, m.v), x, m.v)


def _equality(word: str, kind: str) -> Any:
    """Return a choice by equality that does not jump."""
    return lambda m, x: torch.where(
        _overload(word, kind)(x, 0 if kind == "Scalar" else 0 * x), x, -x
    )


for _kind in ("Scalar", "Tensor"):
    for _word in ("mul", "multiply", "div", "divide", "true_divide", "sub", "subtract"):
        for _mark in ("", "_"):
            _CALLS[f"{_word}{_mark}.{_kind}"] = _arithmetic(_word + _mark, _kind)
    for _word in ("ge", "gt", "le", "lt", "greater", "greater_equal", "less", "less_equal"):
        _CALLS[f"{_word}.{_kind}"] = _order(_word, _kind)
    for _word in ("eq", "ne", "not_equal"):
        _CALLS[f"{_word}.{_kind}"] = _equality(_word, _kind)


@pytest.mark.parametrize("name", sorted(_CALLS))
def test_calls_by_their_own_names(name: str, monkeypatch: Any) -> None:
    seen = set()

    def noted(op: str) -> Any:
        seen.add(op)
        return lookup(op)

    monkeypatch.setattr(torch_graph, "lookup", noted)
    assert_as_torch(Forward(_CALLS[name]), _IMAGE, exact="batch_norm" not in name)
    assert name in seen


def test_every_name_is_one_of_atens() -> None:
    for name in supported():
        packet, _, overload = name.partition(".")
        assert overload in getattr(_A, packet).overloads(), name
