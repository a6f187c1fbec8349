"""The compiled loops of the tree search: descend, find facets, descend at random.

Units are decided one after the other. At each node the rows of the path so far are a cell with a
proven inner point; the next unit either keeps its sign on that cell, which multipliers prove, or
both signs occur, each with a proven point (`tree_probe`). Where float64 proves neither, the loop
stops and asks.

A sign is −1, 0 or 1 where it follows from the signs before it, −2 or 2 where it is a choice.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, NamedTuple

from tropnet.geometry import tree_probe
from tropnet.geometry.tree_probe import DOUBT, FOUND, NONE, measure, probe, recentre

#: What `search` stops for.
DONE: Final = 0
ASK: Final = 1
FULL: Final = 2
PAUSE: Final = 3

#: Places in `State.control`: the unit, what to do there, the number of leaves, …
UNIT: Final = 0
TODO: Final = 1
LEAVES: Final = 2
SIDES: Final = 3  # … which sides exist (1: positive, 2: negative, 0: leave this node) …
SPLIT: Final = 4  # … whether both do …
TIE: Final = 5  # … whether the unit may vanish on the boundary of the cell …
ZERO: Final = 6  # … or all over it …
PLUS: Final = 7  # … and what the probes of both sides said.
MINUS: Final = 8

FORWARD: Final = 0
BACK: Final = 1
ANSWERED: Final = 2

_U: Final = 2.0**-53


class Layers(NamedTuple):
    """The units, rounded to nearest: see `TreeProblem`."""

    base: Any  # (U, D + 1)
    weights: Any  # (U, R)
    reads: Any  # (L, R)
    polarity: Any  # (L, R)
    counts: Any  # (L,) how many columns of the above count
    starts: Any  # (L + 1,)
    layer_of: Any  # (U,)
    box: Any  # (2, D)
    delta: float
    cone: bool
    domain_rows: int


class State(NamedTuple):
    """Where the search is."""

    control: Any  # (9,)
    sign: Any  # (U,)
    pending: Any  # (U,) the sign of the other side while it waits, else 0
    waiting: Any  # (U, D) its point
    row_count: Any  # (U + 1,)
    ties: Any  # (U + 1,)
    point: Any  # (D,)
    rows: Any  # (P + U, D + 1)
    error: Any
    size: Any
    slack: Any
    form: Any  # (U, D + 1)
    form_error: Any  # (U,) of the coefficients
    value_error: Any  # (U,) with evaluation
    form_size: Any  # (U,)
    inverse: Any  # (D, D)
    multipliers: Any
    basis: Any
    y: Any
    alpha: Any
    rates: Any  # (P + U,)
    kept: Any  # (D,)
    side: Any  # (2, D)
    ends: Any  # (2, D) bases of the probes in doubt


@cache
def compiled() -> dict[str, Any]:
    """Compile the loops below; numba keeps the machine code in its cache on disk."""
    from numba import njit
    from numba.extending import register_jitable

    for name in (
        "corner", "shrink", "measure", "recentre", "_first_exit", "_accept", "_pivot", "_proves",
        "_proves_in_cone", "_entry", "probe",
    ):  # fmt: skip
        register_jitable(getattr(tree_probe, name))
    for helper in (_compose, _push, _follows, _settle, _ask_one, _ask_sides, _take, _back):
        register_jitable(helper)
    loops = {"search": _search, "descents": _descents, "ask": _ask_one, "compose": _compose}
    return {
        name: njit(cache=True, error_model="numpy", boundscheck=False)(loop)
        for name, loop in loops.items()
    }


def _compose(layers: Layers, state: State, layer: int) -> None:
    """Write the forms of a layer's units on the cell of the signs before it."""
    width = layers.base.shape[1]
    count = layers.counts[layer]
    for u in range(layers.starts[layer], layers.starts[layer + 1]):
        form = state.form[u]
        magnitude, inherited = 0.0, 0.0
        for k in range(width):
            form[k] = layers.base[u, k]
            magnitude += abs(form[k])
        for r in range(count):
            rep, turn = layers.reads[layer, r], layers.polarity[layer, r]
            if state.sign[rep] * turn > 0:
                weight = layers.weights[u, r] * turn
                for k in range(width):
                    form[k] += weight * state.form[rep, k]
                magnitude += abs(weight) * state.form_size[rep]
                inherited += abs(weight) * state.form_error[rep]
        size = 0.0
        for k in range(width):
            size += abs(form[k])
        size *= 1.0 + (width + 2) * _U
        state.form_size[u] = size
        lost = 1.01 * (inherited + (count + 3) * _U * magnitude) + 2.0**-960
        state.form_error[u] = lost
        state.value_error[u] = 1.01 * (lost + (layers.delta + (width + 5) * _U) * size)


def _push(state: State, u: int, m: int) -> None:
    """Append the row of a unit whose sign is known."""
    turn = 1.0 if state.sign[u] > 0 else -1.0
    for k in range(state.rows.shape[1]):
        state.rows[m, k] = turn * state.form[u, k]
    state.error[m] = state.value_error[u]
    state.size[m] = state.form_size[u]


def _follows(layers: Layers, state: State, u: int) -> int:
    """Return the sign that a unit has wherever what it reads is not negative, or 0."""
    d = len(state.point)
    one = d - 1 if layers.cone else d
    bias = layers.base[u, one]
    for k in range(d + 1):
        if k != one and layers.base[u, k] != 0.0:
            return 0
    if bias == 0.0:
        return 0
    layer = layers.layer_of[u]
    for r in range(layers.counts[layer]):
        if state.sign[layers.reads[layer, r]] * layers.polarity[layer, r] > 0:
            if layers.weights[u, r] * bias < 0.0:
                return 0
    return 1 if bias > 0.0 else -1


def _settle(layers: Layers, state: State, m: int) -> bool:
    """Measure the rows at the inner point; move it where it is better off; False if unproven."""
    measure(state.rows, m, state.point, state.slack)
    state.kept[:] = state.point
    recentre(
        state.rows, state.size, state.slack, m, state.point, layers.box, layers.cone, state.rates, 3
    )
    for attempt in range(2):
        inside = True
        for i in range(m):
            inside = inside and state.slack[i] > state.error[i]
        for k in range(len(state.point)):
            if layers.cone:
                inside = inside and (k < len(state.point) - 1 or state.point[k] > 2.0**-200)
            else:
                low, high = layers.box[0, k] + layers.delta, layers.box[1, k] - layers.delta
                inside = inside and low < state.point[k] < high
        if inside or attempt == 1:
            return inside
        state.point[:] = state.kept
        measure(state.rows, m, state.point, state.slack)
    return False


def _ask_one(layers: Layers, state: State, u: int, m: int, skip: int, sign: float, side: int) -> int:
    """Probe one side of a unit's hyperplane in the cell of the first m rows but one."""
    status = probe(
        state.rows, state.error, state.size, state.slack, m, skip, state.point, state.form[u], sign,
        state.value_error[u], state.form_size[u], layers.box, layers.delta, layers.cone,
        state.inverse, state.multipliers, state.basis, state.y, state.alpha, state.side[side],
    )  # fmt: skip
    state.ends[side, :] = state.basis
    return status


def _ask_sides(layers: Layers, state: State, u: int) -> bool:
    """Find out which signs a unit takes on the cell; False where exact arithmetic is to tell."""
    control = state.control
    control[SPLIT] = control[TIE] = control[ZERO] = 0
    sure = _follows(layers, state, u)
    if sure != 0:
        control[SIDES] = 1 if sure > 0 else 2
        state.side[(1 - sure) // 2, :] = state.point
        return True
    form, d = state.form[u], len(state.point)
    value, spread = form[d], 0.0
    for k in range(d):
        value += form[k] * state.point[k]
        spread += max(abs(layers.box[0, k]), abs(layers.box[1, k])) * abs(form[k])
    m = state.row_count[u]
    control[PLUS] = control[MINUS] = FOUND
    if abs(value) > state.value_error[u]:
        own = 0 if value > 0.0 else 1
        state.side[own, :] = state.point
        if abs(form[d]) > spread * (1.0 + 1e-14) + state.value_error[u]:
            control[PLUS + 1 - own] = NONE
        else:
            sign = -1.0 if value > 0.0 else 1.0
            control[PLUS + 1 - own] = _ask_one(layers, state, u, m, -1, sign, 1 - own)
    else:
        control[PLUS] = _ask_one(layers, state, u, m, -1, 1.0, 0)
        control[MINUS] = _ask_one(layers, state, u, m, -1, -1.0, 1)
    plus, minus = control[PLUS], control[MINUS]
    if plus == DOUBT or minus == DOUBT or (plus == NONE and minus == NONE):
        return False
    control[SIDES] = (1 if plus == FOUND else 0) + (2 if minus == FOUND else 0)
    control[SPLIT] = 1 if control[SIDES] == 3 else 0
    return True


def _take(layers: Layers, state: State, u: int, sign: int) -> bool:
    """Go to the next unit with this sign; False where the inner point of that cell is unproven."""
    control = state.control
    m = state.row_count[u]
    split = control[SPLIT] != 0
    state.ties[u + 1] = state.ties[u] + control[TIE]
    state.sign[u] = sign * (2 if split else 1)
    if split:
        _push(state, u, m)
        m += 1
    state.row_count[u + 1] = m
    control[UNIT] = u + 1
    control[TODO] = FORWARD
    return _settle(layers, state, m)


def _back(layers: Layers, state: State) -> bool:
    """Go to the last unit with another side to see; False where there is none."""
    control = state.control
    u = control[UNIT] - 1
    while u >= 0 and state.pending[u] == 0:
        u -= 1
    if u < 0:
        return False
    sign = state.pending[u]
    state.pending[u] = 0
    state.point[:] = state.waiting[u]
    control[SPLIT] = 1
    control[TIE] = state.ties[u + 1] - state.ties[u]
    _take(layers, state, u, sign)
    return True


def _search(
    layers: Layers, state: State, fuel: int, signs: Any, points: Any, ties: Any, limit: int
) -> int:
    """Go on until done, out of room or fuel, or in doubt."""
    control = state.control
    units = len(state.sign)
    while True:
        u = control[UNIT]
        if control[TODO] == BACK:
            if not _back(layers, state):
                return DONE
            continue
        if u == units:
            if control[LEAVES] == limit:
                return FULL
            leaf = control[LEAVES]
            signs[leaf, :] = state.sign
            points[leaf, :] = state.point
            ties[leaf] = state.ties[u] > 0
            control[LEAVES] = leaf + 1
            control[TODO] = BACK
            continue
        if control[TODO] == FORWARD:
            if fuel == 0:
                return PAUSE
            fuel -= 1
            layer = layers.layer_of[u]
            if u == layers.starts[layer]:
                _compose(layers, state, layer)
            if not _ask_sides(layers, state, u):
                return ASK
        sides = control[SIDES]
        state.pending[u] = 0
        if control[ZERO]:
            _take(layers, state, u, 0)
        elif sides == 0:
            control[TODO] = BACK
        else:
            own = 0 if sides & 1 else 1
            if sides == 3:
                # the side on which the inner point is comes first
                value = state.form[u, len(state.point)]
                for k in range(len(state.point)):
                    value += state.form[u, k] * state.point[k]
                own = 0 if value > 0.0 else 1
                state.pending[u] = 2 * own - 1
                state.waiting[u, :] = state.side[1 - own]
            state.point[:] = state.side[own]
            _take(layers, state, u, 1 - 2 * own)


def _descents(
    layers: Layers, state: State, coins: Any, splits: Any, start: Any, m: int
) -> None:
    """Descend at random, once for each row of coins; write how many choices there were."""
    units = len(state.sign)
    control = state.control
    for i in range(len(coins)):
        state.point[:] = start
        state.row_count[0] = m
        _settle(layers, state, m)
        found = 0
        for u in range(units):
            layer = layers.layer_of[u]
            if u == layers.starts[layer]:
                _compose(layers, state, layer)
            if not _ask_sides(layers, state, u):
                # an estimate may trust the floats
                control[SIDES] = 1 if control[PLUS] == FOUND else 2
                control[SPLIT] = 0
                if control[PLUS] == control[MINUS]:
                    state.side[1, :] = state.point
            side = 0 if control[SIDES] & 1 else 1
            if control[SIDES] == 3:
                found += 1
                side = coins[i, u]
            state.point[:] = state.side[side]
            _take(layers, state, u, 1 - 2 * side)
        splits[i] = found
