"""Constants, counts, ranges and quantised weights, against onnxruntime and exactly."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.io.models import onnx_model
from tests.io.onnx_operators.cases import (
    Cases,
    assert_like_runtime,
    assert_refused,
    chain,
    floats,
    ints,
    node,
    one,
    real,
)
from tropnet.errors import (
    BudgetExceeded,
    DomainError,
    FormatError,
    ShapeError,
    TropnetError,
    UnsupportedLayerError,
)
from tropnet.io import load


def _stored(opset: int = 17, x: Any = (1, 3), **attribute: Any) -> Any:
    nodes = [
        helper.make_node("Constant", [], ["c"], name="stored", **attribute),
        node("Cast", "c", out="f", to=TensorProto.FLOAT),
        node("Add", "x", "f"),
    ]
    return chain(nodes, x, opset)


def _counted(op: str, *inputs: str, x: Any = (2, 3), opset: int = 17, **rest: Any) -> Any:
    stored = {k: v for k, v in rest.items() if isinstance(v, np.ndarray)}
    attributes = {k: v for k, v in rest.items() if not isinstance(v, np.ndarray)}
    nodes = [
        node(op, *inputs, out="c", **attributes),
        node("Cast", "c", out="f", to=TensorProto.FLOAT),
        node("Reshape", "x", "flat", out="z"),
        node("Concat", "z", "g", axis=0),
    ]
    nodes.insert(2, node("Reshape", "f", "flat", out="g"))
    return chain(nodes, x, opset, flat=ints(-1), **stored)


def _tensor(array: Any) -> Any:
    return numpy_helper.from_array(np.asarray(array))


def _weights(x: Any = (1, 3), opset: int = 19, **rest: Any) -> Any:
    """Return the model of x and DequantizeLinear(codes, scale, zero), one after the other.

    There is no product with x: onnxruntime would merge the two and round x to integers.
    """
    stored = {k: v for k, v in rest.items() if isinstance(v, np.ndarray)}
    attributes = {k: v for k, v in rest.items() if not isinstance(v, np.ndarray)}
    names = [k for k in ("codes", "scale", "zero") if k in stored]
    nodes = [
        node("DequantizeLinear", *names, out="W", **attributes),
        node("Reshape", "W", "flat", out="w"),
        node("Reshape", "x", "flat", out="z"),
        node("Concat", "z", "w", axis=0),
    ]
    return chain(nodes, x, opset, flat=ints(-1), **stored)


_CODES = np.array([[1, -2], [100, 0], [-128, 127]], np.int8)

CASES: Cases = {
    "Constant of a tensor": _stored(value=_tensor(floats(1, 2.5, -3))),
    "Constant of a tensor of operator set 7": _stored(7, value=_tensor(floats(1, 2.5, -3))),
    "Constant of a float": _stored(value_float=0.75),
    "Constant of floats": _stored(value_floats=[1.0, 2.0, 0.5]),
    "Constant of an integer": _stored(value_int=-4, opset=12),
    "Constant of integers": _stored(value_ints=[1, 2, 3]),
    "ConstantOfShape": _counted("ConstantOfShape", "s", s=ints(2, 1)),
    "ConstantOfShape with a value": _counted(
        "ConstantOfShape", "s", s=ints(2), value=_tensor(ints(-3)), opset=9
    ),
    "Shape": _counted("Shape", "x"),
    "Shape from start to end": _counted("Shape", "x", x=(2, 1, 3), start=-2, end=-1, opset=15),
    "Shape of operator set 7": _counted("Shape", "x", opset=7),
    "Size": _counted("Size", "x"),
    "Size of operator set 7": _counted("Size", "x", opset=7),
    "Range": _counted("Range", "a", "b", "c0", a=np.array(2), b=np.array(9), c0=np.array(3)),
    "Range downwards": _counted("Range", "a", "b", "c0", a=np.array(2, np.int32),
                                b=np.array(-3, np.int32), c0=np.array(-2, np.int32), opset=11),
    "Range of floats": _counted("Range", "a", "b", "c0", a=np.array(0.5, np.float32),
                                b=np.array(2.25, np.float32), c0=np.array(0.25, np.float32)),
    "DequantizeLinear": _weights(codes=_CODES, scale=np.array(0.25, np.float32),
                                 zero=np.array(3, np.int8)),
    "DequantizeLinear of operator set 10": _weights(
        opset=10, codes=_CODES.view(np.uint8), scale=np.array(0.5, np.float32),
        zero=np.array(128, np.uint8),
    ),
    "DequantizeLinear without a zero": _weights(codes=_CODES, scale=np.array(2.0, np.float32)),
    "DequantizeLinear of each column": _weights(
        codes=_CODES, scale=floats(0.5, 0.25), zero=np.array([1, -1], np.int8), opset=13
    ),
    "DequantizeLinear of each row": _weights(
        codes=_CODES, scale=floats(0.5, 0.25, 2), zero=np.array([1, -1, 0], np.int8), axis=0
    ),
    "DequantizeLinear of blocks": _weights(
        codes=_CODES, scale=np.array([[0.5, 1], [0.25, 2]], np.float32),
        zero=np.array([[1, -1], [0, 4]], np.int8), axis=0, block_size=2, opset=21,
    ),
    "DequantizeLinear of int32": _weights(
        codes=_CODES.astype(np.int32), scale=np.array(0.25, np.float32)
    ),
    "DequantizeLinear of int16": _weights(
        codes=_CODES.astype(np.int16), scale=np.array(0.25, np.float32), opset=21
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", list(CASES))
def test_matches_onnxruntime(case: str) -> None:
    assert_like_runtime(CASES[case])


def test_scales_of_all_bits_are_multiplied_exactly() -> None:
    scale = real(1)[0]
    model = _weights((1, 1), codes=np.array([[127]], np.int8), scale=np.array(scale))
    assert load(model).exact([1])[0, 1] == 127 * Fraction(float(scale))
    assert_like_runtime(model, exact=False)
    code = 2**31 - 1
    model = _weights((1, 1), codes=np.array([[code]], np.int32), scale=np.array(scale))
    assert load(model).exact([1])[0, 1] == code * Fraction(float(scale))


def test_weights_of_four_bits() -> None:
    codes = helper.make_tensor("codes", TensorProto.INT4, [3, 1], [-8, 3, 7])
    nodes = [node("DequantizeLinear", "codes", "scale", out="W"), node("MatMul", "x", "W")]
    model = onnx_model(nodes, {"scale": np.array(0.5, np.float32)}, {"x": [1, 3]}, opset=21)
    model.graph.initializer.append(codes)
    assert load(model).exact([1, 10, 100]).to_floats().tolist() == [[-4 + 15 + 350]]
    del model.graph.initializer[-1].int32_data[1:]
    with pytest.raises(FormatError, match="needs 3 elements, the file holds 2"):
        load(model)


def test_weights_of_bfloat16_are_exact() -> None:
    tensor = helper.make_tensor("h", TensorProto.BFLOAT16, [1], [1.0078125])
    nodes = [node("Cast", "h", out="c", to=TensorProto.FLOAT), node("Mul", "x", "c")]
    model = onnx_model(nodes, {}, {"x": [1, 1]})
    model.graph.initializer.append(tensor)
    assert float(load(model).exact([1])[0, 0]) == 1.0078125


def test_a_quantised_model_is_refused_where_it_rounds_activations() -> None:
    nodes = [
        node("QuantizeLinear", "x", "scale", out="q"),
        node("DequantizeLinear", "q", "scale"),
    ]
    with pytest.raises(
        UnsupportedLayerError,
        match=r"\(QuantizeLinear\) .*rounds activations.*try: the model before its activations",
    ):
        load(chain(nodes, scale=np.array(0.5, np.float32)))


@pytest.mark.parametrize(
    ("model", "error", "text"),
    [
        (one("ConstantOfShape", "s", s=ints(10**12)), BudgetExceeded, "ConstantOfShape"),
        (one("ConstantOfShape", "s", s=ints(2**32, 2**32)), BudgetExceeded, "ConstantOfShape"),
        (one("ConstantOfShape", "s", s=ints(-1)), ShapeError, r"impossible shape \[-1\]"),
        (one("ConstantOfShape", "s", s=ints(1), value=_tensor(floats(1, 2))), FormatError,
         "repeats 2 values"),
        (one("ConstantOfShape", "s", s=ints(1), value=_tensor(floats(np.nan))), DomainError,
         "has nan"),
        (one("Range", "a", "b", "c", a=np.array(0), b=np.array(10**12), c=np.array(1)),
         BudgetExceeded, "Range"),
        (one("Range", "a", "b", "c", a=np.array(0.0), b=np.array(1e9), c=np.array(1.0)),
         BudgetExceeded, "Range"),
        (one("Range", "a", "b", "c", a=np.array(0), b=np.array(1), c=np.array(0)), FormatError,
         "has the step 0"),
        (one("Range", "a", "b", "c", a=floats(0), b=floats(1), c=floats(0.1)),
         UnsupportedLayerError, "a rounding error decides"),
        (one("Range", "a", "b", "c", a=ints(0, 1), b=ints(1), c=ints(1)), ShapeError, "numbers"),
        (one("Range", "x", "b", "c", b=ints(1), c=ints(1)), UnsupportedLayerError,
         "its start depends on the input"),
        (one("DequantizeLinear", "c", "x", c=_CODES), UnsupportedLayerError,
         "its scale depends on the input"),
        (one("DequantizeLinear", "c", "s", c=_CODES, s=floats(1, 2, 3)), ShapeError,
         r"scales of shape \(3,\) do not fit"),
        (one("DequantizeLinear", "c", "s", c=_CODES, s=floats(1, 2), axis=2), ShapeError,
         "axis 2 of 2"),
        (one("DequantizeLinear", "c", "s", c=_CODES, s=np.ones((2, 2), np.float32), axis=0,
             block_size=1, opset=21), ShapeError, "do not fit"),
        (one("DequantizeLinear", "x", "s", s=floats(1)), UnsupportedLayerError,
         "its quantised tensor depends on the input"),
        (one("DequantizeLinear", "c", "s", c=floats(1), s=floats(1)), UnsupportedLayerError,
         "no tensor of integers"),
    ],
)  # fmt: skip
def test_refusals(model: Any, error: type[TropnetError], text: str) -> None:
    assert_refused(model, error, text)


def test_constants_that_are_no_real_tensors() -> None:
    for attribute in ({"value_string": b"a"}, {"value_strings": [b"a"]}):
        with pytest.raises(UnsupportedLayerError, match="it stores value_string"):
            load(_stored(**attribute))
    with pytest.raises(UnsupportedLayerError, match="it stores value_float, value_int"):
        load(_stored(value_float=1.0, value_int=1))
