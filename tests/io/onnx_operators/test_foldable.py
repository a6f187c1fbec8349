"""Small files that ask for large numbers, or for many: refused before they are made."""

from __future__ import annotations

import tracemalloc
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from onnx import helper, numpy_helper

from tests.io.onnx_operators.cases import chain, floats, ints, node, one
from tropnet.errors import BudgetExceeded, TropnetError, UnsupportedLayerError
from tropnet.io import load


def _filled(count: int, *then: Any, **stored: Any) -> Any:
    """Return a model that makes `count` constants c, and after `then` adds e to x."""
    value = numpy_helper.from_array(floats(0.3))
    nodes = [
        helper.make_node("Constant", [], ["shape of c"], value_ints=[count]),
        helper.make_node("ConstantOfShape", ["shape of c"], ["c"], value=value),
        *then,
        node("ReduceMax", then[-1].output[0] if then else "c", out="e"),
        node("Add", "x", "e"),
    ]
    return chain(nodes, **stored)


def _squares(count: int) -> Any:
    nodes = [node("Mul", f"c{k}", f"c{k}", out=f"c{k + 1}") for k in range(count)]
    return chain([*nodes, node("Mul", "x", f"c{count}")], c0=floats(0.3))


_POWERS = [node("Pow", "c", "e", out="p"), node("Pow", "p", "e", out="q"), node("Mul", "x", "q")]

_HOSTILE: dict[str, tuple[Any, str]] = {
    "squares of squares": (_squares(60), "bits of a constant at node"),
    "powers of powers": (chain(_POWERS, c=floats(0.3), e=floats(64)), "of moderate size"),
    "a sum of every pair": (
        _filled(2**12, node("Reshape", "c", "col", out="k"), node("Add", "k", "c", out="d"),
                col=ints(-1, 1)),
        "operations on constants at node 'Add of d' ",
    ),
    "a product of every pair": (
        _filled(2**12, node("Reshape", "c", "col", out="k"), node("Mul", "k", "c", out="d"),
                col=ints(-1, 1)),
        "operations on constants at node 'Mul of d' ",
    ),
    "a product of matrices": (
        _filled(2**20, node("Reshape", "c", "sq", out="k"), node("MatMul", "k", "k", out="d"),
                sq=ints(1024, 1024)),
        "'MatMul of d' ",
    ),
    "an Einstein sum": (
        _filled(2**9, node("Einsum", "c", "c", "c", out="d", equation="i,j,k->ijk")),
        "'Einsum of d' ",
    ),
    "a convolution": (
        _filled(2**16, node("Reshape", "c", "image", out="k"), node("Conv", "k", "w", out="d"),
                image=ints(1, 1, 256, 256), w=np.ones((4, 1, 17, 17), np.float32)),
        "'Conv of d' ",
    ),
    "a pool": (
        _filled(2**16, node("Reshape", "c", "image", out="k"),
                node("MaxPool", "k", out="d", kernel_shape=[16, 16]), image=ints(1, 1, 256, 256)),
        "'MaxPool of d' ",
    ),
    "roots": (_filled(2**20, node("Sqrt", "c", out="d")), "'Sqrt of d' "),
    "comparisons": (_filled(2**21, node("Equal", "c", "c", out="d")), "'Equal of d' "),
    "many of many": (
        _filled(2**22, node("Concat", *["c"] * 9, out="d", axis=0)), "entries of node 'Concat"
    ),
    "tiles of tiles": (
        chain([node("Tile", "c", "r", out="d"), node("Tile", "d", "r", out="f"),
               node("Mul", "x", "f")], c=floats(1), r=ints(2**13)),
        "entries of node 'Tile of f' ",
    ),
    "an expansion": (
        chain([node("Expand", "c", "s", out="d"), node("Mul", "x", "d")], c=floats(1),
              s=ints(2**23)),
        "entries of node 'Expand of d' ",
    ),
    "a gather": (
        _filled(2**22, node("Gather", "c", "i", out="d"), i=np.zeros(2**23, np.int8).astype(int)),
        "entries of node 'Gather of d' ",
    ),
    "a choice": (
        chain([node("Expand", "c", "s", out="d"), node("Where", "t", "d", "x")], (1, 1),
              t=np.array(True), c=floats(1), s=ints(2**21)),
        "operations on constants at node 'Where of y' ",
    ),
    "a long axis": (
        one("Resize", "x", "", "", "s", x=(1, 1, 1, 3), opset=19, s=ints(1, 1, 1, 2**20)),
        "entries of an axis of node",
    ),
    "a long running sum": (one("CumSum", "x", "a", x=(1, 9999), a=np.array(1)), "the sums of"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(_HOSTILE))
def test_hostile_constants(case: str) -> None:
    model, text = _HOSTILE[case]
    tracemalloc.start()
    try:
        with pytest.raises(TropnetError, match=text) as caught:
            load(model)
        assert tracemalloc.get_traced_memory()[1] < 200e6
    finally:
        tracemalloc.stop()
    assert isinstance(caught.value, BudgetExceeded | UnsupportedLayerError)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul"])
def test_large_weights_are_folded_in_floats_where_that_is_exact(op: str) -> None:
    weights = (np.random.default_rng(0).integers(-99, 99, (512, 1024)) / 8).astype(np.float32)
    nodes = [node(op, "w", "v", out="u"), node("MatMul", "x", "u")]
    f = load(chain(nodes, (1, 512), w=weights, v=weights[::-1].copy()))
    expected = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply}[op](
        weights.astype(float), weights[::-1].astype(float)
    )
    assert f.exact(np.ones(512)).to_floats().tolist() == [expected.sum(axis=0).tolist()]


@pytest.mark.parametrize("op", ["Add", "Sub", "Mul"])
def test_where_floats_would_round_rationals_are_taken(op: str) -> None:
    a, b = floats(1 / 3, 1e30, 1e-45), floats(1e-30, -1 / 7, 3e38)
    nodes = [node(op, "a", "b", out="c"), node("Mul", "x", "c")]
    f = load(chain(nodes, a=a, b=b))
    for k in range(3):
        left, right = Fraction(float(a[k])), Fraction(float(b[k]))
        wanted = {"Add": left + right, "Sub": left - right, "Mul": left * right}[op]
        assert f.exact(np.eye(3)[k])[0, k] == wanted


@pytest.mark.parametrize(
    ("nodes", "noted"),
    [
        ([node("Add", "a", "b", out="c")], False),
        ([node("Div", "a", "b", out="c")], False),
        ([node("Div", "a", "b", out="d"), node("Neg", "d", out="c")], False),
        ([node("Div", "a", "b", out="d"), node("Mul", "d", "b", out="c")], True),
        ([node("Add", "a", "huge", out="d"), node("Sub", "d", "huge", out="c")], True),
        ([node("Add", "a", "b", out="d"), node("Sub", "d", "b", out="c")], False),
        ([node("ReduceSum", "a", out="c")], True),
    ],
)
def test_roundings_beyond_the_enclosure_are_noted(nodes: Any, noted: bool) -> None:
    model = chain([*nodes, node("Mul", "x", "c")], a=floats(1, 2, 3), b=floats(3, 1, 4),
                  huge=floats(1e8, 1e8, 1e8))  # fmt: skip
    assert any("folded exactly" in note for note in load(model).notes) == noted


def test_values_that_nobody_reads_again_are_let_go() -> None:
    steps = [node("Neg", f"c{k}" if k else "c", out=f"c{k + 1}") for k in range(40)]
    model = _filled(2**18, *steps)
    tracemalloc.start()
    try:
        load(model)
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**18 * 8
    finally:
        tracemalloc.stop()
