"""One tiny linear program: is there a point of a cell on the other side of a hyperplane?

A cell is the set of points y of a box where all rows·(y, 1) > 0, given with a point inside. The
program maximises an affine form over it by the dual simplex, which starts at a corner of the box
and cuts it down. On the way the segment from the inner point to the current vertex is followed up
to the first row that it leaves by: a point there on which the form is positive ends the search, and
so do multipliers that prove that there is none. `FOUND` and `NONE` are proven in float64, errors of
the rows included (`error` bounds the sum of the errors of their coefficients and what evaluating
them at a float point adds); `DOUBT` is for exact arithmetic to settle.

The functions are plain Python, compiled by numba from `tree_kernels`.
"""

from __future__ import annotations

from typing import Any, Final

DOUBT: Final = 0
FOUND: Final = 1
NONE: Final = 2

#: No row: in `basis` the lower wall of coordinate k is −1 − 2k, its upper wall −2 − 2k.
_U: Final = 2.0**-53
_FAR: Final = 1 << 40


def probe(
    rows: Any, error: Any, size: Any, slack: Any, m: int, skip: int, point: Any, form: Any,
    sign: float, form_error: float, form_size: float, box: Any, delta: float, cone: bool,
    inverse: Any, multipliers: Any, basis: Any, y: Any, alpha: Any, found: Any,
) -> int:  # fmt: skip
    """Look for a point of the cell where sign·form > 0; it is written to `found`.

    Args:
        rows: `(M, D + 1)`, of which m count and row `skip` does not.
        error, size: `(M,)`, see above, and the sum of the sizes of the coefficients.
        slack: `(M,)`, the rows at the inner point.
        point: `(D,)`, the inner point.
        form: `(D + 1,)`.
        sign, form_error, form_size: its sign, error and size.
        box: `(2, D)`.
        delta: how far from the walls a point must stay.
        cone: whether rows and form have no constant and the last wall below is their only one.
        inverse, multipliers, basis, y, alpha: room; on `DOUBT` basis and y tell where it ended.
        found: `(D,)`.
    """
    d = len(point)
    at = sign * form[d]
    for k in range(d):
        at += sign * form[k] * point[k]
    corner(form, sign, point, box, inverse, multipliers, basis, y)
    for _ in range(40 + 8 * d + 2 * m):
        value = sign * form[d]
        for k in range(d):
            value += sign * form[k] * y[k]
        enter, tau = _first_exit(rows, error, slack, m, skip, point, box, y)
        if at + tau * (value - at) > 2.0 * form_error and value > at:
            low = 0.0
            if at < 0.0:
                low = at / (at - value)
            if _accept(
                rows, error, m, skip, point, y, 0.5 * (low + tau), form, sign, form_error, box,
                delta, cone, found,
            ):  # fmt: skip
                return FOUND
        if enter == _FAR:
            break
        if not cone and value < -2.0 * form_error:
            if _proves(
                rows, error, size, m, form, sign, form_error, form_size, box, multipliers, basis,
                alpha,
            ):  # fmt: skip
                return NONE
        if not _pivot(rows, box, enter, inverse, multipliers, basis, y, alpha):
            return DOUBT
    if not cone:
        if _proves(
            rows, error, size, m, form, sign, form_error, form_size, box, multipliers, basis, alpha
        ):  # fmt: skip
            return NONE
    elif _proves_in_cone(
        rows, error, size, form, sign, form_error, form_size, inverse, multipliers, basis
    ):  # fmt: skip
        return NONE
    return DOUBT


def corner(
    form: Any, sign: float, point: Any, box: Any, inverse: Any, multipliers: Any, basis: Any, y: Any
) -> None:
    """Start at the best corner of the box."""
    d = len(point)
    for k in range(d):
        c = sign * form[k]
        inverse[k, :] = 0.0
        if c > 0.0 or (c == 0.0 and 2.0 * point[k] > box[0, k] + box[1, k]):
            basis[k], y[k], inverse[k, k], multipliers[k] = -2 - 2 * k, box[1, k], -1.0, c
        else:
            basis[k], y[k], inverse[k, k], multipliers[k] = -1 - 2 * k, box[0, k], 1.0, -c


def _first_exit(
    rows: Any, error: Any, slack: Any, m: int, skip: int, point: Any, box: Any, y: Any
) -> tuple[int, float]:
    """Tell by which row or wall the segment from the inner point to y leaves first, and where."""
    d = len(point)
    enter, tau = _FAR, 1.0
    for i in range(m):
        value = rows[i, d]
        for k in range(d):
            value += rows[i, k] * y[k]
        if value < -error[i] and i != skip:
            t = slack[i] / (slack[i] - value)
            if t < tau or enter == _FAR:
                enter, tau = i, t
    for k in range(d):
        if y[k] < box[0, k] - 1e-13:
            t = (point[k] - box[0, k]) / (point[k] - y[k])
            if t < tau or enter == _FAR:
                enter, tau = -1 - 2 * k, t
        elif y[k] > box[1, k] + 1e-13:
            t = (box[1, k] - point[k]) / (y[k] - point[k])
            if t < tau or enter == _FAR:
                enter, tau = -2 - 2 * k, t
    return enter, tau


def _accept(
    rows: Any, error: Any, m: int, skip: int, point: Any, y: Any, tau: float, form: Any,
    sign: float, form_error: float, box: Any, delta: float, cone: bool, found: Any,
) -> bool:  # fmt: skip
    """Write the point at tau; tell whether it is proven to be inside and on the other side."""
    d = len(point)
    for k in range(d):
        found[k] = point[k] + tau * (y[k] - point[k])
    if cone:
        shrink(found)
        if not found[d - 1] > 2.0**-200:
            return False
    value = sign * form[d]
    for k in range(d):
        value += sign * form[k] * found[k]
        if not (box[0, k] + delta < found[k] < box[1, k] - delta) and not cone:
            return False
    if not value > form_error:
        return False
    for i in range(m):
        if i == skip:
            continue
        value = rows[i, d]
        for k in range(d):
            value += rows[i, k] * found[k]
        if not value > error[i]:
            return False
    return True


def shrink(point: Any) -> None:
    """Scale a point of a cone to the size 1/2."""
    largest = 0.0
    for k in range(len(point)):
        largest = max(largest, abs(point[k]))
    if largest > 0.0:
        for k in range(len(point)):
            point[k] *= 0.5 / largest


def _pivot(
    rows: Any, box: Any, enter: int, inverse: Any, multipliers: Any, basis: Any, y: Any, alpha: Any
) -> bool:
    """Let a row or wall into the basis; False where none can leave it."""
    d = len(y)
    if enter >= 0:
        value = rows[enter, d]
        for k in range(d):
            value += rows[enter, k] * y[k]
        for b in range(d):
            total = 0.0
            for k in range(d):
                total += rows[enter, k] * inverse[b, k]
            alpha[b] = total
    else:
        wall = -enter - 1
        k, turn = wall // 2, 1.0 - 2.0 * (wall % 2)
        value = turn * (y[k] - box[wall % 2, k])
        for b in range(d):
            alpha[b] = turn * inverse[b, k]
    largest = 0.0
    for b in range(d):
        largest = max(largest, abs(alpha[b]))
    leave, ratio = -1, 0.0
    for b in range(d):
        if alpha[b] > 1e-10 * largest:
            here = max(multipliers[b], 0.0) / alpha[b]
            if leave < 0 or here < ratio or (here == ratio and alpha[b] > alpha[leave]):
                leave, ratio = b, here
    if leave < 0:
        return False
    for b in range(d):
        multipliers[b] -= ratio * alpha[b]
    multipliers[leave] = ratio
    step = -value / alpha[leave]
    for k in range(d):
        column = inverse[leave, k]
        y[k] += step * column
        inverse[leave, k] = column / alpha[leave]
    for b in range(d):
        if b != leave and alpha[b] != 0.0:
            for k in range(d):
                inverse[b, k] -= alpha[b] * inverse[leave, k]
    basis[leave] = enter
    return True


def _proves(
    rows: Any, error: Any, size: Any, m: int, form: Any, sign: float, form_error: float,
    form_size: float, box: Any, multipliers: Any, basis: Any, rest: Any,
) -> bool:  # fmt: skip
    """Tell whether −sign·form is more than Σ multiplier·row on the box, whatever the errors."""
    d = len(basis)
    slack = form_error
    magnitude = form_size
    for k in range(d):
        rest[k] = -sign * form[k]
    least = -sign * form[d]
    for b in range(d):
        i = basis[b]
        weight = multipliers[b]
        if i >= 0 and weight > 0.0:
            slack += weight * error[i]
            magnitude += weight * size[i]
            for k in range(d):
                rest[k] -= weight * rows[i, k]
            least -= weight * rows[i, d]
    reach = 1.0
    for k in range(d):
        least += min(rest[k] * box[0, k], rest[k] * box[1, k])
        reach = max(reach, abs(box[0, k]), abs(box[1, k]))
    return bool(least > 1.01 * slack + (2 * d + 8) * _U * reach * 1.01 * magnitude + 2.0**-900)


def _proves_in_cone(
    rows: Any, error: Any, size: Any, form: Any, sign: float, form_error: float, form_size: float,
    inverse: Any, multipliers: Any, basis: Any,
) -> bool:  # fmt: skip
    """Tell whether −sign·form is a strictly positive combination of D independent true rows.

    With G the true rows, R the computed inverse, λ̃ the computed multipliers, W = GR − I and ρ what
    λ̃G lacks: λ − λ̃ = ρR(I + W)⁻¹, so that |λ − λ̃| ≤ ‖ρR‖₁ / (1 − ‖W‖∞) in every component.
    """
    d = len(basis)
    gamma = (d + 6) * 1.01 * _U
    widest = 0.0
    for b in range(d):
        if not multipliers[b] > 0.0 or (basis[b] < 0 and basis[b] != 1 - 2 * d):
            return False
    for b in range(d):
        total = 0.0
        for c in range(d):
            value, largest, magnitude = 0.0, 0.0, 0.0
            for k in range(d):
                entry = _entry(rows, basis[b], k, d)
                value += entry * inverse[c, k]
                magnitude += abs(entry * inverse[c, k])
                largest = max(largest, abs(inverse[c, k]))
            if basis[b] >= 0:
                magnitude = gamma * magnitude + error[basis[b]] * largest
            total += abs(value - (1.0 if b == c else 0.0)) + magnitude + _U
        widest = max(widest, 1.01 * total)
    if not widest < 0.5:
        return False
    slack, magnitude = form_error, form_size
    for b in range(d):
        if basis[b] >= 0:
            slack += multipliers[b] * error[basis[b]]
            magnitude += multipliers[b] * size[basis[b]]
        else:
            magnitude += multipliers[b]
    spread = 0.0
    for k in range(d):
        value, total = -sign * form[k], 0.0
        for b in range(d):
            value -= multipliers[b] * _entry(rows, basis[b], k, d)
            total += abs(inverse[b, k])
        spread += (abs(value) + gamma * magnitude + slack) * total
    spread = 1.05 * spread / (1.0 - widest) + 2.0**-900
    for b in range(d):
        if not multipliers[b] > spread:
            return False
    return True


def _entry(rows: Any, i: int, k: int, d: int) -> float:
    """Return an entry of a basis row; the only wall here is y_{D−1} ≥ 0."""
    if i >= 0:
        return float(rows[i, k])
    return 1.0 if k == d - 1 else 0.0


def recentre(
    rows: Any, size: Any, slack: Any, m: int, point: Any, box: Any, cone: bool, rates: Any,
    rounds: int,
) -> None:  # fmt: skip
    """Move an inner point away from the row that it is nearest to, to the middle of the chord."""
    d = len(point)
    for _ in range(rounds):
        near, least = -1, 1e-3
        for i in range(m):
            if slack[i] < least * size[i]:
                near, least = i, slack[i] / size[i]
        if near < 0:
            return
        low, high = -4.0, 4.0
        for k in range(d):
            rate = rows[near, k]
            if rate != 0.0:
                one, two = (box[0, k] - point[k]) / rate, (box[1, k] - point[k]) / rate
                low, high = max(low, min(one, two)), min(high, max(one, two))
        for i in range(m):
            rate = 0.0
            for k in range(d):
                rate += rows[i, k] * rows[near, k]
            rates[i] = rate
            if rate > 0.0:
                low = max(low, -slack[i] / rate)
            elif rate < 0.0:
                high = min(high, -slack[i] / rate)
        step = 0.5 * (low + high)
        if not (low <= 0.0 <= high) or step == 0.0:
            return
        for k in range(d):
            point[k] += step * rows[near, k]
        if cone:
            shrink(point)
        measure(rows, m, point, slack)


def measure(rows: Any, m: int, point: Any, slack: Any) -> None:
    """Write the values of the rows at a point."""
    d = len(point)
    for i in range(m):
        value = rows[i, d]
        for k in range(d):
            value += rows[i, k] * point[k]
        slack[i] = value
