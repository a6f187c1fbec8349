"""One tiny linear program: is there a point of a cell on the other side of a hyperplane?

A cell is the set of points y of a box where all rows·(y, 1) > 0, given with a point inside. The
program maximises an affine form, the target, over it by the dual simplex, which starts at a corner
of the box and cuts it down. On the way the segment from the inner point to the current vertex is
followed up to the first row that it leaves by: a point there on which the target is positive ends
the search, and so do multipliers that prove that there is none. `FOUND` and `NONE` are proven in
float64, errors of the rows included; `DOUBT` is for exact arithmetic to settle.

Numbers lie in few arrays, since compiled code counts references to each. `rows` is `(M, D + 4)`:
D coefficients, the constant, then what `ERROR` … name. `work` holds vectors of the same length in
the rows `POINT` …, and from `INVERSE` on the inverse of the basis matrix by columns. The functions
are plain Python, compiled by numba from `kernels`.
"""

from __future__ import annotations

from typing import Any, Final

DOUBT: Final = 0
FOUND: Final = 1
NONE: Final = 2

#: Columns of `rows`, counted from D: a bound of the error of the row at float points, which is at
#: least the sum of the errors of its coefficients; the sum of their sizes; the value at the inner
#: point.
ERROR: Final = 1
SIZE: Final = 2
SLACK: Final = 3

#: Rows of `work`: the inner point; what is to be positive, with its error and size; the vertex; the
#: entering row in terms of the basis; the multipliers; room; the points found on the positive and
#: the negative side; the walls of the box; the inverse.
POINT: Final = 0
TARGET: Final = 1
VERTEX: Final = 2
ALPHA: Final = 3
WEIGHT: Final = 4
KEPT: Final = 5
SIDE: Final = 6
LOW: Final = 8
HIGH: Final = 9
INVERSE: Final = 10

#: Where `control` holds the basis. The lower wall of coordinate k is −1 − 2k, the upper −2 − 2k.
BASIS: Final = 9

_U: Final = 2.0**-53
_FAR: Final = 1 << 40

#: How many probes in few dimensions are made between two looks at the clock.
_PROBES: Final = 20_000


def probes_between_looks(dimension: int) -> int:
    """Return after how many probes the caller is to look at the clock, or be interrupted."""
    return max(1, _PROBES // (1 + (dimension // 8) ** 2))


def probe(
    rows: Any, work: Any, control: Any, m: int, skip: int, found: int, delta: float,
    stretch: float, cone: bool,
) -> int:  # fmt: skip
    """Look for a point of the cell where the target is positive.

    Args:
        rows: of which m count and row `skip` does not.
        work: holds the inner point, the target and the walls; row `found` gets the point.
        control: holds the basis where it ended.
        m: see above.
        skip: see above.
        found: see above.
        delta: how far from the walls a point must stay.
        stretch: how far from 0 the walls are.
        cone: whether all rows lack a constant, and the last lower wall is their only true one.
    """
    d = work.shape[1] - 4
    at = work[TARGET, d]
    for k in range(d):
        at += work[TARGET, k] * work[POINT, k]
    _corner(work, control, d)
    margin = 2.0 * stretch * work[TARGET, d + ERROR]
    for _ in range(40 + 8 * d + 2 * m):
        value = work[TARGET, d]
        for k in range(d):
            value += work[TARGET, k] * work[VERTEX, k]
        enter, tau = _first_exit(rows, work, m, skip, d)
        if at + tau * (value - at) > margin and value > at:
            low = 0.0
            if at < 0.0:
                low = at / (at - value)
            if _accept(rows, work, m, skip, found, 0.5 * (low + tau), delta, stretch, cone):
                return FOUND
        if enter == _FAR:
            break
        if not cone and value < -margin and _proves(rows, work, control, d, stretch):
            return NONE
        if not _pivot(rows, work, control, enter, d):
            return DOUBT
    if cone:
        return NONE if _proves_in_cone(rows, work, control, d) else DOUBT
    return NONE if _proves(rows, work, control, d, stretch) else DOUBT


def _corner(work: Any, control: Any, d: int) -> None:
    """Start at the best corner of the box."""
    for k in range(d):
        c = work[TARGET, k]
        for b in range(d):
            work[INVERSE + k, b] = 0.0
        if c > 0.0 or (c == 0.0 and 2.0 * work[POINT, k] > work[LOW, k] + work[HIGH, k]):
            control[BASIS + k] = -2 - 2 * k
            work[VERTEX, k] = work[HIGH, k]
            work[INVERSE + k, k] = -1.0
            work[WEIGHT, k] = c
        else:
            control[BASIS + k] = -1 - 2 * k
            work[VERTEX, k] = work[LOW, k]
            work[INVERSE + k, k] = 1.0
            work[WEIGHT, k] = -c


def _first_exit(rows: Any, work: Any, m: int, skip: int, d: int) -> tuple[int, float]:
    """Tell by which row or wall the segment to the vertex leaves the cell first, and where."""
    enter, tau = _FAR, 1.0
    for i in range(m):
        value = rows[i, d]
        for k in range(d):
            value += rows[i, k] * work[VERTEX, k]
        if value < -rows[i, d + ERROR] and i != skip:
            t = rows[i, d + SLACK] / (rows[i, d + SLACK] - value)
            if t < tau or enter == _FAR:
                enter, tau = i, t
    for k in range(d):
        y, inner = work[VERTEX, k], work[POINT, k]
        if y < work[LOW, k] - 1e-13:
            t = (inner - work[LOW, k]) / (inner - y)
            if t < tau or enter == _FAR:
                enter, tau = -1 - 2 * k, t
        elif y > work[HIGH, k] + 1e-13:
            t = (work[HIGH, k] - inner) / (y - inner)
            if t < tau or enter == _FAR:
                enter, tau = -2 - 2 * k, t
    return enter, tau


def _accept(
    rows: Any, work: Any, m: int, skip: int, found: int, tau: float, delta: float, stretch: float,
    cone: bool,
) -> bool:  # fmt: skip
    """Write the point at tau; tell whether it is proven to be inside and on the other side."""
    d = work.shape[1] - 4
    for k in range(d):
        work[found, k] = work[POINT, k] + tau * (work[VERTEX, k] - work[POINT, k])
    if cone:
        shrink(work, found, d)
        if not work[found, d - 1] > 2.0**-200:
            return False
    value = work[TARGET, d]
    for k in range(d):
        y = work[found, k]
        value += work[TARGET, k] * y
        if not cone and not (work[LOW, k] + delta < y < work[HIGH, k] - delta):
            return False
    if not value > stretch * work[TARGET, d + ERROR]:
        return False
    for i in range(m):
        value = rows[i, d]
        for k in range(d):
            value += rows[i, k] * work[found, k]
        if not value > stretch * rows[i, d + ERROR] and i != skip:
            return False
    return True


def shrink(work: Any, which: int, d: int) -> None:
    """Scale a point of a cone to the size 1/2."""
    largest = 0.0
    for k in range(d):
        largest = max(largest, abs(work[which, k]))
    if largest > 0.0:
        for k in range(d):
            work[which, k] *= 0.5 / largest


def _column(rows: Any, work: Any, enter: int, d: int) -> float:
    """Write the entering row or wall in terms of the basis; return its value at the vertex."""
    if enter >= 0:
        value = rows[enter, d]
        for k in range(d):
            value += rows[enter, k] * work[VERTEX, k]
        for b in range(d):
            total = 0.0
            for k in range(d):
                total += rows[enter, k] * work[INVERSE + b, k]
            work[ALPHA, b] = total
        return float(value)
    wall = -enter - 1
    k, upper = wall // 2, wall % 2
    turn = 1.0 - 2.0 * upper
    for b in range(d):
        work[ALPHA, b] = turn * work[INVERSE + b, k]
    return float(turn * (work[VERTEX, k] - work[LOW + upper, k]))


def _pivot(rows: Any, work: Any, control: Any, enter: int, d: int) -> bool:
    """Let a row or wall into the basis; False where none can leave it."""
    value = _column(rows, work, enter, d)
    largest = 0.0
    for b in range(d):
        largest = max(largest, abs(work[ALPHA, b]))
    leave, ratio = -1, 0.0
    for b in range(d):
        if work[ALPHA, b] > 1e-10 * largest:
            here = max(work[WEIGHT, b], 0.0) / work[ALPHA, b]
            better = here == ratio and work[ALPHA, b] > work[ALPHA, leave]
            if leave < 0 or here < ratio or better:
                leave, ratio = b, here
    if leave < 0:
        return False
    pivot = work[ALPHA, leave]
    step = -value / pivot
    for k in range(d):
        column = work[INVERSE + leave, k]
        work[VERTEX, k] += step * column
        work[INVERSE + leave, k] = column / pivot
    for b in range(d):
        alpha = work[ALPHA, b]
        work[WEIGHT, b] -= ratio * alpha
        if b != leave and alpha != 0.0:
            for k in range(d):
                work[INVERSE + b, k] -= alpha * work[INVERSE + leave, k]
    work[WEIGHT, leave] = ratio
    control[BASIS + leave] = enter
    return True


def _proves(rows: Any, work: Any, control: Any, d: int, stretch: float) -> bool:
    """Tell whether −target is more than Σ weight·row on the box, whatever the errors."""
    slack = work[TARGET, d + ERROR]
    magnitude = work[TARGET, d + SIZE]
    for k in range(d + 1):
        work[ALPHA, k] = -work[TARGET, k]
    for b in range(d):
        i = control[BASIS + b]
        weight = work[WEIGHT, b]
        if i >= 0 and weight > 0.0:
            slack += weight * rows[i, d + ERROR]
            magnitude += weight * rows[i, d + SIZE]
            for k in range(d + 1):
                work[ALPHA, k] -= weight * rows[i, k]
    least = work[ALPHA, d]
    for k in range(d):
        least += min(work[ALPHA, k] * work[LOW, k], work[ALPHA, k] * work[HIGH, k])
    rounding = (2 * d + 8) * _U * magnitude
    return bool(least > 1.02 * stretch * (slack + rounding) + 2.0**-900)


def _proves_in_cone(rows: Any, work: Any, control: Any, d: int) -> bool:
    """Tell whether −target is a strictly positive combination of D independent true rows.

    With G the true rows, R the computed inverse, λ̃ the computed multipliers, W = GR − I and ρ what
    λ̃G lacks: λ − λ̃ = ρR(I + W)⁻¹, so that |λ − λ̃| ≤ ‖ρR‖₁ / (1 − ‖W‖∞) in every component.
    """
    gamma = (d + 6) * 1.01 * _U
    for b in range(d):
        i = control[BASIS + b]
        if not work[WEIGHT, b] > 0.0 or (i < 0 and i != 1 - 2 * d):
            return False
    widest = 0.0
    for b in range(d):
        i, total = control[BASIS + b], 0.0
        for c in range(d):
            value, largest, magnitude = 0.0, 0.0, 0.0
            for k in range(d):
                part = _entry(rows, i, k, d) * work[INVERSE + c, k]
                value += part
                magnitude += abs(part)
                largest = max(largest, abs(work[INVERSE + c, k]))
            total += abs(value - (1.0 if b == c else 0.0)) + gamma * magnitude + _U
            if i >= 0:
                total += rows[i, d + ERROR] * largest
        widest = max(widest, 1.01 * total)
    if not widest < 0.5:
        return False
    slack, magnitude = work[TARGET, d + ERROR], work[TARGET, d + SIZE]
    for b in range(d):
        i = control[BASIS + b]
        if i >= 0:
            slack += work[WEIGHT, b] * rows[i, d + ERROR]
            magnitude += work[WEIGHT, b] * rows[i, d + SIZE]
        else:
            magnitude += work[WEIGHT, b]
    spread = 0.0
    for k in range(d):
        value, total = -work[TARGET, k], 0.0
        for b in range(d):
            value -= work[WEIGHT, b] * _entry(rows, control[BASIS + b], k, d)
            total += abs(work[INVERSE + b, k])
        spread += (abs(value) + gamma * magnitude + slack) * total
    spread = 1.05 * spread / (1.0 - widest) + 2.0**-900
    sure = True
    for b in range(d):
        sure = sure and work[WEIGHT, b] > spread
    return bool(sure)


def _entry(rows: Any, i: int, k: int, d: int) -> float:
    """Return an entry of a basis row; the only wall here is that y_{D−1} ≥ 0."""
    if i >= 0:
        return float(rows[i, k])
    return 1.0 if k == d - 1 else 0.0


def recentre(rows: Any, work: Any, m: int, cone: bool, rounds: int) -> None:
    """Move the inner point away from the row that it is nearest to, to the middle of the chord."""
    d = work.shape[1] - 4
    for _ in range(rounds):
        near, least = -1, 1e-3
        for i in range(m):
            if rows[i, d + SLACK] < least * rows[i, d + SIZE]:
                near, least = i, rows[i, d + SLACK] / rows[i, d + SIZE]
        if near < 0:
            return
        low, high = -4.0, 4.0
        for k in range(d):
            rate, y = rows[near, k], work[POINT, k]
            if rate != 0.0:
                one, two = (work[LOW, k] - y) / rate, (work[HIGH, k] - y) / rate
                low, high = max(low, min(one, two)), min(high, max(one, two))
        for i in range(m):
            rate = 0.0
            for k in range(d):
                rate += rows[i, k] * rows[near, k]
            if rate > 0.0:
                low = max(low, -rows[i, d + SLACK] / rate)
            elif rate < 0.0:
                high = min(high, -rows[i, d + SLACK] / rate)
        step = 0.5 * (low + high)
        if not (low <= 0.0 <= high) or step == 0.0:
            return
        for k in range(d):
            work[POINT, k] += step * rows[near, k]
        if cone:
            shrink(work, POINT, d)
        measure(rows, work, m)


def measure(rows: Any, work: Any, m: int) -> None:
    """Write the values of the rows at the inner point."""
    d = work.shape[1] - 4
    for i in range(m):
        value = rows[i, d]
        for k in range(d):
            value += rows[i, k] * work[POINT, k]
        rows[i, d + SLACK] = value
