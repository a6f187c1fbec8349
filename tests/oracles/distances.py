"""Integrals and extrema of f − g for one or two inputs: pieces in Fractions, quadrature rules.

The pieces are those of `joint_cells`. Affine functions are integrated by their value at the
centroid, quadratic ones by Simpson's rule or by the three midpoints of a triangle's sides, which
are exact for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise

from tests.oracles.joint_cells import Map, Point, domain_corners, part, regions, value
from tropnet.domains import Domain
from tropnet.network import Network

#: corners, the maps of f and those of g
Piece = tuple[list[Point], list[Map], list[Map]]


def pieces(f: Network, g: Network, domain: Domain) -> Iterator[Piece]:
    """The pieces on which f and g are affine."""
    for region, maps in regions(f, domain_corners(domain, f.n_inputs)):
        for corners, others in regions(g, region):
            yield corners, maps, others


def minus(left: Map, right: Map) -> Map:
    return tuple(a - b for a, b in zip(left, right, strict=True))


def simplices(corners: list[Point]) -> Iterator[list[Point]]:
    if len(corners[0]) == 1:
        yield corners
        return
    for a, b in pairwise(corners[1:]):
        yield [corners[0], a, b]


def size(simplex: Sequence[Point]) -> Fraction:
    if len(simplex[0]) == 1:
        return abs(simplex[1][0] - simplex[0][0])
    (a, b), (c, d), (e, f) = simplex
    return abs((c - a) * (f - b) - (d - b) * (e - a)) / 2


def volume(corners: list[Point]) -> Fraction:
    return sum((size(s) for s in simplices(corners)), Fraction(0))


def affine_integral(corners: list[Point], form: Map) -> Fraction:
    total = Fraction(0)
    for simplex in simplices(corners):
        centroid = tuple(sum(v) / Fraction(len(simplex)) for v in zip(*simplex, strict=True))
        total += size(simplex) * value(form, centroid)
    return total


def square_integral(corners: list[Point], form: Map) -> Fraction:
    total = Fraction(0)
    for simplex in simplices(corners):
        middles = [
            tuple((u + v) / 2 for u, v in zip(p, q, strict=True))
            for k, p in enumerate(simplex)
            for q in simplex[k + 1 :]
        ]
        squares = [value(form, p) ** 2 for p in middles]
        if len(simplex) == 2:
            ends = sum((value(form, p) ** 2 for p in simplex), Fraction(0))
            total += size(simplex) * (ends + 4 * squares[0]) / 6
        else:
            total += size(simplex) * sum(squares, Fraction(0)) / 3
    return total


def sides(corners: list[Point], forms: Sequence[Map]) -> list[list[Point]]:
    """Cut a piece along the zero sets of forms; parts of no size are dropped."""
    parts = [corners]
    for form in forms:
        cut = [part(p, s) for p in parts for s in (form, tuple(-v for v in form))]
        parts = [p for p in cut if len(p) > len(corners[0]) and volume(p)]
    # where a form is zero on a whole piece, both sides are that piece
    return [p for k, p in enumerate(parts) if set(p) not in [set(q) for q in parts[:k]]]


def centroid(corners: list[Point]) -> Point:
    return tuple(sum(v) / Fraction(len(corners)) for v in zip(*corners, strict=True))


def l1(f: Network, g: Network, domain: Domain) -> Fraction:
    total = Fraction(0)
    for corners, maps, others in pieces(f, g, domain):
        for form in map(minus, maps, others):
            for p in sides(corners, [form]):
                total += abs(affine_integral(p, form))
    return total


def l2_squared(f: Network, g: Network, domain: Domain) -> Fraction:
    return sum(
        (
            square_integral(corners, minus(a, b))
            for corners, maps, others in pieces(f, g, domain)
            for a, b in zip(maps, others, strict=True)
        ),
        Fraction(0),
    )


def exceeding(f: Network, g: Network, domain: Domain, level: Fraction) -> Fraction:
    """The volume where max |f_i − g_i| > level."""
    total = Fraction(0)
    for corners, maps, others in pieces(f, g, domain):
        forms = list(map(minus, maps, others))
        cuts = [(*h[:-1], h[-1] + s * level) for h in forms for s in (1, -1)]
        for p in sides(corners, cuts):
            middle = centroid(p)
            if max(abs(value(h, middle)) for h in forms) > level:
                total += volume(p)
    return total


def argmax_differs(f: Network, g: Network, domain: Domain) -> Fraction:
    """The volume where other outputs are largest."""
    total = Fraction(0)
    for corners, maps, others in pieces(f, g, domain):
        cuts = [
            minus(side[i], side[j])
            for side in (maps, others)
            for i in range(len(maps))
            for j in range(i)
        ]
        for p in sides(corners, cuts):
            middle = centroid(p)
            if largest(maps, middle) != largest(others, middle):
                total += volume(p)
    return total


def largest(maps: list[Map], point: Point) -> set[int]:
    values = [value(form, point) for form in maps]
    return {k for k, v in enumerate(values) if v == max(values)}


def extrema(
    f: Network, g: Network, domain: Domain
) -> tuple[list[tuple[Fraction, Fraction]], Fraction]:
    """The least and the largest value of each f_i − g_i, and the largest |f_i − g_i|."""
    gaps = [
        [value(minus(a, b), corner) for a, b in zip(maps, others, strict=True)]
        for corners, maps, others in pieces(f, g, domain)
        for corner in corners
    ]
    columns = list(zip(*gaps, strict=True))
    return [(min(c), max(c)) for c in columns], max(abs(v) for row in gaps for v in row)


def whole(domain: Domain, dimension: int) -> Fraction:
    return volume(domain_corners(domain, dimension))


def kinks(f: Network, domain: Domain) -> set[Fraction]:
    """The points inside an interval where the slope of some output jumps."""
    found = sorted(
        (min(c)[0], max(c)[0], maps) for c, maps in regions(f, domain_corners(domain, 1))
    )
    return {
        a[1] for a, b in pairwise(found) if [form[0] for form in a[2]] != [form[0] for form in b[2]]
    }
