"""ONNX graphs as wholes: inputs, outputs, opsets, stored tensors, external data, broken ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.io.models import (
    assert_within_bound,
    dense_arrays,
    dense_onnx,
    network,
    onnx_model,
    points_and_kinks,
    run_onnx,
    write,
)
from tropnet.errors import (
    BudgetExceeded,
    DomainError,
    FormatError,
    ShapeError,
    TropnetError,
    UnsafeFileError,
    UnsupportedLayerError,
)
from tropnet.io import load

_LAYERS = dense_arrays([3, 5, 4, 2])


@pytest.mark.parametrize("opset", range(7, 24))
@pytest.mark.parametrize("gemm", [True, False])
def test_every_operator_set_reads_the_same_network(opset: int, gemm: bool) -> None:
    assert load(dense_onnx(_LAYERS, gemm=gemm, opset=opset)) == network(_LAYERS)


@pytest.mark.parametrize("opset", [6, 24, 99])
def test_other_operator_sets_are_refused(opset: int) -> None:
    with pytest.raises(FormatError, match=f"operator set {opset}; 7 to 23 are read"):
        load(dense_onnx(_LAYERS, opset=opset))


@pytest.mark.parametrize("batch", ["N", None, -1, 0, 1])
def test_batch_axes_free_or_fixed(batch: Any) -> None:
    model = dense_onnx(_LAYERS, inputs={"x": [batch, 3]})
    assert load(model) == network(_LAYERS)


def test_a_fixed_first_axis_is_part_of_the_input() -> None:
    model = dense_onnx(_LAYERS, inputs={"x": [2, 3]})
    f = load(model)
    assert (f.n_inputs, f.n_outputs) == (6, 4)
    points = points_and_kinks(f)
    assert_within_bound(f, points, run_onnx(model, points))


@pytest.mark.parametrize("shape", [["N"], [1, "length", 3], ["N", None]])
def test_other_free_axes_are_refused(shape: Any) -> None:
    with pytest.raises(ShapeError, match="only the first of several axes may be free"):
        load(dense_onnx(_LAYERS, inputs={"x": shape}))


def test_an_input_without_a_shape_is_refused() -> None:
    with pytest.raises(ShapeError, match="input 'x' has no shape"):
        load(dense_onnx(_LAYERS, inputs={"x": None}))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_arithmetic_is_that_of_the_inputs(dtype: Any) -> None:
    layers = dense_arrays([3, 5, 2], dtype=dtype)
    f = load(dense_onnx(layers, dtype=dtype))
    assert f.dtype == dtype
    assert f == network(layers)


def test_stored_tensors_may_be_listed_as_inputs() -> None:
    f = load(dense_onnx(_LAYERS, as_inputs=True))
    assert f == network(_LAYERS)
    assert f.input_names == ("x",)


def test_several_inputs_and_outputs_are_concatenated_in_order() -> None:
    nodes = [
        helper.make_node("Add", ["a", "b"], ["s"]),
        helper.make_node("Relu", ["s"], ["r"]),
        helper.make_node("Sub", ["b", "a"], ["d"]),
    ]
    model = onnx_model(nodes, {}, {"a": ["N", 2], "b": ["N", 2]}, ("r", "d"))
    f = load(model)
    assert (f.input_names, f.output_names) == (("a", "b"), ("r", "d"))
    assert f.exact([1, 2, 3, -5]).to_floats().tolist() == [[4, 0, 2, -7]]
    points = points_and_kinks(f)
    assert_within_bound(f, points, run_onnx(model, points))


def test_nodes_that_no_output_needs_do_not_matter() -> None:
    model = dense_onnx(_LAYERS)
    model.graph.node.append(helper.make_node("Sigmoid", ["z0"], ["unused"]))
    model.graph.initializer.append(
        numpy_helper.from_array(np.array([np.nan], np.float32), "unused too")
    )
    assert load(model) == network(_LAYERS)


def test_stop_before_reads_what_comes_before_a_node() -> None:
    model = dense_onnx(_LAYERS)
    model.graph.node.append(helper.make_node("Softmax", ["y"], ["p"], name="last"))
    model.graph.output[0].name = "p"
    with pytest.raises(UnsupportedLayerError, match="stop_before='last'"):
        load(model)
    for word in ("last", "p", "Softmax"):
        assert load(model, stop_before=word) == network(_LAYERS)
    assert load(model, stop_before="relu1").widths == (5,)
    with pytest.raises(FormatError, match=r"'Relu' fits 2 nodes; they are relu0 \(Relu\), relu1"):
        load(model, stop_before="Relu")
    with pytest.raises(FormatError, match=r"fits 0 nodes; the last ones are .*last \(Softmax\)"):
        load(model, stop_before="nowhere")


def test_outputs_that_do_not_depend_on_the_input() -> None:
    model = onnx_model(
        [helper.make_node("Identity", ["c"], ["y"])], {"c": np.array([1, 2], np.float32)}
    )
    f = load(model)
    assert f.exact([7, 8, 9]).to_floats().tolist() == [[1, 2]]
    assert any("constants" in note for note in f.notes)


def test_casts_are_noted_and_the_coarsest_arithmetic_counts() -> None:
    nodes = [
        helper.make_node("Cast", ["x"], ["c"], to=TensorProto.FLOAT16),
        helper.make_node("Relu", ["c"], ["y"]),
    ]
    f = load(onnx_model(nodes))
    assert f.dtype == "float16"
    assert any("casts" in note for note in f.notes)


def _sparse(dims: Any, places: Any, values: Any = (1.5, -2.0)) -> Any:
    sparse = onnx.SparseTensorProto()
    sparse.dims.extend(dims)
    sparse.values.CopyFrom(numpy_helper.from_array(np.array(values, np.float32), "W"))
    sparse.indices.CopyFrom(numpy_helper.from_array(np.array(places, np.int64), "places"))
    return sparse


@pytest.mark.parametrize("places", [[1, 5], [[0, 1], [2, 1]]])
def test_sparse_tensors_are_read(places: Any) -> None:
    model = onnx_model([helper.make_node("MatMul", ["x", "W"], ["y"])])
    model.graph.sparse_initializer.append(_sparse([3, 2], places))
    assert load(model).exact([1, 10, 100]).to_floats().tolist() == [[0, 1.5 - 200]]
    stored = helper.make_node("Constant", [], ["W"], sparse_value=_sparse([3, 2], places))
    model = onnx_model([stored, helper.make_node("MatMul", ["x", "W"], ["y"])])
    assert load(model).exact([1, 10, 100]).to_floats().tolist() == [[0, 1.5 - 200]]


@pytest.mark.parametrize(
    ("dims", "places", "error", "text"),
    [
        ([3, 2], [1, 6], FormatError, "indices outside"),
        ([3, 2], [-1, 2], FormatError, "indices outside"),
        ([3, 2], [[0, 1], [0, 2]], FormatError, "indices outside"),
        ([3, 2], [1, 1], FormatError, "an index twice"),
        ([3, 2], [1], FormatError, "for 2 values"),
        ([3, 0], [1, 2], FormatError, "impossible shape"),
        ([10**6, 10**6], [1, 2], BudgetExceeded, "the sparse tensor 'W'"),
        ([2**40, 2**40], [1, 2], BudgetExceeded, "the sparse tensor 'W'"),
    ],
)
def test_broken_sparse_tensors(
    dims: Any, places: Any, error: type[TropnetError], text: str
) -> None:
    model = onnx_model([helper.make_node("MatMul", ["x", "W"], ["y"])])
    model.graph.sparse_initializer.append(_sparse(dims, places))
    with pytest.raises(error, match=text):
        load(model)


@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax", "ArgMax"])
def test_a_final_choice_is_left_out_on_request(op: str) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "W"], ["c"], name="conv"),
        helper.make_node("Flatten", ["c"], ["f"]),
        helper.make_node(op, ["f"], ["y"], name="choice", axis=1),
    ]
    weights = np.ones((2, 1, 2, 2), np.float32)
    model = onnx_model(nodes, {"W": weights}, {"x": ["N", 1, 3, 3]})
    with pytest.raises(
        UnsupportedLayerError,
        match=rf"'choice' \({op}\) .*; try: stop_before='choice' reads what comes before it$",
    ):
        load(model)
    f = load(model, stop_before="choice")
    assert (f.n_inputs, f.n_outputs, f.output_names) == (9, 8, ("f",))
    assert load(model, stop_before=op) == f


def test_several_inputs_of_several_axes_keep_their_names() -> None:
    nodes = [
        helper.make_node("GlobalMaxPool", ["image"], ["m"]),
        helper.make_node("Flatten", ["m"], ["f"]),
        helper.make_node("Concat", ["f", "row"], ["joined"], axis=1),
        helper.make_node("Transpose", ["image"], ["turned"], perm=[0, 1, 3, 2]),
    ]
    shapes = {"image": ["N", 1, 2, 2], "row": ["N", 2]}
    model = onnx_model(nodes, {}, shapes, ("joined", "turned"))
    f = load(model)
    assert (f.input_names, f.output_names) == (("image", "row"), ("joined", "turned"))
    assert f.exact([1, 2, 3, 4, 5, 6]).to_floats().tolist() == [[4, 5, 6, 1, 3, 2, 4]]
    points = points_and_kinks(f)
    assert_within_bound(f, points, run_onnx(model, points))


def _broken(change: Any) -> Any:
    model = dense_onnx(_LAYERS)
    change(model)
    return model


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (lambda m: m.graph.ClearField("output"), FormatError, "no outputs"),
        (lambda m: m.graph.ClearField("input"), ShapeError, "needs inputs"),
        (lambda m: m.ClearField("opset_import"), FormatError, "which operator set"),
        (lambda m: m.opset_import.append(helper.make_opsetid("ai.onnx", 9)), FormatError,
         r"which operator set it uses \(it names 9 and 17\)"),
        (lambda m: m.graph.initializer.append(m.graph.initializer[0]), FormatError,
         "two tensors under one name"),
        (lambda m: m.graph.input.append(m.graph.input[0]), FormatError, "two inputs of one name"),
        (lambda m: m.graph.node[1].output.__setitem__(0, "x"), FormatError,
         "a node of the ONNX graph makes 'x', which is given"),
        (lambda m: m.graph.node.append(helper.make_node("Relu", ["y"], ["W0"])), FormatError,
         "makes 'W0', which is given"),
        (lambda m: m.graph.node.reverse(), FormatError, "no node before it makes"),
        (lambda m: m.graph.node[1].output.__setitem__(0, "z0"), FormatError, "two nodes"),
        (lambda m: m.graph.node[0].input.__setitem__(1, "gone"), FormatError, "reads 'gone'"),
        (lambda m: m.graph.initializer[0].dims.__setitem__(0, 10**6), FormatError, "elements"),
        (lambda m: m.graph.initializer[0].dims.__setitem__(0, -5), FormatError, "impossible shape"),
        (
            lambda m: setattr(m.graph.initializer[0], "data_type", TensorProto.FLOAT8E5M2),
            DomainError,
            "FLOAT8E5M2",
        ),
        (
            lambda m: setattr(m.graph.input[0].type.tensor_type, "elem_type", TensorProto.INT64),
            DomainError,
            "element type 7",
        ),
        (lambda m: setattr(m.graph.node[0], "domain", "com.example"), UnsupportedLayerError,
         "domain 'com.example'"),
        (
            lambda m: setattr(m.graph.input[0].type.tensor_type.shape.dim[1], "dim_value", 10**12),
            BudgetExceeded,
            "entries of the input",
        ),
    ],
)  # fmt: skip
def test_broken_graphs(change: Any, error: type[TropnetError], text: str) -> None:
    with pytest.raises(error, match=text):
        load(_broken(change))


# ---- files ----------------------------------------------------------------------------------


def test_a_file_is_known_by_its_content(tmp_path: Path) -> None:
    path = write(tmp_path / "model.bin", dense_onnx(_LAYERS))
    assert load(path) == network(_LAYERS)


def test_text_called_onnx(tmp_path: Path) -> None:
    path = tmp_path / "readme.onnx"
    path.write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(FormatError, match=r"readme.onnx (is no ONNX protobuf|holds no ONNX graph)"):
        load(path)


def test_truncated_files_are_refused_or_complete(tmp_path: Path) -> None:
    content = dense_onnx(_LAYERS).SerializeToString()
    path = tmp_path / "cut.onnx"
    for length in range(1, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(TropnetError):
            load(path)


def _external(folder: Path, location: str) -> Path:
    model = dense_onnx(_LAYERS)
    tensor = model.graph.initializer[0]
    content = tensor.raw_data
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, "offset": "0", "length": str(len(content))}.items():
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    path = folder / "f.onnx"
    path.write_bytes(model.SerializeToString())
    (folder / "weights.bin").write_bytes(content)
    return path


def test_external_data_beside_the_model_is_read(tmp_path: Path) -> None:
    assert load(_external(tmp_path, "weights.bin")) == network(_LAYERS)


@pytest.mark.parametrize(
    "location", ["../weights.bin", "a/../../weights.bin", "/etc/passwd", "", "link.bin", "loop"]
)
def test_external_data_elsewhere_is_not_read(tmp_path: Path, location: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    path = _external(folder, location)
    (tmp_path / "weights.bin").write_bytes((folder / "weights.bin").read_bytes())
    (folder / "link.bin").symlink_to(tmp_path / "weights.bin")
    (folder / "loop").symlink_to(folder / "loop")
    with pytest.raises(
        (UnsafeFileError, FormatError), match=r"outside the model's folder|needs the"
    ):
        load(path)


def test_external_data_that_is_missing_or_short(tmp_path: Path) -> None:
    path = _external(tmp_path, "weights.bin")
    (tmp_path / "weights.bin").write_bytes(b"1234")
    with pytest.raises(FormatError, match=r"'weights.bin' holds 4"):
        load(path)
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(FormatError, match=r"needs the file 'weights.bin'"):
        load(path)


def test_external_data_of_an_object_has_no_folder(tmp_path: Path) -> None:
    model = onnx.load(_external(tmp_path, "weights.bin"), load_external_data=False)
    with pytest.raises(FormatError, match="load the file, not the object"):
        load(model)
