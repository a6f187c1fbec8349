"""The compiled loop that finds facets of cells whose signs are known."""

from __future__ import annotations

from functools import cache
from typing import Any

from tropnet.geometry.tree.kernels import (
    OPTIONS,
    ROWS,
    SIGN,
    Layers,
    State,
    aim,
    compose,
    push,
    register,
)
from tropnet.geometry.tree.probe import (
    BASIS,
    DOUBT,
    ERROR,
    FOUND,
    LOW,
    NONE,
    POINT,
    SIDE,
    SIZE,
    SLACK,
    TARGET,
    measure,
    probe,
)

_U = 2.0**-53


@cache
def compiled() -> dict[str, Any]:
    """Compile `facets` and `fill`; numba keeps the machine code in its cache on disk."""
    from numba import njit
    from numba.extending import register_jitable

    register()
    for helper in (_find, _reaches_wall, _facets_of):
        register_jitable(_nrt=False)(helper)
    return {
        "facets": njit(cache=True, **OPTIONS)(_facets),
        "fill": njit(cache=True, **OPTIONS)(_fill),
    }


def _fill(table: Any, keys: Any) -> None:
    """Put the numbers of all cells into a hash table of more than twice their number."""
    mask = len(table) - 1
    for cell in range(len(keys)):
        place = keys[cell] & mask
        while table[place] >= 0:
            place = (place + 1) & mask
        table[place] = cell


def _find(table: Any, signs: Any, cell: int, unit: int, key: int) -> int:
    """Return the cell whose signs are those of a cell but for one unit, or −1."""
    mask = len(table) - 1
    place = key & mask
    while table[place] >= 0:
        other = table[place]
        same = True
        for u in range(signs.shape[1]):
            left, right = signs[cell, u] > 0, signs[other, u] > 0
            if (left == right) == (u == unit):
                same = False
                break
        if same:
            return int(other)
        place = (place + 1) & mask
    return -1


def _reaches_wall(layers: Layers, state: State, m: int, k: int, side: int) -> int:
    """Tell whether a cell has a facet on a wall of the box."""
    rows, work = state.rows, state.work
    d = work.shape[1] - 4
    turn = 2.0 * side - 1.0
    reach = (work[LOW + side, k] - work[POINT, k]) * turn
    straight = True
    for i in range(m):
        end = rows[i, d + SLACK] + reach * turn * rows[i, k]
        straight = straight and end > 2.0 * rows[i, d + ERROR]
    if straight:
        return FOUND
    for j in range(d + 1):
        work[TARGET, j] = 0.0
    work[TARGET, k], work[TARGET, d] = turn, -1.0
    work[TARGET, d + ERROR], work[TARGET, d + SIZE] = 8 * _U, 2.0
    work[LOW + side, k] = 3.0 * turn
    status = probe(rows, work, state.control, m, -1, SIDE, layers.delta, 3.0, False)
    work[LOW + side, k] = turn
    return int(status)


def _facets_of(
    layers: Layers, state: State, cell: int, m: int, p: int, signs: Any, loose: Any, table: Any,
    keys: Any, odd: Any, walls: bool, carriers: Any, found: Any, places: Any, count: int,
) -> int:  # fmt: skip
    """Write (cell, neighbour or −1, unit or −1 − inequality, status) for what may be facets.

    The neighbour behind a unit's row of a loose cell is not known here; the point beyond is
    kept, or in doubt the basis.
    """
    d = state.work.shape[1] - 4
    for i in range(m):
        other = -1
        if i >= p:
            unit = carriers[i]
            if not loose[cell]:
                other = _find(table, signs, cell, unit, keys[cell] ^ odd[unit])
                if other < cell or loose[other]:
                    continue
        aim(state.rows, i, -1.0, state.work)
        status = probe(
            state.rows, state.work, state.control, m, i, SIDE, layers.delta, 1.0, layers.cone
        )
        if status != NONE:
            found[count, 0], found[count, 1], found[count, 3] = cell, other, status
            found[count, 2] = carriers[i] if i >= p else -1 - i
            for k in range(d):
                places[count, k] = state.work[SIDE, k]
                if status == DOUBT:
                    places[count, k] = state.control[BASIS + k]
            count += 1
    if walls:
        for k in range(2 * d):
            status = _reaches_wall(layers, state, m, k % d, 1 - k // d)
            if status != NONE:
                found[count, 0], found[count, 1], found[count, 3] = cell, -1, status
                found[count, 2] = -1 - k
                count += 1
    return count


def _facets(
    layers: Layers, state: State, first: int, last: int, signs: Any, points: Any, loose: Any,
    table: Any, keys: Any, odd: Any, walls: bool, carriers: Any, found: Any, places: Any,
) -> int:  # fmt: skip
    """Find the facets of some cells; return how many there are in `found`."""
    units, layer_of = state.units, layers.layer_of
    total, p, depth = len(units) - 1, units[0, ROWS], len(layers.info) - 1
    count, composed = 0, 0
    for cell in range(first, last):
        for u in range(total):
            before, now = units[u, SIGN], signs[cell, u]
            if (before > 0) != (now > 0) or (before < 0) != (now < 0):
                composed = min(composed, layer_of[u] + 1)
            units[u, SIGN] = now
        for layer in range(composed, depth):
            compose(layers, state, layer)
        composed, m = depth, p
        for u in range(total):
            if abs(units[u, SIGN]) == 2:
                push(state, u, m)
                carriers[m] = u
                m += 1
        for k in range(state.waiting.shape[1]):
            state.work[POINT, k] = points[cell, k]
        measure(state.rows, state.work, m)
        count = _facets_of(
            layers, state, cell, m, p, signs, loose, table, keys, odd, walls, carriers, found,
            places, count,
        )  # fmt: skip
    return count
