"""ONNX's own tests of its operators, which come inside the `onnx` package, through `load`.

They feed weights as inputs of the graph. Here the first float input stays an input (of an operator
that is read of constants alone, none does), and the others become stored tensors.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from unittest import mock

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from tropnet.errors import TropnetError
from tropnet.io import load
from tropnet.io.onnx_model import FIRST_OPSET, LAST_OPSET
from tropnet.io.onnx_operators import supported

_FLOATS: Final = ("float16", "float32", "float64")
#: Operators that are read of constants alone, or that tests feed with constants first.
_FOLDED: Final = {
    "And", "Ceil", "DequantizeLinear", "Equal", "Exp", "Floor", "Greater", "GreaterOrEqual", "Less",
    "LessOrEqual", "Log", "Mod", "NonZero", "Not", "Or", "Pow", "Range", "Reciprocal", "ReduceProd",
    "Round", "Shape", "Sign", "Size", "Sqrt", "Xor", "ConstantOfShape",
}  # fmt: skip
#: Families of cases that are refused, by their names, and what the refusal says.
_REFUSED: Final = (
    # element types that NumPy lacks
    (
        r"cast.*(FLOAT8|FLOAT4|U?INT2|e8m0)|linear_(e4m3|e5m2|float4|u?int2)",
        r"stored as|casts .* to|attribute",
    ),
    (r"^test_cast_.*to_BFLOAT16$|^test_castlike_.*to_BFLOAT16(_expanded)?$", "to BFLOAT16"),
    (r"^test_cast(like)?_.*to_U?INT4(_expanded)?$", "casts what depends on the input to U?INT4"),
    (r"^test_cast(like)?_BFLOAT16_to_FLOAT(_expanded)?$", "has nan at"),
    (r"^test_equal_string", "stored as STRING"),
    # what ONNX gave the operator after operator set 23
    (r"^test_spacetodepth_(crd|dcr)_mode_example$", "operator set 23 gives SpaceToDepth no"),
    # nothing is left, or a maximum of nothing is asked for
    (
        r"zero_size_split|_int_shape_zero|allowzero_r|start_greater|slice_start_out|tri[lu]_zero|axis_zero",
        "no output values",
    ),
    (r"^test_reduce_(max|min)_empty_set", "a (max|min)imum of nothing"),
    # training
    (r"^test_training_dropout|^test_batchnorm_.*_training_mode$", "training mode"),
    # jumps
    (r"^test_thresholdedrelu(_default|_example)?$|^test_shrink_hard$", "not continuous"),
    (r"^test_(shrink_(hard|soft)|thresholdedrelu.*)_expanded", "it may jump"),
    (r"^test_mod_.*(float16|float32|float64)", "divides reals with a rest|has inf at"),
    (r"^test_(greater|less)_equal(_bcast)?_expanded$", "joins comparisons"),
    # not piecewise linear, most of them written out in simpler operators
    (
        r"^test_(exp|log|exp_example|log_example|sqrt|pow)$|^test_reduce_log_sum_(exp_)?empty",
        "no rational number",
    ),
    (r"^test_reduce_prod_", "multiplies reals"),
    (r"^test_resize_.*(cubic|linear|crop_and_resize)", "its mode is"),
    (
        r"softmax|test_(elu|celu|selu|gelu|mish)|_sce_|softplus|reduce_log|mvn",
        "not piecewise linear",
    ),
    (r"^test_softsign.*_expanded", "its divisor depends on the input"),
    (
        r"normalization|hardswish|attention|swiglu|(reduce_l2|sum_square)_(do|keep|def|neg)",
        "two values that depend",
    ),
)
#: Cases whose stored output was typed in by hand, with so many digits.
_ROUGH: Final = {"test_averagepool_2d_ceil_last_window_starts_on_pad": 1e-4}


@dataclass(frozen=True)
class _Case:
    name: str
    model: Any
    inputs: list[Any]
    outputs: list[Any]

    @property
    def ops(self) -> set[str]:
        return {node.op_type for node in self.model.graph.node}


@contextmanager
def _smaller_images() -> Iterator[None]:
    """Let ONNX draw images of 6³ voxels where it wants 32³, and leave its documentation unwritten.

    It computes outputs window by window in Python: three cases of 90,000 windows took most of the
    time, and say no more about windows of 2³ than 375 do.
    """
    from onnx.backend.test.case import base

    def drawn(*shape: int) -> Any:
        return draw(*((1, 3, 6, 6, 6) if shape == (1, 3, 32, 32, 32) else shape))

    draw = np.random.randn
    with (
        mock.patch.object(np.random, "randn", drawn),
        mock.patch.object(base, "process_snippet", return_value=("", "")),
    ):
        yield


@cache
def _cases() -> dict[str, _Case]:
    # not made before a test asks: it takes seconds
    with warnings.catch_warnings(), _smaller_images():
        warnings.simplefilter("ignore")
        from onnx.backend.test.loader import load_model_tests

        np.random.seed(0)  # noqa: NPY002 - ONNX's tests draw from numpy's global generator
        found = load_model_tests(kind="node")
    known = set(supported())
    cases = {}
    for case in found:
        if case.model is None or not case.data_sets:
            continue
        graph = case.model.graph
        ops, domains = {n.op_type for n in graph.node}, {n.domain for n in graph.node}
        tensors = all(i.type.HasField("tensor_type") for i in graph.input)
        if ops and ops <= known and domains <= {"", "ai.onnx"} and tensors:
            inputs, outputs = case.data_sets[0]
            cases[case.name] = _Case(case.name, case.model, list(inputs), list(outputs))
    return cases


def _prepared(case: _Case, *, folded: bool) -> tuple[Any, Any, list[Any]]:
    """Return the model with at most one input, the values of that input, and the outputs."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    for imported in model.opset_import:
        imported.version = min(max(imported.version, FIRST_OPSET), LAST_OPSET)
    graph, point, kept = model.graph, None, []
    for value, given in zip(list(graph.input), case.inputs, strict=True):
        tensor = given
        if not isinstance(given, onnx.TensorProto):
            tensor = numpy_helper.from_array(np.asarray(given), value.name)
        array = numpy_helper.to_array(tensor)
        if not folded and point is None and array.dtype.name in _FLOATS and array.size:
            point = array
            kept.append(value)
        else:
            graph.initializer.append(tensor)
            graph.initializer[-1].name = value.name
    if point is None:
        kept.append(helper.make_tensor_value_info("unused input", 1, [1]))
        point = np.zeros(1, np.float32)
    del graph.input[:]
    graph.input.extend(kept)
    outputs = list(zip(list(graph.output), case.outputs, strict=True))
    if any(node.op_type in ("MaxPool", "TopK", "Dropout") for node in graph.node):
        outputs = outputs[:1]  # the second is of places or of a mask
    del graph.output[:]
    graph.output.extend(value for value, _ in outputs)
    return model, point, [_array(given) for _, given in outputs]


def _array(given: Any) -> Any:
    if isinstance(given, onnx.TensorProto):
        given = numpy_helper.to_array(given)
    return np.asarray(given)


def _assert_equal(model: Any, point: Any, outputs: list[Any], rough: float) -> None:
    f = load(model)
    finite = np.isfinite(point)
    if not finite.all():  # only casts are fed with NaN; what becomes of it is left out
        assert len(outputs) == 1
        assert outputs[0].shape == point.shape
        point, outputs = np.where(finite, point, 0), [np.where(finite, outputs[0], 0)]
    enclosure = f.enclosure([point.reshape(-1).astype(np.float64)], f.dtype)
    wanted = np.concatenate([o.reshape(-1).astype(np.float64) for o in outputs])
    assert f.n_outputs == len(wanted)
    roundings = [float(np.finfo(o.dtype).eps) for o in outputs if o.dtype.name in _FLOATS]
    slack = np.abs(wanted) * max(roundings, default=0.0) + 1e-45 + rough
    gaps = np.abs(enclosure.values[0] - wanted)
    assert (gaps <= enclosure.errors[0] + slack).all(), f"off by {gaps.max()}"


def _is_folded(case: _Case) -> bool:
    nodes = case.model.graph.node
    return len(nodes) == 1 and nodes[0].op_type in _FOLDED


def _reason(name: str) -> str | None:
    return next((text for names, text in _REFUSED if re.search(names, name)), None)


def _assert_all(cases: Iterable[_Case]) -> None:
    for case in cases:
        reason = _reason(case.name)
        model, point, outputs = _prepared(case, folded=_is_folded(case))
        try:
            if reason is None:
                _assert_equal(model, point, outputs, _ROUGH.get(case.name, 0.0))
            else:
                with pytest.raises(TropnetError, match=reason):
                    load(model)
        except BaseException as error:
            error.add_note(case.name)
            raise


@pytest.mark.parametrize("op", supported())
def test_cases_of_one_operator(op: str) -> None:
    cases = [c for c in _cases().values() if c.ops == {op}]
    assert cases, f"ONNX has no test of {op} alone"
    _assert_all(cases)


def test_cases_of_several_operators() -> None:
    cases = [c for c in _cases().values() if len(c.ops) > 1]
    assert len(cases) >= 200
    _assert_all(cases)


def test_the_cases_are_many() -> None:
    read = [name for name in _cases() if _reason(name) is None]
    assert len(read) >= 600


#: Stored exports of torch that are refused: smooth functions, products, integers, sequences, and
#: what operator set 6, of which they are, wrote in another way than set 7.
_REFUSED_EXPORTS: Final = re.compile(
    "BatchNorm.*eval|ELU|Embedding|float_params|GLU|Sigmoid|_Linear$|addmm|_mm$|[Ss]oftm|Softplus|"
    "log_softmax|LogSoftmax|PReLU_.d_multiparam|Poisson|_exp$|[Ss]elu|Softsign|add_|addconstant|"
    "Tanh|basic|params|_pow|_sqrt|symbolic_override$"
)


@pytest.mark.parametrize("kind", ["pytorch-converted", "pytorch-operator"])
def test_stored_exports_of_torch(kind: str) -> None:
    """Models with their weights, inputs and outputs, written by torch years ago, as set 7."""
    from onnx.backend.test.loader import DATA_DIR

    read = 0
    for folder in sorted((Path(DATA_DIR) / kind).iterdir()):
        model = onnx.load(folder / "model.onnx")
        for imported in model.opset_import:
            imported.version = max(imported.version, FIRST_OPSET)
        if _REFUSED_EXPORTS.search(folder.name):
            with pytest.raises(TropnetError):
                load(model)
            continue
        for data in sorted(folder.glob("test_data_set_*")):
            inputs = [_stored(file) for file in sorted(data.glob("input_*.pb"))]
            outputs = [_stored(file) for file in sorted(data.glob("output_*.pb"))]
            point = np.concatenate([array.reshape(-1) for array in inputs])
            _assert_equal(model, point, outputs, 0.0)
            read += 1
    assert read >= {"pytorch-converted": 50, "pytorch-operator": 15}[kind]


def _stored(file: Path) -> Any:
    return numpy_helper.to_array(onnx.TensorProto.FromString(file.read_bytes()))
