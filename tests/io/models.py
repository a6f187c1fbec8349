"""Small models and files of every format, for the tests of the readers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tropnet import Network

_ELEMENTS = {
    "float16": TensorProto.FLOAT16,
    "float32": TensorProto.FLOAT,
    "float64": TensorProto.DOUBLE,
}


def dense_arrays(widths: Sequence[int], seed: int = 0, dtype: str = "float32") -> list[Any]:
    """Return random (weights out x in, bias) pairs."""
    random = np.random.default_rng(seed)
    return [
        (
            random.standard_normal((b, a)).astype(dtype),
            random.standard_normal(b).astype(dtype),
        )
        for a, b in pairwise(widths)
    ]


def network(layers: Sequence[Any], dtype: Any = "float32") -> Network:
    """Return the network of such pairs."""
    return Network.from_dense([w for w, _ in layers], [b for _, b in layers], dtype=dtype)


def state_dict(layers: Sequence[Any], names: Sequence[str] | None = None) -> dict[str, Any]:
    """Return arrays under torch's names, `0.weight, 0.bias, 2.weight, …`."""
    names = [str(2 * k) for k in range(len(layers))] if names is None else names
    pairs = zip(names, layers, strict=True)
    return {f"{n}.{p}": a for n, y in pairs for p, a in zip(("weight", "bias"), y, strict=True)}


def onnx_model(
    nodes: Sequence[Any],
    stored: dict[str, Any] | None = None,
    inputs: dict[str, Any] | None = None,
    outputs: Sequence[str] = ("y",),
    *,
    opset: int = 17,
    dtype: str = "float32",
    as_inputs: bool = False,
) -> Any:
    """Return an ONNX model; shapes may hold names for free axes."""
    stored = stored or {}
    element = _ELEMENTS[dtype]
    shapes: dict[str, Any] = {"x": ["N", 3]} if inputs is None else inputs
    graph_inputs = [helper.make_tensor_value_info(k, element, v) for k, v in shapes.items()]
    tensors = [numpy_helper.from_array(np.asarray(a), name) for name, a in stored.items()]
    if as_inputs:
        graph_inputs += [
            helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)) for t in tensors
        ]
    graph = helper.make_graph(
        list(nodes), "test", graph_inputs,
        [helper.make_tensor_value_info(name, element, None) for name in outputs], tensors,
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def dense_onnx(layers: Sequence[Any], *, gemm: bool = True, **options: Any) -> Any:
    """Return the ONNX model of dense layers with Relu between them."""
    nodes: list[Any] = []
    stored: dict[str, Any] = {}
    value = "x"
    for k, (weights, bias) in enumerate(layers):
        last = k + 1 == len(layers)
        end = "y" if last else f"z{k}"
        if gemm:
            stored |= {f"W{k}": weights, f"b{k}": bias}
            inputs = [value, f"W{k}", f"b{k}"]
            nodes.append(helper.make_node("Gemm", inputs, [end], name=f"gemm{k}", transB=1))
        else:
            stored |= {f"W{k}": np.ascontiguousarray(weights.T), f"b{k}": bias}
            nodes.append(helper.make_node("MatMul", [value, f"W{k}"], [f"m{k}"], name=f"mm{k}"))
            nodes.append(helper.make_node("Add", [f"m{k}", f"b{k}"], [end], name=f"add{k}"))
        value = end
        if not last:
            nodes.append(helper.make_node("Relu", [value], [f"r{k}"], name=f"relu{k}"))
            value = f"r{k}"
    options.setdefault("inputs", {"x": ["N", layers[0][0].shape[1]]})
    return onnx_model(nodes, stored, **options)


def nnet_text(layers: Sequence[Any], **header: str) -> str:
    """Return a .nnet file; `lows`, `highs`, `means`, `ranges` replace lines of the header."""
    sizes = [layers[0][0].shape[1], *(len(b) for _, b in layers)]
    n = sizes[0]
    lines = {
        "lows": "-9," * n,
        "highs": "9," * n,
        "means": "0," * (n + 1),
        "ranges": "1," * (n + 1),
        **header,
    }
    text = [
        "// a test",
        f"{len(layers)},{n},{sizes[-1]},{max(sizes)},",
        ",".join(map(str, sizes)) + ",",
        "0,",
        *(lines[k] for k in ("lows", "highs", "means", "ranges")),
    ]
    for weights, bias in layers:
        text += [",".join(repr(float(v)) for v in row) + "," for row in weights]
        text += [f"{float(v)!r}," for v in bias]
    return "\n".join(text) + "\n"


def points_and_kinks(f: Network, seed: int = 0, count: int = 24) -> Any:
    """Return points, exact in float32: random ones of several sizes, zero, and points on kinks.

    A kink point lies, up to rounding, where a unit of the first layer is zero.
    """
    random = np.random.default_rng(seed)
    scales = 10.0 ** random.integers(-3, 2, size=(count, 1))
    points = [random.standard_normal((count, f.n_inputs)) * scales, np.zeros((1, f.n_inputs))]
    layer = next((y for y in f.layers if y.relu.any() and y.affine.sources == (0,)), None)
    if layer is not None:
        weights = layer.affine.terms[0][1].values
        units = random.integers(0, layer.width, size=count)
        rows, offsets = weights[units], layer.affine.bias.values[units, 0]
        starts = random.standard_normal((count, f.n_inputs))
        norms = np.maximum((rows * rows).sum(axis=1), 1e-30)
        steps = ((rows * starts).sum(axis=1) + offsets) / norms
        points.append(starts - steps[:, None] * rows)
    return np.clip(np.concatenate(points), -1e6, 1e6).astype(np.float32)


def assert_within_bound(f: Network, points: Any, found: Any) -> None:
    """Fail where a runtime's outputs leave the computed rounding bound of the network."""
    enclosure = f.enclosure(np.asarray(points, dtype=np.float64), f.dtype)
    gaps = np.abs(np.asarray(found, dtype=np.float64) - enclosure.values)
    assert np.isfinite(enclosure.errors).all()
    assert (gaps <= enclosure.errors).all(), f"off by {gaps.max()}, bound {enclosure.errors.max()}"


def run_onnx(model: Any, points: Any) -> Any:
    """Return onnxruntime's outputs for each row of points, inputs and outputs concatenated."""
    import onnxruntime

    content = model if isinstance(model, bytes | str) else model.SerializeToString()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    kinds = {"tensor(float16)": "float16", "tensor(float)": "float32", "tensor(double)": "float64"}
    results = []
    for point in points:
        feed, start = {}, 0
        for value in session.get_inputs():
            shape = [d if isinstance(d, int) and d > 0 else 1 for d in value.shape]
            size = int(np.prod(shape))
            part = point[start : start + size].reshape(shape)
            feed[value.name] = part.astype(kinds[value.type])
            start += size
        outputs = session.run(None, feed)
        results.append(np.concatenate([np.asarray(o, np.float64).reshape(-1) for o in outputs]))
    return np.array(results)


def write(path: Path, model: Any) -> Path:
    """Write an ONNX model."""
    onnx.save(model, path)
    return path
