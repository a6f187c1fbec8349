"""Linear cells of networks in one or two inputs, all in Fractions, nothing clever."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from tests.oracles.fractions_forward import affine
from tropnet.network import Affine, Network

#: (g, h): the open half-space or affine function g · x + h.
Form = tuple[tuple[Fraction, ...], Fraction]


def is_open(sides: Sequence[Form]) -> bool:
    """Tell whether {x : g·x + h < 0 for all sides} has a point (Fourier and Motzkin).

    Each variable is eliminated by pairing lower with upper bounds; of the last one only the largest
    lower and the least upper bound matter. Strict inequalities stay strict, so that a nonempty set
    is open. Rows are scaled to integers, which are several times faster than Fractions.
    """
    rows = [_integers([*g, h]) for g, h in sides]
    n = len(sides[0][0]) if sides else 0
    for k in range(n):
        lower = [row for row in rows if row[k] < 0]
        upper = [row for row in rows if row[k] > 0]
        rows = [row for row in rows if row[k] == 0]
        if k == n - 1:
            lower, upper = _tightest(lower, k), _tightest(upper, k)
        rows += [
            [a * up[k] - b * low[k] for a, b in zip(low, up, strict=True)]
            for low in lower
            for up in upper
        ]
    return all(row[-1] < 0 for row in rows)


def _integers(row: Sequence[Fraction]) -> list[int]:
    scale = math.lcm(*(v.denominator for v in row))
    return [v.numerator * (scale // v.denominator) for v in row]


def _tightest(rows: list[list[int]], k: int) -> list[list[int]]:
    """Return the row c·x_k + h < 0 with the largest h / |c|, if there is any."""
    best = rows[:1]
    for row in rows[1:]:
        if row[-1] * abs(best[0][k]) > best[0][-1] * abs(row[k]):
            best = [row]
    return best


@dataclass(frozen=True)
class Cell:
    """An open set {g·x + h < 0 for all sides} on which the outputs are these affine functions."""

    sides: tuple[Form, ...]
    outputs: tuple[Form, ...]


def cells(network: Network) -> Iterator[Cell]:
    """Iterate over the cells of a network: the sign patterns of its units, unit by unit."""
    n = network.n_inputs
    identity = [(tuple(Fraction(int(i == j)) for j in range(n)), Fraction(0)) for i in range(n)]
    yield from _grow(network, 0, 0, [identity], [], ())


def _grow(
    network: Network,
    index: int,
    unit: int,
    values: list[list[Form]],
    done: list[Form],
    sides: tuple[Form, ...],
) -> Iterator[Cell]:
    if index == len(network.layers):
        yield Cell(sides, tuple(_forms(network.output, values)))
        return
    layer = network.layers[index]
    if unit == layer.width:
        yield from _grow(network, index + 1, 0, [*values, done], [], sides)
        return
    form = _forms(layer.affine, values)[unit]
    if not layer.relu[unit]:
        yield from _grow(network, index, unit + 1, values, [*done, form], sides)
        return
    zero = (tuple(Fraction(0) for _ in form[0]), Fraction(0))
    if form == zero:
        yield from _grow(network, index, unit + 1, values, [*done, zero], sides)
        return
    negative = (tuple(-v for v in form[0]), -form[1])
    for side, value in ((form, zero), (negative, form)):
        if is_open([*sides, side]):
            yield from _grow(network, index, unit + 1, values, [*done, value], (*sides, side))


def _forms(function: Affine, values: list[list[Form]]) -> list[Form]:
    """Apply an affine function to forms, coordinate by coordinate."""
    n = len(values[0][0][0])
    columns = [
        affine(function, [[form[0][k] for form in source] for source in values]) for k in range(n)
    ]
    constants = affine(function, [[form[1] for form in source] for source in values])
    zeros = affine(function, [[Fraction(0)] * len(source) for source in values])
    return [
        (tuple(column[i] - zeros[i] for column in columns), constants[i])
        for i in range(len(constants))
    ]


def equals_on_cells(
    network: Network, quotients: Sequence[tuple[Sequence[Form], Sequence[Form]]]
) -> bool:
    """Tell whether max P − max Q is each output, as a function on all of R^n.

    On every cell of the network, and there wherever a term of P and a term of Q are both the
    largest on an open set, their difference must be the cell's affine function.
    """
    for cell in cells(network):
        for (above, below), wanted in zip(quotients, cell.outputs, strict=True):
            tops = [(p, sides) for p in above if (sides := _where_largest(p, above, cell.sides))]
            for p, sides in tops:
                for q in below:
                    if _minus(p, q) != wanted and _where_largest(q, below, sides):
                        return False
    return True


def _where_largest(
    term: Form, terms: Sequence[Form], sides: Sequence[Form]
) -> tuple[Form, ...] | None:
    rivals = [_minus(other, term) for other in terms if other != term]
    joint = (*sides, *rivals)
    return joint if is_open(joint) else None


def _minus(left: Form, right: Form) -> Form:
    return (
        tuple(a - b for a, b in zip(left[0], right[0], strict=True)),
        left[1] - right[1],
    )
