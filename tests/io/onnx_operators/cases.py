"""What the tests of the ONNX operators share: nodes, weights, and the comparison with a runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from onnx import helper

from tests.io.models import assert_within_bound, onnx_model, points_and_kinks, run_onnx
from tropnet.errors import TropnetError, UnsupportedLayerError
from tropnet.exact import RationalMatrix
from tropnet.io import load

#: A name and the model that it stands for.
Cases = Mapping[str, Any]


def node(op: str, *inputs: str, out: str = "y", **attributes: Any) -> Any:
    """Return a node named after its operator and its output."""
    return helper.make_node(op, list(inputs), [out], name=f"{op} of {out}", **attributes)


def ints(*values: int) -> Any:
    """Return a vector of int64."""
    return np.array(values, dtype=np.int64)


def floats(*values: float) -> Any:
    """Return a vector of float32."""
    return np.array(values, dtype=np.float32)


def weights(*shape: int, seed: int = 0) -> Any:
    """Return float32 numbers of few bits: sums and products of them are exact in float32."""
    return (np.random.default_rng(seed).integers(-12, 13, size=shape) / 4).astype(np.float32)


def real(*shape: int, seed: int = 0) -> Any:
    """Return float32 numbers of all bits."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def chain(nodes: Sequence[Any], x: Any = (1, 3), opset: int = 17, **stored: Any) -> Any:
    """Return the model of several nodes that read x and end in y."""
    return onnx_model(nodes, stored, {"x": list(x)}, opset=opset)


def one(op: str, *inputs: str, x: Any = (1, 3), opset: int = 17, **rest: Any) -> Any:
    """Return the model of one node that reads x; arrays among the keywords are stored tensors."""
    stored = {k: v for k, v in rest.items() if isinstance(v, np.ndarray)}
    attributes = {k: v for k, v in rest.items() if not isinstance(v, np.ndarray)}
    return onnx_model(
        [node(op, *(inputs or ("x",)), **attributes)], stored, {"x": list(x)}, opset=opset
    )


def assert_refused(model: Any, error: type[TropnetError], text: str) -> None:
    """Fail unless `load` refuses in one line that says this, with the node and its operator."""
    with pytest.raises(error, match=text) as caught:
        load(model)
    message, node = str(caught.value), model.graph.node[-1]
    assert "\n" not in message
    if error is UnsupportedLayerError:
        assert "stop_before=" in message
    if not message.startswith("'"):  # of a stored tensor
        assert f"{node.name!r} ({node.op_type})" in message or node.op_type in message


def assert_like_runtime(model: Any, *, exact: bool = True, wide: bool = True) -> None:
    """Fail where the model and onnxruntime differ by more than the bound, or at all at integers.

    Args:
        model: an ONNX model.
        exact: whether the runtime rounds nothing at small integers.
        wide: whether to go to points of all sizes and kinks as well.
    """
    f = load(model)
    if wide:
        points = points_and_kinks(f)
        assert_within_bound(f, points, run_onnx(model, points))
    grid = np.random.default_rng(3).integers(-3, 4, size=(24, f.n_inputs)).astype(np.float32)
    found = run_onnx(model, grid)
    if exact:
        assert f.exact(grid) == RationalMatrix.from_floats(found)
    assert_within_bound(f, grid, found)
