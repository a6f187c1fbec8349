"""The cells against polygons split in Fractions, counting formulas and counts found by others."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tropnet
from tests.oracles.polygons import activation_cells
from tropnet import Box, Network, Polyhedron
from tropnet.errors import BudgetExceeded, DomainError, ShapeError
from tropnet.geometry import PolyhedralComplex, enumerate_cells
from tropnet.network import Affine, Layer
from tropnet.testing.strategies import dense_networks, networks

SQUARE = [(-1, -1), (1, -1), (1, 1), (-1, 1)]
#: Beyond all vertices of the small networks that tests draw.
FAR = 2**400
FAR_SQUARE = [(FAR * x, FAR * y) for x, y in SQUARE]

#: net, inputs, cells, different affine maps (settled by exact enumeration or several programs)
COUNTS = [
    ("A", 795, None),
    ("A_moons", 352, None),
    ("B", 6668, None),
    ("B_sin", 8668, None),
    ("C", 1276, None),
    ("D", 11512, None),
    ("E", 1226, None),
    ("F", 29584, None),
    ("G", 1935, None),
    ("Z_dup", 14, 14),
    ("Z_pruned", 16, 10),
]


def patterns(cells: PolyhedralComplex) -> set[tuple[int, ...]]:
    rows = {tuple(row) for row in cells.signs.tolist()}
    assert len(rows) == cells.n_cells, "two cells with the same signs"
    return rows


def dense(sizes: list[int], seed: int, scale: float = 1.0) -> Network:
    rng = np.random.default_rng(seed)
    weights = [
        (scale * rng.uniform(-1, 1, (b, a)) / math.sqrt(a)).astype(np.float32)
        for a, b in pairwise(sizes)
    ]
    biases = [rng.uniform(-1, 1, len(w)).astype(np.float32) / 2 for w in weights]
    return Network.from_dense(weights, biases)


def beside(f: Network, g: Network) -> Network:
    """Return a dense network that holds the units of both."""
    first = [*zip(f.affines, g.affines, strict=True)]
    weights, biases = [], []
    for k, (a, b) in enumerate(first):
        (_, wa), (_, wb) = a.terms[0], b.terms[0]
        rows_a: list[Any] = list(wa.exact.to_fractions())
        rows_b: list[Any] = list(wb.exact.to_fractions())
        if k:
            rows_a = [[*row, *[0] * len(rows_b[0])] for row in rows_a]
            rows_b = [[*[0] * wa.shape[1], *row] for row in rows_b]
        weights.append([*rows_a, *rows_b])
        column = [v for m in (a.bias, b.bias) for (v,) in m.exact.to_fractions()]
        biases.append(column)
    return Network.from_dense(weights, biases)


def check_lattice(cells: PolyhedralComplex) -> None:
    """What must hold of every complex, whatever made it."""
    euler = sum((-1) ** k * count for k, count in enumerate(cells.f_vector))
    assert euler == (1 if cells.bounded.all() else (-1) ** cells.n_inputs) or not isinstance(
        cells.domain, Box | None
    )
    assert cells.f_vector[-1] == cells.n_cells
    inner = cells.facet_cells[:, 1] >= 0
    units = cells.facet_unit[inner]
    plus, minus = cells.facet_cells[inner].T
    assert (units >= 0).all() or cells.pieces is not cells
    assert (cells.signs[plus, units] == 1).all()
    assert (cells.signs[minus, units] == -1).all()
    indptr, members = cells.cell_vertices
    rows = cells.exact_vertices()
    for cell in range(0, cells.n_cells, max(1, cells.n_cells // 5)):
        inside = rows[members[indptr[cell] : indptr[cell + 1]]]
        finite = [row for row in inside.tolist() if row[-1]]
        mean = [sum(Fraction(row[k], row[-1]) for row in finite) for k in range(cells.n_inputs)]
        point = [v / len(finite) for v in mean]
        for row in inside.tolist():
            if row[-1] == 0:
                point = [p + v for p, v in zip(point, row, strict=False)]
        signs = cells.network.pattern([point])[0][: cells.n_done]
        assert (signs == cells.signs[cell]).all()


@pytest.mark.parametrize(("name", "count", "maps"), COUNTS)
def test_known_counts_are_found_and_proved(
    tropnet_data: Path, name: str, count: int, maps: int | None
) -> None:
    network = tropnet.load(tropnet_data / "regions" / f"{name}.npz")
    cells = tropnet.linear_regions(network, Box.cube(network.n_inputs, -1, 1))
    assert (cells.n_cells, cells.complete) == (count, True)
    assert cells.certified.startswith(("float64 bounds", "integers"))
    if maps is not None:
        assert cells.n_affine_maps == maps


@pytest.mark.parametrize("name", ["A_moons", "C", "E", "G", "Z_dup", "Z_pruned"])
def test_integers_find_the_cells_that_floats_find(tropnet_data: Path, name: str) -> None:
    network = tropnet.load(tropnet_data / "regions" / f"{name}.npz")
    box = Box.cube(network.n_inputs, -1, 1)
    floats, integers = enumerate_cells(network, box), enumerate_cells(network, box, engine="exact")
    assert patterns(floats) == patterns(integers)
    assert floats.f_vector == integers.f_vector
    assert integers.certified == "integers"


@given(networks(n_inputs=2))
@settings(max_examples=30)
def test_degenerate_networks_on_a_square(network: Network) -> None:
    expected = activation_cells(network, SQUARE)
    cells = enumerate_cells(network, Box.cube(2, -1, 1))
    assert patterns(cells) == set(expected)
    check_lattice(cells)


@given(dense_networks(n_inputs=2))
@settings(max_examples=20)
def test_degenerate_networks_on_the_plane(network: Network) -> None:
    cells = enumerate_cells(network)
    assert patterns(cells) == set(activation_cells(network, FAR_SQUARE))
    check_lattice(cells)


@given(networks(n_inputs=1))
@settings(max_examples=25)
def test_degenerate_networks_on_a_segment_and_the_line(network: Network) -> None:
    on_segment = enumerate_cells(network, Box([-1], [1]))
    assert patterns(on_segment) == set(activation_cells(network, [(-1,), (1,)]))
    on_line = enumerate_cells(network)
    assert patterns(on_line) == set(activation_cells(network, [(-FAR,), (FAR,)]))
    check_lattice(on_segment)
    check_lattice(on_line)


@given(dense_networks(n_inputs=3))
@settings(max_examples=15)
def test_degenerate_networks_in_space(network: Network) -> None:
    for domain in (Box.cube(3, -1, 1), None):
        cells = enumerate_cells(network, domain)
        assert patterns(cells) == patterns(enumerate_cells(network, domain, engine="exact"))
        check_lattice(cells)


@given(st.integers(0, 2**32), st.integers(-1, 1), st.integers(-1, 1))
@settings(max_examples=10)
def test_lines_that_meet_up_to_an_ulp(seed: int, up: int, down: int) -> None:
    """Three lines through a point that floats cannot tell from a tiny triangle."""
    rng = np.random.default_rng(seed)
    point = rng.uniform(-0.5, 0.5, 2)
    rows = rng.uniform(-1, 1, (5, 2))
    bias = -(rows @ point)
    bias[0] = np.nextafter(bias[0], up * np.inf) if up else bias[0]
    bias[1] = np.nextafter(bias[1], down * np.inf) if down else bias[1]
    network = Network.from_dense([rows, [[1] * 5]], [bias, [0]])
    cells = enumerate_cells(network, Box.cube(2, -1, 1))
    assert patterns(cells) == set(activation_cells(network, SQUARE))


def test_a_copy_rescaled_by_floats_has_slivers_that_are_counted() -> None:
    seed = 0
    rng = np.random.default_rng(seed)
    f = dense([2, 4, 3, 1], seed)
    factors = [rng.uniform(0.5, 2, 4), rng.uniform(0.5, 2, 3)]
    (w0, w1, w2), biases = (
        [a.terms[0][1].values for a in f.affines],
        [a.bias.values[:, 0] for a in f.affines],
    )
    g = Network.from_dense(
        [
            w0 * factors[0][:, None],
            w1 / factors[0] * factors[1][:, None],
            w2 / factors[1],
        ],
        [biases[0] * factors[0], biases[1] * factors[1], biases[2]],
    )
    joint = beside(f, g)
    cells = enumerate_cells(joint, Box.cube(2, -1, 1))
    assert patterns(cells) == set(activation_cells(joint, SQUARE))
    groups = tropnet.merge_thin_cells(cells, 1e-9)
    assert len(set(groups.tolist())) == enumerate_cells(f, Box.cube(2, -1, 1)).n_cells


@pytest.mark.parametrize(("n", "count"), [(1, 7), (2, 7), (3, 6), (4, 6), (5, 6), (6, 6)])
def test_a_generic_layer_has_the_cells_of_zaslavsky(n: int, count: int) -> None:
    cells = enumerate_cells(dense([n, count, 1], n))
    assert cells.n_cells == sum(math.comb(count, k) for k in range(n + 1))
    assert cells.f_vector[0] == math.comb(count, n)
    # faces of dimension k: choose n − k hyperplanes, then cells in their intersection
    for k, found in enumerate(cells.f_vector):
        inside = sum(math.comb(count - n + k, j) for j in range(k + 1))
        assert found == math.comb(count, n - k) * inside


@pytest.mark.parametrize("n", range(1, 7))
def test_coordinate_hyperplanes_make_orthants(n: int) -> None:
    identity = Network.from_dense([np.eye(n), [[1] * n]], [[0] * n, [0]])
    for domain in (None, Box.cube(n, -1, 1)):
        cells = enumerate_cells(identity, domain)
        assert patterns(cells) == set(product((-1, 1), repeat=n))


def test_lines_that_meet_far_away() -> None:
    """Almost parallel lines meet at 2^60; a large box would miss the cells behind."""
    network = Network.from_dense([[[1, 0], [1, 2.0**-60]], [[1, 1]]], [[0, -1], [0]])
    assert enumerate_cells(network).n_cells == 4
    assert enumerate_cells(network, Box.cube(2, -(10**6), 10**6)).n_cells == 3


def test_polyhedra() -> None:
    f = dense([3, 8, 6, 1], 3)
    cube = Polyhedron(np.vstack([np.eye(3), -np.eye(3)]), [1] * 6)
    redundant = Polyhedron(np.vstack([np.eye(3), -np.eye(3), [[1, 1, 1]]]), [*[1] * 6, 9])
    box = enumerate_cells(f, Box.cube(3, -1, 1))
    for same in (cube, redundant):
        other = enumerate_cells(f, same)
        assert patterns(other) == patterns(box)
        assert other.f_vector == box.f_vector
    octahedron = Polyhedron(list(product((-1, 1), repeat=3)), [1] * 8)  # not simple
    inside = enumerate_cells(f, octahedron)
    assert patterns(inside) <= patterns(box)
    check_lattice(inside)
    corner = Polyhedron(-np.eye(3), [0, 0, 0])
    assert patterns(enumerate_cells(f, corner)) <= patterns(enumerate_cells(f))


def test_a_unit_that_is_zero_on_an_added_wall() -> None:
    """R^1 needs a wall at 0 here, since no unit of the first layer reads the input."""
    first = Layer(Affine({}, [1]), True)
    second = Layer(Affine({0: [[1]]}, [0]), True)
    cells = enumerate_cells(Network(1, (first, second), Affine({2: [[1]]})))
    assert (cells.n_cells, cells.facet_unit.tolist(), cells.f_vector) == (2, [1], (1, 2))


@pytest.mark.parametrize("engine", ["auto", "exact", "tree"])
def test_a_unit_that_is_zero_at_vertices_alone(engine: Any) -> None:
    """The diagonal of a square cuts no edge."""
    diagonal = Network.from_dense([[[1, 1]], [[1]]])
    cells = enumerate_cells(diagonal, Box.cube(2, -1, 1), engine=engine)
    assert cells.n_cells == 2
    if engine != "tree":
        assert cells.f_vector == (4, 5, 2)


def test_a_needle_whose_foot_rounds_to_zero() -> None:
    """The float of x − 2^-60 at x = 0, interpolated between −1 and 1, is exactly zero."""
    tiny = Fraction(1, 2**60)
    hat = Network.from_dense([[[1], [1], [1]], [[1, -2, 1]]], [[0, -tiny, -2 * tiny], [0]])
    assert enumerate_cells(hat, Box([-1], [1])).n_cells == 4


def test_units_that_vanish_on_whole_cells() -> None:
    """max(min(b, d), min(c, d)): floats see zeros that are noise, and noise that is zero."""
    one = Layer(Affine({0: [[0, -3], [4, 3]]}, [3, 0]), True)
    two = Layer(Affine({1: [[-1, 1]]}, [0]), True)
    network = Network(2, (one, two), Affine({0: [[3, 0]], 1: [[0, -1]], 2: [[1]]}, [0]))
    cells = enumerate_cells(network, Box.cube(2, -2, 2))
    indptr, _ = cells.faces(1)
    assert (np.diff(indptr) == 2).all()
    assert cells.f_vector == enumerate_cells(network, Box.cube(2, -2, 2), engine="exact").f_vector


def test_cells_that_contain_lines() -> None:
    ridge = Network.from_dense([[[1, 1], [1, 1]], [[1, 1]]], [[0, -1], [0]])
    cells = enumerate_cells(ridge)
    assert (cells.n_cells, cells.n_regions, cells.f_vector) == (3, 3, (0, 2, 3))
    assert cells.facet_unit.tolist() in ([0, 1], [1, 0])
    assert cells.pieces.n_cells > 3
    with pytest.raises(DomainError, match="contains a whole line"):
        cells.faces(1)
    strip = enumerate_cells(ridge, Polyhedron([[1, 1], [-1, -1]], [2, 2]))
    assert (strip.n_cells, strip.f_vector) == (3, (0, 4, 3))
    constant = enumerate_cells(Network.from_dense([[[2, 1]]]))
    assert (constant.n_cells, constant.f_vector) == (1, (0, 0, 1))


def test_a_shipped_model_is_read() -> None:
    moons = tropnet.load("examples:moons_a")
    assert enumerate_cells(moons, Box.cube(2, -1, 1)).n_cells > 10


def test_partial_results_count_from_below() -> None:
    network = dense([2, 40, 40, 1], 0, 2.0)
    box = Box.cube(2, -1, 1)
    whole = enumerate_cells(network, box)
    for engine in ("auto", "exact"):
        part: Any = enumerate_cells(network, box, engine=engine, time_limit=0.0)
        assert not part.complete
        assert 0 < part.n_done < 80
        assert part.n_cells <= whole.n_cells
        prefix = {row[: part.n_done] for row in patterns(whole)}
        assert patterns(part) == prefix
        with pytest.raises(DomainError, match="allow more time"):
            _ = part.map_ids


def test_progress_is_told() -> None:
    seen: list[tuple[int, int, int]] = []
    enumerate_cells(
        dense([2, 9, 9, 1], 1), Box.cube(2, -1, 1), progress=lambda *state: seen.append(state)
    )
    assert seen[-1][:2] == (18, 18)


def test_cells_without_directions_are_bounded_without_a_look_at_their_vertices() -> None:
    corner = Network.from_dense([[[1, 0], [0, 1]], [[1, 1]]])
    on_box = enumerate_cells(corner, Box.cube(2))
    assert on_box.bounded.tolist() == [True] * 4
    assert "cell_vertices" not in vars(on_box)  # not computed: slow for 100,000s of cells
    assert enumerate_cells(corner).bounded.tolist() == [False] * 4
    with pytest.raises(DomainError, match="engine='tree' knows cells and facets only"):
        _ = enumerate_cells(corner, engine="tree").bounded
    wedge = Polyhedron([[-1, 0], [0, -1]], [0, 0])
    peak = Network.from_dense([[[1, 1]], [[1]]], [[-1], [0]])  # a triangle, and what lies beyond
    assert sorted(enumerate_cells(peak, wedge).bounded.tolist()) == [False, True]


def test_refusals() -> None:
    network = dense([2, 20, 20, 1], 0)
    with pytest.raises(BudgetExceeded, match="raise max_cells, or take a smaller domain"):
        enumerate_cells(network, Box.cube(2, -1, 1), max_cells=10)
    with pytest.raises(BudgetExceeded):
        enumerate_cells(network, Box.cube(2, -1, 1), max_cells=10, engine="exact")
    for budget in (0, -1):
        with pytest.raises(DomainError, match=f"max_cells={budget}; give at least 1"):
            enumerate_cells(network, max_cells=budget)
    for seconds in (-1, float("nan")):
        with pytest.raises(DomainError, match="give seconds, 0 or more"):
            enumerate_cells(network, time_limit=seconds)
    cells = enumerate_cells(dense([2, 2, 1], 0), Box.cube(2, -1, 1))
    for cell in (-1, cells.n_cells):
        with pytest.raises(DomainError, match="they are numbered from 0"):
            cells.exact_map(cell)
    with pytest.raises(DomainError, match="the box is flat: coordinate 1 is always 0"):
        enumerate_cells(network, Box([0, 0], [1, 0]))
    for flat in ([0, 0], [0, -1]):
        with pytest.raises(DomainError, match="empty or flat"):
            enumerate_cells(network, Polyhedron([[1, 0], [-1, 0]], flat))
    with pytest.raises(ShapeError, match="the domain has 3 coordinates"):
        enumerate_cells(network, Box.cube(3))
    with pytest.raises(DomainError, match="engine='magic' is unknown"):
        enumerate_cells(network, engine="magic")  # type: ignore[arg-type]
