from __future__ import annotations

import time
from fractions import Fraction
from typing import Any

import numpy as np
import sympy
from hypothesis import given, settings

from tropnet import Network
from tropnet.conversion import circuit_expression
from tropnet.testing.strategies import networks, points


def _value(pairs: list[tuple[Any, Any]], x: Any, outputs: tuple[str, ...]) -> list[Any]:
    """Evaluate the pairs in order, as a reader of `sympy.cse` does."""
    known = {sympy.Symbol(f"x{i + 1}", real=True): sympy.Rational(v) for i, v in enumerate(x)}
    for symbol, expression in pairs:
        known[symbol] = sympy.sympify(expression).xreplace(known).doit()
    return [Fraction(str(known[sympy.Symbol(name, real=True)])) for name in outputs]


@settings(max_examples=30)
@given(networks(n_inputs=2, max_layers=2, max_width=3), points(2))
def test_the_pairs_are_the_network(network: Network, x: Any) -> None:
    lines = circuit_expression(network)
    wanted = network.exact(x).to_fractions()[0]
    assert _value(lines.to_sympy(), x, lines.outputs) == wanted
    nested = lines.to_sympy(nested=True)
    assert [str(symbol) for symbol, _ in nested] == list(lines.outputs)
    assert _value(nested, x, lines.outputs) == wanted


def test_the_pairs_undo_cse() -> None:
    lines = circuit_expression(Network.from_dense([[[1], [-1]], [[1, 1], [1, -1]]]))
    pairs = lines.to_sympy()
    last = pairs[-1][1]
    for symbol, expression in reversed(pairs[:-1]):
        last = last.xreplace({symbol: expression})
    assert last.doit() - lines.to_sympy(nested=True)[-1][1].doit() == 0


def test_no_maximum_is_evaluated() -> None:
    generator = np.random.default_rng(0)
    network = Network.from_dense([generator.standard_normal(s) for s in ((8, 2), (8, 8), (1, 8))])
    started = time.perf_counter()
    pairs = circuit_expression(network).to_sympy()
    assert time.perf_counter() - started < 2
    assert sum(expression.func is sympy.Max for _, expression in pairs) == 16


def test_nested_expressions_are_built_in_time_of_the_lines() -> None:
    generator = np.random.default_rng(0)
    shapes = ((32, 2), (32, 32), (1, 32))
    network = Network.from_dense([generator.standard_normal(s) for s in shapes])
    lines = circuit_expression(network)
    started = time.perf_counter()
    ((_, nested),) = lines.to_sympy(nested=True)
    assert time.perf_counter() - started < 2  # its text has 75,000 characters
    assert nested.func is sympy.Add
    assert len(nested.args) == 32


def test_the_text_of_nested_expressions_has_the_size_foretold() -> None:
    generator = np.random.default_rng(1)
    shapes = ((4, 2), (4, 4), (1, 4))
    network = Network.from_dense([generator.standard_normal(s) for s in shapes])
    lines = circuit_expression(network)
    size = len("\n".join(f"{y} = {e}" for y, e in lines.to_sympy(nested=True)))
    assert abs(size / lines.predicted_size(nested=True) - 1) < 0.1
