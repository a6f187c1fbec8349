"""Graphs of torch.export: inputs and outputs of every structure, stops, places, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.io.torch_operators.forwards import Forward, assert_as_torch, outputs, read
from tropnet.errors import DomainError, FormatError, UnsupportedLayerError
from tropnet.io import load

_ROW = (1, 4)


def test_outputs_of_every_structure_are_concatenated_and_named() -> None:
    forward = Forward(lambda m, x: {"b": x @ m.w, "a": (x, [x.sum(1), -x]), "c": x.relu()})
    f = assert_as_torch(forward, _ROW)
    assert f.output_names == ("b", "a.0", "a.1.0", "a.1.1", "c")
    assert f.n_outputs == 4 + 4 + 1 + 4 + 4
    two = assert_as_torch(Forward(lambda m, x: (x, x.relu())), _ROW)
    assert two.output_names == ("output 0", "output 1")
    assert assert_as_torch(Forward(lambda m, x: [x]), _ROW).output_names == ()


def test_outputs_that_are_left_out_are_none() -> None:
    f = load(Forward(lambda m, x: {"a": x, "b": None, "c": -x}), example_input=torch.zeros(_ROW))
    assert f.output_names == ("a", "c")
    with pytest.raises(FormatError, match="returns nothing"):
        load(Forward(lambda m, x: None), example_input=torch.zeros(_ROW))


def test_one_value_returned_twice() -> None:
    f = assert_as_torch(Forward(lambda m, x: (x, x)), _ROW)
    assert f.exact([1, 2, 3, 4]).to_floats()[0].tolist() == [1, 2, 3, 4] * 2


def test_inputs_are_concatenated_in_order() -> None:
    model = Forward(lambda m, a, b: a[:, :2] - 10 * b)
    f = assert_as_torch(model, (1, 3), (1, 2))
    assert f.n_inputs == 5
    assert f.exact([1, 2, 3, 4, 5]).to_floats()[0].tolist() == [-39, -48]


class _Named(nn.Module):
    def forward(self, a: Any, b: Any = None, *, c: Any = None) -> Any:
        return a - 2 * c if b is None else a + 4 * b - 2 * c


def test_named_inputs_keep_their_names() -> None:
    one = torch.zeros(1, 1)
    # one tensor given twice is two inputs
    f = load(_Named(), example_input={"c": one, "a": one})
    assert f.input_names == ("c", "a")
    assert f.exact([[1, 0], [0, 1]]).to_floats().ravel().tolist() == [-2, 1]
    g = load(_Named(), example_input={"a": one, "c": one, "b": one})
    assert g.input_names == ("a", "c", "b")
    assert g.exact([[1, 0, 0], [0, 1, 0], [0, 0, 1]]).to_floats().ravel().tolist() == [1, -2, 4]


class _Nested(nn.Module):
    def forward(self, given: Any, sign: int) -> Any:
        return sign * (given["x"] - given["rest"][0])


def test_nested_inputs_and_numbers() -> None:
    given = {"x": torch.zeros(3, 2), "rest": [np.zeros((3, 2), np.float32)]}
    f = load(_Nested(), example_input=(given, -1))
    assert f.n_inputs == 4
    assert f.exact([1, 2, 5, 5]).to_floats()[0].tolist() == [4, 3]
    with pytest.raises(FormatError, match="without tensors"):
        load(_Nested(), example_input=(1, None))


def test_what_is_not_returned_is_not_read() -> None:
    def forward(m: Any, x: Any) -> Any:
        torch.sigmoid(x)
        values, _ = x.max(1)
        return values

    assert_as_torch(Forward(forward), _ROW)


class _Classifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = nn.Sequential(nn.Linear(4, 5), nn.ReLU())
        self.head = nn.Sequential(nn.Linear(5, 3), nn.LogSoftmax(dim=1))

    def forward(self, x: Any) -> Any:
        return self.head(self.body(x))


@pytest.mark.parametrize("stop", ["log_softmax", "head.1"])
def test_stops_before_a_softmax(stop: str) -> None:
    model = _Classifier()
    f = load(model, stop_before=stop)
    assert f == load(nn.Sequential(*model.body, model.head[0]))
    assert f.output_names == ()


def test_stops_before_a_module_that_holds_others() -> None:
    model = _Classifier()
    assert load(model, stop_before="head") == load(model.body)


def test_stops_before_an_argmax() -> None:
    model = Forward(lambda m, x: (x @ m.w).softmax(1).argmax(1))
    f = load(model, example_input=torch.zeros(_ROW), stop_before="softmax")
    assert np.array_equal(f.exact(np.eye(4)).to_floats(), model.w.detach().double().numpy())
    with pytest.raises(UnsupportedLayerError, match="softmax"):
        load(model, example_input=torch.zeros(_ROW), stop_before="argmax")


def test_stops_that_do_not_fit() -> None:
    model = Forward(lambda m, x: torch.cat([x.relu(), -x.relu()], 1).softmax(1))
    for stop, text in [
        ("nowhere", "fits 0 calls; the last ones are"),
        ("cat", "reads relu, neg of what depends on the input"),
    ]:
        with pytest.raises(FormatError, match=text):
            load(model, example_input=torch.zeros(_ROW), stop_before=stop)


def test_a_stop_is_held_against_torch() -> None:
    # the agreement is checked before the stop as well, in float32
    model = Forward(lambda m, x: functional.linear(x, m.w, m.v).relu().softmax(1))
    f = load(model, example_input=torch.zeros(_ROW), stop_before="softmax")
    points = np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)
    relu = Forward(lambda m, x: functional.linear(x, m.w, m.v).relu())
    bound = f.enclosure(points.astype(np.float64), "float32")
    assert (np.abs(outputs(relu, points, [_ROW]) - bound.values) <= bound.errors).all()


def test_refusals_name_the_module_and_what_to_try() -> None:
    model = _Classifier()
    with pytest.raises(UnsupportedLayerError) as caught:
        load(model)
    assert str(caught.value) == (
        "layer 'head.1' (log_softmax.int) is not supported: it is not piecewise linear; try: "
        "stop_before='head.1' reads what comes before it"
    )


@pytest.mark.parametrize(
    ("forward", "text"),
    [
        (lambda m, x: x if x.sum() > 0 else -x, "branches or loops on values"),
        (lambda m, x: torch.cond(x.sum() > 0, lambda y: y + 1, lambda y: -y, (x,)), "cond"),
        (lambda m, x: x[x > 0], "depend"),
        (lambda m, x: torch.fft.fft(x).real, "fft"),
        (lambda m, x: (x, 3), "returns something that is no tensor"),
        (lambda m, x: {"scores": x, "mode": "fast"}, "returns something that is no tensor"),
        (lambda m, x: x > 0, "returns something that is no tensor"),
        (lambda m, x: torch.autocast, "cannot trace|returns something"),
    ],
)
def test_forwards_that_are_refused(forward: Any, text: str) -> None:
    with pytest.raises((UnsupportedLayerError, FormatError), match=text) as caught:
        read(Forward(forward), _ROW)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("model", "inputs"),
    [(nn.LSTM(4, 3), 1), (nn.GRU(4, 3), 1), (nn.MultiheadAttention(4, 2, batch_first=True), 3)],
)
def test_recurrent_and_attentive_layers_are_refused(model: nn.Module, inputs: int) -> None:
    with pytest.raises(UnsupportedLayerError, match="it multiplies"):
        load(model.eval(), example_input=(torch.zeros(1, 3, 4),) * inputs)


def test_quantised_modules_are_refused() -> None:
    def forward(m: Any, x: Any) -> Any:
        return torch.fake_quantize_per_tensor_affine(x, 0.1, 0, -128, 127)

    with pytest.raises(UnsupportedLayerError, match="rounds activations"):
        read(Forward(forward), _ROW)


def test_inputs_of_other_types_are_refused() -> None:
    class Whole(nn.Module):
        def forward(self, x: Any) -> Any:
            return x.to(torch.complex64)

    with pytest.raises((UnsupportedLayerError, DomainError), match="complex"):
        read(Whole(), _ROW)


def test_a_branch_on_values_is_not_logged(capfd: Any) -> None:
    with pytest.raises(FormatError, match="branches or loops on values"):
        read(Forward(lambda m, x: x if x.sum() > 0 else -x), _ROW)
    assert capfd.readouterr().err == ""


def test_half_precision_within_a_float32_model_is_the_coarser() -> None:
    f = load(Forward(lambda m, x: (x.half() * 3).float()).eval(), example_input=torch.zeros(_ROW))
    assert f.dtype == "float16"
    assert any("casts" in note for note in f.notes)


def test_outputs_that_are_constant_are_noted() -> None:
    f = read(Forward(lambda m, x: m.v * 2), _ROW)
    assert any("constants" in note for note in f.notes)
