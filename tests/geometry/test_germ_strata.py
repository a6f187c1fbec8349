"""Germs by hand, at infinity too, and of functions that differ in lower dimensions only."""

from __future__ import annotations

from functools import reduce
from pathlib import Path
from typing import Any

import pytest

import tropnet
from tropnet import Box, Network, Polyhedron
from tropnet.domains import Domain
from tropnet.geometry import enumerate_cells
from tropnet.geometry.canonical_form import CanonicalForm, canonical_form
from tropnet.network import Affine, Layer

ONE = [[1]]


def form(network: Network, domain: Domain = None, engine: Any = "auto") -> CanonicalForm:
    return canonical_form(enumerate_cells(network, domain, engine=engine))


def dense(*layers: tuple[Any, Any]) -> Network:
    """A dense network from its (weights, biases)."""
    return Network.from_dense([w for w, _ in layers], [b for _, b in layers])


def test_all_germs_of_a_half_plane() -> None:
    """The strata of max(x, 0) for x + y <= 1, by hand."""
    found = form(dense(([[1, 0]], [0]), (ONE, [0])), Polyhedron([[1, 1]], [1]))
    assert [list(row) for row in found.maps] == [[0, 0, 0], [1, 0, 0]]
    lines, points = found.strata
    infinity, axis, edge = (0, 0, 1), (1, 0, 0), (1, 1, -1)
    assert lines.subspaces == ((infinity,), (axis,), (edge,))
    # at infinity and along the edge both maps occur, and nothing is behind them
    assert lines.germs == ((0, 1, 0), (0, 2, 0), (1, 2, 1), (2, 0, 1), (2, 0, 2))
    assert points.subspaces == (((-1, 1, 0),), ((0, -1, 0),), ((0, 1, 1),), ((1, -1, 0),))
    assert points.germs == (
        (0, 0, 1, 4, 0),  # infinity (germ 1) ends, the edge (germ 4) begins
        (1, 2, 1, 3, 0),  # infinity changes its map where the axis (germ 3) begins
        (2, 0, 3, 4, 5),  # the axis ends in the edge, which changes its map
        (3, 0, 2, 5, 0),
    )


def test_a_map_on_a_whole_space() -> None:
    """No face but infinity; half-spaces, whose walls have no vertices."""
    nets = [dense(([[a, 0, 0]], [b]), ([[c]], [d])) for a, b, c, d in
            [(0, 1, 1, 0), (0, 1, 2, 0), (1, 0, 1, 0), (-1, 0, 1, 0), (1, 1, 1, 0)]]  # fmt: skip
    forms = [form(net) for net in nets]
    assert len({f.sha256 for f in forms}) == len(nets)
    assert [len(f.maps) for f in forms] == [1, 1, 2, 2, 2]
    assert [len(s.germs) for s in forms[0].strata] == [1, 0, 0]
    # max(x, 0): infinity with either map, the wall, and the circle in which both meet
    assert [len(s.germs) for s in forms[2].strata] == [3, 1, 0]
    half = Polyhedron([[1, 0, 0]], [0])
    assert form(nets[3], half) != form(nets[3])
    assert form(nets[2], half) == form(dense(([[0, 0, 0]], [0]), ([[1]], [0])), half)


def largest_of_smallest(maps: list[list[int]], sets: list[tuple[int, ...]]) -> Network:
    """The maximum over the sets of the minimum of the affine maps in each."""
    n = len(maps[0]) - 1
    layers: list[Layer] = []

    def plus(a: Any, b: Any, factor: int = 1) -> Any:
        return {k: a.get(k, 0) + factor * b.get(k, 0) for k in {*a, *b}}

    def affine(form: Any) -> Affine:
        rows = {k: [[form.get((k, 0), 0)]] for k in range(1, len(layers) + 1)}
        return Affine({0: [[form.get((0, i), 0) for i in range(n)]], **rows}, [form.get(None, 0)])

    def larger(a: Any, b: Any, sign: int = 1) -> Any:
        """max(a, b) for the sign 1, min(a, b) for -1."""
        layers.append(Layer(affine(plus(plus({}, a, sign), b, -sign)), True, f"{len(layers)}"))
        return plus(b, {(len(layers), 0): sign})

    forms = [{**{(0, i): v for i, v in enumerate(m[:n])}, None: m[n]} for m in maps]
    smallest = [
        reduce(lambda a, b: larger(a, b, -1), [forms[i] for i in chosen]) for chosen in sets
    ]
    whole = reduce(larger, smallest)
    return Network(n, tuple(layers), affine(whole))


@pytest.mark.parametrize(
    ("maps", "first", "second", "point"),
    [
        (
            [[-2, -1, 2], [-1, 3, -1], [1, -3, 0], [-1, 0, 0]],
            [(3,), (0, 1), (0, 2), (1, 2)],
            [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3)],
            ["2", "1/4"],
        ),
        (
            [[1, -2, -1, -3], [1, -3, 2, 0], [-2, -2, 0, 2], [2, -3, -3, -3]],
            [(0, 2), (0, 3), (1, 2), (1, 3), (2, 3)],
            [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)],
            ["2", "3/2", "1/2"],
        ),
    ],
)
def test_the_same_maps_meet_along_the_same_hyperplanes_elsewhere(
    maps: list[list[int]],
    first: list[tuple[int, ...]],
    second: list[tuple[int, ...]],
    point: list[str],
) -> None:
    """Only where kinks end tells these functions apart, not which maps meet in which planes."""
    f, g = largest_of_smallest(maps, first), largest_of_smallest(maps, second)
    box = Box.cube(f.n_inputs, -2, 2)
    one, other = form(f, box, "exact"), form(g, box, "exact")
    assert (one.maps, one.strata[0]) == (other.maps, other.strata[0])
    assert box.contains(point)
    assert f.exact([point]) != g.exact([point])
    assert one != other


@pytest.mark.parametrize("name", ["A", "C", "E", "Z_dup", "Z_pruned"])
def test_foreign_networks(tropnet_data: Path, name: str) -> None:
    net = tropnet.load(tropnet_data / "regions" / f"{name}.npz")
    box = Box.cube(net.n_inputs)
    cells = enumerate_cells(net, box)
    found = canonical_form(cells)
    assert len(found.maps) == cells.n_affine_maps
    outer = [len(s.germs) for s in found.strata]
    if cells.n_regions == cells.n_cells:  # nothing merges, so that every face has a germ of its own
        assert outer == list(cells.f_vector[-2::-1])
    else:
        assert all(a <= b for a, b in zip(outer, cells.f_vector[-2::-1], strict=True))


@pytest.mark.parametrize("end", [0, 1])
def test_a_broken_complex_is_no_form(end: int) -> None:
    """Whichever end of an edge is wrong, some check sees it."""
    net = dense(([[1, 0], [0, 1], [1, 1]], [0, 0, 1]), ([[1, 1, 1]], [0]))
    for edge in range(len(enumerate_cells(net, Box.cube(2)).edges)):
        cells = enumerate_cells(net, Box.cube(2), engine="exact")
        ends = cells.edges[edge].tolist()
        other = next(v for v in range(len(cells.generators)) if v not in ends)
        for wrong in (ends[1 - end], other):
            assert cells.record is not None
            lattice = cells.record.lattice
            lattice.pool[1][int(lattice.start[1][edge]) + end] = wrong
            with pytest.raises(RuntimeError, match="the complex is"):
                canonical_form(cells)


@pytest.mark.parametrize("k", [2, 3])
def test_a_face_that_is_not_closed_is_no_form(k: int) -> None:
    net = dense(([[1, 0, 0], [0, 1, 0], [1, 1, 1]], [0, 0, 1]), ([[1, 1, 1]], [0]))
    cells = enumerate_cells(net, Box.cube(3), engine="exact")
    assert cells.record is not None
    lattice = cells.record.lattice
    first = int(lattice.start[k][0])
    own = set(lattice.children(k, 0))
    lattice.pool[k][first] = next(f for f in range(int(lattice.count[k - 1])) if f not in own)
    with pytest.raises(RuntimeError, match="a gap in its boundary"):
        canonical_form(cells)
