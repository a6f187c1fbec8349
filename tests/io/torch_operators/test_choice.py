"""Operations that choose entries, against torch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional

from tests.io.torch_operators.forwards import Forward, assert_as_torch, assert_refused

_IMAGE = (1, 2, 3, 4)
_INDICES = torch.tensor([[0, 2], [1, 1]])

_BROADCAST: Any = torch.broadcast_tensors

_FORWARDS: dict[str, Any] = {
    "t": lambda m, x: x[0, 0].t(),
    "T": lambda m, x: x[0, 0].T,
    "mT": lambda m, x: x.mT,
    "transpose": lambda m, x: x.transpose(1, -1),
    "permute": lambda m, x: x.permute(0, 3, 1, 2),
    "movedim": lambda m, x: x.movedim(1, -1),
    "movedim of several": lambda m, x: x.movedim((1, 2), (3, 1)),
    "moveaxis": lambda m, x: torch.moveaxis(x, 1, 3),
    "swapaxes": lambda m, x: x.swapaxes(1, 2),
    "expand": lambda m, x: x[:, :1].expand(1, 5, 3, 4),
    "expand by minus one": lambda m, x: x[:, :1].expand(-1, 5, -1, -1),
    "expand to more axes": lambda m, x: x.expand(3, 2, 2, 3, 4)[2],
    "expand_as": lambda m, x: x[:, :1].expand_as(x),
    "broadcast_to": lambda m, x: torch.broadcast_to(x[:, :, :1], (1, 2, 5, 4)),
    "broadcast_tensors": lambda m, x: _BROADCAST(x[:, :1], x[:, :, :1]),
    "meshgrid": lambda m, x: torch.meshgrid(x[0, 0, 0], x[0, 0, :, 1], indexing="xy"),
    "repeat": lambda m, x: x.repeat(2, 1, 2, 1),
    "tile": lambda m, x: x.tile(2, 2),
    "repeat_interleave": lambda m, x: x.repeat_interleave(3, dim=2),
    "repeat_interleave by a tensor": lambda m, x: x.repeat_interleave(m.i[:2], 1, output_size=2),
    "flip": lambda m, x: x.flip((1, 3)),
    "fliplr": lambda m, x: torch.fliplr(x[0, 0]),
    "roll": lambda m, x: x.roll((1, -1), (2, 3)),
    "roll without axes": lambda m, x: x.roll(5),
    "rot90": lambda m, x: x.rot90(1, (2, 3)),
    "pixel_shuffle": lambda m, x: functional.pixel_shuffle(x.repeat(1, 2, 1, 1), 2),
    "pixel_unshuffle": lambda m, x: functional.pixel_unshuffle(x[:, :, :2], 2),
    "channel_shuffle": lambda m, x: functional.channel_shuffle(x.repeat(1, 3, 1, 1), 3),
    "unfold": lambda m, x: x.unfold(3, 2, 1),
    "windows as columns": lambda m, x: functional.unfold(x, 2, padding=1, stride=2),
    "windows as columns, dilated": lambda m, x: functional.unfold(x, (1, 2), dilation=(1, 2)),
    "diagonal": lambda m, x: x.diagonal(1, 2, 3),
    "slice": lambda m, x: x[:, :, 1:, ::2],
    "slice from the end": lambda m, x: x[..., -3:-1],
    "select": lambda m, x: x[:, -1],
    "narrow": lambda m, x: x.narrow(3, 1, 2),
    "index_select": lambda m, x: x.index_select(3, m.i),
    "index": lambda m, x: x[:, [1, 0, 1]],
    "index by two lists": lambda m, x: x[:, [1, 0], [2, 0]],
    "index by a buffer": lambda m, x: x[..., m.i],
    "gather": lambda m, x: x[0, 0].gather(1, _INDICES),
    "take": lambda m, x: x.take(_INDICES),
    "take_along_dim": lambda m, x: torch.take_along_dim(x[0, 0, :2], _INDICES, 1),
    "split": lambda m, x: x.split(3, dim=3),
    "split_with_sizes": lambda m, x: x.split([1, 3], dim=3)[1],
    "chunk": lambda m, x: x.chunk(3, dim=3),
    "unbind": lambda m, x: x.unbind(2),
    "tensor_split": lambda m, x: x.tensor_split(3, dim=3),
    "tensor_split at places": lambda m, x: x.tensor_split((1, 3), dim=3),
    "view": lambda m, x: x.view(1, -1),
    "reshape of a transpose": lambda m, x: x.mT.reshape(4, 6),
    "flatten": lambda m, x: x.flatten(1, 2),
    "unflatten": lambda m, x: x.unflatten(3, (2, -1)),
    "squeeze": lambda m, x: x[:, :1].squeeze(),
    "squeeze of a longer axis": lambda m, x: x.squeeze(1),
    "squeeze of axes": lambda m, x: x[:, :1].squeeze((0, 1)),
    "unsqueeze": lambda m, x: x.unsqueeze(-1),
    "ravel": lambda m, x: x.ravel(),
    "cat": lambda m, x: torch.cat([x, -x, torch.zeros(0)], dim=-2),
    "cat with a parameter": lambda m, x: torch.cat([x[0, 0], m.w], dim=0),
    "stack": lambda m, x: torch.stack([x, -x], dim=-1),
    "hstack": lambda m, x: torch.hstack([x, x]),
    "hstack of vectors": lambda m, x: torch.hstack([x[0, 0, 0], x[0, 1, 0]]),
    "vstack": lambda m, x: torch.vstack([x[0, 0, 0], x[0, 0]]),
    "dstack": lambda m, x: torch.dstack([x[0, 0, 0], x[0, 1, 0]]),
    "column_stack": lambda m, x: torch.column_stack([x[0, 0, :, 0], x[0, 1]]),
    "zero padding": lambda m, x: functional.pad(x, (1, 2, 0, 1)),
    "number padding": lambda m, x: functional.pad(x, (1, 0), value=0.1),
    "cutting padding": lambda m, x: functional.pad(x, (-1, 2, -1, -1)),
    "reflection padding": lambda m, x: functional.pad(x, (2, 1, 1, 2), mode="reflect"),
    "replication padding": lambda m, x: functional.pad(x, (2, 1, 0, 3), mode="replicate"),
    "circular padding": lambda m, x: functional.pad(x, (2, 1, 1, 2), mode="circular"),
    "ReflectionPad1d": lambda m, x: torch.nn.ReflectionPad1d(2)(x[0]),
    "ReplicationPad2d": lambda m, x: torch.nn.ReplicationPad2d((1, 0, 2, 0))(x),
    "ZeroPad2d": lambda m, x: torch.nn.ZeroPad2d(1)(x),
    "ConstantPad1d": lambda m, x: torch.nn.ConstantPad1d(1, 0.3)(x[0]),
    "constant_pad_nd": lambda m, x: torch.constant_pad_nd(x, (1, 1), 2.0),
    "triu": lambda m, x: x.triu(1),
    "tril": lambda m, x: torch.tril(x),
}  # fmt: skip


@pytest.mark.parametrize("name", list(_FORWARDS))
def test_choices_of_entries(name: str) -> None:
    exact = name not in ("number padding", "ConstantPad1d")
    assert_as_torch(Forward(_FORWARDS[name]), _IMAGE, exact=exact)


def test_choices_of_values_that_a_layer_holds() -> None:
    # after an affine map, choices choose its rows
    forwards = [_FORWARDS[n] for n in ("roll", "slice", "zero padding", "expand", "pixel_shuffle")]
    for forward in forwards:
        assert_as_torch(Forward(lambda m, x, f=forward: f(m, x @ m.w + m.v)), _IMAGE)


@pytest.mark.parametrize(
    "forward",
    [
        lambda c, x: functional.linear(x[:, :1].expand(1, 3), c),
        lambda c, x: functional.conv1d(
            functional.pad(x[:, None, :1], (1, 1), mode="replicate"), c[:, None]
        ),
        lambda c, x: (x[:, :1].expand(1, 3) * c[0]).sum(),
        lambda c, x: functional.linear(x.relu()[:, [1, 1, 1]], c),
        lambda c, x: functional.linear(functional.interpolate(x[:, None, :1], size=3), c),
    ],
)
def test_repeated_entries_are_rounded_apart(forward: Any) -> None:
    # as one weight, 1, the bound of torch's roundings would be far too small
    cancelling = torch.tensor([[2.0**40, 1, -(2.0**40)]])
    model = Forward(lambda m, x: forward(cancelling.to(x.dtype), x))
    f = assert_as_torch(model, (1, 4), exact=False)
    assert f.exact([3, 3, 3, 3]).to_fractions() == [[3]]


def test_choices_of_stored_tensors() -> None:
    assert_as_torch(Forward(lambda m, x: x @ m.w.roll(1, 0)[:, m.i] + m.v.flip(0)[m.i]), (1, 4))


def test_indices_that_depend_on_the_input_are_refused() -> None:
    assert_refused(lambda m, x: x[x > 0], "its indices depends on the input")
    assert_refused(lambda m, x: m.v[x.argmax(1)], r"argmax.*not continuous")
    assert_refused(lambda m, x: x.sort()[1] + x, "its indices are used")
