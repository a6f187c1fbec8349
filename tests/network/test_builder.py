from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.fractions_forward import forward as slow
from tropnet.errors import DomainError, ShapeError
from tropnet.exact import RationalMatrix
from tropnet.network import NetworkBuilder, Wire
from tropnet.testing.strategies import points, rationals, small_integers

#: What a wire should compute, in Fractions.
Meaning: TypeAlias = Callable[[list[Fraction]], list[Fraction]]
Pair: TypeAlias = tuple[Wire, Meaning]

OPERATIONS = (
    "linear", "shift", "add", "negate", "subtract", "relu", "maximum", "take", "concatenate",
)  # fmt: skip


def relu(values: list[Fraction]) -> list[Fraction]:
    return [max(v, Fraction(0)) for v in values]


def step(data: st.DataObject, builder: NetworkBuilder, known: list[Pair]) -> Pair:
    """Draw one operation on wires that exist, and its meaning."""
    numbers = st.one_of(small_integers(), rationals())
    operation = data.draw(st.sampled_from(OPERATIONS))
    wire, f = data.draw(st.sampled_from(known))
    fitting = [pair for pair in known if pair[0].size == wire.size]
    other, g = data.draw(st.sampled_from(fitting))
    match operation:
        case "linear":
            size = data.draw(st.integers(1, 3))
            row = st.lists(numbers, min_size=wire.size, max_size=wire.size)
            rows = data.draw(st.lists(row, min_size=size, max_size=size))
            bias = data.draw(st.none() | points(size, numbers))
            result = builder.linear(
                wire, rows if data.draw(st.booleans()) else RationalMatrix.of(rows), bias
            )
            offsets = bias or [0] * size
            return result, lambda x: [
                sum((Fraction(w) * v for w, v in zip(r, f(x), strict=True)), Fraction(b))
                for r, b in zip(rows, offsets, strict=True)
            ]
        case "shift":
            constants = data.draw(points(wire.size, numbers))
            result = builder.shift(wire, constants)
            return result, lambda x: [v + c for v, c in zip(f(x), constants, strict=True)]
        case "add":
            return builder.add(wire, other), lambda x: [
                a + b for a, b in zip(f(x), g(x), strict=True)
            ]
        case "subtract":
            return builder.subtract(wire, other), lambda x: [
                a - b for a, b in zip(f(x), g(x), strict=True)
            ]
        case "maximum":
            return builder.maximum(wire, other), lambda x: [
                max(p) for p in zip(f(x), g(x), strict=True)
            ]
        case "negate":
            return builder.negate(wire), lambda x: [-v for v in f(x)]
        case "relu":
            return builder.relu(wire), lambda x: relu(f(x))
        case "take":
            chosen = data.draw(st.lists(st.integers(0, wire.size - 1), min_size=1, max_size=4))
            return builder.take(wire, chosen), lambda x: [f(x)[i] for i in chosen]
    second, h = data.draw(st.sampled_from(known))
    return builder.concatenate([wire, second]), lambda x: f(x) + h(x)


@settings(max_examples=80)
@given(st.data())
def test_any_sequence_of_operations_means_what_it_says(data: st.DataObject) -> None:
    builder = NetworkBuilder()
    size = data.draw(st.integers(1, 3))
    known: list[Pair] = [(builder.input(size), lambda x: x)]
    for _ in range(data.draw(st.integers(1, 6))):
        pair = step(data, builder, known)
        if pair[0].size <= 8:
            known.append(pair)
    point = data.draw(points(size))
    for wire, meaning in known:
        network = builder.build(wire)
        assert slow(network, point)[-1] == meaning(point)
        assert network.exact(point).to_fractions() == [meaning(point)]


# ---- weights stay the stored ones ------------------------------------------------------------


def entries(network: Any) -> set[Fraction]:
    return {v for a in network.affines for _, m in a.terms for row in m.exact for v in row}


def test_weights_are_never_multiplied() -> None:
    builder = NetworkBuilder()
    wire = builder.input(1)
    for weight in (0.1, 0.3, 0.7):
        wire = builder.linear(wire, [[weight]], [weight])
    network = builder.build(wire)
    assert entries(network) == {Fraction(w) for w in (0.1, 0.3, 0.7)}
    assert [y.relu.tolist() for y in network.layers] == [[False], [False]]
    assert network.exact([1]) == RationalMatrix.of(
        [
            [
                ((Fraction(0.1) + Fraction(0.1)) * Fraction(0.3) + Fraction(0.3)) * Fraction(0.7)
                + Fraction(0.7)
            ]
        ]
    )


def test_a_relu_after_a_linear_operation_needs_one_layer() -> None:
    builder = NetworkBuilder("float32")
    x = builder.input(2)
    y = builder.relu(builder.linear(x, np.eye(2), [1, 2]), "first")
    network = builder.build(
        builder.linear(y, [[1, 1]]), input_names=["x"], output_names=["y"], notes=["n"]
    )
    assert network.widths == (2,)
    assert network.layers[0].name == "first"
    assert (network.dtype, network.input_names, network.output_names, network.notes) == (
        "float32", ("x",), ("y",), ("n",)
    )  # fmt: skip


def test_a_pending_wire_used_twice_is_held_once() -> None:
    builder = NetworkBuilder()
    pending = builder.linear(builder.input(2), [[1, 2], [3, 4]])
    left, right = builder.linear(pending, [[1, 0]]), builder.linear(pending, [[0, 1]])
    network = builder.build(builder.concatenate([builder.add(left, right), pending]))
    assert network.exact([1, 1]) == RationalMatrix.of([[10, 3, 7]])
    assert sum(network.widths) == 3  # the two pending values once, and the sum


def test_choices_of_coordinates_cost_no_layer() -> None:
    builder = NetworkBuilder()
    x = builder.input(3)
    shuffled = builder.concatenate([builder.take(x, [2, 0]), builder.take(x, [2])])
    network = builder.build(builder.linear(shuffled, [["1/10", 0.1, "1/3"]]))
    assert network.layers == ()
    # the columns that read the same coordinate are added exactly
    assert network.output.terms[0][1].exact == RationalMatrix.of(
        [[Fraction(0.1), 0, Fraction(13, 30)]]
    )


def test_repeated_columns_of_floats_are_added_exactly() -> None:
    builder = NetworkBuilder()
    twice = builder.take(builder.input(1), [0, 0, 0])
    network = builder.build(builder.linear(twice, np.array([[1e300, 1.0, -1e300]])))
    assert network.exact([1]) == RationalMatrix.of([[1]])
    network = builder.build(builder.linear(twice, np.array([[1e300, 1.0, 0.0]])))
    assert network.exact([1]) == RationalMatrix.of([[Fraction(1e300) + 1]])


def test_residual_sums_of_floats_are_exact() -> None:
    builder = NetworkBuilder()
    x = builder.input(1)
    wire = builder.add(builder.linear(x, [[1e300]], [0.1]), builder.linear(x, [[1.0]], [0.2]))
    network = builder.build(wire)
    assert network.exact([1]) == RationalMatrix.of(
        [[Fraction(1e300) + 1 + Fraction(0.1) + Fraction(0.2)]]
    )


def test_what_cancels_reads_nothing() -> None:
    builder = NetworkBuilder()
    x = builder.input(2)
    network = builder.build(builder.subtract(x, x))
    assert network.output.sources == ()
    assert network.exact([5, 6]).is_zero()


def test_empty_wires() -> None:
    builder = NetworkBuilder()
    x = builder.input(2)
    nothing = builder.take(x, [])
    assert nothing.size == 0
    assert builder.build(builder.linear(nothing, np.zeros((1, 0)), [3])).exact([0, 0])[0, 0] == 3
    assert builder.build(builder.concatenate([nothing, x, nothing])).n_outputs == 2
    with pytest.raises(ShapeError, match="at least one output"):
        builder.build(nothing)


# ---- refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "error", "text"),
    [
        (lambda b, x: b.linear(x, [[1]], name="fc"), ShapeError, "fc has weights of shape (1, 1)"),
        (lambda b, x: b.linear(x, [[1]]), ShapeError, "a layer has weights of shape (1, 1)"),
        (lambda b, x: b.linear(x, [[1, 2]], [1, 2]), ShapeError, "its parts have [1, 2]"),
        (lambda b, x: b.linear(x, [[0, np.inf]], name="fc"), DomainError, "weights of fc[0, 1] is"),
        (lambda b, x: b.linear(x, [[1, 2]], [np.inf]), DomainError, "bias[0] is inf"),
        (lambda b, x: b.shift(x, [1]), ShapeError, "cannot add 1 values to 2"),
        (lambda b, x: b.shift(x, [1, 2, 3]), ShapeError, "cannot add 3 values to 2"),
        (lambda b, x: b.add(x, b.take(x, [0])), ShapeError, "cannot add 2 values to 1"),
        (lambda b, x: b.subtract(b.take(x, [0]), x), ShapeError, "cannot add 1 values to 2"),
        (lambda b, x: b.maximum(b.take(x, [0]), x), ShapeError, "cannot add 1 values to 2"),
        (lambda b, x: b.take(x, [0, 2]), ShapeError, "into 2 values; they count from 0 to 1"),
        (lambda b, x: b.take(x, [-1]), ShapeError, "indices from -1 to -1 into 2 values"),
        (lambda b, x: b.take(b.negate(x), [-1]), ShapeError, "indices from -1 to -1"),
        (lambda b, x: b.concatenate([]), ShapeError, "cannot concatenate no wires"),
        (lambda b, x: b.input(2), ShapeError, "a network has one input"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(operation: Any, error: type, text: str) -> None:
    builder = NetworkBuilder()
    x = builder.input(2)
    with pytest.raises(error) as caught:
        operation(builder, x)
    assert text in str(caught.value)


def test_a_network_starts_with_an_input() -> None:
    with pytest.raises(ShapeError, match="at least one coordinate, not 0"):
        NetworkBuilder().input(0)
    other = NetworkBuilder()
    with pytest.raises(ShapeError, match="a network needs an input"):
        NetworkBuilder().build(other.input(1))


def test_it_tells_what_identity_units_hold() -> None:
    b = NetworkBuilder()
    x = b.input(2)
    pending = b.linear(x, [[1, 2]])
    assert b.held(pending) is pending
    held = b.concatenate([pending])
    assert b.held(pending).source is not None
    b.relu(b.shift(held, [1]))
    affine = b.identity(1)
    assert affine is not None
    assert affine.terms[0][1].values.tolist() == [[1, 2]]
    assert b.identity(0) is None
    assert b.identity(2) is None
