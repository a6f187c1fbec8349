from __future__ import annotations

import random
from fractions import Fraction
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest

from tropnet import Box, Network
from tropnet.conversion.base_region import BaseRegion, CellFacets, GeneratorTable, cut
from tropnet.errors import BudgetExceeded
from tropnet.exact import RationalMatrix
from tropnet.geometry import enumerate_cells


def _cube(n: int, table: GeneratorTable) -> tuple[BaseRegion, list[list[int]]]:
    """The unit cube and its facets as forms that are not negative on it."""
    forms = [
        [sign * (i == j) for j in range(n)] + [int(sign < 0)] for i in range(n) for sign in (1, -1)
    ]
    corners = [[*x, 1] for x in product((0, 1), repeat=n)]
    tight = [sum((_value(f, c) == 0) << k for k, f in enumerate(forms)) for c in corners]
    places = tuple(table.place(c) for c in corners)
    return BaseRegion(0, places, tuple(tight)), forms


def _value(form: Any, row: Any) -> int:
    return sum(a * b for a, b in zip(form, row, strict=True))


def _vertices(n: int, forms: list[list[int]]) -> set[tuple[int, ...]]:
    """All points where n facets meet that satisfy the others, one by one."""
    found = set()
    for some in combinations(forms, n):
        kernel = RationalMatrix.of(list(some)).kernel()
        if len(kernel) != 1:
            continue
        row = [int(v) for v in kernel.to_fractions()[0]]
        row = [-v for v in row] if row[-1] < 0 else row
        if row[-1] > 0 and all(_value(f, row) >= 0 for f in forms):
            found.add(tuple(row))
    return found


@pytest.mark.parametrize(("n", "cuts"), [(1, 3), (2, 6), (3, 5), (4, 3)])
def test_parts_have_the_vertices_of_their_inequalities(n: int, cuts: int) -> None:
    generator = random.Random(n)
    for _ in range(12):
        table = GeneratorTable()
        parts = [_cube(n, table)]
        for _ in range(cuts):
            form = [generator.randint(-2, 2) for _ in range(n)] + [generator.randint(-1, 1)]
            divided = []
            for region, forms in parts:
                heights = [_value(form, table.rows[k]) for k in region.generators]
                if min(heights) < 0 < max(heights):
                    above, below = cut(region, form, table)
                    divided += [(above, [*forms, form]), (below, [*forms, [-v for v in form]])]
                else:
                    divided.append((region, forms))
            parts = divided
        for region, forms in parts:
            found = {table.rows[k] for k in region.generators}
            assert found == _vertices(n, forms)
            assert len(found) == len(region.generators)


def test_without_facets_there_are_more_generators_but_no_others() -> None:
    table = GeneratorTable()
    region, _ = _cube(3, table)
    form = [2, 2, 2, -3]
    fine = cut(region, form, table)
    coarse = cut(BaseRegion(0, region.generators), form, table)
    for part, rough, side in zip(fine, coarse, (1, -1), strict=True):
        assert set(part.generators) < set(rough.generators)
        assert rough.tight is None
        for k in rough.generators:
            assert side * _value(form, table.rows[k]) >= 0
            assert all(0 <= Fraction(v, table.rows[k][-1]) <= 1 for v in table.rows[k][:-1])


def test_rays_and_lines() -> None:
    table = GeneratorTable()
    quadrant = BaseRegion(0, tuple(map(table.place, ([0, 0, 1], [1, 0, 0], [0, 1, 0]))))
    above, below = cut(quadrant, [1, -1, 0], table)
    assert {table.rows[k] for k in above.generators} == {(0, 0, 1), (1, 0, 0), (1, 1, 0)}
    assert {table.rows[k] for k in below.generators} == {(0, 0, 1), (0, 1, 0), (1, 1, 0)}
    plane = ([0, 0, 1], [1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0])
    above, _ = cut(BaseRegion(0, tuple(map(table.place, plane))), [1, 0, -1], table)
    rows = {table.rows[k] for k in above.generators}
    # x ≥ 1: some point of the line x = 1, the line's two directions, and x onwards
    assert {(1, 0, 0), (0, 1, 0), (0, -1, 0)} <= rows
    assert all(row[0] >= row[2] for row in rows)
    assert any(row[0] == row[2] > 0 for row in rows)


def test_cuts_without_facets_have_a_budget() -> None:
    table = GeneratorTable()
    corners = [table.place([k, k * k, 1]) for k in range(-150, 151)]
    with pytest.raises(BudgetExceeded, match="generators of a base region cut in two: predicted"):
        cut(BaseRegion(0, tuple(corners)), [1, 0, 0], table)


@pytest.mark.parametrize(("widths", "boxed"), [((3, 4, 3, 1), True), ((2, 4, 3, 1), False)])
def test_facets_tell_the_edges_of_cells(widths: tuple[int, ...], boxed: bool) -> None:
    generator = np.random.default_rng(5)
    shapes = list(zip(widths[1:], widths[:-1], strict=True))
    network = Network.from_dense(
        [generator.integers(-2, 3, shape).tolist() for shape in shapes],
        [generator.integers(-2, 3, shape[0]).tolist() for shape in shapes],
    )
    cells = enumerate_cells(network, Box.cube(widths[0]) if boxed else None).pieces
    facets, rows = CellFacets(cells), cells.exact_vertices()
    indptr, indices = cells.cell_vertices
    edges = {frozenset(edge) for edge in cells.edges.tolist()}
    assert cells.n_cells > 5
    for cell in range(cells.n_cells):
        corners = indices[indptr[cell] : indptr[cell + 1]].tolist()
        tight = facets.tight(cell, [tuple(int(v) for v in rows[k]) for k in corners])
        assert tight is not None
        pairs = combinations(range(len(corners)), 2)
        found = {frozenset((corners[p], corners[q])) for p, q in pairs if _is_edge(tight, p, q)}
        assert found == {edge for edge in edges if edge <= set(corners)}


def _is_edge(tight: tuple[int, ...], p: int, q: int) -> bool:
    common = tight[p] & tight[q]
    return not any(t & common == common for k, t in enumerate(tight) if k not in (p, q))
