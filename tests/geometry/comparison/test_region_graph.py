"""Graphs of linear regions: what they keep and what they forget; isomorphism against networkx."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networkx.algorithms.isomorphism import categorical_edge_match, categorical_node_match

from tropnet import Box, Network, Polyhedron
from tropnet.domains import Domain
from tropnet.errors import BudgetExceeded
from tropnet.geometry import enumerate_cells
from tropnet.geometry.comparison.region_comparison import compare_regions
from tropnet.geometry.comparison.region_graph import isomorphism, region_graph
from tropnet.testing.strategies import dense_networks, disguised

DOMAINS: list[Domain] = [Box([-1, -1], [1, 2]), None, Polyhedron([[-1, 0], [0, -1]], [1, 0])]


def test_moving_a_kink_keeps_the_pattern() -> None:
    f = Network.from_dense([[[1, 1], [1, -1]], [[1, 1]]])
    g = Network.from_dense([[[1, 0.5], [0.25, -1]], [[1, 3]]], [[0.25, 0.125], [0]])
    assert compare_regions(f, g, Box.cube(2)).same_combinatorics
    parallel = Network.from_dense([[[1, 0], [1, 0]], [[1, 1]]], [[0, "1/2"], [0]])
    found = compare_regions(f, parallel, Box.cube(2)).same_combinatorics
    assert not found
    assert "4 regions with 6 contacts and 3 regions with 2 contacts" in found.note


def test_three_lines_in_a_triangle_or_through_a_point() -> None:
    lines = [[1, 0], [0, 1], [1, 1]]
    point = Network.from_dense([lines, [[1, 1, 1]]])
    triangle = Network.from_dense([lines, [[1, 1, 1]]], [[0, 0, "-1/2"], [0]])
    found = compare_regions(point, triangle, Box.cube(2)).same_combinatorics
    assert "6 regions with 15 contacts and 7 regions" in found.note


def test_corners_count_where_walls_do_not() -> None:
    """In the plane a cross has four regions in a cycle; opposite ones meet in a point."""
    cross = enumerate_cells(Network.from_dense([[[1, 0], [0, 1]], [[1, 1]]]))
    graph = region_graph(cross)
    kinds = sorted((d["dimension"], d["walls"]) for _, _, d in graph.edges(data=True))
    assert kinds == [(0, 0), (0, 0), (1, 1), (1, 1), (1, 1), (1, 1)]
    assert not any(d["bounded"] or d["outer"] for _, d in graph.nodes(data=True))


def test_a_wall_may_come_in_parts() -> None:
    # max(0, |x| − 1) on R²: two regions with the slopes ±1 and a strip
    strip = Network.from_dense([[[1, 0], [-1, 0]], [[1, 1]]], [[-1, -1], [0]])
    assert sorted(d for _, d in region_graph(enumerate_cells(strip)).degree()) == [1, 1, 2]
    # a square ring on a box: the outside touches the box in one part, the inside not
    ring = Network.from_dense(
        [[[2, 0], [-2, 0], [0, 2], [0, -2]], [[-1, -1, -1, -1]], [[1]]], [[0] * 4, [1], [0]]
    )
    graph = region_graph(enumerate_cells(ring, Box.cube(2)))
    assert sorted(d["outer"] for _, d in graph.nodes(data=True)) == [0, 0, 0, 0, 1]


@settings(max_examples=20)
@given(disguised(dense_networks(n_inputs=2)), st.sampled_from(DOMAINS))
def test_the_graph_depends_on_the_function_alone(
    pair: tuple[Network, Network], domain: Domain
) -> None:
    graphs = [region_graph(enumerate_cells(h, domain)) for h in pair]
    nodes = categorical_node_match(["bounded", "outer"], [None, None])
    edges = categorical_edge_match(["dimension", "walls"], [None, None])
    assert nx.is_isomorphic(graphs[0], graphs[1], node_match=nodes, edge_match=edges)


@settings(max_examples=30)
@given(st.integers(1, 7), st.integers(0, 2**21 - 1), st.integers(0, 2**21 - 1), st.randoms())
def test_isomorphism_against_networkx(size: int, one: int, other: int, rng: object) -> None:
    pairs = [(a, b) for b in range(size) for a in range(b)]
    graphs = []
    for bits in (one, other):
        graph = nx.empty_graph(size)
        graph.add_edges_from(p for k, p in enumerate(pairs) if bits >> k & 1)
        graphs.append(graph)
    order = list(range(size))
    rng.shuffle(order)  # type: ignore[attr-defined]
    graphs.append(nx.relabel_nodes(graphs[0], dict(enumerate(order))))
    assert isomorphism(graphs[0], graphs[2]) is not None
    found = isomorphism(graphs[0], graphs[1])
    assert (found is not None) == nx.is_isomorphic(graphs[0], graphs[1])
    if found is not None:
        assert nx.utils.graphs_equal(nx.relabel_nodes(graphs[0], found), graphs[1])


def test_regular_graphs_take_choices() -> None:
    """Colours alone tell neither of these apart: six nodes of degree two."""
    ring, pair = nx.cycle_graph(6), nx.disjoint_union(nx.cycle_graph(3), nx.cycle_graph(3))
    assert isomorphism(ring, pair) is None
    assert isomorphism(ring, nx.cycle_graph(6)) is not None
    with pytest.raises(BudgetExceeded, match="refinements of the graphs of linear regions"):
        isomorphism(ring, pair, budget=2)


def test_attributes_count() -> None:
    one, other = nx.path_graph(2), nx.path_graph(2)
    one.nodes[0]["bounded"] = True
    assert isomorphism(one, other) is None
    other.nodes[1]["bounded"] = True
    assert isomorphism(one, other) == {0: 1, 1: 0}
    one.edges[0, 1]["walls"] = 2
    assert isomorphism(one, other) is None


def test_equal_counts_in_other_patterns() -> None:
    """Four regions and three contacts each: a row, and three around one that meets the border."""
    row = Network.from_dense([[[1], [1], [1]], [[1, 1, 1]]], [[0, 1, 2], [0]])
    f = Network.from_dense([[[1, 0]] * 3, [[1, 1, 1]]], [[0, "1/2", "-1/2"], [0]])
    assert len(region_graph(enumerate_cells(row))) == len(region_graph(enumerate_cells(f))) == 4
    corners = [[-2, -2], [2, -2], [0, 2]]
    g = Network.from_dense([corners, [[1, 1, 1]]], [[-3, -3, "-3/2"], [0]])
    found = compare_regions(f, g, Box.cube(2)).same_combinatorics
    assert not found
    assert found.note == "both have 4 regions with 3 contacts, in other patterns"
