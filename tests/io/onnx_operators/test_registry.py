"""The registry as a whole: every operator, in every version of it, has a case that is run."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

import onnx
import pytest
from onnx import defs

from tropnet.errors import FormatError, UnsupportedLayerError
from tropnet.io import load
from tropnet.io.onnx_model import FIRST_OPSET, LAST_OPSET
from tropnet.io.onnx_operators import Call, lookup, supported
from tropnet.io.onnx_operators.registry import operator
from tropnet.io.operations import Operations

FILES = (
    "affine", "choice", "condition", "constants", "convolution", "folding", "normalise", "order",
    "piecewise", "pooling", "reduction", "resize", "shape",
)  # fmt: skip


@cache
def models() -> list[tuple[str, Any]]:
    found = []
    for file in FILES:
        module = importlib.import_module(f"tests.io.onnx_operators.test_{file}")
        found += [(name, model) for name, model in module.CASES.items()]
    return found


def _version(op: str, opset: int) -> int:
    return int(defs.get_schema(op, opset, "").since_version)


def test_every_operator_has_a_case() -> None:
    tested = {node.op_type for _, model in models() for node in model.graph.node}
    assert set(supported()) - tested == set()


def test_every_file_of_operators_has_a_test_file() -> None:
    package = importlib.import_module("tropnet.io.onnx_operators")
    files = {lookup(op).__module__.rpartition(".")[2] for op in supported()}
    assert files == set(FILES)
    assert all(hasattr(package, file) for file in FILES)


#: Operators that mean something else in another operator set: Resize chose other pixels in 10.
_CHANGED = {"Resize"}


@pytest.mark.parametrize("op", supported())
def test_every_version_of_an_operator_is_read(op: str) -> None:
    """Each case reads the same network in every operator set that allows its nodes."""
    wanted = set()
    for opset in range(FIRST_OPSET, LAST_OPSET + 1):
        if defs.has(op, max_inclusive_version=opset, domain="") and not (
            defs.get_schema(op, opset, "").deprecated
        ):
            wanted.add(_version(op, opset))
    seen = set()
    for _, model in models():
        if op not in {node.op_type for node in model.graph.node}:
            continue
        network = load(model)
        own = model.opset_import[0].version
        seen.add(_version(op, own))
        if op in _CHANGED:
            continue
        for opset in range(FIRST_OPSET, LAST_OPSET + 1):
            if not defs.has(op, max_inclusive_version=opset, domain=""):
                continue
            if _version(op, opset) in seen:
                continue
            other = onnx.ModelProto()
            other.CopyFrom(model)
            other.opset_import[0].version = opset
            try:
                again = load(other)
            except FormatError:
                continue  # an attribute, an input or another node of that set is missing
            assert again.sha256 == network.sha256
            seen.add(_version(op, opset))
    assert wanted - seen == set()


def test_one_function_for_an_operator() -> None:
    with pytest.raises(AssertionError, match="two functions for Relu"):
        operator("Relu")(lambda call: call.value(0))


def test_what_a_call_says_of_missing_things() -> None:
    call = Call("n", "Op", (None,), {"a": "text", "b": 2}, 17, Operations("float32"))
    assert call.optional(0) is None
    assert call.optional(5) is None
    assert call.kind(3) == 0
    with pytest.raises(FormatError, match=r"node 'n' \(Op\) lacks its input 0"):
        call.value(0)
    with pytest.raises(FormatError, match=r"attribute a is 'text', not of type int"):
        call.integer("a", 0)
    with pytest.raises(UnsupportedLayerError, match="its a is 'text'; try: word or other"):
        call.text("a", "word", ("word", "other"))
    assert call.real("c", 0.1) == float.fromhex("0x1.99999a0000000p-4")
