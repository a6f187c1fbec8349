"""Sound ONNX graphs of all operators, small enough to be damaged by the thousand."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from tests.io.models import onnx_model
from tropnet.errors import TropnetError
from tropnet.io import load
from tropnet.io.onnx_operators import supported


def _node(op: str, inputs: str, output: str = "y", **attributes: Any) -> Any:
    names = ["" if name == "_" else name for name in inputs.split()]
    return helper.make_node(op, names, output.split(), **attributes)


def _ints(*values: int) -> Any:
    return np.array(values, np.int64)


def _weights(*shape: int) -> Any:
    return np.random.default_rng(len(shape)).standard_normal(shape).astype(np.float32)


def _graphs() -> Iterator[tuple[list[Any], dict[str, Any], tuple[int, ...]]]:
    image, flat = (1, 2, 4, 4), (1, 6)
    yield (
        [_node("Conv", "x w b", "c", pads=[1, 1, 1, 1], strides=[2, 2]), _node("Relu", "c")],
        {"w": _weights(4, 2, 3, 3), "b": _weights(4)},
        image,
    )
    yield (
        [
            _node("Conv", "x w", "c", group=2, dilations=[2, 1], auto_pad="SAME_UPPER"),
            _node("LeakyRelu", "c", alpha=0.1),
        ],
        {"w": _weights(4, 1, 2, 3)},
        image,
    )
    yield (
        [_node("ConvTranspose", "x w", strides=[2, 2], output_padding=[1, 0], pads=[0, 1, 1, 0])],
        {"w": _weights(2, 3, 2, 2)},
        image,
    )
    yield (
        [
            _node("MaxPool", "x", "m", kernel_shape=[2, 3], pads=[1, 1, 0, 1], ceil_mode=1),
            _node("AveragePool", "m", kernel_shape=[2, 2], count_include_pad=1),
        ],
        {},
        image,
    )
    yield (
        [
            _node("GlobalAveragePool", "x", "a"),
            _node("GlobalMaxPool", "x", "m"),
            _node("Add", "a m"),
        ],
        {},
        image,
    )
    yield (
        [_node("BatchNormalization", "x s b m v", epsilon=1e-3)],
        {"s": _weights(2), "b": _weights(2), "m": _weights(2), "v": np.ones(2, np.float32)},
        image,
    )
    yield (
        [_node("Pad", "x p c", mode="constant")],
        {"p": _ints(0, 0, 1, -1, 0, 1, 0, 2), "c": _weights(1)[0]},
        image,
    )
    yield [_node("Pad", "x p", mode="reflect")], {"p": _ints(0, 0, 1, 1, 0, 0, 1, 2)}, image
    yield (
        [
            _node(
                "Resize",
                "x _ s",
                mode="nearest",
                nearest_mode="floor",
                coordinate_transformation_mode="asymmetric",
            )
        ],
        {"s": np.array([1, 1, 2, 2], np.float32)},
        image,
    )
    yield (
        [_node("Slice", "x a b c d", "s"), _node("Tile", "s r")],
        {
            "a": _ints(1, 3),
            "b": _ints(4, 0),
            "c": _ints(2, 3),
            "d": _ints(1, -1),
            "r": _ints(1, 2, 1, 2),
        },
        image,
    )
    yield (
        [_node("Split", "x s", "p q", axis=1), _node("Concat", "q p", axis=3)],
        {"s": _ints(1, 1)},
        image,
    )
    yield (
        [_node("Gather", "x i", "g", axis=2), _node("Transpose", "g", perm=[0, 3, 1, 2])],
        {"i": _ints(3, 0, -1)},
        image,
    )
    yield (
        [
            _node("Reshape", "x s", "r"),
            _node("Expand", "r e", "t"),
            _node("ReduceMax", "t", axes=[1]),
        ],
        {"s": _ints(1, 1, -1), "e": _ints(1, 3, 1)},
        image,
    )
    yield (
        [_node("ReduceSum", "x a", "s", keepdims=0), _node("Clip", "s l h")],
        {"a": _ints(2, 3), "l": _weights(1)[0], "h": np.float32(5)},
        image,
    )
    yield (
        [_node("DepthToSpace", "x", "d", blocksize=2), _node("SpaceToDepth", "d", blocksize=2)],
        {},
        (1, 4, 2, 2),
    )
    yield (
        [_node("Gemm", "x w c", "g", alpha=0.5, beta=2.0, transB=1), _node("PRelu", "g p")],
        {"w": _weights(4, 6), "c": _weights(4), "p": _weights(4)},
        flat,
    )
    yield (
        [
            _node("Einsum", "x w", "e", equation="bi,ji->bj"),
            _node("Max", "e m", "k"),
            _node("Min", "k x"),
        ],
        {"w": _weights(6, 6), "m": _weights(6)},
        flat,
    )
    yield (
        [_node("TopK", "x k", "t i", axis=1), _node("Mul", "t m", "u"), _node("Div", "u d")],
        {"k": _ints(3), "m": _weights(3), "d": _weights(3)},
        flat,
    )
    yield (
        [_node("Greater", "x z", "g"), _node("Sub", "x z", "d"), _node("Where", "g d o")],
        {"z": _weights(6), "o": np.zeros(6, np.float32)},
        flat,
    )
    yield (
        [
            _node("Shape", "x", "s"),
            _node("ConstantOfShape", "s", "c"),
            _node("CumSum", "x a", "k"),
            _node("Sub", "k c", "f"),
            _node("Unsqueeze", "f a", "q"),
            _node("Squeeze", "q a"),
        ],
        {"a": _ints(1)},
        flat,
    )
    yield (
        [_node("Range", "a b d", "r"), _node("Gather", "x r", "g", axis=1), _node("Abs", "g")],
        {"a": _ints(0)[0], "b": _ints(5)[0], "d": _ints(2)[0]},
        flat,
    )
    yield (
        [
            _node("DequantizeLinear", "q s z", "w"),
            _node("MatMul", "x w", "m"),
            _node("HardSigmoid", "m"),
        ],
        {"q": np.arange(12, dtype=np.int8).reshape(6, 2), "s": np.float32(0.5), "z": np.int8(3)},
        flat,
    )
    yield (
        [
            _node("Pow", "c e", "p"),
            _node("Mul", "x p", "m"),
            _node("Sum", "m x m", "s"),
            _node("Trilu", "s", upper=0),
        ],
        {"c": _weights(6), "e": np.float32(2)},
        (6, 6),
    )
    yield (
        [
            _node("GatherElements", "x i", "g", axis=1),
            _node("Cast", "g", "c", to=11),
            _node("Flatten", "c", "f"),
            _node("Mean", "f f"),
        ],
        {"i": _ints(0, 5, -1).reshape(1, 3)},
        flat,
    )


def graphs() -> list[bytes]:
    """Return small graphs with what models are made of."""
    found = []
    for nodes, stored, shape in _graphs():
        opset = 11 if any(a.name == "axes" for n in nodes for a in n.attribute) else 17
        model = onnx_model(nodes, stored, {"x": list(shape)}, opset=opset)
        found.append(bytes(model.SerializeToString()))
    return found


def own_tests() -> list[bytes]:
    """Return ONNX's own tests of operators that load, all inputs but the first stored."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.loader import load_model_tests

        np.random.seed(0)  # noqa: NPY002 - ONNX's tests draw from numpy's global generator
        cases = load_model_tests(kind="node")
    known, found = set(supported()), []
    for case in cases:
        if case.model is None or not {n.op_type for n in case.model.graph.node} <= known:
            continue
        with contextlib.suppress(TropnetError, TypeError, ValueError):
            model = _with_stored(case)
            load(model)
            found.append(bytes(model.SerializeToString()))
    return found


def _with_stored(case: Any) -> Any:
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    graph, values = model.graph, list(model.graph.input)
    for value, given in zip(values[1:], case.data_sets[0][0][1:], strict=True):
        stored = isinstance(given, onnx.TensorProto)
        array = numpy_helper.to_array(given) if stored else np.asarray(given)
        graph.initializer.append(numpy_helper.from_array(array, value.name))
    del graph.input[1:]
    return model
