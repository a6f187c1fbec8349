"""The linear regions of a network as a graph, and whether two such graphs are the same."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tropnet.errors import BudgetExceeded
from tropnet.geometry.linear_region import connected

if TYPE_CHECKING:
    import networkx as nx

    from tropnet.geometry.polyhedral_complex import PolyhedralComplex
    from tropnet.typing import BoolArray, IntArray

#: Pairs of regions that are looked at.
_MOST_PAIRS: Final = 5_000_000


def region_graph(complex_: PolyhedralComplex) -> nx.Graph[int]:
    """Return the graph of the linear regions; it depends on the function and the domain alone.

    Nodes are linear regions, with `bounded` (is it?) and `outer` (into how many parts falls what it
    has of the boundary of the domain). Two regions that meet are joined, with the `dimension` of
    their intersection and, where that is n − 1, the number of `walls`: the parts into which their
    common boundary falls. Parts hang together through faces of dimension n − 2.

    Raises:
        BudgetExceeded: too many pairs of regions meet.

    Example:
        >>> from tropnet import Box, Network
        >>> from tropnet.geometry import enumerate_cells
        >>> from tropnet.geometry.comparison.region_graph import region_graph
        >>> relu = Network.from_dense([[[1], [2]], [[1, 1]]], [[0, 0], [0]])
        >>> sorted(region_graph(enumerate_cells(relu, Box([-1], [1]))).edges(data=True))
        [(0, 1, {'dimension': 0, 'walls': 1})]
    """
    import networkx as nx

    complex_ = complex_.pieces
    n, ids = complex_.n_inputs, complex_.region_ids
    facets, sides = _facets(complex_), complex_.facet_cells.astype(np.int64)
    regions = np.where(sides >= 0, ids[sides], -1)
    regions.sort(axis=1)
    kept = regions[:, 0] != regions[:, 1]
    graph: nx.Graph[int] = nx.Graph()
    bounded = np.logical_and.reduceat(
        complex_.bounded[np.argsort(ids, kind="stable")],
        np.searchsorted(np.sort(ids), np.arange(complex_.n_regions)),
    )
    for region in range(complex_.n_regions):
        graph.add_node(region, bounded=bool(bounded[region]), outer=0)
    walls = Counter(_parts(complex_, facets[kept], regions[kept]))
    for (a, b), count in sorted(walls.items()):
        if a < 0:
            graph.nodes[b]["outer"] = count
        else:
            graph.add_edge(a, b, dimension=n - 1, walls=count)
    for k, pairs in _lower(complex_):
        for a, b in pairs:
            if not graph.has_edge(a, b):
                graph.add_edge(a, b, dimension=k, walls=0)
    return graph


def _finite_faces(complex_: PolyhedralComplex) -> list[BoolArray]:
    """Return for each dimension which faces are not at infinity."""
    inside = [complex_.generators[:, -1] > 0]
    for k in range(1, complex_.n_inputs):
        indptr, children = complex_.faces(k)
        inside.append(np.logical_or.reduceat(inside[-1][children], indptr[:-1]))
    return inside


def _facets(complex_: PolyhedralComplex) -> IntArray:
    """Return for each row of `facet_cells` the number of its face of dimension n − 1."""
    found = np.flatnonzero(_finite_faces(complex_)[complex_.n_inputs - 1])
    assert len(found) == len(complex_.facet_cells), "facets are the faces not at infinity"
    return found


def _parts(
    complex_: PolyhedralComplex, facets: IntArray, regions: IntArray
) -> list[tuple[int, int]]:
    """Return the pair of regions of each part of a wall."""
    if not len(facets):
        return []
    pair = np.unique(regions, axis=0, return_inverse=True)[1].reshape(-1)
    joins = np.zeros((0, 2), np.int64)
    if complex_.n_inputs > 1:
        inside = _finite_faces(complex_)[complex_.n_inputs - 2]
        indptr, ridges = complex_.faces(complex_.n_inputs - 1)
        lengths = np.diff(indptr)[facets]
        row = np.repeat(np.arange(len(facets)), lengths)
        place = np.arange(lengths.sum()) + np.repeat(
            indptr[facets] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths
        )
        ridge = ridges[place].astype(np.int64)
        row, ridge = row[inside[ridge]], ridge[inside[ridge]]
        order = np.lexsort((pair[row], ridge))
        row, ridge = row[order], ridge[order]
        same = (ridge[1:] == ridge[:-1]) & (pair[row[1:]] == pair[row[:-1]])
        joins = np.column_stack([row[:-1][same], row[1:][same]])
    parts = connected(len(facets), joins)
    first = np.unique(parts, return_index=True)[1]
    return [(int(a), int(b)) for a, b in regions[first]]


def _lower(complex_: PolyhedralComplex) -> Any:
    """Yield for dimensions n − 2 … 0 the pairs of regions that meet in a face of that dimension."""
    n, inside = complex_.n_inputs, _finite_faces(complex_)
    face, region = np.arange(complex_.n_cells), complex_.region_ids
    many = complex_.n_regions
    seen = 0
    for k in range(n, 0, -1):
        indptr, children = complex_.faces(k)
        lengths = np.diff(indptr)[face]
        place = np.arange(lengths.sum()) + np.repeat(
            indptr[face] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths
        )
        keys = np.unique(children[place].astype(np.int64) * many + np.repeat(region, lengths))
        face, region = np.divmod(keys, many)
        face, region = face[inside[k - 1][face]], region[inside[k - 1][face]]
        if k == n:  # walls are known already
            continue
        pairs: set[tuple[int, int]] = set()
        bounds = np.flatnonzero(np.diff(face, prepend=-1, append=-1))
        for start, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            if end - start > 1:
                near = region[start:end].tolist()
                seen += len(near) * (len(near) - 1) // 2
                if seen > _MOST_PAIRS:
                    raise BudgetExceeded(
                        "pairs of linear regions that meet", seen, _MOST_PAIRS,
                        "take a smaller domain",
                    )  # fmt: skip
                pairs.update((a, b) for i, a in enumerate(near) for b in near[i + 1 :])
        yield k - 1, pairs


def isomorphism(
    first: nx.Graph[int], second: nx.Graph[int], budget: int = 10_000
) -> dict[int, int] | None:
    """Return a map of nodes that keeps edges and all attributes, or None when there is none.

    Colours are refined until they are stable; where some are shared, one node is singled out and
    tried against each that may correspond to it. What is returned has been checked edge by edge.

    Args:
        first: a graph whose attributes are hashable.
        second: another one.
        budget: refinements that may be made.

    Raises:
        BudgetExceeded: more refinements are needed.

    Example:
        >>> import networkx as nx
        >>> from tropnet.geometry.comparison.region_graph import isomorphism
        >>> isomorphism(nx.path_graph(3), nx.star_graph(2))[1]  # the middle
        0
        >>> isomorphism(nx.path_graph(4), nx.star_graph(3)) is None
        True
    """
    if len(first) != len(second) or first.size() != second.size():
        return None
    return _Match(first, second, budget).search({}, {})


class _Match:
    """A search for an isomorphism of two graphs with attributes."""

    def __init__(self, first: nx.Graph[int], second: nx.Graph[int], budget: int) -> None:
        self.graphs = (first, second)
        self.budget = self.left = budget

    def search(self, one: dict[int, int], two: dict[int, int]) -> dict[int, int] | None:
        """Extend a choice: nodes singled out in each graph, with the mark they got."""
        if not self.left:
            raise BudgetExceeded(
                "refinements of the graphs of linear regions", self.budget + 1, self.budget,
                "compare on a smaller domain; symmetric patterns of regions are hard to match",
            )  # fmt: skip
        self.left -= 1
        colours = self._refine(one, two)
        if colours is None:
            return None
        classes: dict[int, list[int]] = {}
        for node, colour in colours[0].items():
            classes.setdefault(colour, []).append(node)
        shared = [nodes for nodes in classes.values() if len(nodes) > 1]
        if not shared:
            place = {colour: node for node, colour in colours[1].items()}
            found = {node: place[colour] for node, colour in colours[0].items()}
            return found if self._holds(found) else None
        node = min(shared, key=len)[0]
        colour = colours[0][node]
        for other, theirs in colours[1].items():
            if theirs == colour:
                mark = len(one)
                found_ = self.search({**one, node: mark}, {**two, other: mark})
                if found_ is not None:
                    return found_
        return None

    def _refine(
        self, one: dict[int, int], two: dict[int, int]
    ) -> tuple[dict[int, int], dict[int, int]] | None:
        """Return stable colours of both graphs, or None when they count differently."""
        names: dict[Any, int] = {}
        colours = [
            {
                node: names.setdefault((frozenset(data.items()), marks.get(node)), len(names))
                for node, data in graph.nodes(data=True)
            }
            for graph, marks in zip(self.graphs, (one, two), strict=True)
        ]
        count = len(names)
        while True:
            if Counter(colours[0].values()) != Counter(colours[1].values()):
                return None
            names = {}
            colours = [
                {
                    node: names.setdefault((old[node], _around(graph, node, old)), len(names))
                    for node in graph
                }
                for graph, old in zip(self.graphs, colours, strict=True)
            ]
            if len(names) == count:
                if Counter(colours[0].values()) != Counter(colours[1].values()):
                    return None
                return colours[0], colours[1]
            count = len(names)

    def _holds(self, found: dict[int, int]) -> bool:
        first, second = self.graphs
        return all(first.nodes[v] == second.nodes[w] for v, w in found.items()) and all(
            second.has_edge(found[a], found[b]) and second.edges[found[a], found[b]] == data
            for a, b, data in first.edges(data=True)
        )


def _around(graph: nx.Graph[int], node: int, colours: dict[int, int]) -> Any:
    """Return the colours of the neighbours with the attributes of the edges, as a multiset."""
    near = Counter(
        (colours[other], frozenset(data.items())) for other, data in graph.adj[node].items()
    )
    return frozenset(near.items())
