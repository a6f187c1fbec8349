"""Every operator of ONNX that is not read is refused by name, with its reason and what to try."""

from __future__ import annotations

from typing import Final

import pytest
from onnx import defs, helper

from tests.io.models import onnx_model
from tropnet.errors import FormatError, UnsupportedLayerError
from tropnet.io import load
from tropnet.io.onnx_model import LAST_OPSET
from tropnet.io.onnx_operators import supported
from tropnet.io.unread_operations import advice_against, reason_against

_UNREAD: Final = sorted(
    {s.name for s in defs.get_all_schemas() if not s.domain}
    & {
        s.name
        for s in defs.get_all_schemas_with_history()
        if not s.domain and s.since_version <= LAST_OPSET
    } - set(supported())
)  # fmt: skip
#: Affine or piecewise linear in part, and rare: nobody has written them yet.
_LATER: Final = {
    "AffineGrid", "BlackmanWindow", "CenterCropPad", "Col2Im", "Compress", "DFT", "EyeLike",
    "HammingWindow", "HannWindow", "MelWeightMatrix", "ReverseSequence", "STFT", "Scatter",
    "ScatterElements", "ScatterND",
}  # fmt: skip


def test_there_are_many() -> None:
    assert len(_UNREAD) >= 80
    assert set(_UNREAD) >= _LATER


@pytest.mark.parametrize("op", _UNREAD)
def test_each_is_refused_with_its_reason(op: str) -> None:
    node = helper.make_node(op, ["r"], ["y"], name="culprit")
    model = onnx_model([helper.make_node("Relu", ["x"], ["r"]), node], opset=LAST_OPSET)
    with pytest.raises(UnsupportedLayerError) as caught:
        load(model)
    message = str(caught.value)
    assert message.startswith(f"layer 'culprit' ({op}) is not supported: {reason_against(op)}")
    assert message.endswith("stop_before='culprit' reads what comes before it")
    assert "\n" not in message
    assert (reason_against(op) == "it is not read yet") == (op in _LATER)
    assert load(model, stop_before="culprit").n_relu == 3


@pytest.mark.parametrize(
    ("op", "why"),
    [
        ("Sigmoid", "it is not piecewise linear"),
        ("Softmax", "it is not piecewise linear"),
        ("HardSwish", "it is not piecewise linear"),
        ("Gelu", "it is not piecewise linear"),
        ("ArgMax", "it is not continuous"),
        ("If", "it branches or loops on data"),
        ("Loop", "it branches or loops on data"),
        ("Scan", "it branches or loops on data"),
        ("LayerNormalization", "it divides by a norm or a deviation of its input, which is not"),
        ("QuantizeLinear", "it rounds activations, which is not continuous"),
        ("LSTM", "it multiplies values that depend on the input"),
        ("Attention", "it multiplies values that depend on the input"),
        ("RandomNormal", "it draws random numbers"),
        ("SequenceAt", "it works on texts, sequences or bits"),
        ("GridSample", "it chooses places by values that depend on the input"),
        ("sigmoid.default", "it is not piecewise linear"),
        ("aten.sigmoid_.default", "it is not piecewise linear"),
        ("native_layer_norm.default", "it divides by a norm"),
        ("Blorp", "it is not read yet"),
    ],
)
def test_reasons(op: str, why: str) -> None:
    assert reason_against(op).startswith(why)


def test_advice() -> None:
    stop = "stop_before='n' reads what comes before it"
    assert advice_against("Sigmoid", "n") == stop
    assert advice_against("If", "n") == (
        f"an export with fixed shapes, without if or loops; {stop}"
    )
    assert "before its activations were quantised" in advice_against("QuantizeLinear", "n")


def test_operators_of_other_domains() -> None:
    node = helper.make_node("FusedGemm", ["x"], ["y"], name="g", domain="com.microsoft")
    with pytest.raises(
        UnsupportedLayerError,
        match=r"'g' \(FusedGemm\) is not supported: its domain 'com.microsoft' is not ONNX's own; "
        r"try: an export without it; stop_before='g'",
    ):
        load(onnx_model([node]))


@pytest.mark.parametrize(("domain", "op"), [("local", "Twice"), ("", "Relu")])
def test_functions_of_the_model_are_named(domain: str, op: str) -> None:
    model = onnx_model([helper.make_node(op, ["x"], ["y"], name="f", domain=domain)])
    body = [helper.make_node("Add", ["a", "a"], ["b"])]
    imported = [helper.make_opsetid("", 17)]
    model.functions.append(helper.make_function(domain, op, ["a"], ["b"], body, imported))
    with pytest.raises(
        UnsupportedLayerError, match=r"a function that the model itself defines; try: onnx.inliner"
    ):
        load(model)


def test_an_operator_of_another_set_is_no_unread_one() -> None:
    with pytest.raises(FormatError, match=r"operator set 8, .* has no Where"):
        load(onnx_model([helper.make_node("Where", ["x"] * 3, ["y"])], opset=8))
