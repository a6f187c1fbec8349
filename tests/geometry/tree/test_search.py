"""The tree search: exact counts, signs, points and facets, degenerate or not."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracles.fractions_forward import pre_activations
from tests.oracles.sign_enumeration import adjacent, on_boundary, sign_cells
from tropnet import Network
from tropnet.domains import Box, Domain, Polyhedron
from tropnet.errors import DomainError, ShapeError
from tropnet.exact import RationalMatrix
from tropnet.geometry.circuit import Circuit
from tropnet.geometry.tree.problem import Frame
from tropnet.geometry.tree.search import TreeCells, tree_cells
from tropnet.network import Affine, Layer


def degenerate_network(seed: int, n: int, widths: list[int]) -> Network:
    """Small integers, many zeros, rows that repeat up to a factor, sometimes no biases."""
    rng = Random(seed)
    no_bias = rng.random() < 0.4
    weights, biases = [], []
    for before, width in zip([n, *widths], [*widths, 1], strict=True):
        rows = [
            [rng.choice([-2, -1, 0, 0, 1, 1, 2]) for _ in range(before + 1)] for _ in range(width)
        ]
        for k in range(1, width):
            if rng.random() < 0.35:
                factor = rng.choice([1, -1, 2, -3])
                rows[k] = [factor * v for v in rows[rng.randrange(k)]]
        weights.append([row[:-1] for row in rows])
        biases.append([0 if no_bias else row[-1] for row in rows])
    return Network.from_dense(weights, biases)


def some_domain(seed: int, n: int) -> Domain:
    rng = Random(seed)
    kind = rng.choice(["box", "box", "space", "simplex", "orthant", "strip"])
    if kind == "space":
        return None
    if kind == "box":
        return Box([rng.choice([-2, -1, 0]) for _ in range(n)], [rng.choice([1, 2])] * n)
    corner = [[-int(i == j) for j in range(n)] for i in range(n)]
    if kind == "orthant":
        return Polyhedron(corner, [rng.choice([0, 1]) for _ in range(n)])
    if kind == "strip":
        return Polyhedron([[1] * n, [-1] * n], [1, rng.choice([0, 1])])
    return Polyhedron([*corner, [1] * n], [*(rng.choice([0, 1]) for _ in range(n)), 2])


def check_against_oracle(network: Network, domain: Domain) -> TreeCells:
    found = tree_cells(Circuit.of(network), domain)
    cells = sign_cells(network, domain)
    place = {cell.signs: k for k, cell in enumerate(cells)}
    rows = [tuple(row) for row in found.signs.tolist()]
    assert found.complete
    assert len(set(rows)) == len(rows)
    assert set(rows) == set(place)
    check_points(network, domain, found)
    n = network.n_inputs
    pairs = [tuple(sorted((place[rows[a]], place[rows[b]]))) for a, b, _ in found.facets if b >= 0]
    assert len(set(pairs)) == len(pairs)
    assert set(pairs) == adjacent(cells, n)
    border = [(place[rows[a]], -1 - k) for a, b, k in found.facets.tolist() if b < 0]
    assert len(set(border)) == len(border)
    assert set(border) == on_boundary(cells, domain, n)
    for a, b, unit in found.facets.tolist():
        assert b < 0 or found.signs[a, unit] != found.signs[b, unit]
    return found


def check_points(network: Network, domain: Domain, found: TreeCells) -> None:
    for k, row in enumerate(found.signs.tolist()):
        point = found.exact_points.get(k, [Fraction(v) for v in found.interior_points[k].tolist()])
        values = pre_activations(network, point)
        flat = [
            (v > 0) - (v < 0)
            for level, layer in zip(values, network.layers, strict=True)
            for v, relu in zip(level, layer.relu, strict=True)
            if relu
        ]
        assert flat == row
        if domain is not None:
            a, b = domain.inequalities()
            assert all(
                sum(u * v for u, v in zip(side, point, strict=True)) < top[0]
                for side, top in zip(a, b, strict=True)
            )


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.integers(1, 3), st.lists(st.integers(1, 3), max_size=2))
def test_degenerate_networks_against_enumeration(seed: int, n: int, widths: list[int]) -> None:
    check_against_oracle(degenerate_network(seed, n, widths), some_domain(seed, n))


@pytest.mark.parametrize("seed", range(4))
def test_four_inputs_against_enumeration(seed: int) -> None:
    check_against_oracle(degenerate_network(seed, 4, [3, 3]), [None, Box.cube(4)][seed % 2])


def gaussian(seed: int, widths: list[int]) -> Network:
    rng = np.random.default_rng(seed)
    pairs = list(zip(widths[1:], widths[:-1], strict=True))
    return Network.from_dense(
        [rng.standard_normal(pair) for pair in pairs],
        [0.5 * rng.standard_normal(pair[0]) for pair in pairs],
    )


@pytest.mark.parametrize(("n", "width"), [(1, 5), (2, 7), (3, 8), (5, 8), (8, 10), (12, 9)])
def test_one_generic_layer_has_the_cells_of_zaslavsky(n: int, width: int) -> None:
    circuit = Circuit.of(gaussian(n, [n, width, 1]))
    expected = sum(math.comb(width, i) for i in range(n + 1))
    found = tree_cells(circuit, None)
    assert (found.n_cells, found.complete) == (expected, True)
    # each facet of the arrangement is a cell of the arrangement that the others cut into a zero set
    inner = width * sum(math.comb(width - 1, i) for i in range(n))
    assert len(found.facets) == inner
    if n <= 3:  # the same in a box that holds all vertices
        assert tree_cells(circuit, Box.cube(n, -(10**6), 10**6)).n_cells == expected


def foreign(folder: Path, name: str) -> Network:
    stored = np.load(folder / "regions" / f"{name}.npz")
    layers = sorted({int(key.split(".")[0]) for key in stored})
    return Network.from_dense(
        [stored[f"{k}.weight"] for k in layers], [stored[f"{k}.bias"] for k in layers]
    )


@pytest.mark.parametrize(
    ("name", "cells"),
    [("E", 1226), ("G", 1935), ("C", 1276), ("A", 795), ("Z_dup", 14), ("Z_pruned", 16)],
)
def test_known_counts(tropnet_data: Path, name: str, cells: int) -> None:
    network = foreign(tropnet_data, name)
    found = tree_cells(Circuit.of(network), Box.cube(network.n_inputs))
    assert (found.n_cells, found.complete) == (cells, True)


def beside(network: Network, copy: Network) -> Network:
    """Both networks in one, their outputs added."""
    layers = []
    for index, (one, two) in enumerate(zip(network.layers, copy.layers, strict=True)):
        a, b = (layer.affine.terms[0][1].exact for layer in (one, two))
        h = [*one.affine.bias.exact, *two.affine.bias.exact]
        if index:
            right = RationalMatrix.zeros(len(a), b.shape[1])
            left = RationalMatrix.zeros(len(b), a.shape[1])
            a = RationalMatrix.stack_columns([a, right])
            b = RationalMatrix.stack_columns([left, b])
        joint = RationalMatrix.stack_rows([a, b])
        layers.append(Layer(Affine({index: joint}, [v for (v,) in h]), True))
    size = layers[-1].width
    return Network(network.n_inputs, tuple(layers), Affine({len(layers): [[1] * size]}))


def rescaled(network: Network, seed: int) -> Network:
    """Nearly the same function: units times random floats, what reads them divided, all rounded."""
    rng = np.random.default_rng(seed)
    weights = [layer.affine.terms[0][1].exact.to_floats() for layer in network.layers]
    biases = [layer.affine.bias.exact.to_floats()[:, 0] for layer in network.layers]
    for k in range(len(weights)):
        factor = rng.uniform(0.3, 3, len(weights[k]))
        weights[k], biases[k] = weights[k] * factor[:, None], biases[k] * factor
        if k + 1 < len(weights):
            weights[k + 1] = weights[k + 1] / factor
    last = network.output
    return Network.from_dense([*weights, last.terms[0][1].exact], [*biases, [0]])


def test_slivers_are_counted_as_they_are() -> None:
    network = gaussian(3, [2, 3, 2, 1])
    both = beside(network, rescaled(network, 4))
    found = check_against_oracle(both, Box.cube(2))
    assert found.n_cells > tree_cells(Circuit.of(network), Box.cube(2)).n_cells
    assert found.decided_exactly > 0


def test_a_true_copy_adds_no_cells_and_no_exact_decisions() -> None:
    network = gaussian(3, [3, 6, 5, 1])
    alone = tree_cells(Circuit.of(network), Box.cube(3))
    both = tree_cells(Circuit.of(beside(network, network)), Box.cube(3))
    assert (both.n_cells, both.decided_exactly) == (alone.n_cells, alone.decided_exactly)
    assert len(both.facets) == len(alone.facets)
    assert np.array_equal(both.signs[:, :6], both.signs[:, 6:12])


@pytest.mark.parametrize("width", [2.0**-30, 2.0**-60, 2.0**-300, 2.0**-1000])
def test_a_sliver_between_parallel_lines(width: float) -> None:
    rows = [[1, 1], [1, 1], [1, -1]]
    network = Network.from_dense([rows, [[1, 1, 1]]], [[0, width, 0], [0]])
    found = check_against_oracle(network, Box.cube(2))
    assert found.n_cells == 6
    assert check_against_oracle(network, None).n_cells == 6


def test_a_cell_without_a_float_point_has_a_rational_one() -> None:
    near = 1 + 2.0**-52
    network = Network.from_dense([[[1], [1]], [[1, 1]]], [[-1, -near], [0]])
    found = check_against_oracle(network, Box([0], [2]))
    assert found.n_cells == 3
    (point,) = found.exact_points.values()
    assert 1 < point[0] < Fraction(near)


@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_one_ulp_decides_whether_a_corner_is_cut_off(shift: int) -> None:
    # x + y ≤ 2 holds on the box, and on its corner with equality
    bias = {-1: 2.0, 0: 2.0, 1: np.nextafter(2.0, 0.0)}[shift]
    network = Network.from_dense([[[1, 1]], [[1]]], [[-bias if shift >= 0 else -2.0], [0]])
    assert check_against_oracle(network, Box.cube(2)).n_cells == (2 if shift == 1 else 1)


def test_a_unit_that_vanishes_on_a_cell_has_sign_zero() -> None:
    # the second layer reads ReLU(x): it is zero wherever x < 0
    network = Network.from_dense([[[1]], [[1], [-1]], [[1, 1]]], [[0], [0, 0], [0]])
    found = check_against_oracle(network, Box.cube(1))
    assert sorted(found.signs.tolist()) == [[-1, 0, 0], [1, 1, -1]]
    assert len([row for row in found.facets.tolist() if row[1] >= 0]) == 1


def test_skip_connections_and_identity_units() -> None:
    first = Layer(Affine({0: [[1, 2], [2, -1]]}, [0, 1]), [True, False])
    second = Layer(Affine({0: [[1, 0], [0, 1]], 1: [[1, 1], [-1, 2]]}, [1, -1]), True)
    network = Network(2, (first, second), Affine({2: [[1, 1]]}))
    for domain in (None, Box.cube(2, -3, 3)):
        check_against_oracle(network, domain)


def test_a_network_without_units_is_one_cell() -> None:
    network = Network(3, (), Affine({0: [[1, 2, 3]]}))
    found = tree_cells(Circuit.of(network), Box.cube(3))
    assert (found.n_cells, found.signs.shape, len(found.facets)) == (1, (1, 0), 6)


@pytest.mark.parametrize("scale", [1e-200, 1e-20, 1e20, 1e200])
def test_scale_changes_nothing(scale: float) -> None:
    network = gaussian(5, [3, 6, 4, 1])
    weights = [layer.affine.terms[0][1].exact.to_floats() for layer in network.layers]
    biases = [layer.affine.bias.exact.to_floats()[:, 0] for layer in network.layers]
    plain = tree_cells(Circuit.of(network), Box.cube(3))
    other = Network.from_dense(
        [weights[0] * scale, weights[1], [[1] * 4]], [biases[0] * scale, biases[1] * scale, [0]]
    )
    assert tree_cells(Circuit.of(other), Box.cube(3)).n_cells == plain.n_cells
    far = Network.from_dense([weights[0] / scale, weights[1], [[1] * 4]], [*biases, [0]])
    assert tree_cells(Circuit.of(far), Box.cube(3, -scale, scale)).n_cells == plain.n_cells


@pytest.mark.parametrize("displacement", [1e-6, 1e-2, 0.3, math.inf])
@pytest.mark.parametrize("domain", [None, Box.cube(2)])
def test_the_more_the_floats_doubt_the_more_is_decided_in_rationals(
    displacement: float, domain: Domain, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = gaussian(7, [2, 3, 2, 1])
    plain = tree_cells(Circuit.of(network), domain)
    monkeypatch.setattr(Frame, "displacement", displacement)
    found = check_against_oracle(network, domain)
    assert found.n_cells == plain.n_cells
    assert len(found.facets) == len(plain.facets)
    assert found.decided_exactly > plain.decided_exactly or displacement < 1e-3


def test_max_cells_gives_a_partial_result() -> None:
    circuit = Circuit.of(gaussian(1, [4, 10, 8, 1]))
    found = tree_cells(circuit, None, max_cells=50)
    assert (found.n_cells, found.complete, len(found.facets)) == (50, False, 0)
    assert "stopped at 50 cells" in found.certified
    assert len(np.unique(found.signs, axis=0)) == 50


def test_a_time_limit_gives_a_partial_result() -> None:
    found = tree_cells(Circuit.of(gaussian(1, [6, 16, 16, 1])), None, time_limit=0.05)
    assert found.n_cells > 0
    assert not found.complete
    assert "stopped by the time limit" in found.certified


def test_watch_is_called_and_may_stop_it() -> None:
    class Enough(Exception):  # noqa: N818
        pass

    def watch(cells: int) -> None:
        raise Enough(cells)

    with pytest.raises(Enough):
        tree_cells(Circuit.of(gaussian(1, [4, 10, 8, 1])), None, watch=watch)


def test_domains_without_an_interior_are_refused() -> None:
    circuit = Circuit.of(gaussian(0, [2, 3, 1]))
    with pytest.raises(DomainError, match=r"flat \(coordinate 1 has width 0\)"):
        tree_cells(circuit, Box([0, 1], [1, 1]))
    with pytest.raises(DomainError, match="the domain is flat"):
        tree_cells(circuit, Polyhedron([[1, 1], [-1, -1]], [0, 0]))
    with pytest.raises(DomainError, match="the domain is empty"):
        tree_cells(circuit, Polyhedron([[1, 1], [-1, -1]], [0, -1]))
    with pytest.raises(DomainError, match=r"narrower than 2\^-900 or reaches beyond 2\^900"):
        tree_cells(circuit, Box(["-1e300", 0], ["1e300", 1]))
    with pytest.raises(ShapeError, match="3 coordinates"):
        tree_cells(circuit, Box.cube(3))


def test_inequalities_that_repeat_are_told_once() -> None:
    circuit = Circuit.of(gaussian(0, [2, 3, 1]))
    triangle = Polyhedron([[-1, 0], [0, -1], [1, 1], [2, 2], [1, 0], [0, 0]], [0, 0, 1, 2, 7, 1])
    found = tree_cells(circuit, triangle)
    assert set(found.facets[found.facets[:, 1] < 0, 2].tolist()) == {-1, -2, -3}
