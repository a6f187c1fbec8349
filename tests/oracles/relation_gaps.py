"""Gaps of relations the slow way, on the joint regions of `tests.oracles.joint_cells`.

On each region both functions are affine and written out. For the leads it is split along every
comparison of two outputs of either function; on a piece the best output of f and its second best
are constant, and whether g prefers another one is seen at the middle of the corners.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

from tests.oracles.joint_cells import (
    HUGE,
    SOLID_HUGE,
    Map,
    Point,
    dense,
    joint_regions,
    part,
    value,
)
from tropnet.domains import Domain
from tropnet.network import Affine, Network


def supremum_of(kind: str, f: Network, g: Network, domain: Domain) -> Fraction | None:
    """Return sup of the gap over a domain that is not empty; None where it is infinite."""
    if kind in ("argmax", "argmin"):
        found = _lead(1 if kind == "argmax" else -1, f, g, domain)
    else:
        values: list[list[Fraction]] = [[] for _ in range(f.n_outputs)]
        for corners, maps, others in joint_regions(f, g, domain):
            for corner in corners:
                for own, p, q in zip(values, maps, others, strict=True):
                    own.append(value(p, corner) - value(q, corner))
        if kind == "at_most":
            found = max(Fraction(0), *(max(own) for own in values))
        else:
            found = max((max(own) - min(own)) / 2 for own in values)
    return None if found > (HUGE if f.n_inputs <= 2 else SOLID_HUGE) else found


def scaled(network: Network, factors: Sequence[Fraction]) -> Network:
    """Return a network whose outputs are multiplied by factors."""
    rows, bias = dense(network.output)
    weights = {
        source: [[factor * v for v in row] for factor, row in zip(factors, table, strict=True)]
        for source, table in rows.items()
    }
    output = Affine(weights, [factor * v for factor, v in zip(factors, bias, strict=True)])
    return Network(network.n_inputs, network.layers, output)


def gap_of(kind: str, f: list[Fraction], g: list[Fraction]) -> Fraction:
    """Return the gap at a point with these values."""
    if kind == "at_most":
        return max(Fraction(0), *(u - v for u, v in zip(f, g, strict=True)))
    sign = 1 if kind == "argmax" else -1
    best, second = sorted((sign * v for v in f), reverse=True)[:2]
    chosen = [i for i, v in enumerate(f) if sign * v == best]
    largest = max(sign * v for v in g)
    if len(chosen) > 1 or sign * g[chosen[0]] == largest:
        return Fraction(0)
    return best - second


def _lead(sign: int, f: Network, g: Network, domain: Domain) -> Fraction:
    largest = Fraction(0)
    for corners, maps, others in joint_regions(f, g, domain):
        pieces = [corners]
        for own in (maps, others):
            for p, q in combinations(own, 2):
                form = tuple(u - v for u, v in zip(p, q, strict=True))
                pieces = [half for piece in pieces for half in _halves(piece, form)]
        for piece in pieces:
            middle = tuple(sum(c, Fraction(0)) / len(piece) for c in zip(*piece, strict=True))
            u, v = ([sign * value(p, middle) for p in own] for own in (maps, others))
            order = sorted(range(len(u)), key=lambda i: u[i], reverse=True)
            if v[order[0]] < max(v):
                p, q = maps[order[0]], maps[order[1]]
                leads = [sign * (value(p, c) - value(q, c)) for c in piece]
                largest = max([largest, *leads])
    return largest


def _halves(piece: list[Point], form: Map) -> list[list[Point]]:
    heights = [value(form, corner) for corner in piece]
    if min(heights) >= 0 or max(heights) <= 0:
        return [piece]
    return [part(piece, form), part(piece, tuple(-v for v in form))]
