"""ONNX graphs of a few hundred bytes that would unfold to tensors beyond all memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from onnx import helper

from tests.io.attacks.attack import Attack, attack
from tests.io.models import onnx_model

#: What every refusal of too large a size says.
_ROOM = "predicted [0-9.e+]+, budget"
_FIT = f"{_ROOM}|do not fit|shape|impossible|negative|not positive"
_HUGE = (10**6, 10**6)


def _graph(
    nodes: list[Any],
    stored: dict[str, Any] | None = None,
    shape: Any = (1, 1, 4, 4),
    opset: int = 17,
) -> bytes:
    """Return a model of these nodes, from `x` to `y`."""
    built = onnx_model(nodes, stored, {"x": list(shape)}, opset=opset)
    return bytes(built.SerializeToString())


def _node(op: str, inputs: str, output: str = "y", **attributes: Any) -> Any:
    names = ["" if name == "_" else name for name in inputs.split()]
    return helper.make_node(op, names, output.split(), **attributes)


def _ints(*values: int) -> Any:
    return np.array(values, np.int64)


def _floats(*values: float) -> Any:
    return np.array(values, np.float32)


def _shapes() -> Iterator[tuple[str, bytes, str]]:
    """Yield operators whose result is as large as a number in the file says."""
    for shape in ((10**12,), _HUGE, (2**62, 4), (2**32, 2**32, 2**32)):
        made = [_node("ConstantOfShape", "s", "c"), _node("MatMul", "x c")]
        yield f"ConstantOfShape {shape}", _graph(made, {"s": _ints(*shape)}, (1, 4)), _ROOM
    made = [_node("ConstantOfShape", "s", "c"), _node("Add", "x c")]
    yield "ConstantOfShape of negative size", _graph(made, {"s": _ints(-1, 4)}), _FIT
    yield "ConstantOfShape of 1000 axes", _graph(made, {"s": np.ones(1000, np.int64)}), "."
    for op, inputs, stored in (
        ("Expand", "x s", {"s": _ints(10**6, 10**6, 4, 4)}),
        ("Expand", "x s", {"s": _ints(2**62, 2**62, 4, 4)}),
        ("Tile", "x s", {"s": _ints(10**6, 10**6, 1, 1)}),
        ("Tile", "x s", {"s": _ints(1, 1, 2**62, 2**62)}),
        ("Tile", "x s", {"s": _ints(1, 1, 1, 0)}),
        ("Reshape", "x s", {"s": _ints(*_HUGE)}),
        ("Reshape", "x s", {"s": _ints(-1, 2**63 - 1)}),
        ("Pad", "x s", {"s": _ints(0, 0, 10**9, 10**9, 0, 0, 0, 0)}),
        ("Pad", "x s", {"s": _ints(0, 0, 2**62, 0, 0, 0, 2**62, 0)}),
        ("Pad", "x s", {"s": _ints(0, 0, -(2**62), 0, 0, 0, 0, 0)}),
        ("Resize", "x _ _ s", {"s": _ints(1, 1, 10**6, 10**6)}),
        ("Resize", "x _ f", {"f": _floats(1, 1, 1e6, 1e6)}),
        ("Resize", "x _ f", {"f": _floats(1, 1, 3e38, 3e38)}),
        ("Resize", "x _ f", {"f": _floats(1, 1, 1e-38, 1)}),
        ("Resize", "x _ f", {"f": _floats(1, 1, -1, 1)}),
        ("Resize", "x _ _ s", {"s": _ints(1, 1, 2**62, 2**62)}),
        ("Upsample", "x f", {"f": _floats(1, 1, 1e6, 1e6)}),
        ("Gather", "x i", {"i": np.zeros((1, 0), np.int64)}),
    ):
        name = f"{op} {[v.tolist() for v in stored.values()]}"
        opset = 9 if op == "Upsample" else 17
        yield (
            name,
            _graph([_node(op, inputs)], stored, opset=opset),
            _FIT + "|no output|not read|scale|resized to",
        )
    for mode in ("reflect", "edge", "wrap"):
        wide = {"s": _ints(0, 0, 10**9, 10**9, 0, 0, 0, 0)}
        yield f"Pad {mode}", _graph([_node("Pad", "x s", mode=mode)], wide, opset=19), _FIT
    limits = {"a": _ints(0)[0], "b": _ints(10**12)[0], "d": _ints(1)[0]}
    ranged = [_node("Range", "a b d", "r"), _node("Gather", "x r", axis=3)]
    yield "Range to 10^12", _graph(ranged, limits), _ROOM
    yield "Range in steps of zero", _graph(ranged, {**limits, "d": _ints(0)[0]}), "Range|delta|step"
    yield (
        "Range from end to end",
        _graph(ranged, {**limits, "a": _ints(-(2**63))[0], "b": _ints(2**63 - 1)[0]}),
        ".",
    )
    tiny = {"a": _floats(0)[0], "b": _floats(3e38)[0], "d": _floats(1e-45)[0]}
    yield "Range in steps of 10^-45", _graph(ranged, tiny), _ROOM + "|integer"
    yield "an input of 10^12 values", _graph([_node("Relu", "x")], shape=_HUGE), _ROOM
    yield "an input of 2^124 values", _graph([_node("Relu", "x")], shape=(2**62, 2**62)), _ROOM
    for op in ("EyeLike", "OneHot", "RandomNormal", "Multinomial"):
        yield op, _graph([_node(op, "x")]), "not supported"
    yield (
        "Split into 10^6 pieces",
        _graph([_node("Split", "x", " ".join(f"p{k}" for k in range(10**5)))]),
        ".",
    )
    yield (
        "Slice in steps of zero",
        _graph(
            [_node("Slice", "x a b c d")],
            {"a": _ints(0), "b": _ints(4), "c": _ints(3), "d": _ints(0)},
        ),
        "step",
    )
    far = {"a": _ints(-(2**63)), "b": _ints(2**63 - 1), "c": _ints(-(2**63)), "d": _ints(-(2**63))}
    yield (
        "Slice along axis -2^63",
        _graph([_node("Slice", "x a b c d")], far),
        "axis|axes|goes backwards",
    )
    yield "Gather at 2^62", _graph([_node("Gather", "x i", axis=3)], {"i": _ints(2**62)}), "indices"
    yield (
        "Gather at -2^63",
        _graph([_node("Gather", "x i", axis=3)], {"i": _ints(-(2**63))}),
        "indices",
    )
    yield "Concat along axis 2^62", _graph([_node("Concat", "x x", axis=2**62)]), "axis"
    yield (
        "Transpose by 2^62",
        _graph([_node("Transpose", "x", perm=[0, 1, 2, 2**62])]),
        "axis|permut",
    )
    yield (
        "Unsqueeze 10^5 axes",
        _graph([_node("Unsqueeze", "x a")], {"a": np.arange(10**5)}),
        "a tensor of 100004 axes",
    )
    yield (
        "DepthToSpace in blocks of 2^62",
        _graph([_node("DepthToSpace", "x", blocksize=2**62)]),
        ".",
    )
    yield "SpaceToDepth in blocks of 0", _graph([_node("SpaceToDepth", "x", blocksize=0)]), "."
    yield "TopK of 2^62", _graph([_node("TopK", "x k", "y i")], {"k": _ints(2**62)}), "."
    yield (
        "TopK of 2000 values",
        _graph([_node("TopK", "x k", "y i")], {"k": _ints(1000)}, (1, 2000)),
        "sorts 2000",
    )
    yield (
        "CumSum of 4 million",
        _graph([_node("CumSum", "x a")], {"a": _ints(1)[0]}, (1, 2**22)),
        _ROOM,
    )
    yield (
        "Trilu beyond",
        _graph([_node("Trilu", "x k")], {"k": _ints(2**62)[0]}, (1, 3000, 3000)),
        ".",
    )


def _windows() -> Iterator[tuple[str, bytes, str]]:
    """Yield windows that are no windows."""
    kernel = {"w": np.ones((1, 1, 3, 3), np.float32)}
    odd: dict[str, dict[str, Any]] = {
        "padding of 10^9": {"pads": [10**9] * 4},
        "padding of 2^62": {"pads": [2**62] * 4},
        "negative padding": {"pads": [-(10**9)] * 4},
        "dilations of 10^9": {"dilations": [10**9] * 2},
        "dilations of 2^62": {"dilations": [2**62] * 2},
        "dilations of 0": {"dilations": [0, 0]},
        "negative dilations": {"dilations": [-1, -1]},
        "strides of 0": {"strides": [0, 0]},
        "negative strides": {"strides": [-1, 1]},
        "a group of 0": {"group": 0},
        "10^9 groups": {"group": 10**9},
        "negative groups": {"group": -1},
        "a window of other shape": {"kernel_shape": [10**6, 10**6]},
        "padding of one axis": {"pads": [1]},
        "an auto_pad of its own": {"auto_pad": "EVIL"},
    }
    for name, attributes in odd.items():
        yield f"Conv with {name}", _graph([_node("Conv", "x w", "y", **attributes)], kernel), "."
        yield (
            f"ConvTranspose with {name}",
            _graph([_node("ConvTranspose", "x w", "y", **attributes)], kernel),
            ".",
        )
        if "group" in name:
            continue
        pooled: dict[str, Any] = {"kernel_shape": [3, 3], **attributes}
        for op in ("MaxPool", "AveragePool"):
            yield f"{op} with {name}", _graph([_node(op, "x", "y", **pooled)], opset=19), "."
    for op in ("MaxPool", "AveragePool"):
        yield f"{op} in windows of 10^9", _graph([_node(op, "x", kernel_shape=[10**9, 10**9])]), "."
        full = {"kernel_shape": [10**9, 1], "pads": [10**9, 0, 10**9, 0]}
        yield f"{op} in windows of padding", _graph([_node(op, "x", "y", **full)]), "."
        large = _graph([_node(op, "x", kernel_shape=[1000, 1000])], shape=(1, 1, 2000, 2000))
        yield f"{op} of a million by a million", large, _ROOM
    yield (
        "MaxPool of windows of 2000 by 2000",
        _graph([_node("GlobalMaxPool", "x")], shape=(1, 4, 3000, 3000)),
        _ROOM,
    )
    strides = {"strides": [10**9, 10**9]}
    yield (
        "ConvTranspose in strides of 10^9",
        _graph([_node("ConvTranspose", "x w", "y", **strides)], kernel),
        _ROOM,
    )
    wide = {"output_padding": [10**9, 10**9], "strides": [2 * 10**9] * 2}
    yield (
        "ConvTranspose with output padding",
        _graph([_node("ConvTranspose", "x w", "y", **wide)], kernel),
        ".",
    )
    output = {"output_shape": [10**9, 10**9]}
    yield (
        "ConvTranspose to a shape of 10^18",
        _graph([_node("ConvTranspose", "x w", "y", **output)], kernel),
        ".",
    )
    broad = {"w": np.ones((64, 64, 3, 3), np.float32)}
    yield (
        "Conv of 64 x 2000 x 2000",
        _graph([_node("Conv", "x w")], broad, (1, 64, 2000, 2000)),
        _ROOM,
    )
    yield (
        "Conv of 10^8 windows",
        _graph([_node("Conv", "x w")], kernel, (1, 1, 10**4, 10**4)),
        _ROOM,
    )


def _chains() -> Iterator[tuple[str, bytes, str]]:
    """Yield graphs whose nodes are harmless one by one."""

    def chain(count: int, op: str, more: str = "", **attributes: Any) -> list[Any]:
        nodes = [
            _node(
                op, f"v{k} v{k} {more}" if not more else f"v{k} {more}", f"v{k + 1}", **attributes
            )
            for k in range(count)
        ]
        return [_node("Identity", "x", "v0"), *nodes, _node("Identity", f"v{count}")]

    yield "60 concatenations with itself", _graph(chain(60, "Concat", axis=3)), _ROOM
    yield "60 doublings by Tile", _graph(chain(60, "Tile", "t"), {"t": _ints(1, 1, 2, 1)}), _ROOM
    yield (
        "60 doublings by Expand",
        _graph(
            [
                n
                for k in range(30)
                for n in (
                    _node("Unsqueeze", f"v{k} a", f"u{k}"),
                    _node("Expand", f"u{k} s", f"e{k}"),
                    _node("Reshape", f"e{k} r", f"v{k + 1}"),
                )
            ]
            + [_node("Identity", "x", "v0"), _node("Identity", "v30")],
            {"a": _ints(0), "s": _ints(8, 1), "r": _ints(-1)},
            (1, 4),
        ),
        "which no node|predicted",
    )
    yield (
        "30 resizings that double",
        _graph(chain(30, "Resize", "_ f"), {"f": _floats(1, 1, 2, 2)}),
        _ROOM,
    )
    big = [
        _node("Expand", "x s", "e"),
        *(_node("Relu", "e", f"r{k}") for k in range(100)),
        _node("Sum", " ".join(f"r{k}" for k in range(100))),
    ]
    yield (
        "100 layers of 2 million units",
        _graph(big, {"s": _ints(1, 1, 1024, 2048)}, (1, 1, 1, 1)),
        _ROOM,
    )
    squares = [_node("Identity", "w", "v0"), *chain(64, "Mul")[1:-1], _node("Mul", "x v64")]
    yield (
        "a constant squared 64 times",
        _graph(squares, {"w": _floats(1.1)}),
        "bits|digits|inf|predicted",
    )
    powers = [_node("Pow", "w e", "p"), _node("Mul", "x p")]
    for exponent in (1e9, 1e38, -1e38, 0.5):
        yield (
            f"a constant to the power {exponent}",
            _graph(powers, {"w": _floats(1.1), "e": _floats(exponent)}),
            ".",
        )
    doubled = [
        _node("Identity", "w", "v0"),
        *chain(64, "Concat", axis=0)[1:-1],
        _node("Add", "x v64"),
    ]
    yield (
        "a constant joined with itself 64 times",
        _graph(doubled, {"w": _floats(1, 2, 3)}, (1, 3)),
        _ROOM,
    )
    outer = [_node("MatMul", "u v", "m"), _node("MatMul", "x m")]
    column, row = np.ones((2**20, 1), np.float32), np.ones((1, 2**20), np.float32)
    yield "an outer product of constants", _graph(outer, {"u": column, "v": row}, (1, 2**20)), _ROOM
    spread = {"u": column, "v": row}
    for op in ("Add", "Mul", "Div", "Max", "Min", "Sub", "Pow", "Equal", "Where", "PRelu"):
        inputs = {"Where": "c u v", "PRelu": "u v"}.get(op, "u v")
        nodes = [_node("Equal", "u v", "c")] if op == "Where" else []
        nodes += [_node(op, inputs, "m"), _node("Add", "x m")]
        yield f"{op} of a row and a column", _graph(nodes, spread, (1, 4)), _ROOM + "|slope|not sup"
        nodes = [_node("Reshape", "x r", "c"), _node(op, "c x" if op != "Where" else "b c x")]
        if op in ("Mul", "Div", "Pow", "Equal", "PRelu"):
            continue
        yield (
            f"{op} of the input and its column",
            _graph(nodes, {"r": _ints(-1, 1), "b": np.array(True)}, (1, 2**20)),
            _ROOM,
        )
    yield (
        "Einsum of a row and a column",
        _graph([_node("Einsum", "x v", "y", equation="ij,kl->ijkl")], {"v": row}, (1, 2**20)),
        _ROOM,
    )
    yield (
        "Einsum of 100 letters",
        _graph([_node("Einsum", "x", "y", equation="i" * 100 + "->" + "i")], None, (1, 2)),
        ".",
    )
    yield (
        "Einsum of an equation of a megabyte",
        _graph([_node("Einsum", "x", "y", equation="i" * 10**6)], None, (1, 2)),
        ".",
    )
    yield (
        "ReduceSum along 10^5 axes",
        _graph([_node("ReduceSum", "x a")], {"a": np.zeros(10**5, np.int64)}),
        ".",
    )
    yield "ReduceMax of 4 million", _graph([_node("ReduceMax", "x")], None, (1, 2**22)), "."
    sums = [_node("Reshape", "x r", "c"), _node("Add", "x c", "s"), _node("ReduceMax", "s")]
    yield "the largest of a million sums", _graph(sums, {"r": _ints(-1, 1)}, (1, 2**10)), "."
    one = np.random.default_rng(0).standard_normal((1000, 1000)).astype(np.float32)
    again = [
        _node("Identity", "x", "v0"),
        *(
            n
            for k in range(500)
            for n in (_node("MatMul", f"v{k} w", f"m{k}"), _node("Relu", f"m{k}", f"v{k + 1}"))
        ),
        _node("Tanh", "v500"),
    ]
    yield "one matrix in 500 layers", _graph(again, {"w": one}, (1, 1000)), "as often as nodes"
    relu = [
        _node("Identity", "x", "v0"),
        *(_node("Relu", f"v{k}", f"v{k + 1}") for k in range(30_000)),
        _node("Tanh", "v30000"),
    ]
    yield "30,000 layers", _graph(relu, None, (1, 100)), _ROOM
    leaky = [
        _node("Identity", "x", "v0"),
        *(_node("LeakyRelu", f"v{k}", f"v{k + 1}", alpha=0.1) for k in range(12_000)),
        _node("Tanh", "v12000"),
    ]
    yield "12,000 leaky layers", _graph(leaky, None, (1, 100)), _ROOM
    scaled = [
        _node("Identity", "x", "v0"),
        *(_node("Mul", f"v{k} w", f"v{k + 1}") for k in range(12_000)),
        _node("Tanh", "v12000"),
    ]
    yield "12,000 scalings", _graph(scaled, {"w": _floats(1.1)}, (1, 100)), _ROOM
    many = [_node("Add", f"v{k} v{k}", f"v{k + 1}") for k in range(20_000)]
    yield (
        "20,000 doublings of values",
        _graph([_node("Identity", "x", "v0"), *many, _node("Tanh", "v20000")], None, (1, 100)),
        _ROOM,
    )


def attacks() -> list[Attack]:
    """Return all of them."""
    return [attack(n, "f.onnx", c, s) for n, c, s in (*_shapes(), *_windows(), *_chains())]
