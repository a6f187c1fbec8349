"""Joint programs compute what both networks and their differences are."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import tropnet.checker.joint_program as module
from tests.bounds.joint_pairs import random_network, random_pair
from tests.oracles.fractions_forward import forward, pre_activations
from tropnet.checker.joint_program import JointLayer, JointProgram
from tropnet.checker.matching import Matching
from tropnet.errors import BudgetExceeded
from tropnet.exact import RationalMatrix
from tropnet.network import Affine, Layer, Network

Values = list[Fraction]


def _sum(
    parts: tuple[tuple[int, RationalMatrix], ...], values: list[Values], size: int
) -> list[Fraction]:
    total = [Fraction(0)] * size
    for source, matrix in parts:
        assert matrix.shape == (size, len(values[source]))
        for i, row in enumerate(matrix.to_fractions()):
            total[i] += sum((w * v for w, v in zip(row, values[source], strict=True)), Fraction(0))
    return total


def _bias(matrix: RationalMatrix) -> Values:
    return [matrix[i, 0] for i in range(matrix.shape[0])]


def _added(*parts: Values) -> Values:
    return [sum(v, Fraction(0)) for v in zip(*parts, strict=True)]


def run(program: JointProgram, point: Values) -> list[tuple[Values, Values, Values]]:
    """Compute pre-activations of a, of b, and their differences, as the program's fields say."""
    a, b = [point], [point]
    differences: list[Values] = [[Fraction(0)] * len(point)]
    found = []
    layers: list[JointLayer] = [*program.layers, program.output]
    for layer in layers:
        size_a, size_b, size = layer.widths
        z_a = _added(_bias(layer.bias_a), _sum(layer.a, a, size_a))
        z_b = _added(_bias(layer.bias_b), _sum(layer.b, b, size_b))
        z = _added(
            _bias(layer.bias),
            _sum(layer.pairs, differences, size),
            _sum(layer.pairs_on_b, b, size),
            _sum(layer.pairs_on_a, a, size),
        )
        found.append((z_a, z_b, z))
        a.append([max(v, Fraction(0)) for v in z_a])
        b.append([max(v, Fraction(0)) for v in z_b])
        m = layer.matching
        pairs = zip(m.first, m.second, m.scales, strict=True)
        differences.append([a[-1][i] - s * b[-1][j] for i, j, s in pairs])
    return found


def _agrees(f: Network, g: Network, pairs: list[Matching], rng: np.random.Generator) -> None:
    program = JointProgram.of(f, g, pairs)
    depth = max(len(f.layers), len(g.layers))
    assert len(program.layers) == depth
    point = [Fraction(int(v), 7) for v in rng.integers(-20, 21, f.n_inputs)]
    found = run(program, point)
    for place, net in enumerate((f, g)):
        before = pre_activations(net, point)
        for k in range(depth):
            assert found[k][place] == (before[k] if k < len(before) else [])
        assert found[-1][place] == forward(net, point)[-1]
    for layer, (z_a, z_b, z) in zip((*program.layers, program.output), found, strict=True):
        m = layer.matching
        partners = zip(m.first, m.second, m.scales, strict=True)
        assert z == [z_a[i] - s * z_b[j] for i, j, s in partners]
    assert found[-1][2] == [u - v for u, v in zip(*found[-1][:2], strict=True)]


def test_all_layers_and_differences_are_those_of_the_networks() -> None:
    rng = np.random.default_rng(1)
    for _ in range(60):
        _agrees(*random_pair(rng), rng)


def test_other_depths() -> None:
    rng = np.random.default_rng(2)
    for depth, other in [(0, 2), (2, 0), (1, 4), (4, 1), (0, 0)]:
        f, g = (random_network(rng, 2, 2, [3] * count) for count in (depth, other))
        _agrees(f, g, [Matching.identity(3)] * min(depth, other), rng)
        program = JointProgram.of(f, g, [])
        assert all(layer.widths[2] == 0 for layer in program.layers)
        _agrees(f, g, [], rng)


def test_layers_without_units() -> None:
    empty = Layer(Affine({0: np.zeros((0, 2))}, np.zeros(0)), True)
    f = Network(2, (empty,), Affine({0: [[1, 2]]}, [3]))
    g = Network.from_dense([[[1, 0]], [[1]]])
    rng = np.random.default_rng(3)
    _agrees(f, g, [Matching((), (), ())], rng)
    _agrees(f, f, [Matching((), (), ())], rng)


def test_equal_networks_leave_nothing_to_their_differences() -> None:
    f = Network.from_dense([[[1, 2], [3, 4]], [[1, 1]]])
    program = JointProgram.of(f, f, [Matching.identity(2)])
    assert program.layers[0].pairs_on_b == program.layers[0].pairs_on_a == ()
    assert program.output.pairs_on_b == program.output.pairs_on_a == ()
    assert [source for source, _ in program.output.pairs] == [1]


def test_too_many_entries_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    f = Network.from_dense([[[1, 2], [3, 4]], [[1, 1]]])
    monkeypatch.setattr(module, "MAX_ENTRIES", 12)
    JointProgram.of(f, f, [])
    monkeypatch.setattr(module, "MAX_ENTRIES", 11)
    with pytest.raises(BudgetExceeded, match=r"dense weight matrices.*smaller networks"):
        JointProgram.of(f, f, [])
