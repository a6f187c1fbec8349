"""Cells of tiny networks in any dimension, sign by sign, each decided by the certified program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from tests.oracles.cells import Form
from tests.oracles.fractions_forward import affine
from tropnet.domains import Domain
from tropnet.exact import RationalMatrix
from tropnet.exact.linear_program import interior_point
from tropnet.network import Affine, Network

#: g·x + h ≥ 0 on the closed cell.
Side = Form


@dataclass(frozen=True)
class SignCell:
    """A full-dimensional cell: the signs of all ReLU units, and what bounds it."""

    signs: tuple[int, ...]
    sides: tuple[Side, ...]


def sign_cells(network: Network, domain: Domain) -> list[SignCell]:
    """Return all cells of full dimension."""
    n = network.n_inputs
    identity = [(tuple(Fraction(int(i == j)) for j in range(n)), Fraction(0)) for i in range(n)]
    return list(_grow(network, 0, 0, [identity], [], (), domain_sides(domain)))


def domain_sides(domain: Domain) -> tuple[Side, ...]:
    if domain is None:
        return ()
    a, b = domain.inequalities()
    return tuple((tuple(-v for v in row), side[0]) for row, side in zip(a, b, strict=True))


def _grow(
    network: Network,
    index: int,
    unit: int,
    values: list[list[Form]],
    done: list[Form],
    signs: tuple[int, ...],
    sides: tuple[Side, ...],
) -> Iterator[SignCell]:
    if index == len(network.layers):
        yield SignCell(signs, sides)
        return
    layer = network.layers[index]
    if unit == layer.width:
        yield from _grow(network, index + 1, 0, [*values, done], [], signs, sides)
        return
    g, h = _form(layer.affine, unit, values)
    zero = tuple(Fraction(0) for _ in g), Fraction(0)
    if not layer.relu[unit]:
        yield from _grow(network, index, unit + 1, values, [*done, (g, h)], signs, sides)
        return
    if not any(g):
        sign = (h > 0) - (h < 0)
        kept = (g, h) if sign > 0 else zero
        yield from _grow(network, index, unit + 1, values, [*done, kept], (*signs, sign), sides)
        return
    for sign in (1, -1):
        more = (*sides, (tuple(sign * v for v in g), sign * h))
        if is_full(more, len(g)):
            kept = (g, h) if sign > 0 else zero
            yield from _grow(network, index, unit + 1, values, [*done, kept], (*signs, sign), more)


def _form(affine_map: Affine, unit: int, values: list[list[Form]]) -> Form:
    n = len(values[0][0][0])
    columns = [[[g[k] if k < n else h for g, h in level] for level in values] for k in range(n + 1)]
    bias = affine(affine_map, [[Fraction(0)] * len(level) for level in values])[unit]
    parts = [affine(affine_map, column)[unit] - bias for column in columns]
    return tuple(parts[:n]), parts[n] + bias


def _system(sides: tuple[Side, ...]) -> tuple[RationalMatrix, RationalMatrix]:
    a = RationalMatrix.from_rows([[-v for v in g] for g, _ in sides])
    return a, RationalMatrix.from_rows([[h] for _, h in sides])


def is_full(sides: tuple[Side, ...], n: int) -> bool:
    """Tell whether the closed polyhedron has an interior."""
    return _dimension(sides, n) == n


def _dimension(sides: tuple[Side, ...], n: int) -> int:
    if not sides:
        return n
    a, b = _system(sides)
    found = interior_point(a, b)
    if found is None:
        return -1
    if not found.equalities:
        return n
    return n - a.rows(found.equalities).rank()


def adjacent(cells: list[SignCell], n: int) -> set[tuple[int, int]]:
    """Return the pairs of cells whose closures meet in dimension n − 1."""
    return {
        (i, j)
        for (i, one), (j, two) in combinations(enumerate(cells), 2)
        if _dimension((*one.sides, *two.sides), n) == n - 1
    }


def on_boundary(cells: list[SignCell], domain: Domain, n: int) -> set[tuple[int, int]]:
    """Return (cell, inequality of the domain) where a facet of the cell lies on its boundary."""
    found = set()
    for k, (g, h) in enumerate(domain_sides(domain)):
        opposite = (tuple(-v for v in g), -h)
        for i, cell in enumerate(cells):
            if _dimension((*cell.sides, opposite), n) == n - 1:
                found.add((i, k))
    return found
