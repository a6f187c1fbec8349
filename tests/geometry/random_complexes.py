"""Cells of random networks by all engines: `python -m tests.geometry.random_complexes`.

Takes the number of networks (600) and the first seed (0). Networks are degenerate more often than
not: small integers, zero biases, repeated, scaled and negated units, slivers, concurrency up to an
ulp, skips, identities, mixed magnitudes, too few directions, wide and deep.
"""

from __future__ import annotations

import sys
from collections import Counter
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np

from tests.oracles.polygons import activation_cells
from tests.oracles.sign_enumeration import sign_cells
from tests.strategies.pairs import Draft, draw_domain, draw_network
from tropnet.domains import Box, Domain
from tropnet.errors import TropnetError
from tropnet.geometry import PolyhedralComplex, enumerate_cells
from tropnet.network import Network

#: More units than this, for each number of inputs, are dropped.
MOST = {1: 30, 2: 16, 3: 10, 4: 7, 5: 6}


def draw(seed: int) -> tuple[str, Network, Domain]:
    """Draw a network and a domain."""
    rng = Random(seed)
    n = rng.choice([1, 2, 2, 2, 3, 3, 3, 4, 5])
    draft = draw_network(rng, n, rng.choice([1, 1, 2]), rng.randint(1, MOST[n]))
    kind = rng.choice(["plain", "copies", "concurrent", "flat", "mixed", "thin", "unbiased"])
    for layer in draft.layers:
        _spoil(rng, kind, layer)
    if kind == "flat" and n > 1 and draft.layers:  # the first layer does not see one direction
        rows = draft.layers[0].weights[0]
        draft.layers[0].weights[0] = [[*row[:-1], row[0]] for row in rows]
    domain = draw_domain(rng, n)
    if rng.random() < 0.4:
        side = Fraction(rng.choice([1, 1, 2, 10**9]))
        domain = Box([-side] * n, [side] * n)
    return kind, _network(draft), domain


def _spoil(rng: Random, kind: str, layer: Any) -> None:
    tables = list(layer.weights.values())
    for unit in range(1, len(layer.bias)):
        if rng.random() < 0.4:
            continue
        like = rng.randrange(unit)
        if kind == "copies":  # rounded multiples of another unit, of either sign
            factor = rng.uniform(-2, 2)
            for rows in tables:
                rows[unit] = [Fraction(factor * float(v)) for v in rows[like]]
            layer.bias[unit] = Fraction(factor * float(layer.bias[like]))
        elif kind in ("concurrent", "thin") and unit > 1:  # sums of others, moved by almost nothing
            step = Fraction(rng.choice([0, 1, -1, 3]), 2 ** (52 if kind == "concurrent" else 30))
            other = rng.randrange(unit)
            for rows in tables:
                rows[unit] = [a + b for a, b in zip(rows[like], rows[other], strict=True)]
            layer.bias[unit] = layer.bias[like] + layer.bias[other] + step
        elif kind == "mixed":
            scale = Fraction(2) ** rng.randint(-40, 40)
            for rows in tables:
                rows[unit] = [v * scale for v in rows[unit]]
            layer.bias[unit] *= scale * Fraction(2) ** rng.choice([0, 0, -20, 20])
        elif kind == "unbiased":
            layer.bias[unit] = Fraction(0)


def _network(draft: Draft) -> Network:
    return draft.network()


def patterns(cells: PolyhedralComplex) -> set[tuple[int, ...]]:
    """Return the signs of all cells, and see that no two are equal."""
    rows = {tuple(row) for row in cells.signs.tolist()}
    assert len(rows) == cells.n_cells, "two cells with the same signs"
    return rows


def borders(cells: PolyhedralComplex) -> set[tuple[Any, ...]]:
    """Return the facets by the signs of the cells on both sides, outer ones with their unit."""
    names = [tuple(row) for row in cells.signs.tolist()]
    found = set()
    for (a, b), unit in zip(cells.facet_cells.tolist(), cells.facet_unit.tolist(), strict=True):
        found.add((names[a], names[b]) if b >= 0 else (names[a], unit))
        if b >= 0:
            assert unit >= 0
            assert names[a][unit] == 1, "the unit is positive on the first side"
            assert names[b][unit] == -1, "the unit is negative on the second side"
    return found


def examine(seed: int) -> str:
    """Enumerate the cells of a seed in all ways and hold them against each other.

    Raises:
        AssertionError: something is wrong.
    """
    kind, network, domain = draw(seed)
    n = network.n_inputs
    try:
        cells = enumerate_cells(network, domain, max_cells=20_000)
    except TropnetError as error:
        for engine in ("exact", "tree"):
            try:
                enumerate_cells(network, domain, engine=engine, max_cells=20_000)
            except TropnetError:
                continue
            raise AssertionError(f"only one engine refuses: {error}") from error
        return "refused"
    exact = enumerate_cells(network, domain, engine="exact", max_cells=20_000)
    tree = enumerate_cells(network, domain, engine="tree", max_cells=20_000)
    found = patterns(cells)
    assert found == patterns(exact), "floats and integers differ"
    assert found == patterns(tree), "the lattice and the tree differ"
    assert cells.f_vector == exact.f_vector
    assert borders(cells) == borders(exact), "facets of floats and integers differ"
    assert borders(cells) == borders(tree), "facets of the lattice and the tree differ"
    assert (cells.n_regions, cells.n_affine_maps) == (tree.n_regions, tree.n_affine_maps)
    if n <= 2 and isinstance(domain, Box):
        (x0, *y0), (x1, *y1) = domain.lower, domain.upper
        corners = [(x0,), (x1,)]
        if n == 2:
            corners = [(x0, y0[0]), (x1, y0[0]), (x1, y1[0]), (x0, y1[0])]  # type: ignore[list-item]
        assert found == set(activation_cells(network, corners)), "polygons differ"
    elif len(found) < 40:
        assert found == {cell.signs for cell in sign_cells(network, domain)}, "signs differ"
    _look_inside(cells, exact)
    return f"{kind}: {exact.certified if cells.engine == 'exact' else cells.certified[:14]}"


def _look_inside(cells: PolyhedralComplex, exact: PolyhedralComplex) -> None:
    """Check Euler's relation, signs and maps at exact points, and faces by their signs."""
    n = cells.n_inputs
    assert cells.f_vector[-1] == cells.n_cells
    if cells.bounded.all():
        assert sum((-1) ** k * count for k, count in enumerate(cells.f_vector)) == 1
    elif cells.domain is None:
        if not any(cells.f_vector[:1]):
            return
        assert sum((-1) ** k * count for k, count in enumerate(cells.f_vector)) == (-1) ** n
    indptr, members = cells.cell_vertices
    rows = cells.exact_vertices()
    ids: dict[int, str] = {}
    for cell in range(0, cells.n_cells, max(1, cells.n_cells // 7)):
        inside = rows[members[indptr[cell] : indptr[cell + 1]]].tolist()
        finite = [row for row in inside if row[-1]]
        point = [sum(Fraction(row[k], row[-1]) for row in finite) / len(finite) for k in range(n)]
        for row in inside:
            if not row[-1]:
                point = [p + v for p, v in zip(point, row, strict=False)]
        assert (cells.network.pattern([point])[0] == cells.signs[cell]).all(), "an inner point"
        own = cells.network.affine_map(point)
        assert cells.exact_map(cell) == own, "the map of a cell"
        assert ids.setdefault(int(cells.map_ids[cell]), repr(own)) == repr(own)
        assert cells.locate([point]).tolist() == [cell]
    if cells.parts is None and len(rows) < 200:
        _count_faces(exact)


def _count_faces(cells: PolyhedralComplex) -> None:
    """Count vertices by different points, and faces by different sets of vertices."""
    finite = [tuple(row) for row in cells.exact_vertices().tolist() if row[-1]]
    assert len(set(finite)) == len(finite) == cells.f_vector[0], "vertices"
    signs = cells.network.pattern([[Fraction(v, row[-1]) for v in row[:-1]] for row in finite])
    indptr, members = cells.cell_vertices
    place = np.cumsum(np.array([bool(row[-1]) for row in cells.exact_vertices().tolist()])) - 1
    for cell in range(cells.n_cells):
        own = members[indptr[cell] : indptr[cell + 1]]
        at = place[own[cells.generators[own, -1] > 0]]
        fits = (signs[at] == 0) | (signs[at] == cells.signs[cell])
        assert fits.all(), "the closure of a cell"


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    count = int(arguments[0]) if arguments else 600
    first = int(arguments[1]) if len(arguments) > 1 else 0
    tally: Counter[str] = Counter()
    wrong = 0
    for seed in range(first, first + count):
        try:
            tally[examine(seed)] += 1
        except Exception as error:
            wrong += 1
            say(f"seed {seed}: {type(error).__name__}: {str(error)[:200]}")
    for name, number in sorted(tally.items()):
        say(f"{number:>6}  {name}")
    say(f"{count} networks, {wrong} failures")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
