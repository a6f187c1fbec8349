"""ONNX files written: the same function, in standard operators, whole or not at all."""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from onnx import numpy_helper

from tests.io.exports import all_kinds, changed, convolution, float32_array
from tests.io.models import assert_within_bound, dense_arrays, network, points_and_kinks
from tropnet import Box, Different, Equivalent, Network, compare, load, to_onnx
from tropnet.errors import BudgetExceeded, DomainError, FormatError
from tropnet.io.onnx_export import LAYOUT, onnx_model_of
from tropnet.io.onnx_layout import network_as_written
from tropnet.network import Affine, Layer, linear
from tropnet.testing.strategies import float32_values, nasty_floats, networks

_KINDS = all_kinds()


def _run(path: Path, points: Any) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    kind = {"tensor(float)": "float32", "tensor(double)": "float64"}[session.get_inputs()[0].type]
    (found,) = session.run(["output"], {"input": points.astype(kind)})
    return found


@pytest.mark.parametrize("kind", _KINDS)
def test_what_is_read_back_is_the_network(kind: str, tmp_path: Path) -> None:
    f = _KINDS[kind]
    written = to_onnx(f, tmp_path / "f.onnx")
    g = load(written.path)
    assert g == f
    assert g.dtype == written.dtype
    assert [y.name for y in g.layers] == [y.name for y in f.layers]
    assert (written.rounded, written.size) == (0, written.path.stat().st_size)
    onnx.checker.check_model(onnx.load(written.path), full_check=True)


@pytest.mark.parametrize("kind", _KINDS)
def test_onnxruntime_stays_within_the_bound_of_the_network(kind: str, tmp_path: Path) -> None:
    f = _KINDS[kind]
    g = load(to_onnx(f, tmp_path / "f.onnx").path)
    points = points_and_kinks(f) * (1e-3 if kind == "subnormal" else 1)  # lest 1e308 overflow
    assert_within_bound(g, points, _run(tmp_path / "f.onnx", points))


@pytest.mark.parametrize("kind", [k for k in _KINDS if k != "no units"])
def test_the_graph_alone_denotes_the_function(kind: str, tmp_path: Path) -> None:
    # as if another program had written it: no layout is looked at
    f = _KINDS[kind]
    model = onnx.load(to_onnx(f, tmp_path / "f.onnx").path)
    stranger = changed(model, "somebody")
    assert network_as_written(stranger) is None
    assert isinstance(compare(load(stranger), f), Equivalent)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(networks(entries=float32_values()))
def test_any_float32_network_comes_back(tmp_path: Path, f: Network) -> None:
    # in float64 where the strategy doubled what float32 ends with
    assert load(to_onnx(f, tmp_path / "f.onnx").path) == f


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(networks(entries=nasty_floats()))
def test_any_float64_network_comes_back(tmp_path: Path, f: Network) -> None:
    assert load(to_onnx(f, tmp_path / "f.onnx", dtype="float64").path) == f


def test_names_and_notes_are_kept(tmp_path: Path) -> None:
    f = Network(
        1, (), Affine({0: [[1.0]]}), "float64", ("größe", "b"), ("c\n\ud800",), ("a note",)
    )  # fmt: skip
    g = load(to_onnx(f, tmp_path / "f.onnx").path)
    assert (g.input_names, g.output_names, g.notes) == (f.input_names, f.output_names, f.notes)
    assert g.dtype == "float32"  # the arithmetic that the file runs in


@pytest.mark.parametrize(
    ("weight", "dtype"),
    [
        (0.5, "float32"),
        (float(np.float32(0.1)), "float32"),
        (2.0**-149, "float32"),
        ("1/3", "float32"),
        (0.1, "float64"),
        (1e39, "float64"),
        (2.0**-150, "float64"),
        ("1/100000007", "float64"),
    ],
)
def test_float32_where_it_is_exact_else_float64(weight: Any, dtype: str, tmp_path: Path) -> None:
    f = Network.from_dense([[[weight, 1]]])
    written = to_onnx(f, tmp_path / "f.onnx")
    assert written.dtype == dtype
    stored = onnx.load(written.path).graph.initializer[0]
    assert numpy_helper.to_array(stored).dtype == dtype
    assert load(written.path) == f


@pytest.mark.parametrize(
    ("part", "named"),
    [
        ([[["1/3", 0.1]]], r"the weights of the output have 1/3 at \[0, 0\], which is no float64"),
        ([[[1 + 2**-60]], [[1]]], "the weights of layer 'dense 0' have"),
        ([[[0]], [[f"1/{2**61 - 1}"]]], "the weights of the output have 1/23058430092136939"),
        ([[["1e400"]]], "no float64, nor is its row one of float64s over one divisor"),
    ],
)
def test_what_is_no_float_is_refused_by_name(part: Any, named: str, tmp_path: Path) -> None:
    exact = [[[str(v) if isinstance(v, int) else v for v in row] for row in m] for m in part]
    f = Network.from_dense([linear(m) for m in exact])
    if "layer" in named:
        f = Network.from_dense([linear([[f"{2**60 + 1}/{2**60}"]]), [[1]]])
    with pytest.raises(DomainError, match=named) as caught:
        to_onnx(f, tmp_path / "f.onnx")
    assert "rounded=True" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_rounding_is_asked_for_and_told(tmp_path: Path) -> None:
    f = Network.from_dense([[["1/3", 0.1], [0.5, 2]], [["1/3", "1/6"]]], [[0.1, 1], None])
    written = to_onnx(f, tmp_path / "f.onnx", rounded=True)
    assert (written.dtype, written.rounded) == ("float64", 1)  # 1/3 beside 0.1; not the last row
    g = load(written.path)
    assert g.notes == ("1 of 9 weights were rounded to float64 when this was written",)
    assert g != f
    assert (
        f.layers[0].affine.terms[0][1].values[0, 0] == g.layers[0].affine.terms[0][1].values[0, 0]
    )
    with pytest.raises(DomainError, match=r"1/10… at|0.1|which is no float32"):
        to_onnx(f, tmp_path / "f.onnx", dtype="float32")
    assert to_onnx(f, tmp_path / "f.onnx", dtype="float32", rounded=True).rounded == 3
    with pytest.raises(DomainError, match=r"weight beyond float32 at \[0, 1\]"):
        to_onnx(Network.from_dense([[[1, 1e39]]]), tmp_path / "g.onnx", dtype="float32",
                rounded=True)  # fmt: skip


def test_an_exact_network_is_never_rounded(tmp_path: Path) -> None:
    f = network(dense_arrays([2, 3, 1]))
    written = to_onnx(f, tmp_path / "f.onnx", rounded=True)
    assert (written.rounded, load(written.path), load(written.path).notes) == (0, f, ())


def test_a_convolution_stays_compact(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    m = convolution(16, 16, float32_array(random, 32, 16 * 9))
    n, r = m.shape[1], m.shape[0]
    f = Network(n, (Layer(Affine({0: m})),), Affine({1: np.ones((1, r))}))
    written = to_onnx(f, tmp_path / "f.onnx")
    stored = 4 * (m.kernel.entries.size + m.sharing.patches.size + 2 * r)
    assert written.size < stored * 1.1 + 10_000 < r * n / 10
    assert load(written.path) == f


def test_an_exporter_that_folds_writes_another_function(tmp_path: Path) -> None:
    # torch's folds the normalisation into the convolution, in float32; ours folds nothing
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.ReLU(), torch.nn.Flatten(),
        torch.nn.Linear(8, 1),
    )  # fmt: skip
    with torch.no_grad():
        for _ in range(5):
            model(2 * torch.randn(16, 1, 4, 4) + 1)
    image = torch.zeros(1, 1, 4, 4)
    model.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (image,), tmp_path / "torch.onnx", dynamo=False)
    f, g = load(model, example_input=image), load(tmp_path / "torch.onnx")
    assert "rounded to float64" in f.notes[0]
    box = Box.cube(16, -1, 1)
    verdict = compare(f, g, box, time_limit=20)
    assert isinstance(verdict, Different)
    assert 0 < verdict.lower <= verdict.upper < 1e-5
    assert any("batch normalisation" in note for note in verdict.notes)
    assert isinstance(compare(f, g, box, atol="1e-5", time_limit=20), Equivalent)
    written = to_onnx(f, tmp_path / "ours.onnx")
    assert (written.dtype, load(written.path)) == ("float64", f)


# ---- layouts that lie ----------------------------------------------------------------------------


def _model() -> Any:
    return onnx_model_of(_KINDS["mixed layer"], "float32")


def _relayed(model: Any, change: Any) -> Any:
    for entry in model.metadata_props:
        if entry.key == LAYOUT:
            layout = json.loads(entry.value)
            change(layout)
            entry.value = json.dumps(layout)
    return model


@pytest.mark.parametrize(
    "change",
    [
        lambda y: y["layers"].pop(),
        lambda y: y["layers"].append(y["layers"][0]),
        lambda y: y["output"].update(sources=[0]),
        lambda y: y["output"].update(sources=[]),
        lambda y: y["layers"][0].update(sources=[0, 1]),
        lambda y: y["layers"][0].update(sources="0"),
        lambda y: y["layers"][0].pop("name"),
        lambda y: y.pop("output"),
        lambda y: y.update(layers=7),
    ],
)
def test_a_layout_that_is_not_the_graphs_is_not_believed(change: Any) -> None:
    model = _relayed(_model(), change)
    assert network_as_written(model) is None
    assert isinstance(compare(load(model), _KINDS["mixed layer"]), Equivalent)


def test_text_that_is_no_layout_is_not_believed() -> None:
    for text in ("", "[]", "null", "{", "[" * 100_000, '{"layers": NaN}'):
        model = _model()
        for entry in model.metadata_props:
            entry.value = text if entry.key == LAYOUT else entry.value
        assert network_as_written(model) is None
        assert isinstance(compare(load(model), _KINDS["mixed layer"]), Equivalent)


def test_another_operator_set_is_read_as_what_it_is() -> None:
    model = _model()
    model.opset_import[0].version = 18
    assert network_as_written(model) is None
    assert isinstance(compare(load(model), _KINDS["mixed layer"]), Equivalent)


def test_layouts_that_ask_for_too_much_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    # ten thousand patches and as many kernels are a file of 160 kB and 10^8 rows
    m = convolution(2, 5, float32_array(np.random.default_rng(0), 4, 18))
    f = Network(50, (Layer(Affine({0: m})),), Affine({1: np.ones((1, 100))}))
    model = onnx_model_of(f, "float32")
    assert network_as_written(model) == f
    asked: list[Any] = []
    broadcast = np.broadcast_arrays

    def counted(*arrays: Any) -> Any:
        asked.append(arrays)
        return broadcast(*arrays)

    monkeypatch.setattr(np, "broadcast_arrays", counted)
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if tensor.name.endswith((".kernel", ".patches")):
            tensor.CopyFrom(numpy_helper.from_array(np.tile(array, (4000, 1)), tensor.name))
    assert network_as_written(model) is None
    assert not asked
    model = onnx_model_of(f, "float32")
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 2**40
    assert network_as_written(model) is None
    assert not asked
    model = onnx_model_of(f, "float32")  # a tile is but the name of a node
    product = next(n for n in model.graph.node if n.name.endswith("tiles0.product"))
    for k in range(1, 2**22 // 100 + 1):
        product.name = f"layer1.from0.tiles{k}.product"
        model.graph.node.append(product)
    model.graph.node[0].name = "layer1.from0.tiles0.product"
    assert network_as_written(model) is None
    assert sum(a[0].size * a[1].size for a in asked) <= 2**22


def test_the_graph_counts_and_not_what_is_said_of_it() -> None:
    # numbers changed by a tool are the numbers of the network
    model = _model()
    weights = next(t for t in model.graph.initializer if t.name == "layer1.from0.weight")
    weights.CopyFrom(numpy_helper.from_array(np.ones((4, 3), np.float32), weights.name))
    f = load(model)
    assert f.layers[0].affine.terms[0][1].values.tolist() == np.ones((4, 3)).tolist()
    # and so are its nodes
    model = _model()
    relu = next(n for n in model.graph.node if n.op_type == "Relu")
    relu.op_type = "Identity"
    assert network_as_written(model) is None
    g = load(model)
    assert g.n_relu == 0
    point = np.array([[-1.0, 2.0, -3.0]])
    w, v = (a.terms[0][1].exact for a in _KINDS["mixed layer"].affines)
    assert g.exact(point) == Network.from_dense([(v @ w)]).exact(point)


def test_stored_tensors_of_a_wrong_size_are_refused() -> None:
    model = _model()
    model.graph.initializer[0].dims[0] = 2**40
    with pytest.raises(FormatError, match="impossible shape"):
        load(model)


# ---- files ---------------------------------------------------------------------------------------


def test_an_existing_file_is_replaced_or_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "f.onnx"
    path.write_text("before")
    for wrong in (Network.from_dense([[["1/3", 0.1]]]), "no network"):
        with pytest.raises((DomainError, FormatError)):
            to_onnx(wrong, path)
    assert path.read_text() == "before"
    to_onnx(network(dense_arrays([2, 3, 1])), path)
    assert load(path).n_inputs == 2
    assert [p.name for p in tmp_path.iterdir()] == ["f.onnx"]


def test_whatever_load_reads_may_stand_for_a_network(tmp_path: Path) -> None:
    written = to_onnx("examples:moons_a", tmp_path / "f.onnx")
    assert load(to_onnx(written.path, written.path).path) == load("examples:moons_a")


def test_nothing_is_left_where_writing_fails(tmp_path: Path) -> None:
    f = network(dense_arrays([2, 3, 1]))
    for target in (tmp_path / "missing" / "f.onnx", tmp_path, tmp_path / "a\0b"):
        with pytest.raises(FormatError, match="cannot be written"):
            to_onnx(f, target)
    assert list(tmp_path.iterdir()) == []


def test_more_than_onnx_holds_is_refused_before_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["tropnet.io.to_onnx"], "_MOST_BYTES", 1000)
    with pytest.raises(BudgetExceeded, match="bytes of an ONNX file: predicted"):
        to_onnx(_KINDS["convolution"], tmp_path / "f.onnx")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DomainError, match="dtype is 'float16'; models are written in float32 or"):
        to_onnx(_KINDS["chain"], tmp_path / "f.onnx", dtype="float16")  # type: ignore[arg-type]
