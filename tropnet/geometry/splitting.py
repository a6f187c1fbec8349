"""Compiled loops that cut a face lattice along the zero sets of units.

A lattice holds the faces of each dimension k = 0 … d; a face of dimension k ≥ 1 lists its faces of
dimension k − 1. Up to 64 units are cut at a time: each face carries two words, whose bits say for
which of the units it has vertices with positive and with negative values. A face with both is cut
into three: its positive part keeps its place, the negative part and the new face between them come
last. The signs −, 0, + of vertices are all that the combinatorics reads, so that degenerate
positions need no special case as long as the signs are right.

All loops are plain Python functions that numba compiles at their first use.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np

#: Faces of dimension 0 … 6 are passed, the absent ones as empty arrays: one compilation for all d.
LEVELS: Final = 7

#: What `split` returns instead of a unit's index.
TOO_MANY: Final = -1
NOT_SIMPLE: Final = -2


@cache
def compiled() -> dict[str, Any]:
    """Compile the loops below; numba keeps the machine code in its cache on disk."""
    from numba import njit
    from numba.extending import register_jitable

    for helper in (_scan_level, _scan, _meet, _cut_edges, _zero_child, _cut_faces):
        register_jitable(helper)
    loops = {
        "residual": _residual,
        "split": _split,
        "spread": _spread,
        "masks": _masks,
        "owners": _owners,
    }
    return {
        name: njit(cache=True, error_model="numpy", boundscheck=False)(loop)
        for name, loop in loops.items()
    }


def _masks(
    values: Any, positive: Any, negative: Any, support: Any, base: int, weight: Any, margin: Any
) -> None:
    """Set the words of vertices from values, and note how near to zero these come.

    Units that carry a vertex have sign 0 there, whatever the float says.
    """
    rows, width = values.shape
    for v in range(rows):
        p = np.uint64(0)
        q = np.uint64(0)
        carried = np.uint64(0)
        for k in range(support.shape[1]):
            j = support[v, k] - base
            if 0 <= j < width:
                carried |= np.uint64(1) << np.uint64(j)
        least = margin[v]
        for j in range(width):
            x = values[v, j]
            p |= np.uint64(x > 0.0) << np.uint64(j)
            q |= np.uint64(x < 0.0) << np.uint64(j)
            size = abs(x) * weight[j]
            if size < least and not carried & (np.uint64(1) << np.uint64(j)):
                least = size
        margin[v] = least
        positive[v] = p & ~carried
        negative[v] = q & ~carried


def _residual(
    values: Any, support: Any, base: int, norms: Any, near: Any, low: Any, top: Any
) -> float:
    """Return the largest |value| over norm of a unit at a vertex that it carries.

    Marks in `near` the vertices at which other units are not above `low`; raises `top` to the
    largest |value| of each unit.
    """
    worst = 0.0
    for v in range(len(values)):
        small = 0
        for j in range(values.shape[1]):
            x = abs(values[v, j])
            small += x <= low[j]
            top[j] = x if x > top[j] else top[j]
        for k in range(support.shape[1]):
            j = support[v, k] - base
            if 0 <= j < values.shape[1]:
                worst = max(worst, abs(values[v, j]) / norms[j])
                small -= abs(values[v, j]) <= low[j]
        near[v] |= small > 0
    return worst


def _spread(p0: Any, n0: Any, p1: Any, n1: Any, start: Any, length: Any, pool: Any) -> None:
    """Give each face the union of the words of its faces."""
    for f in range(len(start)):
        p = np.uint64(0)
        q = np.uint64(0)
        for i in range(start[f], start[f] + length[f]):
            p |= p0[pool[i]]
            q |= n0[pool[i]]
        p1[f] = p
        n1[f] = q


def _scan(
    d: int, bit: Any, positive: Any, negative: Any, length: Any, count: Any, splits: Any, need: Any
) -> None:  # fmt: skip
    """List the faces that a unit cuts, and bound what cutting them adds: faces, then children."""
    need[:] = 0
    for k in range(1, d + 1):
        total, children = _scan_level(count[k], bit, positive[k], negative[k], length[k], splits[k])
        need[0, k] += total
        need[0, k - 1] += total
        need[1, k] += 2 * (children + total)
        need[1, k - 1] += children + total
        need[2, k] = total


def _scan_level(n: int, bit: Any, p: Any, q: Any, length: Any, found: Any) -> tuple[int, int]:
    total = 0
    children = 0
    for f in range(n):
        if p[f] & q[f] & bit:
            found[total] = f
            total += 1
            children += length[f]
    return total, children


def _split(
    d: int, first: int, last: int, base: int, numeric: bool, zeros: bool, bounded: bool,
    max_cells: int, weight: Any, margin: Any, reach: Any, points: Any, values: Any,
    positive: Any, negative: Any,
    start: Any, length: Any, pool: Any, stamp: Any, neg: Any, zer: Any, splits: Any, unit: Any,
    origin: Any, support: Any, parents: Any, count: Any, used: Any, need: Any,
) -> int:  # fmt: skip
    """Cut along units `first` … `last` − 1 of the words; return where it stopped.

    It stops early for lack of room (`need` says of what), at too many cells, or where new vertices
    do not lie on d hyperplanes as those of a simple arrangement do. With `numeric`, new vertices
    get points, values and words from the ends of their edges; else their words must have been set.
    """
    for j in range(first, last):
        bit = np.uint64(1) << np.uint64(j)
        _scan(d, bit, positive, negative, length, count, splits, need)
        if need[2, d] == 0:
            continue
        if count[d] + need[2, d] > max_cells:
            return TOO_MANY
        for k in range(d + 1):
            if count[k] + need[0, k] > len(positive[k]):
                return j
            if k > 0 and used[k] + need[1, k] > len(pool[k]):
                return j
        serial = base + j + 1
        if not _cut_edges(
            d, j, bit, serial, numeric, bounded, weight, margin, reach, points, values,
            positive[0], negative[0], positive[1], negative[1], start[1], length[1],
            pool[1], stamp[0], stamp[1], neg[1],
            zer[1], splits[1], need[2, 1], unit, origin, support, parents, count, used,
        ):  # fmt: skip
            return NOT_SIMPLE
        for k in range(2, d + 1):
            whole = _cut_faces(
                k, splits[k], need[2, k], bit, serial, zeros, positive[k - 2], negative[k - 2],
                positive[k - 1], negative[k - 1], positive[k], negative[k], start[k - 1],
                length[k - 1], pool[k - 1], start[k], length[k], pool[k], stamp[k - 1],
                neg[k - 1], zer[k - 1], stamp[k], neg[k], zer[k], unit, origin, count, used, d,
            )  # fmt: skip
            if not whole:
                return NOT_SIMPLE
    return last


def _cut_edges(
    d: int, j: int, bit: Any, serial: int, numeric: bool, bounded: bool, weight: Any, margin: Any,
    reach: Any, points: Any, values: Any, p0: Any, n0: Any, p1: Any, n1: Any, start: Any,
    length: Any, children: Any,
    stamp0: Any, stamp1: Any, neg: Any, zer: Any, found: Any, total: int, unit: Any, origin: Any,
    support: Any, parents: Any, count: Any, used: Any,
) -> bool:  # fmt: skip
    """Cut edges: each gets a new vertex between its ends."""
    width = values.shape[1]
    for i in range(total):
        e = found[i]
        a, b = children[start[e]], children[start[e] + 1]
        if n0[a] & bit:
            a, b = b, a
        v = count[0]
        count[0] += 1
        parents[v, 0] = a
        parents[v, 1] = b
        stamp0[v] = 0
        if numeric:
            wa, wb = abs(values[b, j]), abs(values[a, j])
            if not _meet(d, a, b, v, serial - 1, support, reach, max(wa, wb) * weight[j]):
                return False
            if bounded:
                total_weight = wa + wb
                wa /= total_weight
                wb /= total_weight
            else:
                largest = 0.0
                for c in range(d + 1):
                    largest = max(largest, abs(wa * points[a, c] + wb * points[b, c]))
                if not largest > 0.0:
                    return False
                wa /= largest
                wb /= largest
            for c in range(d + 1):
                points[v, c] = wa * points[a, c] + wb * points[b, c]
            p, q = p0[a] | p0[b], n0[a] | n0[b]
            low = bit - np.uint64(1)
            p &= low
            q &= low
            least = np.inf
            for c in range(j + 1, width):
                x = wa * values[a, c] + wb * values[b, c]
                values[v, c] = x
                p |= np.uint64(x > 0.0) << np.uint64(c)
                q |= np.uint64(x < 0.0) << np.uint64(c)
                least = min(least, abs(x) * weight[c])
            margin[v] = least
            p0[v] = p
            n0[v] = q
        f = count[1]
        count[1] += 1
        start[f] = used[1]
        length[f] = 2
        children[used[1]] = v
        children[used[1] + 1] = b
        used[1] += 2
        children[start[e]] = a
        children[start[e] + 1] = v
        p1[e] = p0[a] | p0[v]
        n1[e] = n0[a] | n0[v]
        p1[f] = p0[b] | p0[v]
        n1[f] = n0[b] | n0[v]
        stamp1[f] = 0
        stamp1[e] = serial
        neg[e] = f
        zer[e] = v
        if d == 1:
            unit[v] = serial - 1
            origin[f] = origin[e]
        elif d == 2:
            unit[f] = unit[e]
    return True


def _meet(
    d: int, a: int, b: int, v: int, own: int, support: Any, reach: Any, height: float
) -> bool:  # fmt: skip
    """Write the d hyperplanes through a vertex: those that both ends of its edge share, and one.

    With each goes how far some vertex that is known to lie on all the older ones is off it.
    """
    kept = 0
    for i in range(d):
        for k in range(d):
            if support[a, i] == support[b, k]:
                if kept == d - 1:
                    return False
                support[v, kept] = support[a, i]
                reach[v, kept] = max(reach[a, i], reach[b, k])
                kept += 1
    support[v, d - 1] = own
    reach[v, d - 1] = height
    return kept == d - 1


def _cut_faces(
    k: int, found: Any, total: int, bit: Any, serial: int, zeros: bool, p0: Any, n0: Any, p1: Any,
    n1: Any, p2: Any, n2: Any, start1: Any, length1: Any, pool1: Any, start2: Any, length2: Any,
    pool2: Any, stamp1: Any, neg1: Any, zer1: Any, stamp2: Any, neg2: Any, zer2: Any, unit: Any,
    origin: Any, count: Any, used: Any, d: int,
) -> bool:  # fmt: skip
    """Cut faces of dimension k ≥ 2 whose faces have been cut; arrays of k − 2, k − 1 and k.

    Returns False where signs are wrong, so that a part or what is between has too few faces.
    """
    middle, m = count[k - 1], used[k - 1]
    other, n = count[k], used[k]
    for index in range(total):
        f = found[index]
        begin, size = start2[f], length2[f]
        # the face between the parts, of dimension k − 1, takes its faces from pool1[m:]
        m_start = m
        n_start = n
        kept = 0
        plus_p = np.uint64(0)
        plus_n = np.uint64(0)
        minus_p = np.uint64(0)
        minus_n = np.uint64(0)
        middle_p = np.uint64(0)
        middle_n = np.uint64(0)
        for i in range(begin, begin + size):
            g = pool2[i]
            h = -1
            if stamp1[g] == serial:
                h = zer1[g]
                o = neg1[g]
                pool2[n] = o
                minus_p |= p1[o]
                minus_n |= n1[o]
                n += 1
            elif p1[g] & bit:
                if zeros:
                    h = _zero_child(start1[g], length1[g], pool1, bit, p0, n0)
            else:
                pool2[n] = g
                minus_p |= p1[g]
                minus_n |= n1[g]
                n += 1
                continue
            if h >= 0:
                pool1[m] = h
                middle_p |= p0[h]
                middle_n |= n0[h]
                m += 1
            plus_p |= p1[g]
            plus_n |= n1[g]
            pool2[begin + kept] = g
            kept += 1
        edge_of_three = k == 2 and m - m_start != 2
        if edge_of_three or m - m_start < k or kept < k or n - n_start < k:
            return False
        start1[middle] = m_start
        length1[middle] = m - m_start
        p1[middle] = middle_p
        n1[middle] = middle_n
        stamp1[middle] = 0
        pool2[n] = middle
        n += 1
        start2[other] = n_start
        length2[other] = n - n_start
        p2[other] = minus_p | middle_p
        n2[other] = minus_n | middle_n
        stamp2[other] = 0
        if kept < size:
            pool2[begin + kept] = middle
        else:  # no room behind it: the positive part moves to the end
            start2[f] = n
            for i in range(kept):
                pool2[n + i] = pool2[begin + i]
            pool2[n + kept] = middle
            n += kept + 1
        length2[f] = kept + 1
        p2[f] = plus_p | middle_p
        n2[f] = plus_n | middle_n
        stamp2[f] = serial
        neg2[f] = other
        zer2[f] = middle
        if k == d:
            unit[middle] = serial - 1
            origin[other] = origin[f]
        elif k == d - 1:
            unit[other] = unit[f]
        middle += 1
        other += 1
    count[k - 1] = middle
    used[k - 1] = m
    count[k] = other
    used[k] = n
    return True


def _zero_child(begin: int, size: int, children: Any, bit: Any, p0: Any, n0: Any) -> int:
    """Return the child of a face on which the unit is zero, or −1."""
    for i in range(begin, begin + size):
        h = children[i]
        if not (p0[h] | n0[h]) & bit:
            return int(h)
    return -1


def _owners(start: Any, length: Any, pool: Any, owners: Any) -> bool:
    """Write for each face the one or two faces that have it; tell whether none has three."""
    owners[:] = -1
    for f in range(len(start)):
        for i in range(start[f], start[f] + length[f]):
            g = pool[i]
            if owners[g, 0] < 0:
                owners[g, 0] = f
            elif owners[g, 1] < 0:
                owners[g, 1] = f
            else:
                return False
    return True
