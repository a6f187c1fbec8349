"""Bounds of units by linear functions of the inputs, followed backward through the layers.

A unit is bounded from below by putting, for each earlier unit z = max(t, 0) with t in [l, u], a
line below z where its coefficient is positive and a line above z where it is negative, layer by
layer down to the inputs, and taking the least value on their box. Below z lies α t for any α in
[0, 1]; above it s t + h for any s in [0, 1], with h = max(−s l, (1 − s) u), by convexity.

All of it is exact, so the slopes are no matter of trust: each choice gives a bound.

Source: Zhang, Weng, Chen, Hsieh and Daniel, *Efficient neural network robustness certification with
general activation functions* (CROWN, 2018); that the best slopes are the dual of the linear
relaxation: Salman, Yang, Zhang, Hsieh and Zhang, *A convex relaxation barrier* (2019).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, Final, TypeAlias

import numpy as np

from tropnet.checker.relu_lines import SLOPE_BITS, relu_lines
from tropnet.errors import CertificateError
from tropnet.exact import IntervalVector, RationalMatrix
from tropnet.exact.interval import End
from tropnet.network.network import Network

_ONE: Final = 1 << SLOPE_BITS
#: Products of numbers beyond which linear bounds are left out.
MOST_PRODUCTS: Final = 2**27
#: Products of numbers between two looks at the clock.
_AT_ONCE: Final = 2**22

#: (layer, unit, "lower" or "upper") → for each earlier layer its units' slopes, over 2^16.
Slopes: TypeAlias = Mapping[tuple[int, int, str], Sequence[Sequence[int]]]


def linear_bounds(
    network: Network,
    box: IntervalVector,
    slopes: Slopes | None = None,
    known: Sequence[IntervalVector] | None = None,
    watch: Callable[[], object] | None = None,
) -> list[IntervalVector]:
    """Return intervals around the pre-activations of all layers, for inputs in a box.

    Intervals are followed forward; units of unknown sign are then bounded backward. Where nothing
    else is given, the line below a unit has slope 1 if u > −l, else 0.

    Args:
        network: the network.
        box: intervals around the inputs; they may be infinite.
        slopes: slopes of the lines below earlier units, for single units to be bounded.
        known: proven intervals around the pre-activations; those of later layers become narrower.
        watch: called between layers, and in long ones; what it raises ends the work.

    Raises:
        CertificateError: slopes that do not fit the network.

    Cost: for each layer an exact product of the shape of each weight matrix before it, with as many
        rows as units of unknown sign, twice; left out beyond 2^27 products.

    Example:
        >>> from tropnet import Network
        >>> from tropnet.checker.linear_bounds import linear_bounds
        >>> from tropnet.exact import IntervalVector
        >>> f = Network.from_dense([[[1], [-1]], [[1, 1]], [[1]]], [[0, 0], [-1], [0]])
        >>> linear_bounds(f, IntervalVector.of([-1], [1]))[1].ends()  # |x| − 1; intervals: [-1, 1]
        [(Fraction(-1, 1), Fraction(0, 1))]
    """
    found: list[IntervalVector] = []
    values = [box]
    own = _by_unit(network, slopes or {})
    for k, layer in enumerate(network.layers, start=1):
        if watch is not None:
            watch()
        plain = IntervalVector.point(layer.affine.bias.exact)
        for source, weights in layer.affine.terms:
            plain = plain + values[source].image(weights.matrix)
        if known is not None:
            plain = plain.meet(known[k - 1])
        bounds = plain
        open_units = np.flatnonzero(~plain.at_most_zero() & ~plain.at_least_zero() | ~layer.relu)
        if k > 1 and len(open_units) and _products(network, k) * len(open_units) < MOST_PRODUCTS:
            size = max(1, _AT_ONCE // max(1, _products(network, k)))
            for start in range(0, len(open_units), size):
                if watch is not None:
                    watch()
                rows = open_units[start : start + size].tolist()
                bounds = bounds.meet(_backward(network, k, rows, found, box, None))
        for (i, side), lines in own.get(k, {}).items():
            bounds = bounds.meet(_backward(network, k, [i], found, box, (side, lines)))
        found.append(bounds)
        values.append(bounds.relu().where(layer.relu, bounds).outward())
    return found


def slopes_from_json(data: Any) -> Slopes:
    """Return slopes from plain data: lists (layer, unit, side, slopes).

    Raises:
        CertificateError: something else.
    """
    if not isinstance(data, list):
        raise CertificateError("slopes are no list")
    found: dict[tuple[int, int, str], list[list[int]]] = {}
    for item in data:
        match item:
            case [int(layer), int(unit), "lower" | "upper" as side, list(rows)] if all(
                isinstance(row, list) and all(type(v) is int and 0 <= v <= _ONE for v in row)
                for row in rows
            ):
                found[layer, unit, side] = rows
            case _:
                raise CertificateError("slopes are not (layer, unit, side, numbers)")
    return found


def _by_unit(
    network: Network, slopes: Slopes
) -> dict[int, dict[tuple[int, str], Sequence[Sequence[int]]]]:
    found: dict[int, dict[tuple[int, str], Sequence[Sequence[int]]]] = {}
    widths = network.widths
    for (k, i, side), rows in slopes.items():
        if not (1 <= k <= len(widths) and 0 <= i < widths[k - 1]):
            raise CertificateError(f"slopes for unit {i} of layer {k}, which is not there")
        if [len(row) for row in rows] != list(widths[: k - 1]):
            raise CertificateError(f"slopes for unit {i} of layer {k} do not fit the layers before")
        found.setdefault(k, {})[i, side] = rows
    return found


def _products(network: Network, k: int) -> int:
    """Return the products for one unit of layer k followed backward."""
    return sum(m.products for y in network.layers[:k] for _, m in y.affine.terms)


def _backward(
    network: Network,
    k: int,
    rows: Sequence[int],
    bounds: Sequence[IntervalVector],
    box: IntervalVector,
    given: tuple[str, Sequence[Sequence[int]]] | None,
) -> IntervalVector:
    """Return intervals around some units of layer k; infinite for the others."""
    affine = network.layers[k - 1].affine.take(list(rows))
    sides: dict[str, list[End]] = {}
    for side in ("lower", "upper"):
        if given is not None and given[0] != side:
            sides[side] = [None] * len(rows)
            continue
        sign = 1 if side == "lower" else -1
        coefs = {s: m.exact * sign for s, m in affine.terms}
        lines = None if given is None else given[1]
        least = least_values(network, k, coefs, affine.bias.exact * sign, bounds, box, lines)
        sides[side] = [None if v is None else sign * v for v in least]
    lower: list[End] = [None] * network.layers[k - 1].width
    upper = lower.copy()
    for place, low, high in zip(rows, sides["lower"], sides["upper"], strict=True):
        lower[place], upper[place] = low, high
    return IntervalVector.of(lower, upper)


def least_values(
    network: Network,
    k: int,
    coefs: dict[int, RationalMatrix],
    constant: RationalMatrix,
    bounds: Sequence[IntervalVector],
    box: IntervalVector,
    lines: Sequence[Sequence[int]] | None = None,
    extra: Mapping[int, RationalMatrix] | None = None,
) -> list[End]:
    """Return lower bounds of combinations of the values of the layers before layer k.

    Args:
        network: the network.
        k: the layer, counted from 1.
        coefs: for each layer before its coefficients, `(rows, width)`; 0 stands for the inputs.
        constant: what is added, `(rows, 1)`.
        bounds: intervals around the pre-activations of the layers before.
        box: intervals around the inputs.
        lines: slopes below the units of the layers before, over 2^16.
        extra: for some layers coefficients of their pre-activations, `(rows, width)`.
    """
    more_rows = extra or {}
    count = constant.shape[0]
    without = np.zeros(count, dtype=np.bool_)  # combinations that have no bound
    for s in range(k - 1, 0, -1):
        row = coefs.pop(s, None)
        layer = network.layers[s - 1]
        if row is None:
            if s not in more_rows:
                continue
            row = RationalMatrix.zeros(count, layer.width)
        below, above, rise, free = relu_lines(
            layer.relu, bounds[s - 1].ends(), None if lines is None else lines[s - 1]
        )
        more, less = row.relu(), -((-row).relu())
        if free.any():
            without |= np.asarray((less.keep_columns(free).signs() != 0).any(axis=1))
        path = _scaled(more, below) + _scaled(less, above)
        if s in more_rows:
            path = path + more_rows[s]
        above_it = RationalMatrix.from_rows([[h] for h in rise])
        constant = constant + less @ above_it + path @ layer.affine.bias.exact
        for source, weights in layer.affine.terms:
            part = weights.pull_exact(path)
            coefs[source] = coefs[source] + part if source in coefs else part
    total = IntervalVector.point(constant)
    if 0 in coefs:
        total = total + box.image(coefs[0])
    ends = total.lower_ends()
    return [None if gone else end for end, gone in zip(ends, without.tolist(), strict=True)]


def _scaled(matrix: RationalMatrix, factors: Sequence[Fraction]) -> RationalMatrix:
    """Return the matrix with each column times a number."""
    return matrix.T.scale_rows(factors).T
