"""Compiled search for a point where chosen terms alone are maximal, with proofs in float64.

The open cell of a choice of one term from each of several polynomials is the set of points where
every chosen term is strictly above the other terms of its polynomial. Whether it is empty decides
which terms of a polynomial are essential (one polynomial) and which pairs of terms survive in a
product (two). The search is a dual simplex in n + 1 variables: maximise the margin t by which the
chosen terms win. It answers `ESSENTIAL` or `REDUNDANT` only where float64 error bounds prove it;
`MAYBE_…` comes with a basis or a point for exact arithmetic to settle.

All loops are plain Python functions that numba compiles at their first use.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from tropnet.typing import BoolArray, FloatArray, IntArray

UNDECIDED: Final = 0
ESSENTIAL: Final = 1
REDUNDANT: Final = 2
MAYBE_REDUNDANT: Final = 3
MAYBE_ESSENTIAL: Final = 4

#: Basis entries that are no terms: the cap t ≤ T, and below it the artificial rows x_k = x0_k.
CAP: Final = -1

_U: Final = 2.0**-53
#: More than what underflow took from any entry, though it was scaled up by 2^200 since: 2^-875.
_TINY: Final = 2.0**-800
#: Terms or choices searched between two beats of `pulse`.
_CHUNK: Final = 1024
#: Rivals remembered for each term.
_RIVALS: Final = 32
#: A pivot below this, relative to the row, is taken for rounding noise.
_PIVOT: Final = 1e-9


def scan_terms(
    a: FloatArray,
    b: FloatArray,
    limits: FloatArray,
    n_terms: int,
    pulse: Callable[[], None] | None = None,
) -> tuple[IntArray, FloatArray, IntArray]:
    """Search for each term of a polynomial a point where it alone is maximal (Clarkson's scheme).

    Args:
        a: `(n, N)`, exponents as columns, rounded to nearest; the columns of the domain (terms that
            a chosen term 0 must beat) come last.
        b: `(N,)`, coefficients, rounded to nearest.
        limits: `(2,)`, [bound of the number of pivots, cap of the margin].
        n_terms: how many columns are terms of the polynomial.
        pulse: called now and then; it may raise to end a long run.

    Returns:
        For each term its status; a point `(n_terms, n)` for essential ones; the indices of a basis
        `(n_terms, n + 1)` for redundant ones.

    Cost: 5–60 µs a term for n ≤ 5 (tests/bench/bench_essential.py).
    """
    n, total = a.shape
    status, points = np.zeros(n_terms, np.int64), np.zeros((n_terms, n))
    bases = np.full((n_terms, n + 1), CAP, np.int64)
    # compact copies: the domain first, then the active terms, which are often few
    domain = total - n_terms
    ca, cb = np.zeros((n, total)), np.zeros(total)
    ca[:, :domain], cb[:domain] = a[:, n_terms:], b[n_terms:]
    name, place = np.zeros(total, np.int64), np.full(n_terms, -1, np.int64)
    name[:domain] = np.arange(n_terms, total)
    start = np.array([0, domain, domain])
    scan = _compiled()["terms"]
    for first in range(0, n_terms, _CHUNK):
        if pulse is not None:
            pulse()
        last = min(first + _CHUNK, n_terms)
        scan(a, b, limits, first, last, status, points, bases, ca, cb, name, place, start)
    return status, points, bases


def scan_choices(
    a: FloatArray,
    b: FloatArray,
    start: IntArray,
    choices: IntArray,
    limits: FloatArray,
    origins: FloatArray | None = None,
    pulse: Callable[[], None] | None = None,
) -> tuple[IntArray, FloatArray, IntArray]:
    """Search for each choice of terms, one from each polynomial, a point of its open cell.

    Args:
        a: `(n, N)`, exponents of all polynomials as columns, rounded to nearest.
        b: `(N,)`, coefficients, rounded to nearest.
        start: `(G + 1,)`, where the columns of each polynomial begin, and where the last one ends;
            columns after that belong to none, but may be chosen as anyone's.
        choices: `(batch, G)`, columns.
        limits: as in `scan_terms`.
        origins: `(batch, n)`, where to start; guesses.
        pulse: called now and then; it may raise to end a long run.

    Returns:
        As `scan_terms`, for each choice. `ESSENTIAL` is proven for chosen columns that are no
        larger than those of their polynomial.

    Cost: 1–5 µs a choice for n ≤ 3.
    """
    n, total = a.shape
    count = len(choices)
    if origins is None:
        origins = np.zeros((count, n))
    status, points = np.zeros(count, np.int64), np.zeros((count, n))
    bases = np.full((count, n + 1), CAP, np.int64)
    rivals, known = np.zeros((total, _RIVALS), np.int64), np.zeros(total, np.int64)
    scan = _compiled()["choices"]
    for first in range(0, count, _CHUNK):
        if pulse is not None:
            pulse()
        part = slice(first, first + _CHUNK)
        status[part], points[part], bases[part] = scan(
            a, b, start, choices[part], origins[part], limits, rivals, known
        )
    return status, points, bases


def split_cells(
    a: FloatArray, b: FloatArray, count: IntArray, forms: FloatArray, points: FloatArray
) -> tuple[BoolArray, FloatArray, FloatArray]:
    """Search for each cell a point on the other side of a hyperplane of its own.

    This one only proposes: an answer within rounding noise counts as what it looks like.

    Args:
        a: `(cells, n, M)`, for each cell the rows of a·x + b < 0 as columns.
        b: `(cells, M)`.
        count: `(cells,)`, how many of the columns are in use; fewer than M.
        forms: `(cells, n + 1)`, a hyperplane form · (x, 1) = 0 for each cell.
        points: `(cells, n)`, a point of each cell.

    Returns:
        Whether there are points on both sides; points on the other side than the given one; and the
        given ones, moved off the hyperplane where they lay on it.

    Cost: 1–20 µs a cell.
    """
    result: tuple[BoolArray, FloatArray, FloatArray] = _compiled()["split"](
        a, b, count, forms, points, np.array([200.0, 1.0])
    )
    return result


@cache
def _compiled() -> dict[str, Any]:
    """Compile the loops below; numba keeps the machine code in its cache on disk."""
    from numba import njit
    from numba.extending import register_jitable

    helpers = (
        _sizes, _begin, _price, _worst, _basis_point, _pivot, _leaving, _prove_redundant, _solve
    )  # fmt: skip
    for helper in helpers:
        register_jitable(helper)
    return {
        "terms": njit(cache=True, error_model="numpy")(_scan_terms),
        "choices": njit(cache=True, error_model="numpy")(_scan_choices),
        "split": njit(cache=True, error_model="numpy")(_split_cells),
    }


# ---- drivers ------------------------------------------------------------------------------------


def _scan_terms(
    a: Any, b: Any, limits: Any, first: int, last: int, status: Any, points: Any, bases: Any,
    ca: Any, cb: Any, name: Any, place: Any, start: Any,
) -> None:  # fmt: skip
    n, total = a.shape
    d, n_terms, used = n + 1, len(status), start[2]
    amax, bmax = _sizes(a, b, np.array([n_terms, 0]), np.array([total, n_terms]))
    chosen_a, chosen_b, skip = np.zeros((2, n)), np.zeros(2), np.full(2, -1, np.int64)
    values, origin, x = np.zeros(total), np.zeros(n), np.zeros(n)
    basis, group, inverse = np.zeros(d, np.int64), np.zeros(d, np.int64), np.zeros((d, d))
    right, high = np.zeros(d), np.zeros(2, np.int64)
    for i in range(first, last):
        chosen_a[1], chosen_b[1], skip[1] = a[:, i], b[i], place[i]
        _begin(origin, limits[1], basis, group, inverse, right)
        while True:
            high[0], high[1] = start[1], used
            found = _solve(
                ca, cb, start, high, amax, bmax, chosen_a, chosen_b, skip, limits[0],
                basis, group, inverse, right, x, values,
            )  # fmt: skip
            if found in (ESSENTIAL, MAYBE_ESSENTIAL):
                best, margin, error = _price(
                    a, b, 0, n_terms, x, chosen_a[1], b[i], i, amax[1], bmax[1], values
                )
                if best >= 0 and not margin > 2 * error:
                    if place[best] < 0:
                        # the winner at x joins, and the search goes on from where it stands
                        place[best], name[used] = used, best
                        ca[:, used], cb[used] = a[:, best], b[best]
                        used += 1
                        continue
                    found = MAYBE_ESSENTIAL
                points[i] = x
            break
        status[i] = found
        for k in range(d):
            bases[i, k] = name[basis[k]] if basis[k] >= 0 else basis[k]
        if found == ESSENTIAL and place[i] < 0:
            place[i], name[used] = used, i
            ca[:, used], cb[used] = a[:, i], b[i]
            used += 1
        start[2] = used


def _scan_choices(
    a: Any, b: Any, start: Any, choices: Any, origins: Any, limits: Any, rivals: Any, known: Any
) -> Any:
    """Search with the rivals that earlier choices of the same term met; all terms have a say last.

    `rivals[j, :known[j]]` are the columns that once beat column j.
    """
    n, total = a.shape
    d, count, groups = n + 1, choices.shape[0], choices.shape[1]
    status = np.zeros(count, np.int64)
    points = np.zeros((count, n))
    bases = np.full((count, d), CAP, np.int64)
    amax, bmax = _sizes(a, b, start[:-1], start[1:])
    chosen_a, chosen_b = np.zeros((groups, n)), np.zeros(groups)
    values, x = np.zeros(total), np.zeros(n)
    basis, group, inverse = np.zeros(d, np.int64), np.zeros(d, np.int64), np.zeros((d, d))
    right, nobody = np.zeros(d), np.full(groups, -1, np.int64)
    room = 4 * rivals.shape[1]
    ca, cb = np.zeros((n, groups * room)), np.zeros(groups * room)
    few, name = np.zeros(groups * room), np.zeros(groups * room, np.int64)
    low, high = room * np.arange(groups), np.zeros(groups, np.int64)
    for i in range(count):
        choice = choices[i]
        for g in range(groups):
            j = choice[g]
            chosen_a[g], chosen_b[g] = a[:, j], b[j]
            high[g] = low[g] + known[j]
            for k in range(known[j]):
                place = low[g] + k
                name[place] = rivals[j, k]
                ca[:, place], cb[place] = a[:, name[place]], b[name[place]]
        _begin(origins[i], limits[1], basis, group, inverse, right)
        while True:
            found = _solve(
                ca, cb, low, high, amax, bmax, chosen_a, chosen_b, nobody, limits[0],
                basis, group, inverse, right, x, few,
            )  # fmt: skip
            if found not in (ESSENTIAL, MAYBE_ESSENTIAL):
                break
            won, joined = True, False
            for g in range(groups):
                best, margin, error = _price(
                    a, b, start[g], start[g + 1], x, chosen_a[g], chosen_b[g], choice[g],
                    amax[g], bmax[g], values,
                )  # fmt: skip
                if best < 0 or margin > 2 * error:
                    continue
                won, j, new = False, choice[g], True
                for place in range(low[g], high[g]):
                    new = new and name[place] != best
                if new and high[g] < low[g] + room:
                    place = high[g]
                    name[place], ca[:, place], cb[place] = best, a[:, best], b[best]
                    high[g], joined = place + 1, True
                    if known[j] < rivals.shape[1]:
                        rivals[j, known[j]] = best
                        known[j] += 1
            if won or not joined:
                found = ESSENTIAL if won else MAYBE_ESSENTIAL
                break
        status[i] = found
        points[i] = x
        for k in range(d):
            bases[i, k] = name[basis[k]] if basis[k] >= 0 else basis[k]
    return status, points, bases


def _split_cells(a: Any, b: Any, count: Any, forms: Any, points: Any, limits: Any) -> Any:
    cells, n, _ = a.shape
    d = n + 1
    found, others, own = np.zeros(cells, np.bool_), np.zeros((cells, n)), points.copy()
    chosen_a, chosen_b = np.zeros((1, n)), np.zeros(1)
    low, high, skip = np.zeros(1, np.int64), np.zeros(1, np.int64), np.full(1, -1, np.int64)
    basis, group, inverse = np.zeros(d, np.int64), np.zeros(d, np.int64), np.zeros((d, d))
    right, x, values = np.zeros(d), np.zeros(n), np.zeros(b.shape[1])
    for i in range(cells):
        size, side, noise = 0.0, forms[i, n], abs(forms[i, n])
        for k in range(n):
            size = max(size, abs(forms[i, k]))
            side += forms[i, k] * points[i, k]
            noise += abs(forms[i, k] * points[i, k])
        if size == 0.0:
            continue
        last, near = count[i], True
        high[0] = last + 1
        # a point on the hyperplane belongs to neither side: look for one on both
        for attempt in range(2 if abs(side) <= 1e-9 * noise else 1):
            # the column after the last one is the side opposite to the cell's own
            scale = (1.0 if side > 0 or attempt else -1.0) / size
            a[i, :, last], b[i, last] = scale * forms[i, :n], scale * forms[i, n]
            amax, bmax = _sizes(a[i], b[i], low, high)
            _begin(points[i], limits[1], basis, group, inverse, right)
            status = _solve(
                a[i], b[i], low, high, amax, bmax, chosen_a, chosen_b, skip, limits[0],
                basis, group, inverse, right, x, values,
            )  # fmt: skip
            found[i] = status in (ESSENTIAL, MAYBE_ESSENTIAL)
            if abs(side) <= 1e-9 * noise and attempt == 0:
                near = found[i]
                own[i] = x
            else:
                others[i] = x
        if not near:
            # all of the cell lies on the side that was searched last
            own[i] = others[i]
            found[i] = False
    return found, others, own


def _sizes(a: Any, b: Any, low: Any, high: Any) -> Any:
    """Return the largest |exponent| in each coordinate, and |coefficient|, of each polynomial."""
    amax, bmax = np.zeros((len(low), a.shape[0])), np.zeros(len(low))
    for g in range(len(low)):
        for j in range(low[g], high[g]):
            bmax[g] = max(bmax[g], abs(b[j]))
            for k in range(a.shape[0]):
                amax[g, k] = max(amax[g, k], abs(a[k, j]))
    return amax, bmax


# ---- one linear program -------------------------------------------------------------------------


def _begin(origin: Any, cap: float, basis: Any, group: Any, inverse: Any, right: Any) -> None:
    """Take the basis of the artificial rows x_k = origin_k and of t ≤ cap."""
    n = len(basis) - 1
    inverse[:] = 0.0
    for k in range(n + 1):
        inverse[k, k] = 1.0
        group[k] = -1
        basis[k] = CAP - 1 - k if k < n else CAP
        right[k] = origin[k] if k < n else cap


def _solve(
    a: Any, b: Any, low: Any, high: Any, amax: Any, bmax: Any, chosen_a: Any, chosen_b: Any,
    skip: Any, pivots: float, basis: Any, group: Any, inverse: Any, right: Any, x: Any, values: Any,
) -> int:  # fmt: skip
    """Maximise t with (a_j − a_chosen)·x + t ≤ b_chosen − b_j for all j, t ≤ T; stop when decided.

    Any basis with multipliers ≥ 0 bounds t from above, so that t ≤ 0 ends the search; any point
    bounds it from below, so that a positive margin does. The basis may be that of an earlier call
    with fewer terms.
    """
    d = len(basis)
    row, direction = np.zeros(d), np.zeros(d)
    noise = 0.0
    for _ in range(int(pivots)):
        t = _basis_point(inverse, right, x)
        if t <= noise:
            break
        enter, home, worst, noise = _worst(
            a, b, low, high, amax, bmax, chosen_a, chosen_b, skip, x, t, values
        )
        if enter < 0 or worst < t - noise:
            return ESSENTIAL
        if not worst > noise:
            if t <= noise:
                break
            return MAYBE_ESSENTIAL
        for k in range(d - 1):
            row[k] = a[k, enter] - chosen_a[home, k]
        row[d - 1] = 1.0
        for k in range(d):
            direction[k] = 0.0
            for r in range(d):
                direction[k] += row[r] * inverse[r, k]
        leave = _leaving(basis, direction, inverse[d - 1])
        if leave < 0:
            return UNDECIDED
        _pivot(inverse, direction, leave)
        basis[leave], group[leave] = enter, home
        right[leave] = chosen_b[home] - b[enter]
    else:
        return UNDECIDED
    if _prove_redundant(a, b, basis, group, chosen_a, chosen_b, inverse):
        return REDUNDANT
    return MAYBE_REDUNDANT


def _basis_point(inverse: Any, right: Any, x: Any) -> float:
    """Set x to the point of the basis and return its t."""
    n, t = len(x), 0.0
    for k in range(n + 1):
        value = 0.0
        for r in range(n + 1):
            value += inverse[k, r] * right[r]
        if k < n:
            x[k] = value
        else:
            t = value
    return t


def _worst(
    a: Any, b: Any, low: Any, high: Any, amax: Any, bmax: Any, chosen_a: Any, chosen_b: Any,
    skip: Any, x: Any, t: float, values: Any,
) -> Any:  # fmt: skip
    """Return the term that breaks (x, t) most, its polynomial, by how much, and the noise level.

    The noise level is four times what the margins may be wrong by.
    """
    enter, home, worst, noise = -1, -1, -np.inf, 0.0
    for g in range(len(chosen_b)):
        if low[g] == high[g]:
            continue
        best, margin, error = _price(
            a, b, low[g], high[g], x, chosen_a[g], chosen_b[g], skip[g],
            amax[g], bmax[g], values,
        )  # fmt: skip
        if best < 0:
            continue
        noise = max(noise, 8 * error)
        if t - margin > worst:
            enter, home, worst = best, g, t - margin
    return enter, home, worst, noise


def _price(
    a: Any,
    b: Any,
    low: int,
    high: int,
    x: Any,
    chosen_a: Any,
    chosen_b: float,
    skip: int,
    amax: Any,
    bmax: float,
    values: Any,
) -> Any:
    """Return the best other term at x, by how much the chosen one beats it, and an error bound.

    The bound holds for each value: n products and sums, and one rounding in each exponent and
    coefficient; the factor 1.001 covers the rounding of the bound itself.
    """
    n = a.shape[0]
    for j in range(low, high):
        values[j] = b[j]
    own, size = chosen_b, bmax
    for k in range(n):
        xk = x[k]
        own += chosen_a[k] * xk
        size += (amax[k] + _TINY) * abs(xk)
        for j in range(low, high):
            values[j] += a[k, j] * xk
    best, top = -1, -np.inf
    for j in range(low, high):
        if values[j] > top and j != skip:
            best, top = j, values[j]
    error = 1.001 * (2 * n + 6) * _U * size + _TINY
    if not error < np.inf:
        return best, -np.inf, error
    return best, own - top, error


def _leaving(basis: Any, direction: Any, weights: Any) -> int:
    """Return the position that leaves: an artificial row if it can, else by the ratio test."""
    size = 0.0
    for k in range(len(basis)):
        size = max(size, abs(direction[k]))
    leave, best = -1, _PIVOT * size
    for k in range(len(basis)):
        if basis[k] < CAP and abs(direction[k]) > best:
            leave, best = k, abs(direction[k])
    if leave >= 0:
        return leave
    ratio = np.inf
    for k in range(len(basis)):
        if basis[k] < CAP or direction[k] <= _PIVOT * size:
            continue
        here = max(weights[k], 0.0) / direction[k]
        if here < ratio * (1 - 1e-12) or (here <= ratio and direction[k] > direction[leave]):
            leave, ratio = k, here
    return leave


def _pivot(inverse: Any, direction: Any, leave: int) -> None:
    """Update the inverse of the basis matrix: row `leave` becomes the one that entered."""
    d = len(direction)
    for r in range(d):
        scaled = inverse[r, leave] / direction[leave]
        for k in range(d):
            if k != leave:
                inverse[r, k] -= scaled * direction[k]
        inverse[r, leave] = scaled


# ---- proof that a basis makes t ≤ 0 -------------------------------------------------------------


def _prove_redundant(
    a: Any, b: Any, basis: Any, group: Any, chosen_a: Any, chosen_b: Any, inverse: Any
) -> bool:
    """Tell whether float64 proves that the true multipliers λ of the basis are ≥ 0 and make t ≤ 0.

    G is the true basis matrix, R the computed inverse, λ̃ its last row, W = GR − I, ρ = e − λ̃G.
    Then λ − λ̃ = ρR(I + W)⁻¹, so that |λ − λ̃| ≤ ‖ρR‖₁ / (1 − ‖W‖∞) in every component. All sums
    have d terms; every rounding, that of the inputs included, is counted in.
    """
    d = len(basis)
    n = d - 1
    for k in range(d):
        if basis[k] < 0:
            return False
    gamma = 1.001 * (d + 4) * _U
    matrix, error = np.ones((d, d)), np.zeros((d, d))
    for r in range(d):
        for k in range(n):
            left, other = a[k, basis[r]], chosen_a[group[r], k]
            matrix[r, k] = left - other
            error[r, k] = 3 * _U * (abs(left) + abs(other)) + _TINY
    widest, spread = 0.0, 0.0
    for r in range(d):
        total = 0.0
        for j in range(d):
            value, size = 0.0, 0.0
            for k in range(d):
                value += matrix[r, k] * inverse[k, j]
                size += (gamma * abs(matrix[r, k]) + error[r, k]) * abs(inverse[k, j])
            total += abs(value - (1.0 if r == j else 0.0)) + size + _U
        widest = max(widest, total)
    if not widest < 0.5:
        return False
    for k in range(d):
        value, size = 0.0, 0.0
        for r in range(d):
            value += inverse[n, r] * matrix[r, k]
            size += abs(inverse[n, r]) * (gamma * abs(matrix[r, k]) + error[r, k])
        rest = abs((1.0 if k == n else 0.0) - value) + size + _U
        for j in range(d):
            spread += rest * abs(inverse[k, j])
    # 1.01 covers the rounding of the bounds themselves
    spread = 1.01 * spread / (1 - 1.01 * widest) + _TINY
    margin, slack = 0.0, 0.0
    for r in range(d):
        weight = inverse[n, r]
        if not weight > spread:
            return False
        top, other = chosen_b[group[r]], b[basis[r]]
        margin += weight * (top - other)
        size = abs(top) + abs(other)
        slack += 2 * weight * (gamma + 3 * _U) * size + spread * 1.01 * size
    return bool(margin + 1.01 * slack + _TINY <= 0.0)
