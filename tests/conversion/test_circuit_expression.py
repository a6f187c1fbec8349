from __future__ import annotations

import re
import time
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from tropnet import Network
from tropnet.algebra import parse
from tropnet.conversion import CircuitExpression, circuit_expression
from tropnet.errors import BudgetExceeded, ShapeError
from tropnet.network import Affine, Layer
from tropnet.testing.strategies import nasty_floats, networks, points


def _dense(*widths: int, seed: int = 0) -> Network:
    generator = np.random.default_rng(seed)
    shapes = list(zip(widths[1:], widths[:-1], strict=True))
    return Network.from_dense(
        [generator.standard_normal(shape).astype(np.float32) for shape in shapes],
        [generator.standard_normal(shape[0]).astype(np.float32) for shape in shapes],
    )


@settings(max_examples=60)
@given(networks(n_inputs=2), points(2))
def test_the_lines_are_the_network(network: Network, x: Any) -> None:
    lines = circuit_expression(network)
    assert lines.evaluate(x) == network.exact(x)
    assert len(lines.lines) == sum(network.widths) + network.n_outputs
    relus = [line.relu for line in lines.lines]
    assert sum(relus) == network.n_relu
    assert all(value for line in lines.lines for _, value in line.terms)


@settings(max_examples=40)
@given(networks(n_inputs=2, max_layers=2, max_width=2), points(2))
def test_the_nested_text_is_the_network(network: Network, x: Any) -> None:
    lines = circuit_expression(network)
    texts = lines.to_text(nested=True).split("\n")
    assert len(texts) == network.n_outputs
    for text, wanted in zip(texts, network.exact(x).to_fractions()[0], strict=True):
        # Python reads the text by itself; parse reads it with our grammar
        code = re.sub(r"(?<![\w])(\d+)(?!\w)", r"Fraction(\1)", text.partition(" = ")[2])
        names = {"x1": Fraction(x[0]), "x2": Fraction(x[1]), "max": max, "Fraction": Fraction}
        assert eval(code, names) == wanted


def test_our_parser_reads_the_nested_text() -> None:
    network = Network.from_dense([[["1/2", -1], [1, 0]], [[2, -1]]], [[3, 0], ["-1/3"]])
    text = circuit_expression(network).to_text(nested=True)
    assert text == "y1 = 2*max(0, 1/2*x1 - x2 + 3) - max(0, x1) - 1/3"
    function = parse(text.partition(" = ")[2], syntax="classical")
    assert function("1/7", 5) == network.exact(["1/7", 5])[0, 0]


@settings(max_examples=40)
@given(networks(max_layers=3, max_width=3, entries=nasty_floats()))
def test_sizes_are_foretold_to_the_character(network: Network) -> None:
    lines = circuit_expression(network)
    assert lines.predicted_size() == len(str(lines))
    assert lines.predicted_size(nested=True) == len(lines.to_text(nested=True))


def test_identity_units_stay_lines_and_zeros_are_dropped() -> None:
    mixed = Layer(Affine({0: [["1/3", 0], [0, 0]]}, [1, "-1/2"]), [False, True])
    network = Network(2, (mixed,), Affine({0: [[0, 1]], 1: [[-1, 2]]}))
    lines = circuit_expression(network)
    assert str(lines).split("\n") == [
        "u1_1 = 1/3*x1 + 1", "u1_2 = max(0, -1/2)", "y1 = x2 - u1_1 + 2*u1_2",
    ]  # fmt: skip
    assert lines.to_text(nested=True) == "y1 = x2 - (1/3*x1 + 1) + 2*max(0, -1/2)"
    assert [str(e) for _, e in lines.to_sympy()] == ["x1/3 + 1", "0", "-u1_1 + 2*u1_2 + x2"]
    assert repr(lines) == "CircuitExpression(2 inputs, 3 lines, 1 outputs, 6 terms)"


def test_a_constant_network() -> None:
    lines = circuit_expression(Network.from_dense([[[0]], [[1]]], [[0], [0]]))
    assert str(lines) == "u1_1 = max(0, 0)\ny1 = u1_1"
    assert str(lines.to_sympy(nested=True)) == "[(y1, 0)]"
    assert lines.evaluate(np.zeros((0, 1))).shape == (0, 1)


def test_convolutions_are_written_by_their_windows() -> None:
    import torch

    import tropnet

    torch.manual_seed(1)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.ReLU(), torch.nn.Flatten(),
        torch.nn.Linear(4 * 400, 1),
    )  # fmt: skip
    network = tropnet.load(model, example_input=torch.zeros(1, 1, 20, 20))
    lines = circuit_expression(network)
    assert lines.n_terms < 1600 * 11 + 1601
    x = np.random.default_rng(0).standard_normal((1, 400))
    assert lines.evaluate(x) == network.exact(x)
    with pytest.raises(BudgetExceeded, match=r"terms of the 400-1600-1 network written out"):
        circuit_expression(network, max_terms=1000)


def test_what_would_explode_is_refused_first() -> None:
    network = _dense(2, 64, 64, 64, 1)
    lines = circuit_expression(network)
    assert lines.predicted_size() < 300_000
    assert lines.predicted_size(nested=True) > 10_000_000
    started = time.perf_counter()
    with pytest.raises(BudgetExceeded, match="characters of sympy expressions, all lines subs"):
        lines.to_sympy(nested=True)
    with pytest.raises(BudgetExceeded, match=r"keep the lines apart \(nested=False\), or raise"):
        lines.to_text(nested=True)
    with pytest.raises(
        BudgetExceeded, match=r"LaTeX text of all lines \(to_text and to_sympy take"
    ):
        lines.to_latex(max_characters=50_000)
    assert time.perf_counter() - started < 1
    shown = lines._repr_latex_()
    assert r"\text{(169 more lines)}" in shown
    assert r"\text{(56 more terms)}" in shown
    assert "y_{1} &" in shown
    assert len(shown) < 10_000


def test_latex_is_exact_unless_it_says_so() -> None:
    network = Network.from_dense([[["1/3", 0.1]], [[-1]]], [["1/7"], [2]])
    exact = circuit_expression(network).to_latex()
    tenth = Fraction(0.1)
    assert rf"\tfrac{{{tenth.numerator}}}{{{tenth.denominator}}}\,x_{{2}}" in exact
    shown = circuit_expression(network)._repr_latex_()
    assert (
        r"u_{1,1} &\approx \max\left(0,\; \tfrac{1}{3}\,x_{1} + 0.1\,x_{2} + \tfrac{1}{7}" in shown
    )
    assert r"y_{1} &= -u_{1,1} + 2" in shown
    tiny = circuit_expression(Network.from_dense([[[5e-324]]]))._repr_latex_()
    assert r"4.94066\cdot 10^{-324}\,x_{1}" in tiny


def test_another_number_of_coordinates() -> None:
    lines = circuit_expression(Network.from_dense([[[1, 2]]]))
    with pytest.raises(ShapeError, match=r"points of shape \(1, 3\) for an expression in 2 var"):
        lines.evaluate([1, 2, 3])


def test_the_cost_is_that_of_the_network() -> None:
    network = _dense(100, 100, 100, 10)
    started = time.perf_counter()
    lines = circuit_expression(network)
    assert time.perf_counter() - started < 2
    assert isinstance(lines, CircuitExpression)
    assert lines.n_terms == network.n_parameters
