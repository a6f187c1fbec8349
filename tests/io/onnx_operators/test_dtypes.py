"""Models in float16 and float64, against onnx's reference evaluator, which calculates in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator

from tests.io.models import assert_within_bound
from tests.io.onnx_operators.test_registry import models
from tropnet.io import load

_ELEMENTS = {"float16": TensorProto.FLOAT16, "float64": TensorProto.DOUBLE}
#: Cases that the evaluator calculates as in training, and one in which it counts entries that are
#: not there, other than onnxruntime and torch.
_OTHERWISE = {
    "BatchNormalization of operator set 7",
    "BatchNormalization of operator set 9",
    "AveragePool of a window larger than the values",
}


def _converted(model: Any, dtype: str) -> Any | None:
    """Return the model with floats of another type; None where it casts, or they exceed it."""
    if any(n.op_type in ("Cast", "CastLike", "DequantizeLinear") for n in model.graph.node):
        return None
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    for value in (*changed.graph.input, *changed.graph.output):
        value.type.tensor_type.elem_type = _ELEMENTS[dtype]
    for tensor in changed.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            with np.errstate(over="ignore"):
                array = numpy_helper.to_array(tensor).astype(dtype)
            if not np.isfinite(array).all():
                return None
            tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))
    return changed


def _evaluated(model: Any, points: Any, dtype: str) -> Any:
    evaluator = ReferenceEvaluator(model)
    results = []
    for point in points:
        feed, start = {}, 0
        for value in model.graph.input:
            shape = [d.dim_value or 1 for d in value.type.tensor_type.shape.dim]
            size = int(np.prod(shape))
            feed[value.name] = point[start : start + size].reshape(shape).astype(dtype)
            start += size
        outputs = evaluator.run(None, feed)
        results.append(np.concatenate([np.asarray(o, np.float64).reshape(-1) for o in outputs]))
    return np.array(results)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_other_arithmetics(dtype: str) -> None:
    compared = 0
    for name, model in models():
        changed = _converted(model, dtype)
        if changed is None or name in _OTHERWISE:
            continue
        f = load(changed)
        assert f.dtype == dtype
        random = np.random.default_rng(5)
        points = (random.standard_normal((6, f.n_inputs)) * 3).astype("float16")
        try:
            found = _evaluated(changed, points, dtype)
        except Exception:
            continue
        if found.shape != (6, f.n_outputs) or not np.isfinite(found).all():
            continue
        try:
            assert_within_bound(f, points, found)
        except AssertionError as error:
            error.add_note(name)
            raise
        compared += 1
    assert compared >= 250
