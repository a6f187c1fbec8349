"""Random torch modules: layers one after the other, with branches that meet again."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final

import torch
from torch import nn
from torch.nn import functional

#: Most entries of one value.
_MOST: Final = 96
Step = Callable[[list[Any]], Any]


class Steps(nn.Module):
    """A forward that applies steps to all values so far, each giving the next."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList()
        self.steps: list[Step] = []
        self.outputs: list[int] = [-1]
        self.exact: list[bool] = []  # whether torch rounds nothing at small integers

    def forward(self, *inputs: Any) -> Any:
        values = list(inputs)
        for step in self.steps:
            values.append(step(values))
        found = [values[k] for k in self.outputs]
        return found[0] if len(found) == 1 else tuple(found)


def draw_module(seed: int, dtype: Any) -> tuple[nn.Module, list[tuple[int, ...]], bool] | None:
    """Draw a module of 2 to 10 steps with its inputs' shapes.

    Args:
        seed: decides everything.
        dtype: of the parameters.

    Returns:
        The module, the shapes, and whether torch is exact at small integers; None if nothing fit.
    """
    rng = Random(seed)
    torch.manual_seed(seed)
    module = Steps().eval()
    shapes = [rng.choice([(1, 4), (1, 2, 5), (1, 2, 3, 4), (1, 4, 3, 3), (1, 1, 4, 4),
                          (1, 2, 2, 3, 2), (1, 6)])]  # fmt: skip
    if rng.random() < 0.2:
        shapes.append(shapes[0])
    values = [torch.randint(-4, 5, s).to(dtype) for s in shapes]
    exact = module.exact = [True] * len(values)
    wanted, tries = rng.randint(2, 10), 0
    wild = rng.random() < 0.4
    while wanted and tries < 60:
        tries += 1
        layers = len(module.layers)
        k = rng.randrange(len(values)) if rng.random() < 0.4 else len(values) - 1
        try:
            step, keeps = rng.choice(KINDS)(rng, module, values, k, wild)
            module.to(dtype).eval()
            with torch.no_grad():
                found = step(values)
        except (RuntimeError, IndexError, ValueError, TypeError, NotImplementedError):
            del module.layers[layers:]
            continue
        bad = not isinstance(found, torch.Tensor) or found.dtype != dtype or found.ndim > 5
        if bad or not 0 < found.numel() <= _MOST or not found.isfinite().all():
            del module.layers[layers:]
            continue
        if found.shape[:1] != (1,) or float(found.abs().max()) > 1e4:
            del module.layers[layers:]
            continue
        values.append(found)
        exact.append(keeps and exact[k])
        module.steps.append(step)
        wanted -= 1
    if not module.steps:
        return None
    made = range(len(shapes), len(values))
    module.outputs = [len(values) - 1, *rng.sample(made, rng.choice([0, 0, min(1, len(made))]))]
    return module, shapes, all(exact[k] for k in module.outputs) and not wild


def _kept(module: Steps, layer: nn.Module, wild: bool) -> nn.Module:
    with torch.no_grad():
        for name, value in [*layer.named_parameters(), *layer.named_buffers()]:
            if not value.is_floating_point():
                continue
            if name.endswith("running_var"):
                value.copy_(torch.rand(value.shape) + 0.1)
            elif wild:
                value.copy_(torch.randn(value.shape))
            else:
                value.copy_(torch.randint(-4, 5, value.shape) / 2)
    module.layers.append(layer)
    return layer


Drawn = tuple[Step, bool]


def _layer(rng: Random, module: Steps, values: list[Any], k: int, wild: bool) -> Drawn:
    x = values[k]
    rank, c = x.ndim - 2, int(x.shape[1])
    kinds = ["linear", "bn", "prelu"] + ["conv", "conv", "transposed"] * (1 <= rank <= 3)
    kind = rng.choice(kinds)
    bias = rng.random() < 0.6
    layer: nn.Module
    if kind == "linear":
        layer = nn.Linear(int(x.shape[-1]), rng.randint(1, 4), bias=bias)
    elif kind == "bn":
        layer = [nn.BatchNorm1d, nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d][rank](
            c, eps=rng.choice([1e-5, 0.25, 1e-3]), affine=bias
        )
    elif kind == "prelu":
        layer = nn.PReLU(rng.choice([1, c]))
    else:
        groups = rng.choice([g for g in range(1, c + 1) if c % g == 0])
        several: list[Any] = [nn.Conv1d, nn.Conv2d, nn.Conv3d]
        if kind == "transposed":
            several = [nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d]
        stride, dilation = rng.randint(1, 2), rng.randint(1, 2)
        rest: dict[str, Any] = {
            "stride": stride, "dilation": dilation, "groups": groups, "bias": bias,
            "padding": rng.choice([0, 1, 2]),
        }  # fmt: skip
        if kind == "transposed":
            rest["output_padding"] = rng.randint(0, max(stride, dilation) - 1)
        else:
            rest["padding_mode"] = rng.choice(
                ["zeros", "zeros", "reflect", "replicate", "circular"]
            )
            if stride == 1 and rng.random() < 0.2:
                rest["padding"] = rng.choice(["same", "valid"])
        layer = several[rank - 1](c, groups * rng.randint(1, 2), rng.randint(1, 3), **rest)
    layer = _kept(module, layer, wild)
    return lambda values: layer(values[k]), kind != "bn"


def _pool(rng: Random, module: Steps, values: list[Any], k: int, wild: bool) -> Drawn:
    rank = values[k].ndim - 2
    kind = rng.choice(["max", "max", "avg", "amax", "aavg"])
    window, stride, padding = rng.randint(1, 3), rng.choice([None, 1, 2, 3]), rng.randint(0, 1)
    if kind in ("amax", "aavg"):
        size = rng.randint(1, 4)
        table: dict[str, list[Any]] = {
            "amax": [functional.adaptive_max_pool1d, functional.adaptive_max_pool2d,
                     functional.adaptive_max_pool3d],
            "aavg": [functional.adaptive_avg_pool1d, functional.adaptive_avg_pool2d,
                     functional.adaptive_avg_pool3d],
        }  # fmt: skip
        pool: Any = table[kind][rank - 1]
        return lambda values: pool(values[k], size), kind == "amax"
    ceil = rng.random() < 0.5
    if kind == "max":
        pool = [functional.max_pool1d, functional.max_pool2d, functional.max_pool3d][rank - 1]
        dilation = rng.choice([1, 1, 2])
        return lambda values: pool(values[k], window, stride, padding, dilation, ceil), True
    counted = rng.random() < 0.5
    pool = [functional.avg_pool1d, functional.avg_pool2d, functional.avg_pool3d][rank - 1]
    if rank > 1 and rng.random() < 0.3:
        divisor = rng.choice([1, 2, 3, -2])
        return lambda values: pool(
            values[k], window, stride, padding, ceil, counted, divisor
        ), False
    return lambda values: pool(values[k], window, stride, padding, ceil, counted), False


def _bend(rng: Random, module: Steps, values: list[Any], k: int, wild: bool) -> Drawn:
    level = float(rng.choice(values[k].reshape(-1).tolist()))
    other = float(rng.choice([0.0, 1.0, -0.5, level]))
    low, high = min(level, other), max(level, other)
    f, slope = functional, rng.choice([0.01, 0.25, -0.5, 2.0])
    table: list[tuple[Callable[[Any], Any], bool]] = [
        (torch.relu, True),
        (lambda x: f.leaky_relu(x, slope), slope != 0.01),
        (f.relu6, True),
        (lambda x: f.hardtanh(x, low, high), True),
        (lambda x: torch.clamp(x, min=level), True),
        (lambda x: torch.clamp(x, max=level), True),
        (lambda x: torch.clamp(x, level, other), True),
        (f.hardsigmoid, False),
        (torch.abs, True),
        (lambda x: f.softshrink(x, abs(level)), True),
        (lambda x: f.threshold(x, 0.0, 0.0), True),
        (lambda x: f.threshold(x, level, level), True),
        (lambda x: torch.where(x > level, x, torch.full_like(x, level)), True),
        (lambda x: torch.where(x <= level, (x - level) * 2 + level, x), True),
        (lambda x: torch.where(level < x, x, x * 0.5 + 0.5 * level), True),
        (lambda x: x.masked_fill(x < level, level), True),
        (lambda x: torch.where(x == level, level, x), True),
    ]
    bend, keeps = rng.choice(table)
    return lambda values: bend(values[k]), keeps


def _join(rng: Random, module: Steps, values: list[Any], k: int, wild: bool) -> Drawn:
    others = [j for j, v in enumerate(values) if v.shape == values[k].shape]
    j = rng.choice(others)
    table: list[Callable[[Any, Any], Any]] = [
        torch.add, torch.sub, lambda a, b: torch.add(a, b, alpha=2), torch.maximum, torch.minimum,
        lambda a, b: torch.cat([a, b], 1), lambda a, b: torch.stack([a, b], 1),
        lambda a, b: torch.cat([b, a], -1), lambda a, b: torch.where(a > b, a, b),
        lambda a, b: torch.lerp(a, b, 0.25), lambda a, b: a - 0.5 * b,
        lambda a, b: torch.rsub(a, b, alpha=0.5), lambda a, b: a.add(b).mul_(0.5),
    ]  # fmt: skip
    join = rng.choice(table)
    return lambda values: join(values[k], values[j]), module.exact[j]


def _move(rng: Random, module: Steps, values: list[Any], k: int, wild: bool) -> Drawn:
    x = values[k]
    axis, other = rng.randrange(1, x.ndim), rng.randrange(-x.ndim + 1, 0)
    n = int(x.shape[axis])
    start, step, cut = rng.randrange(n), rng.randint(1, 2), rng.randint(1, n)
    chosen = torch.tensor([rng.randrange(n) for _ in range(rng.randint(1, 3))])
    low, high = rng.randint(-1, 2), rng.randint(-1, 2)
    mode = rng.choice(["reflect", "replicate", "circular"])
    table: list[Callable[[Any], Any]] = [
        lambda x: torch.flatten(x, axis), lambda x: x.transpose(axis, other),
        lambda x: x.narrow(axis, start, 1), lambda x: torch.flip(x, [axis]),
        lambda x: torch.roll(x, start + 1, axis), lambda x: x.unsqueeze(axis),
        lambda x: functional.pad(x, (low, high)),
        lambda x: functional.pad(x, (low, high), value=1.5),
        lambda x: functional.pad(x, (abs(low), abs(high)), mode=mode),
        lambda x: functional.pad(x, (abs(low), 1, 0, abs(high)), mode=mode),
        lambda x: x.index_select(axis, chosen), lambda x: x[:, start % int(x.shape[1]) :: step],
        lambda x: x[..., ::step], lambda x: x[:, chosen] if axis == 1 else x,
        lambda x: torch.cat(torch.split(x, cut, axis)[::-1], axis),
        lambda x: torch.chunk(x, 2, axis)[-1], lambda x: x.repeat_interleave(2, axis),
        lambda x: x.unfold(axis, cut, step), lambda x: x.reshape(1, -1, n),
        lambda x: torch.tril(x, start), lambda x: functional.pixel_shuffle(x, 2),
        lambda x: functional.pixel_unshuffle(x, 2), lambda x: functional.channel_shuffle(x, 2),
        lambda x: functional.interpolate(x, scale_factor=2),
        lambda x: functional.interpolate(x, size=cut + 1, mode="nearest-exact"),
        lambda x: functional.interpolate(x, size=cut), lambda x: x.diagonal(0, axis, other),
        lambda x: x.squeeze(axis), lambda x: x.expand(1, *x.shape[1:]), lambda x: x.tile((2,)),
        lambda x: torch.rot90(x, 1, [axis, axis % (x.ndim - 1) + 1]),
    ]  # fmt: skip
    move = rng.choice(table)
    return lambda values: move(values[k]), True


def _reduce(rng: Random, module: Steps, values: list[Any], k: int, wild: bool) -> Drawn:
    x = values[k]
    axis, keep = rng.randrange(1, x.ndim), rng.random() < 0.6
    place = rng.randint(1, int(x.shape[axis]))
    table: list[tuple[Callable[[Any], Any], bool]] = [
        (lambda x: x.sum(axis, keepdim=keep), True), (lambda x: x.mean(axis, keepdim=keep), False),
        (lambda x: x.amax(axis, keepdim=keep), True),
        (lambda x: x.min(axis, keepdim=keep)[0], True),
        (lambda x: torch.cumsum(x, axis), True), (lambda x: torch.sort(x, axis)[0], True),
        (lambda x: torch.topk(x, place, axis, largest=keep)[0], True),
        (lambda x: torch.kthvalue(x, place, axis, keepdim=keep)[0], True),
        (lambda x: torch.median(x, axis, keepdim=keep)[0], True),
        (lambda x: torch.linalg.vector_norm(x, float("inf"), axis, keepdim=keep), True),
        (lambda x: torch.linalg.vector_norm(x, 1, axis, keepdim=keep), True),
        (lambda x: torch.aminmax(x, dim=axis, keepdim=keep)[1], True),
    ]  # fmt: skip
    reduce, keeps = rng.choice(table)
    return lambda values: reduce(values[k]), keeps


KINDS: Final = (_layer, _layer, _layer, _pool, _bend, _bend, _join, _move, _move, _reduce)
