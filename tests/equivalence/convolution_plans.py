"""Plans of small convolutional networks, changes of them, and their values in Fractions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from math import nextafter
from random import Random
from typing import Any, Final

import numpy as np

from tropnet.io.operations import Operations
from tropnet.io.operations.convolution import convolve
from tropnet.io.operations.piecewise import absolute, leaky_relu
from tropnet.io.operations.pooling import average_pool, max_pool
from tropnet.io.operations.product import multiply
from tropnet.io.tensor import Constant
from tropnet.network import Network


@dataclass(frozen=True)
class Plan:
    """conv, maybe a normalisation, a bend, maybe a pool, maybe a residual block, dense.

    Attributes:
        shape: channels and spatial sizes of the input.
        kernel: `(channels, inputs / groups, *window)`, objects.
        bias: one a channel.
        groups: of the first convolution.
        stride: of the first convolution, the same along all axes.
        dilation: likewise.
        pads: before and after each axis.
        norm: mean, multiplier and shift of each channel, or None.
        bend: `relu`, `abs`, or the slope of a leaky ReLU.
        pool: None, `max` or `average`, windows of two at steps of two.
        block: kernel `(channels, channels, *ones)` and bias of a residual block, or None.
        head: `(outputs, features)` and its bias.
    """

    shape: tuple[int, ...]
    kernel: Any
    bias: Any
    groups: int
    stride: int
    dilation: int
    pads: tuple[int, int]
    norm: tuple[Any, Any, Any] | None
    bend: Any
    pool: str | None
    block: tuple[Any, Any] | None
    head: tuple[Any, Any]

    @property
    def channels(self) -> int:
        return int(self.kernel.shape[0])

    def network(self) -> Network:
        """Return the network as the readers of models build it."""
        do = Operations("float32")
        [x] = do.inputs([(1, *self.shape)])
        rank = len(self.shape) - 1
        y: Any = convolve(
            do, x, Constant(self.kernel), strides=[self.stride] * rank, padding=[self.pads] * rank,
            dilations=[self.dilation] * rank, groups=self.groups, name="conv",
        )  # fmt: skip
        column = (1, -1, *[1] * rank)
        y = do.add(y, Constant(self.bias.reshape(column)), "conv")
        if self.norm is not None:
            mean, factor, shift = (Constant(v.reshape(column)) for v in self.norm)
            y = do.add(multiply(do, do.subtract(y, mean), factor), shift)
        if self.bend == "relu":
            y = do.relu(y, "bend")
        elif self.bend == "abs":
            y = absolute(do, y, "bend")
        else:
            y = leaky_relu(do, y, self.bend, "bend")
        if self.pool is not None:
            pool = max_pool if self.pool == "max" else average_pool
            y = pool(do, y, [2] * rank, strides=[2] * rank, ceil_mode=True, name="pool")
        if self.block is not None:
            inner = convolve(do, y, Constant(self.block[0]), name="block")
            y = do.add(y, do.relu(do.add(inner, Constant(self.block[1].reshape(column)))))
        features = do.reshape(y, (1, -1))
        weights, bias = self.head
        out = do.matmul(features, Constant(weights.T), "head")
        return do.build([do.add(out, Constant(bias), "head")])


def value_at(plan: Plan, point: Sequence[Fraction]) -> list[Fraction]:
    """Return the outputs by loops over everything."""
    x = np.empty(plan.shape, dtype=object)
    x.reshape(-1)[:] = list(point)
    y = _convolved(plan, x)
    if plan.norm is not None:
        for c, (mean, factor, shift) in enumerate(zip(*plan.norm, strict=True)):
            y[c] = (y[c] - mean) * factor + shift
    slope = {"relu": Fraction(0), "abs": Fraction(-1)}.get(plan.bend, plan.bend)
    y = np.vectorize(lambda v: v if v > 0 else slope * v, otypes=[object])(y)
    if plan.pool is not None:
        y = _pooled(plan.pool, y)
    if plan.block is not None:
        kernel, bias = plan.block
        flat = y.reshape(len(y), -1)
        added = kernel.reshape(len(y), len(y)) @ flat + bias[:, None]
        y = flat + np.vectorize(lambda v: max(v, Fraction(0)), otypes=[object])(added)
    weights, bias = plan.head
    return [Fraction(v) for v in weights @ y.reshape(-1) + bias]


def _convolved(plan: Plan, x: Any) -> Any:
    sizes, window = x.shape[1:], plan.kernel.shape[2:]
    reach = [plan.dilation * (k - 1) + 1 for k in window]
    counts = [
        (n + sum(plan.pads) - r) // plan.stride + 1 for n, r in zip(sizes, reach, strict=True)
    ]
    depth, wide = plan.kernel.shape[1], plan.channels // plan.groups
    y = np.empty((plan.channels, *counts), dtype=object)
    for place in product(*(range(n) for n in y.shape)):
        c, total = place[0], plan.bias[place[0]]
        for tap in product(*(range(n) for n in (depth, *window))):
            spot = [
                p * plan.stride + t * plan.dilation - plan.pads[0]
                for p, t in zip(place[1:], tap[1:], strict=True)
            ]
            if all(0 <= s < n for s, n in zip(spot, sizes, strict=True)):
                total += plan.kernel[(c, *tap)] * x[(c // wide * depth + tap[0], *spot)]
        y[place] = total
    return y


def _pooled(pool: str, y: Any) -> Any:
    counts = [-(-n // 2) for n in y.shape[1:]]
    found = np.empty((len(y), *counts), dtype=object)
    for place in product(*(range(n) for n in found.shape)):
        part = y[place[0]][tuple(slice(2 * p, 2 * p + 2) for p in place[1:])].reshape(-1)
        found[place] = max(part) if pool == "max" else sum(part) / Fraction(len(part))
    return found


# ---- drawing ------------------------------------------------------------------------------------


def fractions(array: Any) -> Any:
    """Return an array of the exact values."""
    found = np.empty(np.shape(array), dtype=object)
    found.reshape(-1)[:] = [Fraction(v) for v in np.asarray(array).reshape(-1).tolist()]
    return found


def draw_plan(rng: Random) -> Plan:
    """Draw a network of 2 to 12 inputs."""
    shape = rng.choice([(1, 2), (2, 1), (1, 2), (1, 4), (2, 3), (1, 2, 2), (1, 3, 3), (3, 4),
                        (2, 2, 2), (1, 6), (1, 3, 4)])  # fmt: skip
    seeded = np.random.default_rng(rng.getrandbits(32))
    wild = rng.random() < 0.4

    def numbers(*size: int) -> Any:
        if wild:
            return fractions(seeded.standard_normal(size).astype(np.float32))
        return fractions(seeded.integers(-4, 5, size) / 2)

    rank = len(shape) - 1
    groups = shape[0] if rng.random() < 0.3 else 1
    channels = groups * rng.choice([1, 2] if groups > 1 else [1, 2, 3])
    window, dilation = rng.randint(1, 3), rng.choice([1, 1, 2])
    pads = (rng.randint(0, 2), rng.randint(0, 2))
    reach = dilation * (window - 1) + 1
    short = reach - min(shape[1:]) - sum(pads)
    if short > 0:
        pads = (pads[0] + short, pads[1])
    kernel = numbers(channels, shape[0] // groups, *[window] * rank)
    norm = None
    if rng.random() < 0.5:
        factor = numbers(channels) if wild else fractions(2.0 ** seeded.integers(-1, 2, channels))
        norm = (numbers(channels), factor, numbers(channels))
    plan = Plan(
        shape, kernel, numbers(channels), groups, rng.randint(1, 2), dilation, pads, norm,
        rng.choice(["relu", "relu", "abs", Fraction(1, 4), Fraction(float(np.float32(0.01)))]),
        rng.choice([None, None, "max", "average"]), None, (None, None),
    )  # fmt: skip
    if rng.random() < 0.3:
        plan = replace(plan, block=(numbers(channels, channels, *[1] * rank), numbers(channels)))
    outputs = rng.randint(1, 2)
    return replace(plan, head=(numbers(outputs, features(plan)), numbers(outputs)))


def features(plan: Plan) -> int:
    """Return how many values the last layer reads."""
    reach = plan.dilation * (plan.kernel.shape[2] - 1) + 1
    counts = [(n + sum(plan.pads) - reach) // plan.stride + 1 for n in plan.shape[1:]]
    if plan.pool is not None:
        counts = [-(-n // 2) for n in counts]
    return plan.channels * int(np.prod(counts))


@dataclass(frozen=True)
class Pair:
    """Two plans, what was changed, and whether that keeps the function."""

    first: Plan
    second: Plan
    kind: str
    same: bool


class UnfitError(Exception): ...


def _blocks(plan: Plan) -> Any:
    """Return the head with one axis of channels."""
    weights = plan.head[0]
    return weights.reshape(len(weights), plan.channels, -1)


def _with_channels(plan: Plan, chosen: Sequence[int], head: Any, **more: Any) -> Plan:
    """Return the plan with these of its channels, and another head of `(outputs, channels, …)`."""
    if plan.groups > 1 and list(chosen) != sorted(chosen):
        raise UnfitError
    index = list(chosen)
    norm = None if plan.norm is None else tuple(v[index] for v in plan.norm)
    return replace(
        plan, kernel=plan.kernel[index], bias=plan.bias[index], norm=norm,
        head=(head.reshape(len(head), -1), plan.head[1]), **more,
    )  # fmt: skip


def permuted(plan: Plan, rng: Random) -> Plan:
    order = rng.sample(range(plan.channels), plan.channels)
    if plan.groups > 1:
        wide = plan.channels // plan.groups
        order = [g * wide + k for g in range(plan.groups) for k in rng.sample(range(wide), wide)]
        if order != sorted(order):
            plan = whole(plan, rng)
    block = plan.block
    if block is not None:
        block = (block[0][order][:, order], block[1][order])
    return _with_channels(plan, order, _blocks(plan)[:, order], block=block)


def rescaled(plan: Plan, rng: Random) -> Plan:
    if plan.block is not None:
        raise UnfitError
    sizes = [Fraction(k, 2) for k in (4, 8, 2, 6, 1)]
    factors = [rng.choice(sizes) for _ in range(plan.channels)]
    scale = np.array(factors, dtype=object)
    head = _blocks(plan) / scale[None, :, None]
    if plan.norm is not None:
        mean, factor, shift = plan.norm
        changed = replace(plan, norm=(mean, factor * scale, shift * scale))
    else:
        shaped = scale.reshape(-1, *[1] * (plan.kernel.ndim - 1))
        changed = replace(plan, kernel=plan.kernel * shaped, bias=plan.bias * scale)
    return replace(changed, head=(head.reshape(len(head), -1), plan.head[1]))


def duplicated(plan: Plan, rng: Random) -> Plan:
    if plan.block is not None or plan.groups > 1:
        raise UnfitError
    c, share = rng.randrange(plan.channels), Fraction(rng.choice([0, 1, 3]), 4)
    head = _blocks(plan)
    more = np.concatenate([head, head[:, c : c + 1] * share], axis=1)
    more[:, c] = more[:, c] * (1 - share)
    return _with_channels(plan, [*range(plan.channels), c], more)


def with_dead_channel(plan: Plan, rng: Random) -> Plan:
    if plan.block is not None or plan.groups > 1:
        raise UnfitError
    head = _blocks(plan)
    changed = duplicated(plan, rng)
    more = np.concatenate([head, head[:, :1] * 0 + 1], axis=1)
    kernel, bias = changed.kernel.copy(), changed.bias.copy()
    if plan.bend != "relu":
        more[:, -1] = Fraction(0)
    else:
        kernel[-1], bias[-1] = Fraction(0), Fraction(-1)
        if plan.norm is not None:
            mean, factor, shift = (v.copy() for v in changed.norm or ())
            mean[-1], factor[-1], shift[-1] = Fraction(0), Fraction(1), Fraction(0)
            changed = replace(changed, norm=(mean, factor, shift))
    return replace(
        changed, kernel=kernel, bias=bias, head=(more.reshape(len(more), -1), plan.head[1])
    )


def normalised_into(plan: Plan, rng: Random) -> Plan:
    if plan.norm is None:
        raise UnfitError
    mean, factor, shift = plan.norm
    shaped = factor.reshape(-1, *[1] * (plan.kernel.ndim - 1))
    return replace(
        plan, norm=None, kernel=plan.kernel * shaped, bias=(plan.bias - mean) * factor + shift
    )


def normalised_into_floats(plan: Plan, rng: Random) -> Plan:
    exact = normalised_into(plan, rng)
    kernel = fractions(exact.kernel.astype(np.float64).astype(np.float32))
    return replace(
        exact, kernel=kernel, bias=fractions(exact.bias.astype(np.float64).astype(np.float32))
    )


def framed(plan: Plan, rng: Random) -> Plan:
    """Add zeros around the kernel and as much padding."""
    pairs = [(0, 0), (0, 0), *[(1, 1)] * (plan.kernel.ndim - 2)]
    zero: Any = Fraction(0)
    kernel = np.pad(plan.kernel, pairs, constant_values=zero)
    more = plan.dilation
    return replace(plan, kernel=kernel, pads=(plan.pads[0] + more, plan.pads[1] + more))


def whole(plan: Plan, rng: Random) -> Plan:
    """Write the groups out as one, with zeros."""
    if plan.groups == 1:
        raise UnfitError
    depth, wide = plan.kernel.shape[1], plan.channels // plan.groups
    kernel = np.full(
        (plan.channels, plan.shape[0], *plan.kernel.shape[2:]), Fraction(0), dtype=object
    )
    for c in range(plan.channels):
        start = c // wide * depth
        kernel[c, start : start + depth] = plan.kernel[c]
    return replace(plan, kernel=kernel, groups=1)


def _changed(array: Any, rng: Random, change: Callable[[Fraction], Fraction]) -> Any:
    fresh = array.copy()
    spot = rng.randrange(array.size)
    fresh.reshape(-1)[spot] = change(fresh.reshape(-1)[spot])
    return fresh


def _ulp(value: Fraction) -> Fraction:
    return Fraction(nextafter(float(value), 9.0))


def one_ulp(plan: Plan, rng: Random) -> Plan:
    where = rng.choice(["kernel", "bias", "head"])
    if where == "head":
        return replace(plan, head=(_changed(plan.head[0], rng, _ulp), plan.head[1]))
    return replace(plan, **{where: _changed(getattr(plan, where), rng, _ulp)})


def one_tap(plan: Plan, rng: Random) -> Plan:
    return replace(plan, kernel=_changed(plan.kernel, rng, lambda v: v + Fraction(1, 2)))


def moved(plan: Plan, rng: Random) -> Plan:
    """Shift the windows by one, or change stride or dilation."""
    kind = rng.choice(["pads", "pads", "stride", "dilation"])
    if kind == "pads":
        low, high = plan.pads
        pads = (low + 1, high - 1) if high else (low - 1, high + 1)
        if min(pads) < 0:
            raise UnfitError
        changed = replace(plan, pads=pads)
    elif kind == "stride":
        changed = replace(plan, stride=3 - plan.stride)
    else:
        changed = replace(plan, dilation=3 - plan.dilation)
    reach = changed.dilation * (changed.kernel.shape[2] - 1) + 1
    if reach > min(changed.shape[1:]) + sum(changed.pads) or features(changed) != features(plan):
        raise UnfitError
    return changed


def bent(plan: Plan, rng: Random) -> Plan:
    return replace(plan, bend="abs" if plan.bend == "relu" else "relu")


def unchanged(plan: Plan, rng: Random) -> Plan:
    return plan


CHANGES: Final[tuple[tuple[Callable[[Plan, Random], Plan], bool], ...]] = (
    (permuted, True), (rescaled, True), (duplicated, True), (with_dead_channel, True),
    (normalised_into, True), (framed, True), (whole, True), (unchanged, True),
    (normalised_into_floats, False), (one_ulp, False), (one_ulp, False), (one_tap, False),
    (moved, False), (bent, False),
)  # fmt: skip


def draw_pair(rng: Random) -> Pair:
    """Draw a plan and one or two changes of it."""
    while True:
        first = draw_plan(rng)
        kinds = rng.sample(CHANGES, rng.choice([1, 1, 2]))
        second = first
        try:
            for change, _ in kinds:
                second = change(second, rng)
        except UnfitError:
            continue
        kind, same = " + ".join(c.__name__ for c, _ in kinds), all(s for _, s in kinds)
        pair = (first, second) if rng.random() < 0.7 else (second, first)
        return Pair(*pair, kind, same)
