"""|f − g| in three and more dimensions the slow way: convex pieces by corners and sides.

As `tests.oracles.joint_cells` does in the plane, the domain is split along every unit's kink. It is
a matter of linear algebra here whether a point is a corner: its sides' normals span the space.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import product

from tests.oracles.joint_cells import SOLID_FAR, Map, Point, apply, dense, value
from tropnet.domains import Box, Domain
from tropnet.network import Network


@dataclass(frozen=True)
class Piece:
    """A bounded convex region: all corners, and sides that are not negative just on it."""

    corners: list[Point]
    sides: list[Map]


def pieces(networks: list[Network], domain: Domain) -> list[tuple[Piece, list[list[Map]]]]:
    """Return the regions on which networks are affine, with the outputs' maps on each."""
    n = networks[0].n_inputs
    inputs = [tuple(Fraction(int(i == j)) for j in range(n + 1)) for i in range(n)]
    start = domain_piece(domain, n)
    found: list[tuple[Piece, list[list[Map]]]] = [(start, [])] if start.corners else []
    for network in networks:
        split = [(piece, [inputs], outputs) for piece, outputs in found]
        for layer in network.layers:
            rows, bias = dense(layer.affine)
            after = []
            for piece, values, outputs in split:
                parts: list[tuple[Piece, list[Map]]] = [(piece, [])]
                for form, relu in zip(apply(rows, bias, values), layer.relu, strict=True):
                    parts = [
                        new
                        for old, done in parts
                        for new in (bend(old, done, form) if relu else [(old, [*done, form])])
                    ]
                after += [(part, [*values, maps], outputs) for part, maps in parts]
            split = after
        rows, bias = dense(network.output)
        found = [(piece, [*out, apply(rows, bias, values)]) for piece, values, out in split]
    return found


def domain_piece(domain: Domain, n: int) -> Piece:
    """Return the part of a domain in a huge cube."""
    units = [tuple(Fraction(int(i == j)) for j in range(n)) for i in range(n)]
    sides: list[Map] = [(*(s * v for v in unit), SOLID_FAR) for unit in units for s in (1, -1)]
    piece = Piece(list(product((-SOLID_FAR, SOLID_FAR), repeat=n)), sides)
    if domain is None:
        return piece
    if isinstance(domain, Box):
        ends = zip(units, domain.lower, domain.upper, strict=True)
        sides = [side for u, low, high in ends for side in ((*u, -low), (*(-v for v in u), high))]
    else:
        sides = [
            (*(-v for v in row), limit) for row, (limit,) in zip(domain.A, domain.b, strict=True)
        ]
    for side in sides:
        piece = half(piece, side)
    return piece


def bend(piece: Piece, done: list[Map], form: Map) -> list[tuple[Piece, list[Map]]]:
    """Return the parts of a piece on both sides of a kink, with the unit's map on each."""
    heights = [value(form, corner) for corner in piece.corners]
    nothing = (Fraction(0),) * len(form)
    if min(heights) >= 0:
        return [(piece, [*done, form])]
    if max(heights) <= 0:
        return [(piece, [*done, nothing])]
    opposite = tuple(-v for v in form)
    return [(half(piece, form), [*done, form]), (half(piece, opposite), [*done, nothing])]


def half(piece: Piece, form: Map) -> Piece:
    """Return the part of a piece on which a form is not negative."""
    heights = [(corner, value(form, corner)) for corner in piece.corners]
    above = [(corner, h) for corner, h in heights if h > 0]
    below = [(corner, h) for corner, h in heights if h < 0]
    found = {corner for corner, h in heights if h >= 0}
    sides = [*piece.sides, form]
    # of the segments between all pairs, those that are edges meet the hyperplane in a corner; on
    # the segment the sides are zero that are zero at both of its ends
    for here, h in above:
        at_here = [side for side in piece.sides if value(side, here) == 0]
        for there, t in below:
            shared = [side for side in at_here if value(side, there) == 0]
            if span_everything([*shared, form], len(here)):
                share = h / (h - t)
                found.add(tuple(u + (v - u) * share for u, v in zip(here, there, strict=True)))
    kept = [side for side in sides if any(value(side, corner) == 0 for corner in found)]
    return Piece(sorted(found), kept)


def span_everything(sides: list[Map], n: int) -> bool:
    """Tell whether the normals of sides span the space, so that they meet in one point."""
    if len(sides) < n:
        return False
    rows = [list(side[:-1]) for side in sides]
    for rank in range(n):
        pivot = next((r for r in range(rank, len(rows)) if rows[r][rank]), None)
        if pivot is None:
            return False
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        for r in range(rank + 1, len(rows)):
            factor = rows[r][rank] / rows[rank][rank]
            rows[r] = [u - factor * v for u, v in zip(rows[r], rows[rank], strict=True)]
    return True
