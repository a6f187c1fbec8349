"""Random nodes that move, choose and order entries."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import numpy_helper

from tests.io.onnx_draft import KINDS, LAST, Draft, Entry, Made, MisfitError


def shape(d: Draft) -> Made:
    e = d.pick(lambda r: r >= 1)
    rank = len(e.shape)
    kind = d.rng.choice(["Reshape", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose",
                         "Identity", "computed", "computed", "like", "Cast"])  # fmt: skip
    if kind == "Identity":
        return d.node("Identity", e.name), 0
    if kind == "Cast":
        return d.node("Cast", e.name, to=KINDS[d.dtype]), 0
    if kind == "Flatten":
        return d.node("Flatten", e.name, axis=d.rng.randint(0 if d.opset < 11 else -rank, rank)), 0
    if kind == "Transpose":
        order = d.rng.sample(range(rank), rank)
        return d.node("Transpose", e.name, perm=order if d.rng.random() < 0.9 else None), 0
    if kind == "Squeeze":
        ones = [k for k, n in enumerate(e.shape) if n == 1]
        chosen = d.rng.sample(ones, d.rng.randint(1, len(ones))) if ones else None
        if chosen is None or d.rng.random() < 0.2:
            return d.node("Squeeze", e.name), 0
        return d.listed("Squeeze", e.name, 13, axes=chosen), 0
    if kind == "Unsqueeze":
        if rank > 4:
            raise MisfitError
        chosen = d.rng.sample(range(rank + 1), 1) if rank > 3 else d.rng.sample(range(rank + 2), 2)
        return d.listed("Unsqueeze", e.name, 13, axes=chosen), 0
    if kind == "Reshape":
        return d.node("Reshape", e.name, d.ints(*_wanted(d, e))), 0
    shape = d.node(
        "Shape", e.name, **({"start": d.rng.randint(-rank, 0)} if kind == "sliced" else {})
    )
    if kind == "like":
        zero = np.array([d.rng.choice([0, 1.5, -2])], d.dtype)
        if d.opset < 9:
            raise MisfitError
        other = d.node("ConstantOfShape", shape, value=numpy_helper.from_array(zero, "value"))
        return d.node(d.rng.choice(["Add", "Max", "Mul"]), e.name, other), 3
    # keep one axis, put the rest together: by arithmetic on the shape
    kept = d.rng.randrange(rank)
    one = d.node("Gather", shape, d.ints(kept), axis=0)
    rest = d.rng.choice(["minus one", "product", "quotient"])
    if rest == "minus one":
        other = d.ints(-1)
    elif rest == "product" and d.opset < 18:
        product = d.node("ReduceProd", shape, axes=[0], keepdims=1)
        other = d.node("Div", product, one)
    else:
        size = d.node("Size", e.name)
        cast = d.node("Cast", size, to=1)
        half = d.node("Div", d.node("Cast", one, to=1), d.keep(np.array(1, np.float32)))
        other = d.node("Cast", d.node("Div", cast, half), to=7)
    pair = [one, other]
    d.rng.shuffle(pair)
    return d.node("Reshape", e.name, d.node("Concat", *pair, axis=0)), 0


def _wanted(d: Draft, e: Entry) -> list[int]:
    left, sizes = e.size, []
    for _ in range(d.rng.randint(0, 3)):
        sizes.append(d.rng.choice([n for n in range(1, left + 1) if left % n == 0]))
        left //= sizes[-1]
    sizes.append(left)
    d.rng.shuffle(sizes)
    if d.rng.random() < 0.4:
        sizes[d.rng.randrange(len(sizes))] = -1
    if -1 not in sizes or d.rng.random() < 0.5:
        k = d.rng.randrange(len(sizes))
        if k < len(e.shape) and e.shape[k] == sizes[k]:
            sizes[k] = 0
    return sizes


def _slice(d: Draft, e: Entry) -> Made:
    rank = len(e.shape)
    axes = [a % rank if d.opset < 10 else a for a in d.axes(rank)]
    steps = [d.rng.choice([1, 1, 2, -1, -2]) for _ in axes]
    near = [-LAST, -3, -2, -1, 0, 1, 2, 3, LAST]
    starts, ends = [d.rng.choice(near) for _ in axes], [d.rng.choice(near) for _ in axes]
    if d.opset < 10:
        return d.node("Slice", e.name, starts=starts, ends=ends, axes=axes), 0
    parts = [d.ints(*v) for v in (starts, ends, axes, steps)]
    return d.node("Slice", e.name, *parts[: d.rng.choice([3, 4])]), 0


def _split(d: Draft, e: Entry) -> Made:
    rank = len(e.shape)
    axis = d.axis(rank) if d.opset >= 11 else d.rng.randrange(rank)
    size, count = e.shape[axis], d.rng.randint(1, 3)
    cuts = sorted(d.rng.randint(0, size) for _ in range(count - 1))
    sizes = np.diff([0, *cuts, size]).tolist()
    if d.opset < 13:
        return d.node("Split", e.name, outputs=count, axis=axis, split=sizes), 0
    if d.opset >= 18 and d.rng.random() < 0.5:
        return d.node("Split", e.name, outputs=count, axis=axis, num_outputs=count), 0
    return d.node("Split", e.name, d.ints(*sizes), outputs=count, axis=axis), 0


def _pad(d: Draft, e: Entry) -> Made:
    rank = len(e.shape)
    mode = d.rng.choice(["constant", "constant", "reflect", "edge"])
    if d.opset >= 19 and d.rng.random() < 0.2:
        mode = "wrap"
    low = -1 if mode == "constant" else 0
    pads = [d.rng.randint(low, 2) if d.rng.random() < 0.7 else 0 for _ in range(2 * rank)]
    if d.opset < 11:
        return d.node("Pad", e.name, pads=pads, mode=mode, value=d.rng.choice([None, 1.5])), 3
    fill = d.keep(np.array(d.rng.choice([0, -1.5]), d.dtype)) if d.rng.random() < 0.5 else ""
    parts = [d.ints(*pads), fill]
    if d.opset >= 18 and d.rng.random() < 0.3:
        axis = d.axis(rank)
        parts = [d.ints(pads[0], pads[1]), fill, d.ints(axis)]
    while not parts[-1]:
        parts.pop()
    return d.node("Pad", e.name, *parts, mode=mode), 3


def _gather(d: Draft, e: Entry, kind: str) -> Made:
    rank = len(e.shape)
    if d.opset < 12:
        raise MisfitError
    seeded = np.random.default_rng(d.rng.getrandbits(32))
    if kind == "GatherElements":
        axis = d.axis(rank)
        shape = [d.rng.randint(1, n) for n in e.shape]
        indices = seeded.integers(-e.shape[axis], e.shape[axis], shape)
        return d.node(kind, e.name, d.keep(indices), axis=axis), 0
    batch = d.rng.randrange(rank)
    depth = d.rng.randint(1, rank - batch)
    lead = (*e.shape[:batch], d.rng.randint(1, 3), depth)
    ends = np.array(e.shape[batch : batch + depth])
    return d.node(kind, e.name, d.keep(seeded.integers(-ends, ends, lead)), batch_dims=batch), 0


def choice(d: Draft) -> Made:
    e = d.pick(lambda r: r >= 1)
    rank = len(e.shape)
    kind = d.rng.choice(
        [
            "Slice",
            "Slice",
            "Split",
            "Pad",
            "Pad",
            "Gather",
            "GatherElements",
            "GatherND",
            "Expand",
            "Tile",
            "Concat",
            "Concat",
            "Trilu",
            "Space",
        ]
    )
    if kind == "Slice":
        return _slice(d, e)
    if kind == "Split":
        return _split(d, e)
    if kind == "Pad":
        return _pad(d, e)
    if kind == "Gather":
        axis = d.axis(rank)
        n = e.shape[axis]
        shape = d.rng.choice([(), (2,), (3,), (2, 2)])
        seeded = np.random.default_rng(d.rng.getrandbits(32))
        indices = seeded.integers(-n if d.opset >= 11 else 0, n, shape)
        return d.node("Gather", e.name, d.keep(indices), axis=axis), 0
    if kind in ("GatherElements", "GatherND"):
        return _gather(d, e, kind)
    if kind == "Expand":
        full = [n if n > 1 or d.rng.random() < 0.5 else d.rng.randint(1, 3) for n in e.shape]
        some = [d.rng.choice([1, n]) for n in full] if d.rng.random() < 0.3 else full
        return d.node("Expand", e.name, d.ints(*some)), 0
    if kind == "Tile":
        return d.node("Tile", e.name, d.ints(*(d.rng.randint(1, 2) for _ in range(rank)))), 0
    if kind == "Trilu":
        if rank < 2 or d.opset < 14:
            raise MisfitError
        return d.node("Trilu", e.name, d.keep(np.array(d.rng.randint(-2, 2))),
                      upper=d.rng.choice([None, 0, 1])), 0  # fmt: skip
    if kind == "Space":
        if rank != 4:
            raise MisfitError
        if d.rng.random() < 0.5:
            return d.node("SpaceToDepth", e.name, blocksize=2), 0
        mode = d.rng.choice(["DCR", "CRD"]) if d.opset >= 11 else None
        return d.node("DepthToSpace", e.name, blocksize=2, mode=mode), 0
    axis = d.rng.randrange(rank)
    others = [
        f.name
        for f in d.pool
        if len(f.shape) == rank
        and all(a == b for k, (a, b) in enumerate(zip(f.shape, e.shape, strict=True)) if k != axis)
    ]
    chosen = [e.name, *d.rng.choices(others, k=d.rng.randint(1, 2))]
    if d.rng.random() < 0.4:
        chosen.append(d.weights(*(2 if k == axis else n for k, n in enumerate(e.shape))))
    d.rng.shuffle(chosen)
    return d.node("Concat", *chosen, axis=axis - rank * (d.opset >= 11 and d.rng.random() < 0.3)), 4


def order(d: Draft) -> Made:
    e = d.pick(lambda r: r >= 1)
    axis = d.axis(len(e.shape))
    k = d.rng.randint(1, min(3, e.shape[axis]))
    if d.opset < 10:
        return d.node("TopK", e.name, outputs=2, k=k, axis=axis), 0
    rest = {"largest": d.rng.choice([0, 1, None])} if d.opset >= 11 else {}
    return d.node("TopK", e.name, d.ints(k), outputs=2, axis=axis, **rest), 0


def resize(d: Draft) -> Made:
    e = d.pick(lambda r: r in (3, 4))
    front = [1.0] * (len(e.shape) - 2)
    scales = [1.0, 1.0, *(d.rng.choice([1.0, 2.0, 0.5, 3.0, 1.5]) for _ in front)]
    if d.opset < 9:
        return d.node("Upsample", e.name, scales=[max(1.0, s) for s in scales], mode="nearest"), 0
    if d.opset < 11:
        op = "Upsample" if d.opset == 9 else "Resize"
        if op == "Upsample":
            scales = [max(1.0, s) for s in scales]
        return d.node(op, e.name, d.keep(np.array(scales, np.float32)), mode="nearest"), 0
    rest: dict[str, Any] = {"mode": "nearest"}
    modes = ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"]
    if d.rng.random() < 0.8:
        rest["coordinate_transformation_mode"] = d.rng.choice(modes)
    if d.rng.random() < 0.7:
        rest["nearest_mode"] = d.rng.choice(
            ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]
        )
    empty = d.keep(np.zeros(0, np.float32)) if d.opset < 13 else ""
    if d.rng.random() < 0.5:
        return d.node("Resize", e.name, empty, d.keep(np.array(scales, np.float32)), **rest), 0
    sizes = [*e.shape[:2], *(d.rng.randint(1, 6) for _ in front)]
    return d.node("Resize", e.name, empty, empty, d.ints(*sizes), **rest), 0
