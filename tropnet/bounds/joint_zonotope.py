"""Compiled loops: zonotopes around two networks and the differences of their units on a box.

A value is enclosed by c + Σ G_t e_t ± r with noise symbols e_t in [−1, 1]. The first symbols are
the n inputs; then each ReLU unit of unknown sign brings one of its own, to the first network (A),
the second (B) or a difference (D). Forms of the first network hold inputs and A symbols, those of
the second inputs and B symbols, differences all four kinds, in three arrays: `g1` for inputs and A,
`g2` for B, `g3` for D.

Every rounding error goes into r, with the standard model of floating-point arithmetic (Higham,
*Accuracy and Stability of Numerical Algorithms*, chapter 3): a sum of K products in any order is
off by at most γ_K Σ|products|. Overflow gives infinities or NaN, which no comparison below takes
for a bound. `docs/explanation/zonotopes.md` has the argument.

All loops are plain Python functions that numba compiles at their first use. They stand in one file
because numba's cache on disk notices changes in the file of the outermost loop alone.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np

#: Half the distance from 1 to the next float.
EPS: Final = 2.0**-53
#: What covers the rounding of sums of up to a hundred thousand numbers of one sign.
MORE: Final = 1.0 + 1e-10
#: What covers underflow, flushed to zero or not, in sums of a billion products.
TINY: Final = 1e-280

#: Kinds of terms: the columns of a program's table are kind, layer, source, offset.
ON_A: Final = 0
ON_B: Final = 1
PAIRS: Final = 2
PAIRS_ON_B: Final = 3
PAIRS_ON_A: Final = 4

#: What is bounded.
NORM_INF: Final = 0
NORM_1: Final = 1
NORM_2: Final = 2
AT_MOST: Final = 3
ARGMAX: Final = 4


@cache
def compiled() -> Any:
    """Compile the loops below; numba keeps the machine code in its cache on disk."""
    from numba import njit
    from numba.extending import register_jitable

    for helper in (
        _sums, _product, _gather, _slopes, _pair, _better, _rectify, _rectify_pairs, _spread,
        _combine, _chords, _tighten, _lean, _read_last, _largest_difference, _worst_pair,
        _objective, _shares, _layer, _view, _measure, _cut_off, _symbols, _choose, _one,
    ):  # fmt: skip
        register_jitable(helper)
    return njit(cache=True, nogil=True, error_model="numpy")(_bound_boxes)


def _sums(matrix: Any, out: Any) -> None:
    """Set `out` to bounds of the column sums of sizes."""
    rows, width = matrix.shape
    for j in range(width):
        out[j] = 0.0
    for i in range(rows):
        for j in range(width):
            out[j] += abs(matrix[i, j])
    for j in range(width):
        out[j] *= MORE


def _product(target: Any, left: Any, weights: Any, spare: Any, first: bool) -> None:
    """Add `left` times `weights` to the upper rows of `target`, or set them."""
    rows, width = left.shape[0], weights.shape[1]
    if rows == 0:
        return
    if first:
        np.dot(left, weights, target[:rows])
        return
    part = spare[: rows * width].reshape(rows, width)
    np.dot(left, weights, part)
    for i in range(rows):
        for j in range(width):
            target[i, j] += part[i, j]


def _gather(
    sums: Any, weights: Any, sizes: Any, center: Any, radius: Any, size: Any, gamma: float
) -> None:
    """Add what a term adds to centres (row 0) and radii (row 1)."""
    inputs, width = weights.shape
    for i in range(inputs):
        c = center[i]
        r = radius[i] + gamma * size[i]
        for j in range(width):
            sums[0, j] += c * weights[i, j]
            sums[1, j] += r * sizes[i, j]


def _slopes(low: Any, high: Any, slope: Any, rise: Any) -> None:
    """Set slope and rise of units: relu(z) − slope · z lies between 0 and rise on [low, high]."""
    for j in range(len(low)):
        lo, hi = low[j], high[j]
        rise[j] = 0.0
        if hi <= 0.0:
            slope[j] = 0.0
        elif lo >= 0.0:
            slope[j] = 1.0
        else:
            part = hi / (hi - lo)
            if not part <= 1.0:
                part = 1.0
            slope[j] = part
            rise[j] = max(-part * lo, (1.0 - part) * hi) * (1.0 + 8.0 * EPS) + TINY
            if not (rise[j] < np.inf and lo > -np.inf):  # NaN, or beyond all floats
                rise[j] = np.inf


def _pair(
    slopes: Any, rises: Any, radii: Any, low: float, high: float, scale: float, plan: Any
) -> bool:
    """Choose how a difference passes through ReLU; return whether by a symbol of its own.

    With relu(a) = p a + …, relu(b) = q b + … and δ = a − s b, the difference relu(a) − s relu(b) is
    k δ + (p − k) a − s (q − k) b + …, for any k; k = p or q leaves one of the two out. It also lies
    between 0 and δ, hence within |δ|/2 of δ/2. What comes out narrower is taken.
    """
    p, q = slopes
    rise_a, rise_b = rises
    by_b = rise_a > 0.0 and rise_b == 0.0
    k = q if by_b else p
    plan[0] = k
    plan[1] = p - q if by_b else 0.0
    plan[2] = 0.0 if by_b else -scale * (q - p)
    if rise_a == 0.0 and rise_b == 0.0:
        return False
    own = max(abs(low), abs(high))
    general = k * radii[2] + abs(plan[1]) * radii[0] + abs(plan[2]) * radii[1]
    general += 0.5 * rise_a + 0.5 * scale * rise_b
    return bool(0.5 * radii[2] + 0.5 * own < general)


def _better(
    n: int,
    ga: Any,
    gb: Any,
    g1: Any,
    g2: Any,
    g3: Any,
    state: Any,
    first: Any,
    second: Any,
    scales: Any,
    errors: Any,
) -> None:
    """Where a − s b as it stands is narrower than the difference followed so far, take that.

    `state` holds rows of centres, radii and sizes (bounds of all parts together) for a, b and the
    differences; `errors` the sums over the symbols that are not inputs.
    """
    (ca, ra, ma, _), (cb, rb, mb, _), (cd, rd, md, sd) = state
    for k in range(len(first)):
        i, j, s = first[k], second[k], scales[k]
        total = errors[0][i] + ra[i] + s * (errors[1][j] + rb[j])
        for t in range(n):
            total += abs(ga[t, i] - s * gb[t, j])
        if not total < sd[k] + rd[k]:
            continue
        for t in range(ga.shape[0]):
            g1[t, k] = ga[t, i]
        for t in range(n):
            g1[t, k] -= s * gb[t, j]
        for t in range(n, gb.shape[0]):
            g2[t - n, k] = -s * gb[t, j]
        for t in range(g3.shape[0]):
            g3[t, k] = 0.0
        cd[k] = ca[i] - s * cb[j]
        rd[k] = (ra[i] + s * rb[j] + 8.0 * EPS * (ma[i] + s * mb[j])) * MORE + TINY
        sd[k] = total * MORE
        md[k] = (abs(cd[k]) + sd[k] + rd[k]) * MORE


def _rectify(g: Any, rows: int, state: Any, slope: Any, rise: Any) -> int:
    """Pass forms through ReLU; new rows follow the first `rows`. Return how many."""
    c, r, m, _ = state
    width = len(c)
    for t in range(rows):
        for j in range(width):
            g[t, j] *= slope[j]
    new = 0
    for j in range(width):
        h = rise[j]
        if h > 0.0:
            row = rows + new
            for q in range(width):
                g[row, q] = 0.0
            g[row, j] = 0.5 * h
            new += 1
            c[j] = slope[j] * c[j] + 0.5 * h
            r[j] = (slope[j] * r[j] + 8.0 * EPS * (slope[j] * m[j] + h)) * MORE + TINY
            m[j] = (slope[j] * m[j] + h) * (1.0 + 1e-9) + 4.0 * TINY
        elif slope[j] == 0.0:
            c[j] = r[j] = m[j] = 0.0
            # an infinity times zero is not zero
            for t in range(rows):
                g[t, j] = 0.0
    return new


def _rectify_pairs(
    n: int,
    ga: Any,
    gb: Any,
    g1: Any,
    g2: Any,
    g3: Any,
    counts: Any,
    state: Any,
    first: Any,
    second: Any,
    scales: Any,
    slopes: Any,
    rises: Any,
    symbols: Any,
    bounds: Any,
    plan: Any,
    fresh: Any,
) -> int:
    """Pass differences through ReLU, before the forms they belong to. Return the new D symbols.

    `symbols` tell which new symbol belongs to a unit. `fresh` is set to the pair of each new one.
    """
    (ca, ra, ma, sa), (cb, rb, mb, sb), (cd, rd, md, sd) = state
    rows_a, rows_b, rows_d = counts[0], counts[1], counts[2]
    new = 0
    width = len(first)
    one = np.empty(3)
    for t in range(rows_a, g1.shape[0]):
        for k in range(width):
            g1[t, k] = 0.0
    for t in range(rows_b - n, g2.shape[0]):
        for k in range(width):
            g2[t, k] = 0.0
    for k in range(width):
        i, j, s = first[k], second[k], scales[k]
        p, q = slopes[0][i], slopes[1][j]
        h, g = rises[0][i], rises[1][j]
        own = _pair(
            (p, q),
            (h, g),
            (sa[i] + ra[i], sb[j] + rb[j], sd[k] + rd[k]),
            bounds[0][k],
            bounds[1][k],
            s,
            one,
        )
        if own:
            half = 0.5 * max(abs(bounds[0][k]), abs(bounds[1][k])) * MORE + TINY
            plan[0, k], plan[1, k], plan[2, k] = 0.5, 0.0, 0.0
            cd[k] *= 0.5
            rd[k] = 0.5 * rd[k] * MORE + TINY
            fresh[new] = k
            row = rows_d + new
            for c in range(width):
                g3[row, c] = 0.0
            g3[row, k] = half
            new += 1
            md[k] = (0.5 * md[k] + half) * (1.0 + 1e-9) + 4.0 * TINY
            continue
        alpha, on_a, on_b = one[0], one[1], one[2]
        plan[0, k], plan[1, k], plan[2, k] = alpha, on_a, on_b
        if alpha == 1.0 and on_a == 0.0 and on_b == 0.0 and h == 0.0 and g == 0.0:
            continue
        if alpha == 0.0 and on_a == 0.0 and on_b == 0.0 and h == 0.0 and g == 0.0:
            cd[k] = rd[k] = md[k] = 0.0
            continue
        size = alpha * md[k] + abs(on_a) * ma[i] + abs(on_b) * mb[j] + h + s * g
        center = alpha * cd[k] + 0.5 * h - 0.5 * s * g
        radius = alpha * rd[k]
        if on_a != 0.0:
            center += on_a * ca[i]
            radius += abs(on_a) * ra[i]
        if on_b != 0.0:
            center += on_b * cb[j]
            radius += abs(on_b) * rb[j]
        cd[k] = center
        rd[k] = (radius + 32.0 * EPS * size) * MORE + TINY
        md[k] = size * (1.0 + 1e-9) + 4.0 * TINY
        if h > 0.0:
            g1[rows_a + symbols[0][i], k] = 0.5 * h
        if g > 0.0:
            g2[rows_b - n + symbols[1][j], k] = -0.5 * s * g
    _combine(n, ga, gb, g1, g2, g3, counts, first, second, plan)
    return new


def _combine(
    n: int,
    ga: Any,
    gb: Any,
    g1: Any,
    g2: Any,
    g3: Any,
    counts: Any,
    first: Any,
    second: Any,
    plan: Any,
) -> None:
    """Set the old rows of differences to their combination with the forms of a and b."""
    width = len(first)
    for t in range(counts[0]):
        for k in range(width):
            g1[t, k] = plan[0, k] * g1[t, k] if plan[0, k] != 0.0 else 0.0
    for t in range(counts[1] - n):
        for k in range(width):
            g2[t, k] = plan[0, k] * g2[t, k] if plan[0, k] != 0.0 else 0.0
    for t in range(counts[2]):
        for k in range(width):
            g3[t, k] = plan[0, k] * g3[t, k] if plan[0, k] != 0.0 else 0.0
    for k in range(width):
        if plan[1, k] != 0.0:
            for t in range(counts[0]):
                g1[t, k] += plan[1, k] * ga[t, first[k]]
        if plan[2, k] != 0.0:
            for t in range(n):
                g1[t, k] += plan[2, k] * gb[t, second[k]]
            for t in range(n, counts[1]):
                g2[t - n, k] += plan[2, k] * gb[t, second[k]]


def _chords(low: Any, high: Any, count: int, fresh: Any, chord: Any) -> None:
    """Set q and h for units whose difference passes ReLU by a symbol of its own.

    Where δ lies in [l, u], l ≤ 0 ≤ u, the difference after ReLU lies between min(0, δ) and
    max(0, δ), hence for any p in [0, 1] in [(1 − p) δ − h, p δ + h], h = max(−p l, (1 − p) u), by
    convexity. q is 2 p − 1.
    """
    for x in range(count):
        k = fresh[x]
        lo, hi = min(low[k], 0.0), max(high[k], 0.0)
        p = hi / (hi - lo) if hi - lo > 0.0 else 0.5
        if not p <= 1.0:
            p = 1.0
        chord[0, x] = 2.0 * p - 1.0
        chord[1, x] = max(-p * lo, (1.0 - p) * hi) * (1.0 + 8.0 * EPS) + TINY


def _tighten(
    count: int,
    fresh: Any,
    chord: Any,
    old: int,
    weights: Any,
    sizes: Any,
    halves: Any,
    before: Any,
    forms: Any,
    state: Any,
    low: Any,
    high: Any,
) -> None:
    """Cut bounds of differences of outputs off by what each output makes of the last layer.

    A difference that follows a layer by a symbol of its own is δ/2 ± half for all that read it. One
    output bounded from above needs its upper end alone where its weight w is positive, and its
    lower end where w is negative: w δ/2 + |w| (q δ/2 + h), and from below w δ/2 − |w| (q δ/2 + h).

    `halves` are the generators of the δ/2, `before` their centres, radii and sizes; `forms` the
    generators of the outputs, whose rows of own symbols come after `old`.
    """
    c, r, m, _ = state
    cd, rd, md = before
    gamma = 1.01 * EPS * (count + 16)
    for j in range(len(c)):
        slack = r[j] + 8.0 * EPS * m[j]
        rise = middle = 0.0
        for x in range(count):
            k = fresh[x]
            w = abs(weights[k, j])
            middle += w * chord[0, x] * cd[k]
            rise += w * chord[1, x]
            slack += sizes[k, j] * (abs(chord[0, x]) * rd[k] + 4.0 * gamma * md[k])
        above = below = 0.0
        for block in range(3):
            g, h = forms[block], halves[block]
            for t in range(old if block == 2 else g.shape[0]):
                step = 0.0
                for x in range(count):
                    step += abs(weights[fresh[x], j]) * chord[0, x] * h[t, fresh[x]]
                above += abs(g[t, j] + step)
                below += abs(g[t, j] - step)
        size = 4.0 * EPS * (abs(c[j]) + abs(middle))
        above = (above + rise + slack + size) * MORE + TINY
        below = (below + rise + slack + size) * MORE + TINY
        upper = (c[j] + middle) + above * (1.0 + 4.0 * EPS)
        lower = (c[j] - middle) - below * (1.0 + 4.0 * EPS)
        if upper < high[j]:
            high[j] = upper
        if lower > low[j]:
            low[j] = lower


def _lean(
    count: int, fresh: Any, chord: Any, old: int, weights: Any, halves: Any, forms: Any, j: int,
    sign: float,
) -> None:  # fmt: skip
    """Turn the generators of one output into those of its bound on one side, as `_tighten` has it.

    They tell better which inputs to split, and at which corner the gap may be large.
    """
    for block in range(3):
        g, h = forms[block], halves[block]
        for t in range(old if block == 2 else g.shape[0]):
            step = 0.0
            for x in range(count):
                step += abs(weights[fresh[x], j]) * chord[0, x] * h[t, fresh[x]]
            g[t, j] += sign * step


def _read_last(k: int, program: Any, arena: Any, place: Any, counts: Any) -> Any:
    """Return how layer k reads the differences of the layer before: weights, sizes, generators.

    Without units where it does not read them.
    """
    table, data, sizes, _, widths, _ = program
    taken, width = widths[k - 1, 2], widths[k, 2]
    rows = counts[3 + 5 * (k - 1) + 2 : 3 + 5 * (k - 1) + 5]
    weights = magnitudes = data[:0].reshape(0, width)
    for x in range(len(table)):
        if table[x, 0] == PAIRS and table[x, 1] == k and table[x, 2] == k - 1:
            o = table[x, 3]
            weights = data[o : o + taken * width].reshape(taken, width)
            magnitudes = sizes[o : o + taken * width].reshape(taken, width)
    halves = (
        _view(arena, place, k - 1, 2, rows[0], taken),
        _view(arena, place, k - 1, 3, rows[1], taken),
        _view(arena, place, k - 1, 4, rows[2], taken),
    )
    return weights, magnitudes, halves


def _spread(state: Any, low: Any, high: Any) -> None:
    """Set bounds of values from centres, sums of symbols and radii."""
    c, r, _, s = state
    for j in range(len(c)):
        reach = (s[j] + r[j]) * MORE
        reach += 4.0 * EPS * (abs(c[j]) + reach) + TINY
        low[j] = c[j] - reach
        high[j] = c[j] + reach


def _shares(g: Any, n: int, column: int, out: Any) -> None:
    """Set how much each input moves a value, the shares of all inputs adding up to 1."""
    total = 0.0
    for i in range(n):
        out[i] = abs(g[i, column])
        total += out[i]
    if total > 0.0:
        for i in range(n):
            out[i] /= total


def _largest_difference(g: Any, state: Any, i: int, k: int) -> float:
    """Return an upper bound of value i minus value k."""
    c, r, m, _ = state
    total = 0.0
    for t in range(g.shape[0]):
        total += abs(g[t, i] - g[t, k])
    total += r[i] + r[k] + 16.0 * EPS * (m[i] + m[k])
    return float((c[i] - c[k]) + total * MORE + TINY)


def _worst_pair(
    ga: Any, gb: Any, g1: Any, g2: Any, g3: Any, state: Any, worst: Any, result: Any
) -> float:
    """Return a bound of f's lead where another output of g is larger; set the worst pair.

    `result` is told by how much, at least, other pairs were ruled out.
    """
    cd, rd, md = state[2][0], state[2][1], state[2][2]
    ca, ra, ma = state[0][0], state[0][1], state[0][2]
    size = len(cd)
    best = 0.0
    worst[0], worst[1] = 0, min(1, size - 1)
    for i in range(size):
        first = np.inf  # the lead of i is its distance to whatever comes next
        for k in range(size):
            if k != i:
                first = min(first, _largest_difference(ga, state[0], i, k))
        if first <= 0.0:
            result[5] = min(result[5], -first)
            continue
        for k in range(size):
            if i == k:
                continue
            ahead = _largest_difference(gb, state[1], k, i)
            if ahead <= 0.0:
                result[5] = min(result[5], -ahead)
                continue
            total = mixed = 0.0
            for t in range(g1.shape[0]):
                step = g1[t, i] - g1[t, k]
                total += abs(step)
                mixed += abs(step + ga[t, i] - ga[t, k])
            rest = 0.0
            for t in range(g2.shape[0]):
                rest += abs(g2[t, i] - g2[t, k])
            for t in range(g3.shape[0]):
                rest += abs(g3[t, i] - g3[t, k])
            slack = rd[i] + rd[k] + 32.0 * EPS * (md[i] + md[k])
            # f_i − f_k ≤ (f_i − f_k) + (g_k − g_i) = δ_i − δ_k where g_k ≥ g_i; or half of each
            second = (cd[i] - cd[k]) + (total + rest + slack) * MORE + TINY
            slack += ra[i] + ra[k] + 32.0 * EPS * (ma[i] + ma[k])
            half = (cd[i] - cd[k]) + (ca[i] - ca[k]) + (mixed + rest + slack) * MORE + TINY
            value = min(first, second, 0.5 * half)
            if not (first == first and second == second and half == half):
                value = np.inf
            if value > best:
                best = value
                worst[0], worst[1] = i, k
    return best


def _objective(
    goal: int,
    ga: Any,
    gb: Any,
    g1: Any,
    g2: Any,
    g3: Any,
    state: Any,
    low: Any,
    high: Any,
    scales: Any,
    worst: Any,
    result: Any,
) -> float:
    """Return an upper bound of what is asked; set the outputs that make it large."""
    size = len(low)
    worst[0], worst[1] = 0, -1
    if goal == ARGMAX:
        return _worst_pair(ga, gb, g1, g2, g3, state, worst, result)
    values = np.empty(size)
    total = best = 0.0
    for j in range(size):
        if goal == AT_MOST:
            value = max(high[j], 0.0) if high[j] == high[j] else np.inf
            if high[j] <= 0.0:
                result[5] = min(result[5], -high[j])
        else:
            value = max(abs(low[j]), abs(high[j])) if low[j] == low[j] else np.inf
        if value > 0.0:
            value = value * scales[j] * (1.0 + 4.0 * EPS) + TINY
        values[j] = value
        if not value <= best:
            best = value
            worst[0] = j
        total += value
    if goal == NORM_1:
        return total * MORE
    if goal == NORM_2 and 0.0 < best < np.inf:
        # shares of the largest one: squares of small numbers would vanish
        total = 0.0
        for j in range(size):
            total += (values[j] / best) ** 2
        return float(best * np.sqrt(total * MORE) * MORE + TINY)
    return best


def _layer(  # noqa: C901 - one loop nest over terms and arrays, in which order is all
    k: int,
    n: int,
    inputs: Any,
    program: Any,
    arena: Any,
    place: Any,
    spare: Any,
    values: Any,
    counts: Any,
) -> None:
    """Set the values of layer k before ReLU, in both networks and their differences."""
    table, data, sizes, bias, widths, starts = program
    center, radius, size, _ = values
    mid, half, reach = inputs
    rows = (counts[0], counts[1], counts[0], counts[1] - n, counts[2])
    for which in range(3):
        width = widths[k, which]
        if width == 0:
            continue
        lo = starts[k, which]
        sums = np.zeros((2, width))
        summands = 8
        for x in range(len(table)):
            kind, layer, source = table[x, 0], table[x, 1], table[x, 2]
            if layer == k and (kind == which or (which == 2 and kind >= 2)):
                summands += widths[source, 0 if kind in (ON_A, PAIRS_ON_A) else 1] + 1
                summands += widths[source, 2] if kind == PAIRS else 0
        gamma = 1.01 * EPS * summands
        # arrays of generators: 0 and 1 for the networks, 2, 3, 4 for differences
        for block in range(5):
            if (block < 2 and block != which) or (block >= 2 and which != 2):
                continue
            target = arena[block][place[k, block] : place[k, block] + rows[block] * width]
            target[:] = 0.0
        for x in range(len(table)):
            kind, layer = table[x, 0], table[x, 1]
            source, offset = table[x, 2], table[x, 3]
            if layer != k or not (kind == which or (which == 2 and kind >= 2)):
                continue
            read = 2 if kind == PAIRS else (1 if kind in (ON_B, PAIRS_ON_B) else 0)
            taken = widths[source, read]
            weights = data[offset : offset + taken * width].reshape(taken, width)
            magnitudes = sizes[offset : offset + taken * width].reshape(taken, width)
            if source == 0:
                _gather(sums, weights, magnitudes, mid, np.zeros(n), reach, gamma)
                block = 2 if which == 2 else which
                o = place[k, block]
                target = arena[block][o : o + rows[block] * width].reshape(rows[block], width)
                for i in range(n):
                    for j in range(width):
                        target[i, j] += half[i] * weights[i, j]
                continue
            s = starts[source, read]
            _gather(
                sums,
                weights,
                magnitudes,
                center[s : s + taken],
                radius[s : s + taken],
                size[s : s + taken],
                gamma,
            )
            for block in range(5):
                # which array of the source feeds which array of the target
                if which < 2:
                    if block != which:
                        continue
                    origin = block
                    skip = 0
                elif kind == PAIRS:
                    if block < 2:
                        continue
                    origin = block
                    skip = 0
                elif kind == PAIRS_ON_A:
                    if block != 2:
                        continue
                    origin = 0
                    skip = 0
                else:  # inputs go to the first array of the difference, B symbols to the second
                    if block not in (2, 3):
                        continue
                    origin = 1
                    skip = n if block == 3 else 0
                height = counts[3 + source * 5 + origin] - skip
                if kind == PAIRS_ON_B and block == 2:
                    height = n
                if height <= 0:
                    continue
                o = place[source, origin] + skip * taken
                left = arena[origin][o : o + height * taken].reshape(height, taken)
                o = place[k, block]
                target = arena[block][o : o + rows[block] * width].reshape(rows[block], width)
                _product(target, left, weights, spare, False)
        for j in range(width):
            b = bias[lo + j]
            center[lo + j] = sums[0, j] + b
            radius[lo + j] = (sums[1, j] + gamma * abs(b)) * MORE + TINY


def _view(arena: Any, place: Any, k: int, block: int, rows: int, width: int) -> Any:
    """Return the first rows of the generators of layer k, as they lie in the arena."""
    start = place[k, block]
    return arena[block][start : start + rows * width].reshape(rows, width)


def _measure(n: int, ga: Any, gb: Any, g1: Any, g2: Any, g3: Any, state: Any, errors: Any) -> None:
    """Set sums of symbols and sizes of all forms; `errors` are the sums without the inputs."""
    for which in range(2):
        g = ga if which == 0 else gb
        c, r, m, s = state[which]
        _sums(g[n:], errors[which])
        _sums(g[:n], s)
        for j in range(len(c)):
            s[j] = (s[j] + errors[which][j]) * MORE
            m[j] = (abs(c[j]) + s[j] + r[j]) * MORE
    c, r, m, s = state[2]
    of_b, own = np.empty(len(c)), np.empty(len(c))
    _sums(g1, s)
    _sums(g2, of_b)
    _sums(g3, own)
    for j in range(len(c)):
        s[j] = (s[j] + of_b[j] + own[j]) * MORE
        m[j] = (abs(c[j]) + s[j] + r[j]) * MORE


def _cut_off(phases: Any, low: Any, high: Any, start: int, width: int) -> float:
    """Cut bounds off at 0 where a sign is given; return by how much one is ruled out, or −1."""
    for j in range(start, start + width):
        if phases[j] > 0:
            if high[j] < 0.0:
                return float(-high[j])
            low[j] = max(low[j], 0.0)
        elif phases[j] < 0:
            if low[j] > 0.0:
                return float(low[j])
            high[j] = min(high[j], 0.0)
    return -1.0


def _symbols(
    n: int,
    g: Any,
    start: int,
    width: int,
    before: int,
    bounds: Any,
    slope: Any,
    rise: Any,
    symbol: Any,
    share: Any,
    owner: Any,
) -> int:
    """Set slopes and rises of a layer's units and number the symbols that are new; count them."""
    end = start + width
    _slopes(bounds[0][start:end], bounds[1][start:end], slope[start:end], rise[start:end])
    new = 0
    for j in range(start, end):
        if rise[j] > 0.0:
            symbol[j] = new
            _shares(g, n, j - start, share[before + new])
            owner[before + new] = j
            new += 1
    return new


def _choose(
    n: int,
    goal: int,
    box: Any,
    phases: Any,
    g1: Any,
    g2: Any,
    g3: Any,
    center: Any,
    worst: Any,
    shares: Any,
    owner: Any,
    result: Any,
    point: Any,
) -> None:
    """Tell which input and which unit it pays to split, and at which corner the gap may be large.

    Each symbol counts as much as it moves the worst output; that of a unit counts for the inputs
    that move the unit.
    """
    low, high = box
    i, o = worst[0], worst[1]
    score = np.zeros(n)
    sign = 1.0
    if goal != ARGMAX and goal != AT_MOST and center[i] < 0.0:
        sign = -1.0
    for t in range(n):
        step = g1[t, i] - (g1[t, o] if o >= 0 else 0.0)
        score[t] += abs(step)
        point[t] = high[t] if sign * step > 0.0 else low[t]
    for which in range(3):
        g = g1[n:] if which == 0 else (g2 if which == 1 else g3)
        for t in range(g.shape[0]):
            step = abs(g[t, i] - (g[t, o] if o >= 0 else 0.0))
            if step > 0.0:
                for x in range(n):
                    score[x] += step * shares[which][t, x]
                unit = owner[which, t]
                if step > result[4] and phases[unit] == 0:
                    result[3], result[4] = unit, step
    for t in range(n):
        middle = 0.5 * low[t] + 0.5 * high[t]
        if low[t] < middle < high[t] and (result[1] < 0.0 or score[t] > result[2]):
            result[1], result[2] = t, score[t]


def _one(
    box: Any,
    phases: Any,
    n: int,
    goal: int,
    program: Any,
    pairs: Any,
    out_scales: Any,
    work: Any,
    result: Any,
    point: Any,
) -> None:
    """Bound one box.

    `result` gets the bound, the input to split with its score, the unit to split with its score,
    and the least distance by which anything was ruled out.
    """
    arena, place, spare, values, shares = work
    widths, starts = program[4], program[5]
    pair_starts, first_all, second_all, scale_all = pairs
    center, radius, size, total = values
    share_a, share_b, share_d, owner = shares
    low_box, high_box = box
    n_layers = len(widths) - 2
    mid, half, reach = np.empty(n), np.empty(n), np.empty(n)
    for i in range(n):
        mid[i] = 0.5 * low_box[i] + 0.5 * high_box[i]
        half[i] = max(high_box[i] - mid[i], mid[i] - low_box[i]) * (1.0 + 4.0 * EPS)
        reach[i] = (abs(mid[i]) + half[i]) * MORE + TINY
    counts = np.zeros(3 + 5 * (n_layers + 2), np.int64)
    counts[0] = counts[1] = n
    worst = np.zeros(2, np.int64)
    widest = total.shape[0]
    low, high = np.empty(widest), np.empty(widest)
    slope, rise = np.empty(widest), np.empty(widest)
    symbol = np.zeros(widest, np.int64)
    result[0] = np.inf
    result[1], result[2], result[3], result[4] = -1.0, 0.0, -1.0, 0.0
    result[5] = np.inf
    new = 0  # pairs of the layer before that passed ReLU by symbols of their own
    fresh, chord = np.zeros(1, np.int64), np.zeros((2, 1))
    weights = magnitudes = np.zeros((0, 0))
    halves = (weights, weights, weights)
    for k in range(1, n_layers + 2):
        _layer(k, n, (mid, half, reach), program, arena, place, spare, values, counts)
        wa, wb, wd = widths[k, 0], widths[k, 1], widths[k, 2]
        sa, sb, sd = starts[k, 0], starts[k, 1], starts[k, 2]
        rows_a, rows_b, rows_d = counts[0], counts[1], counts[2]
        ga, gb = _view(arena, place, k, 0, rows_a, wa), _view(arena, place, k, 1, rows_b, wb)
        g1, g2 = _view(arena, place, k, 2, rows_a, wd), _view(arena, place, k, 3, rows_b - n, wd)
        g3 = _view(arena, place, k, 4, rows_d, wd)
        state = (
            (center[sa : sa + wa], radius[sa : sa + wa], size[sa : sa + wa], total[sa : sa + wa]),
            (center[sb : sb + wb], radius[sb : sb + wb], size[sb : sb + wb], total[sb : sb + wb]),
            (center[sd : sd + wd], radius[sd : sd + wd], size[sd : sd + wd], total[sd : sd + wd]),
        )
        errors_a, errors_b = np.empty(wa), np.empty(wb)
        _measure(n, ga, gb, g1, g2, g3, state, (errors_a, errors_b))
        least, most = np.full(wd, -np.inf), np.full(wd, np.inf)
        if k == n_layers + 1 and new > 0:
            weights, magnitudes, halves = _read_last(k, program, arena, place, counts)
            if goal == ARGMAX or weights.shape[0] == 0:
                new = 0
            before = starts[k - 1, 2], starts[k - 1, 2] + widths[k - 1, 2]
            _tighten(
                new, fresh, chord, rows_d - new, weights, magnitudes, halves,
                (
                    center[before[0] : before[1]],
                    radius[before[0] : before[1]],
                    size[before[0] : before[1]],
                ),
                (g1, g2, g3), state[2], least, most,
            )  # fmt: skip
        p = pair_starts[k]
        first, second = first_all[p : p + wd], second_all[p : p + wd]
        scales = scale_all[p : p + wd]
        _better(n, ga, gb, g1, g2, g3, state, first, second, scales, (errors_a, errors_b))
        _spread(state[0], low[sa : sa + wa], high[sa : sa + wa])
        _spread(state[1], low[sb : sb + wb], high[sb : sb + wb])
        _spread(state[2], low[sd : sd + wd], high[sd : sd + wd])
        if k == n_layers + 1:
            for j in range(wd):
                low[sd + j] = max(low[sd + j], least[j])
                high[sd + j] = min(high[sd + j], most[j])
            result[0] = _objective(
                goal,
                ga,
                gb,
                g1,
                g2,
                g3,
                state,
                low[sd : sd + wd],
                high[sd : sd + wd],
                out_scales,
                worst,
                result,
            )
            if new > 0:
                i = worst[0]
                sign = 1.0 if goal == AT_MOST or high[sd + i] >= -low[sd + i] else -1.0
                _lean(new, fresh, chord, rows_d - new, weights, halves, (g1, g2, g3), i, sign)
            break
        for which in range(2):
            start, width = starts[k, which], widths[k, which]
            g = ga if which == 0 else gb
            share = share_a if which == 0 else share_b
            far = _cut_off(phases, low, high, start, width)
            if far >= 0.0:
                result[0], result[5] = -np.inf, far
                return
            counts[3 + 5 * k + which] = counts[which] + _symbols(
                n, g, start, width, counts[which] - n, (low, high), slope, rise, symbol, share,
                owner[which],
            )  # fmt: skip
        more_a, more_b = counts[3 + 5 * k], counts[3 + 5 * k + 1]
        ga, gb = _view(arena, place, k, 0, more_a, wa), _view(arena, place, k, 1, more_b, wb)
        g1, g2 = _view(arena, place, k, 2, more_a, wd), _view(arena, place, k, 3, more_b - n, wd)
        g3 = _view(arena, place, k, 4, rows_d + wd, wd)
        plan, fresh = np.empty((3, wd)), np.zeros(wd, np.int64)
        new = _rectify_pairs(
            n,
            ga,
            gb,
            g1,
            g2,
            g3,
            counts,
            state,
            first,
            second,
            scales,
            (slope[sa : sa + wa], slope[sb : sb + wb]),
            (rise[sa : sa + wa], rise[sb : sb + wb]),
            (symbol[sa : sa + wa], symbol[sb : sb + wb]),
            (low[sd : sd + wd], high[sd : sd + wd]),
            plan,
            fresh,
        )
        chord = np.empty((2, wd))
        _chords(low[sd : sd + wd], high[sd : sd + wd], new, fresh, chord)
        for x in range(new):
            unit = first[fresh[x]]
            _shares(ga, n, unit, share_d[rows_d + x])
            owner[2, rows_d + x] = sa + unit
        _rectify(ga, rows_a, state[0], slope[sa : sa + wa], rise[sa : sa + wa])
        _rectify(gb, rows_b, state[1], slope[sb : sb + wb], rise[sb : sb + wb])
        counts[0], counts[1], counts[2] = more_a, more_b, rows_d + new
        counts[3 + 5 * k + 2] = more_a
        counts[3 + 5 * k + 3] = more_b - n
        counts[3 + 5 * k + 4] = rows_d + new
    _choose(
        n, goal, box, phases, g1, g2, g3, state[2][0], worst, (share_a, share_b, share_d), owner,
        result, point,
    )  # fmt: skip


def _bound_boxes(
    boxes: Any, phases: Any, begin: int, end: int, n: int, goal: int, program: Any, pairs: Any,
    out_scales: Any, work: Any, results: Any, points: Any,
) -> None:  # fmt: skip
    """Bound the boxes from `begin` to `end`; see `tropnet.bounds.joint_bounds`."""
    for x in range(begin, end):
        box = boxes[x, 0], boxes[x, 1]
        _one(box, phases[x], n, goal, program, pairs, out_scales, work, results[x], points[x])
