"""The compiled loops of the tree search: descend everywhere, or at random.

Units are decided one after the other. At each node the rows of the path so far are a cell with a
proven inner point; the next unit either keeps its sign on that cell, which multipliers prove, or
both signs occur, each with a proven point (`probe`). Where float64 proves neither, the loop
stops and asks.

A sign is −1, 0 or 1 where it follows from the signs before it, −2 or 2 where it is a choice.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, NamedTuple

from tropnet.geometry.tree import probe as tree_probe
from tropnet.geometry.tree.probe import (
    BASIS,
    DOUBT,
    ERROR,
    FOUND,
    HIGH,
    KEPT,
    LOW,
    NONE,
    POINT,
    SIDE,
    SIZE,
    SLACK,
    TARGET,
    measure,
    probe,
    recentre,
)

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
PLUS: Final = 7  # … and what the probes of both sides said; then three bases.

FORWARD: Final = 0
BACK: Final = 1
ANSWERED: Final = 2

#: Columns of `State.units`: the sign; the sign that waits, or 0; how many rows and ties came
#: before.
SIGN: Final = 0
PENDING: Final = 1
ROWS: Final = 2
TIES: Final = 3

_U: Final = 2.0**-53


class Layers(NamedTuple):
    """The units, rounded to nearest: see `TreeProblem`.

    `wires` are ±(1 + the unit read), `info` the first unit of each layer and how many it reads.
    """

    base: Any  # (U, D + 1)
    weights: Any  # (U, R)
    wires: Any  # (L, R)
    info: Any  # (L + 1, 2)
    layer_of: Any  # (U,)
    delta: float
    cone: bool


class State(NamedTuple):
    """Where the search is; for the layout see `probe` and above.

    `forms` are the units on the present cell, laid out as rows; their last column bounds the error
    of the coefficients alone. `waiting` are the points of the sides that wait.
    """

    control: Any  # (9 + 3 D,)
    units: Any  # (U + 1, 4)
    rows: Any  # (P + U, D + 4)
    forms: Any  # (U, D + 4)
    waiting: Any  # (U, D)
    work: Any  # (10 + D, D + 4)


#: Arrays are borrowed from the caller: counting references to them took half the time.
OPTIONS: Final[dict[str, Any]] = {"_nrt": False, "error_model": "numpy", "boundscheck": False}


@cache
def register() -> None:
    """Let compiled code call the functions of this module and of `probe`."""
    from numba.extending import register_jitable

    probing = (
        tree_probe._corner, tree_probe.shrink, measure, recentre, tree_probe._first_exit,
        tree_probe._accept, tree_probe._column, tree_probe._pivot, tree_probe._proves,
        tree_probe._entry, tree_probe._proves_in_cone, probe,
    )  # fmt: skip
    walking = (
        compose, push, aim, _follows, _settle, _value, _ask_side, _ask_sides, _take, _back, _leave,
        _choose,
    )  # fmt: skip
    for helper in (*probing, *walking):
        register_jitable(_nrt=False)(helper)


@cache
def compiled() -> dict[str, Any]:
    """Compile `search` and `descents`; numba keeps the machine code in its cache on disk."""
    from numba import njit

    register()
    return {
        "search": njit(cache=True, **OPTIONS)(_search),
        "descents": njit(cache=True, **OPTIONS)(_descents),
    }


def compose(layers: Layers, state: State, layer: int) -> None:
    """Write the forms of a layer's units on the cell of the signs before it."""
    d = layers.base.shape[1] - 1
    forms = state.forms
    count = layers.info[layer, 1]
    for u in range(layers.info[layer, 0], layers.info[layer + 1, 0]):
        magnitude, inherited = 0.0, 0.0
        for k in range(d + 1):
            forms[u, k] = layers.base[u, k]
            magnitude += abs(forms[u, k])
        for r in range(count):
            wire = layers.wires[layer, r]
            rep = abs(wire) - 1
            if state.units[rep, SIGN] * wire > 0:
                weight = layers.weights[u, r]
                if wire < 0:
                    weight = -weight
                for k in range(d + 1):
                    forms[u, k] += weight * forms[rep, k]
                magnitude += abs(weight) * forms[rep, d + SIZE]
                inherited += abs(weight) * forms[rep, d + SLACK]
        size = 0.0
        for k in range(d + 1):
            size += abs(forms[u, k])
        size *= 1.0 + (d + 3) * _U
        lost = 1.01 * (inherited + (count + 3) * _U * magnitude) + 2.0**-960
        forms[u, d + SIZE] = size
        forms[u, d + SLACK] = lost
        forms[u, d + ERROR] = 1.01 * (lost + (layers.delta + (d + 6) * _U) * size)


def push(state: State, u: int, m: int) -> None:
    """Append the row of a unit whose sign is known."""
    d = state.work.shape[1] - 4
    turn = 1.0 if state.units[u, SIGN] > 0 else -1.0
    for k in range(d + 1):
        state.rows[m, k] = turn * state.forms[u, k]
    state.rows[m, d + ERROR] = state.forms[u, d + ERROR]
    state.rows[m, d + SIZE] = state.forms[u, d + SIZE]


def _follows(layers: Layers, state: State, u: int) -> int:
    """Return the sign that a unit has wherever what it reads is not negative, or 0."""
    d = state.work.shape[1] - 4
    one = d - 1 if layers.cone else d
    bias = layers.base[u, one]
    if bias == 0.0:
        return 0
    for k in range(d + 1):
        if k != one and layers.base[u, k] != 0.0:
            return 0
    layer = layers.layer_of[u]
    for r in range(layers.info[layer, 1]):
        wire = layers.wires[layer, r]
        if state.units[abs(wire) - 1, SIGN] * wire > 0 and layers.weights[u, r] * bias < 0.0:
            return 0
    return 1 if bias > 0.0 else -1


def _settle(layers: Layers, state: State, m: int) -> bool:
    """Measure the rows at the inner point; move it where it is better off; False if unproven."""
    rows, work = state.rows, state.work
    d = work.shape[1] - 4
    measure(rows, work, m)
    for k in range(d):
        work[KEPT, k] = work[POINT, k]
    recentre(rows, work, m, layers.cone, 3)
    for attempt in range(2):
        inside = True
        for i in range(m):
            inside = inside and rows[i, d + SLACK] > rows[i, d + ERROR]
        for k in range(d):
            y = work[POINT, k]
            if layers.cone:
                inside = inside and (k < d - 1 or y > 2.0**-200)
            else:
                inside = inside and work[LOW, k] + layers.delta < y < work[HIGH, k] - layers.delta
        if inside or attempt == 1:
            return inside
        for k in range(d):
            work[POINT, k] = work[KEPT, k]
        measure(rows, work, m)
    return False


def aim(source: Any, i: int, sign: float, work: Any) -> None:
    """Take a row, turned by a sign, as the target."""
    d = work.shape[1] - 4
    for k in range(d + 1):
        work[TARGET, k] = sign * source[i, k]
    work[TARGET, d + ERROR] = source[i, d + ERROR]
    work[TARGET, d + SIZE] = source[i, d + SIZE]


def _value(source: Any, i: int, work: Any) -> float:
    """Return a row at the inner point."""
    d = work.shape[1] - 4
    value = source[i, d]
    for k in range(d):
        value += source[i, k] * work[POINT, k]
    return float(value)


def _ask_side(layers: Layers, state: State, u: int, side: int) -> int:
    """Look for a point where a unit is positive (side 0) or negative (1) in the present cell."""
    aim(state.forms, u, 1.0 - 2.0 * side, state.work)
    d, m = state.work.shape[1] - 4, state.units[u, ROWS]
    status = probe(
        state.rows, state.work, state.control, m, -1, SIDE + side, layers.delta, 1.0, layers.cone
    )
    for k in range(d):
        state.control[BASIS + (1 + side) * d + k] = state.control[BASIS + k]
    return int(status)


def _ask_sides(layers: Layers, state: State, u: int) -> bool:
    """Find out which signs a unit takes on the cell; False where exact arithmetic is to tell."""
    control, work, forms = state.control, state.work, state.forms
    d = work.shape[1] - 4
    control[SPLIT] = control[TIE] = control[ZERO] = 0
    sure = _follows(layers, state, u)
    value, spread = _value(forms, u, work), 0.0
    own = 0 if value > 0.0 else 1
    for k in range(d):
        spread += abs(forms[u, k])
    if sure == 0 and abs(forms[u, d]) > spread * (1.0 + 1e-14) + forms[u, d + ERROR]:
        sure = 1 if forms[u, d] > 0.0 else -1
    if sure != 0:
        own = 0 if sure > 0 else 1
    elif not abs(value) > forms[u, d + ERROR]:
        own = -1
    for side in range(2):
        if side == own:
            control[PLUS + side] = FOUND
            for k in range(d):
                work[SIDE + side, k] = work[POINT, k]
        else:
            control[PLUS + side] = NONE if sure != 0 else _ask_side(layers, state, u, side)
    plus, minus = control[PLUS], control[PLUS + 1]
    if plus == DOUBT or minus == DOUBT or (plus == NONE and minus == NONE):
        return False
    control[SIDES] = (1 if plus == FOUND else 0) + (2 if minus == FOUND else 0)
    control[SPLIT] = 1 if control[SIDES] == 3 else 0
    return True


def _take(layers: Layers, state: State, u: int, sign: int, which: int) -> None:
    """Go to the next unit with this sign, from a point in `work`."""
    control, units, rows, work = state.control, state.units, state.rows, state.work
    d, m = work.shape[1] - 4, units[u, ROWS]
    units[u + 1, TIES] = units[u, TIES] + control[TIE]
    units[u, SIGN] = sign
    moved = False
    for k in range(d):
        moved = moved or work[POINT, k] != work[which, k]
        work[POINT, k] = work[which, k]
    if control[SPLIT] != 0:
        units[u, SIGN] = 2 * sign
        push(state, u, m)
        rows[m, d + SLACK] = _value(rows, m, work)
        moved = moved or rows[m, d + SLACK] < 1e-3 * rows[m, d + SIZE]
        m += 1
    units[u + 1, ROWS] = m
    control[UNIT] = u + 1
    control[TODO] = FORWARD
    if moved:
        _settle(layers, state, m)


def _back(state: State) -> int:
    """Return the last unit with another side to see, that side taken up; −1 where there is none."""
    control, units = state.control, state.units
    u = control[UNIT] - 1
    while u >= 0 and units[u, PENDING] == 0:
        u -= 1
    if u >= 0:
        side = 0 if units[u, PENDING] > 0 else 1
        units[u, PENDING] = 0
        for k in range(state.waiting.shape[1]):
            state.work[SIDE + side, k] = state.waiting[u, k]
        # the rows are those of another path; their values must be measured
        state.work[POINT, 0] = 2.0 + state.work[SIDE + side, 0]
        control[SPLIT], control[SIDES], control[ZERO] = 1, 1 + side, 0
        control[TIE] = units[u + 1, TIES] - units[u, TIES]
    return int(u)


def _leave(state: State, signs: Any, points: Any, ties: Any) -> None:
    """Write down a cell."""
    control, units = state.control, state.units
    leaf, total = control[LEAVES], len(units) - 1
    for i in range(total):
        signs[leaf, i] = units[i, SIGN]
    for k in range(state.waiting.shape[1]):
        points[leaf, k] = state.work[POINT, k]
    ties[leaf] = units[total, TIES] > 0
    control[LEAVES] = leaf + 1
    control[TODO] = BACK


def _choose(state: State, u: int) -> int:
    """Return the side to take first, 2 for a unit that is zero; the other one waits."""
    control, units = state.control, state.units
    units[u, PENDING] = 0
    if control[ZERO] != 0:
        return 2
    if control[SIDES] != 3:
        return 0 if control[SIDES] == 1 else 1
    # the side on which the inner point is
    own = 0 if _value(state.forms, u, state.work) > 0.0 else 1
    units[u, PENDING] = 2 * own - 1
    for k in range(state.waiting.shape[1]):
        state.waiting[u, k] = state.work[SIDE + 1 - own, k]
    return own


def _search(
    layers: Layers, state: State, fuel: int, signs: Any, points: Any, ties: Any, limit: int
) -> int:
    """Go on until done, out of room or fuel, or in doubt."""
    control, total = state.control, len(state.units) - 1
    while True:
        u = control[UNIT]
        if control[TODO] == FORWARD and u == total:
            if control[LEAVES] == limit:
                return FULL
            _leave(state, signs, points, ties)
        if control[TODO] == FORWARD:
            if fuel == 0:
                return PAUSE
            fuel -= 1
            layer = layers.layer_of[u]
            if u == layers.info[layer, 0]:
                compose(layers, state, layer)
            if not _ask_sides(layers, state, u):
                return ASK
        elif control[TODO] == ANSWERED and control[SIDES] == 0 and control[ZERO] == 0:
            control[TODO] = BACK
        if control[TODO] == BACK:
            u = _back(state)
            if u < 0:
                return DONE
        side = _choose(state, u)
        which = POINT if side == 2 else SIDE + side
        _take(layers, state, u, 0 if side == 2 else 1 - 2 * side, which)


def _descents(
    layers: Layers, state: State, coins: Any, splits: Any, start: Any, first: int, last: int
) -> None:
    """Descend at random, once for each row of coins; write how many choices there were.

    Only the units from `first` to `last` are decided; one descent may go on where it was left.
    """
    control, units, work = state.control, state.units, state.work
    for i in range(len(coins)):
        if first == 0:
            for k in range(len(start)):
                work[POINT, k] = start[k]
            measure(state.rows, work, units[0, ROWS])
            splits[i] = 0
        for u in range(first, last):
            layer = layers.layer_of[u]
            if u == layers.info[layer, 0]:
                compose(layers, state, layer)
            if not _ask_sides(layers, state, u):
                # an estimate may trust the floats
                control[SIDES] = 1 if control[PLUS] == FOUND else 2
                if control[PLUS] != FOUND and control[PLUS + 1] != FOUND:
                    for k in range(len(start)):
                        work[SIDE + 1, k] = work[POINT, k]
            side = 0 if control[SIDES] & 1 else 1
            if control[SIDES] == 3:
                splits[i] += 1
                side = coins[i, u]
            _take(layers, state, u, 1 - 2 * side, SIDE + side)
