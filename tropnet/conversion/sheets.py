"""Where units switch: the connected components of their zero sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, final

import numpy as np

if TYPE_CHECKING:
    from tropnet.geometry.polyhedral_complex import PolyhedralComplex
    from tropnet.typing import BoolArray, IntArray

#: Entries of the table of facets by units that are compared at a time.
_ENTRIES: Final = 1 << 24


@final
@dataclass(frozen=True, eq=False)
class Parts:
    """The parts of the domain on which one unit is active throughout, or inactive throughout.

    Attributes:
        labels: `(C,)` the part of each cell.
        steps: (part, next part, sheet between them, 1 from inactive to active and −1 back), from
            part to part through all of them; where to begin is not among the next parts.
    """

    labels: IntArray
    steps: tuple[tuple[int, int, int, int], ...]

    def factors(self, jumps: Sequence[int]) -> list[int]:
        """Return a factor of the unit for each part that changes by `jumps[sheet]` at each sheet.

        The factor is the higher one on the active side. It is 0 where the steps begin.
        """
        found = [0] * (len(self.steps) + 1)
        for part, following, sheet, sign in self.steps:
            found[following] = found[part] + sign * jumps[sheet]
        return found


@final
@dataclass(frozen=True, eq=False)
class Sheets:
    """All switches of units at the facets between cells, grouped into sheets.

    A *switch* is a pair of a facet and a unit that is active on one of its sides. A *sheet* is a
    set of switches of one unit that may have a jump of their own: the function that is the unit
    times a factor for each part where it is active, or not, is continuous for any factors; parts
    and the facets between them make a graph, and each edge of it that lies on no cycle is a sheet
    of its own. On a cycle all have one jump, which closes it, as active and inactive parts
    alternate. In general position a sheet is a connected component of the zero set of the unit.

    Attributes:
        facet: `(S,)` the row of `facet_cells` of each switch.
        unit: `(S,)` the unit; units of earlier layers have lower numbers.
        cell: `(S,)` the cell of the facet on which the unit is active.
        other: `(S,)` the other one.
        first: `(S,)` whether it is the lowest unit that switches at the facet.
        alone: `(S,)` whether it is the only one.
        sheet: `(S,)` the sheet; those of a unit are numbered in one go.
        n_sheets: their number.
        parts: those units that have more than two parts, and these.
    """

    facet: IntArray
    unit: IntArray
    cell: IntArray
    other: IntArray
    first: BoolArray
    alone: BoolArray
    sheet: IntArray
    n_sheets: int
    parts: dict[int, Parts]

    @staticmethod
    def of(cells: PolyhedralComplex) -> Sheets:
        """Find them; about 10 ns for each unit and facet."""
        active = cells.active
        inner = np.flatnonzero(cells.facet_cells[:, 1] >= 0)
        pairs = np.ascontiguousarray(cells.facet_cells[inner])
        facet, unit = _switches(active, pairs)
        up = active[pairs[facet, 0], unit] > 0
        cell = np.where(up, pairs[facet, 0], pairs[facet, 1]).astype(np.int64)
        other = np.where(up, pairs[facet, 1], pairs[facet, 0]).astype(np.int64)
        first = np.ones(len(facet), np.bool_)
        first[1:] = facet[1:] != facet[:-1]
        alone = np.bincount(facet, minlength=len(pairs))[facet] == 1
        sheet = np.full(len(facet), -1, np.int64)
        parts: dict[int, Parts] = {}
        order = np.argsort(unit, kind="stable")
        bounds = np.searchsorted(unit[order], np.arange(active.shape[1] + 1))
        count = 0
        for u in range(active.shape[1]):
            own = order[bounds[u] : bounds[u + 1]]
            if not len(own):
                continue
            labels, n_parts = _labels(np.ascontiguousarray(active[:, u]), pairs)
            if n_parts == 2:
                sheet[own], found = 0, 1
            else:
                sheet[own], steps, found = _walk(labels[cell[own]], labels[other[own]], count)
                parts[u] = Parts(labels, steps)
            sheet[own] += count
            count += found
        return Sheets(inner[facet], unit, cell, other, first, alone, sheet, count, parts)


def _switches(active: Any, pairs: Any) -> tuple[IntArray, IntArray]:
    step = max(1, _ENTRIES // max(1, active.shape[1]))
    facets, units = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for begin in range(0, len(pairs), step):
        some = pairs[begin : begin + step]
        facet, unit = np.nonzero(active[some[:, 0]] != active[some[:, 1]])
        facets.append(facet + begin)
        units.append(unit)
    return np.concatenate(facets), np.concatenate(units)


def _labels(active: Any, pairs: Any) -> tuple[IntArray, int]:
    """Number the parts of the cells; facets join cells on which the unit does the same."""
    labels = np.arange(len(active))
    count = _compiled()(active, pairs, labels)
    return labels, int(count)


def _walk(
    above: IntArray, below: IntArray, base: int
) -> tuple[IntArray, tuple[tuple[int, int, int, int], ...], int]:
    """Return the sheet of each switch between two parts, steps through the parts, and how many.

    The graph of parts is bipartite and connected, as the domain is.
    """
    n_parts = int(max(above.max(), below.max())) + 1
    keys, edge = np.unique(above * n_parts + below, return_inverse=True)
    ends = [divmod(key, n_parts) for key in keys.tolist()]
    around: list[list[tuple[int, int]]] = [[] for _ in range(n_parts)]
    for index, (a, b) in enumerate(ends):
        around[a].append((b, index))
        around[b].append((a, index))
    root = int(below[0])
    up: dict[int, tuple[int, int]] = {root: (root, -1)}  # each part's parent, and the edge to it
    depth, queue, links = {root: 0}, [root], []
    for part in queue:
        for following, index in around[part]:
            if following not in up:
                up[following], depth[following] = (part, index), depth[part] + 1
                queue.append(following)
                links.append((part, following, index))
    sheets = _joined(ends, up, depth)
    _, numbers = np.unique(sheets, return_inverse=True)
    steps = tuple(
        (part, following, base + int(numbers[index]), 1 if ends[index][0] == following else -1)
        for part, following, index in links
    )
    return numbers[edge], steps, int(numbers.max()) + 1


def _joined(
    ends: list[tuple[int, int]], up: dict[int, tuple[int, int]], depth: dict[int, int]
) -> list[int]:
    """Return for each edge a name that it shares with the edges on a cycle with it."""
    names = list(range(len(ends)))

    def name(edge: int) -> int:
        while names[edge] != edge:
            edge = names[edge]
        return edge

    tree = {edge for _, edge in up.values()}
    for index, (a, b) in enumerate(ends):
        while index not in tree and a != b:
            if depth[a] < depth[b]:
                a, b = b, a
            a, edge = up[a]
            names[name(edge)] = name(index)
    return [name(edge) for edge in range(len(ends))]


@cache
def _compiled() -> Any:
    from numba import njit

    return njit(cache=True, error_model="numpy")(_join)


def _join(active: Any, pairs: Any, labels: Any) -> int:
    """Replace labels 0, 1, 2, … by the numbers of the parts, and return how many there are."""
    for k in range(len(pairs)):
        a = pairs[k, 0]
        b = pairs[k, 1]
        if active[a] != active[b]:
            continue
        while labels[a] != a:
            labels[a] = labels[labels[a]]
            a = labels[a]
        while labels[b] != b:
            labels[b] = labels[labels[b]]
            b = labels[b]
        if a < b:
            labels[b] = a
        else:
            labels[a] = b
    count = 0
    for a in range(len(labels)):  # roots come before what points to them
        if labels[a] == a:
            labels[a] = -1 - count
            count += 1
        else:
            labels[a] = labels[labels[a]]
    for a in range(len(labels)):
        labels[a] = -1 - labels[a]
    return count
