"""Random nodes that calculate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.io.onnx_draft import MOST, NEVER, Draft, Entry, Made, MisfitError


def affine(d: Draft) -> Made:
    kind = d.rng.choice(["MatMul", "left", "Gemm", "Gemm", "Einsum"])
    if kind == "Einsum" and d.opset < 12:
        raise MisfitError
    e = d.pick(lambda r: r == 2 if kind == "Gemm" else r >= 2)
    k, more = e.shape[-1], d.rng.randint(1, 4)
    grown = 4 + np.log2(max(e.shape))
    if kind == "MatMul":
        return d.node("MatMul", e.name, d.weights(k, more)), grown
    if kind == "left":
        return d.node("MatMul", d.weights(more, e.shape[-2]), e.name), grown
    if kind == "Einsum":
        return d.node("Einsum", e.name, d.weights(k, more), equation="...k,km->...m"), grown
    flip_a, flip_b, left = (int(d.rng.random() < 0.4) for _ in range(3))
    rows, inner = e.shape[::-1] if flip_a else e.shape
    scales: dict[str, Any] = {
        "alpha": d.rng.choice([None, 0.5, -2.0]),
        "beta": d.rng.choice([None, 0.25, 0.0]),
    }
    if left:
        rows, inner = e.shape[::-1] if flip_b else e.shape
        parts = [d.weights(*((rows, more) if flip_a else (more, rows))), e.name]
        shape = (more, inner)
    else:
        parts = [e.name, d.weights(*((more, inner) if flip_b else (inner, more)))]
        shape = (rows, more)
    if d.rng.random() < 0.7 or d.opset < 11:
        offset = d.rng.choice([shape, (shape[1],), (1, shape[1]), (shape[0], 1), (1,), ()])
        parts.append(d.weights(*offset))
    return d.node("Gemm", *parts, transA=flip_a, transB=flip_b, **scales), grown + 5


def convolution(d: Draft) -> Made:
    e = d.pick(lambda r: 3 <= r <= 5)
    rank, channels = len(e.shape) - 2, e.shape[1]
    groups = d.rng.choice([g for g in range(1, channels + 1) if channels % g == 0])
    outputs = groups * d.rng.randint(1, 2)
    window = [d.rng.randint(1, 3) for _ in range(rank)]
    rest: dict[str, Any] = {"group": groups}
    if d.rng.random() < 0.7:
        rest["strides"] = [d.rng.randint(1, 3) for _ in range(rank)]
    if d.rng.random() < 0.4:
        rest["dilations"] = [d.rng.randint(1, 2) for _ in range(rank)]
    transposed = d.rng.random() < 0.4
    padding = d.rng.choice(["none", "pads", "pads", "auto"])
    if padding == "pads":
        rest["pads"] = [d.rng.randint(0, 2) for _ in range(2 * rank)]
    if padding == "auto":
        rest["auto_pad"] = d.rng.choice(["SAME_UPPER", "SAME_LOWER", "VALID"])
    if d.rng.random() < 0.3:
        rest["kernel_shape"] = window
    if transposed:
        if d.rng.random() < 0.5:
            steps = rest.get("strides", [1] * rank)
            rest["output_padding"] = [d.rng.randrange(s) for s in steps]
        elif d.rng.random() < 0.3:
            rest.pop("pads", None)
            rest["output_shape"] = [d.rng.randint(1, 9) for _ in range(rank)]
        kernel = d.weights(channels, outputs // groups, *window)
    else:
        kernel = d.weights(outputs, channels // groups, *window)
    parts = [kernel, d.weights(outputs)] if d.rng.random() < 0.6 else [kernel]
    grown = 5 + np.log2(channels * np.prod(window))
    return d.node("ConvTranspose" if transposed else "Conv", e.name, *parts, **rest), grown


def pool(d: Draft) -> Made:
    e = d.pick(lambda r: 3 <= r <= 5)
    rank, op = len(e.shape) - 2, d.rng.choice(["MaxPool", "MaxPool", "AveragePool", "Global"])
    if op == "Global":
        op = d.rng.choice(["GlobalMaxPool", "GlobalAveragePool"])
        return d.node(op, e.name), 0 if op == "GlobalMaxPool" else NEVER
    window = [d.rng.randint(1, 3) for _ in range(rank)]
    rest: dict[str, Any] = {"kernel_shape": window}
    if d.rng.random() < 0.8:
        rest["strides"] = [d.rng.randint(1, 3) for _ in range(rank)]
    if d.rng.random() < 0.6:
        rest["pads"] = [d.rng.randint(0, max(0, w - 1)) for w in window + window]
    elif d.rng.random() < 0.3:
        rest["auto_pad"] = d.rng.choice(["SAME_UPPER", "SAME_LOWER", "VALID"])
    if d.opset >= 10 and d.rng.random() < 0.5:
        rest["ceil_mode"] = 1
    if d.opset >= (10 if op == "MaxPool" else 19) and d.rng.random() < 0.3:
        rest["dilations"] = [d.rng.randint(1, 2) for _ in range(rank)]
    if "ceil_mode" in rest and _late(e.shape[2:], rest):
        raise MisfitError
    if op == "AveragePool" and d.rng.random() < 0.5:
        rest["count_include_pad"] = 1
    return d.node(op, e.name, **rest), 0 if op == "MaxPool" else NEVER


def _late(sizes: Sequence[int], rest: dict[str, Any]) -> bool:
    """Tell whether a last window would begin behind the values.

    ONNX's shape inference counts it and kernels do not, so that onnxruntime contradicts itself.
    """
    rank = len(sizes)
    ones, pads = [1] * rank, rest.get("pads", [0] * (2 * rank))
    steps, spread = rest.get("strides", ones), rest.get("dilations", ones)
    for k, size in enumerate(sizes):
        room = size + pads[k] + pads[rank + k] - spread[k] * (rest["kernel_shape"][k] - 1) - 1
        if -(-room // steps[k]) * steps[k] >= size + pads[k]:
            return True
    return False


def normalisation(d: Draft) -> Made:
    e = d.pick(lambda r: r >= 2)
    c = e.shape[1]
    spread = np.abs(d.numbers(c)) + (0.25 if d.rng.random() < 0.8 else 0)
    parts = [d.weights(c), d.weights(c), d.weights(c), d.keep(spread.astype(d.dtype))]
    epsilon = d.rng.choice([None, 1e-5, 0.25, 1e-3])
    return d.node("BatchNormalization", e.name, *parts, epsilon=epsilon), NEVER


def total(d: Draft) -> Made:
    e = d.pick()
    kind = d.rng.choice(["stored", "stored", "residual", "several", "CumSum", "Neg", "constants"])
    if kind == "Neg":
        return d.node("Neg", e.name), 0
    if kind == "CumSum":
        if d.opset < 11 or not e.shape:
            raise MisfitError
        flags = {k: d.rng.randint(0, 1) for k in ("exclusive", "reverse")}
        return d.node("CumSum", e.name, d.keep(np.array(d.axis(len(e.shape)))), **flags), 7
    if kind == "constants":  # folded, then used
        a, b = d.weights(*e.shape[-1:]), d.weights(1)
        op = d.rng.choice(["Add", "Sub", "Mul", "Max", "Min"])
        folded = d.node(op, a, b)
        return d.node(
            d.rng.choice(["Add", "Sub", "Mul"]), e.name, folded
        ), 9 if not d.wild else NEVER
    if kind == "stored":
        pair = [e.name, d.weights(*_broadcast(d, e.shape))]
        d.rng.shuffle(pair)
        op = d.rng.choice(["Add", "Sub", "Mul", "Div"])
        if op == "Div":
            divisor = d.keep(np.array(d.rng.choice([0.5, -2.0, 4.0]), d.dtype))
            return d.node("Div", e.name, divisor), 3
        return d.node(op, *pair), 5
    other = [f for f in d.pool if _fits(f.shape, e.shape)]
    if kind == "residual":
        return d.node(d.rng.choice(["Add", "Sub"]), e.name, d.rng.choice(other).name), 2
    chosen = [e.name, *(d.rng.choice(other).name for _ in range(d.rng.randint(0, 2)))]
    if d.rng.random() < 0.3:
        chosen.append(d.weights(*_broadcast(d, e.shape)))
    op = d.rng.choice(["Sum", "Sum", "Mean"])
    return d.node(op, *chosen), 4 if op == "Sum" else NEVER


def _fits(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    try:
        return int(np.prod(np.broadcast_shapes(a, b))) <= MOST
    except ValueError:
        return False


def _broadcast(d: Draft, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Draw a shape that broadcasts to this one."""
    cut = shape[d.rng.randint(0, len(shape)) :]
    return tuple(1 if d.rng.random() < 0.3 else n for n in cut)


def _threshold(d: Draft, e: Entry) -> float:
    """Draw a number, often one that the value takes at the sample."""
    if d.rng.random() < 0.6 and e.size:
        return float(d.rng.choice(np.asarray(e.sample).reshape(-1).tolist()))
    return d.rng.choice([0.0, 0.5, -1.0, 2.0, -0.25])


def _clip(d: Draft, e: Entry) -> Made:
    ends = [_threshold(d, e), _threshold(d, e)]
    if d.rng.random() < 0.8:
        ends.sort()
    given = [v if d.rng.random() < 0.7 else None for v in ends]
    if d.opset < 11:
        return d.node("Clip", e.name, min=given[0], max=given[1]), 4
    parts = ["" if v is None else d.keep(np.array(v, d.dtype)) for v in given]
    while parts and not parts[-1]:
        parts.pop()
    return d.node("Clip", e.name, *parts), 4


def _extremum(d: Draft, e: Entry, op: str) -> Made:
    other = [f.name for f in d.pool if _fits(f.shape, e.shape)]
    chosen = [e.name, *d.rng.choices(other, k=d.rng.randint(0, 2))]
    if d.rng.random() < 0.6:
        chosen.append(d.weights(*_broadcast(d, e.shape)))
    return d.node(op, *chosen), 3


def piecewise(d: Draft) -> Made:
    e = d.pick()
    op = d.rng.choice([
        "Relu", "Relu", "Relu", "LeakyRelu", "PRelu", "Clip", "Clip", "HardSigmoid", "Abs",
        "Shrink", "ThresholdedRelu", "Max", "Min", "Dropout",
    ])  # fmt: skip
    if op == "LeakyRelu":
        alpha = d.rng.choice([None, 0.25, -0.5, 2.0, 1.0, 0.0, 0.1, -3.0])
        return d.node(op, e.name, alpha=alpha), 4 if alpha in (
            0.25,
            -0.5,
            2.0,
            1.0,
            0.0,
            -3.0,
        ) else NEVER
    if op == "PRelu":
        if not e.shape:
            raise MisfitError
        return d.node(op, e.name, d.weights(*_broadcast(d, e.shape))), 5
    if op == "Clip":
        return _clip(d, e)
    if op == "HardSigmoid":
        alpha, beta = d.rng.choice([(None, None), (0.25, 0.5), (-0.5, 0.25), (1.0, 0.0)])
        return d.node(op, e.name, alpha=alpha, beta=beta), NEVER if alpha is None else 4
    if op == "Shrink":
        if d.opset < 9 or d.dtype == "float64":  # which onnxruntime rounds to float32
            raise MisfitError
        bound = d.rng.choice([0.5, 0.0, 2.0, abs(_threshold(d, e))])
        return d.node(op, e.name, lambd=bound, bias=bound if d.rng.random() < 0.8 else 0.0), 3
    if op == "ThresholdedRelu":
        if d.opset < 10:
            raise MisfitError
        return d.node(op, e.name, alpha=0.0 if d.rng.random() < 0.7 else 1.0), 0
    if op in ("Max", "Min"):
        return _extremum(d, e, op)
    if op == "Dropout" and d.opset >= 12:
        return d.node(
            op, e.name, *([d.keep(np.array(0.5, np.float32))] * (d.rng.random() < 0.5))
        ), 0
    return d.node(op, e.name), 0


def reduction(d: Draft) -> Made:
    e = d.pick(lambda r: r >= 1)
    op = d.rng.choice(["ReduceSum", "ReduceMax", "ReduceMin", "ReduceMean", "ReduceL1"])
    axes = d.axes(len(e.shape)) if d.rng.random() < 0.85 else None
    rest: dict[str, Any] = {"keepdims": d.rng.choice([None, 0, 1])}
    if d.opset < (13 if op == "ReduceSum" else 18):
        return d.node(op, e.name, axes=axes, **rest), _reduced(op)
    if axes is None and d.rng.random() < 0.3:
        rest["noop_with_empty_axes"] = 1
    return d.node(op, e.name, *([] if axes is None else [d.ints(*axes)]), **rest), _reduced(op)


def _reduced(op: str) -> float:
    return {"ReduceMax": 0, "ReduceMin": 0, "ReduceMean": NEVER}.get(op, 7)


def where(d: Draft) -> Made:
    if d.opset < 9:
        raise MisfitError
    e = d.pick()
    if d.rng.random() < 0.3:
        seeded = np.random.default_rng(d.rng.getrandbits(32))
        chosen = d.keep(seeded.integers(0, 2, e.shape).astype(np.bool_))
        others = [f.name for f in d.pool if f.shape == e.shape] + [d.weights(1)]
        return d.node("Where", chosen, e.name, d.rng.choice(others)), 3
    level = d.keep(np.array(_threshold(d, e), d.dtype))
    ops = ["Greater", "Less", "Equal"] + ["GreaterOrEqual", "LessOrEqual"] * (d.opset >= 12)
    op = d.rng.choice(ops if d.opset >= 11 else ops[:2])
    compared = [e.name, level]
    slope = d.keep(np.array(d.rng.choice([0.0, 0.5, -1.0, 2.0]), d.dtype))
    excess = d.node("Sub", e.name, level)
    bent = d.node("Add", d.node("Mul", excess, slope), level)
    d.rng.shuffle(compared)
    condition = d.node(op, *compared)
    if d.rng.random() < 0.3:
        condition = d.node("Not", condition)
    pair = d.rng.choice([[e.name, bent], [e.name, level], [bent, level], [e.name, d.pick().name],
                         [excess, d.keep(np.zeros((), d.dtype))]])  # fmt: skip
    d.rng.shuffle(pair)
    return d.node("Where", condition, *pair), 6
