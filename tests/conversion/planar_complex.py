"""Complexes of networks of one or two inputs from the checker's enumeration of cells.

They share no code with the engines that enumerate regions, and have what a lattice form reads.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from math import gcd
from typing import Any

import numpy as np

from tropnet.checker.cells import joint_cells
from tropnet.domains import Domain
from tropnet.exact import RationalMatrix
from tropnet.network import Network


class PlanarComplex:
    """What `lattice_form` asks of a `PolyhedralComplex`."""

    complete = True

    def __init__(self, network: Network, domain: Domain) -> None:
        self.network, self.domain, self.n_inputs = network, domain, network.n_inputs
        names: dict[tuple[int, ...], int] = {}
        self.cells: list[list[int]] = []
        maps = []
        for rows, _, _ in joint_cells(network, network, domain):
            corners = [tuple(int(v) for v in row[: self.n_inputs + 1]) for row in rows]
            corners = [tuple(v // gcd(*c) for v in c) for c in corners]
            inner = [sum(c[k] for c in corners) for k in range(self.n_inputs + 1)]
            found = network.affine_map([Fraction(v, inner[-1]) for v in inner[:-1]])
            maps.append(RationalMatrix.stack_columns([found.matrix, found.offset]))
            self.cells.append([names.setdefault(c, len(names)) for c in corners])
        self._rows = np.array(list(names), dtype=object)
        joint = RationalMatrix.stack_rows(maps)
        shape = (len(maps), network.n_outputs, self.n_inputs + 1)
        entries = [int(v) for v in joint.numerators.entries()]
        self._maps = np.array(entries, dtype=object).reshape(shape), joint.denominator
        self.maps = joint.to_floats().reshape(shape)
        self.n_cells = len(maps)

    @property
    def pieces(self) -> PlanarComplex:
        return self

    def exact_vertices(self) -> Any:
        return self._rows

    def exact_maps(self) -> Any:
        return self._maps

    @property
    def cell_vertices(self) -> tuple[Any, Any]:
        return _table(self.cells)

    def faces(self, dimension: int) -> tuple[Any, Any]:
        if self.n_inputs == 1:
            return _table(self.cells)
        edges: dict[tuple[int, ...], int] = {}
        sides = [
            [edges.setdefault(tuple(sorted(pair)), len(edges)) for pair in _sides(cell, self._rows)]
            for cell in self.cells
        ]
        return _table([list(edge) for edge in edges] if dimension == 1 else sides)


def _sides(cell: list[int], rows: Any) -> list[tuple[int, int]]:
    """Pairs of corners with all others on one side of their line, but those of two rays."""
    return [
        (a, b)
        for a, b in combinations(cell, 2)
        if (rows[a][-1] or rows[b][-1]) and abs(sum(_turns(cell, a, b, rows))) == len(cell) - 2
    ]


def _turns(cell: list[int], a: int, b: int, rows: Any) -> list[int]:
    """The signs of the determinants of two corners with each other one."""
    x, y = rows[a], rows[b]
    normal = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]]
    heights = [sum(u * v for u, v in zip(normal, rows[c], strict=True)) for c in cell]
    return [(h > 0) - (h < 0) for h in heights]


def _table(lists: list[list[int]]) -> tuple[Any, Any]:
    ends = np.cumsum([0] + [len(own) for own in lists])
    return ends, np.array([k for own in lists for k in own], dtype=np.int64)
